/*
 * socket_holders.h - all processes that hold a socket.
 *
 * A socket may have several: it is inherited by fork, and can be passed on. Nothing but the descriptors of all processes tells,
 * so they are all looked at: some microseconds a process and one a descriptor.
 *
 * Layer:  endpoints (uses core)
 */
#pragma once
#include "endpoints/host/process.h"

#define SOCKET_HOLDERS_MAX             256
#define SOCKET_HOLDERS_MAX_DESCRIPTORS (4u << 20) /* looked at for one answer */

struct socket_holders {
    struct process at[SOCKET_HOLDERS_MAX];
    size_t         n;
    /*
     * Processes that this server may not look into: each may be another holder. Root's are not counted: root needs nobody's
     * connection to act as him, and some of its processes are closed even to root.
     */
    size_t unseen;
};

/*
 * Finds them; `out` may then be large, and holds descriptors: socket_holders_close. It is whole only as far as this process's own /proc
 * goes, and does not show a socket on its way between two processes, or one that only the kernel holds (io_uring).
 * Errors: ERR_PEER_UNKNOWN - past a limit; ERR_IO. Nothing is open then
 */
FALLIBLE socket_holders_find(struct call *c, uint32_t inode, struct socket_holders *out);
void     socket_holders_close(struct socket_holders *h);
