// An exchange between the loop and its handler: handed over, given back for a step, taken up again.
#include <stdlib.h>
#include <sys/socket.h>

#include "core/report.h"
#include "http/inside.h"
#include "net/address.h"

static void begin_call(struct http_loop *loop, struct call *c)
{
    // The correlation id comes from the loop's own pool, which no other thread may use.
    const struct http_settings *s = &loop->server->settings;
    c->random = s->random ? s->random : &loop->ids.random;
    call_reset(c, s->clock);
    c->random = s->random;
}

// A request as its handler gets it; what an earlier one left in the struct is gone.
static void begin(struct connection *conn, struct exchange *x)
{
    struct http_exchange *open = &x->open;
    conn->exchange = x;
    conn->stage = STAGE_ASLEEP;
    conn->moved = true;
    x->connection = conn;
    x->awaits = x->begun = x->chunked = x->in_chunk = x->is_whole = false;
    open->request.secure = conn->net.ssl != NULL;
    open->listener = conn->listener;
    open->user = NULL;
    open->piece = STR_NONE;
    open->peer_gone = open->pulls_body = false;
    open->max_body_bytes = HTTP_MAX_BODY_BYTES;
    open->response = (struct http_response){0};
    buf_init(&open->response.head, &open->call.arena);
    begin_call(conn->loop, &open->call);
    const struct http_listener_settings *s = &conn->listener->settings;
    open->note = s->notes ? s->notes(&open->call, conn->net.fd, s->context) : NULL;
}

str http_peer_address(struct http_exchange *open)
{
    const struct exchange  *x = CONTAINER_OF(open, struct exchange, open);
    struct sockaddr_storage at;
    socklen_t               n = sizeof at;
    char                    text[NET_ADDRESS_TEXT_BYTES];
    bool                    has_one =
        x->connection && getpeername(x->connection->net.fd, (struct sockaddr *)&at, &n) == 0 && net_address_text((struct sockaddr *)&at, text);
    return has_one ? call_format(&open->call, "%s", text) : STR_NONE;
}

static void drop(struct connection *conn)
{
    http_exchange_drop(conn->loop, conn->exchange);
    conn->exchange = NULL;
}

// The body in pieces

// What was lent is used up.
static void take_piece_back(struct connection *conn)
{
    conn->input_at += conn->piece_n;
    conn->input_n -= conn->piece_n;
    conn->piece_n = 0;
    http_take_chunks(&conn->chunks);
}

static enum http_progress next_chunk(struct connection *conn, str *out)
{
    if (conn->input_n == 0) return HTTP_NEED_MORE;
    char              *at = conn->input->at + conn->input_at;
    enum http_progress progress = http_read_chunks(&conn->chunks, at, &conn->input_n, &conn->refusal);
    if (progress == HTTP_REFUSED) return progress;
    conn->body_ended = progress == HTTP_DONE;
    conn->piece_n = conn->chunks.joined;
    *out = (str){at, conn->piece_n};
    return conn->piece_n ? HTTP_DONE : progress;
}

static enum http_progress next_of_length(struct connection *conn, str *out)
{
    size_t n = conn->input_n < conn->body_left ? conn->input_n : (size_t)conn->body_left;
    if (n == 0) return HTTP_NEED_MORE;
    conn->body_left -= n;
    conn->body_ended = conn->body_left == 0;
    conn->piece_n = n;
    *out = (str){conn->input->at + conn->input_at, n};
    return HTTP_DONE;
}

static enum http_progress next_piece(struct connection *conn, str *out)
{
    *out = STR_NONE;
    take_piece_back(conn);
    if (conn->exchange->is_whole) {
        conn->exchange->is_whole = false;
        *out = conn->exchange->open.request.body;
        return HTTP_DONE;
    }
    if (conn->body_ended) return HTTP_DONE;
    return conn->framing.chunked ? next_chunk(conn, out) : next_of_length(conn, out);
}

// A peer that lets each piece wait has, for all that makes up HTTP_LEAST_TAKEN bytes together, as long as for one.
static void count_slowness(struct connection *conn, size_t n)
{
    int64_t now = net_loop_now_ms(conn->loop->net);
    if (conn->waits_from_ms) conn->slow_ms += now - conn->waits_from_ms;
    conn->waits_from_ms = 0;
    conn->passed_n += n;
    if (conn->passed_n < HTTP_LEAST_TAKEN) return;
    conn->slow_ms = 0;
    conn->passed_n = 0;
}

