// Bodies in pieces: what is let in, pulled and pushed, and what happens when one side is slow or goes away.
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/workers.h"
#include "test_http.h"

#define PIECE_BYTES 10000
#define POST(path)  "POST " path " HTTP/1.1\r\nHost: h\r\n"

/*
 * Its handler knows these paths:
 *   /pull, /whole      "N bytes, sum S" of the body, pulled or whole
 *   /hold              pulls the first piece, and the next one when `may_go_on` is posted
 *   /pipe              sends the body back, piece by piece
 *   /push/N, /chunks/N N bytes by length, or in chunks
 *   /broken            two pieces, and then no more
 *   /too-much          pushes more than it said
 * and lets in all but /closed; 100 bytes at /small, 10 MiB at /pull, /pipe and /hold.
 */
struct pieces {
    struct test_http    http;
    uint16_t            port;
    atomic_int          handled, admitted, gone, ended;
    atomic_size_t       pulled_n, pushed_n;
    sem_t               may_go_on;
    struct net_workers *workers; // not NULL: every step is taken on one of their threads
};

struct job {
    struct net_job        job;
    struct http_exchange *x;
    struct pieces        *p;
    http_continue        *step;
    uint64_t              left, n, sum;
    char                  piece[PIECE_BYTES];
};

static void take_step_there(struct net_job *job, unsigned worker)
{
    struct job *j = CONTAINER_OF(job, struct job, job);
    (void)worker;
    j->step(j->x);
}

// Here, or on another thread.
static void step(struct job *j, http_continue *to)
{
    j->step = to;
    j->job.run = take_step_there;
    if (!j->p->workers) to(j->x);
    else if (net_workers_submit(&j->x->call, j->p->workers, &j->job) != OK) abort();
}

static void end_with(struct http_exchange *x, str body)
{
    struct job *j = x->user;
    if (x->peer_gone) j->p->gone++;
    j->p->ended++;
    if (!x->response.status) x->response.status = 200;
    x->response.body = body;
    http_reply(x);
}

static void pulled(struct http_exchange *x);

static void count_piece(struct http_exchange *x)
{
    struct job *j = x->user;
    if (x->peer_gone || x->piece.n == 0) {
        end_with(x, call_format(&x->call, "%llu bytes, sum %llu", (unsigned long long)j->n, (unsigned long long)j->sum));
        return;
    }
    for (size_t i = 0; i < x->piece.n; i++) j->sum = j->sum * 31 + (unsigned char)x->piece.at[i];
    j->n += x->piece.n;
    j->p->pulled_n += x->piece.n;
    if (str_eq(x->request.path, S("/hold"))) sem_wait(&j->p->may_go_on);
    http_pull(x, pulled);
}

static void pulled(struct http_exchange *x)
{
    step(x->user, count_piece);
}

static void piped_out(struct http_exchange *x);
static void piped_in(struct http_exchange *x);

static void pull_on(struct http_exchange *x)
{
    if (x->peer_gone) end_with(x, STR_NONE);
    else http_pull(x, piped_in);
}

static void piped_out(struct http_exchange *x)
{
    step(x->user, pull_on);
}

static void push_back(struct http_exchange *x)
{
    struct job *j = x->user;
    j->n += x->piece.n;
    x->response.status = 200;
    if (x->peer_gone || x->piece.n == 0) end_with(x, STR_NONE);
    else http_push(x, x->piece, piped_out);
}

static void piped_in(struct http_exchange *x)
{
    step(x->user, push_back);
}

static void pushed(struct http_exchange *x);

static void push_more(struct http_exchange *x)
{
    struct job *j = x->user;
    size_t      n = j->left < PIECE_BYTES ? (size_t)j->left : PIECE_BYTES;
    if (x->peer_gone || n == 0) {
        end_with(x, STR_NONE);
        return;
    }
    for (size_t i = 0; i < n; i++) j->piece[i] = (char)('a' + (j->n + i) % 26);
    j->n += n;
    j->left -= n;
    j->p->pushed_n += n;
    http_push(x, (str){j->piece, n}, pushed);
}

