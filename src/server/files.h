/*
 * files.h - the small files of the data directory: keys, certificates.
 *
 * Layer:  server (uses core)
 */
#pragma once
#include "core/secret.h"

#define FILES_MAX_BYTES (64u << 10)

/* Makes the directory (0700) and those above it. Errors: ERR_IO - in words that say what to do */
FALLIBLE files_make_directory(struct call *c, str path);
/* The whole file. Errors: ERR_NOT_FOUND; ERR_IO (not readable, too large, and for a secret: others may read it) */
FALLIBLE files_read_secret(struct call *c, str directory, const char *name, struct secret *out);
FALLIBLE files_read(struct call *c, str directory, const char *name, str *out);
/* Writes a file whole or not at all, and on disk when it answers OK; `mode` as for open(2). Errors: ERR_IO */
FALLIBLE files_write(struct call *c, str directory, const char *name, bytes content, unsigned mode);
/* Another name, on disk when it answers OK; what had that name is replaced. Where only `to` is there, it is done already. Errors: ERR_IO */
FALLIBLE files_rename(struct call *c, str directory, const char *from, const char *to);
/* Errors: ERR_IO - it cannot be told */
FALLIBLE files_exist(struct call *c, str directory, const char *name, bool *out);
/* Absent is fine. Errors: ERR_IO */
FALLIBLE files_remove(struct call *c, str directory, const char *name);
