/*
 * read_file.h - a file or standard input, whole, within a limit.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"
#include "core/secret.h"

/* `path` "-": standard input. Never a NULL `at`. Errors: ERR_IO, ERR_TOO_LARGE */
FALLIBLE read_file(struct call *c, const char *path, size_t most, str *out);
/* The same into a secret, without one newline at its end; no other copy is left. */
FALLIBLE read_file_secret(struct call *c, str path, size_t most, struct secret *out);
