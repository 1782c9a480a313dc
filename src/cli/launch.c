#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/sandbox/enter.h"
#include "cli/sandbox/files.h"
#include "cli/sandbox/init.h"
#include "cli/sandbox/network.h"
#include "cli/sandbox/program.h"
#include "cli/sandbox/seal.h"
#include "core/buf.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127
#define BUNDLE_MAX_BYTES  (4u << 20)
#define TOKEN_FILE_LOOKS  500 // 10 s: two keys take less than one
#define TOKEN_FILE_NAP_NS 20000000

// What the launcher passes on. Signals from the terminal reach the program by themselves.
static const int FORWARDED[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};

/* ---- the child: from here to the program ---- */

static const char *nameserver_of(const struct lanyard_listener *listeners, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(str_of(listeners[i].name), S("dns"))) return listeners[i].address;
    return NULL;
}

// On the host the machine's own authorities stay trusted beside ours.
static enum err write_host_bundle(struct call *c, const struct launch *l, const char **out)
{
    static const char *const SYSTEM[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
                                         "/etc/ssl/ca-bundle.pem"};
    str                      theirs = STR_NONE;
    for (size_t i = 0; i < COUNT(SYSTEM) && str_empty(theirs); i++)
        if (file_read(c, SYSTEM[i], BUNDLE_MAX_BYTES, &theirs) != OK) call_forgive(c);
    str path = call_format(c, "%s/ca-bundle.pem", l->data_dir), fresh = call_format(c, "%s/ca-bundle.pem.%d", l->data_dir, (int)getpid());
    str text = call_format(c, "%s%.*s", lanyard_workload_ca_pem(l->workload), PSTR(theirs));
    if (!path.at || !fresh.at || !text.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(file_replace(c, fresh.at, text));
    if (rename(fresh.at, path.at) != 0) return FAIL(c, ERR_IO, "%s cannot be written: %s.", path.at, strerror(errno));
    *out = path.at;
    return OK;
}

// One launch, as the child goes through it.
struct child {
    struct cli          *cli;
    const struct launch *l;
    pid_t                parent;
    uid_t                user;
    gid_t                group;
    const sigset_t      *signals, *before; // what the launcher waits for, and what was blocked
    int                  from_child, to_launcher;
};

static enum err make_sandbox(struct call *c, const struct child *child, const char **out_bundle)
{
    const struct launch           *l = child->l;
    const struct lanyard_listener *listeners;
    size_t                         n = lanyard_workload_listeners(l->workload, &listeners);
    struct view_plan               plan = {.data_dir = l->data_dir, .here = l->here, .asked = l->asked, .asked_n = l->asked_n};
    plan.home = environment_get(l->environment, "HOME");
    plan.resource = lanyard_workload_resource(l->workload);
    plan.ca_pem = lanyard_workload_ca_pem(l->workload);
    plan.nameserver = nameserver_of(listeners, n);
    for (size_t i = 0; i < n; i++)
        if (network_is_directory(&listeners[i])) plan.keys = listeners[i].address;
    TRY(sandbox_map_user(c, child->user, child->group));
    TRY(network_up(c, listeners, n));
    return view_enter(c, &plan, out_bundle);
}

enum err launch_hand_over(struct call *c, struct lanyard_workload *workload)
{
    const struct lanyard_listener *listeners;
    struct network_sockets         sockets;
    struct lanyard_error           why;
    size_t                         n = lanyard_workload_listeners(workload, &listeners);
    TRY(network_open(c, listeners, n, &sockets));
    enum lanyard_result result = lanyard_workload_serve(workload, sockets.at, sockets.n, &why);
    network_close(&sockets); // the server's copies are the ones that count
    return result == LANYARD_OK ? OK : FAIL(c, ERR_IO, "%s", why.text);
}

// Inside, what leads to something that is not shown would only be waited for.
static enum err fit_to_view(const struct launch *l)
{
    static const char *const DIRECTORIES[] = {"TMPDIR", "TMP", "TEMP"};
    struct environment      *e = l->environment;
    for (size_t i = 0; i < COUNT(DIRECTORIES); i++) {
        const char *value = environment_get(e, DIRECTORIES[i]);
        if (value && access(value, W_OK) != 0) environment_remove(e, DIRECTORIES[i]);
    }
    environment_drop_sockets(e, l->asked, l->asked_n);
    return environment_get(e, "PWD") ? environment_set(e, "PWD", l->here) : OK;
}

enum err launch_await_token_file(struct call *c, const char *path)
{
    for (int i = 0; path && i < TOKEN_FILE_LOOKS && access(path, R_OK) != 0; i++) nanosleep(&(struct timespec){.tv_nsec = TOKEN_FILE_NAP_NS}, NULL);
    if (!path || access(path, R_OK) == 0) return OK;
    return FAIL(c, ERR_IO, "The token of a service account did not come (%s): %s.", path, strerror(errno));
}

static enum err finish_environment(const struct launch *l, const char *bundle)
{
    const struct lanyard_variable *given;
    struct environment            *e = l->environment;
    size_t                         n = lanyard_workload_environment(l->workload, &given);
    if (l->sandboxed) TRY(fit_to_view(l));
    TRY(environment_trust(e, bundle));
    TRY(environment_set(e, "LANYARD_RESOURCE", lanyard_workload_resource(l->workload)));
    for (size_t i = 0; i < n; i++) TRY(environment_set(e, given[i].name, given[i].value));
    TRY(launch_await_token_file(e->c, environment_get(e, TOKEN_FILE_VARIABLE)));
    for (size_t i = 0; i < l->chosen_n; i++) TRY(environment_set(e, l->chosen[i].name, l->chosen[i].value));
    return OK;
}

// A launcher that is gone reads no more.
static bool has_launcher(const struct child *child)
{
    struct pollfd pipe = {.fd = child->to_launcher};
    return poll(&pipe, 1, 0) >= 0 && !(pipe.revents & POLLERR);
}

static enum err prepare_sandbox(struct call *c, const struct child *child)
{
    const struct launch *l = child->l;
    const char          *bundle = NULL;
    close(child->from_child);
    TRY(make_sandbox(c, child, &bundle));
    TRY(launch_hand_over(c, l->workload));
    TRY(finish_environment(l, bundle));
    TRY(sandbox_seal(c));
    // What else the caller has open, or an editor above him forgot to close, leads out: a directory to all that is not
    // shown, a socket to the host.
    if (!init_close(child->to_launcher)) return FAIL(c, ERR_IO, "Open files cannot be kept from the program: %s.", strerror(errno));
    return has_launcher(child) ? OK : FAIL(c, ERR_IO, "The launcher is gone.");
}

static enum err prepare_on_host(struct call *c, const struct child *child)
{
    const char *bundle = NULL;
    TRY(write_host_bundle(c, child->l, &bundle));
    TRY(launch_hand_over(c, child->l->workload));
    TRY(finish_environment(child->l, bundle));
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != child->parent) return FAIL(c, ERR_IO, "The launcher is gone.");
    return OK;
}

