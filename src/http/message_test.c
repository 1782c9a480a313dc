#include "http/message.h"

#include <stdlib.h>

#include "test.h"

#define HOST         "Host: vault.local\r\n"
#define START        "GET /a HTTP/1.1\r\n" HOST
#define HEAD(lines)  START lines "\r\n"
#define SENT(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"
#define ROW(text)    S_INIT(text)

struct head {
    struct http_header  headers[HTTP_MAX_HEADERS];
    struct http_request request;
    struct http_framing framing;
    int                 status;
};

// From a heap block of exactly n bytes, so that the sanitizer sees a step too far. The block is freed
// with the views in it: what a test looks at is read again from the row.
static enum http_progress read_exactly(str in, struct head *h)
{
    char *block = malloc(in.n ? in.n : 1);
    if (!block) abort();
    if (in.n) memcpy(block, in.at, in.n);
    enum http_progress progress = http_read_head((str){block, in.n}, h->headers, &h->request, &h->framing, &h->status);
    free(block);
    return progress;
}

static enum http_progress read_head(str in, struct head *h)
{
    *h = (struct head){0};
    enum http_progress exact = read_exactly(in, h);
    enum http_progress again = http_read_head(in, h->headers, &h->request, &h->framing, &h->status);
    return exact == again ? again : HTTP_NEED_MORE;
}

