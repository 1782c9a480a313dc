#include "endpoints/host/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints/host/socket_holders.h"
#include "test.h"

#define OTHER_USER 54321
#define CANNOT     77 // this kernel, or this user, cannot do that

// T5: each way in which a connection can belong to somebody else than it seems. A client process connects and does what its
// row says; then the server's side asks who it is.

struct client {
    int                     family;
    struct sockaddr_storage at; // to connect to
    socklen_t               at_n;
    int                     ready[2], end[2]; // it says that it is ready, and lives until it is let go
};

static void say_ready(const struct client *x)
{
    (void)!write(x->ready[1], "!", 1);
}

static void wait_for_end(const struct client *x)
{
    char byte;
    (void)!read(x->end[0], &byte, 1);
    _exit(0);
}

static int connected(const struct client *x)
{
    int fd = socket(x->family, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&x->at, x->at_n) != 0) _exit(1);
    return fd;
}

static void become(uid_t user)
{
    if (setresuid(user, user, user) != 0) _exit(CANNOT);
}

// A process that has what this one has; it says when it is that user.
static void fork_as(const struct client *x, uid_t user)
{
    int  said[2];
    char byte;
    if (pipe(said) != 0) _exit(1);
    if (fork() == 0) {
        if (user != getuid()) become(user);
        (void)!write(said[1], "!", 1);
        wait_for_end(x);
    }
    close(said[1]);
    if (read(said[0], &byte, 1) != 1) _exit(CANNOT);
}

static void alone(const struct client *x)
{
    connected(x);
    say_ready(x);
}

static void shared_with_a_child(const struct client *x)
{
    connected(x);
    fork_as(x, getuid());
    say_ready(x);
}

static void left_to_a_child(const struct client *x)
{
    int fd = connected(x);
    fork_as(x, getuid());
    close(fd);
    say_ready(x);
}

static void left_open_for_a_child_of_another_user(const struct client *x)
{
    connected(x);
    fork_as(x, OTHER_USER);
    say_ready(x);
}

static void left_to_a_child_of_another_user(const struct client *x)
{
    int fd = connected(x);
    fork_as(x, OTHER_USER);
    close(fd);
    say_ready(x);
}

static void kept_after_a_change_of_user(const struct client *x)
{
    connected(x);
    become(OTHER_USER);
    say_ready(x);
}

static void between_two_users(const struct client *x)
{
    if (seteuid(OTHER_USER) != 0) _exit(CANNOT);
    connected(x);
    say_ready(x);
}

static void really_another_user(const struct client *x)
{
    become(OTHER_USER);
    connected(x);
    say_ready(x);
}

static void ended(const struct client *x)
{
    connected(x);
    say_ready(x);
    _exit(0);
}

static void send_descriptor(int to, int fd)
{
    union {
        struct cmsghdr head;
        char           room[CMSG_SPACE(sizeof(int))];
    } control;
    char          byte = '!';
    struct iovec  part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    if (sendmsg(to, &m, 0) != 1) _exit(1);
}

static void on_its_way_to_another(const struct client *x)
{
    int way[2], fd = connected(x);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, way) != 0) _exit(1);
    send_descriptor(way[0], fd);
    close(fd);
    say_ready(x);
}

static void passed_on_to_another_user(const struct client *x)
{
    int  way[2], said[2];
    char byte, room[64];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, way) != 0 || pipe(said) != 0) _exit(1);
    if (fork() == 0) {
        struct iovec  part = {.iov_base = &byte, .iov_len = 1};
        struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
        become(OTHER_USER);
        if (recvmsg(way[1], &m, 0) == 1) (void)!write(said[1], "!", 1);
        wait_for_end(x);
    }
    int fd = connected(x);
    close(said[1]);
    send_descriptor(way[0], fd);
    close(fd);
    if (read(said[0], &byte, 1) != 1) _exit(CANNOT);
    say_ready(x);
}

static void in_other_namespaces(const struct client *x)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(CANNOT);
    if (fork() == 0) {
        connected(x);
        say_ready(x);
        wait_for_end(x);
    }
}