static void wait_for_peer(struct connection *conn, enum stage stage)
{
    if (conn->stage == STAGE_ENDED) return;
    if (conn->stage != stage) conn->moved = true;
    conn->stage = stage;
    conn->exchange->awaits = true;
    if (!conn->waits_from_ms) conn->waits_from_ms = net_loop_now_ms(conn->loop->net);
    const struct http_settings *s = &conn->loop->server->settings;
    if (conn->slow_ms > (stage == STAGE_PULLING ? s->head_timeout_ms : s->send_timeout_ms)) conn->stage = STAGE_ENDED;
}

static void fall_asleep(struct connection *conn)
{
    conn->is_out = true;
    atomic_fetch_add_explicit(&conn->listener->asleep_n, 1, memory_order_relaxed);
}

// The piece is there, or out. NULL: after the others' turn.
static http_continue *piece_done(struct connection *conn, struct exchange *x, size_t n)
{
    x->awaits = false;
    count_slowness(conn, n);
    conn->turn_n += n;
    if (conn->turn_n < HTTP_TURN_BYTES) return x->then;
    x->step = STEP_ON;
    if (conn->stage != STAGE_ENDED) conn->stage = STAGE_ASLEEP;
    conn->moved = true;
    fall_asleep(conn);
    net_post(conn->loop->net, &x->back);
    return NULL;
}

// Nothing of the body will come, or nobody reads the answer.
static http_continue *peer_is_gone(struct exchange *x)
{
    x->open.peer_gone = true;
    x->open.piece = STR_NONE;
    x->awaits = false;
    return x->then;
}

static http_continue *pull(struct connection *conn, struct exchange *x)
{
    if (conn->stage == STAGE_ENDED || conn->refusal) return peer_is_gone(x);
    bool               is_first = conn->framing.expects_continue && !conn->body_ended;
    enum http_progress progress = next_piece(conn, &x->open.piece);
    if (progress == HTTP_REFUSED) return peer_is_gone(x);
    if (progress == HTTP_DONE) return piece_done(conn, x, x->open.piece.n);
    wait_for_peer(conn, STAGE_PULLING);
    if (!is_first) return NULL;
    conn->framing.expects_continue = false;
    http_output_flush(conn, STR_NONE);
    if (conn->stage != STAGE_ENDED) http_reply_write_continue(conn->loop);
    return NULL;
}

// Does the peer see from the message alone where its body ends?
static void choose_framing(struct connection *conn, struct exchange *x)
{
    bool known = x->open.response.length > 0, has_body = http_has_body(&x->open);
    x->left = x->open.response.length;
    x->chunked = has_body && !known && !conn->framing.is_1_0;
    conn->last = !conn->framing.keep_alive || x->open.response.close || net_loop_is_stopping(conn->loop->net);
    if (has_body && !known && !x->chunked) conn->last = true;
}

static void begin_pushed(struct connection *conn, struct exchange *x)
{
    http_reply_check(x);
    choose_framing(conn, x);
    http_output_flush(conn, STR_NONE);
    if (conn->stage != STAGE_ENDED) http_reply_write_pushed(conn->loop, x, conn->last);
    x->begun = true;
}

static http_continue *push(struct connection *conn, struct exchange *x)
{
    if (conn->stage == STAGE_ENDED) return peer_is_gone(x);
    if (!x->begun) begin_pushed(conn, x);
    if (!http_has_body(&x->open) || x->pushed.n == 0) return piece_done(conn, x, 0);
    if (x->open.response.length && x->pushed.n > x->left) {
        report(REPORT_ERROR, "http: more was pushed than was announced", "correlation=%s", guid_text(x->open.call.correlation_id).s);
        conn->stage = STAGE_ENDED;
        return peer_is_gone(x);
    }
    x->left -= x->open.response.length ? x->pushed.n : 0;
    if (x->chunked) http_reply_write_chunk(conn->loop, x, x->pushed.n);
    wait_for_peer(conn, STAGE_PUSHING);
    http_output_flush(conn, x->pushed);
    if (conn->stage == STAGE_ENDED) return peer_is_gone(x);
    return http_output_waits(conn) ? NULL : piece_done(conn, x, x->pushed.n);
}

// The end of an exchange