TEST(http_head_refuses_what_others_let_pass)
{
    static const struct { str text; int status; } CASES[] = {
        // the rows of odd requests, each accepted by some server in use
        {ROW("GET /a HTTP/1.1\r\n\r\n"), 400},
        {ROW(HEAD("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")), 400},
        {ROW(HEAD("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")), 400},
        {ROW(HEAD("Content-Length: 3\r\nContent-Length: 4\r\n")), 400},
        {ROW(HEAD("Content-Length: +3\r\n")), 400},
        {ROW(HEAD("Transfer-Encoding: xchunked\r\n")), 501},
        {ROW("GET /a HTTP/1.1\r\nHost : vault.local\r\n\r\n"), 400},
        {ROW(HEAD("X-A : b\r\n")), 400},
        {ROW("GET /a HTTP/1.1\nHost: vault.local\n\n"), 400},
        {ROW(HEAD("X-A: b\nX-B: c\r\n")), 400},
        {ROW(HEAD("X-A: b\0c\r\n")), 400},
        // lengths
        {ROW(HEAD("Content-Length: 3\r\nContent-Length: 3\r\n")), 400},
        {ROW(HEAD("Content-Length: 3, 3\r\n")), 400},
        {ROW(HEAD("Content-Length: -1\r\n")), 400},
        {ROW(HEAD("Content-Length: 0x10\r\n")), 400},
        {ROW(HEAD("Content-Length: 1 0\r\n")), 400},
        {ROW(HEAD("Content-Length:\r\n")), 400},
        {ROW(HEAD("Content-Length: 1099511627777\r\n")), 413},
        {ROW(HEAD("Content-Length: 18446744073709551617\r\n")), 413},
        {ROW(HEAD("Content-Length: 111111111111111111111111111111111111\r\n")), 413},
        // codings and expectations
        {ROW(HEAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400},
        {ROW(HEAD("Transfer-Encoding: chunked, chunked\r\n")), 501},
        {ROW(HEAD("Transfer-Encoding: gzip, chunked\r\n")), 501},
        {ROW(HEAD("Transfer-Encoding: identity\r\n")), 501},
        {ROW(HEAD("Transfer-Encoding:\r\n")), 501},
        {ROW("POST /a HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"), 400},
        {ROW(HEAD("Expect: 200-ok\r\n")), 417},
        {ROW(HEAD("Expect: 100-continue\r\nExpect: 100-continue\r\n")), 400},
        // hosts
        {ROW(HEAD(HOST)), 400},
        {ROW(HEAD("host: other\r\n")), 400},
        {ROW("GET /a HTTP/1.1\r\nHost:\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a:\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a:80x\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a:123456\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: a:99999\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: [::1]:65536\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: :80\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: ::1\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: []\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: [::1]x\r\n\r\n"), 400},
        {ROW("GET /a HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n"), 400},
        // header lines
        {ROW(HEAD("X-A: b\r\n folded\r\n")), 400},
        {ROW(HEAD("X-A: b\r\n\tfolded\r\n")), 400},
        {ROW("GET /a HTTP/1.1\r\n Host: vault.local\r\n\r\n"), 400},
        {ROW(HEAD("X-A\r\n")), 400},
        {ROW(HEAD(": b\r\n")), 400},
        {ROW(HEAD("X(A): b\r\n")), 400},
        {ROW(HEAD("X\xc3\xa4: b\r\n")), 400},
        {ROW(HEAD("X-A: b\rc\r\n")), 400},
        {ROW(HEAD("X-A: b\r\r\n")), 400},
        {ROW(HEAD("X-A: b\x7f\r\n")), 400},
        {ROW(HEAD("X-A: a long value, and \x01 in it\r\n")), 400},
        {ROW(HEAD("X-A: \x1b[31m\r\n")), 400},
        {ROW(HEAD("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")), 400},
        {ROW(HEAD("Content-Type: text/plain\r\ncontent-type: application/json\r\n")), 400},
        {ROW("GET /a HTTP/1.1\r\n" HOST "\rX"), 400},
        // request lines
        {ROW("\r\n\r\n" HEAD("")), 400},
        {ROW("\n" HEAD("")), 400},
        {ROW(" GET /a HTTP/1.1\r\n"), 400},
        {ROW("GET  /a HTTP/1.1\r\n"), 400},
        {ROW("GET /a  HTTP/1.1\r\n"), 400},
        {ROW("GET /a\tHTTP/1.1\r\n"), 400},
        {ROW("GET /a HTTP/1.1 \r\n"), 400},
        {ROW("GET /a\r\n"), 400},
        {ROW("GET /a HTTP/1.1X\r\n"), 400},
        {ROW("GET /a HTTP/11\r\n"), 400},
        {ROW("GET /a HTTP/a.1\r\n"), 400},
        {ROW("GET /a http/1.1\r\n"), 400},
        {ROW("GET /a ICY/1.1\r\n"), 400},
        {ROW("G@T /a HTTP/1.1\r\n"), 400},
        {ROW("GET\0 /a HTTP/1.1\r\n"), 400},
        {ROW("\x16\x03\x01\x02\x00\x01\x00"), 400}, // TLS where plain is spoken
        {ROW("GET /a HTTP/2.0\r\n"), 505},
        {ROW("GET /a HTTP/1.2\r\n"), 505},
        {ROW("GET /a HTTP/0.9\r\n"), 505},
        {ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
        {ROW("AMETHODTHATISFARTOOLONGTOBEONE /a HTTP/1.1\r\n"), 501},
        // targets
        {ROW(SENT("a")), 400},
        {ROW(SENT("?a=b")), 400},
        {ROW(SENT("*")), 400},
        {ROW("OPTIONS *?a HTTP/1.1\r\n" HOST "\r\n"), 400},
        {ROW(SENT("/a#b")), 400},
        {ROW(SENT("/a\"b")), 400},
        {ROW(SENT("/a<b")), 400},
        {ROW(SENT("/a\\b")), 400},
        {ROW(SENT("/\xc3\xa4")), 400},
        {ROW(SENT("/a\x01")), 400},
        {ROW(SENT("http://other/a")), 400},
        {ROW(SENT("http://user@vault.local/a")), 400},
        {ROW(SENT("http:///a")), 400},
        {ROW(SENT("ftp://vault.local/a")), 400},
        {ROW("CONNECT vault.local:443 HTTP/1.1\r\n" HOST "\r\n"), 400},
    };
    struct head *h = malloc(sizeof *h);
    if (!h) abort();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        enum http_progress progress = read_head(CASES[i].text, h);
        CHECK_ROW(progress == HTTP_REFUSED, CASES[i].text.at);
        CHECK_INT(h->status, CASES[i].status, CASES[i].text.at);
        CHECK_ROW(h->request.method_text.at == NULL && h->framing.head_bytes == 0, CASES[i].text.at); // untouched
    }
    free(h);
}

TEST(http_head_reads_requests)
{
    static const struct {
        const char      *text;
        enum http_method method;
        const char      *path, *query, *host;
        bool             chunked, keep_alive, expects;
        size_t           length, header_n;
    } CASES[] = {
        {HEAD(""), HTTP_GET, "/a", "", "vault.local", false, true, false, 0, 1},
        {"\r\n" HEAD(""), HTTP_GET, "/a", "", "vault.local", false, true, false, 0, 1},
        {SENT("/a?b=c?d/%2F"), HTTP_GET, "/a", "b=c?d/%2F", "vault.local", false, true, false, 0, 1},
        {SENT("/subscriptions/%2F/x?$filter=atScope()"), HTTP_GET, "/subscriptions/%2F/x", "$filter=atScope()", "vault.local", false, true, false, 0,
         1},
        {SENT("/a?x=[b]{c}|d^`\\"), HTTP_GET, "/a", "x=[b]{c}|d^`\\", "vault.local", false, true, false, 0, 1},
        {SENT("/a?"), HTTP_GET, "/a", "", "vault.local", false, true, false, 0, 1},
        {SENT("//..//"), HTTP_GET, "//..//", "", "vault.local", false, true, false, 0, 1},
        {SENT("http://vault.local/a?b"), HTTP_GET, "/a", "b", "vault.local", false, true, false, 0, 1},
        {SENT("HTTPS://Vault.Local?b"), HTTP_GET, "/", "b", "vault.local", false, true, false, 0, 1},
        {"OPTIONS * HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", HTTP_OPTIONS, "*", "", "[::1]:8443", false, true, false, 0, 1},
        {"POST / HTTP/1.1\r\nContent-Length:7\t\r\nHOST:  127.0.0.1:80  \r\n\r\n", HTTP_POST, "/", "", "127.0.0.1:80", false, true, false, 7, 2},
        {"PUT / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 4194304\r\n\r\n", HTTP_PUT, "/", "", "vault.local", false, true, true,
         4194304, 3},
        {"PATCH / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", HTTP_PATCH, "/", "", "vault.local", true, true, false, 0, 2},
        {"DELETE / HTTP/1.1\r\n" HOST "Connection: keep-alive, Close\r\n\r\n", HTTP_DELETE, "/", "", "vault.local", false, false, false, 0, 2},
        {"HEAD / HTTP/1.1\r\n" HOST "Connection: TE\r\nConnection: close\r\n\r\n", HTTP_HEAD, "/", "", "vault.local", false, false, false, 0, 3},
        {"BREW / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", HTTP_OTHER, "/", "", "vault.local", false, true, false, 0, 2},
        {"get / HTTP/1.1\r\n" HOST "\r\n", HTTP_OTHER, "/", "", "vault.local", false, true, false, 0, 1},
        {"GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\nExpect: 100-continue\r\n\r\n", HTTP_GET, "/", "", "vault.local", false, false, false, 0,
         3},
        {HEAD("X-A:\r\nX-B: \t \r\nx-c: \xc3\xa4\tb\r\n"), HTTP_GET, "/a", "", "vault.local", false, true, false, 0, 4},
    };
    struct head *h = malloc(sizeof *h);
    if (!h) abort();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *row = CASES[i].text;
        str         text = str_of(row);
        bool        ok = read_head(text, h) == HTTP_DONE;
        CHECK_ROW(ok == (CASES[i].path != NULL), row);
        if (!ok || !CASES[i].path) continue;
        CHECK_INT(h->request.method, CASES[i].method, row);
        CHECK_STR(h->request.path, str_of(CASES[i].path), row);
        CHECK_STR(h->request.query, str_of(CASES[i].query), row);
        CHECK_STR(h->request.host, str_of(CASES[i].host), row);
        CHECK_INT(h->request.header_n, CASES[i].header_n, row);
        CHECK_INT(h->framing.content_length, CASES[i].length, row);
        CHECK_ROW(h->framing.chunked == CASES[i].chunked, row);
        CHECK_ROW(h->framing.keep_alive == CASES[i].keep_alive, row);
        CHECK_ROW(h->framing.expects_continue == CASES[i].expects, row);
        CHECK_INT(h->framing.head_bytes, text.n, row);
        for (size_t n = 0; n < text.n; n++)
            if (read_exactly(str_upto(text, n), h) != HTTP_NEED_MORE) test_failed(t, __FILE__, __LINE__, "%s: whole after %zu bytes", row, n);
    }
    free(h);
}