// Of TCP only a program of the server's network can come here at all.
static void in_another_network(const struct client *x)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(CANNOT);
    int fd = socket(x->family, SOCK_STREAM, 0);
    if (connect(fd, (const struct sockaddr *)&x->at, x->at_n) != 0) _exit(CANNOT);
    say_ready(x);
}

static const struct row {
    const char *name;
    void (*does)(const struct client *x);
    bool     by_unix, needs_root;
    enum err want;
    size_t   processes;
    bool     is_foreign;
} ROWS[] = {
    {"alone", alone, false, false, OK, 1, false},
    {"alone, by a unix socket", alone, true, false, OK, 1, false},
    {"another user", really_another_user, false, true, OK, 1, false},
    {"another user, by a unix socket", really_another_user, true, true, OK, 1, false},
    {"shared with a child", shared_with_a_child, false, false, OK, 2, false},
    {"shared with a child, by a unix socket", shared_with_a_child, true, false, OK, 2, false},
    {"left to a child", left_to_a_child, false, false, OK, 1, false},
    {"left to a child, by a unix socket", left_to_a_child, true, false, ERR_PEER_UNKNOWN, 0, false},
    {"open in a child of another user", left_open_for_a_child_of_another_user, false, true, ERR_PEER_UNKNOWN, 0, false},
    {"open in a child of another user, by a unix socket", left_open_for_a_child_of_another_user, true, true, ERR_PEER_UNKNOWN, 0, false},
    {"left to a child of another user", left_to_a_child_of_another_user, false, true, ERR_PEER_UNKNOWN, 0, false},
    {"left to a child of another user, by a unix socket", left_to_a_child_of_another_user, true, true, ERR_PEER_UNKNOWN, 0, false},
    {"kept after a change of user", kept_after_a_change_of_user, false, true, ERR_PEER_UNKNOWN, 0, false},
    {"between two users", between_two_users, false, true, ERR_PEER_UNKNOWN, 0, false},
    {"between two users, by a unix socket", between_two_users, true, true, ERR_PEER_UNKNOWN, 0, false},
    {"ended", ended, false, false, ERR_PEER_UNKNOWN, 0, false},
    {"ended, by a unix socket", ended, true, false, ERR_PEER_UNKNOWN, 0, false},
    {"on its way to another", on_its_way_to_another, false, false, ERR_PEER_UNKNOWN, 0, false},
    {"on its way to another, by a unix socket", on_its_way_to_another, true, false, ERR_PEER_UNKNOWN, 0, false},
    {"passed on to another user", passed_on_to_another_user, false, true, ERR_PEER_UNKNOWN, 0, false},
    {"passed on to another user, by a unix socket", passed_on_to_another_user, true, true, ERR_PEER_UNKNOWN, 0, false},
    {"in other namespaces", in_other_namespaces, false, true, OK, 1, true},
    {"in other namespaces, by a unix socket", in_other_namespaces, true, true, OK, 1, true},
    {"in another network, by a unix socket", in_another_network, true, true, OK, 1, true},
};

static int listen_for(struct test *t, struct client *x, bool by_unix)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&x->at;
    struct sockaddr_un *un = (struct sockaddr_un *)&x->at;
    *x = (struct client){.family = by_unix ? AF_UNIX : AF_INET, .at_n = sizeof *v4};
    int fd = socket(x->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (by_unix) {
        *un = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(un->sun_path, sizeof un->sun_path, "%s/s", test_dir(t));
        unlink(un->sun_path);
        x->at_n = sizeof *un;
    }
    CHECK(bind(fd, (struct sockaddr *)&x->at, x->at_n) == 0 && listen(fd, 1) == 0);
    if (by_unix) CHECK(chmod(test_dir(t), 0711) == 0 && chmod(un->sun_path, 0777) == 0);
    if (by_unix) return fd;
    CHECK(getsockname(fd, (struct sockaddr *)&x->at, &x->at_n) == 0);
    return fd;
}

static bool becomes_ready(const struct client *x)
{
    struct pollfd said = {.fd = x->ready[0], .events = POLLIN};
    char          byte;
    return poll(&said, 1, 10000) == 1 && read(x->ready[0], &byte, 1) == 1;
}