// Its answer goes behind what is in the output, or out if it is too large for that.
static void write_whole(struct connection *conn, struct exchange *x)
{
    struct http_loop *loop = conn->loop;
    http_reply_check(x);
    conn->last = !conn->framing.keep_alive || x->open.response.close || !conn->body_ended || net_loop_is_stopping(loop->net);
    bool whole = http_reply_write(loop, x, conn->last, true);
    if (!whole) {
        http_output_flush(conn, STR_NONE);
        whole = http_reply_write(loop, x, conn->last, true);
    }
    if (whole) return;
    http_reply_write(loop, x, conn->last, false);
    http_output_flush(conn, http_reply_body(x));
}

static void finish_pushed(struct connection *conn, struct exchange *x)
{
    bool is_cut = x->open.response.breaks || (x->open.response.length && x->left > 0 && http_has_body(&x->open));
    if (!conn->body_ended) conn->last = true; // what is left of it would be taken for a request
    if (is_cut) http_output_flush(conn, STR_NONE);
    if (is_cut) conn->stage = STAGE_ENDED;
    else if (x->chunked) http_reply_write_chunk(conn->loop, x, 0);
}

static void answer(struct connection *conn)
{
    struct exchange *x = conn->exchange;
    take_piece_back(conn);
    if (conn->refusal && !x->begun && conn->stage != STAGE_ENDED) {
        drop(conn);
        http_connection_refuse(conn, conn->refusal, STR_NONE);
        return;
    }
    if (x->begun) finish_pushed(conn, x);
    else if (conn->stage != STAGE_ENDED) write_whole(conn, x);
    if (conn->unsent_body.n == 0) drop(conn);
    if (conn->stage == STAGE_ENDED) return;
    conn->stage = conn->last || http_output_waits(conn) ? STAGE_SENDING : STAGE_IDLE;
    conn->moved = true;
}

// To and fro

// True: it has come back already.
static bool lend(struct exchange *x, http_continue *then)
{
    int expected = EXCHANGE_HANDLED;
    atomic_store_explicit(&x->stage, EXCHANGE_HANDLED, memory_order_relaxed);
    then(&x->open);
    return !atomic_compare_exchange_strong_explicit(&x->stage, &expected, EXCHANGE_ASLEEP, memory_order_acq_rel, memory_order_acquire);
}

// What comes next; NULL: it is answered, or waits.
static http_continue *take_step(struct connection *conn, struct exchange *x)
{
    switch (x->step) {
    case STEP_REPLY: answer(conn); return NULL;
    case STEP_PULL: return pull(conn, x);
    case STEP_PUSH: return push(conn, x);
    case STEP_ON: return conn->stage == STAGE_ENDED ? peer_is_gone(x) : x->then;
    }
    return NULL;
}

// As many steps as can be taken at once.
static void work(struct connection *conn, struct exchange *x, http_continue *then)
{
    while (then) {
        if (conn->stage != STAGE_ENDED) conn->stage = STAGE_ASLEEP;
        conn->moved = true;
        if (!lend(x, then)) {
            fall_asleep(conn);
            return;
        }
        then = take_step(conn, x);
    }
}

static void run_handler(struct http_exchange *open)
{
    const struct http_listener_settings *to = &open->listener->settings;
    to->handler(open, to->context);
}

static void run_admit(struct http_exchange *open)
{
    const struct http_listener_settings *to = &open->listener->settings;
    to->admit(open, to->context);
}

// A listener whose exchanges wait without end does not get more of them.
static bool has_too_many(struct connection *conn, struct exchange *x)
{
    const struct http_listener *l = conn->listener;
    if (atomic_load_explicit(&l->asleep_n, memory_order_relaxed) < l->settings.max_asleep) return false;
    http_exchange_drop(conn->loop, x);
    http_connection_refuse(conn, 503, STR_NONE);
    return true;
}

void http_exchange_run(struct connection *conn, struct exchange *x)
{
    size_t used = conn->framing.head_bytes + x->open.request.body.n;
    if (has_too_many(conn, x)) return;
    conn->input_at += used;
    conn->input_n -= used;
    conn->seen_n = 0;
    conn->body_ended = true;
    conn->refusal = 0;
    begin(conn, x);
    x->is_whole = x->open.request.body.n > 0;
    work(conn, x, run_handler);
}

