// All loops and their threads: start and stop.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "net/inside.h"

enum err net_loops_new(struct call *c, const struct net_settings *settings, struct net_loops **out)
{
    unsigned          n = settings->loops ? settings->loops : 1;
    struct net_loops *all;
    if (n > NET_MAX_LOOPS) return FAIL(c, ERR_USAGE, "At most %d serving threads, not %u.", NET_MAX_LOOPS, n);
    all = calloc(1, sizeof *all + n * sizeof all->loops[0]);
    if (!all) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    all->loop_n = n;
    all->settings = *settings;
    if (!settings->max_connections) all->settings.max_connections = 4096;
    for (unsigned i = 0; i < n; i++) {
        enum err failed = net_loop_init(c, &all->loops[i], all, i);
        if (failed == OK) continue;
        net_loops_free(all);
        return failed;
    }
    *out = all;
    return OK;
}

unsigned net_loops_count(const struct net_loops *loops)
{
    return loops->loop_n;
}

struct net_loop *net_loops_at(struct net_loops *loops, unsigned index)
{
    return &loops->loops[index];
}

int64_t net_loops_longest_turn_ns(const struct net_loops *loops)
{
    int64_t longest = 0;
    for (unsigned i = 0; i < loops->loop_n; i++) {
        int64_t one = atomic_load_explicit(&loops->loops[i].longest_turn_ns, memory_order_relaxed);
        if (one > longest) longest = one;
    }
    return longest;
}

static void *run_loop(void *loop)
{
    net_loop_run(loop);
    return NULL;
}

// Signals are for the thread that the program began with.
static bool start_thread(pthread_t *thread, struct net_loop *loop)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

// OpenSSL writes to sockets with write(), and a peer may be gone: the signal of that is kept from this thread.
static void run_without_sigpipe(struct net_loop *loop)
{
    static const struct timespec NOT_AT_ALL = {0};
    sigset_t                     pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    net_loop_run(loop);
    if (!sigismember(&before, SIGPIPE)) (void)sigtimedwait(&pipe, NULL, &NOT_AT_ALL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

enum err net_loops_run(struct call *c, struct net_loops *all)
{
    pthread_t threads[NET_MAX_LOOPS];
    unsigned  started = 1; // this thread is the first loop's
    while (started < all->loop_n && start_thread(&threads[started], &all->loops[started])) started++;
    bool complete = started == all->loop_n;
    if (complete) run_without_sigpipe(&all->loops[0]);
    else net_loops_stop(all, 0);
    for (unsigned i = 1; i < started; i++) pthread_join(threads[i], NULL);
    return complete ? OK : FAIL(c, ERR_IO, "Cannot start %u serving threads.", all->loop_n);
}

void net_loops_stop(struct net_loops *all, int64_t grace_ms)
{
    // Only what a signal handler may do.
    atomic_store(&all->grace_ms, grace_ms);
    atomic_store(&all->stopping, true);
    for (unsigned i = 0; i < all->loop_n; i++) net_loop_wake(&all->loops[i]);
}

void net_loops_empty(struct net_loops *all)
{
    // What ends may post a task to any loop: all are tried until none has anything left.
    for (bool busy = true; busy;) {
        busy = false;
        for (unsigned i = 0; i < all->loop_n; i++) busy = net_loop_empty(&all->loops[i]) || busy;
    }
}

void net_loops_free(struct net_loops *all)
{
    if (!all) return;
    net_loops_empty(all);
    for (unsigned i = 0; i < all->loop_n; i++) net_loop_clear(&all->loops[i]);
    free(all);
}
