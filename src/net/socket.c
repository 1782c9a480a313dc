// Opens sockets to listen on, and says in words what to do where that fails.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/socket.h"

#define BACKLOG 1024

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static enum err cannot_open_tcp(struct call *c, str address, uint16_t port)
{
    switch (errno) {
    case EADDRINUSE: return FAIL(c, ERR_IO, "Port %u of %.*s is in use: stop what listens there, or choose another port.", port, PSTR(address));
    case EACCES:
        return FAIL(c, ERR_IO, "Port %u of %.*s needs privilege: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE.", port, PSTR(address));
    case EADDRNOTAVAIL: return FAIL(c, ERR_IO, "%.*s is no address of this machine.", PSTR(address));
    default: return FAIL(c, ERR_IO, "Cannot listen on port %u of %.*s: %s.", port, PSTR(address), strerror(errno));
    }
}

struct tcp_name {
    union {
        struct sockaddr     any;
        struct sockaddr_in  v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t n;
};

static bool name_of(const char *address, uint16_t port, struct tcp_name *out)
{
    struct tcp_name v4 = {.n = sizeof v4.at.v4, .at.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    struct tcp_name v6 = {.n = sizeof v6.at.v6, .at.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    if (inet_pton(AF_INET, address, &v4.at.v4.sin_addr) == 1) *out = v4;
    else if (inet_pton(AF_INET6, address, &v6.at.v6.sin6_addr) == 1) *out = v6;
    else return false;
    return true;
}

enum err net_open_tcp(struct call *c, str address, uint16_t port, int *out_fd, uint16_t *out_port)
{
    const char     *zaddress = call_zstr(c, address);
    struct tcp_name name;
    int             on = 1;
    if (!zaddress) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!name_of(zaddress, port, &name)) return FAIL(c, ERR_IO, "%.*s is no IPv4 or IPv6 address.", PSTR(address));
    CLEANUP(close_fd) int fd = socket(name.at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return cannot_open_tcp(c, address, port);
    // "::" is IPv6 alone, so that "0.0.0.0" may be opened beside it.
    if (name.at.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) return cannot_open_tcp(c, address, port);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return cannot_open_tcp(c, address, port);
    if (bind(fd, &name.at.any, name.n) != 0 || listen(fd, BACKLOG) != 0) return cannot_open_tcp(c, address, port);
    if (getsockname(fd, &name.at.any, &name.n) != 0) return cannot_open_tcp(c, address, port);
    *out_port = ntohs(name.at.any.sa_family == AF_INET ? name.at.v4.sin_port : name.at.v6.sin6_port);
    *out_fd = fd;
    fd = -1;
    return OK;
}

// A socket file that nobody listens on is left from a server that was killed.
static enum err remove_dead(struct call *c, const struct sockaddr_un *name, str path)
{
    struct stat st;
    if (lstat(name->sun_path, &st) != 0) return errno == ENOENT ? OK : FAIL(c, ERR_IO, "%.*s: %s.", PSTR(path), strerror(errno));
    if (!S_ISSOCK(st.st_mode)) return FAIL(c, ERR_IO, "%.*s exists and is not a socket. Remove it, or choose another path.", PSTR(path));
    CLEANUP(close_fd) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) return FAIL(c, ERR_IO, "%.*s: %s.", PSTR(path), strerror(errno));
    if (connect(probe, (const struct sockaddr *)name, sizeof *name) == 0 || errno != ECONNREFUSED)
        return FAIL(c, ERR_IO, "%.*s is in use: another server listens there.", PSTR(path));
    if (unlink(name->sun_path) != 0 && errno != ENOENT) return FAIL(c, ERR_IO, "%.*s: %s.", PSTR(path), strerror(errno));
    return OK;
}

// What the umask took away when the file was made. By a descriptor of the file itself: its directory may be others' to write.
static bool give_mode(const char *path, mode_t mode)
{
    char                  link[64];
    struct stat           st;
    CLEANUP(close_fd) int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return S_ISSOCK(st.st_mode) && ((st.st_mode & 0777) == mode || chmod(link, mode) == 0);
}

enum err net_open_unix(struct call *c, str path, mode_t mode, int *out_fd)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (path.n == 0 || path.n >= sizeof name.sun_path || str_find(path, '\0') != STR_NOWHERE)
        return FAIL(c, ERR_IO, "%.*s is not a path for a socket, which has 1 to %zu bytes.", PSTR(path), sizeof name.sun_path - 1);
    memcpy(name.sun_path, path.at, path.n);
    TRY(remove_dead(c, &name, path));
    CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    // The mode of the socket becomes the file's when it is bound: there is no moment in which others may connect.
    if (fd < 0 || fchmod(fd, mode) != 0 || bind(fd, (const struct sockaddr *)&name, sizeof name) != 0 || !give_mode(name.sun_path, mode) ||
        listen(fd, BACKLOG) != 0)
        return FAIL(c, ERR_IO, "Cannot listen on %.*s: %s.", PSTR(path), strerror(errno));
    *out_fd = fd;
    fd = -1;
    return OK;
}
