/*
 * caller.h - which program of this machine sent a request, as the kernel tells it.
 *
 * The listener on the host is open to every program. Nothing that a request says counts; the kernel's socket diagnostics tell
 * which socket is at the other end, /proc which processes hold it, and their control groups the unit and the container.
 *
 * It is asked anew for every request, after its head has come, and nothing is remembered for a connection: a connection
 * that is kept alive may have been inherited or passed on since the last request. The price is one walk over the descriptors of all
 * processes (socket_holders.h) for a request that gets a token; clients keep tokens for hours.
 *
 * What was thought of, and what becomes of it:
 *
 * - Another user's program asks. The socket's user and its holders' are that user's, and so are the bindings.
 * - A process number is used again. A process is its directory in /proc, opened once (process.h): everything is read through it,
 *   and fails when the process has ended. After all was read it must still hold the socket.
 * - A process becomes another by exec, or changes its user, while it is read. All is read twice and must be the same.
 * - A socket is inherited by a child, or passed on (SCM_RIGHTS). Every holder counts: all must belong to the same resource,
 *   and all must be the user that the socket is of. So a child that has taken another user's id cannot use what its parent
 *   left open, as long as anybody can see it.
 * - A set-user-id program, or a daemon that is another user for a while. A process whose real, effective, saved and file user ids are
 *   not all the same is between two users, and is neither. Under sudo all four are the new user's: what it runs is that one's.
 * - The program that asked has ended. Its socket has no holder: refused. The user alone, which the kernel still knows, is not taken.
 * - A holder is hidden: the socket is on its way between two processes, or held by io_uring alone. The answer is refused if nobody is
 *   seen to hold it. Somebody could hide his own copy and slip another one to a bound process of the same user, which takes
 *   descriptors from strangers: of a unix socket the process that connected must be among the holders; of TCP the kernel does not
 *   tell it, and the user alone protects.
 * - A program of another network namespace, or another machine. Its socket is not in this namespace's diagnostics: refused, also
 *   where addresses are translated (route_localnet). Through the unix socket it may come, and is then known by its container; the
 *   server must be root to ask in that namespace.
 * - Two sockets of the same addresses. A socket that is bound to a device (SO_BINDTODEVICE) leaves its addresses free for another
 *   program's, and the kernel finds that one. It cannot have been connected to the server: only one that was is taken (diag.c).
 * - A container. It has its own users and files: "uid:" and "exe:" are for programs in this server's own process and user
 *   namespaces alone; "container:" and "unit:" come from control groups, which root writes (cgroup.h).
 * - A proxy. What it passes on is its own request: its socket, its user, its binding. An honest one says so in a header, and is
 *   refused for that.
 * - A page in a browser. The Host header must be an address or localhost, and "Metadata: true" needs a permission that no page gets.
 * - A program that may debug the bound one, or write its files, is that program: users are not protected from themselves.
 *
 * A server without root's rights cannot look into other users' processes. It then answers programs of its own user only, and cannot
 * see a process of another user that inherited one's connection; the programs that this user starts as another (sudo) are that user's care.
 *
 * Layer:  endpoints (uses core, resources)
 * Source: https://man7.org/linux/man-pages/man7/sock_diag.7.html, https://man7.org/linux/man-pages/man5/proc.5.html;
 *         that an unclear caller is refused is our rule
 */
#pragma once
#include "endpoints/host/diag.h"
#include "endpoints/host/process.h"
#include "resources/bindings.h"

/* One process that holds the connection. */
struct host_process {
    pid_t                 pid;
    str                   name; /* printable */
    struct binding_caller known;
};

struct host_caller {
    const struct host_process *at;
    size_t                     n; /* at least 1 */
};

/* Lives: the call. Any thread; may take milliseconds. Errors: ERR_PEER_UNKNOWN, ERR_IO - the failure says what is in doubt */
FALLIBLE host_caller_find(struct call *c, const struct diag_connection *connection, struct host_caller *out);

/*
 * The binding of the caller: that of all its processes. Lives: borrowed until the bindings change.
 * Errors: ERR_BINDING_MISSING (the failure names what could be bound), ERR_BINDING_AMBIGUOUS (it names both resources)
 */
FALLIBLE host_caller_match(struct call *c, const struct bindings *b, const struct host_caller *caller, const struct binding **out);
