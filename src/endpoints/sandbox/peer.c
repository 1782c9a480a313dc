#include "endpoints/sandbox/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "endpoints/host/diag.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* since Linux 6.5 */
#endif

#define MAP_BYTES 4096

// 0: different, 1: the same, -1: not ours to see.
static int same_namespace(pid_t pid, const char *kind)
{
    char        path[64];
    struct stat own, other;
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    if (stat(path, &own) != 0) return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
    if (stat(path, &other) != 0) return errno == EACCES || errno == EPERM ? -1 : 0;
    return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static ssize_t read_map(const char *path, char out[MAP_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = read(fd, out, MAP_BYTES);
    close(fd);
    return n;
}

// An ordinary user's server may not look into a root process. A sandbox's map of users has one line for one user.
static bool same_user_map(pid_t pid)
{
    char path[64], own[MAP_BYTES], other[MAP_BYTES];
    snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    ssize_t n = read_map("/proc/self/uid_map", own);
    return n > 0 && read_map(path, other) == n && memcmp(own, other, (size_t)n) == 0;
}

static bool is_in_sandbox(const struct ucred *peer)
{
    int user = same_namespace(peer->pid, "user"), network = same_namespace(peer->pid, "net");
    if (user >= 0 && network >= 0) return !user || !network;
    return peer->uid != 0 || geteuid() == 0 || !same_user_map(peer->pid);
}

// The process that connected, and no later one of its number; -1 if it has ended. Before Linux 6.5 a process that
// ended before this is mistaken for one that has its number by now.
static int open_process(int fd, pid_t pid)
{
    int       process = -1;
    socklen_t n = sizeof process;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &process, &n) == 0) {
        fcntl(process, F_SETFD, FD_CLOEXEC);
        return process;
    }
    return errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

// While it lives its number is its own: what /proc said before this was said of it.
static bool is_alive(int process)
{
    struct pollfd ends = {.fd = process, .events = POLLIN};
    return poll(&ends, 1, 0) == 0;
}

enum err peer_read(struct call *c, int fd, pid_t *out_pid, uid_t *out_user)
{
    struct ucred peer;
    socklen_t    n = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || peer.pid <= 0)
        return FAIL(c, ERR_NOT_AUTHORIZED, "The kernel does not say who is asking.");
    if (peer.uid != geteuid() && peer.uid != 0)
        return FAIL(c, ERR_NOT_AUTHORIZED, "The server belongs to another user (uid %u, not %u).", (unsigned)geteuid(), (unsigned)peer.uid);
    int process = open_process(fd, peer.pid);
    if (process < 0) return FAIL(c, ERR_NOT_AUTHORIZED, "The process that asks has ended.");
    bool in_sandbox = is_in_sandbox(&peer), alive = is_alive(process);
    close(process);
    if (!alive) return FAIL(c, ERR_NOT_AUTHORIZED, "The process that asks has ended.");
    if (in_sandbox) return FAIL(c, ERR_NOT_AUTHORIZED, "Nothing in a sandbox may command the server.");
    *out_pid = peer.pid;
    *out_user = peer.uid;
    return OK;
}

bool peer_is_user(int fd, uid_t user)
{
    struct diag_connection connection;
    struct diag_socket     peer;
    return diag_connection_of(fd, &connection) && diag_peer(&connection, &peer) && peer.user == user;
}
