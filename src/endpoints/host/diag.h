/*
 * diag.h - the socket at the other end of a connection on this machine, from the kernel's socket diagnostics.
 *
 * Layer:  endpoints (uses core)
 * Source: https://man7.org/linux/man-pages/man7/sock_diag.7.html,
 *         https://man7.org/linux/man-pages/man7/unix.7.html (SO_PEERCRED), socket.7 (SO_NETNS_COOKIE, since Linux 5.14)
 */
#pragma once
#include <netinet/in.h>
#include <sys/types.h>

#include "core/base.h"

/* A connection as values: they stay true when its descriptor is closed and used again for another one. */
struct diag_connection {
    int                     family; /* AF_INET, AF_INET6, AF_UNIX */
    struct sockaddr_storage here, there;
    uint32_t                own_inode; /* AF_UNIX: of this end */
    uint64_t                network;   /* AF_UNIX: the namespace in which it was connected, by its cookie */
    pid_t                   pid;       /* AF_UNIX: of the process that connected, and of whoever has that number later */
    uid_t                   user;      /* AF_UNIX: of the process that connected, as it was then */
};

/* False: it is none of these, or has closed. On the thread that owns the descriptor. */
MUST_USE bool diag_connection_of(int fd, struct diag_connection *out);

struct diag_socket {
    uint32_t inode; /* never 0 */
    uid_t    user;  /* TCP: of whoever made the socket; unix: of whoever connected it */
};

/*
 * The socket at the other end. False: there is none, or nobody holds it any more. TCP is found in this server's network
 * namespace alone; a unix socket also in that of the process that connected, if the server may enter it (CAP_SYS_ADMIN).
 * Asks the kernel, some 20 microseconds. Any thread.
 */
MUST_USE bool diag_peer(const struct diag_connection *connection, struct diag_socket *out);
