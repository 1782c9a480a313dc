/*
 * sqlite_fail.h - SQLite's error codes as messages that say what to do.
 *
 * Layer:  store (uses core)
 * Source: https://www.sqlite.org/rescode.html
 */
#pragma once
#include <sqlite3.h>

#include "core/call.h"

/* Records the latest failure of `db` (NULL: none was opened), whose result was `code`, on the file at `path`. */
FALLIBLE sqlite_fail(struct call *c, sqlite3 *db, int code, const char *path);

/* Runs statements that answer nothing; or one that answers a number. */
FALLIBLE sqlite_run(struct call *c, sqlite3 *db, const char *path, const char *sql);
FALLIBLE sqlite_number(struct call *c, sqlite3 *db, const char *path, const char *sql, int64_t *out);
