// Slow peers, many peers, and what is too large or too much.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test_http.h"

#define POST_HEAD "POST /echo HTTP/1.1\r\nHost: localhost\r\n"

static const struct test_http_options PLAIN = {.settings = {.server_name = S_INIT("lanyard")}};
static const struct test_http_options TWO_LOOPS = {.net = {.loops = 2}};

static void send_endless(struct test *t, uint16_t port, const char *start, str piece, int want, const char *row)
{
    struct client *client = client_new(t, port);
    str            head = STR_NONE, body = STR_NONE;
    CHECK_ROW(client_send(client, str_of(start)), row);
    // The server answers and goes on reading for a while, so that the answer arrives.
    for (int i = 0; i < 600 && client_send(client, piece); i++) {
    }
    CHECK_INT(client_read(client, false, &head, &body), want, row);
    client_free(client);
}

TEST(http_answers_what_is_too_large)
{
    struct test_http s;
    str              letters = {arena_alloc(&t->call->arena, 1000), 1000};
    if (!letters.at) abort();
    memset((char *)letters.at, 'a', letters.n);
    test_http_start(t, &s, &PLAIN);
    send_endless(t, s.port, "GET /", letters, 414, "target");
    send_endless(t, s.port, "", letters, 501, "method");
    send_endless(t, s.port, "GET / HTTP/1.1\r\nX: ", letters, 431, "head");
    send_endless(t, s.port, "GET / HTTP/1.1\r\n", S("X: a\r\n"), 431, "headers");
    send_endless(t, s.port, POST_HEAD "Content-Length: 99999999\r\n\r\n", letters, 413, "length");
    send_endless(t, s.port, POST_HEAD "Transfer-Encoding: chunked\r\n\r\n", S("0000000000000000"), 400, "chunk's size");
    test_http_end(&s, 1000);
    CHECK_INT(s.handled, 0, "none of these reached the handler");
}

TEST(http_closes_silent_peers_after_a_timeout)
{
    static const struct { const char *name, *sent; int status; } CASES[] = {
        {"a silent peer", "", 0},
        {"half a head", "GET / HT", 408},
        {"half a body", POST_HEAD "Content-Length: 3\r\n\r\nab", 408},
        {"half a chunk", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nab", 408},
    };
    static const struct test_http_options SHORT = {.settings = {.head_timeout_ms = 100, .idle_timeout_ms = 200}};
    struct test_http                      s;
    test_http_start(t, &s, &SHORT);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t        before = test_http_now_ms(CLOCK_MONOTONIC);
        struct client *client = client_new(t, s.port);
        str            head = STR_NONE, body = STR_NONE;
        CHECK_ROW(client_send(client, str_of(CASES[i].sent)), CASES[i].name);
        CHECK_INT(client_read(client, false, &head, &body), CASES[i].status, CASES[i].name);
        CHECK_ROW(client_sees_end(client), CASES[i].name);
        CHECK_ROW(test_http_now_ms(CLOCK_MONOTONIC) - before >= 90, CASES[i].name);
        client_free(client);
    }
    int64_t        before = test_http_now_ms(CLOCK_MONOTONIC);
    struct client *client = client_new(t, s.port);
    CHECK_INT(client_get(client, "/echo"), 200, "before it is idle");
    CHECK(client_sees_end(client));
    CHECK(test_http_now_ms(CLOCK_MONOTONIC) - before >= 190);
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_single_bytes_do_not_extend_the_timeout)
{
    static const struct test_http_options SHORT = {.settings = {.head_timeout_ms = 200}};
    struct test_http                      s;
    test_http_start(t, &s, &SHORT);
    struct client *client = client_new(t, s.port);
    int64_t        before = test_http_now_ms(CLOCK_MONOTONIC);
    bool           sent = client_send(client, S("GET / HTTP/1.1\r\nX: "));
    for (int i = 0; i < 1000 && sent; i++) {
        sent = client_send(client, S("a"));
        usleep(10000);
    }
    CHECK(!sent);
    CHECK(test_http_now_ms(CLOCK_MONOTONIC) - before < TEST_HTTP_TIMEOUT_S * 1000 / 2);
    client_free(client);
    test_http_end(&s, 1000);
}