static void check_row(struct test *t, const struct row *row)
{
    struct client          x;
    struct diag_connection connection;
    struct host_caller     caller = {0};
    int                    listening = listen_for(t, &x, row->by_unix), status = 0;
    CHECK(pipe(x.ready) == 0 && pipe(x.end) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(listening), close(x.end[1]), close(x.ready[0]);
        row->does(&x);
        wait_for_end(&x);
    }
    close(x.ready[1]);
    bool is_ready = becomes_ready(&x);
    if (is_ready && row->does == ended) waitpid(child, &status, 0);
    int fd = is_ready ? accept4(listening, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (is_ready) {
        bool     is_open = diag_connection_of(fd, &connection);
        enum err got = is_open ? host_caller_find(t->call, &connection, &caller) : ERR_PEER_UNKNOWN;
        CHECK_ERR(got, row->want, row->name);
        CHECK_INT(caller.n, row->processes, row->name);
        for (size_t i = 0; i < caller.n; i++) CHECK_ROW(caller.at[i].known.is_foreign == row->is_foreign && caller.at[i].pid > 0, row->name);
        if (caller.n == 1 && row->does == really_another_user) CHECK_INT(caller.at[0].known.uid, OTHER_USER, row->name);
        if (caller.n == 1 && row->does == alone) CHECK_ROW(caller.at[0].pid == child && caller.at[0].known.uid == getuid(), row->name);
        close(fd);
    }
    close(x.end[1]), close(x.end[0]), close(x.ready[0]), close(listening);
    if (row->does != ended) waitpid(child, &status, 0);
    if (!is_ready) CHECK_ROW(WIFEXITED(status) && WEXITSTATUS(status) == CANNOT, row->name);
}

TEST(T5_who_holds_a_connection_is_known_or_refused)
{
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (!ROWS[i].needs_root || getuid() == 0) check_row(t, &ROWS[i]);
}

// --- two sockets of the same addresses ---

// A program binds its socket to the loopback device: then another's may be about to connect from the same address. What the server
// answers is dropped by a filter, so that this lasts.
static int about_to_connect_from(const struct client *x, const struct sockaddr_in *from)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog  all = {.len = 1, .filter = &drop};
    int                on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all) == 0 &&
        bind(fd, (const struct sockaddr *)from, sizeof *from) == 0 && connect(fd, (const struct sockaddr *)&x->at, x->at_n) != 0 &&
        errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

TEST(T5_who_is_only_about_to_connect_is_nobodys_peer)
{
    struct client          x;
    struct sockaddr_in     from;
    socklen_t              n = sizeof from;
    struct diag_connection connection;
    struct diag_socket     peer;
    int                    listening = listen_for(t, &x, false), on = 1, bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    bool may_bind = setsockopt(bound, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") == 0;
    CHECK(connect(bound, (const struct sockaddr *)&x.at, x.at_n) == 0 && getsockname(bound, (struct sockaddr *)&from, &n) == 0);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC), other = may_bind ? about_to_connect_from(&x, &from) : -1;
    CHECK(diag_connection_of(fd, &connection));
    if (other >= 0) CHECK(!diag_peer(&connection, &peer));
    if (other >= 0) close(other);
    close(fd), close(bound), close(listening);
}

// --- a process number that is used again ---

#define CHOSEN_NUMBER 321

static pid_t numbered(void)
{
    pid_t             number = CHOSEN_NUMBER;
    struct clone_args how = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
    pid_t             pid = (pid_t)syscall(SYS_clone3, &how, sizeof how);
    if (pid != 0) return pid;
    pause();
    _exit(0);
}

