/*
 * peer.h - who is at the other end of a socket, as the kernel knows it.
 *
 * Layer:  endpoints (uses core)
 * Source: https://man7.org/linux/man-pages/man7/unix.7.html (SO_PEERCRED, SO_PEERPIDFD)
 */
#pragma once
#include <sys/types.h>

#include "core/call.h"

/*
 * The process that connected a unix socket, if it may command this server: it is this server's user, or root,
 * and no process of a sandbox - those live in a user namespace of their own, and in another network. It still lives:
 * a number says nothing of a process that has ended, for another one may have it by now.
 * Errors: ERR_NOT_AUTHORIZED - the failure says which of these it is not
 */
FALLIBLE peer_read(struct call *c, int fd, pid_t *out_pid, uid_t *out_user);

/* True if the other end of a TCP connection on this machine is a socket of that user. */
bool peer_is_user(int fd, uid_t user);
