// The life of a connection: reads requests, hands them over, sends the answers, lingers, ends.
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/secret.h"
#include "http/inside.h"

#define SMALLEST_INPUT_BYTES ((size_t)1024)

static bool is_reading(const struct connection *k)
{
    return k->stage <= STAGE_BODY;
}

static bool has_unsent(const struct connection *k)
{
    return k->unsent_n > 0 || k->unsent_body.n > 0;
}

// Input: in the loop's block as long as it is read and answered in one turn, else in one of the connection's own.

static void drop_input(struct connection *k)
{
    if (k->input && k->input == k->loop->input) secret_wipe(k->input->at, k->input_at + k->input_n); // http_block_drop does it for the others
    if (k->input != k->loop->input) http_block_drop(k->loop, k->input);
    k->input = NULL;
    k->input_at = k->input_n = k->seen_n = 0;
}

// False: no memory, or the loop holds too much. Nothing may look at the old place any more.
static bool move_input(struct connection *k, size_t size)
{
    struct block *b = http_block_take(k->loop, size);
    if (!b) return false;
    memcpy(b->at, k->input->at + k->input_at, k->input_n);
    if (k->input == k->loop->input) secret_wipe(k->input->at, k->input_at + k->input_n);
    if (k->input != k->loop->input) http_block_drop(k->loop, k->input);
    k->input = b;
    k->input_at = 0;
    return true;
}

// Grows as bytes come in, not as a peer announces them.
static bool make_room(struct connection *k)
{
    struct http_loop *loop = k->loop;
    if (!k->input) {
        if (!loop->input) loop->input = http_block_take(loop, HTTP_INPUT_BYTES);
        k->input = loop->input;
        return k->input != NULL;
    }
    if (k->input->size - k->input_at - k->input_n >= SMALLEST_INPUT_BYTES / 2) return true;
    if (k->input_n > k->input->size / 2) return move_input(k, k->input->size * 2);
    memmove(k->input->at, k->input->at + k->input_at, k->input_n); // what stood before it is answered
    secret_wipe(k->input->at + k->input_n, k->input_at);
    k->input_at = 0;
    return true;
}

// What is not a whole request yet stays with the connection; mostly nothing does.
static bool park_input(struct connection *k)
{
    if (!k->input) return true;
    if (k->input_n == 0) {
        drop_input(k);
        return true;
    }
    size_t size = SMALLEST_INPUT_BYTES;
    while (size < 2 * k->input_n && size < HTTP_INPUT_BYTES) size *= 2;
    return k->input != k->loop->input || move_input(k, size);
}

// A request that is looked at after this turn keeps the block that it stands in.
static void adopt_input(struct connection *k)
{
    if (k->input == k->loop->input) k->loop->input = NULL;
}

// Output: what the peer does not take at once waits here, and nothing is read meanwhile.

static void free_unsent(struct connection *k)
{
    if (k->unsent) secret_wipe(k->unsent->at, k->unsent->size);
    free(k->unsent);
}

static bool keep_unsent(struct connection *k, str s)
{
    size_t need = k->unsent_n + s.n;
    if (s.n == 0) return true;
    if (!k->unsent || k->unsent->size - k->unsent_at < need) {
        struct block *b = malloc(sizeof *b + need);
        if (!b) return false;
        b->size = need;
        if (k->unsent_n) memcpy(b->at, k->unsent->at + k->unsent_at, k->unsent_n);
        free_unsent(k);
        k->unsent = b;
        k->unsent_at = 0;
    }
    memcpy(k->unsent->at + k->unsent_at + k->unsent_n, s.at, s.n);
    k->unsent_n = need;
    return true;
}

static void drop_sent(struct connection *k, size_t n)
{
    k->unsent_at += n;
    k->unsent_n -= n;
    if (k->unsent_n) return;
    free_unsent(k);
    k->unsent = NULL;
    k->unsent_at = 0;
}

// Every HTTP_LEAST_TAKEN bytes the peer gets as long again for the next: one that takes a trickle does not.
static void note_taken(struct connection *k, size_t n)
{
    if (k->stage != STAGE_SENDING) k->moved = true;
    k->taken_n += n;
    if (k->taken_n >= HTTP_LEAST_TAKEN) k->moved = true;
}

