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
static bool is_reading(const struct connection *conn)
{
    return conn->stage <= STAGE_BODY;
}

void http_connection_refuse(struct connection *conn, int status, str words)
{
    http_output_flush(conn, STR_NONE);
    if (conn->stage == STAGE_ENDED) return;
    http_reply_write_refusal(conn->loop, conn->listener, status, words);
    conn->last = conn->moved = true;
    conn->stage = STAGE_SENDING;
}

static void receive(struct connection *conn)
{
    if (!http_input_make_room(conn)) {
        if (conn->stage == STAGE_PULLING) conn->refusal = 503; // said when the exchange is answered
        else http_connection_refuse(conn, 503, STR_NONE);
        return;
    }
    size_t    end = conn->input_at + conn->input_n;
    ptrdiff_t n = net_stream_read(&conn->net, conn->input->at + end, conn->input->size - end);
    if (n > 0) {
        conn->input_n += (size_t)n;
    } else if (n == NET_PLAIN_ON_TLS) {
        net_stream_drop_tls(&conn->net);
        http_connection_refuse(conn, 400, S("This port speaks TLS: use https."));
    } else if (n != NET_AGAIN) {
        conn->stage = STAGE_ENDED;
    }
}

// A head is read again only when a line of it has ended since: a peer that sends byte by byte gains nothing.
static bool may_be_whole(struct connection *conn)
{
    const char *fresh = conn->input->at + conn->input_at + conn->seen_n;
    size_t      n = conn->input_n - conn->seen_n;
    conn->seen_n = conn->input_n;
    return conn->stage != STAGE_HEAD || conn->input_n >= HTTP_MAX_HEAD_BYTES || memchr(fresh, '\n', n);
}

static enum http_progress read_body(struct connection *conn, str *out, int *out_status)
{
    char              *at = conn->input->at + conn->input_at + conn->framing.head_bytes;
    size_t             n = conn->input_n - conn->framing.head_bytes;
    enum http_progress progress = n < conn->framing.content_length ? HTTP_NEED_MORE : HTTP_DONE;
    *out = (str){at, conn->framing.content_length};
    if (!conn->framing.chunked) return progress;
    progress = http_read_chunks(&conn->chunks, at, &n, out_status);
    conn->input_n = conn->framing.head_bytes + n;
    *out = (str){at, conn->chunks.joined};
    return progress;
}

static void wait_for(struct connection *conn, enum stage stage)
{
    conn->moved = conn->moved || conn->stage != stage;
    conn->stage = stage;
}

static enum http_progress read_head(struct connection *conn, struct exchange *x, int *out_status)
{
    str in = {conn->input->at + conn->input_at, conn->input_n};
    return http_read_head(in, x->headers, &x->open.request, &conn->framing, out_status);
}

static bool body_is_here(const struct connection *conn)
{
    return !conn->framing.chunked && conn->input_n - conn->framing.head_bytes >= conn->framing.content_length;
}

// A body that waits to be asked for is asked for once it is let in.
static void ask_for_body(struct connection *conn)
{
    wait_for(conn, STAGE_BODY);
    if (!conn->framing.expects_continue) return;
    conn->framing.expects_continue = false;
    http_output_flush(conn, STR_NONE);
    if (conn->stage != STAGE_ENDED) http_reply_write_continue(conn->loop);
}

// Reads and hands over what is whole. False: the rest is to come, or it is over.
static bool serve_one(struct connection *conn, struct exchange *x)
{
    int                status = 0;
    bool               is_new = conn->stage != STAGE_BODY;
    enum http_progress progress = is_new ? read_head(conn, x, &status) : HTTP_DONE;
    str                body;
    if (is_new && progress == HTTP_DONE) {
        conn->chunks = (struct http_chunks){0};
        if (!body_is_here(conn) && !http_exchange_admit(conn, x)) return false;
        if (!body_is_here(conn) && x->open.pulls_body) {
            http_exchange_run_pulling(conn, x);
            return true;
        }
    } else if (progress == HTTP_NEED_MORE) {
        wait_for(conn, STAGE_HEAD);
    }
    if (progress == HTTP_DONE) {
        progress = read_body(conn, &body, &status);
        // When its body has come too the head is read once more: it may stand elsewhere by then.
        if (progress == HTTP_DONE && !is_new) progress = read_head(conn, x, &status);
        else if (progress == HTTP_NEED_MORE) ask_for_body(conn);
    }
    if (progress == HTTP_DONE) {
        x->open.request.body = body;
        http_exchange_run(conn, x);
        return true;
    }
    http_exchange_drop(conn->loop, x);
    if (progress == HTTP_REFUSED) http_connection_refuse(conn, status, STR_NONE);
    return false;
}

