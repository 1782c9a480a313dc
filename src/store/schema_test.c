#include <sqlite3.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "store/schema.h"
#include "store/store.h"
#include "test.h"

// A database of an older form, raised at the start; and that the indexes are used.

static const char *path_in(struct test *t, const char *name)
{
    return call_format(t->call, "%s/%s", test_dir(t), name).at;
}

static void closep(struct store **s)
{
    store_close(*s);
}

static void session_closep(struct store_session **x)
{
    store_session_close(*x);
}

static enum err count_records(struct call *c, str key, bytes body, void *n)
{
    (void)c, (void)key, (void)body;
    ++*(int *)n;
    return OK;
}

static bool run_sql(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    bool     done = sqlite3_open(file, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return done;
}

// A fresh store, closed again.
static enum err make_store(struct call *c, const char *directory)
{
    CLEANUP(closep) struct store *s = NULL;
    return store_open_sqlite(c, str_of(directory), &s);
}

// The tables of form 1, as the first version of the program made them, with records in them.
#define OLD_SMALL(name) "CREATE TABLE " name " (key BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;"
static const char FORM_1[] = OLD_SMALL("meta") OLD_SMALL("principal") OLD_SMALL("membership") OLD_SMALL("subscription") OLD_SMALL("management_group")
    OLD_SMALL("resource_group") OLD_SMALL("resource") OLD_SMALL("role") OLD_SMALL("role_assignment") OLD_SMALL("deny_assignment")
        OLD_SMALL("signing_key") "CREATE TABLE secret (key BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL);" OLD_SMALL("activity") OLD_SMALL("signin")
            OLD_SMALL("diagnostic") "PRAGMA application_id = 1280203076; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;"
                                    "INSERT INTO meta VALUES (x'6d616465', x'796573');"
                                    "INSERT INTO secret VALUES (x'73', x'626f6479');"
                                    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) "
                                    "INSERT INTO role_assignment SELECT CAST(printf('%04d', i) AS BLOB), CAST(i AS BLOB) FROM n;";

static int64_t number_of(const char *file, const char *sql)
{
    sqlite3      *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t       n = -1;
    if (sqlite3_open(file, &db) == SQLITE_OK && sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

TEST(sqlite_raises_a_database_of_the_first_form)
{
    const char *dir = path_in(t, "s"), *file = path_in(t, "s/lanyard.db");
    CHECK(mkdir(dir, 0700) == 0);
    CHECK(run_sql(file, FORM_1));
    CHECK_INT(number_of(file, "PRAGMA user_version"), 1, "as it was");
    for (int start = 0; start < 2; start++) { // the second finds it raised
        CLEANUP(closep) struct store                 *s = NULL;
        CLEANUP(session_closep) struct store_session *w = NULL;
        struct store_record                           r;
        uint64_t                                      oldest, latest;
        int                                           n = 0;
        CHECK_OK(store_open_sqlite(t->call, str_of(dir), &s));
        CHECK_OK(store_session_open(t->call, s, STORE_WRITE, &w));
        if (!w) return;
        CHECK_OK(store_scan(t->call, w, STORE_ASSIGNMENT, &(struct store_range){0}, count_records, &n));
        CHECK_INT(n, 1000, "assignments");
        CHECK_OK(store_get_record(t->call, w, STORE_SECRET, S("s"), &r));
        CHECK(r.version == 0 && r.due_ns == 0 && str_empty(r.secondary) && str_eq(bytes_str(r.body), S("body")));
        CHECK_OK(store_changes_kept(t->call, w, &oldest, &latest));
        CHECK_INT(latest, start, "changes");
        CHECK_OK(store_begin(t->call, w));
        CHECK_OK(store_put_record(t->call, w, STORE_ROLE, &(struct store_record){.key = S("k"), .due_ns = 5, .secondary = S("x")}));
        CHECK_OK(store_commit(t->call, w));
        n = 0;
        CHECK_OK(store_get_record(t->call, w, STORE_ROLE, S("k"), &r));
        CHECK_INT(r.version, start + 1, "a version");
    }
    CHECK_INT(number_of(file, "PRAGMA user_version"), SCHEMA_VERSION, "raised");
    // What a fresh database has, this one has too: the tables' and indexes' names and columns.
    CHECK_OK(make_store(t->call, path_in(t, "fresh")));
    static const char SHAPE[] =
        "SELECT sum(length(name)) * 1000 + count(*) FROM (SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' UNION ALL "
        "SELECT m.name || c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table')";
    CHECK_INT(number_of(file, SHAPE), number_of(path_in(t, "fresh/lanyard.db"), SHAPE), "the same shape");
}

TEST(sqlite_uses_its_indexes_for_what_is_due_and_for_secondary_keys)
{
    static const char *const PLANS[] = {
        "EXPLAIN QUERY PLAN SELECT key FROM role_assignment WHERE due > 0 AND due <= ?1 ORDER BY due, key LIMIT ?3",
        "EXPLAIN QUERY PLAN SELECT key FROM secret WHERE secondary IS NOT NULL AND secondary >= ?1 AND secondary < ?2 "
        "AND (secondary, key) > (?4, ?5) ORDER BY secondary, key LIMIT ?3",
    };
    const char *file = path_in(t, "s/lanyard.db");
    CHECK_OK(make_store(t->call, path_in(t, "s")));
    for (size_t i = 0; i < COUNT(PLANS); i++) {
        sqlite3      *db = NULL;
        sqlite3_stmt *st = NULL;
        CHECK(sqlite3_open(file, &db) == SQLITE_OK && sqlite3_prepare_v2(db, PLANS[i], -1, &st, NULL) == SQLITE_OK);
        int rows = 0;
        for (; sqlite3_step(st) == SQLITE_ROW; rows++) CHECK_ROW(strstr((const char *)sqlite3_column_text(st, 3), "INDEX") != NULL, PLANS[i]);
        CHECK_INT(rows, 1, "one step, no sorting");
        sqlite3_finalize(st);
        sqlite3_close(db);
    }
}