// What is sent, or kept elsewhere, does not stay in the buffer that all share.
static void wipe_output(struct http_loop *loop, size_t n)
{
    secret_wipe(loop->output, n);
}

// Sends what waits, then the loop's output, then `body`, which stays where it is until it is sent.
static void send_output(struct connection *k, str head, str body)
{
    bool waiting = k->unsent_n > 0;
    if (k->stage == STAGE_ENDED) return;
    if (waiting && !keep_unsent(k, head)) goto broken;
    if (waiting) head = (str){k->unsent->at + k->unsent_at, k->unsent_n};
    if (body.n == 0) body = k->unsent_body;
    if (head.n == 0 && body.n == 0) return;

    ptrdiff_t n = net_stream_write(&k->net, head, body);
    if (n == NET_AGAIN) n = 0;
    else if (n <= 0) goto broken;
    else note_taken(k, (size_t)n);
    size_t of_head = (size_t)n < head.n ? (size_t)n : head.n;
    k->unsent_body = str_from(body, (size_t)n - of_head);
    if (waiting) drop_sent(k, of_head);
    else if (!keep_unsent(k, str_from(head, of_head))) goto broken;
    return;
broken:
    k->stage = STAGE_ENDED;
}

static void flush(struct connection *k, str body)
{
    struct http_loop *loop = k->loop;
    str               head = {loop->output, loop->output_n};
    loop->output_n = 0;
    send_output(k, head, body);
    wipe_output(loop, head.n);
}

// The last answer of this connection, to what is no request.
static void refuse(struct connection *k, int status, str words)
{
    flush(k, STR_NONE);
    if (k->stage == STAGE_ENDED) return;
    http_reply_write_refusal(k->loop, k->listener, status, words);
    k->last = k->moved = true;
    k->stage = STAGE_SENDING;
}

