#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/report.h"
#include "store/backend.h"
#include "store/directory.h"
#include "store/schema.h"
#include "store/sqlite_fail.h"

#define BUSY_TIMEOUT_MS    5000 // only another program that reads our file can make us wait
#define READERS_TIMEOUT_MS 250  // how long a checkpoint waits for readers of the log, at the most
// Frames of the log (pages of 4 KiB): past the first it is brought into the database every so many
// frames; past the second that waits for readers too, so that the log can begin anew.
#define LOG_STEP_FRAMES  1000
#define LOG_LIMIT_FRAMES 8000
#define LOG_LIMIT_BYTES  "33554432" // what stays on disk of a log that has begun anew

enum verb { GET, SCAN_UP, SCAN_DOWN, SCAN_KEYS, SCAN_DUE, SCAN_SECONDARY, PUT, REMOVE, REMOVE_BELOW, VERB_N };
#define COLUMNS "key, body, version, due, secondary"
static const char *const VERBS[VERB_N] = {
    [GET] = "SELECT " COLUMNS " FROM %s WHERE key = ?1",
    [SCAN_UP] = "SELECT " COLUMNS " FROM %s WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
    [SCAN_DOWN] = "SELECT " COLUMNS " FROM %s WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
    [SCAN_KEYS] = "SELECT key FROM %s WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
    // What an index is for stands in these two as it stands in the index (schema.c): else it is not used.
    [SCAN_DUE] = "SELECT " COLUMNS " FROM %s WHERE due > 0 AND due <= ?1 ORDER BY due, key LIMIT ?3",
    [SCAN_SECONDARY] = "SELECT " COLUMNS " FROM %s WHERE secondary IS NOT NULL AND secondary >= ?1 AND secondary < ?2 "
                       "AND (secondary, key) > (?4, ?5) ORDER BY secondary, key LIMIT ?3",
    [PUT] = "REPLACE INTO %s (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)",
    [REMOVE] = "DELETE FROM %s WHERE key = ?1",
    [REMOVE_BELOW] = "DELETE FROM %s WHERE key < ?1",
};

// A savepoint's name may be used again inside of it: RELEASE and ROLLBACK TO mean the latest.
enum step { BEGIN, COMMIT, ROLLBACK, MARK, KEEP, UNDO, LOOK, STEP_N };
static const char *const STEPS[STEP_N] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [MARK] = "SAVEPOINT mark",
    [KEEP] = "RELEASE mark",
    [UNDO] = "ROLLBACK TO mark",
    [LOOK] = "SELECT 1 FROM sqlite_schema", // a read transaction lasts as long as a statement stands at a row
};

struct sqlite_store {
    struct store           base;
    struct store_directory directory;
    sqlite3               *keeper;        // open as long as the store is: else the last session to close would remove the log
    bool                   is_distrusted; // its files stay as they are
};

struct sqlite_session {
    struct store_session    base;
    const char             *path; // the store's
    struct store_directory *directory;
    sqlite3                *db;
    sqlite3_stmt           *verbs[STORE_ALL_KINDS][VERB_N]; // each prepared when it is first needed
    sqlite3_stmt           *steps[STEP_N];
    int                     log_frames;    // after the last commit
    int                     checkpoint_at; // frames
    int                     wait_at;       // frames: from there on a checkpoint waits for readers
    bool                    is_log_stuck;  // a checkpoint failed, and that was reported
};

static struct sqlite_session *session_of(struct store_session *x)
{
    return CONTAINER_OF(x, struct sqlite_session, base);
}

static FALLIBLE fail(struct call *c, const struct sqlite_session *q, int code)
{
    return sqlite_fail(c, q->db, code, q->path);
}

static void unbind(sqlite3_stmt *st)
{
    sqlite3_reset(st);
    sqlite3_clear_bindings(st); // they point at what the caller may free now
}

static void unbindp(sqlite3_stmt **st)
{
    if (*st) unbind(*st);
}

static FALLIBLE prepare(struct call *c, struct sqlite_session *q, enum store_kind kind, enum verb verb, unsigned flags, sqlite3_stmt **out)
{
    char sql[256];
    snprintf(sql, sizeof sql, VERBS[verb], store_table(kind).at);
    int code = sqlite3_prepare_v3(q->db, sql, -1, flags, out, NULL);
    return code == SQLITE_OK ? OK : fail(c, q, code);
}

