#include "store/schema.h"

#include <stdio.h>

#include "store/directory.h"
#include "store/sqlite_fail.h"
#include "store/store.h"

#define APPLICATION_ID 0x4c4e5944 // "LNYD": whose file this is, as file(1) sees it

// Records of a few hundred bytes that are loaded in the order of their keys: the tree of keys holds
// them itself. With a row id, the load of a state takes some five times as long.
#define SMALL(name) "CREATE TABLE " name " (key BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;"
// Records of some kilobytes that are read one by one: within the tree of keys they would make it
// deep and slow (a fifth of the reads a second).
#define LARGE(name) "CREATE TABLE " name " (key BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL);"

// Since form 3 the store gives a version to every record, and finds records by the time when they are due and by a
// secondary key. Few have either: only those stand in the indexes. A column of a default value is added at once.
#define COLUMNS(name)                                                               \
    "ALTER TABLE " name " ADD COLUMN version INTEGER NOT NULL DEFAULT 0;"           \
    "ALTER TABLE " name " ADD COLUMN due INTEGER NOT NULL DEFAULT 0;"               \
    "ALTER TABLE " name " ADD COLUMN secondary BLOB;"
#define INDEXES(name)                                                                                          \
    "CREATE INDEX IF NOT EXISTS " name "_due ON " name " (due, key) WHERE due > 0;"                            \
    "CREATE INDEX IF NOT EXISTS " name "_secondary ON " name " (secondary, key) WHERE secondary IS NOT NULL;"
#define RAISED(name) COLUMNS(name) INDEXES(name)

// Step n brings form n to form n + 1. What stands here has run on somebody's disk: append, never edit.
static const char *const STEPS[] = {
    SMALL("meta") SMALL("principal") SMALL("membership") SMALL("subscription") SMALL("management_group")
    SMALL("resource_group") SMALL("resource") SMALL("role") SMALL("role_assignment") SMALL("deny_assignment")
    SMALL("signing_key") LARGE("secret") SMALL("activity") SMALL("signin") SMALL("diagnostic"),
    SMALL("revocation"),
    RAISED("meta") RAISED("principal") RAISED("membership") RAISED("subscription") RAISED("management_group")
    RAISED("resource_group") RAISED("resource") RAISED("role") RAISED("role_assignment") RAISED("deny_assignment")
    RAISED("signing_key") RAISED("secret") RAISED("activity") RAISED("signin") RAISED("diagnostic")
    RAISED("revocation") SMALL("change") COLUMNS("change"), // the change sequence
    SMALL("application") RAISED("application") SMALL("app_assignment") RAISED("app_assignment")
    SMALL("password") RAISED("password"),
    SMALL("binding") RAISED("binding"),
    SMALL("management_lock") RAISED("management_lock"),
    SMALL("ownership") RAISED("ownership"),
    SMALL("permission_grant") RAISED("permission_grant"),
};
_Static_assert(STORE_KIND_N == 23, "a new kind of record that is no service's needs a step that makes its table");

const int SCHEMA_VERSION = (int)COUNT(STEPS);

static FALLIBLE check_is_ours(struct call *c, sqlite3 *db, const char *path, bool must_exist, int64_t *out_version)
{
    int64_t application, tables;
    TRY(sqlite_number(c, db, path, "PRAGMA application_id", &application));
    TRY(sqlite_number(c, db, path, "PRAGMA user_version", out_version));
    TRY(sqlite_number(c, db, path, "SELECT count(*) FROM sqlite_schema", &tables));
    bool is_new = application == 0 && *out_version == 0 && tables == 0;
    if (is_new && must_exist) return FAIL(c, ERR_STORE_UNAVAILABLE, DIRECTORY_LOST, path);
    if (!is_new && application != APPLICATION_ID)
        return FAIL(c, ERR_STORE_UNAVAILABLE, "%s is another program's database: name another directory.", path);
    if (*out_version < 0 || *out_version > SCHEMA_VERSION)
        return FAIL(c, ERR_STORE_UNAVAILABLE, "%s was written by a newer Lanyard (form %lld; this one knows up to %d): use that version.", path,
                    (long long)*out_version, SCHEMA_VERSION);
    return OK;
}

static FALLIBLE climb(struct call *c, sqlite3 *db, const char *path, int step)
{
    char signature[96];
    snprintf(signature, sizeof signature, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID, step + 1);
    TRY(sqlite_run(c, db, path, "BEGIN IMMEDIATE"));
    enum err done = sqlite_run(c, db, path, STEPS[step]);
    if (done == OK) done = sqlite_run(c, db, path, signature);
    if (done == OK) done = sqlite_run(c, db, path, "COMMIT");
    if (done != OK) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return done;
}

// What services keep: a table that is missing is made at the start, so that a new service needs no step.
static FALLIBLE make_own_tables(struct call *c, sqlite3 *db, const char *path)
{
    char sql[768];
    for (size_t kind = STORE_KIND_N; kind < store_kind_n(); kind++) {
        const struct store_own_kind *own = store_own_kind(kind);
        snprintf(sql, sizeof sql,
                 "CREATE TABLE IF NOT EXISTS %1$s (key BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL, version INTEGER NOT NULL DEFAULT 0, "
                 "due INTEGER NOT NULL DEFAULT 0, secondary BLOB)%2$s; "
                 "CREATE INDEX IF NOT EXISTS %1$s_due ON %1$s (due, key) WHERE due > 0; "
                 "CREATE INDEX IF NOT EXISTS %1$s_secondary ON %1$s (secondary, key) WHERE secondary IS NOT NULL;",
                 own->table, own->is_large ? "" : " WITHOUT ROWID");
        TRY(sqlite_run(c, db, path, sql));
    }
    return OK;
}

enum err schema_raise(struct call *c, sqlite3 *db, const char *path, bool must_exist)
{
    int64_t version;
    TRY(check_is_ours(c, db, path, must_exist, &version));
    TRY(sqlite_run(c, db, path, "PRAGMA journal_mode = WAL"));
    for (int step = (int)version; step < SCHEMA_VERSION; step++) TRY(climb(c, db, path, step));
    return make_own_tables(c, db, path);
}
