#include "server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"

enum { READY_TIMEOUT_MS = 60000, STOP_TIMEOUT_MS = 30000 }; // the sanitizers' builds are slow

bool server_process_init(struct server_process *v)
{
    *v = (struct server_process){.binary = getenv("LANYARD"), .dir = "/tmp/lanyard-crash-XXXXXX", .out = -1};
    if (!v->binary) v->binary = "build/lanyard";
    if (!crash_directory_new(v->dir)) return false;
    snprintf(v->log, sizeof v->log, "%s.log", v->dir);
    return true;
}

void server_process_clear(struct server_process *v)
{
    crash_directory_remove(v->dir);
    unlink(v->log);
}

static _Noreturn void become_server(const struct server_process *v, int out)
{
    int log = open(v->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL); // none outlives the test
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(126);
    execl(v->binary, v->binary, "up", "--data", v->dir, "--port", "0", "--json", (char *)NULL);
    perror(v->binary);
    _exit(127);
}

bool server_process_start(struct server_process *v)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    v->pid = fork();
    if (v->pid == 0) become_server(v, ends[1]);
    close(ends[1]);
    v->out = ends[0];
    return v->pid > 0;
}

bool server_process_is_gone(const struct server_process *v, int within_ms)
{
    struct pollfd out = {.fd = v->out}; // nothing but the hang-up
    return poll(&out, 1, within_ms) > 0 && (out.revents & POLLHUP);
}

bool server_process_ask(const struct server_process *v, const char *method, const char *host, const char *path, const char *body,
                        struct lanyard_reply *out)
{
    struct lanyard_request r = {.method = method, .host = host, .path = path, .body = body, .body_n = body ? strlen(body) : 0};
    return lanyard_admin_call(v->dir, &r, out, NULL) == LANYARD_OK;
}

const char *server_process_wait(const struct server_process *v, struct lanyard_reply *out)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        if (server_process_ask(v, "GET", NULL, "/lanyard/status", NULL, out)) {
            if (out->status == 200) return NULL;
            lanyard_reply_clear(out);
            return "it does not tell its status";
        }
        if (server_process_is_gone(v, 2)) return "it is gone before it answered";
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 < READY_TIMEOUT_MS);
    return "it does not begin to answer";
}

void server_process_reap(struct server_process *v)
{
    if (v->pid > 0) waitpid(v->pid, NULL, 0);
    if (v->out >= 0) close(v->out);
    v->pid = 0;
    v->out = -1;
}

const char *server_process_stop(struct server_process *v)
{
    int status = 0;
    kill(v->pid, SIGTERM);
    bool in_time = server_process_is_gone(v, STOP_TIMEOUT_MS);
    if (!in_time) kill(v->pid, SIGKILL);
    if (waitpid(v->pid, &status, 0) == v->pid) v->pid = 0;
    server_process_reap(v);
    if (!in_time) return "it does not stop when told to";
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? NULL : "it does not end well when told to stop";
}