static void pushed(struct http_exchange *x)
{
    step(x->user, push_more);
}

static void push_twice(struct http_exchange *x)
{
    struct job *j = x->user;
    x->response.breaks = j->n++ == 2;
    if (x->response.breaks) end_with(x, STR_NONE);
    else http_push(x, S("some"), push_twice);
}

static void push_too_much(struct http_exchange *x)
{
    if (x->peer_gone) end_with(x, STR_NONE);
    else http_push(x, S("more than ten bytes"), push_too_much);
}

static bool number_behind(str path, str prefix, uint64_t *out)
{
    return str_starts(path, prefix) && str_to_u64(str_from(path, prefix.n), out);
}

static void handle(struct http_exchange *x, void *context)
{
    struct pieces *p = context;
    str            path = x->request.path;
    struct job    *j = NULL;
    if (NEW(&x->call, &j, 1) != OK) abort();
    *j = (struct job){.x = x, .p = p};
    x->user = j;
    p->handled++;
    x->response.status = 200;
    if (str_eq(path, S("/pull")) || str_eq(path, S("/hold"))) {
        http_pull(x, pulled);
    } else if (str_eq(path, S("/pipe"))) {
        http_pull(x, piped_in);
    } else if (number_behind(path, S("/push/"), &j->left)) {
        x->response.length = j->left;
        step(j, push_more);
    } else if (number_behind(path, S("/chunks/"), &j->left)) {
        step(j, push_more);
    } else if (str_eq(path, S("/broken"))) {
        push_twice(x);
    } else if (str_eq(path, S("/too-much"))) {
        x->response.length = 10;
        push_too_much(x);
    } else {
        end_with(x, call_format(&x->call, "%zu bytes", x->request.body.n));
    }
}

static void admit(struct http_exchange *x, void *context)
{
    static const str PULLED[] = {S_INIT("/pull"), S_INIT("/hold"), S_INIT("/pipe")};
    struct pieces   *p = context;
    str              path = x->request.path;
    p->admitted++;
    if (str_eq(path, S("/closed"))) {
        x->response.status = 403;
        x->response.body = S("not you");
        http_reply(x);
        return;
    }
    x->pulls_body = str_index_nocase(PULLED, COUNT(PULLED), path) != STR_NOWHERE;
    if (x->pulls_body) x->max_body_bytes = 10 << 20;
    if (str_eq(path, S("/small"))) x->max_body_bytes = 100;
}

static void pieces_start(struct test *t, struct pieces *p, const struct test_http_options *options, bool on_workers)
{
    struct http_listener_settings settings = {.handler = handle, .admit = admit, .context = p, .max_asleep = 8};
    struct http_listener         *l;
    *p = (struct pieces){0};
    sem_init(&p->may_go_on, 0, 0);
    test_http_start(t, &p->http, options);
    if (on_workers) CHECK_OK(net_workers_start(t->call, &(struct net_workers_settings){.threads = 2, .max_queue = 100}, &p->workers));
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &settings.fd, &p->port));
    CHECK_OK(http_listen(t->call, p->http.server, &settings, &l));
}

static void pieces_end(struct pieces *p)
{
    struct test *t = p->http.t;
    test_http_stop(&p->http, 2000);
    net_loops_empty(p->http.loops); // who waits for a piece is told that none will come
    net_workers_stop(p->workers);
    CHECK_INT(p->ended, p->handled, "every exchange has ended");
    test_http_end(&p->http, 0);
    sem_destroy(&p->may_go_on);
}

static const struct test_http_options PLAIN = {0};
static const struct test_http_options TWO_LOOPS = {.net = {.loops = 2}};

static str letters(struct test *t, size_t n)
{
    char *at = arena_alloc(&t->call->arena, n);
    if (!at) abort();
    for (size_t i = 0; i < n; i++) at[i] = (char)('a' + i % 26);
    return (str){at, n};
}