static _Noreturn void become(const struct child *child)
{
    char **args = child->l->args;
    sigprocmask(SIG_SETMASK, child->before, NULL);
    environ = (char **)child->l->environment->at; // execvp looks the program up by its PATH
    execvp(args[0], args);
    int  error = errno;
    bool is_missing = error == ENOENT || error == ENOTDIR;
    cli_fail(child->cli, is_missing ? "%s was not found." : "%s cannot be run: %s.", args[0], strerror(error));
    _exit(is_missing ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static void ignore_stops(void)
{
    static const int STOPS[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < COUNT(STOPS); i++) signal(STOPS[i], SIG_IGN);
}

static _Noreturn void run_on_host(const struct child *child)
{
    if (prepare_on_host(&child->cli->call, child) != OK) _exit(cli_failed(child->cli));
    become(child);
}

// Process 1 of the sandbox: it makes it, and stays as the program's parent.
static _Noreturn void run_in_sandbox(const struct child *child)
{
    struct call        *c = &child->cli->call;
    struct environment *e = child->l->environment;
    struct program      program;
    enum err failed = program_find(c, child->l->args[0], environment_get(e, "PATH"), child->l->data_dir, environment_get(e, "HOME"), &program);
    if (failed == OK) failed = prepare_sandbox(c, child);
    if (failed != OK) _exit(cli_failed(child->cli));
    if (program_check(c, &program) != OK) _exit((cli_failed(child->cli), STATUS_NOT_FOUND));
    pid_t pid = fork();
    if (pid < 0) _exit(cli_fail(child->cli, "No process can be made: %s.", strerror(errno)));
    if (pid == 0) become(child);
    ignore_stops();
    init_run(pid, child->signals, child->to_launcher);
}

/* ---- the launcher: until the program ends ---- */

// What was typed at the terminal went to its whole foreground group: the program has it already.
static bool has_it_already(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_KERNEL && (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT);
}

// A stopped program stops the launcher too, so that the shell above sees its job stopped; and resumes with it.
static void stop_with(pid_t child)
{
    raise(SIGSTOP);
    kill(child, SIGCONT);
}

static bool reap(pid_t child, int *out_status)
{
    int status;
    while (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
        if (WIFSTOPPED(status)) {
            stop_with(child);
            continue;
        }
        *out_status = init_status(status);
        return true;
    }
    return false;
}

static int supervise(pid_t child, int signals, int from_child)
{
    struct pollfd both[] = {{.fd = signals, .events = POLLIN}, {.fd = from_child, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo info;
        char                    said;
        int                     status;
        if (poll(both, COUNT(both), -1) < 0) continue;
        if (both[1].revents && read(from_child, &said, 1) <= 0) both[1].fd = -1;
        else if (both[1].revents && said == INIT_STOPPED) stop_with(child);
        if (!both[0].revents || read(signals, &info, sizeof info) != sizeof info) continue;
        if (info.ssi_signo == SIGCHLD && reap(child, &status)) return status;
        if (info.ssi_signo != SIGCHLD && !has_it_already(&info)) kill(child, (int)info.ssi_signo);
    }
}

static enum err start_child(const struct child *child, pid_t *out)
{
    struct call *c = &child->cli->call;
    if (child->l->sandboxed) return sandbox_fork(c, out);
    *out = fork();
    return *out >= 0 ? OK : FAIL(c, ERR_IO, "No process can be made: %s.", strerror(errno));
}

int launch_run(struct cli *cli, const struct launch *l)
{
    sigset_t     signals, before;
    struct child child = {.cli = cli, .l = l, .parent = getpid(), .user = geteuid(), .group = getegid(), .signals = &signals, .before = &before};
    int          ends[2];
    pid_t        pid;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < COUNT(FORWARDED); i++) sigaddset(&signals, FORWARDED[i]);
    signal(SIGCHLD, SIG_DFL); // whoever ignores it gets no status from its children
    sigprocmask(SIG_BLOCK, &signals, &before);
    int waiting = signalfd(-1, &signals, SFD_CLOEXEC);
    if (waiting < 0 || pipe2(ends, O_CLOEXEC) != 0) return cli_fail(cli, "The program cannot be waited for: %s.", strerror(errno));
    child.from_child = ends[0];
    child.to_launcher = ends[1];
    fflush(NULL);
    if (start_child(&child, &pid) != OK) return cli_failed(cli);
    if (pid == 0 && l->sandboxed) run_in_sandbox(&child);
    if (pid == 0) run_on_host(&child);
    close(ends[1]);
    ignore_stops(); // it stops when the program does
    return supervise(pid, waiting, ends[0]);
}

/* ---- whether it could ---- */

static enum err try_sandbox(struct call *c, uid_t user, gid_t group)
{
    TRY(sandbox_map_user(c, user, group));
    return view_try(c);
}

int launch_check(struct cli *cli)
{
    struct call *c = &cli->call;
    uid_t        user = geteuid();
    gid_t        group = getegid();
    pid_t        pid;
    int          status;
    fflush(NULL);
    if (sandbox_fork(c, &pid) != OK) return cli_failed(cli);
    if (pid == 0) _exit(try_sandbox(c, user, group) == OK ? STATUS_OK : cli_failed(cli));
    if (waitpid(pid, &status, 0) != pid) return cli_fail(cli, "The sandbox cannot be waited for: %s.", strerror(errno));
    if (init_status(status) == STATUS_OK) puts("Sandboxes can be made here.");
    return init_status(status);
}
