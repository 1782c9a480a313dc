#include "server/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

// A full disk is the one reason of many that has its own remedy.
static enum err refuse(struct call *c, const char *verb, const char *path, int why)
{
    if (why == ENOSPC || why == EDQUOT || why == EFBIG) return FAIL(c, ERR_IO, "The disk is full: free space for %s, then try again.", path);
    return FAIL(c, ERR_IO, "Cannot %s %s: %s.", verb, path, strerror(why));
}

static enum err path_of(struct call *c, str directory, const char *name, const char **out)
{
    str path = call_format(c, "%.*s/%s", PSTR(directory), name);
    TRY(call_check_texts(c));
    if (path.n >= PATH_MAX) return FAIL(c, ERR_IO, "The path of the data directory is too long.");
    *out = path.at;
    return OK;
}

enum err files_make_directory(struct call *c, str path)
{
    const char *whole = call_zstr(c, path);
    if (!whole) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 1; i <= path.n; i++) {
        if (i < path.n && path.at[i] != '/') continue;
        const char *part = call_zstr(c, str_upto(path, i));
        if (!part) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        if (mkdir(part, 0700) == 0 || errno == EEXIST) continue;
        if (errno == ENOSPC || errno == EDQUOT) return refuse(c, "make", part, errno);
        return FAIL(c, ERR_IO, "Cannot make the directory %s: %s. Choose another with --data.", part, strerror(errno));
    }
    struct stat st;
    if (stat(whole, &st) != 0 || !S_ISDIR(st.st_mode)) return FAIL(c, ERR_IO, "%s is not a directory. Choose another with --data.", whole);
    if (access(whole, R_OK | W_OK | X_OK) != 0)
        return FAIL(c, ERR_IO, "Cannot write to %s: %s. Choose another directory with --data.", whole, strerror(errno));
    return OK;
}

static enum err read_fd(struct call *c, const char *path, bool is_secret, struct secret *out)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); // a pipe in its place must not hold up the start
    if (fd < 0 && errno == ENOENT) return FAIL(c, ERR_NOT_FOUND, "The file %s is missing.", path);
    if (fd < 0) return FAIL(c, ERR_IO, "Cannot read %s: %s. Make it readable for this user.", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILES_MAX_BYTES)
        return FAIL(c, ERR_IO, "%s is not a regular file of at most %u bytes.", path, FILES_MAX_BYTES);
    if (is_secret && (st.st_mode & 077)) return FAIL(c, ERR_IO, "The key file %s can be read by others: run `chmod 600 %s` first.", path, path);
    uint8_t room[FILES_MAX_BYTES];
    ssize_t n = read(fd, room, sizeof room);
    if (n < 0) return FAIL(c, ERR_IO, "Cannot read %s: %s.", path, strerror(errno));
    enum err failed = secret_init(c, out, (bytes){room, (size_t)n});
    secret_wipe(room, sizeof room);
    return failed;
}

enum err files_read_secret(struct call *c, str directory, const char *name, struct secret *out)
{
    const char *path = NULL;
    TRY(path_of(c, directory, name, &path));
    return read_fd(c, path, true, out);
}

enum err files_read(struct call *c, str directory, const char *name, str *out)
{
    const char                         *path = NULL;
    CLEANUP(secret_clear) struct secret content = {0};
    TRY(path_of(c, directory, name, &path));
    TRY(read_fd(c, path, false, &content));
    return call_copy_str(c, bytes_str(secret_reveal(&content)), out);
}

static bool write_all(int fd, bytes content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.at, content.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        content = (bytes){content.at + n, content.n - (size_t)n};
    }
    return fsync(fd) == 0;
}

static bool sync_directory(const char *path)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

enum err files_write(struct call *c, str directory, const char *name, bytes content, unsigned mode)
{
    const char *path = NULL, *directory_path = call_zstr(c, directory);
    TRY(path_of(c, directory, name, &path));
    str fresh = call_format(c, "%s.new", path);
    TRY(call_check_texts(c)); // the content's too
    unlink(fresh.at);         // left by a start that was cut short
    CLEANUP(close_fd) int fd = open(fresh.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 || !write_all(fd, content) || rename(fresh.at, path) != 0 || !sync_directory(directory_path)) {
        int why = errno;
        unlink(fresh.at);
        return refuse(c, "write", path, why);
    }
    return OK;
}

enum err files_exist(struct call *c, str directory, const char *name, bool *out)
{
    const char *path = NULL;
    struct stat st;
    TRY(path_of(c, directory, name, &path));
    *out = lstat(path, &st) == 0;
    return *out || errno == ENOENT ? OK : FAIL(c, ERR_IO, "Cannot look for %s: %s.", path, strerror(errno));
}

enum err files_rename(struct call *c, str directory, const char *from, const char *to)
{
    const char *from_path = NULL, *to_path = NULL, *directory_path = call_zstr(c, directory);
    TRY(path_of(c, directory, from, &from_path));
    TRY(path_of(c, directory, to, &to_path));
    if (!directory_path) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    bool done = rename(from_path, to_path) == 0 || (errno == ENOENT && access(to_path, F_OK) == 0);
    if (done && sync_directory(directory_path)) return OK;
    return refuse(c, "rename", from_path, errno);
}

enum err files_remove(struct call *c, str directory, const char *name)
{
    const char *path = NULL;
    TRY(path_of(c, directory, name, &path));
    return unlink(path) == 0 || errno == ENOENT ? OK : FAIL(c, ERR_IO, "Cannot remove %s: %s.", path, strerror(errno));
}
