#include "client/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
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
    default: return FAIL(c, ERR_IO, "Cannot reach the server on %s: %s.", data_dir, strerror(error));
    }
}

enum err place_find(struct call *c, const char *data_dir, const char *name, struct place *out)
{
    struct place p = {.at = {.sun_family = AF_UNIX}, .dir = -1};
    if (!data_dir || !*data_dir) return FAIL(c, ERR_PARAMETER_INVALID, "No data directory was given.");
    int n = snprintf(p.at.sun_path, sizeof p.at.sun_path, "%s/%s", data_dir, name);
    if (n < 0 || (size_t)n >= sizeof p.at.sun_path) {
        p.dir = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (p.dir < 0) return place_refused(c, data_dir, errno);
        snprintf(p.at.sun_path, sizeof p.at.sun_path, "/proc/self/fd/%d/%s", p.dir, name);
    }
    *out = p;
    return OK;
}

void place_clear(struct place *p)
{
    if (p->dir >= 0) close(p->dir);
    p->dir = -1;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

enum err place_connect(struct call *c, const char *data_dir, const char *name, int type, int *out)
{
    CLEANUP(place_clear) struct place p = {.dir = -1};
    TRY(place_find(c, data_dir, name, &p));
    CLEANUP(close_fd) int s = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (s < 0) return FAIL(c, ERR_IO, "Cannot make a socket: %s.", strerror(errno));
    if (connect(s, (const struct sockaddr *)&p.at, sizeof p.at) != 0) return place_refused(c, data_dir, errno);
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
