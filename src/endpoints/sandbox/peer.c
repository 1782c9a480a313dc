#include "endpoints/sandbox/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* since Linux 6.5 */
#endif

#define MAP_BYTES           4096
#define SOCKET_MEMORY_BYTES 8192

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

static bool fill_address(const struct sockaddr_storage *a, __be32 out[4], __be16 *out_port)
{
    const struct sockaddr_in  *v4 = (const struct sockaddr_in *)a;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET) {
        out[0] = v4->sin_addr.s_addr;
        *out_port = v4->sin_port;
    } else if (a->ss_family == AF_INET6) {
        memcpy(out, &v6->sin6_addr, sizeof v6->sin6_addr);
        *out_port = v6->sin6_port;
    }
    return a->ss_family == AF_INET || a->ss_family == AF_INET6;
}

struct question {
    struct nlmsghdr         head;
    struct inet_diag_req_v2 ask;
};

// The peer's socket is the one whose own address is our peer and whose peer we are.
static bool make_question(int fd, struct question *q)
{
    struct sockaddr_storage  here, there;
    socklen_t                here_n = sizeof here, there_n = sizeof there;
    struct inet_diag_sockid *id = &q->ask.id;
    *q = (struct question){.head = {.nlmsg_len = sizeof *q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST}};
    if (getsockname(fd, (struct sockaddr *)&here, &here_n) != 0 || getpeername(fd, (struct sockaddr *)&there, &there_n) != 0) return false;
    q->ask.sdiag_family = (uint8_t)here.ss_family;
    q->ask.sdiag_protocol = IPPROTO_TCP;
    q->ask.idiag_states = ~0u;
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return fill_address(&there, id->idiag_src, &id->idiag_sport) && fill_address(&here, id->idiag_dst, &id->idiag_dport);
}

static bool ask_kernel(const struct question *q, struct inet_diag_msg *out)
{
    union {
        struct nlmsghdr head;
        char            room[SOCKET_MEMORY_BYTES];
    } reply;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) return false;
    ssize_t n = send(fd, q, sizeof *q, 0) == (ssize_t)sizeof *q ? recv(fd, &reply, sizeof reply, 0) : -1;
    close(fd);
    if (n < (ssize_t)NLMSG_LENGTH(sizeof *out) || !NLMSG_OK(&reply.head, (unsigned)n) || reply.head.nlmsg_type != SOCK_DIAG_BY_FAMILY) return false;
    memcpy(out, NLMSG_DATA(&reply.head), sizeof *out);
    return true;
}

bool peer_is_user(int fd, uid_t user)
{
    struct question      q;
    struct inet_diag_msg found;
    if (!make_question(fd, &q) || !ask_kernel(&q, &found)) return false;
    return found.idiag_inode != 0 && found.idiag_uid == user; // without an inode nobody holds it any more
}