static str sum_of(struct test *t, str body)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < body.n; i++) sum = sum * 31 + (unsigned char)body.at[i];
    return call_format(t->call, "%zu bytes, sum %llu", body.n, (unsigned long long)sum);
}

// The same body by length and in chunks of `chunk` bytes; sent in steps that no chunk keeps to.
static bool send_post(struct client *client, const char *path, str body, size_t chunk)
{
    struct buf b;
    buf_init(&b, &client->t->call->arena);
    buf_addf(&b, "POST %s HTTP/1.1\r\nHost: h\r\n", path);
    if (!chunk) {
        buf_addf(&b, "Content-Length: %zu\r\n\r\n", body.n);
        buf_add(&b, body);
    } else {
        buf_addf(&b, "Transfer-Encoding: chunked\r\n\r\n");
        for (str rest = body; rest.n;) {
            str one = str_upto(rest, chunk);
            buf_addf(&b, "%zx\r\n", one.n);
            buf_add(&b, one);
            buf_add(&b, S("\r\n"));
            rest = str_from(rest, one.n);
        }
        buf_add(&b, S("0\r\n\r\n"));
    }
    for (str rest = buf_view(&b); rest.n; rest = str_from(rest, rest.n < 7001 ? rest.n : 7001))
        if (!client_send(client, str_upto(rest, 7001))) return false;
    return true;
}

