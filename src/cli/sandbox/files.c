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

enum err file_write(struct call *c, const char *path, str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return FAIL(c, ERR_IO, "%s cannot be written: %s.", path, strerror(errno));
    ssize_t n = write(fd, text.at, text.n);
    int     error = n < 0 ? errno : ENOSPC;
    if (close(fd) != 0 && n >= 0) {
        n = -1;
        error = errno;
    }
    return n == (ssize_t)text.n ? OK : FAIL(c, ERR_IO, "%s cannot be written: %s.", path, strerror(error));
}