bool http_exchange_admit(struct connection *conn, struct exchange *x)
{
    conn->body_ended = false;
    conn->refusal = 0;
    if (has_too_many(conn, x)) return false;
    begin(conn, x);
    if (conn->listener->settings.admit && lend(x, run_admit)) {
        answer(conn);
        return false;
    }
    uint64_t most = x->open.max_body_bytes;
    if (!x->open.pulls_body && most > HTTP_MAX_BODY_BYTES) most = HTTP_MAX_BODY_BYTES;
    conn->chunks = (struct http_chunks){.limit = most ? (size_t)most : 1};
    conn->body_left = conn->framing.content_length;
    conn->exchange = NULL;
    if (conn->framing.content_length <= most) return true;
    http_exchange_drop(conn->loop, x);
    http_connection_refuse(conn, 413, STR_NONE);
    return false;
}

void http_exchange_run_pulling(struct connection *conn, struct exchange *x)
{
    conn->input_at += conn->framing.head_bytes;
    conn->input_n -= conn->framing.head_bytes;
    conn->seen_n = 0;
    conn->slow_ms = 0;
    conn->passed_n = 0;
    if (!http_input_split(conn, &x->blocks[0])) {
        http_exchange_drop(conn->loop, x);
        http_connection_refuse(conn, 503, STR_NONE);
        return;
    }
    conn->exchange = x;
    conn->body_ended = !conn->framing.chunked && conn->body_left == 0;
    work(conn, x, run_handler);
}

void http_exchange_go_on(struct connection *conn)
{
    struct exchange *x = conn->exchange;
    if (conn->stage == STAGE_PULLING) work(conn, x, pull(conn, x));
    else if (conn->stage == STAGE_PUSHING && !http_output_waits(conn)) work(conn, x, piece_done(conn, x, x->pushed.n));
}

// Gives it back for `step`. Before the handler has returned the loop sees to it by itself, and x may be gone after this.
static void give_back(struct exchange *x, enum step step)
{
    struct net_loop *loop = x->open.loop;
    x->step = step;
    if (atomic_exchange_explicit(&x->stage, EXCHANGE_BACK, memory_order_acq_rel) == EXCHANGE_ASLEEP) net_post(loop, &x->back);
}

void http_reply(struct http_exchange *open)
{
    give_back(CONTAINER_OF(open, struct exchange, open), STEP_REPLY);
}

void http_pull(struct http_exchange *open, http_continue *then)
{
    struct exchange *x = CONTAINER_OF(open, struct exchange, open);
    x->then = then;
    give_back(x, STEP_PULL);
}

void http_push(struct http_exchange *open, str piece, http_continue *then)
{
    struct exchange *x = CONTAINER_OF(open, struct exchange, open);
    x->then = then;
    x->pushed = piece;
    give_back(x, STEP_PUSH);
}

// Whose connection has closed: told so until it replies, which goes nowhere.
static void go_on_alone(struct exchange *x)
{
    struct net_listener  *l = x->listener;
    struct http_listener *of = net_listener_context(l);
    while (x->step != STEP_REPLY) {
        if (lend(x, peer_is_gone(x))) continue;
        atomic_fetch_add_explicit(&of->asleep_n, 1, memory_order_relaxed);
        return;
    }
    http_exchange_drop(x->loop, x);
    net_listener_drop(l);
}

void http_exchange_back(struct net_task *task)
{
    struct exchange      *x = CONTAINER_OF(task, struct exchange, back);
    struct connection    *conn = x->connection;
    struct http_listener *of = conn ? conn->listener : net_listener_context(x->listener);
    atomic_fetch_sub_explicit(&of->asleep_n, 1, memory_order_relaxed);
    if (!conn) {
        go_on_alone(x);
        return;
    }
    conn->is_out = false;
    conn->turn_n = 0;
    work(conn, x, take_step(conn, x));
    http_connection_go_on(conn);
}

// It goes on alone: its request stays, and its listener.
void http_exchange_leave(struct connection *conn)
{
    struct exchange *x = conn->exchange;
    if (!x) return;
    if (!conn->is_out && !x->awaits) {
        drop(conn);
        return;
    }
    if (!conn->is_out) {
        fall_asleep(conn);
        net_post(conn->loop->net, &x->back);
    }
    http_input_adopt(conn);
    x->blocks[x->blocks[0] != NULL] = conn->input;
    conn->input = NULL;
    conn->input_at = conn->input_n = conn->piece_n = 0;
    x->connection = NULL;
    x->listener = conn->net.listener;
    net_listener_keep(x->listener);
    conn->exchange = NULL;
    conn->is_out = false;
}
