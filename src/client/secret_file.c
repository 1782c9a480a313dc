#include "client/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void fd_closep(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static enum err read_all(struct call *c, int fd, const char *path, size_t most, struct secret *out)
{
    // One byte more than may be there, so that a file which grows meanwhile is seen to be too long.
    struct buf b;
    buf_init(&b, &c->arena);
    char *room = buf_extend(&b, most + 1);
    if (!room) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    size_t n = 0;
    while (n <= most) {
        ssize_t got = read(fd, room + n, most + 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return FAIL(c, ERR_IO, "The file %s cannot be read: %s.", path, strerror(errno));
        if (got == 0) break;
        n += (size_t)got;
    }
    if (n > most) return FAIL(c, ERR_TOO_LARGE, "The file %s is longer than %zu bytes.", path, most);
    if (n == 0) return FAIL(c, ERR_CONTENT_INVALID, "The file %s is empty.", path);
    enum err failed = secret_init(c, out, (bytes){(const uint8_t *)room, n});
    secret_wipe(room, n);
    return failed;
}

enum err secret_file_read(struct call *c, const char *path, size_t most, enum secret_file_rule rule, struct secret *out)
{
    int                    flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (rule == SECRET_FILE_NO_LINK ? O_NOFOLLOW : 0);
    struct stat            st;
    CLEANUP(fd_closep) int fd = open(path, flags);
    if (fd < 0 && errno == ELOOP && rule == SECRET_FILE_NO_LINK) return FAIL(c, ERR_IO, "The file %s is a link, which is not followed.", path);
    if (fd < 0) return FAIL(c, ERR_IO, "The file %s cannot be opened: %s.", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return FAIL(c, ERR_IO, "%s is no regular file.", path);
    if (st.st_size > 0 && (uintmax_t)st.st_size > most) return FAIL(c, ERR_TOO_LARGE, "The file %s is longer than %zu bytes.", path, most);
    return read_all(c, fd, path, most, out);
}
