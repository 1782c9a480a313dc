#include "cli/sandbox/init.h"

#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base.h"

#define STATUS_SIGNALLED 128

int init_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? STATUS_SIGNALLED + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static void reap(pid_t program, int to_launcher)
{
    static const char stopped = INIT_STOPPED;
    int               status;
    pid_t             child;
    while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
        if (child != program) continue;
        if (!WIFSTOPPED(status)) _exit(init_status(status));
        (void)!write(to_launcher, &stopped, 1);
    }
}

// What was typed at the terminal went to its whole foreground group, and what is sent from inside is for nobody.
static bool is_from_launcher(const siginfo_t *info)
{
    return info->si_code != SI_KERNEL && info->si_pid == 0;
}

bool init_close(int to_launcher)
{
    unsigned first = STDERR_FILENO + 1, kept = (unsigned)to_launcher;
    bool     below = kept == first || close_range(first, kept - 1, 0) == 0;
    return below && close_range(kept + 1, UINT_MAX, 0) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0;
}

_Noreturn void init_run(pid_t program, const sigset_t *signals, int to_launcher)
{
    for (;;) {
        siginfo_t info;
        int       got = sigwaitinfo(signals, &info);
        if (got == SIGCHLD) reap(program, to_launcher);
        else if (got > 0 && is_from_launcher(&info)) kill(program, got);
    }
}
