// One serving thread: its mailbox, its deadlines, its end.
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/report.h"
#include "net/inside.h"

// Turns

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t net_turn_begin(const struct net_loop *loop)
{
    return loop->measures ? cpu_ns() : 0;
}

void net_turn_end(struct net_loop *loop, int64_t began_ns)
{
    if (!loop->measures) return;
    int64_t took_ns = cpu_ns() - began_ns;
    if (took_ns > atomic_load_explicit(&loop->longest_turn_ns, memory_order_relaxed))
        atomic_store_explicit(&loop->longest_turn_ns, took_ns, memory_order_relaxed); // this thread alone writes it
}

// Deadlines

void net_waiting_init(struct net_waiting *w, struct net_loop *loop, int64_t limit_ms, int64_t gives_room_ms)
{
    struct net_waiting **end = &loop->waiting;
    *w = (struct net_waiting){.loop = loop, .limit_ms = limit_ms, .gives_room_ms = gives_room_ms};
    while (*end) end = &(*end)->next;
    *end = w;
    int64_t tick_ms = limit_ms / 4;
    if (limit_ms == 0 || tick_ms > loop->tick_ms) return;
    loop->tick_ms = tick_ms < NET_FASTEST_TICK_MS ? NET_FASTEST_TICK_MS : tick_ms;
}

void net_waiting_clear(struct net_waiting *w)
{
    struct net_waiting **link = w->loop ? &w->loop->waiting : NULL;
    while (link && *link && *link != w) link = &(*link)->next;
    if (link && *link) *link = w->next;
    *w = (struct net_waiting){0};
}

void net_waiting_leave(struct net_stream *s)
{
    struct net_waiting *w = s->waits_in;
    if (!w) return;
    if (s->previous) s->previous->next = s->next;
    else w->first = s->next;
    if (s->next) s->next->previous = s->previous;
    else w->last = s->previous;
    s->next = s->previous = NULL;
    s->waits_in = NULL;
}

void net_waiting_enter(struct net_waiting *w, struct net_stream *s)
{
    net_waiting_leave(s);
    s->waits_in = w;
    s->deadline_ms = net_loop_now_ms(s->loop) + w->limit_ms;
    s->previous = w->last;
    if (w->last) w->last->next = s;
    else w->first = s;
    w->last = s;
}

static void expire(struct net_waiting *w)
{
    if (w->limit_ms == 0) return;
    // Each one is closed or goes elsewhere; others may be closed to make room.
    for (struct net_stream *s; (s = w->first) && s->deadline_ms <= net_loop_now_ms(w->loop);) {
        int64_t began_ns = net_turn_begin(w->loop);
        s->listener->settings.protocol->expired(s);
        net_turn_end(w->loop, began_ns);
    }
}

static void rest(struct net_waiting *w)
{
    for (struct net_stream *s = w->first; s; s = s->next) net_stream_rest(s);
}

static void go_on_accepting(struct net_loop *loop)
{
    loop->paused = false;
    for (struct port *p = loop->ports; p; p = p->next) net_port_watch(p, !loop->stopping);
}

static void on_tick(uv_timer_t *timer)
{
    struct net_loop *loop = timer->data;
    for (struct net_waiting *w = loop->waiting; w; w = w->next) expire(w);
    for (struct net_waiting *w = loop->buffered_n ? loop->waiting : NULL; w; w = w->next) rest(w);
    if (loop->paused) go_on_accepting(loop); // somebody may be idle by now, or the system have room
    if (loop->stream_n == 0 && !loop->paused) uv_timer_stop(timer);
}

void net_loop_keep_ticking(struct net_loop *loop)
{
    uint64_t ms = (uint64_t)loop->tick_ms;
    if (!uv_is_active((uv_handle_t *)&loop->tick)) uv_timer_start(&loop->tick, on_tick, ms, ms);
}

// Mailbox

// Any thread, signal handlers too. Not uv_async_send: there the loop spins until a sender has gone on to its end, and
// the senders are signers, which run at lower priority and are put off by this very loop.
void net_loop_wake(struct net_loop *loop)
{
    static const uint64_t ONE = 1;
    while (write(loop->wake_fd, &ONE, sizeof ONE) < 0 && errno == EINTR) {
    } // a full count wakes as well
}

void net_post(struct net_loop *loop, struct net_task *task)
{
    struct net_task *before = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do task->next = before;
    while (!atomic_compare_exchange_weak_explicit(&loop->posted, &before, task, memory_order_release, memory_order_relaxed));
    // The task may be gone by now. Whoever put the first one in wakes the loop for all that follow.
    if (!before) net_loop_wake(loop);
}