static void bodies_are_pulled(struct test *t, bool on_workers)
{
    static const struct { size_t n, chunk; } CASES[] = {
        {0, 0}, {1, 0}, {100, 0}, {20000, 0}, {3000000, 0}, {1, 1}, {300, 1}, {20000, 777}, {70000, 65000}, {3000000, 100000},
    };
    struct pieces p;
    pieces_start(t, &p, &TWO_LOOPS, on_workers);
    struct client *client = client_new(t, p.port);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body = letters(t, CASES[i].n);
        CHECK(send_post(client, "/pull", body, CASES[i].chunk));
        client_expect(client, 200, sum_of(t, body), "pulled");
        CHECK(send_post(client, "/other", letters(t, 5000), 0)); // on the same connection
        client_expect(client, 200, S("5000 bytes"), "whole");
    }
    CHECK(client_send(client, S(POST("/pull") "Content-Length: 3\r\n\r\nabc" POST(
                                  "/pull") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" POST("/pull") "Content-Length: 0\r\n\r\n")));
    client_expect(client, 200, sum_of(t, S("abc")), "came along");
    client_expect(client, 200, sum_of(t, S("abc")), "in a chunk");
    client_expect(client, 200, sum_of(t, S("")), "nothing");
    client_free(client);
    pieces_end(&p);
}

TEST(http_bodies_are_pulled_on_the_loop)
{
    bodies_are_pulled(t, false);
}

TEST(http_bodies_are_pulled_by_other_threads)
{
    bodies_are_pulled(t, true);
}

// All that comes until the peer closes.
static str read_all(struct client *client)
{
    struct buf b;
    char       piece[5000];
    ssize_t    n;
    buf_init(&b, &client->t->call->arena);
    while ((n = recv(client->fd, piece, sizeof piece, 0)) > 0) buf_add(&b, (str){piece, (size_t)n});
    return buf_view(&b);
}

// The body of an answer in chunks; NULL `at` if it does not end as it should.
static str joined(struct test *t, str answer)
{
    struct http_chunks state = {.limit = SIZE_MAX / 2};
    size_t             head = str_find_str(answer, S("\r\n\r\n"));
    int                status;
    if (head == STR_NOWHERE || str_find_str(answer, S("Transfer-Encoding: chunked\r\n")) == STR_NOWHERE) return STR_NONE;
    str    body = arena_copy_str(&t->call->arena, str_from(answer, head + 4));
    size_t n = body.n;
    if (http_read_chunks(&state, (char *)body.at, &n, &status) != HTTP_DONE || n != state.joined) return STR_NONE;
    return (str){body.at, state.joined};
}

static void answers_are_pushed(struct test *t, bool on_workers)
{
    static const size_t SIZES[] = {1, 9999, 10000, 10001, 100000, 5000000};
    struct pieces       p;
    pieces_start(t, &p, &TWO_LOOPS, on_workers);
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        struct client *client = client_new(t, p.port);
        CHECK(client_sendf(client, "GET /push/%zu HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", SIZES[i]));
        str answer = read_all(client);
        CHECK(str_find_str(answer, call_format(t->call, "\r\nContent-Length: %zu\r\n", SIZES[i])) != STR_NOWHERE);
        CHECK(str_ends(answer, letters(t, SIZES[i])));
        client_free(client);
        client = client_new(t, p.port);
        CHECK(client_sendf(client, "GET /chunks/%zu HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", SIZES[i]));
        CHECK(str_eq(joined(t, read_all(client)), letters(t, SIZES[i])));
        client_free(client);
        client = client_new(t, p.port);
        CHECK(client_sendf(client, "GET /chunks/%zu HTTP/1.0\r\nHost: h\r\n\r\n", SIZES[i])); // knows no chunks: the end is the end
        answer = read_all(client);
        CHECK(str_find_str(answer, S("chunked")) == STR_NOWHERE && str_ends(answer, letters(t, SIZES[i])));
        client_free(client);
    }
    struct client *client = client_new(t, p.port);
    CHECK(client_send(
        client,
        S("HEAD /chunks/30000 HTTP/1.1\r\nHost: h\r\n\r\nHEAD /push/30000 HTTP/1.1\r\nHost: h\r\n\r\nGET /push/5 HTTP/1.1\r\nHost: h\r\n\r\n")));
    str head = STR_NONE, body = STR_NONE;
    CHECK_INT(client_read(client, true, &head, &body), 200, "HEAD");
    CHECK_INT(client_read(client, true, &head, &body), 200, "HEAD of a known length");
    client_expect(client, 200, S("abcde"), "what stood behind it");
    client_free(client);
    pieces_end(&p);
}

TEST(http_answers_are_pushed_on_the_loop)
{
    answers_are_pushed(t, false);
}

TEST(http_answers_are_pushed_by_other_threads)
{
    answers_are_pushed(t, true);
}

TEST(http_a_body_goes_through_in_both_directions)
{
    struct pieces p;
    str           body = letters(t, 200000);
    pieces_start(t, &p, &PLAIN, true);
    struct client *client = client_new(t, p.port);
    CHECK(send_post(client, "/pipe", body, 5000));
    CHECK(client_send(client, S("GET /other HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")));
    str    answer = read_all(client);
    size_t second = str_find_str(answer, S("0\r\n\r\nHTTP/1.1 200"));
    CHECK(second != STR_NOWHERE);
    CHECK(str_eq(joined(t, str_upto(answer, second + 5)), body));
    client_free(client);
    pieces_end(&p);
}

TEST(http_bodies_are_refused_before_they_are_read)
{
    static const struct { const char *name, *request; int status, handled; } CASES[] = {
        {"by length", POST("/closed") "Content-Length: 3000000\r\n\r\n", 403, 0},
        {"in chunks", POST("/closed") "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", 403, 0},
        {"who asks first", POST("/closed") "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", 403, 0},
        {"too long for the route", POST("/small") "Content-Length: 101\r\n\r\nabc", 413, 0},
        {"too long in chunks", POST("/small") "Transfer-Encoding: chunked\r\n\r\n65\r\n", 413, 0},
        {"too long to be kept", POST("/other") "Content-Length: 4194305\r\n\r\n", 413, 0},
        {"too long to be pulled", POST("/pull") "Content-Length: 10485761\r\n\r\n", 413, 0},
        {"too long to be pulled, in chunks", POST("/pull") "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nA00000\r\n", 413, 1},
        {"malformed", POST("/pull") "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nxyz\r\n", 400, 1},
    };
    struct pieces p;
    pieces_start(t, &p, &PLAIN, false);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client *client = client_new(t, p.port);
        str            head = STR_NONE, body = STR_NONE;
        int            handled = p.handled, admitted = p.admitted;
        CHECK_ROW(client_send(client, str_of(CASES[i].request)), CASES[i].name);
        CHECK_INT(client_read(client, false, &head, &body), CASES[i].status, CASES[i].name);
        CHECK_ROW(str_find_str(head, S("Connection: close\r\n")) != STR_NOWHERE, CASES[i].name);
        CHECK_ROW(client_sees_end(client), CASES[i].name);
        CHECK_INT(p.handled - handled, CASES[i].handled, CASES[i].name);
        CHECK_INT(p.admitted - admitted, 1, CASES[i].name);
        client_free(client);
    }
    struct client *client = client_new(t, p.port);
    CHECK(client_send(client, S(POST("/pull") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")));
    client_expect(client, 100, S(""), "let in");
    CHECK(client_send(client, S("abc")));
    client_expect(client, 200, sum_of(t, S("abc")), "let in");
    CHECK(client_send(client, S(POST("/small") "Content-Length: 100\r\n\r\n")) && client_send(client, letters(t, 100)));
    client_expect(client, 200, S("100 bytes"), "as long as allowed");
    client_free(client);
    pieces_end(&p);
}

// Nothing is read ahead of a handler that does not pull, whatever the peer sends.
TEST(http_a_slow_handler_makes_the_peer_wait)
{
    struct pieces p;
    pieces_start(t, &p, &PLAIN, true);
    struct client *client = client_new(t, p.port);
    struct timeval short_time = {.tv_usec = 200000};
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof short_time);
    CHECK(client_send(client, S(POST("/hold") "Content-Length: 10000000\r\n\r\n")));
    str    body = letters(t, 10000000);
    size_t sent = 0;
    for (ssize_t n; sent < body.n && (n = send(client->fd, body.at + sent, body.n - sent, MSG_NOSIGNAL)) > 0;) sent += (size_t)n;
    CHECK(sent < body.n); // the sockets are full
    CHECK_AT_MOST(p.pulled_n, HTTP_MAX_BODY_BYTES / 16, "pulled");
    for (int i = 0; i < 100000; i++) sem_post(&p.may_go_on);
    struct timeval long_time = {.tv_sec = TEST_HTTP_TIMEOUT_S};
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &long_time, sizeof long_time);
    CHECK(client_send(client, str_from(body, sent)));
    client_expect(client, 200, sum_of(t, body), "all of it");
    client_free(client);
    pieces_end(&p);
}

TEST(http_a_slow_peer_makes_the_handler_wait)
{
    struct pieces p;
    pieces_start(t, &p, &PLAIN, true);
    struct client *client = client_new(t, p.port);
    CHECK(client_send(client, S("GET /chunks/100000000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")));
    size_t before = SIZE_MAX;
    while (before != p.pushed_n) { // until nothing moves any more
        before = p.pushed_n;
        usleep(100000);
    }
    CHECK(p.pushed_n < 60000000);
    client_free(client);
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000 && !p.gone; i++) usleep(1000);
    CHECK_INT(p.gone, 1, "the handler learns that its peer has gone");
    pieces_end(&p);
}