static void receive(struct connection *k)
{
    if (!make_room(k)) {
        refuse(k, 503, STR_NONE);
        return;
    }
    size_t    end = k->input_at + k->input_n;
    ptrdiff_t n = net_stream_read(&k->net, k->input->at + end, k->input->size - end);
    if (n > 0) {
        k->input_n += (size_t)n;
    } else if (n == NET_PLAIN_ON_TLS) {
        net_stream_drop_tls(&k->net);
        refuse(k, 400, S("This port speaks TLS: use https."));
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
    if (k->stage == stage) return;
    k->stage = stage;
    k->moved = true;
    if (stage != STAGE_BODY || !k->framing.expects_continue) return;
    flush(k, STR_NONE);
    http_reply_write_continue(k->loop);
}

static enum http_progress read_request(struct connection *k, struct exchange *x, int *out_status)
{
    str                  in = {k->input->at + k->input_at, k->input_n};
    struct http_request *q = &x->open.request;
    enum http_progress   progress;
    if (k->stage != STAGE_BODY) {
        progress = http_read_head(in, x->headers, q, &k->framing, out_status);
        if (progress == HTTP_NEED_MORE) wait_for(k, STAGE_HEAD);
        if (progress != HTTP_DONE) return progress;
        k->chunks = (struct http_chunks){0};
    }
    str body;
    progress = read_body(k, &body, out_status);
    // When its body has come too the head is read once more: it may stand elsewhere by then.
    if (progress == HTTP_DONE && k->stage == STAGE_BODY) progress = http_read_head(in, x->headers, q, &k->framing, out_status);
    if (progress == HTTP_NEED_MORE) wait_for(k, STAGE_BODY);
    q->body = body;
    return progress;
}

static void begin_call(struct http_loop *loop, struct call *c)
{
    // The correlation id comes from the loop's own pool, which no other thread may use.
    const struct http_settings *s = &loop->server->settings;
    c->random = s->random ? s->random : &loop->ids.random;
    call_reset(c, s->clock);
    c->random = s->random;
}

static void drop_exchange(struct connection *k)
{
    http_exchange_drop(k->loop, k->exchange);
    k->exchange = NULL;
}

// The exchange is answered: its answer goes behind what is in the output, or out if it is too large for that.
static void answer(struct connection *k)
{
    struct http_loop *loop = k->loop;
    struct exchange  *x = k->exchange;
    http_reply_check(x);
    k->last = !k->framing.keep_alive || x->open.response.close || net_loop_is_stopping(loop->net);
    bool whole = http_reply_write(loop, x, k->last, true);
    if (!whole) {
        flush(k, STR_NONE);
        whole = http_reply_write(loop, x, k->last, true);
    }
    if (!whole) {
        http_reply_write(loop, x, k->last, false);
        flush(k, http_reply_body(x));
    }
    if (k->unsent_body.n == 0) drop_exchange(k);
    if (k->stage == STAGE_ENDED) return;
    k->stage = k->last || has_unsent(k) ? STAGE_SENDING : STAGE_IDLE;
    k->moved = true;
}

static void hand_over(struct connection *k, struct exchange *x)
{
    const struct http_listener_settings *to = &k->listener->settings;
    size_t                               used = k->framing.head_bytes + x->open.request.body.n;
    k->input_at += used;
    k->input_n -= used;
    k->seen_n = 0;
    k->exchange = x;
    k->stage = STAGE_ASLEEP;
    k->moved = true;
    x->connection = k;
    x->open.request.secure = k->net.ssl != NULL;
    x->open.listener = k->listener;
    x->open.user = NULL;
    x->open.response = (struct http_response){0};
    buf_init(&x->open.response.head, &x->open.call.arena);
    begin_call(k->loop, &x->open.call);

    int expected = EXCHANGE_HANDLED;
    atomic_store_explicit(&x->stage, EXCHANGE_HANDLED, memory_order_relaxed);
    to->handler(&x->open, to->context);
    k->is_out = atomic_compare_exchange_strong_explicit(&x->stage, &expected, EXCHANGE_ASLEEP, memory_order_acq_rel, memory_order_acquire);
    if (!k->is_out) answer(k);
}

void http_reply(struct http_exchange *open)
{
    struct exchange *x = CONTAINER_OF(open, struct exchange, open);
    struct net_loop *loop = open->loop;
    // Before the handler has returned the loop sees to it by itself, and x may be gone after this line.
    if (atomic_exchange_explicit(&x->stage, EXCHANGE_ANSWERED, memory_order_acq_rel) == EXCHANGE_ASLEEP) net_post(loop, &x->answered);
}

// Hands over every request that is whole.
static void serve(struct connection *k)
{
    while (is_reading(k) && k->input_n > 0 && may_be_whole(k)) {
        int              status = 0;
        struct exchange *x = http_exchange_take(k->loop);
        if (!x) {
            k->stage = STAGE_ENDED;
            return;
        }
        enum http_progress progress = read_request(k, x, &status);
        if (progress == HTTP_DONE) {
            hand_over(k, x);
            continue;
        }
        http_exchange_drop(k->loop, x);
        if (progress == HTTP_REFUSED) refuse(k, status, STR_NONE);
        return;
    }
}

// The peer has taken everything: true if the connection reads on.
static bool all_sent(struct connection *k)
{
    if (k->exchange) drop_exchange(k);
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

// Memory that the peer keeps busy by not taking what was sent to it.
static size_t held_by(const struct connection *k)
{
    size_t in_exchange = k->unsent_body.n ? k->exchange->open.call.arena.used : 0;
    return in_exchange + (k->unsent ? k->unsent->size : 0);
}

static void count_held(struct connection *k, size_t n)
{
    k->loop->held_bytes += n - k->held_bytes;
    k->listener->held_bytes[net_loop_index(k->loop->net)] += n - k->held_bytes;
    k->held_bytes = n;
}

static struct connection *of(struct net_stream *s)
{
    return s ? CONTAINER_OF(s, struct connection, net) : NULL;
}

// Of those whose listener holds most the one that has waited longest for its peer to take something.
static struct connection *first_to_go(struct http_loop *loop)
{
    static const enum wait_kind KINDS[] = {WAIT_SENDING, WAIT_ASLEEP};
    struct connection          *worst = NULL;
    unsigned                    at = net_loop_index(loop->net);
    for (size_t i = 0; i < COUNT(KINDS); i++)
        for (struct connection *k = of(loop->waits[KINDS[i]].first); k; k = of(k->net.next))
            if (k->held_bytes && (!worst || k->listener->held_bytes[at] > worst->listener->held_bytes[at])) worst = k;
    return worst;
}

// The peers of one listener do not push out those of another. One connection alone may be over the limit: a large
// answer takes the memory that it takes.
static void bound_held(struct http_loop *loop)
{
    size_t most = loop->server->settings.max_output_bytes;
    while (loop->held_bytes > most) {
        struct connection *k = first_to_go(loop);
        if (!k || k->held_bytes == loop->held_bytes) return;
        net_stream_close(&k->net);
    }
}

// The end of a turn. The connection may be gone after it.
static void settle(struct connection *k)
{
    static const enum wait_kind WAITS[] = {
        [STAGE_IDLE] = WAIT_IDLE,     [STAGE_HEAD] = WAIT_BUSY,       [STAGE_BODY] = WAIT_BUSY,
        [STAGE_ASLEEP] = WAIT_ASLEEP, [STAGE_SENDING] = WAIT_SENDING, [STAGE_LINGERING] = WAIT_LINGER,
    };
    struct http_loop *loop = k->loop;
    int               writable = has_unsent(k) || k->net.wants_write ? UV_WRITABLE : 0;
    switch (k->stage) {
    case STAGE_IDLE:
    case STAGE_HEAD:
    case STAGE_BODY:
        if (!park_input(k)) k->stage = STAGE_ENDED;
        else net_stream_watch(&k->net, UV_READABLE | writable);
        break;
    case STAGE_ASLEEP:
        adopt_input(k);
        // Readable stays watched until something comes: most exchanges are answered before.
        if (writable || (k->net.watched & UV_WRITABLE)) net_stream_watch(&k->net, writable);
        break;
    case STAGE_SENDING:
        adopt_input(k);
        net_stream_watch(&k->net, UV_WRITABLE);
        break;
    case STAGE_LINGERING:
        drop_input(k);
        net_stream_watch(&k->net, UV_READABLE);
        break;
    case STAGE_ENDED:
        break;
    }
    if (k->stage == STAGE_ENDED) {
        net_stream_close(&k->net);
        return;
    }
    if (k->moved) {
        net_waiting_enter(&loop->waits[WAITS[k->stage]], &k->net);
        k->moved = false;
        k->taken_n = 0;
    }
    size_t held = held_by(k);
    if (held == k->held_bytes) return;
    count_held(k, held);
    bound_held(loop);
}

// A turn: everything that can be done for this connection before another one's turn.
static void go_on(struct connection *k)
{
    bool again;
    do {
        serve(k);
        flush(k, STR_NONE);
        again = false;
        if (k->stage == STAGE_SENDING && !has_unsent(k)) {
            again = all_sent(k);
        } else if (is_reading(k) && net_stream_has_more(&k->net)) {
            receive(k);
            again = true;
        }
    } while (again);
    settle(k);
}

static void on_ready(struct net_stream *s, int events)
{
    struct connection *k = of(s);
    if (events < 0) {
        k->stage = STAGE_ENDED;
    } else if (k->stage == STAGE_ASLEEP && !(events & UV_WRITABLE)) {
        net_stream_watch(s, 0); // what came is read after the answer
        return;
    } else if (k->stage == STAGE_LINGERING) {
        throw_away(k);
    } else if (is_reading(k) && ((events & UV_READABLE) || s->wants_write)) {
        receive(k);
    }
    go_on(k);
}

void http_connection_answered(struct net_task *task)
{
    struct exchange   *x = CONTAINER_OF(task, struct exchange, answered);
    struct connection *k = x->connection;
    if (k) {
        k->is_out = false;
        answer(k);
        go_on(k);
        return;
    }
    struct net_listener *l = x->listener;
    http_block_drop(x->loop, x->input);
    http_exchange_drop(x->loop, x);
    net_listener_drop(l);
}

static void on_expired(struct net_stream *s)
{
    struct connection *k = of(s);
    if (k->stage == STAGE_HEAD || k->stage == STAGE_BODY) {
        refuse(k, 408, STR_NONE);
        go_on(k);
    } else {
        net_stream_close(s);
    }
}

// An exchange that is out goes on alone: its request stays, and its listener.
static void leave_exchange(struct connection *k)
{
    struct exchange *x = k->exchange;
    adopt_input(k);
    x->connection = NULL;
    x->listener = k->net.listener;
    x->input = k->input;
    k->input = NULL;
    net_listener_keep(x->listener);
}

static void on_closing(struct net_stream *s)
{
    struct connection *k = of(s);
    count_held(k, 0);
    if (k->is_out) leave_exchange(k);
    else if (k->exchange) drop_exchange(k);
    drop_input(k);
    free_unsent(k);
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
