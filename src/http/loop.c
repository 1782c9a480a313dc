// One serving thread: its mailbox, its connections' patience, what it keeps warm.
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/report.h"
#include "http/inside.h"

// Lanes

void http_lane_leave(struct http_loop *loop, struct connection *k)
{
    struct lane *lane = &loop->lanes[k->lane];
    if (k->previous) k->previous->next = k->next;
    else lane->first = k->next;
    if (k->next) k->next->previous = k->previous;
    else lane->last = k->previous;
    k->next = k->previous = NULL;
}

void http_lane_enter(struct http_loop *loop, struct connection *k, enum lane_kind kind)
{
    struct lane *lane = &loop->lanes[kind];
    k->lane = kind;
    k->deadline_ms = (int64_t)uv_now(&loop->uv) + lane->patience_ms;
    k->previous = lane->last;
    if (lane->last) lane->last->next = k;
    else lane->first = k;
    lane->last = k;
}

static void end_patience(struct http_loop *loop, struct lane *lane)
{
    if (lane->patience_ms == 0) return;
    // Each one leaves the lane, or goes to its end; others may be closed to make room.
    for (struct connection *k; (k = lane->first) && k->deadline_ms <= (int64_t)uv_now(&loop->uv);) http_connection_out_of_patience(k);
}

static void go_on_accepting(struct http_loop *loop)
{
    loop->paused = false;
    for (struct port *p = loop->ports; p; p = p->next) http_port_watch(p, !loop->stopping);
}

static void on_tick(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    for (size_t i = 0; i < LANE_N; i++) end_patience(loop, &loop->lanes[i]);
    if (loop->paused) go_on_accepting(loop); // somebody may be idle by now, or the system have room
    if (loop->connection_n == 0 && !loop->paused) uv_timer_stop(timer);
}

void http_loop_keep_ticking(struct http_loop *loop)
{
    uint64_t ms = (uint64_t)loop->server->tick_ms;
    if (!uv_is_active((uv_handle_t *)&loop->tick)) uv_timer_start(&loop->tick, on_tick, ms, ms);
}

// What is kept warm

struct exchange *http_exchange_take(struct http_loop *loop)
{
    struct exchange *x = loop->spare_exchanges;
    if (x) {
        loop->spare_exchanges = x->next;
        loop->spare_exchange_n--;
    } else {
        x = calloc(1, sizeof *x);
        if (!x) return NULL;
        x->open.loop = loop;
        x->answered.run = http_connection_answered;
    }
    loop->exchange_n++;
    return x;
}

static void free_exchange(struct exchange *x)
{
    call_clear(&x->open.call);
    free(x);
}

void http_exchange_drop(struct http_loop *loop, struct exchange *x)
{
    loop->exchange_n--;
    if (loop->spare_exchange_n == HTTP_MAX_SPARES) {
        free_exchange(x);
        return;
    }
    arena_reset(&x->open.call.arena); // a large answer does not stay
    x->next = loop->spare_exchanges;
    loop->spare_exchanges = x;
    loop->spare_exchange_n++;
}

struct block *http_block_take(struct http_loop *loop, size_t size)
{
    struct block *b = size == HTTP_INPUT_BYTES ? loop->spare_blocks : NULL;
    if (b) {
        loop->spare_blocks = b->next;
        loop->spare_block_n--;
        return b;
    }
    // Only large requests are held off: small ones are bounded by the number of connections.
    size_t most = loop->server->settings.max_input_bytes;
    if (size > HTTP_INPUT_BYTES && (loop->block_bytes >= most || size > most - loop->block_bytes)) return NULL;
    b = malloc(sizeof *b + size);
    if (!b) return NULL;
    b->size = size;
    loop->block_bytes += size;
    return b;
}

void http_block_drop(struct http_loop *loop, struct block *b)
{
    if (!b) return;
    if (b->size != HTTP_INPUT_BYTES || loop->spare_block_n == HTTP_MAX_SPARES) {
        loop->block_bytes -= b->size;
        free(b);
        return;
    }
    b->next = loop->spare_blocks;
    loop->spare_blocks = b;
    loop->spare_block_n++;
}

// Mailbox

// Any thread, signal handlers too. Not uv_async_send: there the loop spins until a sender has gone on to its end, and
// the senders are signers, which run at lower priority and are put off by this very loop.
void http_loop_wake(struct http_loop *loop)
{
    static const uint64_t ONE = 1;
    while (write(loop->wake_fd, &ONE, sizeof ONE) < 0 && errno == EINTR) {} // a full count wakes as well
}

void http_post(struct http_loop *loop, struct http_task *task)
{
    struct http_task *before = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do task->next = before;
    while (!atomic_compare_exchange_weak_explicit(&loop->posted, &before, task, memory_order_release, memory_order_relaxed));
    // The task may be gone by now. Whoever put the first one in wakes the loop for all that follow.
    if (!before) http_loop_wake(loop);
}