TEST(http_a_peer_that_goes_ends_its_exchange)
{
    static const char *const BEGINNINGS[] = {
        POST("/pull") "Content-Length: 1000\r\n\r\nabc", POST("/pull") "Transfer-Encoding: chunked\r\n\r\n5\r\nab", POST("/pipe") "Content-Length: 1000\r\n\r\nabc",
    };
    for (int on_workers = 0; on_workers < 2; on_workers++) {
        struct pieces p;
        pieces_start(t, &p, &TWO_LOOPS, on_workers);
        for (size_t i = 0; i < COUNT(BEGINNINGS); i++) {
            for (int by_reset = 0; by_reset < 2; by_reset++) {
                struct client *client = client_new(t, p.port);
                int            ended = p.ended;
                CHECK(client_send(client, str_of(BEGINNINGS[i])));
                for (int n = 0; n < TEST_HTTP_TIMEOUT_S * 1000 && p.handled == ended; n++) usleep(1000);
                if (by_reset) client_reset(client);
                else client_free(client);
                for (int n = 0; n < TEST_HTTP_TIMEOUT_S * 1000 && p.ended == ended; n++) usleep(1000);
                CHECK_INT(p.ended, ended + 1, BEGINNINGS[i]);
            }
        }
        CHECK_INT(p.gone, 2 * COUNT(BEGINNINGS), "were told");
        pieces_end(&p);
    }
}

