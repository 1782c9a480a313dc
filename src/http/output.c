// What goes out: what the peer does not take at once waits here, and is counted.
#include <stdlib.h>

#include "core/secret.h"
#include "http/inside.h"

static void free_unsent(struct connection *k)
{
    if (k->unsent) secret_wipe(k->unsent->at, k->unsent->size);
    free(k->unsent);
    k->unsent = NULL;
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
    k->unsent_at = 0;
}

// Every HTTP_LEAST_TAKEN bytes the peer gets as long again for the next: one that takes a trickle does not.
static void note_taken(struct connection *k, size_t n)
{
    if (k->stage != STAGE_SENDING && k->stage != STAGE_PUSHING) k->moved = true;
    k->taken_n += n;
    if (k->taken_n >= HTTP_LEAST_TAKEN) k->moved = true;
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

void http_output_flush(struct connection *k, str body)
{
    struct http_loop *loop = k->loop;
    str               head = {loop->output, loop->output_n};
    loop->output_n = 0;
    send_output(k, head, body);
    secret_wipe(loop->output, head.n); // what is sent, or kept elsewhere, does not stay in the buffer that all share
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

void http_output_count(struct connection *k)
{
    size_t held = held_by(k);
    if (held == k->held_bytes) return;
    count_held(k, held);
    bound_held(k->loop);
}

void http_output_drop(struct connection *k)
{
    count_held(k, 0);
    free_unsent(k);
}
