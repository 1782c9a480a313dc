/*
 * schema.h - the tables of the database, as a list of steps from the first version to the current one.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include <sqlite3.h>

#include "core/call.h"

extern const int SCHEMA_VERSION; /* how many steps there are */

/*
 * Brings an empty or older database to today's form, each step in a transaction of its own; an empty one is refused with `must_exist`.
 * Errors: ERR_STORE_UNAVAILABLE - another program's database, or one of a newer form: nothing was changed.
 */
FALLIBLE schema_raise(struct call *c, sqlite3 *db, const char *path, bool must_exist);
