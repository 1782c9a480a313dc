// The life of a connection: reads requests, hands them over, lingers, ends.
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/inside.h"

static struct connection *of(struct net_stream *s)
{
    return CONTAINER_OF(s, struct connection, net);
}

// For the next request.
static bool is_reading(const struct connection *k)
{
    return k->stage <= STAGE_BODY;
}

void http_connection_refuse(struct connection *k, int status, str words)
{
    http_output_flush(k, STR_NONE);
    if (k->stage == STAGE_ENDED) return;
    http_reply_write_refusal(k->loop, k->listener, status, words);
    k->last = k->moved = true;
    k->stage = STAGE_SENDING;
}

static void receive(struct connection *k)
{
    if (!http_input_make_room(k)) {
        if (k->stage == STAGE_PULLING) k->refusal = 503; // said when the exchange is answered
        else http_connection_refuse(k, 503, STR_NONE);
        return;
    }
    size_t    end = k->input_at + k->input_n;
    ptrdiff_t n = net_stream_read(&k->net, k->input->at + end, k->input->size - end);
    if (n > 0) {
        k->input_n += (size_t)n;
    } else if (n == NET_PLAIN_ON_TLS) {
        net_stream_drop_tls(&k->net);
        http_connection_refuse(k, 400, S("This port speaks TLS: use https."));
    } else if (n != NET_AGAIN) {
        k->stage = STAGE_ENDED;
    }
}

// A head is read again only when a line of it has ended since: a peer that sends byte by byte gains nothing.
static bool may_be_whole(struct connection *k)
{
    const char *fresh = k->input->at + k->input_at + k->seen_n;
    size_t      n = k->input_n - k->seen_n;
    k->seen_n = k->input_n;
    return k->stage != STAGE_HEAD || k->input_n >= HTTP_MAX_HEAD_BYTES || memchr(fresh, '\n', n);
}

static enum http_progress read_body(struct connection *k, str *out, int *out_status)
{
    char              *at = k->input->at + k->input_at + k->framing.head_bytes;
    size_t             n = k->input_n - k->framing.head_bytes;
    enum http_progress progress = n < k->framing.content_length ? HTTP_NEED_MORE : HTTP_DONE;
    *out = (str){at, k->framing.content_length};
    if (!k->framing.chunked) return progress;
    progress = http_read_chunks(&k->chunks, at, &n, out_status);
    k->input_n = k->framing.head_bytes + n;
    *out = (str){at, k->chunks.joined};
    return progress;
}

static void wait_for(struct connection *k, enum stage stage)
{
    k->moved = k->moved || k->stage != stage;
    k->stage = stage;
}

static enum http_progress read_head(struct connection *k, struct exchange *x, int *out_status)
{
    str in = {k->input->at + k->input_at, k->input_n};
    return http_read_head(in, x->headers, &x->open.request, &k->framing, out_status);
}

static bool body_is_here(const struct connection *k)
{
    return !k->framing.chunked && k->input_n - k->framing.head_bytes >= k->framing.content_length;
}

// A body that waits to be asked for is asked for once it is let in.
static void ask_for_body(struct connection *k)
{
    wait_for(k, STAGE_BODY);
    if (!k->framing.expects_continue) return;
    k->framing.expects_continue = false;
    http_output_flush(k, STR_NONE);
    if (k->stage != STAGE_ENDED) http_reply_write_continue(k->loop);
}

// Reads and hands over what is whole. False: the rest is to come, or it is over.
static bool serve_one(struct connection *k, struct exchange *x)
{
    int                status = 0;
    bool               is_new = k->stage != STAGE_BODY;
    enum http_progress progress = is_new ? read_head(k, x, &status) : HTTP_DONE;
    str                body;
    if (is_new && progress == HTTP_DONE) {
        k->chunks = (struct http_chunks){0};
        if (!body_is_here(k) && !http_exchange_admit(k, x)) return false;
        if (!body_is_here(k) && x->open.pulls_body) {
            http_exchange_run_pulling(k, x);
            return true;
        }
    } else if (progress == HTTP_NEED_MORE) {
        wait_for(k, STAGE_HEAD);
    }
    if (progress == HTTP_DONE) {
        progress = read_body(k, &body, &status);
        // When its body has come too the head is read once more: it may stand elsewhere by then.
        if (progress == HTTP_DONE && !is_new) progress = read_head(k, x, &status);
        else if (progress == HTTP_NEED_MORE) ask_for_body(k);
    }
    if (progress == HTTP_DONE) {
        x->open.request.body = body;
        http_exchange_run(k, x);
        return true;
    }
    http_exchange_drop(k->loop, x);
    if (progress == HTTP_REFUSED) http_connection_refuse(k, status, STR_NONE);
    return false;
}

// Hands over every request that is whole.
static void serve(struct connection *k)
{
    bool more = true;
    while (more && is_reading(k) && k->input_n > 0 && may_be_whole(k)) {
        struct exchange *x = http_exchange_take(k->loop);
        if (!x) k->stage = STAGE_ENDED;
        more = x && serve_one(k, x);
    }
}

// The peer has taken everything: true if the connection reads on.
static bool all_sent(struct connection *k)
{
    http_exchange_leave(k); // whose body it was
    k->moved = true;
    k->stage = k->last ? STAGE_LINGERING : STAGE_IDLE;
    // Closing at once would reset the connection if something unread had come, and the answer with it.
    if (k->last) net_stream_finish(&k->net);
    return !k->last;
}