TEST(http_an_answer_that_breaks_off_is_seen_to)
{
    static const struct {
        const char *path;
        const char *has;
    } CASES[] = {{"/broken", "4\r\nsome"}, {"/too-much", "Content-Length: 10\r\n"}};
    struct pieces p;
    pieces_start(t, &p, &PLAIN, false);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client *client = client_new(t, p.port);
        CHECK(client_sendf(client, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", CASES[i].path));
        str answer = read_all(client);
        CHECK_ROW(i == 1 || str_find_str(answer, str_of(CASES[i].has)) != STR_NOWHERE, CASES[i].path);
        CHECK_ROW(str_find_str(answer, S("0\r\n\r\n")) == STR_NOWHERE, CASES[i].path);
        CHECK_ROW(str_find_str(answer, S("ten bytes")) == STR_NOWHERE, CASES[i].path);
        client_free(client);
    }
    pieces_end(&p);
}

TEST(http_a_trickle_of_a_body_does_not_renew_its_time)
{
    static const struct test_http_options SHORT = {.settings = {.head_timeout_ms = 200}};
    struct pieces                         p;
    pieces_start(t, &p, &SHORT, false);
    struct client *client = client_new(t, p.port);
    bool           sent = client_send(client, S(POST("/pull") "Content-Length: 10000\r\n\r\n"));
    int            n = 0;
    for (; n < 10000 && sent && !p.gone; n++) {
        sent = client_send(client, S("a"));
        usleep(10000);
    }
    CHECK_INT(p.gone, 1, "ended");
    CHECK_AT_MOST(n, 2000, "bytes");
    client_free(client);
    pieces_end(&p);
}

// Answers that never come: the peer gets one of the server's, and a listener has only so many.
TEST(http_exchanges_that_sleep_are_bounded_in_time_and_number)
{
    static const struct test_http_options SHORT = {.settings = {.answer_timeout_ms = 100}};
    struct pieces                         p;
    pieces_start(t, &p, &SHORT, true);
    struct client *client[10];
    for (size_t i = 0; i < COUNT(client); i++) {
        client[i] = client_new(t, p.port);
        CHECK(client_send(client[i], S(POST("/hold") "Content-Length: 5\r\n\r\nabcde")));
        if (i < 8)
            for (int n = 0; n < TEST_HTTP_TIMEOUT_S * 1000 && p.handled <= (int)i; n++) usleep(1000);
    }
    str head = STR_NONE, body = STR_NONE;
    for (size_t i = 0; i < COUNT(client); i++) {
        CHECK_INT(client_read(client[i], false, &head, &body), 503, "no answer");
        CHECK(client_sees_end(client[i]));
        client_free(client[i]);
    }
    CHECK_INT(p.handled, 8, "as many as the listener may have");
    for (int i = 0; i < 100; i++) sem_post(&p.may_go_on);
    for (int n = 0; n < TEST_HTTP_TIMEOUT_S * 1000 && p.ended < 8; n++) usleep(1000);
    struct client *after = client_new(t, p.port);
    CHECK(client_send(after, S(POST("/hold") "Content-Length: 5\r\n\r\nabcde")));
    client_expect(after, 200, sum_of(t, S("abcde")), "when they have ended");
    client_free(after);
    pieces_end(&p);
}
