// Timers for who works on a loop.
#include <stdlib.h>

#include "net/inside.h"

struct net_timer {
    uv_timer_t       uv;
    struct net_loop *loop;
    void (*run)(void *context);
    void *context;
};

enum err net_timer_new(struct call *c, struct net_loop *loop, void (*run)(void *context), void *context, struct net_timer **out)
{
    struct net_timer *t = calloc(1, sizeof *t);
    if (!t) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *t = (struct net_timer){.loop = loop, .run = run, .context = context};
    uv_timer_init(&loop->uv, &t->uv);
    t->uv.data = t;
    *out = t;
    return OK;
}

static void on_due(uv_timer_t *timer)
{
    struct net_timer *t = timer->data;
    struct net_loop  *loop = t->loop;
    int64_t           began_ns = net_turn_begin(loop);
    t->run(t->context); // t may be gone after it
    net_turn_end(loop, began_ns);
}

void net_timer_start(struct net_timer *t, int64_t after_ms)
{
    uv_timer_start(&t->uv, on_due, after_ms > 0 ? (uint64_t)after_ms : 0, 0);
}

void net_timer_stop(struct net_timer *t)
{
    uv_timer_stop(&t->uv);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void net_timer_free(struct net_timer *t)
{
    if (t) uv_close((uv_handle_t *)&t->uv, on_closed);
}