// False: there were none.
static bool run_tasks(struct net_loop *loop)
{
    struct net_task *newest = atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire), *oldest = NULL;
    if (!newest) return false;
    while (newest) {
        struct net_task *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    while (oldest) {
        struct net_task *next = oldest->next; // run() may free the task
        int64_t          began_ns = net_turn_begin(loop);
        oldest->run(oldest);
        net_turn_end(loop, began_ns);
        oldest = next;
    }
    return true;
}

unsigned net_loop_index(const struct net_loop *loop)
{
    return loop->index;
}

bool net_loop_is_stopping(const struct net_loop *loop)
{
    return loop->stopping;
}

int64_t net_loop_now_ms(const struct net_loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

// Stopping

static void close_all(struct net_loop *loop, bool idle_only)
{
    for (struct net_waiting *w = loop->waiting; w; w = w->next) {
        for (struct net_stream *s = w->first, *next; s; s = next) {
            next = s->next;
            if (!idle_only || s->listener->settings.protocol->is_idle(s)) net_stream_close(s);
        }
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    close_all(timer->data, false);
}

static void begin_to_stop(struct net_loop *loop)
{
    loop->stopping = true;
    for (struct port *p = loop->ports; p; p = p->next) net_port_watch(p, false);
    close_all(loop, true);
    int64_t grace_ms = atomic_load(&loop->all->grace_ms);
    uv_timer_start(&loop->grace, on_grace_over, grace_ms > 0 ? (uint64_t)grace_ms : 0, 0);
    net_loop_has_room(loop);
}

static void on_wake(uv_poll_t *wake, int status, int events)
{
    struct net_loop *loop = wake->data;
    uint64_t         times;
    (void)status, (void)events;
    (void)!read(loop->wake_fd, &times, sizeof times); // before the tasks: what comes later wakes anew
    run_tasks(loop);
    if (!loop->stopping && atomic_load(&loop->all->stopping)) begin_to_stop(loop);
}

static void on_before_wait(uv_prepare_t *prepare)
{
    const struct net_loop     *loop = prepare->data;
    const struct net_settings *settings = &loop->all->settings;
    settings->before_wait(loop->index, settings->context);
}

void net_loop_has_room(struct net_loop *loop)
{
    if (loop->stopping) {
        if (loop->stream_n == 0 && !loop->is_over) uv_stop(&loop->uv);
        return;
    }
    if (loop->paused && loop->stream_n < loop->all->settings.max_connections) go_on_accepting(loop);
}

void net_loop_run(struct net_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

// Beginning and end

enum err net_loop_init(struct call *c, struct net_loop *loop, struct net_loops *all, unsigned index)
{
    if (uv_loop_init(&loop->uv) != 0) return FAIL(c, ERR_IO, "No event loop could be made: too few file descriptors or too little memory.");
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0 || uv_poll_init(&loop->uv, &loop->wake, loop->wake_fd) != 0) {
        if (loop->wake_fd >= 0) close(loop->wake_fd);
        uv_loop_close(&loop->uv);
        return FAIL(c, ERR_IO, "No event loop could be made: too few file descriptors.");
    }
    loop->all = all; // from here on net_loop_clear takes it down
    loop->index = index;
    loop->measures = all->settings.measures_turns;
    loop->tick_ms = NET_SLOWEST_TICK_MS;
    uv_timer_init(&loop->uv, &loop->tick);
    uv_timer_init(&loop->uv, &loop->grace);
    uv_prepare_init(&loop->uv, &loop->before_wait);
    loop->wake.data = loop->tick.data = loop->grace.data = loop->before_wait.data = loop;
    if (all->settings.before_wait) uv_prepare_start(&loop->before_wait, on_before_wait);
    uv_poll_start(&loop->wake, UV_READABLE, on_wake);
    return OK;
}

bool net_loop_empty(struct net_loop *loop)
{
    if (!loop->all) return false;
    loop->stopping = loop->is_over = true;
    bool did = run_tasks(loop) || loop->stream_n || loop->ports || loop->watches;
    close_all(loop, false);
    while (loop->ports) net_port_close(loop->ports);
    while (loop->watches) net_watch_end(loop->watches);
    uv_run(&loop->uv, UV_RUN_NOWAIT); // what was closed says that it is gone
    return did;
}

void net_loop_clear(struct net_loop *loop)
{
    if (!loop->all) return;
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_close((uv_handle_t *)&loop->grace, NULL);
    uv_close((uv_handle_t *)&loop->before_wait, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv) != 0) report(REPORT_ERROR, "net: a loop was left with something open", "loop=%u", loop->index);
    close(loop->wake_fd);
}