static FALLIBLE statement(struct call *c, struct sqlite_session *q, enum store_kind kind, enum verb verb, sqlite3_stmt **out)
{
    sqlite3_stmt **kept = &q->verbs[kind][verb];
    if (!*kept) TRY(prepare(c, q, kind, verb, SQLITE_PREPARE_PERSISTENT, kept));
    *out = *kept;
    return OK;
}

static int bind_bytes(sqlite3_stmt *st, int at, bytes value)
{
    // A NULL address would bind NULL, not the empty blob.
    return value.n ? sqlite3_bind_blob64(st, at, value.at, value.n, SQLITE_STATIC) : sqlite3_bind_zeroblob(st, at, 0);
}

static FALLIBLE column(struct call *c, struct sqlite_session *q, sqlite3_stmt *st, int at, bytes *out)
{
    const void *p = sqlite3_column_blob(st, at);
    size_t      n = (size_t)sqlite3_column_bytes(st, at);
    if (n && !p) return fail(c, q, sqlite3_extended_errcode(q->db));
    *out = (bytes){p, n};
    return OK;
}

// A row in the order of COLUMNS, borrowed until the next step.
static FALLIBLE read_row(struct call *c, struct sqlite_session *q, sqlite3_stmt *st, struct store_record *out)
{
    bytes key, secondary;
    TRY(column(c, q, st, 0, &key));
    TRY(column(c, q, st, 1, &out->body));
    TRY(column(c, q, st, 4, &secondary));
    out->key = bytes_str(key);
    out->version = (uint64_t)sqlite3_column_int64(st, 2);
    out->due_ns = sqlite3_column_int64(st, 3);
    out->secondary = bytes_str(secondary);
    return OK;
}

static FALLIBLE read_key(struct call *c, struct sqlite_session *q, sqlite3_stmt *st, struct store_record *out)
{
    bytes key;
    TRY(column(c, q, st, 0, &key));
    *out = (struct store_record){.key = bytes_str(key)};
    return OK;
}

static FALLIBLE copy_record(struct call *c, const struct store_record *r, struct store_record *out)
{
    str body;
    *out = *r;
    TRY(call_copy_str(c, r->key, &out->key));
    TRY(call_copy_str(c, bytes_str(r->body), &body));
    out->body = str_bytes(body);
    return call_copy_str(c, r->secondary, &out->secondary);
}

static enum err sqlite_get(struct call *c, struct store_session *x, enum store_kind kind, str key, struct store_record *out)
{
    struct sqlite_session         *q = session_of(x);
    CLEANUP(unbindp) sqlite3_stmt *st = NULL;
    struct store_record            row, copy;
    TRY(statement(c, q, kind, GET, &st));
    int code = bind_bytes(st, 1, str_bytes(key));
    if (code == SQLITE_OK) code = sqlite3_step(st);
    if (code == SQLITE_DONE) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    if (code != SQLITE_ROW) return fail(c, q, code);
    TRY(read_row(c, q, st, &row));
    TRY(copy_record(c, &row, &copy));
    *out = copy;
    return OK;
}

static int bind_span(sqlite3_stmt *st, const struct store_span *span)
{
    bool limited = span->limit && span->limit <= INT64_MAX;
    int  code = sqlite3_bind_int64(st, 3, limited ? (int64_t)span->limit : -1);
    if (code == SQLITE_OK && span->order == STORE_BY_DUE) return sqlite3_bind_int64(st, 1, span->until_ns);
    if (code == SQLITE_OK) code = bind_bytes(st, 1, str_bytes(span->low));
    if (code == SQLITE_OK) code = bind_bytes(st, 2, str_bytes(span->high));
    if (code != SQLITE_OK || span->order == STORE_BY_KEY) return code;
    code = bind_bytes(st, 4, str_bytes(span->after_secondary));
    return code == SQLITE_OK ? bind_bytes(st, 5, str_bytes(span->after_key)) : code;
}

