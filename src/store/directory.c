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
#define LOCK     "lock"
#define LOG_WORD "log"

// The log's header: eight big-endian words, the last two of which are the sum of the others.
// Source: https://www.sqlite.org/fileformat2.html#walformat
#define LOG_HEADER_BYTES 32
#define LOG_SALT_AT      16          // a number by chance, one more each time that the log begins anew
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
    return FAIL(c, ERR_STORE_UNAVAILABLE, "%.*s cannot be made or written: %s. Give this user the right to, or name another directory.", PSTR(path),
                strerror(errno));
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

// "PID", and as long as the log holds what the database lacks a second line, "log SALT".
static void write_lock(const struct store_directory *d)
{
    char text[64];
    int  n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (d->has_log) n += snprintf(text + n, sizeof text - (size_t)n, LOG_WORD " %lu\n", (unsigned long)d->log_salt);
    // What a full disk keeps out of it is missed by a message and by a check, and by nothing that is kept.
    bool is_written = pwrite(d->lock_fd, text, (size_t)n, 0) == n && ftruncate(d->lock_fd, n) == 0 && fdatasync(d->lock_fd) == 0;
    (void)is_written;
}

static void read_lock(struct store_directory *d)
{
    char    text[64];
    ssize_t n = pread(d->lock_fd, text, sizeof text, 0);
    str     rest = {text, n > 0 ? (size_t)n : 0}, pid;
    int64_t salt;
    if (!str_cut(&rest, '\n', &pid) || !str_starts(rest, S(LOG_WORD " ")) || !str_ends(rest, S("\n"))) return;
    d->has_log = str_to_i64(str_upto(str_from(rest, sizeof LOG_WORD), rest.n - sizeof LOG_WORD - 1), &salt) && salt >= 0 && salt <= UINT32_MAX;
    if (d->has_log) d->log_salt = (uint32_t)salt;
}

static uint32_t word_at(const uint8_t *at, bool big_endian)
{
    return big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
                      : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

// SQLite takes a log whose header does not hold for an empty one.
static bool read_log_salt(const struct store_directory *d, uint32_t *out)
{
    char     name[PATH_MAX];
    uint8_t  h[LOG_HEADER_BYTES];
    uint32_t a = 0, b = 0;
    int      n = snprintf(name, sizeof name, "%s-wal", d->file);
    if (n < 0 || (size_t)n >= sizeof name) return false;
    CLEANUP(closep) int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || pread(fd, h, sizeof h, 0) != (ssize_t)sizeof h) return false;
    uint32_t magic = word_at(h, true);
    if ((magic & ~1u) != LOG_MAGIC) return false;
    for (size_t i = 0; i < LOG_HEADER_BYTES - 8; i += 8) {
        a += word_at(h + i, magic & 1) + b;
        b += word_at(h + i + 4, magic & 1) + a;
    }
    *out = word_at(h + LOG_SALT_AT, true);
    return a == word_at(h + LOG_HEADER_BYTES - 8, true) && b == word_at(h + LOG_HEADER_BYTES - 4, true);
}

void store_directory_note_log(struct store_directory *d)
{
    d->has_log = read_log_salt(d, &d->log_salt);
    write_lock(d);
}

void store_directory_note_no_log(struct store_directory *d)
{
    if (!d->has_log) return;
    d->has_log = false;
    write_lock(d);
}

static FALLIBLE refuse_second(struct call *c, const struct store_directory *d)
{
    char    text[48];
    ssize_t n = pread(d->lock_fd, text, sizeof text, 0);
    str     line = {text, n > 0 ? (size_t)n : 0}, pid;
    int64_t number;
    bool    is_told = str_find(line, '\n') != STR_NOWHERE && str_cut(&line, '\n', &pid) && str_to_i64(pid, &number);
    str     who = is_told ? call_format(c, "Another server (process %lld)", (long long)number) : S("Another server");
    return FAIL(c, ERR_CONFLICT, "%.*s is using %s: stop it with 'lanyard down', or name another directory.", PSTR(who), d->path);
}

static FALLIBLE lock(struct call *c, struct store_directory *d)
{
    str name = call_format(c, "%s/" LOCK, d->path);
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    d->lock_fd = open(name.at, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock_fd < 0) return refuse(c, name);
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? refuse_second(c, d) : refuse(c, name);
    read_lock(d);
    return OK;
}

// The session before was not closed, and its log held changes: they must not be lost without a word, and no other log may
// take its place. It may have begun anew once more than was noted.
static FALLIBLE check_log_is_there(struct call *c, const struct store_directory *d)
{
    uint32_t salt;
    if (!d->has_log) return OK;
    if (read_log_salt(d, &salt) && (salt == d->log_salt || salt == d->log_salt + 1)) return OK;
    return FAIL(c, ERR_STORE_UNAVAILABLE,
                "%s-wal is missing, damaged or another's, and the latest changes were in it alone: bring it back, or remove %s/" LOCK
                " and it to go on without them.",
                d->file, d->path);
}

// SQLite throws away the log of a database that is empty. Who lost the one must not lose the other.
static FALLIBLE check_log_is_not_alone(struct call *c, const struct store_directory *d, off_t database_bytes)
{
    struct stat log;
    str         name = call_format(c, "%s-wal", d->file);
    if (!name.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (database_bytes > 0 || stat(name.at, &log) != 0 || log.st_size == 0) return OK;
    return FAIL(c, ERR_STORE_UNAVAILABLE, "%s is missing or empty, but its log is there: bring the file back from where it went, or move %s away.",
                d->file, name.at);
}

static FALLIBLE see_to_file(struct call *c, const struct store_directory *d, bool must_exist)
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

static FALLIBLE claim(struct call *c, str path, bool must_exist, struct store_directory *d)
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

enum err store_directory_claim(struct call *c, str path, bool must_exist, struct store_directory *out)
{
    struct store_directory d = {.lock_fd = -1};
    enum err               claimed = claim(c, path, must_exist, &d);
    if (claimed != OK) store_directory_release(&d);
    else *out = d;
    return claimed;
}

void store_directory_release(struct store_directory *d)
{
    closep(&d->lock_fd);
    free(d->path);
    free(d->file);
    *d = (struct store_directory){.lock_fd = -1};
}
