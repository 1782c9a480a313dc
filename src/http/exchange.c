// An exchange between the loop and its handler: handed over, given back for a step, taken up again.
#include <stdlib.h>

#include "core/report.h"
#include "http/inside.h"

static void begin_call(struct http_loop *loop, struct call *c)
{
    // The correlation id comes from the loop's own pool, which no other thread may use.
    const struct http_settings *s = &loop->server->settings;
    c->random = s->random ? s->random : &loop->ids.random;
    call_reset(c, s->clock);
    c->random = s->random;
}

// A request as its handler gets it; what an earlier one left in the struct is gone.
static void begin(struct connection *k, struct exchange *x)
{
    struct http_exchange *open = &x->open;
    k->exchange = x;
    k->stage = STAGE_ASLEEP;
    k->moved = true;
    x->connection = k;
    x->awaits = x->begun = x->chunked = x->in_chunk = x->is_whole = false;
    open->request.secure = k->net.ssl != NULL;
    open->listener = k->listener;
    open->user = NULL;
    open->piece = STR_NONE;
    open->peer_gone = open->pulls_body = false;
    open->max_body_bytes = HTTP_MAX_BODY_BYTES;
    open->response = (struct http_response){0};
    buf_init(&open->response.head, &open->call.arena);
    begin_call(k->loop, &open->call);
}

static void drop(struct connection *k)
{
    http_exchange_drop(k->loop, k->exchange);
    k->exchange = NULL;
}

// The body in pieces

// What was lent is used up.
static void take_piece_back(struct connection *k)
{
    k->input_at += k->piece_n;
    k->input_n -= k->piece_n;
    k->piece_n = 0;
    http_take_chunks(&k->chunks);
}

static enum http_progress next_chunk(struct connection *k, str *out)
{
    if (k->input_n == 0) return HTTP_NEED_MORE;
    char              *at = k->input->at + k->input_at;
    enum http_progress progress = http_read_chunks(&k->chunks, at, &k->input_n, &k->refusal);
    if (progress == HTTP_REFUSED) return progress;
    k->body_ended = progress == HTTP_DONE;
    k->piece_n = k->chunks.joined;
    *out = (str){at, k->piece_n};
    return k->piece_n ? HTTP_DONE : progress;
}

static enum http_progress next_of_length(struct connection *k, str *out)
{
    size_t n = k->input_n < k->body_left ? k->input_n : (size_t)k->body_left;
    if (n == 0) return HTTP_NEED_MORE;
    k->body_left -= n;
    k->body_ended = k->body_left == 0;
    k->piece_n = n;
    *out = (str){k->input->at + k->input_at, n};
    return HTTP_DONE;
}

static enum http_progress next_piece(struct connection *k, str *out)
{
    *out = STR_NONE;
    take_piece_back(k);
    if (k->exchange->is_whole) {
        k->exchange->is_whole = false;
        *out = k->exchange->open.request.body;
        return HTTP_DONE;
    }
    if (k->body_ended) return HTTP_DONE;
    return k->framing.chunked ? next_chunk(k, out) : next_of_length(k, out);
}

// A peer that lets each piece wait has, for all that makes up HTTP_LEAST_TAKEN bytes together, as long as for one.
static void count_slowness(struct connection *k, size_t n)
{
    int64_t now = net_loop_now_ms(k->loop->net);
    if (k->waits_from_ms) k->slow_ms += now - k->waits_from_ms;
    k->waits_from_ms = 0;
    k->passed_n += n;
    if (k->passed_n < HTTP_LEAST_TAKEN) return;
    k->slow_ms = 0;
    k->passed_n = 0;
}

static void wait_for_peer(struct connection *k, enum stage stage)
{
    if (k->stage == STAGE_ENDED) return;
    if (k->stage != stage) k->moved = true;
    k->stage = stage;
    k->exchange->awaits = true;
    if (!k->waits_from_ms) k->waits_from_ms = net_loop_now_ms(k->loop->net);
    const struct http_settings *s = &k->loop->server->settings;
    if (k->slow_ms > (stage == STAGE_PULLING ? s->head_timeout_ms : s->send_timeout_ms)) k->stage = STAGE_ENDED;
}

static void fall_asleep(struct connection *k)
{
    k->is_out = true;
    atomic_fetch_add_explicit(&k->listener->asleep_n, 1, memory_order_relaxed);
}

