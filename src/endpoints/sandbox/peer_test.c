#include "endpoints/sandbox/peer.h"

#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define NO_NAMESPACES 77

// A process that connects from a user namespace of its own, or from ours, and stays until it is let go.
static pid_t connect_from(bool own_namespace, const struct sockaddr *to, socklen_t n, const int wait[2])
{
    pid_t child = fork();
    if (child != 0) return child;
    char byte;
    close(wait[1]);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (own_namespace && unshare(CLONE_NEWUSER) != 0) _exit(NO_NAMESPACES);
    if (connect(fd, to, n) != 0) _exit(1);
    (void)!read(wait[0], &byte, 1);
    _exit(0);
}

static void check_peer(struct test *t, const char *name, bool own_namespace, enum err want)
{
    struct sockaddr_storage at;
    socklen_t               n = sizeof at;
    int                     wait[2], status = -1;
    int                     listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sa_family_t             autobind = AF_UNIX; // an abstract name of the kernel's choosing
    CHECK(bind(listening, (const struct sockaddr *)&autobind, sizeof autobind) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&at, &n) == 0 && pipe(wait) == 0);
    pid_t         child = connect_from(own_namespace, (struct sockaddr *)&at, n, wait), pid;
    uid_t         user;
    struct pollfd comes = {.fd = listening, .events = POLLIN};
    if (poll(&comes, 1, 2000) == 1) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        CHECK_ERR(peer_read(t->call, fd, &pid, &user), want, name);
        close(fd);
    }
    close(wait[1]);
    waitpid(child, &status, 0);
    // A kernel that forbids user namespaces has no sandboxes either.
    CHECK_ROW(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NO_NAMESPACES), name);
    close(listening), close(wait[0]);
}

// T5: a sandboxed program, should it ever reach the server's sockets, is turned away there.
TEST(peer_read_turns_sandboxed_processes_away)
{
    check_peer(t, "a process beside the server", false, OK);
    check_peer(t, "a process in a user namespace", true, ERR_NOT_AUTHORIZED);
}

#define CHOSEN_NUMBER 321

// In a process namespace of our own, as its process 1: a child of that number. It connects and ends, or sleeps.
static pid_t child_numbered(int connect_to, const struct sockaddr *at, socklen_t n)
{
    pid_t             number = CHOSEN_NUMBER;
    struct clone_args how = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
    pid_t             pid = (pid_t)syscall(SYS_clone3, &how, sizeof how);
    if (pid != 0) return pid;
    if (connect_to < 0) pause();
    _exit(connect(connect_to, at, n) == 0 ? 0 : 1);
}

static bool is_refused(int listening)
{
    struct call c;
    pid_t       pid;
    uid_t       user;
    int         fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    call_init(&c, NULL, NULL);
    enum err got = peer_read(&c, fd, &pid, &user);
    call_clear(&c);
    close(fd);
    return got == ERR_NOT_AUTHORIZED;
}

// 0: as it should be; NO_NAMESPACES; anything else: what failed.
static int reuse_number(int listening, const struct sockaddr *at, socklen_t n)
{
    int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0) return NO_NAMESPACES;
    pid_t first = child_numbered(client, at, n);
    if (first != CHOSEN_NUMBER) return NO_NAMESPACES;
    if (waitpid(first, NULL, 0) != first) return 2;
    pid_t second = child_numbered(-1, NULL, 0); // a process of ours, beside the server: it might command it
    if (second != CHOSEN_NUMBER) return 3;
    int result = is_refused(listening) ? 0 : 4;
    kill(second, SIGKILL);
    waitpid(second, NULL, 0);
    return result;
}

static int reuse_in_namespaces(int listening, const struct sockaddr *at, socklen_t n)
{
    int status = 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0) return NO_NAMESPACES;
    pid_t first = fork();
    if (first == 0) _exit(reuse_number(listening, at, n));
    return waitpid(first, &status, 0) == first && WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

// A sandboxed program that could wait for its number to become another's would speak with that one's rights.
TEST(peer_read_knows_a_number_that_was_given_again)
{
    struct sockaddr_storage at;
    socklen_t               n = sizeof at;
    int                     status = -1, listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), peer_pidfd = -1;
    sa_family_t             autobind = AF_UNIX;
    int                     pair[2];
    socklen_t               pidfd_n = sizeof peer_pidfd;
    CHECK(bind(listening, (const struct sockaddr *)&autobind, sizeof autobind) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&at, &n) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    bool  knows = getsockopt(pair[0], SOL_SOCKET, 77 /* SO_PEERPIDFD */, &peer_pidfd, &pidfd_n) == 0;
    pid_t child = fork();
    if (child == 0) _exit(reuse_in_namespaces(listening, (struct sockaddr *)&at, n));
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (knows)
        CHECK_ROW(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NO_NAMESPACES, call_format(t->call, "it ended with %d", WEXITSTATUS(status)).at);
    close(listening), close(pair[0]), close(pair[1]), close(peer_pidfd);
}

TEST(peer_read_wants_a_connected_unix_socket)
{
    pid_t pid;
    uid_t user;
    int   fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_ERR(peer_read(t->call, fd, &pid, &user), ERR_NOT_AUTHORIZED, "a TCP socket");
    CHECK_ERR(peer_read(t->call, -1, &pid, &user), ERR_NOT_AUTHORIZED, "no socket");
    close(fd);
}

struct pair {
    int client, server;
};

static struct pair connect_loopback(struct test *t)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t          n = sizeof at;
    int                listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pair        p = {.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(bind(listening, (struct sockaddr *)&at, sizeof at) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&at, &n) == 0 && connect(p.client, (struct sockaddr *)&at, sizeof at) == 0);
    p.server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    close(listening);
    return p;
}

// T5, without a sandbox: the kernel says whose socket is at the other end.
TEST(peer_is_user_asks_the_kernel_who_holds_the_other_end)
{
    struct pair p = connect_loopback(t);
    CHECK(peer_is_user(p.server, getuid()));
    CHECK(peer_is_user(p.client, getuid()));
    CHECK(!peer_is_user(p.server, getuid() + 1));
    CHECK(!peer_is_user(p.server, (uid_t)-1));
    close(p.client); // now nobody holds it
    CHECK(!peer_is_user(p.server, getuid()));
    close(p.server);
    CHECK(!peer_is_user(p.server, getuid()));
    CHECK(!peer_is_user(STDIN_FILENO, getuid()));
}
