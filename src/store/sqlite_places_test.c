#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "store_fixture.h"
#include "test.h"

// Tests that need another user, a small disk or a limit run in a process of their own, which says what went wrong.

#define NEED(condition)                              \
    do {                                             \
        if (!(condition)) return #condition;         \
    } while (0)

static void check_in_child(struct test *t, const char *(*run)(struct call *c, const char *dir), const char *name)
{
    const char *dir = test_dir(t); // made here: who makes it removes it
    int         ends[2];
    char        said[1024] = {0};
    CHECK_ROW(pipe2(ends, O_CLOEXEC) == 0, name);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct call c;
        call_init(&c, NULL, NULL);
        const char *wrong = run(&c, dir);
        if (wrong) dprintf(ends[1], "%s (%s)", wrong, c.failure.text);
        _exit(wrong ? 1 : 0);
    }
    close(ends[1]);
    int     status = 0;
    ssize_t n = read(ends[0], said, sizeof said - 1);
    close(ends[0]);
    CHECK_ROW(pid > 0 && waitpid(pid, &status, 0) == pid, name);
    if (n > 0 || status != 0) test_failed(t, __FILE__, __LINE__, "%s: status %d, %s", name, status, said);
}

static bool become_ordinary(void)
{
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
}

static bool give_away(const char *dir)
{
    return geteuid() != 0 || chown(dir, 65534, 65534) == 0;
}

static const char *refuse_unwritable_directory(struct call *c, const char *dir)
{
    struct store *s = NULL;
    NEED(give_away(dir) && become_ordinary() && chmod(dir, 0500) == 0);
    NEED(store_open_sqlite(c, str_of(dir), &s) == ERR_STORE_UNAVAILABLE);
    NEED(strstr(c->failure.text, "Give this user the right"));
    call_forgive(c);
    NEED(store_open_sqlite(c, call_format(c, "%s/below", dir), &s) == ERR_STORE_UNAVAILABLE);
    NEED(strstr(c->failure.text, "Give this user the right"));
    NEED(chmod(dir, 0700) == 0);
    return NULL;
}

static const char *refuse_read_only_file(struct call *c, const char *dir)
{
    const char *file = call_format(c, "%s/lanyard.db", dir).at;
    NEED(give_away(dir) && become_ordinary());
    NEED(make_store(c, dir) == OK);
    str before = contents(c, file);
    NEED(chmod(file, 0400) == 0);
    NEED(open_and_read(c, dir) == ERR_STORE_UNAVAILABLE);
    NEED(strstr(c->failure.text, "Give this user the right"));
    call_forgive(c);
    NEED(str_eq(contents(c, file), before));
    NEED(chmod(file, 0000) == 0);
    NEED(open_and_read(c, dir) == ERR_STORE_UNAVAILABLE);
    call_forgive(c);
    NEED(chmod(file, 0600) == 0);
    NEED(open_and_read(c, dir) == OK);
    return NULL;
}

TEST(sqlite_refuses_an_unwritable_directory)
{
    check_in_child(t, refuse_unwritable_directory, "directory");
}
TEST(sqlite_refuses_a_read_only_file)
{
    check_in_child(t, refuse_read_only_file, "file");
}

// Full disks. Transactions of two records each, until one is refused; then all that were
// acknowledged must be there, no other, and writing must go on as soon as there is room.

static enum err put_pair(struct call *c, struct store_session *w, int i)
{
    static const uint8_t body[3000];
    TRY(store_begin(c, w));
    TRY(store_put(c, w, STORE_GROUP, call_format(c, "%06d", i), (bytes){body, sizeof body}));
    TRY(store_put(c, w, STORE_SECRET, call_format(c, "%06d", i), (bytes){body, sizeof body}));
    return store_commit(c, w);
}

static const char *check_pairs(struct call *c, struct store *s, int acknowledged)
{
    CLEANUP(session_closep) struct store_session *r = NULL;
    int                                           groups = 0, secrets = 0;
    bytes                                         last;
    NEED(store_session_open(c, s, STORE_READ, &r) == OK);
    NEED(store_scan(c, r, STORE_GROUP, &(struct store_range){0}, count_records, &groups) == OK);
    NEED(store_scan(c, r, STORE_SECRET, &(struct store_range){0}, count_records, &secrets) == OK);
    NEED(groups == acknowledged && secrets == acknowledged);
    NEED(store_get(c, r, STORE_GROUP, call_format(c, "%06d", acknowledged - 1), &last) == OK);
    return NULL;
}

