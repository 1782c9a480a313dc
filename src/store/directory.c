#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE "lanyard.db"
#define LOCK "lock"

static void closep(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static FALLIBLE refuse(struct call *c, str path)
{
    if (errno == ENOTDIR) return FAIL(c, ERR_STORE_UNAVAILABLE, "%.*s is not a directory: name another one.", PSTR(path));
    if (errno == ENOSPC || errno == EDQUOT)
        return FAIL(c, ERR_STORE_UNAVAILABLE, "The disk is full: free space for %.*s, then try again.", PSTR(path));
    return FAIL(c, ERR_STORE_UNAVAILABLE, "%.*s cannot be made or written: %s. Give this user the right to, or name another directory.",
                PSTR(path), strerror(errno));
}

// A new name survives a power cut only when its directory was flushed.
static bool flush_names(int directory)
{
    CLEANUP(closep) int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

// Goes down one name, made if need be: *at is then the directory of that name.
static bool step_into(int *at, const char *name)
{
    if (mkdirat(*at, name, 0700) == 0) {
        if (!flush_names(*at)) return false;
    } else if (errno != EEXIST) {
        return false;
    }
    int next = openat(*at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (next < 0) return false;
    closep(at);
    *at = next;
    return true;
}

static FALLIBLE make(struct call *c, str path)
{
    if (!path.n || str_find(path, '\0') != STR_NOWHERE)
        return FAIL(c, ERR_STORE_UNAVAILABLE, "The store's directory has no proper name: give it one.");
    CLEANUP(closep) int at = open(path.at[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) return refuse(c, path);
    for (str rest = path, piece; str_cut(&rest, '/', &piece);) {
        if (!piece.n) continue;
        const char *name = call_zstr(c, piece);
        if (!name) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        if (!step_into(&at, name)) return refuse(c, path);
    }
    return OK;
}

static void leave_pid(int fd)
{
    bool is_told = ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0;
    (void)is_told; // it is for the next one's message only: a full disk may leave it out
}

static FALLIBLE refuse_second(struct call *c, const struct directory *d)
{
    char    text[24];
    ssize_t n = pread(d->lock_fd, text, sizeof text, 0);
    str     line = {text, n > 0 ? (size_t)n : 0}, pid;
    int64_t number;
    bool    is_told = str_find(line, '\n') != STR_NOWHERE && str_cut(&line, '\n', &pid) && str_to_i64(pid, &number);
    str     who = is_told ? call_format(c, "Another server (process %lld)", (long long)number) : S("Another server");
    return FAIL(c, ERR_CONFLICT, "%.*s is using %s: stop it with 'lanyard down', or name another directory.", PSTR(who), d->path);
}

static FALLIBLE lock(struct call *c, struct directory *d)
{
    str name = call_format(c, "%s/" LOCK, d->path);
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    d->lock_fd = open(name.at, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock_fd < 0) return refuse(c, name);
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? refuse_second(c, d) : refuse(c, name);
    leave_pid(d->lock_fd);
    return OK;
}

// SQLite throws away the log of a database that is empty. Who lost the one must not lose the other.
static FALLIBLE check_log_is_not_alone(struct call *c, const struct directory *d, off_t database_bytes)
{
    struct stat log;
    str         name = call_format(c, "%s-wal", d->file);
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (database_bytes > 0 || stat(name.at, &log) != 0 || log.st_size == 0) return OK;
    return FAIL(c, ERR_STORE_UNAVAILABLE, "%s is missing or empty, but its log is there: bring the file back from where it went, or move %s away.",
                d->file, name.at);
}

static FALLIBLE see_to_file(struct call *c, const struct directory *d)
{
    struct stat st;
    if (stat(d->file, &st) != 0) st = (struct stat){0};
    TRY(check_log_is_not_alone(c, d, st.st_size));
    // The log's files take their mode from this one.
    CLEANUP(closep) int fd = open(d->file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &st) != 0) return refuse(c, str_of(d->file));
    if (!S_ISREG(st.st_mode)) return FAIL(c, ERR_STORE_UNAVAILABLE, "%s is not a file: move it away, or name another directory.", d->file);
    if ((st.st_mode & 077) && fchmod(fd, 0600) != 0) return refuse(c, str_of(d->file));
    return OK;
}

static FALLIBLE claim(struct call *c, str path, struct directory *d)
{
    TRY(make(c, path));
    const char *made = call_zstr(c, path);
    if (!made) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    d->path = realpath(made, NULL);
    if (!d->path) return refuse(c, path);
    if (asprintf(&d->file, "%s/" DATABASE, d->path) < 0) {
        d->file = NULL;
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    TRY(lock(c, d));
    return see_to_file(c, d);
}

enum err directory_claim(struct call *c, str path, struct directory *out)
{
    struct directory d = {.lock_fd = -1};
    enum err         claimed = claim(c, path, &d);
    if (claimed != OK) directory_release(&d);
    else *out = d;
    return claimed;
}

void directory_release(struct directory *d)
{
    closep(&d->lock_fd);
    free(d->path);
    free(d->file);
    *d = (struct directory){.lock_fd = -1};
}