static FALLIBLE run_scan(struct call *c, struct sqlite_session *q, sqlite3_stmt *st, const struct store_span *span, store_record_visit *visit,
                         void *context)
{
    struct store_record row;
    int                 code = bind_span(st, span);
    if (code != SQLITE_OK) return fail(c, q, code);
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        TRY(span->keys_only ? read_key(c, q, st, &row) : read_row(c, q, st, &row));
        TRY(visit(c, &row, context));
    }
    return code == SQLITE_DONE ? OK : fail(c, q, code);
}

static enum verb scan_verb(const struct store_span *span)
{
    if (span->order == STORE_BY_DUE) return SCAN_DUE;
    if (span->order == STORE_BY_SECONDARY) return SCAN_SECONDARY;
    if (span->keys_only) return SCAN_KEYS;
    return span->backwards ? SCAN_DOWN : SCAN_UP;
}

static enum err sqlite_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span, store_record_visit *visit,
                            void *context)
{
    struct sqlite_session *q = session_of(x);
    enum verb              verb = scan_verb(span);
    sqlite3_stmt          *st;
    TRY(statement(c, q, kind, verb, &st));
    if (!sqlite3_stmt_busy(st)) {
        enum err done = run_scan(c, q, st, span, visit, context);
        unbind(st);
        return done;
    }
    // A scan from within a visit of the same kind: the kept statement stands at the outer scan's row.
    TRY(prepare(c, q, kind, verb, 0, &st));
    enum err done = run_scan(c, q, st, span, visit, context);
    sqlite3_finalize(st);
    return done;
}

static FALLIBLE step_to(struct call *c, struct sqlite_session *q, enum step step, int wanted)
{
    sqlite3_stmt **st = &q->steps[step];
    int            code = *st ? SQLITE_OK : sqlite3_prepare_v3(q->db, STEPS[step], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(*st);
    return code == wanted ? OK : fail(c, q, code);
}

static FALLIBLE take_step(struct call *c, struct sqlite_session *q, enum step step)
{
    enum err done = step_to(c, q, step, SQLITE_DONE);
    sqlite3_reset(q->steps[step]);
    return done;
}

static enum err sqlite_begin(struct call *c, struct store_session *x)
{
    return take_step(c, session_of(x), BEGIN);
}

static int note_log(void *session, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    struct sqlite_session *q = session;
    bool                   has_begun_anew = frames < q->log_frames;
    q->log_frames = frames;
    if (has_begun_anew || !q->directory->has_log) store_directory_note_log(q->directory);
    return SQLITE_OK;
}

static void expect_short_log(struct sqlite_session *q)
{
    q->checkpoint_at = LOG_STEP_FRAMES;
    q->wait_at = LOG_LIMIT_FRAMES;
}

// Brings the log into the database. What was committed is on disk already, so a failure here
// is no failure of the commit; but if it lasts, the disk fills up.
static void checkpoint(struct sqlite_session *q)
{
    if (q->log_frames < LOG_STEP_FRAMES) expect_short_log(q); // it has begun anew
    if (q->log_frames < q->checkpoint_at) return;
    bool waits = q->log_frames >= q->wait_at;
    sqlite3_busy_timeout(q->db, READERS_TIMEOUT_MS);
    int code = sqlite3_wal_checkpoint_v2(q->db, "main", waits ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite3_busy_timeout(q->db, BUSY_TIMEOUT_MS);
    q->checkpoint_at = q->log_frames + LOG_STEP_FRAMES;               // not at every commit while a reader stands in the way
    if (waits && code == SQLITE_BUSY) q->wait_at = 2 * q->log_frames; // it reads for long: every writer waits with us
    bool is_stuck = code != SQLITE_OK && code != SQLITE_BUSY;
    if (is_stuck && !q->is_log_stuck)
        report(REPORT_WARNING, "store: the log could not be brought into the database", "file=%s sqlite=%d text=\"%s\"", q->path, code,
               sqlite3_errstr(code));
    q->is_log_stuck = is_stuck;
}

static void sqlite_rollback(struct store_session *x)
{
    struct sqlite_session *q = session_of(x);
    // SQLite rolls back by itself after some failures. Where a rollback fails, the next begin says so.
    if (sqlite3_get_autocommit(q->db)) return;
    sqlite3_exec(q->db, STEPS[ROLLBACK], NULL, NULL, NULL);
}

static enum err sqlite_commit(struct call *c, struct store_session *x)
{
    struct sqlite_session *q = session_of(x);
    enum err               done = take_step(c, q, COMMIT);
    if (done != OK) sqlite_rollback(x);
    else checkpoint(q);
    return done;
}

// Brings all of the log into the database, and empties it. The directory is told in between: from there on whoever is killed
// leaves a log that the next start does not need. Told later, it would look for one that has been emptied.
static int empty_log(sqlite3 *db, struct store_directory *directory)
{
    int left = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_FULL, &left, &moved);
    if (code == SQLITE_OK && moved != left) code = SQLITE_BUSY;
    if (code != SQLITE_OK) return code;
    store_directory_note_no_log(directory);
    return sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static enum err sqlite_settle(struct call *c, struct store_session *x)
{
    struct sqlite_session *q = session_of(x);
    int                    code = empty_log(q->db, q->directory);
    if (code != SQLITE_OK) return fail(c, q, code);
    q->log_frames = 0;
    expect_short_log(q);
    return OK;
}

static enum err sqlite_mark(struct call *c, struct store_session *x)
{
    return take_step(c, session_of(x), MARK);
}

static enum err sqlite_keep(struct call *c, struct store_session *x)
{
    return take_step(c, session_of(x), KEEP);
}

static bool sqlite_undo(struct store_session *x)
{
    struct call c = {0}; // nobody asks for the words: the transaction is spoilt if this fails
    bool        done = take_step(&c, session_of(x), UNDO) == OK && take_step(&c, session_of(x), KEEP) == OK;
    call_clear(&c);
    return done;
}

static FALLIBLE finish_write(struct call *c, struct sqlite_session *q, sqlite3_stmt *st, int code)
{
    if (code == SQLITE_OK) code = sqlite3_step(st);
    return code == SQLITE_DONE ? OK : fail(c, q, code);
}

static enum err sqlite_put(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r)
{
    struct sqlite_session         *q = session_of(x);
    CLEANUP(unbindp) sqlite3_stmt *st = NULL;
    TRY(statement(c, q, kind, PUT, &st));
    int code = bind_bytes(st, 1, str_bytes(r->key));
    if (code == SQLITE_OK) code = bind_bytes(st, 2, r->body);
    if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 3, (int64_t)r->version);
    if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 4, r->due_ns);
    if (code == SQLITE_OK && r->secondary.n) code = bind_bytes(st, 5, str_bytes(r->secondary)); // none: NULL
    return finish_write(c, q, st, code);
}

