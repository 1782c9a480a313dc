#include "endpoints/host/diag.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define REPLY_BYTES 8192

static bool network_of(int fd, uint64_t *out)
{
    socklen_t n = sizeof *out;
    return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, out, &n) == 0 && n == sizeof *out;
}

bool diag_connection_of(int fd, struct diag_connection *out)
{
    struct diag_connection connection = {0};
    socklen_t              here_n = sizeof connection.here, there_n = sizeof connection.there;
    if (getsockname(fd, (struct sockaddr *)&connection.here, &here_n) != 0 || getpeername(fd, (struct sockaddr *)&connection.there, &there_n) != 0)
        return false;
    connection.family = connection.here.ss_family;
    if (connection.family == AF_UNIX) {
        struct stat  own;
        struct ucred peer;
        socklen_t    n = sizeof peer;
        if (fstat(fd, &own) != 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || peer.uid == (uid_t)-1) return false;
        if (!network_of(fd, &connection.network)) return false;
        connection.own_inode = (uint32_t)own.st_ino;
        connection.pid = peer.pid;
        connection.user = peer.uid;
    }
    *out = connection;
    return connection.family == AF_UNIX || connection.family == AF_INET || connection.family == AF_INET6;
}

struct reply {
    union {
        struct nlmsghdr head;
        char            room[REPLY_BYTES];
    };
    size_t n;
};

static int open_diag(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

// A thread that enters a namespace ends there: no other work must ever run in it.
struct visit {
    int network, diag;
};

static void *open_there(void *context)
{
    struct visit *v = context;
    if (setns(v->network, CLONE_NEWNET) == 0) v->diag = open_diag();
    return NULL;
}

// Where the connection was made. The cookie says that it is this namespace, whoever has the process's number by now.
static int open_diag_at(const struct diag_connection *connection)
{
    char         path[64];
    uint64_t     network;
    pthread_t    thread;
    struct visit v = {.diag = open_diag()};
    if (connection->family != AF_UNIX || (v.diag >= 0 && network_of(v.diag, &network) && network == connection->network)) return v.diag;
    if (v.diag >= 0) close(v.diag);
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)connection->pid);
    v = (struct visit){.network = open(path, O_RDONLY | O_CLOEXEC), .diag = -1};
    if (v.network < 0) return -1;
    if (pthread_create(&thread, NULL, open_there, &v) == 0) pthread_join(thread, NULL);
    close(v.network);
    if (v.diag >= 0 && network_of(v.diag, &network) && network == connection->network) return v.diag;
    if (v.diag >= 0) close(v.diag);
    return -1;
}

// One question, one answer of that type.
static bool ask_kernel(const struct diag_connection *connection, const void *question, size_t n, size_t least, struct reply *out)
{
    int fd = open_diag_at(connection);
    if (fd < 0) return false;
    ssize_t got = send(fd, question, n, 0) == (ssize_t)n ? recv(fd, out->room, sizeof out->room, 0) : -1;
    close(fd);
    if (got < (ssize_t)NLMSG_LENGTH(least) || !NLMSG_OK(&out->head, (unsigned)got) || out->head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        out->head.nlmsg_len < NLMSG_LENGTH(least))
        return false;
    out->n = out->head.nlmsg_len;
    return true;
}

struct tcp_question {
    struct nlmsghdr         head;
    struct inet_diag_req_v2 ask;
};

static void fill_address(const struct sockaddr_storage *a, __be32 out[4], __be16 *out_port)
{
    const struct sockaddr_in  *v4 = (const struct sockaddr_in *)a;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET) {
        out[0] = v4->sin_addr.s_addr;
        *out_port = v4->sin_port;
    } else {
        memcpy(out, &v6->sin6_addr, sizeof v6->sin6_addr);
        *out_port = v6->sin6_port;
    }
}

// Where the connection is gone the kernel answers with whoever listens on its port. And another program's socket may be about to connect
// from the address of our peer, if our peer's is bound to a device (SO_BINDTODEVICE): the kernel finds that one, which never was our peer.
static bool was_connected(uint8_t state)
{
    return state != TCP_LISTEN && state != TCP_SYN_SENT && state != TCP_SYN_RECV;
}

// The peer's socket is the one whose own address is our peer and whose peer we are.
static bool tcp_peer(const struct diag_connection *connection, struct diag_socket *out)
{
    struct tcp_question      q = {.head = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST}};
    struct inet_diag_sockid *id = &q.ask.id;
    struct inet_diag_msg     found;
    struct reply             reply;
    q.ask.sdiag_family = (uint8_t)connection->family;
    q.ask.sdiag_protocol = IPPROTO_TCP;
    q.ask.idiag_states = ~0u;
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    fill_address(&connection->there, id->idiag_src, &id->idiag_sport);
    fill_address(&connection->here, id->idiag_dst, &id->idiag_dport);
    if (!ask_kernel(connection, &q, sizeof q, sizeof found, &reply)) return false;
    memcpy(&found, NLMSG_DATA(&reply.head), sizeof found);
    if (!was_connected(found.idiag_state) || found.id.idiag_sport != id->idiag_sport || found.id.idiag_dport != id->idiag_dport) return false;
    *out = (struct diag_socket){.inode = found.idiag_inode, .user = found.idiag_uid};
    return found.idiag_inode != 0; // without an inode nobody holds it any more
}

struct unix_question {
    struct nlmsghdr      head;
    struct unix_diag_req ask;
};

static bool unix_peer(const struct diag_connection *connection, struct diag_socket *out)
{
    struct unix_question q = {.head = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST}};
    struct reply         reply;
    uint32_t             inode = 0;
    q.ask = (struct unix_diag_req){.sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = connection->own_inode, .udiag_show = UDIAG_SHOW_PEER};
    q.ask.udiag_cookie[0] = q.ask.udiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (!ask_kernel(connection, &q, sizeof q, sizeof(struct unix_diag_msg), &reply)) return false;
    struct rtattr *a = (struct rtattr *)((char *)NLMSG_DATA(&reply.head) + NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
    for (int left = (int)(reply.n - NLMSG_LENGTH(sizeof(struct unix_diag_msg))); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(a) >= sizeof inode) memcpy(&inode, RTA_DATA(a), sizeof inode);
    *out = (struct diag_socket){.inode = inode, .user = connection->user};
    return inode != 0;
}

bool diag_peer(const struct diag_connection *connection, struct diag_socket *out)
{
    return connection->family == AF_UNIX ? unix_peer(connection, out) : tcp_peer(connection, out);
}
