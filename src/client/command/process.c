#include "client/command/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"

#define POLL_MS     50 // how soon a cancel is seen
#define POLL_END_MS 5
#define REAP_MAX_MS 2000 // what a killed program is waited for

extern char **environ;

enum err process_find(struct call *c, str path_variable, const char *name, const char **out)
{
    struct stat st;
    for (str rest = str_upto(path_variable, PROCESS_PATH_MAX_BYTES * 4), piece; str_cut(&rest, ':', &piece);) {
        if (!str_starts(piece, S("/"))) continue;
        const char *at = call_zstr(c, call_format(c, "%.*s/%s", PSTR(piece), name));
        TRY(call_check_texts(c));
        if (stat(at, &st) == 0 && S_ISREG(st.st_mode) && access(at, X_OK) == 0) {
            *out = at;
            return OK;
        }
    }
    return FAIL(c, ERR_NOT_FOUND, "%s is not installed: no directory of PATH has it.", name);
}

static void fd_closep(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

struct pipe {
    int read, write;
};

static void pipe_closep(struct pipe *p)
{
    fd_closep(&p->read);
    fd_closep(&p->write);
}

static enum err pipe_open(struct call *c, struct pipe *out)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return FAIL(c, ERR_IO, "No pipe could be made: %s.", strerror(errno));
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    *out = (struct pipe){fds[0], fds[1]};
    return OK;
}

// Signals as a new program expects them, whatever this thread or program has set.
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!failed) failed = posix_spawnattr_setpgroup(a, 0);
    if (!failed) failed = posix_spawnattr_setsigmask(a, &none);
    return failed ? failed : posix_spawnattr_setsigdefault(a, &all);
}

static int set_files(posix_spawn_file_actions_t *f, int output, int errors)
{
    int failed = posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDONLY, 0);
    if (!failed) failed = posix_spawn_file_actions_adddup2(f, output, 1);
    if (!failed) failed = posix_spawn_file_actions_adddup2(f, errors, 2);
    if (!failed) failed = posix_spawn_file_actions_addclosefrom_np(f, 3);
    return failed ? failed : posix_spawn_file_actions_addchdir_np(f, "/");
}

static enum err start(struct call *c, const char *file, const char *const *arguments, int output, int errors, pid_t *out)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t          attributes;
    int                        failed = posix_spawn_file_actions_init(&files);
    if (failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_attributes(&attributes);
        if (!failed) failed = set_files(&files, output, errors);
        if (!failed) failed = posix_spawn(out, file, &files, &attributes, (char *const *)arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed ? FAIL(c, ERR_IO, "%s could not be started: %s.", file, strerror(failed)) : OK;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / NS_PER_MS;
}

struct sink {
    int    fd; // -1: at its end
    char  *room;
    size_t n, most;
    bool   is_cut;
};

// Takes what is there. What is more than the room is read and dropped, so that the program does not wait for ever.
static void drain(struct sink *s)
{
    char    spare[4096];
    ssize_t got;
    while (s->fd >= 0) {
        size_t left = s->most - s->n;
        got = left ? read(s->fd, s->room + s->n, left) : read(s->fd, spare, sizeof spare);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            s->fd = -1;
            return;
        }
        if (left) s->n += (size_t)got;
        else s->is_cut = true;
        if (!left) return; // once a turn: a program that writes for ever must not keep us here
    }
}

static enum err sink_init(struct call *c, struct sink *s, int fd, size_t most)
{
    *s = (struct sink){.fd = fd, .most = most};
    return NEW(c, &s->room, most);
}

// Reads until both ends are reached or the time is over. Errors: those of patience_check
static enum err collect(struct call *c, struct sink *sinks, int64_t until_ms, const struct patience *patience, bool *out_timed_out)
{
    while (sinks[0].fd >= 0 || sinks[1].fd >= 0) {
        struct pollfd p[2] = {{.fd = sinks[0].fd, .events = POLLIN}, {.fd = sinks[1].fd, .events = POLLIN}};
        TRY(patience_check(c, patience));
        int64_t left = until_ms - now_ms();
        if (left <= 0) {
            *out_timed_out = true;
            return OK;
        }
        poll(p, COUNT(p), left < POLL_MS ? (int)left : POLL_MS);
        drain(&sinks[0]);
        drain(&sinks[1]);
    }
    return OK;
}

// Takes the program, whose number is no other's until then. One that has become another user's cannot be killed by an ordinary user, and one that the
// kernel holds ends late: who asks does not wait for those. Gives the status of its exit, else -1.
static int reap(pid_t pid)
{
    int     status = 0;
    int64_t until_ms = now_ms() + REAP_MAX_MS;
    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if ((got < 0 && errno != EINTR) || now_ms() >= until_ms) return -1;
        poll(NULL, 0, POLL_END_MS);
    }
}

// Waits for the end of the program, which may have closed its output earlier, and kills its group; the program too, which may have left that.
// Errors: those of patience_check
static enum err end(struct call *c, pid_t pid, bool kills_now, int64_t until_ms, const struct patience *patience, int *out_status)
{
    siginfo_t info = {0};
    enum err  given_up = OK;
    *out_status = -1;
    while (!kills_now) {
        int failed = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG);
        if (failed && errno != EINTR) return OK; // the host program has taken it: SIGCHLD is ignored, or it waits for all children
        if (!failed && info.si_pid == pid) break;
        given_up = patience_check(c, patience);
        kills_now = given_up != OK || now_ms() >= until_ms;
        if (!kills_now) poll(NULL, 0, POLL_END_MS);
    }
    kill(-pid, SIGKILL); // and what it left running
    kill(pid, SIGKILL);
    *out_status = reap(pid);
    return given_up;
}

enum err process_run(struct call *c, const char *file, const char *const *arguments, unsigned timeout_ms, const struct patience *patience,
                     struct process_outcome *out)
{
    CLEANUP(pipe_closep) struct pipe output = {-1, -1}, errors = {-1, -1};
    struct sink                      sinks[2];
    pid_t                            pid;
    bool                             timed_out = false;
    TRY(pipe_open(c, &output));
    TRY(pipe_open(c, &errors));
    TRY(sink_init(c, &sinks[0], output.read, PROCESS_OUTPUT_MAX_BYTES));
    TRY(sink_init(c, &sinks[1], errors.read, PROCESS_ERRORS_MAX_BYTES));
    TRY(start(c, file, arguments, output.write, errors.write, &pid));
    fd_closep(&output.write);
    fd_closep(&errors.write);
    int64_t  until_ms = now_ms() + timeout_ms;
    int      status;
    enum err failed = collect(c, sinks, until_ms, patience, &timed_out);
    enum err given_up = end(c, pid, failed != OK || timed_out, until_ms, patience, &status);
    if (failed != OK) return failed;
    if (given_up != OK) return given_up;
    *out = (struct process_outcome){status, timed_out, {sinks[0].room, sinks[0].n}, {sinks[1].room, sinks[1].n}, sinks[0].is_cut};
    return OK;
}
