/*
 * power.h - a disk that forgets what was not flushed when the power fails.
 *
 * While the power is on, SQLite's files in one directory are followed: what is written to
 * them and not yet flushed is kept apart from the disk's own copy. At a chosen write the
 * power fails, and a random choice of the sectors kept apart reaches the disk. SQLite goes
 * on in the dark, on files that nobody will see again.
 *
 * Names that come and go are taken to be on the disk at once. For one thread.
 *
 * Source: https://www.sqlite.org/atomiccommit.html#_hardware_assumptions
 */
#pragma once
#include "core/base.h"

/* From here on SQLite's files in `directory` are followed, and the power fails at the `steps`th write or flush. */
void power_on(const char *directory, unsigned steps);
bool power_is_on(void);

/* Lays out the directory as the disk has it, and follows it no longer. Its files must be closed. */
bool power_after(const char *directory);
