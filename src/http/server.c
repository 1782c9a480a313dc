// The server as a whole: its loops and their threads.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "http/inside.h"

#define MAX_LOOPS 256

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static int64_t tick_for(const struct http_settings *s)
{
    int64_t shortest = s->idle_timeout_ms < s->head_timeout_ms ? s->idle_timeout_ms : s->head_timeout_ms;
    if (s->send_timeout_ms < shortest) shortest = s->send_timeout_ms;
    int64_t tick_ms = shortest / 4;
    return tick_ms < HTTP_FASTEST_TICK_MS ? HTTP_FASTEST_TICK_MS : tick_ms > HTTP_SLOWEST_TICK_MS ? HTTP_SLOWEST_TICK_MS : tick_ms;
}

enum err http_server_new(struct call *c, const struct http_settings *settings, struct http_server **out)
{
    unsigned            n = settings->loops ? settings->loops : 1;
    struct http_server *s;
    if (n > MAX_LOOPS) return FAIL(c, ERR_USAGE, "At most %d serving threads, not %u.", MAX_LOOPS, n);
    s = calloc(1, sizeof *s + n * sizeof s->loops[0]);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->loop_n = n;
    s->settings = *settings;
    s->settings.idle_timeout_ms = or_default(settings->idle_timeout_ms, 120000);
    s->settings.head_timeout_ms = or_default(settings->head_timeout_ms, 20000);
    s->settings.send_timeout_ms = or_default(settings->send_timeout_ms, 30000);
    if (!settings->max_connections) s->settings.max_connections = 4096;
    if (!settings->max_input_bytes) s->settings.max_input_bytes = (size_t)256 << 20;
    if (!settings->max_output_bytes) s->settings.max_output_bytes = (size_t)64 << 20;
    s->tick_ms = tick_for(&s->settings);
    for (unsigned i = 0; i < n; i++) {
        enum err failed = http_loop_init(c, &s->loops[i], s, i);
        if (failed == OK) continue;
        http_server_free(s);
        return failed;
    }
    *out = s;
    return OK;
}

static void *run_loop(void *loop)
{
    http_loop_run(loop);
    return NULL;
}

// Signals are for the thread that the program began with.
static bool start_thread(pthread_t *thread, struct http_loop *loop)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

// OpenSSL writes to sockets with write(), and a peer may be gone: the signal of that is kept from this thread.
static void run_without_sigpipe(struct http_loop *loop)
{
    static const struct timespec NOT_AT_ALL = {0};
    sigset_t                     pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    http_loop_run(loop);
    if (!sigismember(&before, SIGPIPE)) (void)sigtimedwait(&pipe, NULL, &NOT_AT_ALL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

enum err http_server_run(struct call *c, struct http_server *s)
{
    pthread_t threads[MAX_LOOPS];
    unsigned  started = 1; // this thread is the first loop's
    while (started < s->loop_n && start_thread(&threads[started], &s->loops[started])) started++;
    bool all = started == s->loop_n;
    if (all) run_without_sigpipe(&s->loops[0]);
    else http_server_stop(s, 0);
    for (unsigned i = 1; i < started; i++) pthread_join(threads[i], NULL);
    return all ? OK : FAIL(c, ERR_IO, "Cannot start %u serving threads.", s->loop_n);
}

void http_server_stop(struct http_server *s, int64_t grace_ms)
{
    // Only what a signal handler may do.
    atomic_store(&s->grace_ms, grace_ms);
    atomic_store(&s->stopping, true);
    for (unsigned i = 0; i < s->loop_n; i++) http_loop_wake(&s->loops[i]);
}

void http_server_free(struct http_server *s)
{
    if (!s) return;
    // What ends may post a task to any loop: none of them goes before all are empty.
    for (bool busy = true; busy;) {
        busy = false;
        for (unsigned i = 0; i < s->loop_n; i++) busy = http_loop_empty(&s->loops[i]) || busy;
    }
    for (unsigned i = 0; i < s->loop_n; i++) http_loop_clear(&s->loops[i]);
    free(s);
}
