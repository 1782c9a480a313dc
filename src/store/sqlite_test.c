#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/schema.h"
#include "store/store.h"
#include "store_fixture.h"
#include "test.h"

// What is SQLite's alone: the directory, its files, and what goes wrong with them.

static const char *path_in(struct test *t, const char *name)
{
    return call_format(t->call, "%s/%s", test_dir(t), name).at;
}

static int mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

TEST(sqlite_keeps_its_files_to_itself)
{
    const char                                   *dir = path_in(t, "a/b//c/");
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *w = NULL;
    CHECK_OK(store_open_sqlite(t->call, str_of(dir), &s));
    CHECK_OK(store_session_open(t->call, s, STORE_WRITE, &w));
    CHECK_OK(put_one(t->call, w, STORE_META, S("k"), str_bytes(S("v"))));
    static const struct { const char *name; int mode; } CASES[] = {
        {"a", 0700}, {"a/b", 0700}, {"a/b/c", 0700}, {"a/b/c/lock", 0600},
        {"a/b/c/lanyard.db", 0600}, {"a/b/c/lanyard.db-wal", 0600}, {"a/b/c/lanyard.db-shm", 0600},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_INT(mode_of(path_in(t, CASES[i].name)), CASES[i].mode, CASES[i].name);
}

TEST(sqlite_takes_a_loose_file_back_to_itself)
{
    const char *dir = path_in(t, "s"), *file = path_in(t, "s/lanyard.db");
    CHECK_OK(make_store(t->call, dir));
    CHECK(chmod(file, 0644) == 0);
    CHECK_OK(open_and_read(t->call, dir));
    CHECK_INT(mode_of(file), 0600, "mode");
}

TEST(sqlite_keeps_records_over_a_restart)
{
    CHECK_OK(make_store(t->call, path_in(t, "s")));
    for (int i = 0; i < 3; i++) CHECK_OK(open_and_read(t->call, path_in(t, "s")));
}

TEST(sqlite_a_second_server_is_told_who_was_first)
{
    const char                   *dir = path_in(t, "s");
    CLEANUP(closep) struct store *first = NULL;
    struct store                 *second = NULL;
    char                          process[40];
    snprintf(process, sizeof process, "(process %ld)", (long)getpid());
    CHECK_OK(store_open_sqlite(t->call, str_of(dir), &first));
    enum err got = store_open_sqlite(t->call, str_of(dir), &second);
    CHECK(second == NULL);
    CHECK(strstr(t->call->failure.text, process) && strstr(t->call->failure.text, dir) && strstr(t->call->failure.text, "lanyard down"));
    CHECK(!strchr(t->call->failure.text, '\n'));
    CHECK_ERR(got, ERR_CONFLICT, "while the first is there");
    CHECK_ERR(store_open_sqlite(t->call, str_of(path_in(t, "s/../s/.")), &second), ERR_CONFLICT, "by another way");
    store_close(TAKE(first));
    CHECK_OK(store_open_sqlite(t->call, str_of(dir), &first));
}

TEST(sqlite_an_unreadable_pid_is_left_out)
{
    static const char *const CASES[] = {"", "\n", "12", "pid\n", "99999999999999999999999999\n", "\x1b[2J\n"};
    CHECK(mkdir(path_in(t, "s"), 0700) == 0);
    int fd = open(path_in(t, "s/lock"), O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct store *s = NULL;
        CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, CASES[i], strlen(CASES[i]), 0) == (ssize_t)strlen(CASES[i]));
        enum err got = store_open_sqlite(t->call, str_of(path_in(t, "s")), &s);
        CHECK_ROW(str_starts(str_of(t->call->failure.text), S("Another server is using ")), CASES[i]);
        CHECK_ERR(got, ERR_CONFLICT, CASES[i]);
    }
    close(fd);
    CHECK_OK(make_store(t->call, path_in(t, "s")));
}

// What may have befallen a store, each done to a fresh one in the directory of the test.

static bool run_sql(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    bool     done = sqlite3_open(file, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return done;
}

static bool overwrite(const char *file, off_t at, size_t n)
{
    char noise[4096];
    memset(noise, 0x5a, sizeof noise);
    int  fd = open(file, O_WRONLY | O_CREAT, 0600);
    bool done = fd >= 0 && pwrite(fd, noise, n, at) == (ssize_t)n;
    if (fd >= 0) close(fd);
    return done;
}

static bool newer_form(const char *file)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", SCHEMA_VERSION + 1);
    return run_sql(file, sql);
}

