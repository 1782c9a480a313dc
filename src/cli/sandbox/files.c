#include "cli/sandbox/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/buf.h"

enum err file_read(struct call *c, const char *path, size_t most, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return FAIL(c, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be read: %s.", path, strerror(errno));
    char    room[16384];
    ssize_t n;
    while ((n = read(fd, room, sizeof room)) > 0 && b.n <= most) buf_add(&b, (str){room, (size_t)n});
    int error = errno;
    close(fd);
    if (n < 0) return FAIL(c, ERR_IO, "%s cannot be read: %s.", path, strerror(error));
    if (b.n > most) return FAIL(c, ERR_TOO_LARGE, "%s is longer than %zu bytes.", path, most);
    return buf_finish(c, &b, out);
}

// Takes the descriptor.
static enum err write_whole(struct call *c, const char *path, int fd, str text)
{
    if (fd < 0) return FAIL(c, ERR_IO, "%s cannot be written: %s.", path, strerror(errno));
    ssize_t n = write(fd, text.at, text.n);
    int     error = n < 0 ? errno : ENOSPC;
    if (close(fd) != 0 && n >= 0) {
        n = -1;
        error = errno;
    }
    return n == (ssize_t)text.n ? OK : FAIL(c, ERR_IO, "%s cannot be written: %s.", path, strerror(error));
}

enum err file_write(struct call *c, const char *path, str text)
{
    return write_whole(c, path, open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC), text);
}

enum err file_replace(struct call *c, const char *path, str text)
{
    if (unlink(path) != 0 && errno != ENOENT) return FAIL(c, ERR_IO, "%s cannot be replaced: %s.", path, strerror(errno));
    return write_whole(c, path, open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644), text);
}
