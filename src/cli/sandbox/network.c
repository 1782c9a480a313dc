#include "cli/sandbox/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

bool network_is_directory(const struct lanyard_listener *l)
{
    return str_eq(str_of(l->transport), S("directory"));
}

static enum err open_directory(struct call *c, const struct lanyard_listener *l, int *out)
{
    int fd = open(l->address, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return FAIL(c, ERR_IO, "%s is needed, where clients look for keys: %s. Make it for yourself: sudo install -d -m 0700 -o \"$USER\" %s",
                    l->address, strerror(errno), l->address);
    *out = fd;
    return OK;
}

static enum err read_address(struct call *c, const struct lanyard_listener *l, struct sockaddr_in *out)
{
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(l->port)};
    if (inet_pton(AF_INET, l->address, &out->sin_addr) == 1) return OK;
    return FAIL(c, ERR_IO, "The server asks for the address \"%s\", which is none.", l->address);
}

static bool is_loopback(const struct sockaddr_in *a)
{
    return ntohl(a->sin_addr.s_addr) >> 24 == 127;
}

static enum err change(struct call *c, int control, unsigned long request, struct ifreq *r, const char *what)
{
    if (ioctl(control, request, r) == 0) return OK;
    return FAIL(c, ERR_IO, "The sandbox's network: %s cannot be set: %s.", what, strerror(errno));
}

static enum err set_up(struct call *c, int control)
{
    struct ifreq r = {.ifr_name = "lo"};
    TRY(change(c, control, SIOCGIFFLAGS, &r, "the loopback"));
    r.ifr_flags |= IFF_UP | IFF_RUNNING;
    return change(c, control, SIOCSIFFLAGS, &r, "the loopback");
}

static enum err add_address(struct call *c, int control, unsigned number, const struct sockaddr_in *address)
{
    struct ifreq       r = {.ifr_flags = 0};
    struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = INADDR_BROADCAST}; // this one address alone
    snprintf(r.ifr_name, sizeof r.ifr_name, "lo:%u", number);
    memcpy(&r.ifr_addr, address, sizeof *address);
    TRY(change(c, control, SIOCSIFADDR, &r, "an address"));
    memcpy(&r.ifr_netmask, &mask, sizeof mask);
    return change(c, control, SIOCSIFNETMASK, &r, "an address");
}

static enum err set_all(struct call *c, int control, const struct lanyard_listener *listeners, size_t n)
{
    TRY(set_up(c, control));
    for (size_t i = 0; i < n; i++) {
        struct sockaddr_in address, before;
        bool               is_new = true;
        if (network_is_directory(&listeners[i])) continue;
        TRY(read_address(c, &listeners[i], &address));
        for (size_t k = 0; k < i && is_new; k++) {
            if (network_is_directory(&listeners[k])) continue;
            TRY(read_address(c, &listeners[k], &before));
            is_new = before.sin_addr.s_addr != address.sin_addr.s_addr;
        }
        if (is_new && !is_loopback(&address)) TRY(add_address(c, control, (unsigned)i, &address));
    }
    return OK;
}

enum err network_up(struct call *c, const struct lanyard_listener *listeners, size_t n)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return FAIL(c, ERR_IO, "The sandbox's network cannot be set up: %s.", strerror(errno));
    enum err failed = set_all(c, control, listeners, n);
    close(control);
    return failed;
}

static enum err open_one(struct call *c, const struct lanyard_listener *l, int *out)
{
    struct sockaddr_in address;
    bool               is_tcp = str_eq(str_of(l->transport), S("tcp"));
    int                on = 1;
    if (network_is_directory(l)) return open_directory(c, l, out);
    if (!is_tcp && !str_eq(str_of(l->transport), S("udp")))
        return FAIL(c, ERR_IO, "The server asks for the transport \"%s\", which is unknown here.", l->transport);
    TRY(read_address(c, l, &address));
    int s = socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (s < 0) return FAIL(c, ERR_IO, "No socket for %s: %s.", l->name, strerror(errno));
    if (is_tcp) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&address, sizeof address) != 0 || (is_tcp && listen(s, BACKLOG) != 0)) {
        int error = errno;
        close(s);
        return FAIL(c, ERR_IO, "Cannot listen on %s:%u for %s: %s.", l->address, l->port, l->name, strerror(error));
    }
    *out = s;
    return OK;
}

enum err network_open(struct call *c, const struct lanyard_listener *listeners, size_t n, struct network_sockets *out)
{
    *out = (struct network_sockets){.n = 0};
    if (n > COUNT(out->at)) return FAIL(c, ERR_IO, "The server asks for %zu sockets; %zu is the most.", n, COUNT(out->at));
    for (size_t i = 0; i < n; i++) {
        enum err failed = open_one(c, &listeners[i], &out->at[i]);
        if (failed != OK) {
            network_close(out);
            return failed;
        }
        out->n = i + 1;
    }
    return OK;
}

void network_close(struct network_sockets *s)
{
    for (size_t i = 0; i < s->n; i++) close(s->at[i]);
    s->n = 0;
}
