#include "cli/deploy/private_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/read_file.h"

#define LOG_FILE      "private.log"
#define LOG_MAX_BYTES 65536
#define LOOKS_MAX     3000 // 30 s
#define LOOK_NAP_NS   10000000L
#define REMOVE_FILES  16 // open at a time

static enum err make_directory(struct call *c, char **out)
{
    const char *temporary = getenv("TMPDIR");
    str template = call_format(c, "%s/lanyard-run-XXXXXX", temporary && *temporary == '/' ? temporary : "/tmp");
    char *dir = template.at ? strdup(template.at) : NULL;
    if (!dir) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!mkdtemp(dir)) {
        enum err failed = FAIL(c, ERR_IO, "No directory can be made at %s: %s.", dir, strerror(errno));
        free(dir);
        return failed;
    }
    *out = dir;
    return OK;
}

// In a session of its own: what is typed at the terminal is for the program, and the server outlives it.
static _Noreturn void become_server(pid_t parent, const char *dir, const char *log)
{
    int      null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = open(log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); // the command may hold some back
    setsid();
    if (null < 0 || out < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) _exit(STATUS_REFUSED);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) _exit(STATUS_REFUSED);
    execl("/proc/self/exe", "lanyard", "up", "--data", dir, "--port", "0", "--quiet", (char *)NULL);
    _exit(STATUS_REFUSED);
}

static enum err tell_why(struct call *c, const char *log)
{
    str text = STR_NONE;
    if (read_file(c, log, LOG_MAX_BYTES, &text) != OK) call_forgive(c);
    return FAIL(c, ERR_IO, "The private server did not start: %.*s",
                PSTR(str_empty(text) ? S("it said nothing.") : str_upto(text, str_find(text, '\n'))));
}

static enum err await(struct cli *cli, struct private_server *s, const char *log)
{
    struct call *c = &cli->call;
    for (int i = 0; i < LOOKS_MAX; i++) {
        const struct json *facts;
        if (admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts) == OK) return OK;
        call_forgive(c);
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            s->pid = 0;
            return tell_why(c, log);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NAP_NS}, NULL);
    }
    return tell_why(c, log);
}

enum err private_server_start(struct cli *cli, struct private_server *out)
{
    struct call                                       *c = &cli->call;
    CLEANUP(private_server_stop) struct private_server s = {0};
    pid_t                                              parent = getpid();
    TRY(make_directory(c, &s.dir));
    str log = call_format(c, "%s/" LOG_FILE, s.dir);
    cli->data_dir = call_zstr(c, str_of(s.dir));
    cli->facts = NULL;
    if (!log.at || !cli->data_dir) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    fflush(NULL);
    s.pid = fork();
    if (s.pid < 0) {
        s.pid = 0;
        return FAIL(c, ERR_IO, "No process can be made: %s.", strerror(errno));
    }
    if (s.pid == 0) become_server(parent, s.dir, log.at);
    TRY(await(cli, &s, log.at));
    *out = s;
    s = (struct private_server){0};
    return OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void private_server_stop(struct private_server *s)
{
    if (s->pid > 0 && kill(s->pid, SIGTERM) == 0)
        while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR) continue;
    if (s->dir) nftw(s->dir, remove_one, REMOVE_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(s->dir);
    *s = (struct private_server){0};
}