// Reads answers of `n` bytes each without keeping them; how many came whole.
static size_t drain(struct client *client, size_t answers, size_t n)
{
    size_t done = 0;
    str    head, body;
    while (done < answers && client_read(client, false, &head, &body) == 200 && body.n == n) done++;
    return done;
}

TEST(http_a_slow_reader_makes_the_server_wait)
{
    static const size_t N = 400;
    static const struct { const char *path; size_t bytes; } CASES[] = {
        {"/bytes/50000", 50000},   // fits the output
        {"/bytes/100000", 100000}, // is sent from where it stands
        {"/soon", 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct test_http s;
        struct buf       all;
        test_http_start(t, &s, &PLAIN);
        struct client *client = client_new(t, s.port);
        buf_init(&all, &t->call->arena);
        for (size_t n = 0; n < N; n++) buf_addf(&all, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", CASES[i].path);
        CHECK(client_send(client, buf_view(&all)));
        int before = -1;
        while (CASES[i].bytes && before != s.handled) { // until nothing moves any more
            before = s.handled;
            usleep(50000);
        }
        if (CASES[i].bytes) CHECK_ROW((size_t)s.handled < N, CASES[i].path);
        size_t n = CASES[i].bytes ? CASES[i].bytes : strlen("GET /soon ");
        CHECK_INT(drain(client, N, n), N, CASES[i].path);
        CHECK_INT(s.handled, N, CASES[i].path);
        client_free(client);
        test_http_end(&s, 1000);
    }
}

TEST(http_an_answer_waits_behind_what_is_unsent)
{
    struct test_http s;
    struct buf       all;
    size_t           n = 0;
    str              head, body;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    buf_init(&all, &t->call->arena);
    for (int i = 0; i < 300; i++) buf_add(&all, i % 2 ? S(GET("/soon")) : S(GET("/bytes/40000")));
    CHECK(client_send(client, buf_view(&all)));
    usleep(100000);
    while (n < 300 && client_read(client, false, &head, &body) == 200 && body.n == (n % 2 ? strlen("GET /soon ") : 40000)) n++;
    CHECK_INT(n, 300, "in order");
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_a_peer_that_reads_nothing_is_left)
{
    static const struct test_http_options SHORT = {.settings = {.send_timeout_ms = 100}};
    struct test_http                      s;
    test_http_start(t, &s, &SHORT);
    struct client *client = client_new(t, s.port);
    for (int i = 0; i < 200; i++) CHECK(client_send(client, S(GET("/bytes/100000"))));
    usleep(1000000);
    CHECK(drain(client, 200, 100000) < 200);
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_idle_connections_make_room_for_new_ones)
{
    static const struct test_http_options FEW = {.net = {.max_connections = 8}};
    struct test_http                      s;
    struct client                        *client[40];
    test_http_start(t, &s, &FEW);
    for (size_t i = 0; i < COUNT(client); i++) {
        client[i] = client_new(t, s.port);
        CHECK_INT(client_get(client[i], "/echo"), 200, "a newcomer");
    }
    CHECK(client_sees_end(client[0])); // it had waited longest
    CHECK_INT(client_get(client[COUNT(client) - 1], "/echo"), 200, "the last one");
    for (size_t i = 0; i < COUNT(client); i++) client_free(client[i]);
    test_http_end(&s, 1000);
}

TEST(http_busy_connections_make_newcomers_wait)
{
    static const struct test_http_options FEW = {.net = {.max_connections = 4}};
    struct test_http                      s;
    struct client                        *busy[4];
    test_http_start(t, &s, &FEW);
    for (size_t i = 0; i < COUNT(busy); i++) {
        busy[i] = client_new(t, s.port);
        CHECK(client_send(busy[i], S(GET("/late"))));
    }
    test_http_wait_late(&s, COUNT(busy));
    struct client *client = client_new(t, s.port);
    CHECK(client_send(client, S(GET("/echo"))));
    usleep(100000);
    CHECK_INT(s.handled, COUNT(busy), "the newcomer waits");
    test_http_release(&s, 1);
    client_expect(busy[0], 200, S("GET /late "), "late");
    client_expect(client, 200, S("GET /echo "), "the newcomer");
    test_http_release(&s, COUNT(busy) - 1);
    client_free(client);
    for (size_t i = 0; i < COUNT(busy); i++) client_free(busy[i]);
    test_http_end(&s, 1000);
}

// What is reported goes to `to` until put_back.
static int redirect_reports(int to)
{
    int kept = dup(STDERR_FILENO);
    if (kept < 0 || dup2(to, STDERR_FILENO) < 0) abort();
    return kept;
}

static void put_back(int kept)
{
    if (dup2(kept, STDERR_FILENO) < 0) abort();
    close(kept);
}

static size_t count_lines_with(int fd, str words)
{
    char    text[20000];
    size_t  found = 0;
    ssize_t n = read(fd, text, sizeof text);
    for (str rest = {text, n > 0 ? (size_t)n : 0}, line; str_cut(&rest, '\n', &line);) found += str_find_str(line, words) != STR_NOWHERE;
    return found;
}

TEST(http_without_descriptors_it_waits_says_so_and_does_not_spin)
{
    struct test_http s;
    struct rlimit    before, few;
    int              reports[2];
    if (pipe2(reports, O_NONBLOCK | O_CLOEXEC) != 0) abort();
    int kept = redirect_reports(reports[1]);
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    CHECK(client_send(client, S(GET("/late")))); // not idle: it cannot be closed to make room
    test_http_wait_late(&s, 1);
    int spare = dup(0);
    close(spare);
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){.rlim_cur = (rlim_t)spare + 1, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    struct client *late = client_new(t, s.port); // takes the last one: the server has none to accept it with
    CHECK_INT(late->fd, spare, "the last descriptor");
    int64_t cpu = test_http_now_ms(CLOCK_PROCESS_CPUTIME_ID);
    usleep(300000);
    CHECK(test_http_now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu < 150);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_INT(client_get(late, "/echo"), 200, "accepted later");
    test_http_release(&s, 1);
    client_free(late);
    client_free(client);
    test_http_end(&s, 1000);
    put_back(kept);
    CHECK_INT(count_lines_with(reports[0], S("raise the limit of open files")), 1, "reports");
    close(reports[0]);
    close(reports[1]);
}

TEST(http_many_connections)
{
    enum { N = 300 };
    struct test_http s;
    struct client  **client = calloc(N, sizeof *client);
    if (!client) abort();
    test_http_start(t, &s, &TWO_LOOPS);
    for (size_t i = 0; i < N; i++) client[i] = client_new(t, s.port);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) CHECK(client_send(client[i], i % 2 ? S(GET("/soon")) : S(GET("/bytes/3000"))));
        for (size_t i = 0; i < N; i++) CHECK_INT(drain(client[i], 1, i % 2 ? strlen("GET /soon ") : 3000), 1, "each");
    }
    for (size_t i = 0; i < N; i++) client_free(client[i]);
    free(client);
    test_http_end(&s, 1000);
}

