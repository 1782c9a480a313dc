#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE "lanyard.db"
#define LOCK "lock"
#define LOG_WORD "log"

// The log's header: eight big-endian words, the last two of which are the sum of the others.
// Source: https://www.sqlite.org/fileformat2.html#walformat
#define LOG_HEADER_BYTES 32
#define LOG_MAGIC        0x377f0682u // the lowest bit says in which order the sum takes bytes

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

// "PID", and in a second line LOG_WORD as long as the log holds what the database lacks.
static void write_lock(const struct directory *d)
{
    char text[48];
    int  n = snprintf(text, sizeof text, "%ld\n%s", (long)getpid(), d->has_log ? LOG_WORD "\n" : "");
    // On a full disk the old text is cut or overwritten, no more is needed: the number is for a message, the word for a check.
    bool is_written = pwrite(d->lock_fd, text, (size_t)n, 0) == n && ftruncate(d->lock_fd, n) == 0;
    (void)is_written;
}

void directory_note_log(struct directory *d, bool has_log)
{
    if (d->has_log == has_log) return;
    d->has_log = has_log;
    write_lock(d);
}

static FALLIBLE refuse_second(struct call *c, const struct directory *d)
{
    char    text[48];
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
    char    text[48];
    ssize_t n = pread(d->lock_fd, text, sizeof text, 0);
    d->has_log = n > 0 && str_ends((str){text, (size_t)n}, S("\n" LOG_WORD "\n"));
    return OK;
}

static uint32_t word_at(const uint8_t *at, bool big_endian)
{
    return big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                      : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

// SQLite takes a log whose header does not hold for an empty one.
static bool has_log_header(int fd)
{
    uint8_t  h[LOG_HEADER_BYTES];
    uint32_t a = 0, b = 0;
    if (pread(fd, h, sizeof h, 0) != (ssize_t)sizeof h) return false;
    uint32_t magic = word_at(h, true);
    if ((magic & ~1u) != LOG_MAGIC) return false;
    for (size_t i = 0; i < LOG_HEADER_BYTES - 8; i += 8) {
        a += word_at(h + i, magic & 1) + b;
        b += word_at(h + i + 4, magic & 1) + a;
    }
    return a == word_at(h + LOG_HEADER_BYTES - 8, true) && b == word_at(h + LOG_HEADER_BYTES - 4, true);
}

// The session before was not closed, and its log held changes: they must not be lost without a word.
static FALLIBLE check_log_is_there(struct call *c, const struct directory *d)
{
    str name = call_format(c, "%s-wal", d->file);
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!d->has_log) return OK;
    CLEANUP(closep) int fd = open(name.at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && has_log_header(fd)) return OK;
    return FAIL(c, ERR_STORE_UNAVAILABLE,
                "%s is missing or damaged, and the latest changes were in it alone: bring it back, or remove %s/" LOCK " to go on without them.",
                name.at, d->path);
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

static FALLIBLE see_to_file(struct call *c, const struct directory *d, bool must_exist)
{
    struct stat st;
    if (stat(d->file, &st) != 0) st = (struct stat){0};
    TRY(check_log_is_not_alone(c, d, st.st_size));
    if (must_exist && st.st_size == 0) return FAIL(c, ERR_STORE_UNAVAILABLE, DIRECTORY_LOST, d->file);
    TRY(check_log_is_there(c, d));
    // The log's files take their mode from this one.
    CLEANUP(closep) int fd = open(d->file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &st) != 0) return refuse(c, str_of(d->file));
    if (!S_ISREG(st.st_mode)) return FAIL(c, ERR_STORE_UNAVAILABLE, "%s is not a file: move it away, or name another directory.", d->file);
    if ((st.st_mode & 077) && fchmod(fd, 0600) != 0) return refuse(c, str_of(d->file));
    return OK;
}

static FALLIBLE claim(struct call *c, str path, bool must_exist, struct directory *d)
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
    TRY(see_to_file(c, d, must_exist));
    write_lock(d);
    return OK;
}

enum err directory_claim(struct call *c, str path, bool must_exist, struct directory *out)
{
    struct directory d = {.lock_fd = -1};
    enum err         claimed = claim(c, path, must_exist, &d);
    d.has_log = claimed == OK && d.has_log; // what the lock says stays
    if (claimed != OK) directory_release(&d);
    else *out = d;
    return claimed;
}

// The last connection that closes takes the log away, unless it could not bring it into the database.
static bool is_log_gone(const struct directory *d)
{
    char        name[PATH_MAX];
    struct stat st;
    int         n = d->file ? snprintf(name, sizeof name, "%s-wal", d->file) : -1;
    return n > 0 && (size_t)n < sizeof name && stat(name, &st) != 0 && errno == ENOENT;
}

void directory_release(struct directory *d)
{
    if (d->lock_fd >= 0 && d->has_log && is_log_gone(d)) directory_note_log(d, false);
    closep(&d->lock_fd);
    free(d->path);
    free(d->file);
    *d = (struct directory){.lock_fd = -1};
}
