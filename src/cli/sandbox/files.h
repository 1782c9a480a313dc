/*
 * files.h - small files, whole.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

/* Errors: ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_IO */
FALLIBLE file_read(struct call *c, const char *path, size_t most, str *out);
/* Makes it, or writes over what is there, in one write (as /proc wants it). Errors: ERR_IO */
FALLIBLE file_write(struct call *c, const char *path, str text);
