#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_http.h"

#define POST_HEAD "POST /echo HTTP/1.1\r\nHost: localhost\r\n"

static const struct test_http_options PLAIN = {.settings = {.server_name = S_INIT("lanyard")}};

TEST(http_answers_and_keeps_the_connection)
{
    struct test_http s;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    str            head = STR_NONE, body = STR_NONE;
    CHECK(client_send(client, S(GET("/echo?a=%2F"))));
    CHECK_INT(client_read(client, false, &head, &body), 200, "first");
    CHECK_STR(body, S("GET /echo?a=%2F "), "first");
    CHECK(str_starts(head, S("HTTP/1.1 200 OK\r\nDate: ")));
    CHECK(str_ends(head, S(" GMT\r\nServer: lanyard\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\n")));
    for (int i = 0; i < 100; i++) CHECK_INT(client_get(client, "/bytes/10"), 200, "again");
    CHECK(client_send(client, S(POST_HEAD "Content-Length: 5\r\n\r\nhello")));
    client_expect(client, 200, S("POST /echo hello"), "a body");
    CHECK(client_send(client, S("GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 200, "last");
    CHECK(str_find_str(head, S("\r\nConnection: close\r\n")) != STR_NOWHERE);
    CHECK(client_sees_end(client));
    client_free(client);
    test_http_end(&s, 1000);
    CHECK_INT(s.handled, 103, "requests");
    CHECK_INT(s.contexts_freed, 1, "contexts");
}

TEST(http_answers_have_the_form_that_their_status_asks_for)
{
    static const struct { const char *request; bool to_head; int status; const char *body, *has, *lacks; } CASES[] = {
        {"HEAD /bytes/10", true, 200, "", "Content-Length: 10\r\n", "abc"},
        {"GET /status/204", false, 204, "", "204 No Content\r\n", "Content-Length"},
        {"GET /status/304", false, 304, "", "304 Not Modified\r\n", "Content-Length"},
        {"GET /status/299", false, 299, "body", "HTTP/1.1 299 \r\n", "Connection"},
        {"GET /bytes/0", false, 200, "", "Content-Length: 0\r\n", "Connection"},
        {"GET /inject", false, 200, "", "X-A: good\r\nX-B: b\r\n", "X-Evil"},
        {"GET /status/0", false, 500, "", "Content-Length: 0\r\n", "body"}, // a handler that forgot
        {"GET /status/100", false, 500, "", "Content-Length: 0\r\n", "body"},
        {"GET /status/1000", false, 500, "", "Content-Length: 0\r\n", "body"},
        {"BREW /echo", false, 200, "BREW /echo ", "200 OK", "Connection"}, // unknown methods are the handler's
        {"GET /close", false, 200, "bye", "Connection: close\r\n", "X"},
        {"GET /echo", false, 200, "GET /echo ", "200 OK", "X"},
    };
    struct test_http s;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *row = CASES[i].request;
        str         head = STR_NONE, body = STR_NONE;
        CHECK_ROW(client_sendf(client, "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", row), row);
        CHECK_INT(client_read(client, CASES[i].to_head, &head, &body), CASES[i].status, row);
        CHECK_STR(body, str_of(CASES[i].body), row);
        CHECK_ROW(str_find_str(head, str_of(CASES[i].has)) != STR_NOWHERE, row);
        CHECK_ROW(str_find_str(head, str_of(CASES[i].lacks)) == STR_NOWHERE, row);
        if (str_find_str(head, S("Connection: close")) == STR_NOWHERE) continue;
        CHECK_ROW(client_sees_end(client), row);
        client_free(client);
        client = client_new(t, s.port);
    }
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_refuses_odd_requests_and_closes)
{
    static const struct { str text; int status; } CASES[] = {
        {S_INIT("GET /echo HTTP/1.1\r\n\r\n"), 400},
        {S_INIT(POST_HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
        {S_INIT(POST_HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400},
        {S_INIT(POST_HEAD "Content-Length: +3\r\n\r\nabc"), 400},
        {S_INIT(POST_HEAD "Transfer-Encoding: xchunked\r\n\r\n"), 501},
        {S_INIT("GET /echo HTTP/1.1\r\nHost : localhost\r\n\r\n"), 400},
        {S_INIT("GET /echo HTTP/1.1\nHost: localhost\n\n"), 400},
        {S_INIT("GET /echo HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n"), 400},
        {S_INIT("GET /echo HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n"), 400},
        {S_INIT("GET /echo HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505},
        {S_INIT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400},
        {S_INIT(POST_HEAD "Content-Length: 5000000\r\n\r\n"), 413},
        {S_INIT(POST_HEAD "Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\n"), 413},
        {S_INIT(POST_HEAD "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400},
        {S_INIT(POST_HEAD "Expect: magic\r\n\r\n"), 417},
    };
    struct test_http s;
    test_http_start(t, &s, &PLAIN);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char    *row = CASES[i].text.at;
        struct client *client = client_new(t, s.port);
        str            head = STR_NONE, body = STR_NONE;
        CHECK_ROW(client_send(client, S(GET("/echo"))) && client_send(client, CASES[i].text) && client_send(client, S(GET("/smuggled"))), row);
        CHECK_INT(client_read(client, false, &head, &body), 200, row); // what came before it is answered
        CHECK_INT(client_read(client, false, &head, &body), CASES[i].status, row);
        CHECK_ROW(str_find_str(head, S("\r\nConnection: close\r\n")) != STR_NOWHERE, row);
        CHECK_ROW(client_sees_end(client), row);
        client_free(client);
    }
    test_http_end(&s, 1000);
    CHECK_INT(s.handled, COUNT(CASES), "no odd request and nothing behind one reached the handler");
}

TEST(http_takes_the_largest_body)
{
    static const size_t PIECE = 100000;
    struct test_http    s;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    char          *piece = malloc(PIECE);
    str            head = STR_NONE, body = STR_NONE;
    if (!piece) abort();
    memset(piece, 'b', PIECE);
    CHECK(client_sendf(client, "POST /bytes/7 HTTP/1.1\r\nHost: localhost\r\nContent-Length: %u\r\n\r\n", HTTP_MAX_BODY_BYTES));
    for (size_t left = HTTP_MAX_BODY_BYTES; left;) {
        size_t n = left < PIECE ? left : PIECE;
        CHECK(client_send(client, (str){piece, n}));
        left -= n;
    }
    CHECK_INT(client_read(client, false, &head, &body), 200, "by length");
    CHECK(client_send(client, S("POST /bytes/7 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")));
    for (size_t left = HTTP_MAX_BODY_BYTES; left;) {
        size_t n = left < PIECE ? left : PIECE;
        CHECK(client_sendf(client, "%zx\r\n", n) && client_send(client, (str){piece, n}) && client_send(client, S("\r\n")));
        left -= n;
    }
    CHECK(client_send(client, S("0\r\n\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 200, "in chunks");
    free(piece);
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_reads_requests_byte_by_byte)
{
    static const char TEXT[] = "\r\n" GET("/echo?1") POST_HEAD
        "Content-Length: 3\r\n\r\nabc" POST_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n" GET("/soon?2");
    struct test_http s;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    for (size_t i = 0; i < sizeof TEXT - 1; i++) CHECK(client_send(client, (str){TEXT + i, 1}));
    client_expect(client, 200, S("GET /echo?1 "), "head");
    client_expect(client, 200, S("POST /echo abc"), "body");
    client_expect(client, 200, S("POST /echo abcde"), "chunks");
    client_expect(client, 200, S("GET /soon?2 "), "from another thread");
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_answers_pipelined_requests_in_their_order)
{
    struct test_http s;
    struct buf       all;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    buf_init(&all, &t->call->arena);
    for (int i = 0; i < 300; i++) {
        const char *path = i % 7 == 3 ? "/soon" : "/echo";
        buf_addf(&all, "POST %s?%d HTTP/1.1\r\nHost: localhost\r\n", path, i);
        if (i % 3) buf_addf(&all, "Content-Length: 4\r\n\r\nbody");
        else buf_addf(&all, "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n3\r\nody\r\n0\r\n\r\n");
    }
    CHECK(client_send(client, buf_view(&all)));
    for (int i = 0; i < 300; i++) {
        str want = call_format(t->call, "POST %s?%d body", i % 7 == 3 ? "/soon" : "/echo", i);
        client_expect(client, 200, want, "pipelined");
    }
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_a_connection_that_always_has_half_a_request_grows_not)
{
    static const struct test_http_options SMALL = {.settings = {.max_input_bytes = 64 << 10}}; // less than it sends
    static const char                     ONE[] = "GET /soon?a_request_that_is_cut_at_every_place HTTP/1.1\r\nHost: localhost\r\n\r\n";
    enum { N = 4000, HALF = 40 };
    struct test_http s;
    size_t           answered = 0;
    str              head, body, one = str_of(ONE);
    test_http_start(t, &s, &SMALL);
    struct client *client = client_new(t, s.port);
    struct buf     step; // the end of a request and the beginning of the next
    buf_init(&step, &t->call->arena);
    buf_add(&step, str_from(one, HALF));
    buf_add(&step, str_upto(one, HALF));
    CHECK(client_send(client, str_upto(one, HALF)));
    while (answered < N && client_send(client, buf_view(&step)) && client_read(client, false, &head, &body) == 200) answered++;
    CHECK_INT(answered, N, "answers");
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_asks_for_a_body_that_waits_to_be_asked_for)
{
    struct test_http s;
    str              head = STR_NONE, body = STR_NONE;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    CHECK(client_send(client, S(POST_HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 100, "asked for");
    CHECK_STR(head, S("HTTP/1.1 100 Continue\r\n\r\n"), "100");
    CHECK(client_send(client, S("abc")));
    client_expect(client, 200, S("POST /echo abc"), "answered");
    CHECK(client_send(client, S(POST_HEAD "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")));
    client_expect(client, 200, S("POST /echo abc"), "not asked for: it has come");
    CHECK(client_send(client, S(POST_HEAD "Expect: 100-continue\r\n\r\n")));
    client_expect(client, 200, S("POST /echo "), "not asked for: there is none");
    CHECK(client_send(client, S(POST_HEAD "Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 413, "refused before it is sent");
    client_free(client);
    test_http_end(&s, 1000);
}

static bool accept_every_second(int fd, void *context)
{
    static atomic_int n;
    (void)fd, (void)context;
    return atomic_fetch_add(&n, 1) % 2;
}

TEST(http_a_listener_chooses_whom_it_accepts)
{
    const char                    *path = call_zstr(t->call, call_format(t->call, "%s/socket", test_dir(t)));
    const struct test_http_options unix_socket = {.unix_path = path, .accepts = accept_every_second};
    struct test_http               s;
    test_http_start(t, &s, &unix_socket);
    for (int i = 0; i < 6; i++) {
        struct client *client = client_new_unix(t, path);
        CHECK_INT(client_get(client, "/echo"), i % 2 ? 200 : 0, "every second one");
        client_free(client);
    }
    test_http_end(&s, 1000);
}