// The piece is there, or out. NULL: after the others' turn.
static http_continue *piece_done(struct connection *k, struct exchange *x, size_t n)
{
    x->awaits = false;
    count_slowness(k, n);
    k->turn_n += n;
    if (k->turn_n < HTTP_TURN_BYTES) return x->then;
    x->step = STEP_ON;
    if (k->stage != STAGE_ENDED) k->stage = STAGE_ASLEEP;
    k->moved = true;
    fall_asleep(k);
    net_post(k->loop->net, &x->back);
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

static http_continue *pull(struct connection *k, struct exchange *x)
{
    if (k->stage == STAGE_ENDED || k->refusal) return peer_is_gone(x);
    bool               is_first = k->framing.expects_continue && !k->body_ended;
    enum http_progress progress = next_piece(k, &x->open.piece);
    if (progress == HTTP_REFUSED) return peer_is_gone(x);
    if (progress == HTTP_DONE) return piece_done(k, x, x->open.piece.n);
    wait_for_peer(k, STAGE_PULLING);
    if (!is_first) return NULL;
    k->framing.expects_continue = false;
    http_output_flush(k, STR_NONE);
    if (k->stage != STAGE_ENDED) http_reply_write_continue(k->loop);
    return NULL;
}

// Does the peer see from the message alone where its body ends?
static void choose_framing(struct connection *k, struct exchange *x)
{
    bool known = x->open.response.length > 0, has_body = http_reply_has_body(x);
    x->left = x->open.response.length;
    x->chunked = has_body && !known && !k->framing.is_1_0;
    k->last = !k->framing.keep_alive || x->open.response.close || net_loop_is_stopping(k->loop->net);
    if (has_body && !known && !x->chunked) k->last = true;
}

static void begin_pushed(struct connection *k, struct exchange *x)
{
    http_reply_check(x);
    choose_framing(k, x);
    http_output_flush(k, STR_NONE);
    if (k->stage != STAGE_ENDED) http_reply_write_pushed(k->loop, x, k->last);
    x->begun = true;
}

static http_continue *push(struct connection *k, struct exchange *x)
{
    if (k->stage == STAGE_ENDED) return peer_is_gone(x);
    if (!x->begun) begin_pushed(k, x);
    if (!http_reply_has_body(x) || x->pushed.n == 0) return piece_done(k, x, 0);
    if (x->open.response.length && x->pushed.n > x->left) {
        report(REPORT_ERROR, "http: more was pushed than was announced", "correlation=%s", guid_text(x->open.call.correlation_id).s);
        k->stage = STAGE_ENDED;
        return peer_is_gone(x);
    }
    x->left -= x->open.response.length ? x->pushed.n : 0;
    if (x->chunked) http_reply_write_chunk(k->loop, x, x->pushed.n);
    wait_for_peer(k, STAGE_PUSHING);
    http_output_flush(k, x->pushed);
    if (k->stage == STAGE_ENDED) return peer_is_gone(x);
    return http_output_waits(k) ? NULL : piece_done(k, x, x->pushed.n);
}

// The end of an exchange

// Its answer goes behind what is in the output, or out if it is too large for that.
static void write_whole(struct connection *k, struct exchange *x)
{
    struct http_loop *loop = k->loop;
    http_reply_check(x);
    k->last = !k->framing.keep_alive || x->open.response.close || !k->body_ended || net_loop_is_stopping(loop->net);
    bool whole = http_reply_write(loop, x, k->last, true);
    if (!whole) {
        http_output_flush(k, STR_NONE);
        whole = http_reply_write(loop, x, k->last, true);
    }
    if (whole) return;
    http_reply_write(loop, x, k->last, false);
    http_output_flush(k, http_reply_body(x));
}

static void finish_pushed(struct connection *k, struct exchange *x)
{
    bool is_cut = x->open.response.breaks || (x->open.response.length && x->left > 0 && http_reply_has_body(x));
    if (!k->body_ended) k->last = true; // what is left of it would be taken for a request
    if (is_cut) http_output_flush(k, STR_NONE);
    if (is_cut) k->stage = STAGE_ENDED;
    else if (x->chunked) http_reply_write_chunk(k->loop, x, 0);
}

static void answer(struct connection *k)
{
    struct exchange *x = k->exchange;
    take_piece_back(k);
    if (k->refusal && !x->begun && k->stage != STAGE_ENDED) {
        drop(k);
        http_connection_refuse(k, k->refusal, STR_NONE);
        return;
    }
    if (x->begun) finish_pushed(k, x);
    else if (k->stage != STAGE_ENDED) write_whole(k, x);
    if (k->unsent_body.n == 0) drop(k);
    if (k->stage == STAGE_ENDED) return;
    k->stage = k->last || http_output_waits(k) ? STAGE_SENDING : STAGE_IDLE;
    k->moved = true;
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
static http_continue *take_step(struct connection *k, struct exchange *x)
{
    switch (x->step) {
    case STEP_REPLY: answer(k); return NULL;
    case STEP_PULL: return pull(k, x);
    case STEP_PUSH: return push(k, x);
    case STEP_ON: return k->stage == STAGE_ENDED ? peer_is_gone(x) : x->then;
    }
    return NULL;
}

// As many steps as can be taken at once.
static void work(struct connection *k, struct exchange *x, http_continue *then)
{
    while (then) {
        if (k->stage != STAGE_ENDED) k->stage = STAGE_ASLEEP;
        k->moved = true;
        if (!lend(x, then)) {
            fall_asleep(k);
            return;
        }
        then = take_step(k, x);
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
static bool has_too_many(struct connection *k, struct exchange *x)
{
    const struct http_listener *l = k->listener;
    if (atomic_load_explicit(&l->asleep_n, memory_order_relaxed) < l->settings.max_asleep) return false;
    http_exchange_drop(k->loop, x);
    http_connection_refuse(k, 503, STR_NONE);
    return true;
}

void http_exchange_run(struct connection *k, struct exchange *x)
{
    size_t used = k->framing.head_bytes + x->open.request.body.n;
    if (has_too_many(k, x)) return;
    k->input_at += used;
    k->input_n -= used;
    k->seen_n = 0;
    k->body_ended = true;
    k->refusal = 0;
    begin(k, x);
    x->is_whole = x->open.request.body.n > 0;
    work(k, x, run_handler);
}

bool http_exchange_admit(struct connection *k, struct exchange *x)
{
    k->body_ended = false;
    k->refusal = 0;
    if (has_too_many(k, x)) return false;
    begin(k, x);
    if (k->listener->settings.admit && lend(x, run_admit)) {
        answer(k);
        return false;
    }
    uint64_t most = x->open.max_body_bytes;
    if (!x->open.pulls_body && most > HTTP_MAX_BODY_BYTES) most = HTTP_MAX_BODY_BYTES;
    k->chunks = (struct http_chunks){.limit = most ? (size_t)most : 1};
    k->body_left = k->framing.content_length;
    k->exchange = NULL;
    if (k->framing.content_length <= most) return true;
    http_exchange_drop(k->loop, x);
    http_connection_refuse(k, 413, STR_NONE);
    return false;
}

void http_exchange_run_pulling(struct connection *k, struct exchange *x)
{
    k->input_at += k->framing.head_bytes;
    k->input_n -= k->framing.head_bytes;
    k->seen_n = 0;
    k->slow_ms = 0;
    k->passed_n = 0;
    if (!http_input_split(k, &x->blocks[0])) {
        http_exchange_drop(k->loop, x);
        http_connection_refuse(k, 503, STR_NONE);
        return;
    }
    k->exchange = x;
    k->body_ended = !k->framing.chunked && k->body_left == 0;
    work(k, x, run_handler);
}

void http_exchange_go_on(struct connection *k)
{
    struct exchange *x = k->exchange;
    if (k->stage == STAGE_PULLING) work(k, x, pull(k, x));
    else if (k->stage == STAGE_PUSHING && !http_output_waits(k)) work(k, x, piece_done(k, x, x->pushed.n));
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
    struct connection    *k = x->connection;
    struct http_listener *of = k ? k->listener : net_listener_context(x->listener);
    atomic_fetch_sub_explicit(&of->asleep_n, 1, memory_order_relaxed);
    if (!k) {
        go_on_alone(x);
        return;
    }
    k->is_out = false;
    k->turn_n = 0;
    work(k, x, take_step(k, x));
    http_connection_go_on(k);
}

// It goes on alone: its request stays, and its listener.
void http_exchange_leave(struct connection *k)
{
    struct exchange *x = k->exchange;
    if (!x) return;
    if (!k->is_out && !x->awaits) {
        drop(k);
        return;
    }
    if (!k->is_out) {
        fall_asleep(k);
        net_post(k->loop->net, &x->back);
    }
    http_input_adopt(k);
    x->blocks[x->blocks[0] != NULL] = k->input;
    k->input = NULL;
    k->input_at = k->input_n = k->piece_n = 0;
    x->connection = NULL;
    x->listener = k->net.listener;
    net_listener_keep(x->listener);
    k->exchange = NULL;
    k->is_out = false;
}
