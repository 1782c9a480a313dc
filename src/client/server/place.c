#include "client/server/place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum err place_refused(struct call *c, const char *data_dir, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: return FAIL(c, ERR_NOT_FOUND, "No server runs on %s: start one with `lanyard up`.", data_dir);
    case EACCES:
    case EPERM: return FAIL(c, ERR_NOT_AUTHORIZED, "The server on %s belongs to another user.", data_dir);
    case EAGAIN:
    case ETIMEDOUT: return place_timed_out(c, data_dir, LANYARD_SILENCE_MAX_S);
    default: return FAIL(c, ERR_IO, "Cannot reach the server on %s: %s.", data_dir, strerror(error));
    }
}

enum err place_timed_out(struct call *c, const char *data_dir, unsigned seconds)
{
    return FAIL(c, ERR_BUSY, "The server on %s did not answer within %u s: its process is stopped or hangs; the first line of %s/lock is its number.",
                data_dir, seconds, data_dir);
}

enum err place_find(struct call *c, const char *data_dir, const char *name, struct sockaddr_un *out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (!data_dir || !*data_dir) return FAIL(c, ERR_PARAMETER_INVALID, "No data directory was given.");
    int n = snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", data_dir, name);
    if (n < 0 || (size_t)n >= sizeof at.sun_path)
        return FAIL(c, ERR_PARAMETER_INVALID, "%s is too long a name: sockets' paths have at most %zu bytes.", data_dir, sizeof at.sun_path - 1);
    *out = at;
    return OK;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

enum err place_connect(struct call *c, const char *data_dir, const char *name, int type, int *out)
{
    struct sockaddr_un at;
    TRY(place_find(c, data_dir, name, &at));
    CLEANUP(close_fd) int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (s < 0) return FAIL(c, ERR_IO, "Cannot make a socket: %s.", strerror(errno));
    struct timeval deadline = {.tv_sec = LANYARD_SILENCE_MAX_S};
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline); // connect waits for it too, where the server's queue is full
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (connect(s, (const struct sockaddr *)&at, sizeof at) != 0) return place_refused(c, data_dir, errno);
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
    case ERR_BUSY: return LANYARD_TIMED_OUT;
    default: return LANYARD_BROKEN;
    }
}
