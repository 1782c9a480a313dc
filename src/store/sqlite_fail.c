#include "store/sqlite_fail.h"

#include <errno.h>

// The file's path stands between the two halves of the sentence.
static const struct sentence {
    int         code; // a primary result code
    enum err    kind;
    const char *before;
    const char *after;
} SENTENCES[] = {
    {SQLITE_FULL, ERR_STORE_UNAVAILABLE, "The disk is full: free space for ", ", then try again."},
    {SQLITE_IOERR, ERR_STORE_UNAVAILABLE, "The disk failed to read or write ", ": look into the system's log, then start again."},
    {SQLITE_CORRUPT, ERR_STORE_UNAVAILABLE, "The store is damaged: bring ", " back from a backup, or move it away to start empty."},
    {SQLITE_NOTADB, ERR_STORE_UNAVAILABLE, "The store is damaged, or is none: bring ", " back from a backup, or move it away to start empty."},
    {SQLITE_READONLY, ERR_STORE_UNAVAILABLE, "The store cannot be written: give this user the right to write ", " and its directory."},
    {SQLITE_CANTOPEN, ERR_STORE_UNAVAILABLE, "The store cannot be opened: give this user the right to read and write ", " and its directory."},
    {SQLITE_PERM, ERR_STORE_UNAVAILABLE, "The store cannot be opened: give this user the right to read and write ", " and its directory."},
    {SQLITE_BUSY, ERR_STORE_UNAVAILABLE, "Another program holds ", ": close it, then try again."},
    {SQLITE_LOCKED, ERR_STORE_UNAVAILABLE, "Another program holds ", ": close it, then try again."},
    {SQLITE_PROTOCOL, ERR_STORE_UNAVAILABLE, "Another program holds ", ": close it, then try again."},
    {SQLITE_NOMEM, ERR_NO_MEMORY, "Out of memory while working on ", "."},
};
static const struct sentence OTHERWISE = {0, ERR_STORE_UNAVAILABLE, "SQLite refused to work on ", "."};

static int errno_of(sqlite3 *db, int which_file)
{
    sqlite3_file *file = NULL;
    int           why = 0;
    if (sqlite3_file_control(db, "main", which_file, &file) != SQLITE_OK || !file || !file->pMethods) return 0;
    return file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &why) == SQLITE_OK ? why : 0;
}

static bool is_shortage(int why)
{
    return why == ENOSPC || why == EDQUOT || why == EFBIG;
}

// A quota or a limit reaches us as a plain I/O error: the number that the operating system gave tells.
// SQLite keeps it with the file, here the log or the database.
static int meant(sqlite3 *db, int code)
{
    if (code == SQLITE_IOERR_NOMEM) return SQLITE_NOMEM;
    if ((code & 0xff) != SQLITE_IOERR || !db) return code & 0xff;
    if (is_shortage(sqlite3_system_errno(db))) return SQLITE_FULL; // so with the index of the log, which is no file of SQLite's own kind
    bool is_full = is_shortage(errno_of(db, SQLITE_FCNTL_JOURNAL_POINTER)) || is_shortage(errno_of(db, SQLITE_FCNTL_FILE_POINTER));
    return is_full ? SQLITE_FULL : SQLITE_IOERR;
}

enum err sqlite_fail(struct call *c, sqlite3 *db, int code, const char *path)
{
    const struct sentence *s = &OTHERWISE;
    int                    primary = meant(db, code);
    for (size_t i = 0; i < COUNT(SENTENCES); i++)
        if (SENTENCES[i].code == primary) s = &SENTENCES[i];
    return FAIL(c, s->kind, "%s%s%s (SQLite: %s, %d)", s->before, path, s->after, sqlite3_errstr(code), code);
}

enum err sqlite_run(struct call *c, sqlite3 *db, const char *path, const char *sql)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : sqlite_fail(c, db, code, path);
}

enum err sqlite_number(struct call *c, sqlite3 *db, const char *path, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int           code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(st);
    if (code == SQLITE_ROW) *out = sqlite3_column_int64(st, 0);
    enum err done = code == SQLITE_ROW ? OK : sqlite_fail(c, db, code, path);
    sqlite3_finalize(st);
    return done;
}