static const char *fill_up(struct call *c, const char *dir, bool (*make_room)(const char *dir))
{
    CLEANUP(closep) struct store                 *s = NULL;
    CLEANUP(session_closep) struct store_session *w = NULL;
    int                                           n = 0;
    const char                                   *wrong;
    NEED(store_open_sqlite(c, str_of(dir), &s) == OK);
    NEED(store_session_open(c, s, STORE_WRITE, &w) == OK);
    while (n < 10000 && put_pair(c, w, n) == OK) n++;
    NEED(n > 0 && c->failure.kind == ERR_STORE_UNAVAILABLE);
    NEED(str_starts(str_of(c->failure.text), S("The disk is full: free space for ")));
    call_forgive(c);
    NEED(store_commit(c, w) != OK);
    call_forgive(c);
    for (int i = 0; i < 3; i++) {
        store_rollback(w);
        NEED(put_pair(c, w, n) == ERR_STORE_UNAVAILABLE);
        call_forgive(c);
    }
    if ((wrong = check_pairs(c, s, n))) return wrong;
    store_rollback(w);
    NEED(make_room(dir));
    for (int i = 0; i < 20; i++, n++) NEED(put_pair(c, w, n) == OK);
    if ((wrong = check_pairs(c, s, n))) return wrong;
    store_session_close(TAKE(w));
    store_close(TAKE(s));
    NEED(store_open_sqlite(c, str_of(dir), &s) == OK);
    return check_pairs(c, s, n);
}

static bool lift_limit(const char *dir)
{
    (void)dir;
    return setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) == 0;
}

static const char *fill_up_to_a_limit(struct call *c, const char *dir)
{
    NEED(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    NEED(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, RLIM_INFINITY}) == 0);
    return fill_up(c, dir, lift_limit);
}

static bool write_text(const char *path, const char *text)
{
    int  fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return done;
}

// A disk of two megabytes, with half of it taken. Where the kernel forbids namespaces: false.
static bool mount_small_disk(const char *dir)
{
    char     map[64];
    unsigned uid = geteuid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    snprintf(map, sizeof map, "0 %u 1", uid);
    if (!write_text("/proc/self/uid_map", map)) return false;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", dir, "tmpfs", 0, "size=2m") != 0) return false;
    char ballast[256];
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    int  fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool done = fd >= 0 && posix_fallocate(fd, 0, 1 << 20) == 0;
    close(fd);
    return done;
}

static bool drop_ballast(const char *dir)
{
    char ballast[256];
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    return unlink(ballast) == 0;
}

static const char *fill_up_a_disk(struct call *c, const char *dir)
{
    if (!mount_small_disk(dir)) {
        printf("# no namespaces here: a full disk is tried with a limit only\n");
        return NULL;
    }
    return fill_up(c, dir, drop_ballast);
}

static const char *start_on_a_full_disk(struct call *c, const char *dir)
{
    struct store *s = NULL;
    if (!mount_small_disk(dir)) return NULL;
    const char *rest = call_format(c, "%s/rest", dir).at;
    int         fd = open(rest, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char        page[4096] = {0};
    while (write(fd, page, sizeof page) > 0) continue;
    NEED(errno == ENOSPC);
    NEED(store_open_sqlite(c, str_of(dir), &s) == ERR_STORE_UNAVAILABLE);
    NEED(str_starts(str_of(c->failure.text), S("The disk is full: free space for ")));
    call_forgive(c);
    NEED(unlink(rest) == 0 && close(fd) == 0);
    NEED(make_store(c, dir) == OK && open_and_read(c, dir) == OK);
    return NULL;
}

TEST(sqlite_file_size_limit_leaves_the_data_untouched)
{
    check_in_child(t, fill_up_to_a_limit, "limit");
}
TEST(sqlite_full_disk_leaves_the_data_untouched)
{
    check_in_child(t, fill_up_a_disk, "disk");
}
TEST(sqlite_start_on_a_full_disk_is_refused)
{
    check_in_child(t, start_on_a_full_disk, "start");
}