static void throw_away(struct connection *k)
{
    char    room[4096];
    ssize_t n = recv(k->net.fd, room, sizeof room, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) k->stage = STAGE_ENDED;
}

// What the stage waits for: which bytes, and how long.
static const struct {
    enum wait_kind wait;
    bool           reads;
} STAGES[] = {
    [STAGE_IDLE] = {WAIT_IDLE, true},        [STAGE_HEAD] = {WAIT_BUSY, true},        [STAGE_BODY] = {WAIT_BUSY, true},
    [STAGE_ASLEEP] = {WAIT_ASLEEP, false},   [STAGE_PULLING] = {WAIT_PULLING, true},  [STAGE_PUSHING] = {WAIT_SENDING, false},
    [STAGE_SENDING] = {WAIT_SENDING, false}, [STAGE_LINGERING] = {WAIT_LINGER, true},
};

// The end of a turn. The connection may be gone after it.
static void settle(struct connection *k)
{
    int writable = http_output_waits(k) || k->net.wants_write ? UV_WRITABLE : 0;
    switch (k->stage) {
    case STAGE_IDLE:
    case STAGE_HEAD:
    case STAGE_BODY:
    case STAGE_PULLING:
        if (!http_input_park(k)) k->stage = STAGE_ENDED;
        else net_stream_watch(&k->net, UV_READABLE | writable);
        break;
    case STAGE_ASLEEP:
        http_input_adopt(k);
        // Readable stays watched until something comes: most exchanges are answered before.
        if (writable || (k->net.watched & UV_WRITABLE)) net_stream_watch(&k->net, writable);
        break;
    case STAGE_PUSHING:
    case STAGE_SENDING:
        http_input_adopt(k);
        net_stream_watch(&k->net, UV_WRITABLE);
        break;
    case STAGE_LINGERING:
        http_input_drop(k);
        net_stream_watch(&k->net, UV_READABLE);
        break;
    case STAGE_ENDED: break;
    }
    if (k->stage == STAGE_ENDED) {
        net_stream_close(&k->net);
        return;
    }
    if (k->moved) {
        net_waiting_enter(&k->loop->waits[STAGES[k->stage].wait], &k->net);
        k->moved = false;
        k->taken_n = 0;
    }
    http_output_count(k);
}

// A turn: everything that can be done for this connection before another one's turn.
void http_connection_go_on(struct connection *k)
{
    bool again;
    do {
        serve(k);
        http_output_flush(k, STR_NONE);
        again = false;
        if (k->stage == STAGE_PUSHING || k->stage == STAGE_PULLING) {
            enum stage before = k->stage;
            size_t     n = k->input_n;
            http_exchange_go_on(k);
            again = k->stage != before || k->input_n != n;
        } else if (k->stage == STAGE_SENDING && !http_output_waits(k)) {
            again = all_sent(k);
        }
        again = again || k->loop->output_n > 0; // the next connection has the same room for its answers
        if ((is_reading(k) || k->stage == STAGE_PULLING) && net_stream_has_more(&k->net)) {
            receive(k);
            again = true;
        }
    } while (again);
    settle(k);
}

static void on_ready(struct net_stream *s, int events)
{
    struct connection *k = of(s);
    k->turn_n = 0;
    if (events < 0) {
        k->stage = STAGE_ENDED;
    } else if (k->stage == STAGE_ASLEEP && !(events & UV_WRITABLE)) {
        net_stream_watch(s, 0); // what came is read after the answer
        return;
    } else if (k->stage == STAGE_LINGERING) {
        throw_away(k);
    } else if (STAGES[k->stage].reads && ((events & UV_READABLE) || s->wants_write)) {
        receive(k);
    }
    http_connection_go_on(k);
}

static void on_expired(struct net_stream *s)
{
    struct connection *k = of(s);
    bool               has_begun = k->exchange && k->exchange->begun;
    if (k->stage == STAGE_HEAD || k->stage == STAGE_BODY) {
        http_connection_refuse(k, 408, STR_NONE);
        http_connection_go_on(k);
    } else if (k->stage == STAGE_ASLEEP && !has_begun && !http_output_waits(k)) {
        http_exchange_leave(k);
        http_connection_refuse(k, 503, STR_NONE);
        http_connection_go_on(k);
    } else {
        net_stream_close(s);
    }
}

static void on_closing(struct net_stream *s)
{
    struct connection *k = of(s);
    http_output_drop(k);
    http_exchange_leave(k);
    http_input_drop(k);
}

static void on_opened(struct net_stream *s)
{
    struct connection *k = of(s);
    k->listener = net_listener_context(s->listener);
    k->loop = &k->listener->server->loops[net_loop_index(s->loop)];
    net_waiting_enter(&k->loop->waits[WAIT_BUSY], s); // a peer that has yet to say a word has as long for it as for a head
    net_stream_watch(s, UV_READABLE);
}

static bool is_idle(const struct net_stream *s)
{
    return CONTAINER_OF(s, const struct connection, net)->stage == STAGE_IDLE;
}

const struct net_protocol HTTP_PROTOCOL = {
    .stream_bytes = sizeof(struct connection),
    .opened = on_opened,
    .ready = on_ready,
    .expired = on_expired,
    .closing = on_closing,
    .is_idle = is_idle,
};