static FALLIBLE remove_by(struct call *c, struct store_session *x, enum store_kind kind, enum verb verb, str key)
{
    struct sqlite_session         *q = session_of(x);
    CLEANUP(unbindp) sqlite3_stmt *st = NULL;
    TRY(statement(c, q, kind, verb, &st));
    return finish_write(c, q, st, bind_bytes(st, 1, str_bytes(key)));
}

static enum err sqlite_remove(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    return remove_by(c, x, kind, REMOVE, key);
}

static enum err sqlite_remove_below(struct call *c, struct store_session *x, enum store_kind kind, str key)
{
    return remove_by(c, x, kind, REMOVE_BELOW, key);
}

static void sqlite_end_read(struct store_session *x)
{
    sqlite3_reset(session_of(x)->steps[LOOK]);
}

// A transaction that only reads sees what stood at its first look: one is taken at once.
static enum err sqlite_begin_read(struct call *c, struct store_session *x)
{
    enum err looked = step_to(c, session_of(x), LOOK, SQLITE_ROW);
    if (looked != OK) sqlite_end_read(x);
    return looked;
}

// One thread at a time has a connection, so it needs no lock of its own. A link is not followed: two
// directories, each with its lock, could lead to one file.
static FALLIBLE open_connection(struct call *c, const char *path, sqlite3 **out)
{
    int code = sqlite3_open_v2(path, out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) return sqlite_fail(c, *out, code, path);
    sqlite3_busy_timeout(*out, BUSY_TIMEOUT_MS);
    sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    // Where the file cannot be written SQLite opens it for reading, and says nothing.
    if (sqlite3_db_readonly(*out, "main") == 1) return sqlite_fail(c, *out, SQLITE_READONLY, path);
    return sqlite_run(c, *out, path,
                      "PRAGMA synchronous = FULL;"   // the log is flushed at every commit
                      "PRAGMA temp_store = MEMORY;"  // no files but ours
                      "PRAGMA trusted_schema = OFF;" // somebody else may have written the file
                      "PRAGMA cell_size_check = ON;"
                      "PRAGMA journal_size_limit = " LOG_LIMIT_BYTES);
}