static bool negative_form(const char *file)
{
    return run_sql(file, "PRAGMA user_version = -1");
}
static bool another_program(const char *file)
{
    return run_sql(file, "PRAGMA application_id = 1234");
}
static bool noise_in_the_header(const char *file)
{
    return overwrite(file, 0, 100);
}
static bool noise_in_the_schema(const char *file)
{
    return overwrite(file, 100, 3000);
}
static bool cut_short(const char *file)
{
    return truncate(file, 4096) == 0;
}
static bool cut_within_the_header(const char *file)
{
    return truncate(file, 60) == 0;
}

static bool foreign_tables(const char *file)
{
    return unlink(file) == 0 && run_sql(file, "CREATE TABLE songs (name)");
}

static bool is_a_directory(const char *file)
{
    return unlink(file) == 0 && mkdir(file, 0700) == 0;
}

static bool is_a_link(const char *file)
{
    char away[256];
    snprintf(away, sizeof away, "%s-away", file);
    return rename(file, away) == 0 && symlink(away, file) == 0;
}

static bool only_the_log_is_left(const char *file)
{
    char log[256];
    snprintf(log, sizeof log, "%s-wal", file);
    return unlink(file) == 0 && overwrite(log, 0, 500);
}

static bool emptied_beside_its_log(const char *file)
{
    char log[256];
    snprintf(log, sizeof log, "%s-wal", file);
    return truncate(file, 0) == 0 && overwrite(log, 0, 500);
}

static bool lock_is_a_directory(const char *file)
{
    char lock[256];
    snprintf(lock, sizeof lock, "%.*slock", (int)(strlen(file) - strlen("lanyard.db")), file);
    return unlink(lock) == 0 && mkdir(lock, 0700) == 0;
}

