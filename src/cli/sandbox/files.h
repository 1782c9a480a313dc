/*
 * files.h - small files, whole.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

/* Errors: ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_IO */
FALLIBLE file_read(struct call *c, const char *path, size_t most, str *out);
/* Writes over the file that is there, in one write (as /proc wants it); a link at the end of the path is refused. Errors: ERR_IO */
FALLIBLE file_write(struct call *c, const char *path, str text);
/* Makes a new file in place of whatever has that name: a link is replaced, and what it leads to stays as it is. Errors: ERR_IO */
FALLIBLE file_replace(struct call *c, const char *path, str text);
