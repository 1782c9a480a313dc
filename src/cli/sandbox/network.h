/*
 * network.h - the sandbox's small network: a loopback with the addresses that the server asks for.
 *
 * Layer:  cli (uses core, the client's installed header)
 */
#pragma once
#include "core/call.h"
#include "lanyard/admin.h"

#define NETWORK_MAX_SOCKETS 16

/* Brings the loopback up and gives it the listeners' addresses. In a network namespace of our own. */
FALLIBLE network_up(struct call *c, const struct lanyard_listener *listeners, size_t n);

/* Does the server ask for a directory that it may write in, and no socket? */
bool network_is_directory(const struct lanyard_listener *l);

struct network_sockets {
    int    at[NETWORK_MAX_SOCKETS];
    size_t n;
};
/* One for each listener, in order: listening (tcp), bound (udp), or the directory, which must be there. Errors: ERR_IO */
FALLIBLE network_open(struct call *c, const struct lanyard_listener *listeners, size_t n, struct network_sockets *out);
void     network_close(struct network_sockets *s);