TEST(http_head_finds_headers)
{
    static const char text[] = "GET /a?x HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nX-Empty:\r\n\r\nGET /next";
    struct head      *h = malloc(sizeof *h);
    if (!h) abort();
    CHECK(read_head(str_of(text), h) == HTTP_DONE);
    CHECK_STR(h->request.target, S("/a?x"), "target");
    CHECK_STR(h->request.method_text, S("GET"), "method");
    CHECK_STR(http_header(&h->request, S("X-a")), S("1"), "the first");
    CHECK(http_header(&h->request, S("x-b")).at == NULL);
    CHECK(!http_has_header(&h->request, S("X")));
    CHECK(http_has_header(&h->request, S("x-empty")));
    CHECK_INT(h->framing.head_bytes, sizeof text - 1 - 9, "the next request is not touched");
    free(h);
}

static str repeated(struct test *t, const char *before, const char *piece, size_t n, const char *after)
{
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add(&b, str_of(before));
    for (size_t i = 0; i < n; i++) buf_add(&b, str_of(piece));
    buf_add(&b, str_of(after));
    return buf_view(&b);
}

TEST(http_head_has_limits)
{
    enum { ROOM = HTTP_MAX_HEAD_BYTES - (sizeof START "A:" - 1) };
    const struct { const char *name; str text; enum http_progress want; int status; } CASES[] = {
        {"longest target", repeated(t, "GET /", "a", HTTP_MAX_TARGET_BYTES - 1, " HTTP/1.1\r\n" HOST "\r\n"), HTTP_DONE, 0},
        {"target", repeated(t, "GET /", "a", HTTP_MAX_TARGET_BYTES, " HTTP/1.1\r\n" HOST "\r\n"), HTTP_REFUSED, 414},
        {"query", repeated(t, "GET /?", "a", HTTP_MAX_TARGET_BYTES, " HTTP/1.1\r\n" HOST "\r\n"), HTTP_REFUSED, 414},
        {"endless target", repeated(t, "GET /", "a", HTTP_MAX_TARGET_BYTES, ""), HTTP_REFUSED, 414},
        {"endless method", repeated(t, "", "A", HTTP_MAX_METHOD_BYTES + 1, ""), HTTP_REFUSED, 501},
        {"most headers", repeated(t, START, "A: b\r\n", HTTP_MAX_HEADERS - 1, "\r\n"), HTTP_DONE, 0},
        {"headers", repeated(t, START, "A: b\r\n", HTTP_MAX_HEADERS, "\r\n"), HTTP_REFUSED, 431},
        {"a long header", repeated(t, START, "A: bbbbbb", 1, "\r\n\r\n"), HTTP_DONE, 0},
        {"longest head", repeated(t, START "A:", "b", ROOM - 4, "\r\n\r\n"), HTTP_DONE, 0},
        {"head", repeated(t, START "A:", "b", ROOM - 3, "\r\n\r\n"), HTTP_REFUSED, 431},
        {"endless value", repeated(t, START "A:", "b", HTTP_MAX_HEAD_BYTES, ""), HTTP_REFUSED, 431},
        {"endless name", repeated(t, START, "A", HTTP_MAX_HEAD_BYTES, ""), HTTP_REFUSED, 431},
        {"nearly endless", repeated(t, START "A:", "b", ROOM - 1, ""), HTTP_NEED_MORE, 0},
    };
    struct head *h = malloc(sizeof *h);
    if (!h) abort();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_INT(read_head(CASES[i].text, h), CASES[i].want, CASES[i].name);
        CHECK_INT(h->status, CASES[i].status, CASES[i].name);
    }
    free(h);
}