TEST(sqlite_refuses_what_it_cannot_trust_and_changes_nothing)
{
    static const struct { const char *name; bool (*befall)(const char *file); const char *says; } CASES[] = {
        {"newer form", newer_form, "written by a newer Lanyard"},
        {"negative form", negative_form, "written by a newer Lanyard"},
        {"another program's id", another_program, "another program's database"},
        {"foreign tables", foreign_tables, "another program's database"},
        {"noise in the header", noise_in_the_header, "back from a backup"},
        {"noise in the schema", noise_in_the_schema, "back from a backup"},
        {"cut short", cut_short, "back from a backup"},
        {"cut within the header", cut_within_the_header, "back from a backup"},
        {"a directory", is_a_directory, "lanyard.db"},
        {"a link", is_a_link, "lanyard.db"},
        {"only the log is left", only_the_log_is_left, "missing or empty, but its log is there"},
        {"emptied beside its log", emptied_beside_its_log, "missing or empty, but its log is there"},
        {"the lock is a directory", lock_is_a_directory, "lock"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char   *dir = path_in(t, CASES[i].name), *file = call_format(t->call, "%s/lanyard.db", dir).at;
        struct store *s = NULL;
        CHECK_OK(make_store(t->call, dir));
        CHECK_ROW(CASES[i].befall(file), CASES[i].name);
        str      before = contents(t->call, file);
        enum err got = store_open_sqlite(t->call, str_of(dir), &s);
        if (!strstr(t->call->failure.text, CASES[i].says) || strchr(t->call->failure.text, '\n'))
            test_failed(t, __FILE__, __LINE__, "%s: \"%s\"", CASES[i].name, t->call->failure.text);
        CHECK_ERR(got, ERR_STORE_UNAVAILABLE, CASES[i].name);
        CHECK_ROW(str_eq(contents(t->call, file), before), CASES[i].name);
        store_close(s);
    }
}

// A process that writes and ends without closing the store.
static bool write_and_die(const char *dir, bool settles)
{
    int   status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct call           c;
        struct store         *s;
        struct store_session *w;
        call_init(&c, NULL, NULL);
        bool done = store_open_sqlite(&c, str_of(dir), &s) == OK && store_session_open(&c, s, STORE_WRITE, &w) == OK &&
                    put_one(&c, w, STORE_META, S("made"), str_bytes(S("yes"))) == OK && (!settles || store_settle(&c, w) == OK);
        _exit(done ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool unlink_it(const char *log)
{
    return unlink(log) == 0;
}
static bool empty_it(const char *log)
{
    return truncate(log, 0) == 0;
}
static bool spoil_its_header(const char *log)
{
    return overwrite(log, 8, 8);
}
static bool cut_its_header(const char *log)
{
    return truncate(log, 31) == 0;
}
static bool swap_it(const char *log)
{
    char other[512], other_log[600];
    snprintf(other, sizeof other, "%s-other", log);
    snprintf(other_log, sizeof other_log, "%s/lanyard.db-wal", other);
    return write_and_die(other, false) && rename(other_log, log) == 0;
}

static bool leave_it(const char *log)
{
    (void)log;
    return true;
}

TEST(sqlite_a_killed_session_s_log_must_be_there)
{
    static const struct { const char *name; bool settles; bool (*befall)(const char *log); enum err want; } CASES[] = {
        {"untouched", false, leave_it, OK},
        {"missing", false, unlink_it, ERR_STORE_UNAVAILABLE},
        {"empty", false, empty_it, ERR_STORE_UNAVAILABLE},
        {"header damaged", false, spoil_its_header, ERR_STORE_UNAVAILABLE},
        {"header cut", false, cut_its_header, ERR_STORE_UNAVAILABLE},
        {"another store's", false, swap_it, ERR_STORE_UNAVAILABLE},
        {"settled", true, leave_it, OK},
        {"settled and missing", true, unlink_it, OK},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *name = CASES[i].name, *dir = path_in(t, name);
        CHECK_ROW(write_and_die(dir, CASES[i].settles) && CASES[i].befall(call_format(t->call, "%s/lanyard.db-wal", dir).at), name);
        for (int again = 0; again < 2; again++) { // a refusal changes nothing: the next start is refused as well
            enum err got = open_and_read(t->call, dir);
            CHECK_ROW(got == OK || strstr(t->call->failure.text, "lanyard.db-wal is missing, damaged or another's"), name);
            CHECK_ERR(got, CASES[i].want, name);
        }
        if (CASES[i].want == OK) continue;
        CHECK_ROW(unlink(call_format(t->call, "%s/lock", dir).at) == 0, name); // as the words say
        unlink(call_format(t->call, "%s/lanyard.db-wal", dir).at);
        CHECK_ERR(open_and_read(t->call, dir), ERR_NOT_FOUND, name);
    }
}

static int die_once_it_is_empty(int fd, off_t n)
{
    int cut = ftruncate(fd, n);
    if (n == 0) _exit(cut == 0 ? 0 : 1);
    return cut;
}

// The log is emptied when all of it is in the database. Whoever is killed just then has lost nothing, and starts again.
TEST(sqlite_a_session_may_be_killed_as_its_log_is_emptied)
{
    const char *dir = path_in(t, "emptied");
    int         status = 1;
    struct stat log;
    pid_t       pid = fork();
    if (pid == 0) {
        struct call           c;
        struct store         *s;
        struct store_session *w;
        sqlite3_vfs          *vfs = sqlite3_vfs_find(NULL);
        call_init(&c, NULL, NULL);
        if (store_open_sqlite(&c, str_of(dir), &s) == OK && store_session_open(&c, s, STORE_WRITE, &w) == OK &&
            put_one(&c, w, STORE_META, S("made"), str_bytes(S("yes"))) == OK &&
            vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)die_once_it_is_empty) == SQLITE_OK && store_settle(&c, w) == OK)
            _exit(2); // it was to end in it
        _exit(3);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(stat(call_format(t->call, "%s/lanyard.db-wal", dir).at, &log) == 0 && log.st_size == 0);
    CHECK_OK(open_and_read(t->call, dir));
}

TEST(sqlite_a_store_that_was_there_is_not_made_anew)
{
    const char   *dir = path_in(t, "s"), *file = path_in(t, "s/lanyard.db");
    struct store *s = NULL;
    CHECK_ERR(store_open_sqlite_again(t->call, str_of(dir), &s), ERR_STORE_UNAVAILABLE, "there is none");
    CHECK(access(file, F_OK) != 0);
    CHECK_OK(make_store(t->call, dir));
    CHECK_OK(store_open_sqlite_again(t->call, str_of(dir), &s));
    store_close(TAKE(s));
    CHECK(unlink(file) == 0 && run_sql(file, "PRAGMA journal_mode = WAL"));
    str before = contents(t->call, file);
    CHECK_ERR(store_open_sqlite_again(t->call, str_of(dir), &s), ERR_STORE_UNAVAILABLE, "without a table");
    CHECK_STR(contents(t->call, file), before, "and it was not touched");
}

TEST(sqlite_refuses_what_is_no_directory)
{
    CHECK(overwrite(path_in(t, "file"), 0, 10));
    CHECK(symlink("nowhere", path_in(t, "dangling")) == 0);
    const struct { const char *name; str path; } CASES[] = {
        {"empty", S_INIT("")},
        {"with a NUL", S_INIT("/tmp/a\0b")},
        {"a file", str_of(path_in(t, "file"))},
        {"below a file", str_of(path_in(t, "file/x"))},
        {"a dangling link", str_of(path_in(t, "dangling"))},
        {"not to be made", S_INIT("/proc/lanyard")},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct store *s = NULL;
        CHECK_ERR(store_open_sqlite(t->call, CASES[i].path, &s), ERR_STORE_UNAVAILABLE, CASES[i].name);
        CHECK_ROW(s == NULL, CASES[i].name);
    }
}

TEST(sqlite_goes_on_after_a_start_that_was_cut_off)
{
    const char *dir = path_in(t, "s"), *file = path_in(t, "s/lanyard.db");
    CHECK(mkdir(dir, 0700) == 0);
    CHECK_OK(make_store(t->call, dir));
    CHECK(unlink(file) == 0 && run_sql(file, "PRAGMA journal_mode = WAL"));
    CHECK_OK(make_store(t->call, dir)); // in WAL mode, but without a table
    CHECK_OK(open_and_read(t->call, dir));
    CHECK(truncate(file, 0) == 0);
    CHECK_OK(make_store(t->call, dir)); // made, but never written
}

TEST(sqlite_a_damaged_page_is_an_error_where_it_is_read)
{
    const char                                   *dir = path_in(t, "s"), *file = path_in(t, "s/lanyard.db");
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *w = NULL;
    char                                          body[800] = {0};
    int                                           n = 0;
    CHECK_OK(store_open_sqlite(t->call, str_of(dir), &s));
    CHECK_OK(store_session_open(t->call, s, STORE_WRITE, &w));
    CHECK_OK(store_begin(t->call, w));
    for (int i = 0; i < 1000; i++)
        CHECK_OK(store_put(t->call, w, STORE_ROLE, call_format(t->call, "%06d", i), (bytes){(const uint8_t *)body, sizeof body}));
    CHECK_OK(store_put(t->call, w, STORE_META, S("made"), str_bytes(S("yes"))));
    CHECK_OK(store_commit(t->call, w));
    store_session_close(TAKE(w));
    store_close(TAKE(s));
    for (int page = 100; page < 160; page++) CHECK(overwrite(file, (off_t)page * 4096, 4096));
    CHECK_OK(open_and_read(t->call, dir)); // another table
    CHECK_OK(store_open_sqlite(t->call, str_of(dir), &s));
    CHECK_OK(store_session_open(t->call, s, STORE_WRITE, &w));
    enum err got = store_scan(t->call, w, STORE_ROLE, &(struct store_range){0}, count_records, &n);
    CHECK(strstr(t->call->failure.text, "The store is damaged") != NULL);
    CHECK_ERR(got, ERR_STORE_UNAVAILABLE, "scan");
    CHECK(n < 1000);
    CHECK_OK(put_one(t->call, w, STORE_META, S("still"), str_bytes(S("writes"))));
}

// The log of a writer that is read constantly is bounded all the same.

struct constant_reader {
    struct store *store;
    atomic_bool   over;
};

static enum err visit_slowly(struct call *c, str key, bytes body, void *context)
{
    (void)c, (void)key, (void)body, (void)context;
    return usleep(500) == 0 ? OK : ERR_INTERNAL;
}

static void *read_constantly(void *context)
{
    struct constant_reader *all = context;
    struct store_session   *r;
    struct call             c;
    call_init(&c, NULL, NULL);
    enum err done = store_session_open(&c, all->store, STORE_READ, &r);
    while (done == OK && !atomic_load(&all->over)) done = store_scan(&c, r, STORE_ROLE, &(struct store_range){0}, visit_slowly, NULL);
    store_session_close(r);
    call_clear(&c);
    return done == OK ? NULL : (void *)"a scan failed";
}

TEST(sqlite_log_does_not_grow_without_bound)
{
    enum { READERS = 3, BODY_BYTES = 1 << 20, COMMITS = 120 };
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *w = NULL;
    struct constant_reader                        all = {0};
    pthread_t                                     readers[READERS];
    off_t                                         largest = 0;
    struct stat                                   log;
    const uint8_t                                *body = calloc(1, BODY_BYTES);
    CHECK_OK(store_open_sqlite(t->call, str_of(path_in(t, "s")), &s));
    CHECK_OK(store_session_open(t->call, s, STORE_WRITE, &w));
    for (int i = 0; i < 20; i++) CHECK_OK(put_one(t->call, w, STORE_ROLE, (str){(const char *)&i, sizeof i}, str_bytes(S("x"))));
    all.store = s;
    for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, read_constantly, &all) == 0);
    for (int i = 0; i < COMMITS; i++) {
        CHECK_OK(put_one(t->call, w, STORE_SECRET, (str){(const char *)&i, sizeof i}, (bytes){body, BODY_BYTES}));
        CHECK(stat(path_in(t, "s/lanyard.db-wal"), &log) == 0);
        if (log.st_size > largest) largest = log.st_size;
    }
    atomic_store(&all.over, true);
    for (int i = 0; i < READERS; i++) {
        void *wrong = NULL;
        pthread_join(readers[i], &wrong);
        CHECK(wrong == NULL);
    }
    // Without checkpoints of our own it would hold all that was written. On a busy machine they come late.
    if (largest > 96 << 20) test_failed(t, __FILE__, __LINE__, "the log grew to %lld bytes", (long long)largest);
    free((void *)body);
}
