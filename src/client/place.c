#include "client/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum err explain(struct call *c, const char *data_dir, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: return FAIL(c, ERR_NOT_FOUND, "No server runs on %s: start one with `lanyard up`.", data_dir);
    case EACCES:
    case EPERM: return FAIL(c, ERR_NOT_AUTHORIZED, "The server on %s belongs to another user.", data_dir);
    case EPROTOTYPE: return FAIL(c, ERR_IO, "The socket in %s is not one of a Lanyard server.", data_dir);
    default: return FAIL(c, ERR_IO, "Cannot reach the server on %s: %s.", data_dir, strerror(error));
    }
}

// A socket's path has room for 107 bytes and a directory's has not: a long one is reached through its descriptor.
static enum err socket_address(struct call *c, const char *data_dir, const char *name, struct sockaddr_un *out, int *out_dir)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int                n = snprintf(to.sun_path, sizeof to.sun_path, "%s/%s", data_dir, name);
    if (n < 0 || (size_t)n >= sizeof to.sun_path) {
        int dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0) return explain(c, data_dir, errno);
        *out_dir = dir;
        snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/%s", dir, name);
    }
    *out = to;
    return OK;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

enum err place_connect(struct call *c, const char *data_dir, const char *name, int type, int *out)
{
    if (!data_dir || !*data_dir) return FAIL(c, ERR_PARAMETER_INVALID, "No data directory was given.");
    struct sockaddr_un    to;
    CLEANUP(close_fd) int dir = -1;
    TRY(socket_address(c, data_dir, name, &to, &dir));
    CLEANUP(close_fd) int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (s < 0) return FAIL(c, ERR_IO, "Cannot make a socket: %s.", strerror(errno));
    if (connect(s, (const struct sockaddr *)&to, sizeof to) != 0) return explain(c, data_dir, errno);
    *out = s;
    s = -1;
    return OK;
}

enum lanyard_result place_result(const struct call *c, enum err kind, struct lanyard_error *error)
{
    str text = str_upto(str_of(kind == OK ? "" : c->failure.text), sizeof error->text - 1);
    if (error) snprintf(error->text, sizeof error->text, "%.*s", PSTR(text));
    switch ((int)kind) { // the few kinds that this room fails with
    case OK: return LANYARD_OK;
    case ERR_NOT_FOUND: return LANYARD_NO_SERVER;
    case ERR_NOT_AUTHORIZED: return LANYARD_FORBIDDEN;
    case ERR_CONFLICT: return LANYARD_REFUSED;
    case ERR_PARAMETER_INVALID: return LANYARD_INVALID;
    case ERR_NO_MEMORY: return LANYARD_NO_MEMORY;
    default: return LANYARD_BROKEN;
    }
}