static bool send_body(struct client *client, size_t n)
{
    char *piece = calloc(1, n);
    if (!piece) abort();
    bool sent = client_send(client, (str){piece, n});
    free(piece);
    return sent;
}

TEST(http_holds_only_so_much_of_large_requests)
{
    static const struct test_http_options SMALL = {.settings = {.max_input_bytes = 4 << 20}};
    struct test_http                      s;
    test_http_start(t, &s, &SMALL);
    struct client *first = client_new(t, s.port), *second = client_new(t, s.port), *third = client_new(t, s.port);
    CHECK(client_send(first, S("PUT /bytes/3 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1500001\r\n\r\n")));
    client_expect(first, 100, S(""), "the first one may send");
    CHECK(send_body(first, 1500000));
    usleep(100000); // it is held by now; if not, the second one has room and the test proves less
    CHECK(client_send(second, S("PUT /bytes/3 HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")));
    (void)send_body(second, 2900000); // so far, or until the server has had enough
    client_expect(second, 503, S("Service Unavailable\n"), "a large one");
    CHECK_INT(client_get(third, "/bytes/3"), 200, "a small one");
    CHECK(send_body(first, 1));
    client_expect(first, 200, S("abc"), "the first one");
    client_free(first);
    client_free(second);
    client_free(third);
    test_http_end(&s, 1000);
}