static void end_numbered(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

// As process 1 of a process namespace: finds the holder, and reads it when its number is another's.
static int reuse_number(void)
{
    struct call            c;
    struct socket_holders *h;
    struct process_facts   f;
    struct stat            st;
    int                    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0) return CANNOT;
    call_init(&c, NULL, NULL);
    pid_t first = numbered();
    if (first != CHOSEN_NUMBER || fstat(fd, &st) != 0 || NEW(&c, &h, 1) != OK) return CANNOT;
    close(fd); // it was inherited
    int result = 0;
    if (socket_holders_find(&c, (uint32_t)st.st_ino, h) != OK || h->n != 1 || h->at[0].pid != CHOSEN_NUMBER) result = 2;
    if (!result && (!process_holds(&h->at[0], (uint32_t)st.st_ino) || process_read(&c, &h->at[0], &f) != OK)) result = 3;
    end_numbered(first);
    pid_t second = numbered();
    if (second != CHOSEN_NUMBER) result = CANNOT;
    if (!result && process_read(&c, &h->at[0], &f) != ERR_PEER_UNKNOWN) result = 4;
    if (!result && process_holds(&h->at[0], (uint32_t)st.st_ino)) result = 5;
    end_numbered(second);
    socket_holders_close(h);
    call_clear(&c);
    return result;
}

static int reuse_in_namespaces(void)
{
    int status = 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0) return CANNOT;
    pid_t first = fork();
    if (first == 0) _exit(reuse_number());
    return waitpid(first, &status, 0) == first && WIFEXITED(status) ? WEXITSTATUS(status) : 6;
}

TEST(T5_a_process_number_that_is_used_again_is_not_the_process_that_asked)
{
    int   status = -1;
    pid_t child = fork();
    if (child == 0) _exit(reuse_in_namespaces());
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK_ROW(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CANNOT, call_format(t->call, "it ended with %d", WEXITSTATUS(status)).at);
}

// --- a server without rights ---

struct pair {
    int client, server;
};

static struct pair connect_as(struct test *t, uid_t user)
{
    struct client x;
    int           listening = listen_for(t, &x, false);
    struct pair   p;
    CHECK(seteuid(user) == 0);
    p.client = connected(&x);
    CHECK(seteuid(0) == 0);
    p.server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    close(listening);
    return p;
}

// 0: as it should be; else which of the two is not.
static int ask_without_rights(const struct pair *own, const struct pair *others)
{
    struct call            c;
    struct host_caller     caller;
    struct diag_connection connection;
    close(others->client); // it is the other user's process that holds it
    become(OTHER_USER);
    call_init(&c, NULL, NULL);
    if (!diag_connection_of(own->server, &connection) || host_caller_find(&c, &connection, &caller) != OK) return 1;
    if (!diag_connection_of(others->server, &connection) || host_caller_find(&c, &connection, &caller) != ERR_PEER_UNKNOWN) return 2;
    return strstr(c.failure.text, "CAP_SYS_PTRACE") ? 0 : 3;
}

TEST(T5_a_server_that_may_not_look_into_other_users_processes_answers_its_own_alone)
{
    int status = -1;
    if (getuid() != 0) return; // there is no other user to be
    struct pair own = connect_as(t, OTHER_USER), others = connect_as(t, 0);
    pid_t       child = fork();
    if (child == 0) _exit(ask_without_rights(&own, &others));
    close(own.client); // the child has it
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0, "own, then others'");
    close(own.server), close(others.client), close(others.server);
}

// --- the program's file ---

static pid_t exec_with(const char *path, int out_of_ready)
{
    pid_t child = fork();
    if (child != 0) return child;
    fcntl(out_of_ready, F_SETFD, FD_CLOEXEC); // closes when it is the program
    execl(path, path, "30", (char *)NULL);
    _exit(CANNOT);
}

static enum err find_program(struct test *t, const char *path, struct host_caller *out)
{
    struct client          x;
    struct diag_connection connection;
    int                    listening = listen_for(t, &x, false), said[2];
    char                   byte;
    int                    client = connected(&x), server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    CHECK(pipe(said) == 0);
    pid_t child = exec_with(path, said[1]);
    close(client), close(said[1]);
    CHECK(read(said[0], &byte, 1) == 0 && diag_connection_of(server, &connection));
    enum err got = host_caller_find(t->call, &connection, out);
    end_numbered(child);
    close(said[0]), close(server), close(listening);
    return got;
}

static void copy_program(struct test *t, const char *from, const char *to)
{
    int     in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    ssize_t n = sendfile(out, in, NULL, 1 << 24);
    CHECK(in >= 0 && out >= 0 && n > 0);
    close(in), close(out);
}

