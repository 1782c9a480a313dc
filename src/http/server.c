// The server as a whole: what serves on each loop, and its listeners.
#include <stdlib.h>
#include <unistd.h>

#include "core/report.h"
#include "http/inside.h"

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static enum err prepare_loop(struct call *c, struct http_server *s, unsigned index)
{
    const struct http_settings *limits = &s->settings;
    struct http_loop           *loop = &s->loops[index];
    // Who is idle makes room first, then who has never said a word.
    const struct { int64_t limit_ms, gives_room_ms; } ROWS[] = {
        [WAIT_IDLE] = {limits->idle_timeout_ms, 0},     [WAIT_BUSY] = {limits->head_timeout_ms, HTTP_SILENT_MS},
        [WAIT_PULLING] = {limits->head_timeout_ms, -1},
        [WAIT_SENDING] = {limits->send_timeout_ms, -1}, [WAIT_LINGER] = {HTTP_LINGER_MS, -1},
        [WAIT_ASLEEP] = {limits->answer_timeout_ms, -1},
    };
    loop->server = s;
    loop->net = net_loops_at(s->net, index);
    loop->date_s = INT64_MIN;
    random_pool_init(&loop->ids);
    loop->output = malloc(HTTP_OUTPUT_BYTES);
    if (!loop->output) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < WAIT_N; i++) net_waiting_init(&loop->waits[i], loop->net, ROWS[i].limit_ms, ROWS[i].gives_room_ms);
    return OK;
}

enum err http_server_new(struct call *c, struct net_loops *loops, const struct http_settings *settings, struct http_server **out)
{
    unsigned            n = net_loops_count(loops);
    struct http_server *s = calloc(1, sizeof *s + n * sizeof s->loops[0]);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    s->net = loops;
    s->loop_n = n;
    s->settings = *settings;
    s->settings.idle_timeout_ms = or_default(settings->idle_timeout_ms, 120000);
    s->settings.head_timeout_ms = or_default(settings->head_timeout_ms, 20000);
    s->settings.answer_timeout_ms = or_default(settings->answer_timeout_ms, 120000);
    s->settings.send_timeout_ms = or_default(settings->send_timeout_ms, 30000);
    if (!settings->max_input_bytes) s->settings.max_input_bytes = (size_t)256 << 20;
    if (!settings->max_output_bytes) s->settings.max_output_bytes = (size_t)64 << 20;
    for (unsigned i = 0; i < n; i++) {
        enum err failed = prepare_loop(c, s, i);
        if (failed == OK) continue;
        http_server_free(s);
        return failed;
    }
    *out = s;
    return OK;
}

void http_server_free(struct http_server *s)
{
    if (!s) return;
    net_loops_empty(s->net);
    for (unsigned i = 0; i < s->loop_n; i++) {
        struct http_loop *loop = &s->loops[i];
        for (size_t k = 0; k < WAIT_N; k++) net_waiting_clear(&loop->waits[k]);
        if (loop->exchange_n) report(REPORT_ERROR, "http: requests were never answered", "n=%zu", loop->exchange_n);
        http_spares_free(loop);
    }
    free(s);
}

static bool accepts(int fd, void *context)
{
    struct http_listener *l = context;
    return !l->settings.accepts || l->settings.accepts(fd, l->settings.context);
}

static void free_listener(void *context)
{
    struct http_listener *l = context;
    if (l->settings.context_free) l->settings.context_free(l->settings.context);
    free(l);
}

enum err http_listen(struct call *c, struct http_server *s, const struct http_listener_settings *settings, struct http_listener **out)
{
    struct http_listener        *l = calloc(1, sizeof *l + s->loop_n * sizeof l->held_bytes[0]);
    struct net_listener_settings net = {
        .fd = settings->fd, .tls = settings->tls, .protocol = &HTTP_PROTOCOL, .context = l, .context_free = free_listener, .accepts = accepts};
    if (!l) {
        close(settings->fd);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    l->settings = *settings;
    l->server = s;
    if (!l->settings.max_asleep) l->settings.max_asleep = 1024;
    enum err failed = net_listen(c, s->net, &net, &l->net);
    if (failed != OK) {
        free(l);
        return failed;
    }
    *out = l;
    return OK;
}

void http_unlisten(struct http_listener *l)
{
    net_unlisten(l->net);
}

void *http_listener_context(const struct http_listener *l)
{
    return l->settings.context;
}
