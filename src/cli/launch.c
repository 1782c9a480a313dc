#include "cli/launch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sandbox/enter.h"
#include "cli/sandbox/files.h"
#include "cli/sandbox/hide.h"
#include "cli/sandbox/network.h"
#include "core/buf.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127
#define STATUS_SIGNALLED  128
#define BUNDLE_MAX_BYTES  (4u << 20)

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
    TRY(file_write(c, fresh.at, text));
    if (rename(fresh.at, path.at) != 0) return FAIL(c, ERR_IO, "%s cannot be written: %s.", path.at, strerror(errno));
    *out = path.at;
    return OK;
}

static enum err make_sandbox(struct call *c, const struct launch *l, const char **out_bundle)
{
    const struct lanyard_listener *listeners;
    size_t                         n = lanyard_workload_listeners(l->workload, &listeners);
    struct hide_plan               plan = {.data_dir = l->data_dir, .ca_pem = lanyard_workload_ca_pem(l->workload)};
    plan.nameserver = nameserver_of(listeners, n);
    TRY(sandbox_enter(c));
    TRY(network_up(c, listeners, n));
    return hide_and_place(c, &plan, out_bundle);
}

static enum err hand_over(struct call *c, const struct launch *l)
{
    const struct lanyard_listener *listeners;
    struct network_sockets         sockets;
    struct lanyard_error           why;
    size_t                         n = lanyard_workload_listeners(l->workload, &listeners);
    TRY(network_open(c, listeners, n, &sockets));
    enum lanyard_result result = lanyard_workload_serve(l->workload, sockets.at, sockets.n, &why);
    network_close(&sockets); // the server's copies are the ones that count
    return result == LANYARD_OK ? OK : FAIL(c, ERR_IO, "%s", why.text);
}

static enum err finish_environment(const struct launch *l, const char *bundle)
{
    const struct lanyard_variable *given;
    struct environment            *e = l->environment;
    size_t                         n = lanyard_workload_environment(l->workload, &given);
    TRY(environment_trust(e, bundle));
    TRY(environment_set(e, "LANYARD_RESOURCE", lanyard_workload_resource(l->workload)));
    for (size_t i = 0; i < n; i++) TRY(environment_set(e, given[i].name, given[i].value));
    for (size_t i = 0; i < l->chosen_n; i++) TRY(environment_set(e, l->chosen[i].name, l->chosen[i].value));
    return OK;
}

// The working directory is held by its inode: one that the sandbox hides would stay open to the program.
static enum err enter_directory(struct call *c, const char *path)
{
    if (path && chdir(path) == 0) return OK;
    return FAIL(c, ERR_IO, "The sandbox hides the working directory: change to one outside the data directory.");
}

// What else the caller has open, or an editor above him forgot to close, leads out: a directory to all that is hidden
// below it, a socket to the host.
static enum err close_the_rest(struct call *c)
{
    return close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0
               ? OK
               : FAIL(c, ERR_IO, "Open files cannot be kept from the program: %s; --no-sandbox does without.", strerror(errno));
}

static enum err prepare(struct call *c, const struct launch *l, int parent)
{
    const char *bundle;
    char       *here = getcwd(NULL, 0);
    enum err    failed = l->sandboxed ? make_sandbox(c, l, &bundle) : write_host_bundle(c, l, &bundle);
    if (failed == OK) failed = hand_over(c, l);
    if (failed == OK) failed = finish_environment(l, bundle);
    if (failed == OK && l->sandboxed) failed = enter_directory(c, here);
    free(here);
    if (failed == OK && l->sandboxed) failed = close_the_rest(c);
    TRY(failed);
    if (l->sandboxed) return sandbox_seal(c, parent);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) return FAIL(c, ERR_IO, "The launcher is gone.");
    return OK;
}

static _Noreturn void become(struct cli *cli, const struct launch *l, int parent, const sigset_t *mask)
{
    if (prepare(&cli->call, l, parent) != OK) _exit(cli_failed(cli));
    sigprocmask(SIG_SETMASK, mask, NULL);
    environ = (char **)l->environment->at; // execvp looks the program up by its PATH
    execvp(l->args[0], l->args);
    int  error = errno;
    bool is_missing = error == ENOENT || error == ENOTDIR;
    cli_fail(cli, is_missing ? "%s was not found." : "%s cannot be run: %s.", l->args[0], strerror(error));
    _exit(is_missing ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* ---- the launcher: until the program ends ---- */

// What was typed at the terminal went to its whole foreground group: the program has it already.
static bool has_it_already(const siginfo_t *info)
{
    return info->si_code == SI_KERNEL && (info->si_signo == SIGINT || info->si_signo == SIGQUIT);
}

// A stopped program stops the launcher too, so that the shell above sees its job stopped; and resumes with it.
static bool reap(pid_t child, int *out_status)
{
    int status;
    while (waitpid(child, &status, WNOHANG | WUNTRACED) == child) {
        if (WIFSTOPPED(status)) {
            raise(SIGSTOP);
            kill(child, SIGCONT);
            continue;
        }
        *out_status = WIFSIGNALED(status) ? STATUS_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
        return true;
    }
    return false;
}

static int supervise(pid_t child, const sigset_t *signals)
{
    for (;;) {
        siginfo_t info;
        int       status, got = sigwaitinfo(signals, &info);
        if (got == SIGCHLD && reap(child, &status)) return status;
        if (got > 0 && got != SIGCHLD && !has_it_already(&info)) kill(child, got);
    }
}

int launch_run(struct cli *cli, const struct launch *l)
{
    static const int STOPS[] = {SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t         signals, before;
    pid_t            parent = getpid();
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (size_t i = 0; i < COUNT(FORWARDED); i++) sigaddset(&signals, FORWARDED[i]);
    signal(SIGCHLD, SIG_DFL); // whoever ignores it gets no status from its children
    sigprocmask(SIG_BLOCK, &signals, &before);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) return cli_fail(cli, "No process can be made: %s.", strerror(errno));
    if (child == 0) become(cli, l, parent, &before);
    for (size_t i = 0; i < COUNT(STOPS); i++) signal(STOPS[i], SIG_IGN); // it stops when the program does
    return supervise(child, &signals);
}