// False: there were none.
static bool run_tasks(struct http_loop *loop)
{
    struct http_task *newest = atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire), *oldest = NULL;
    if (!newest) return false;
    while (newest) {
        struct http_task *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    while (oldest) {
        struct http_task *next = oldest->next; // run() may free the task
        oldest->run(oldest);
        oldest = next;
    }
    return true;
}

unsigned http_loop_index(const struct http_loop *loop)
{
    return loop->index;
}

// Stopping

static void close_lane(struct lane *lane)
{
    while (lane->first) http_connection_close(lane->first);
}

static void close_waiting(struct lane *lane)
{
    for (struct connection *k = lane->first, *next; k; k = next) {
        next = k->next;
        if (k->stage == STAGE_IDLE) http_connection_close(k);
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    for (size_t i = 0; i < LANE_N; i++) close_lane(&loop->lanes[i]);
}

static void begin_to_stop(struct http_loop *loop)
{
    loop->stopping = true;
    for (struct port *p = loop->ports; p; p = p->next) http_port_watch(p, false);
    close_waiting(&loop->lanes[LANE_IDLE]);
    close_waiting(&loop->lanes[LANE_BUSY]); // whose peers have never said a word
    int64_t grace_ms = atomic_load(&loop->server->grace_ms);
    uv_timer_start(&loop->grace, on_grace_over, grace_ms > 0 ? (uint64_t)grace_ms : 0, 0);
    http_loop_has_room(loop);
}

static void on_wake(uv_poll_t *wake, int status, int events)
{
    struct http_loop *loop = wake->data;
    uint64_t          times;
    (void)status, (void)events;
    (void)!read(loop->wake_fd, &times, sizeof times); // before the tasks: what comes later wakes anew
    run_tasks(loop);
    if (!loop->stopping && atomic_load(&loop->server->stopping)) begin_to_stop(loop);
}

void http_loop_has_room(struct http_loop *loop)
{
    if (loop->stopping) {
        if (loop->connection_n == 0 && !loop->is_over) uv_stop(&loop->uv);
        return;
    }
    if (loop->paused && loop->connection_n < loop->server->settings.max_connections) go_on_accepting(loop);
}

void http_loop_run(struct http_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

// Beginning and end

enum err http_loop_init(struct call *c, struct http_loop *loop, struct http_server *s, unsigned index)
{
    if (uv_loop_init(&loop->uv) != 0) return FAIL(c, ERR_IO, "No event loop could be made: too few file descriptors or too little memory.");
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0 || uv_poll_init(&loop->uv, &loop->wake, loop->wake_fd) != 0) {
        if (loop->wake_fd >= 0) close(loop->wake_fd);
        uv_loop_close(&loop->uv);
        return FAIL(c, ERR_IO, "No event loop could be made: too few file descriptors.");
    }
    loop->server = s; // from here on http_loop_clear takes it down
    loop->index = index;
    uv_timer_init(&loop->uv, &loop->tick);
    uv_timer_init(&loop->uv, &loop->grace);
    loop->wake.data = loop->tick.data = loop->grace.data = loop;
    uv_poll_start(&loop->wake, UV_READABLE, on_wake);
    loop->lanes[LANE_IDLE].patience_ms = s->settings.idle_timeout_ms;
    loop->lanes[LANE_BUSY].patience_ms = s->settings.head_timeout_ms;
    loop->lanes[LANE_SENDING].patience_ms = s->settings.send_timeout_ms;
    loop->lanes[LANE_LINGER].patience_ms = HTTP_LINGER_MS;
    loop->date_s = INT64_MIN;
    random_pool_init(&loop->ids);
    loop->output = malloc(HTTP_OUTPUT_BYTES);
    if (!loop->output) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    return OK;
}

bool http_loop_empty(struct http_loop *loop)
{
    if (!loop->server) return false;
    loop->stopping = loop->is_over = true;
    bool did = run_tasks(loop) || loop->connection_n || loop->ports || loop->watches;
    for (size_t i = 0; i < LANE_N; i++) close_lane(&loop->lanes[i]);
    while (loop->ports) http_port_close(loop->ports);
    while (loop->watches) http_watch_end(loop->watches);
    uv_run(&loop->uv, UV_RUN_NOWAIT); // what was closed says that it is gone
    return did;
}

void http_loop_clear(struct http_loop *loop)
{
    if (!loop->server) return;
    uv_close((uv_handle_t *)&loop->tick, NULL);
    uv_close((uv_handle_t *)&loop->grace, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv) != 0) report(REPORT_ERROR, "http: a loop was left with something open", "loop=%u", loop->index);
    close(loop->wake_fd);
    if (loop->exchange_n) report(REPORT_ERROR, "http: requests were never answered", "n=%zu", loop->exchange_n);
    for (struct exchange *x = loop->spare_exchanges, *next; x; x = next) {
        next = x->next;
        free_exchange(x);
    }
    for (struct block *b = loop->spare_blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(loop->input);
    free(loop->output);
}