static void sqlite_session_close(struct store_session *x)
{
    struct sqlite_session *q = session_of(x);
    for (size_t i = 0; i < STORE_ALL_KINDS; i++)
        for (size_t j = 0; j < VERB_N; j++) sqlite3_finalize(q->verbs[i][j]);
    for (size_t i = 0; i < STEP_N; i++) sqlite3_finalize(q->steps[i]);
    sqlite3_close(q->db);
    free(q);
}

static FALLIBLE set_up(struct call *c, struct sqlite_session *q, enum store_access access)
{
    TRY(open_connection(c, q->path, &q->db));
    if (access == STORE_READ) return sqlite_run(c, q->db, q->path, "PRAGMA query_only = ON");
    expect_short_log(q);
    sqlite3_wal_hook(q->db, note_log, q); // in place of SQLite's own checkpoints, which never wait for a reader
    return OK;
}

static enum err sqlite_session_open(struct call *c, struct store *s, enum store_access access, struct store_session **out)
{
    struct sqlite_session *q = calloc(1, sizeof *q);
    if (!q) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    q->directory = &CONTAINER_OF(s, struct sqlite_store, base)->directory;
    q->path = q->directory->file;
    enum err done = set_up(c, q, access);
    if (done == OK) *out = &q->base;
    else sqlite_session_close(&q->base);
    return done;
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *s = CONTAINER_OF(base, struct sqlite_store, base);
    // Where the log cannot be emptied it stays, and the next start reads it.
    if (s->keeper && !s->is_distrusted) (void)empty_log(s->keeper, &s->directory);
    sqlite3_close(s->keeper);
    store_directory_release(&s->directory);
    free(s);
}

static void distrust(struct sqlite_store *s, bool distrusted)
{
    s->is_distrusted = distrusted;
    sqlite3_db_config(s->keeper, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)distrusted, NULL);
}

static void sqlite_distrust(struct store *base)
{
    distrust(CONTAINER_OF(base, struct sqlite_store, base), true);
}

static const struct store_backend SQLITE = {
    .close = sqlite_close,
    .distrust = sqlite_distrust,
    .session_open = sqlite_session_open,
    .session_close = sqlite_session_close,
    .get = sqlite_get,
    .scan = sqlite_scan,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .settle = sqlite_settle,
    .mark = sqlite_mark,
    .keep = sqlite_keep,
    .undo = sqlite_undo,
    .put = sqlite_put,
    .remove = sqlite_remove,
    .remove_below = sqlite_remove_below,
    .begin_read = sqlite_begin_read,
    .end_read = sqlite_end_read,
    .rollback = sqlite_rollback,
};

static FALLIBLE open_in(struct call *c, str directory, bool must_exist, struct sqlite_store *s)
{
    TRY(store_directory_claim(c, directory, must_exist, &s->directory));
    TRY(open_connection(c, s->directory.file, &s->keeper));
    distrust(s, true);
    TRY(schema_raise(c, s->keeper, s->directory.file, must_exist));
    distrust(s, false);
    return OK;
}

static FALLIBLE open_store(struct call *c, str directory, bool must_exist, struct store **out)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->base.backend = &SQLITE;
    s->directory.lock_fd = -1;
    enum err done = open_in(c, directory, must_exist, s);
    if (done == OK) *out = &s->base;
    else sqlite_close(&s->base);
    return done;
}

enum err store_open_sqlite(struct call *c, str directory, struct store **out)
{
    return open_store(c, directory, false, out);
}

enum err store_open_sqlite_again(struct call *c, str directory, struct store **out)
{
    return open_store(c, directory, true, out);
}
