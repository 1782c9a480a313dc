#include "cli/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/buf.h"

static enum err read_all(struct call *c, int fd, const char *name, size_t most, struct buf *b)
{
    char     room[16384];
    enum err failed = OK;
    for (;;) {
        ssize_t n = read(fd, room, sizeof room);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) failed = FAIL(c, ERR_IO, "%s cannot be read: %s.", name, strerror(errno));
        else if (b->n + (size_t)n > most) failed = FAIL(c, ERR_TOO_LARGE, "%s is larger than %zu KiB.", name, most >> 10);
        if (n <= 0 || failed != OK) break;
        buf_add(b, (str){room, (size_t)n});
    }
    secret_wipe(room, sizeof room);
    return failed;
}

// -1: it cannot be opened.
static int open_named(str path, const char *z)
{
    return str_eq(path, S("-")) ? STDIN_FILENO : open(z, O_RDONLY | O_CLOEXEC);
}

static void close_named(int fd)
{
    if (fd != STDIN_FILENO) close(fd);
}

static const char *name_of(int fd, const char *z)
{
    return fd == STDIN_FILENO ? "Standard input" : z;
}

enum err read_file(struct call *c, const char *path, size_t most, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    int fd = open_named(str_of(path), path);
    if (fd < 0) return FAIL(c, ERR_IO, "%s cannot be opened: %s.", path, strerror(errno));
    enum err failed = read_all(c, fd, name_of(fd, path), most, &b);
    close_named(fd);
    TRY(failed);
    TRY(buf_finish(c, &b, out));
    if (!out->at) *out = S("");
    return OK;
}

enum err read_file_secret(struct call *c, str path, size_t most, struct secret *out)
{
    struct buf  b;
    const char *z = call_zstr(c, path);
    if (!z) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    int fd = open_named(path, z);
    if (fd < 0) return FAIL(c, ERR_IO, "%s cannot be opened: %s.", z, strerror(errno));
    buf_init(&b, &c->arena);
    buf_reserve(&b, most + 1); // so that it does not move and leave a copy behind
    enum err failed = read_all(c, fd, name_of(fd, z), most, &b);
    close_named(fd);
    if (failed == OK && b.failed) failed = FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (failed == OK) failed = secret_init(c, out, str_bytes((str){b.at, b.n && b.at[b.n - 1] == '\n' ? b.n - 1 : b.n}));
    if (b.at) secret_wipe(b.at, b.n);
    return failed;
}
