/*
 * epoll.c - epoll-peer PORT FILE: answers each request with the bytes of FILE, whatever it asks.
 *
 * One thread, one epoll loop, a read and a write for each request, no parsing but the search for the end of a head: what
 * serving costs at the least. Nothing but a peer for measuring: it takes any request for a good one.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS       1024
#define MAX_ANSWER_BYTES (64 << 10)
#define MAX_HEAD_BYTES   (16 << 10)

static char   answer[MAX_ANSWER_BYTES];
static size_t answer_n;

static int die(const char *what)
{
    fprintf(stderr, "epoll-peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void read_answer(const char *path)
{
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, answer, sizeof answer);
    if (n <= 0) die(path);
    answer_n = (size_t)n;
    close(fd);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, SOMAXCONN) != 0)
        die("cannot listen");
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("cannot watch");
}

static void take(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(epoll, fd);
}

/* A request is in one piece, and a connection waits for its answer before it sends the next: so do all that measure. */
static void serve(int fd)
{
    char    head[MAX_HEAD_BYTES];
    ssize_t n = recv(fd, head, sizeof head, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || !memmem(head, (size_t)n, "\r\n\r\n", 4) || send(fd, answer, answer_n, MSG_NOSIGNAL) != (ssize_t)answer_n) close(fd);
}

int main(int argc, char **argv)
{
    static struct epoll_event ready[MAX_EVENTS];
    if (argc != 3) {
        fprintf(stderr, "usage: epoll-peer PORT FILE\n");
        return 2;
    }
    read_answer(argv[2]);
    int listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10)), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) die("cannot wait");
    watch(epoll, listener);
    for (;;) {
        int n = epoll_wait(epoll, ready, MAX_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd == listener) take(epoll, listener);
            else serve(ready[i].data.fd);
        }
    }
}
