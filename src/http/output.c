// What goes out: what the peer does not take at once waits here, and is counted.
#include <stdlib.h>

#include "core/secret.h"
#include "http/inside.h"

static void free_unsent(struct connection *conn)
{
    if (conn->unsent) secret_wipe(conn->unsent->at, conn->unsent->size);
    free(conn->unsent);
    conn->unsent = NULL;
}

static bool keep_unsent(struct connection *conn, str s)
{
    size_t need = conn->unsent_n + s.n;
    if (s.n == 0) return true;
    if (!conn->unsent || conn->unsent->size - conn->unsent_at < need) {
        struct block *b = malloc(sizeof *b + need);
        if (!b) return false;
        b->size = need;
        if (conn->unsent_n) memcpy(b->at, conn->unsent->at + conn->unsent_at, conn->unsent_n);
        free_unsent(conn);
        conn->unsent = b;
        conn->unsent_at = 0;
    }
    memcpy(conn->unsent->at + conn->unsent_at + conn->unsent_n, s.at, s.n);
    conn->unsent_n = need;
    return true;
}

static void drop_sent(struct connection *conn, size_t n)
{
    conn->unsent_at += n;
    conn->unsent_n -= n;
    if (conn->unsent_n) return;
    free_unsent(conn);
    conn->unsent_at = 0;
}

// Every HTTP_LEAST_TAKEN bytes the peer gets as long again for the next: one that takes a trickle does not.
static void note_taken(struct connection *conn, size_t n)
{
    if (conn->stage != STAGE_SENDING && conn->stage != STAGE_PUSHING) conn->moved = true;
    conn->taken_n += n;
    if (conn->taken_n >= HTTP_LEAST_TAKEN) conn->moved = true;
}

// Sends what waits, then the loop's output, then `body`, which stays where it is until it is sent.
static void send_output(struct connection *conn, str head, str body)
{
    bool waiting = conn->unsent_n > 0;
    if (conn->stage == STAGE_ENDED) return;
    if (waiting && !keep_unsent(conn, head)) goto broken;
    if (waiting) head = (str){conn->unsent->at + conn->unsent_at, conn->unsent_n};
    if (body.n == 0) body = conn->unsent_body;
    if (head.n == 0 && body.n == 0) return;

    ptrdiff_t n = net_stream_write(&conn->net, head, body);
    if (n == NET_AGAIN) n = 0;
    else if (n <= 0) goto broken;
    else note_taken(conn, (size_t)n);
    size_t of_head = (size_t)n < head.n ? (size_t)n : head.n;
    conn->unsent_body = str_from(body, (size_t)n - of_head);
    if (waiting) drop_sent(conn, of_head);
    else if (!keep_unsent(conn, str_from(head, of_head))) goto broken;
    return;
broken:
    conn->stage = STAGE_ENDED;
}

void http_output_flush(struct connection *conn, str body)
{
    struct http_loop *loop = conn->loop;
    str               head = {loop->output, loop->output_n};
    loop->output_n = 0;
    send_output(conn, head, body);
    secret_wipe(loop->output, head.n); // what is sent, or kept elsewhere, does not stay in the buffer that all share
}

// Memory that the peer keeps busy by not taking what was sent to it.
static size_t held_by(const struct connection *conn)
{
    size_t in_exchange = conn->unsent_body.n ? conn->exchange->open.call.arena.used : 0;
    return in_exchange + (conn->unsent ? conn->unsent->size : 0);
}

static void count_held(struct connection *conn, size_t n)
{
    conn->loop->held_bytes += n - conn->held_bytes;
    conn->listener->held_bytes[net_loop_index(conn->loop->net)] += n - conn->held_bytes;
    conn->held_bytes = n;
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
        for (struct connection *conn = of(loop->waits[KINDS[i]].first); conn; conn = of(conn->net.next))
            if (conn->held_bytes && (!worst || conn->listener->held_bytes[at] > worst->listener->held_bytes[at])) worst = conn;
    return worst;
}

// The peers of one listener do not push out those of another. One connection alone may be over the limit: a large
// answer takes the memory that it takes.
static void bound_held(struct http_loop *loop)
{
    size_t most = loop->server->settings.max_output_bytes;
    while (loop->held_bytes > most) {
        struct connection *conn = first_to_go(loop);
        if (!conn || conn->held_bytes == loop->held_bytes) return;
        net_stream_close(&conn->net);
    }
}

void http_output_count(struct connection *conn)
{
    size_t held = held_by(conn);
    if (held == conn->held_bytes) return;
    count_held(conn, held);
    bound_held(conn->loop);
}

void http_output_drop(struct connection *conn)
{
    count_held(conn, 0);
    free_unsent(conn);
}