TEST(T5_a_programs_file_counts_only_if_it_can_be_roots_alone)
{
    char               own[256], link[4096];
    struct host_caller caller = {0};
    ssize_t            n = readlink("/proc/self/exe", link, sizeof link);
    CHECK_OK(find_program(t, "/usr/bin/sleep", &caller));
    CHECK(caller.n == 1 && n > 0);
    CHECK_STR(caller.at[0].known.exe, S("/usr/bin/sleep"), "root's");
    CHECK_STR(caller.at[0].name, S("sleep"), "its name");
    // The same program where others may write.
    snprintf(own, sizeof own, "%s/sleep", test_dir(t));
    copy_program(t, "/usr/bin/sleep", own);
    CHECK_OK(find_program(t, own, &caller));
    CHECK(caller.n == 1);
    CHECK_STR(caller.at[0].known.exe, S(""), "in a directory that others may write to");
}

// --- what is said of a caller without a binding ---

TEST(T5_a_missing_binding_is_named)
{
    static const struct { struct host_process p; const char *want; } CASES[] = {
        {{.pid = 4711, .name = S_INIT("node"), .known = {.uid = 1001, .unit = S_INIT("user@1001.service")}},
         "No binding for uid:1001 (node, pid 4711, uid 1001, unit user@1001.service); make one: lanyard bind uid:1001 RES"},
        {{.pid = 7, .name = S_INIT("web"), .known = {.uid = 33, .unit = S_INIT("web.service")}},
         "No binding for unit:web.service (web, pid 7, uid 33, unit web.service); make one: lanyard bind unit:web.service RES"},
        {{.pid = 7, .name = S_INIT("sh"), .known = {.uid = 0, .is_foreign = true}},
         "No binding for a program in a container or namespace that cannot be told for sure (sh, pid 7, uid 0)."},
    };
    struct bindings *none = bindings_new();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct binding *found;
        struct host_caller    caller = {.at = &CASES[i].p, .n = 1};
        enum err              got = host_caller_match(t->call, none, &caller, &found);
        CHECK_STR(str_of(t->call->failure.text), str_of(CASES[i].want), "words");
        CHECK_ERR(got, ERR_BINDING_MISSING, CASES[i].want);
    }
    bindings_free(none);
}

static void bind_to(struct test *t, struct bindings *b, const char *name, const char *resource, uint8_t uid)
{
    struct binding plain = {.resource = str_of(resource), .uid = {{uid}}}, *made;
    CHECK_OK(binding_parse(t->call, str_of(name), &plain.kind, &plain.name));
    CHECK_OK(binding_new(t->call, &plain, &made));
    CHECK(bindings_put(b, made));
    ref_drop(&made->ref);
}

TEST(T5_all_that_hold_a_connection_must_belong_to_one_resource)
{
    struct host_process   both[] = {{.pid = 1, .known = {.uid = 5, .unit = S("a.service")}}, {.pid = 2, .known = {.uid = 5, .unit = S("b.service")}}};
    struct host_caller    caller = {.at = both, .n = 2};
    const struct binding *found = NULL;
    struct bindings      *b = bindings_new();
    bind_to(t, b, "unit:a.service", "/web", 1);
    CHECK_ERR(host_caller_match(t->call, b, &caller, &found), ERR_BINDING_MISSING, "one is bound to nothing");
    bind_to(t, b, "uid:5", "/web", 1);
    CHECK_OK(host_caller_match(t->call, b, &caller, &found));
    bind_to(t, b, "unit:b.service", "/web", 2);
    CHECK_ERR(host_caller_match(t->call, b, &caller, &found), ERR_BINDING_AMBIGUOUS, "another incarnation");
    bind_to(t, b, "unit:b.service", "/job", 1);
    enum err got = host_caller_match(t->call, b, &caller, &found);
    CHECK(strstr(t->call->failure.text, "/web") && strstr(t->call->failure.text, "/job"));
    CHECK_ERR(got, ERR_BINDING_AMBIGUOUS, "two resources");
    bindings_free(b);
}