// Joins with at most `step` fresh bytes each time; what is left behind the body goes to *out_rest.
static enum http_progress join(struct test *t, str text, size_t step, str *out_body, str *out_rest, int *out_status)
{
    struct http_chunks state = {0};
    enum http_progress progress = HTTP_NEED_MORE;
    char              *in = malloc(text.n + 1);
    size_t             n = 0, given = 0;
    if (!in) abort();
    while (progress == HTTP_NEED_MORE && given < text.n) {
        size_t fresh = text.n - given < step ? text.n - given : step;
        memcpy(in + n, text.at + given, fresh);
        n += fresh;
        given += fresh;
        size_t before = n;
        progress = http_read_chunks(&state, in, &n, out_status);
        CHECK(n <= before && state.joined <= n);
    }
    *out_body = arena_copy_str(&t->call->arena, (str){in, state.joined});
    *out_rest = arena_copy_str(&t->call->arena, (str){in + state.joined, n - state.joined + (text.n - given)});
    memcpy((char *)out_rest->at + (n - state.joined), text.at + given, text.n - given);
    free(in);
    return progress;
}

TEST(http_chunks_are_joined_however_they_come)
{
    static const struct { str text; enum http_progress want; int status; const char *body, *rest; } CASES[] = {
        {ROW("0\r\n\r\n"), HTTP_DONE, 0, "", ""},
        {ROW("3\r\nabc\r\n0\r\n\r\n"), HTTP_DONE, 0, "abc", ""},
        {ROW("3\r\nabc\r\n0002\r\nde\r\n00\r\n\r\nGET /"), HTTP_DONE, 0, "abcde", "GET /"},
        {ROW("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), HTTP_DONE, 0, "01234567890123456789", ""},
        {ROW("3;name=value;x=\"y\"\r\nabc\r\n0;last\r\n\r\n"), HTTP_DONE, 0, "abc", ""},
        {ROW("1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n\r\n"), HTTP_DONE, 0, "\r\r\n", "\r\n"},
        {ROW("1\r\na\r\n0\r\nX-Sum: 1\r\nX-B:\r\n\r\nX"), HTTP_DONE, 0, "a", "X"},
        {ROW(""), HTTP_NEED_MORE, 0, "", ""},
        {ROW("3\r\nab"), HTTP_NEED_MORE, 0, "ab", ""},
        {ROW("3\r\nabc\r\n0\r\n"), HTTP_NEED_MORE, 0, "abc", ""},
        {ROW("3\r\nabc\r\n0\r\nX-Sum: 1\r\n"), HTTP_NEED_MORE, 0, "abc", ""},
        {ROW("\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("x\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("0x3\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("-3\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("+3\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW(" 3\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3 \r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\nabc\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3;a\nb\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\rabc"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\r\nabcd\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\r\nab\r\n\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\r\nabc\n0\r\n\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("3\r\nabc0\r\n\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("000000003\r\nabc\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("FFFFFFFFFFFFFFFF\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("FFFFFFFF\r\n"), HTTP_REFUSED, 413, NULL, NULL},
        {ROW("400001\r\n"), HTTP_REFUSED, 413, NULL, NULL},
        {ROW("1\r\na\r\n400000\r\n"), HTTP_REFUSED, 413, NULL, NULL},
        {ROW("0\r\nX Sum: 1\r\n\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("0\r\nX-Sum: 1\n\r\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("0\r\n\n"), HTTP_REFUSED, 400, NULL, NULL},
        {ROW("0\r\n\rx"), HTTP_REFUSED, 400, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *row = CASES[i].text.at;
        for (size_t step = 1; step <= CASES[i].text.n + 1; step++) {
            str body, rest;
            int status = 0;
            CHECK_INT(join(t, CASES[i].text, step, &body, &rest, &status), CASES[i].want, row);
            CHECK_INT(status, CASES[i].status, row);
            if (CASES[i].body) CHECK_STR(body, str_of(CASES[i].body), row);
            if (CASES[i].want == HTTP_DONE) CHECK_STR(rest, str_of(CASES[i].rest), row);
        }
    }
}

TEST(http_chunks_have_limits)
{
    str small = repeated(t, "", "1\r\na\r\n", HTTP_MAX_BODY_BYTES / 256, "0\r\n\r\n");
    const struct { const char *name; str text; enum http_progress want; int status; } CASES[] = {
        {"largest", repeated(t, "400000\r\n", "a", HTTP_MAX_BODY_BYTES, "\r\n0\r\n\r\n"), HTTP_DONE, 0},
        {"small ones", small, HTTP_DONE, 0},
        {"too large at the end", repeated(t, "400000\r\n", "a", HTTP_MAX_BODY_BYTES, "\r\n1\r\n"), HTTP_REFUSED, 413},
        {"endless extension", repeated(t, "1;", "a", HTTP_MAX_CHUNK_LINE_BYTES, "\r\na\r\n0\r\n\r\n"), HTTP_REFUSED, 400},
        {"endless size", repeated(t, "", "0", HTTP_MAX_CHUNK_LINE_BYTES, ""), HTTP_REFUSED, 400},
        {"endless trailer", repeated(t, "0\r\nA:", "a", HTTP_MAX_TRAILER_BYTES, ""), HTTP_REFUSED, 431},
        {"endless trailers", repeated(t, "0\r\n", "A:\r\n", HTTP_MAX_TRAILER_BYTES, ""), HTTP_REFUSED, 431},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        static const size_t STEPS[] = {SIZE_MAX, 1000, 257};
        for (size_t k = 0; k < COUNT(STEPS); k++) {
            str body, rest;
            int status = 0;
            CHECK_INT(join(t, CASES[i].text, STEPS[k], &body, &rest, &status), CASES[i].want, CASES[i].name);
            CHECK_INT(status, CASES[i].status, CASES[i].name);
        }
    }
}

TEST(http_fields_are_decoded)
{
    static const struct { const char *text; enum err want; size_t n; const char *name, *value; } CASES[] = {
        {"", OK, 0, NULL, NULL},
        {"&&", OK, 0, NULL, NULL},
        {"resource=https%3A%2F%2Fvault.azure.net", OK, 1, "resource", "https://vault.azure.net"},
        {"a=1&b=2+3%2b4&c", OK, 3, "b", "2 3+4"},
        {"a=1&b", OK, 2, "B", ""},
        {"a=1=2", OK, 1, "a", "1=2"},
        {"=x", OK, 1, "", "x"},
        {"a=1&A=2", OK, 2, "A", "1"},
        {"%61pi-version=1", OK, 1, "api-version", "1"},
        {"a=%", ERR_URL_INVALID, 0, NULL, NULL},
        {"a=%4", ERR_URL_INVALID, 0, NULL, NULL},
        {"a=%4&b=1", ERR_URL_INVALID, 0, NULL, NULL},
        {"a=%zz", ERR_URL_INVALID, 0, NULL, NULL},
        {"a=%+1", ERR_URL_INVALID, 0, NULL, NULL},
        {"a=%00", ERR_URL_INVALID, 0, NULL, NULL},
        {"%0=1", ERR_URL_INVALID, 0, NULL, NULL},
        {"%00=1", ERR_URL_INVALID, 0, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_field *fields = NULL;
        size_t             n = 0;
        CHECK_ERR(http_read_fields(t->call, str_of(CASES[i].text), &fields, &n), CASES[i].want, CASES[i].text);
        CHECK_INT(n, CASES[i].n, CASES[i].text);
        if (!CASES[i].name) continue;
        CHECK_STR(http_field(fields, n, str_of(CASES[i].name)), str_of(CASES[i].value), CASES[i].text);
        CHECK(http_field(fields, n, S("missing")).at == NULL);
    }
    struct http_field *fields;
    size_t             n;
    CHECK_ERR(http_read_fields(t->call, repeated(t, "", "a=b&", HTTP_MAX_QUERY_FIELDS, ""), &fields, &n), OK, "most fields");
    CHECK_ERR(http_read_fields(t->call, repeated(t, "", "a&", HTTP_MAX_QUERY_FIELDS + 1, ""), &fields, &n), ERR_TOO_LARGE, "fields");
}

TEST(http_escapes_are_read_and_written)
{
    static const struct { str text; enum err want; const char *plain, *again; } CASES[] = {
        {ROW(""), OK, "", ""},
        {ROW("a-Z_0.9~"), OK, "a-Z_0.9~", "a-Z_0.9~"},
        {ROW("a+b%2Fc%20"), OK, "a+b/c ", "a%2Bb%2Fc%20"},
        {ROW("%c3%A4"), OK, "\xc3\xa4", "%C3%A4"},
        {ROW("%"), ERR_URL_INVALID, NULL, NULL},
        {ROW("a%2"), ERR_URL_INVALID, NULL, NULL},
        {ROW("%2g"), ERR_URL_INVALID, NULL, NULL},
        {ROW("%-1"), ERR_URL_INVALID, NULL, NULL},
        {ROW("%00"), ERR_URL_INVALID, NULL, NULL},
        {ROW("a\0"), ERR_URL_INVALID, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str        plain = STR_NONE;
        struct buf again;
        buf_init(&again, &t->call->arena);
        CHECK_ERR(http_unescape(t->call, CASES[i].text, &plain), CASES[i].want, CASES[i].text.at);
        if (CASES[i].want != OK) continue;
        CHECK_STR(plain, str_of(CASES[i].plain), CASES[i].text.at);
        http_escape(&again, plain);
        CHECK_STR(buf_view(&again), str_of(CASES[i].again), CASES[i].text.at);
    }
}