// Hands over every request that is whole.
static void serve(struct connection *conn)
{
    bool more = true;
    while (more && is_reading(conn) && conn->input_n > 0 && may_be_whole(conn)) {
        struct exchange *x = http_exchange_take(conn->loop);
        if (!x) conn->stage = STAGE_ENDED;
        more = x && serve_one(conn, x);
    }
}

// The peer has taken everything: true if the connection reads on.
static bool all_sent(struct connection *conn)
{
    http_exchange_leave(conn); // whose body it was
    conn->moved = true;
    conn->stage = conn->last ? STAGE_LINGERING : STAGE_IDLE;
    // Closing at once would reset the connection if something unread had come, and the answer with it.
    if (conn->last) net_stream_finish(&conn->net);
    return !conn->last;
}

static void throw_away(struct connection *conn)
{
    char    room[4096];
    ssize_t n = recv(conn->net.fd, room, sizeof room, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) conn->stage = STAGE_ENDED;
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
static void settle(struct connection *conn)
{
    int writable = http_output_waits(conn) || conn->net.wants_write ? UV_WRITABLE : 0;
    switch (conn->stage) {
    case STAGE_IDLE:
    case STAGE_HEAD:
    case STAGE_BODY:
    case STAGE_PULLING:
        if (!http_input_park(conn)) conn->stage = STAGE_ENDED;
        else net_stream_watch(&conn->net, UV_READABLE | writable);
        break;
    case STAGE_ASLEEP:
        http_input_adopt(conn);
        // Readable stays watched until something comes: most exchanges are answered before.
        if (writable || (conn->net.watched & UV_WRITABLE)) net_stream_watch(&conn->net, writable);
        break;
    case STAGE_PUSHING:
    case STAGE_SENDING:
        http_input_adopt(conn);
        net_stream_watch(&conn->net, UV_WRITABLE);
        break;
    case STAGE_LINGERING:
        http_input_drop(conn);
        net_stream_watch(&conn->net, UV_READABLE);
        break;
    case STAGE_ENDED: break;
    }
    if (conn->stage == STAGE_ENDED) {
        net_stream_close(&conn->net);
        return;
    }
    if (conn->moved) {
        net_waiting_enter(&conn->loop->waits[STAGES[conn->stage].wait], &conn->net);
        conn->moved = false;
        conn->taken_n = 0;
    }
    http_output_count(conn);
}

// A turn: everything that can be done for this connection before another one's turn.
void http_connection_go_on(struct connection *conn)
{
    bool again;
    do {
        serve(conn);
        http_output_flush(conn, STR_NONE);
        again = false;
        if (conn->stage == STAGE_PUSHING || conn->stage == STAGE_PULLING) {
            enum stage before = conn->stage;
            size_t     n = conn->input_n;
            http_exchange_go_on(conn);
            again = conn->stage != before || conn->input_n != n;
        } else if (conn->stage == STAGE_SENDING && !http_output_waits(conn)) {
            again = all_sent(conn);
        }
        again = again || conn->loop->output_n > 0; // the next connection has the same room for its answers
        if ((is_reading(conn) || conn->stage == STAGE_PULLING) && net_stream_has_more(&conn->net)) {
            receive(conn);
            again = true;
        }
    } while (again);
    settle(conn);
}

static void on_ready(struct net_stream *s, int events)
{
    struct connection *conn = of(s);
    conn->turn_n = 0;
    if (events < 0) {
        conn->stage = STAGE_ENDED;
    } else if (conn->stage == STAGE_ASLEEP && !(events & UV_WRITABLE)) {
        net_stream_watch(s, 0); // what came is read after the answer
        return;
    } else if (conn->stage == STAGE_LINGERING) {
        throw_away(conn);
    } else if (STAGES[conn->stage].reads && ((events & UV_READABLE) || s->wants_write)) {
        receive(conn);
    }
    http_connection_go_on(conn);
}

static void on_expired(struct net_stream *s)
{
    struct connection *conn = of(s);
    bool               has_begun = conn->exchange && conn->exchange->begun;
    if (conn->stage == STAGE_HEAD || conn->stage == STAGE_BODY) {
        http_connection_refuse(conn, 408, STR_NONE);
        http_connection_go_on(conn);
    } else if (conn->stage == STAGE_ASLEEP && !has_begun && !http_output_waits(conn)) {
        http_exchange_leave(conn);
        http_connection_refuse(conn, 503, STR_NONE);
        http_connection_go_on(conn);
    } else {
        net_stream_close(s);
    }
}

static void on_closing(struct net_stream *s)
{
    struct connection *conn = of(s);
    http_output_drop(conn);
    http_exchange_leave(conn);
    http_input_drop(conn);
}

static void on_opened(struct net_stream *s)
{
    struct connection *conn = of(s);
    conn->listener = net_listener_context(s->listener);
    conn->loop = &conn->listener->server->loops[net_loop_index(s->loop)];
    net_waiting_enter(&conn->loop->waits[WAIT_BUSY], s); // a peer that has yet to say a word has as long for it as for a head
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
