#include "client/transport.h"

#include <pthread.h>
#include <stdlib.h>

#include "client/credential.h"
#include "client/settings.h"
#include "test_http.h"

// A transport that answers from a list, the last one again and again.
struct scripted {
    const struct scripted_reply {
        int                 status; /* 0: none, with `result` */
        const char         *header; /* "name\nvalue"; NULL: none */
        enum lanyard_result result;
        bool                is_endless; /* its body goes on for as long as it is read */
    } * replies;
    size_t n, sent;
};

static enum lanyard_result send_scripted(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context)
{
    struct scripted             *s = context;
    const struct scripted_reply *r = &s->replies[s->sent < s->n ? s->sent : s->n - 1];
    (void)request;
    s->sent++;
    if (!r->status) {
        lanyard_http_reply_failed(reply, "broken on\r\npurpose");
        return r->result;
    }
    lanyard_http_reply_status(reply, r->status);
    if (r->header) lanyard_http_reply_header(reply, "Retry-After", r->header);
    while (r->is_endless)
        if (!lanyard_http_reply_body(reply, "more of the same", 16)) return LANYARD_BROKEN;
    lanyard_http_reply_body(reply, "body", 4);
    return LANYARD_OK;
}

struct sender {
    struct lanyard_transport transport;
    struct lanyard_settings  given;
    struct settings         *settings;
    struct attempts          attempts;
    struct token_ask         ask;
};

static void begin(struct test *t, struct sender *s, struct scripted *script)
{
    const char *fault;
    *s = (struct sender){.given.size = sizeof s->given};
    if (script) {
        s->transport = (struct lanyard_transport){send_scripted, script};
        s->given.transport = &s->transport;
    }
    s->settings = settings_new(&s->given, &fault);
    CHECK(s->settings && !fault);
    s->ask = (struct token_ask){.settings = s->settings, .attempts = &s->attempts, .patience = patience_of(0, NULL)};
}

TEST(client_transport_tries_again_as_the_rule_says)
{
#define NONE_COMES(result) \
    {                      \
        0, NULL, result    \
    }
    static const short             STATUSES[] = {404, 429, 500, 0};
    static const struct retry_rule RULE = {
        .tries = 3, .first_delay_ms = 1, .max_delay_ms = 2, .statuses = STATUSES, .after_no_reply = true, .gone_ms = 14, .obeys_retry_after = true};
    static const struct { const char *row; struct scripted_reply replies[4]; size_t n, sent; int status; bool once; } ROWS[] = {
        {"200 at once", {{200}}, 1, 1, 200},
        {"404, then 200", {{404}, {200}}, 2, 2, 200},
        {"404 for ever", {{404}}, 1, 3, 404},
        {"any 5xx", {{503}, {504}, {200}}, 3, 3, 200},
        {"501 is for ever", {{501}}, 1, 1, 501},
        {"400 is for ever", {{400}}, 1, 1, 400},
        {"410 has tries of its own", {{410}}, 1, 8, 410},
        {"410 leaves the others theirs", {{410}, {410}, {404}, {200}}, 4, 4, 200},
        {"Retry-After", {{429, "0"}, {200}}, 2, 2, 200},
        {"a Retry-After that is too long", {{429, "3600"}, {200}}, 2, 1, 429},
        {"no reply", {NONE_COMES(LANYARD_UNAVAILABLE), NONE_COMES(LANYARD_BROKEN), {200}}, 3, 3, 200},
        {"never a reply", {NONE_COMES(LANYARD_TIMED_OUT)}, 1, 3, 0},
        {"what would fail again", {NONE_COMES(LANYARD_INVALID)}, 1, 1, 0},
        {"a reply without end would have none again", {{200, NULL, LANYARD_OK, .is_endless = true}}, 1, 1, 0},
        {"no rule", {{404}}, 1, 1, 404, .once = true},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct scripted        script = {ROWS[i].replies, ROWS[i].n, 0};
        struct sender          s;
        struct transport_reply reply = {0};
        begin(t, &s, &script);
        struct lanyard_http_request r = {.method = "GET", .url = "http://host/"};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, ROWS[i].once ? NULL : &RULE, &reply), OK, ROWS[i].row);
        CHECK_INT(script.sent, ROWS[i].sent, ROWS[i].row);
        CHECK_INT(reply.status, ROWS[i].status, ROWS[i].row);
        CHECK_STR(reply.body, ROWS[i].status ? S("body") : S(""), ROWS[i].row);
        if (!ROWS[i].status) CHECK_STR(reply.why, reply.is_too_long ? S("the reply is longer than is read") : S("broken on??purpose"), ROWS[i].row);
        settings_free(s.settings);
    }
}

TEST(client_transport_waits_no_longer_than_the_asker)
{
    static const short                 STATUSES[] = {429, 0};
    static const struct retry_rule     RULE = {.tries = 3, .statuses = STATUSES, .gone_ms = 70000, .obeys_retry_after = true};
    static const struct scripted_reply GONE = {410}, BUSY = {429, "30"};
    struct lanyard_http_request        r = {.method = "GET", .url = "http://host/"};
    struct scripted                    script = {&GONE, 1, 0};
    struct transport_reply             reply;
    struct sender                      s;
    struct lanyard_cancel             *cancel = lanyard_cancel_new();
    begin(t, &s, &script);
    s.ask.patience = patience_of(10, NULL);
    CHECK_ERR(transport_send(t->call, &s.ask, &r, &RULE, &reply), ERR_TIMED_OUT, "410 for 70 s");
    script.replies = &BUSY;
    s.ask.patience = patience_of(10, NULL);
    CHECK(transport_send(t->call, &s.ask, &r, &RULE, &reply) == ERR_TIMED_OUT && strstr(t->call->failure.text, "429"));
    call_forgive(t->call);
    CHECK_INT(script.sent, 2, "each was asked once");
    s.ask.patience = patience_of(0, cancel);
    lanyard_cancel_set(cancel);
    CHECK_ERR(transport_send(t->call, &s.ask, &r, &RULE, &reply), ERR_CANCELLED, "cancelled before");
    CHECK_INT(script.sent, 2, "nothing is sent");
    lanyard_cancel_free(cancel);
    settings_free(s.settings);
}

TEST(client_transport_reads_when_to_come_again)
{
#define NOW 1764000000 // 2025-11-24T16:00:00Z
    static const struct { const char *head; int64_t want; } ROWS[] = {
        {"", -1},
        {"Content-Type: a\n", -1},
        {"Retry-After: 5\n", 5000},
        {"retry-after:  5 \n", 5000},
        {"Retry-After: 0\n", 0},
        {"retry-after-ms: 250\nRetry-After: 5\n", 250},
        {"x-ms-retry-after-ms: 30\n", 30},
        {"retry-after-ms: soon\nRetry-After: 5\n", 5000},
        {"Retry-After: Mon, 24 Nov 2025 16:00:09 GMT\n", 9000},
        {"Retry-After: Mon, 24 Nov 2025 15:00:00 GMT\n", 0},
        {"Retry-After: Monday, 24-Nov-25 16:00:09 GMT\n", -1},
        {"Retry-After: Mon, 24 Foo 2025 16:00:09 GMT\n", -1},
        {"Retry-After: Mon, 99 Nov 2025 16:00:09 GMT\n", -1},
        {"Retry-After: Mon, 24 Nov 2025 16:00:09 CET\n", -1},
        {"Retry-After: -5\n", -1},
        {"Retry-After: 99999999999999999999\n", -1},
        {"Retry-After: 1e3\n", -1},
        {"Retry-Afterwards: 5\n", -1},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) CHECK_INT(transport_retry_after_ms(str_of(ROWS[i].head), NOW), ROWS[i].want, ROWS[i].head);
}

TEST(client_transport_sends_nothing_that_begins_another_header)
{
    static const char *const           BAD[] = {"Metadata: true\r\nX: y", "Metadata: true\n", "no colon", "a: \x7f", "a: \x01"};
    static const char *const           URLS[] = {"ftp://host/", "file:///etc/passwd", "http://host/a b", "http://host/\r\nX: y", "host", ""};
    static const struct scripted_reply FINE = {200};
    struct scripted                    script = {&FINE, 1, 0};
    struct sender                      s;
    struct transport_reply             reply;
    begin(t, &s, &script);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct lanyard_http_request r = {.method = "GET", .url = "http://host/", .headers = &BAD[i], .header_n = 1};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), ERR_PARAMETER_INVALID, BAD[i]);
    }
    for (size_t i = 0; i < COUNT(URLS); i++)
        CHECK_ERR(transport_send(t->call, &s.ask, &(struct lanyard_http_request){.method = "GET", .url = URLS[i]}, NULL, &reply),
                  ERR_PARAMETER_INVALID, URLS[i]);
    CHECK_INT(script.sent, 0, "nothing was sent");
    settings_free(s.settings);
}

static const char *at(struct test *t, const struct test_http *s, const char *path)
{
    return call_format(t->call, "%s://127.0.0.1:%u%s", s->tls ? "https" : "http", s->port, path).at;
}

TEST(client_transport_over_libcurl)
{
    static const struct { const char *method, *path, *body; int status; const char *want; enum lanyard_result result; } ROWS[] = {
        {"GET", "/echo?a=1", NULL, 200, "GET /echo?a=1 ", LANYARD_OK},
        {"POST", "/echo", "grant_type=x", 200, "POST /echo grant_type=x", LANYARD_OK},
        {"POST", "/echo", "", 200, "POST /echo ", LANYARD_OK},
        {"PUT", "/echo", "x", 200, "PUT /echo x", LANYARD_OK},
        {"GET", "/status/410", NULL, 410, "body", LANYARD_OK},
        {"GET", "/redirect/0", NULL, 302, "elsewhere", LANYARD_OK},
        {"GET", "/close", NULL, 200, NULL, LANYARD_OK},
        {"GET", "/bytes/1048576", NULL, 200, NULL, LANYARD_OK},
        {"GET", "/bytes/1048577", NULL, 0, NULL, LANYARD_BROKEN},
    };
    struct test_http       http;
    struct sender          s;
    struct transport_reply reply;
    test_http_start(t, &http, &(struct test_http_options){0});
    begin(t, &s, NULL);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct lanyard_http_request r = {
            .method = ROWS[i].method, .url = at(t, &http, ROWS[i].path), .body = ROWS[i].body, .body_n = str_of(ROWS[i].body).n, .is_local = true};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, ROWS[i].path);
        CHECK_INT(reply.status, ROWS[i].status, ROWS[i].path);
        CHECK_INT(reply.result, ROWS[i].result, ROWS[i].path);
        if (ROWS[i].want) CHECK_STR(reply.body, str_of(ROWS[i].want), ROWS[i].path);
        if (i == 0) CHECK_STR(transport_header(&reply, S("CONTENT-type")), S("text/plain"), "a header");
    }
    test_http_end(&http, 0);
    struct lanyard_http_request r = {.method = "GET", .url = at(t, &http, "/echo"), .is_local = true};
    CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, "nobody listens");
    CHECK_INT(reply.result, LANYARD_UNAVAILABLE, "nobody listens");
    CHECK_STR(reply.why, S("Connection refused"), "nobody listens");
    settings_free(s.settings);
}

struct counted {
    struct test_http http;
    atomic_int       connections;
};

static bool count_connection(int fd, void *context)
{
    (void)fd;
    atomic_fetch_add(&CONTAINER_OF(context, struct counted, http)->connections, 1);
    return true;
}

// A credential's next request goes over the connection of the one before.
TEST(client_transport_keeps_its_connection)
{
    static struct counted  server;
    struct sender          s;
    struct transport_reply reply;
    server.connections = 0;
    test_http_start(t, &server.http, &(struct test_http_options){.tls = true, .accepts = count_connection});
    begin(t, &s, NULL);
    const char *pem = call_zstr(t->call, server.http.certificate_pem), *url = call_format(t->call, "https://localhost:%u/echo", server.http.port).at;
    for (int i = 0; i < 3; i++) {
        struct lanyard_http_request r = {.method = "POST", .url = url, .body = "x", .body_n = 1, .ca_pem = pem, .is_local = true};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, "sent");
        CHECK_STR(reply.body, S("POST /echo x"), "its reply");
    }
    CHECK_INT(server.connections, 1, "connections");
    test_http_end(&server.http, 0);
    settings_free(s.settings);
}

TEST(client_transport_gives_up_when_told)
{
    struct test_http       http;
    struct sender          s;
    struct transport_reply reply = {0};
    struct lanyard_cancel *cancel = lanyard_cancel_new();
    test_http_start(t, &http, &(struct test_http_options){0});
    begin(t, &s, NULL);
    struct lanyard_http_request r = {
        .method = "GET", .url = at(t, &http, "/late"), .is_local = true, .timeout_ms = 500}; // connecting must fit into it
    CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, "the request's own time");
    CHECK_INT(reply.result, LANYARD_TIMED_OUT, reply.why.at);
    s.ask.patience = patience_of(20, cancel);
    r.timeout_ms = 0;
    CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), ERR_TIMED_OUT, "the asker's time");
    test_http_end(&http, 0);
    lanyard_cancel_free(cancel);
    settings_free(s.settings);
}

static const char *thumbprint(struct test *t, str pem)
{
    uint8_t  digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char    *hex = arena_alloc(&t->call->arena, 41);
    BIO     *in = BIO_new_mem_buf(pem.at, (int)pem.n);
    X509    *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    CHECK(certificate && X509_digest(certificate, EVP_sha1(), digest, &n) && n == 20);
    str_write_hex((bytes){digest, 20}, hex);
    X509_free(certificate);
    BIO_free(in);
    return hex;
}

TEST(client_transport_trusts_whom_it_is_told_to)
{
    struct test_http http;
    struct sender    s;
    test_http_start(t, &http, &(struct test_http_options){.tls = true});
    begin(t, &s, NULL);
    const char *pem = call_zstr(t->call, http.certificate_pem), *pin = thumbprint(t, http.certificate_pem);
    const char *url = at(t, &http, "/echo"), *named = call_format(t->call, "https://localhost:%u/echo", http.port).at;
    const struct { const char *row; struct lanyard_http_request r; enum lanyard_result result; } ROWS[] = {
        {"the system's authorities", {.url = named}, LANYARD_INVALID},
        {"its own certificate", {.url = named, .ca_pem = pem}, LANYARD_OK},
        {"under another name", {.url = url, .ca_pem = pem}, LANYARD_INVALID},
        {"under the name that is asked for", {.url = url, .ca_pem = pem, .server_name = "localhost"}, LANYARD_OK},
        {"under a wrong name", {.url = named, .ca_pem = pem, .server_name = "elsewhere.example"}, LANYARD_INVALID},
        {"pinned", {.url = url, .server_sha1 = pin}, LANYARD_OK},
        {"pinned again", {.url = url, .server_sha1 = pin}, LANYARD_OK},
        {"another pin, after a connection was open", {.url = url, .server_sha1 = "0000000000000000000000000000000000000000"}, LANYARD_INVALID},
        {"no pin, after one", {.url = url}, LANYARD_INVALID},
        {"a pin does not make up for an authority", {.url = named, .ca_pem = pem, .server_sha1 = "0000000000000000000000000000000000000000"}, LANYARD_INVALID},
        {"a short pin", {.url = url, .server_sha1 = "00"}, LANYARD_INVALID},
        {"an empty pin", {.url = url, .server_sha1 = ""}, LANYARD_INVALID},
        {"a pin of other letters", {.url = url, .server_sha1 = "zz00000000000000000000000000000000000000"}, LANYARD_INVALID},
        {"a file that is not there", {.url = named, .ca_file = "/nonexistent"}, LANYARD_INVALID},
        {"authorities that are none", {.url = named, .ca_pem = "none"}, LANYARD_INVALID},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct lanyard_http_request r = ROWS[i].r;
        struct transport_reply      reply;
        r.method = "GET";
        r.is_local = true;
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, ROWS[i].row);
        CHECK_INT(reply.result, ROWS[i].result, call_format(t->call, "%s (%.*s)", ROWS[i].row, PSTR(str_empty(reply.why) ? S("-") : reply.why)).at);
    }
    test_http_end(&http, 0);
    settings_free(s.settings);
}

// Proxies are those of the time when the credential was made, and not for local requests.
TEST(client_transport_proxies_are_for_what_is_not_local)
{
    static const struct { const char *variable; bool is_local, goes_there; } ROWS[] = {
        {"http_proxy", false, true},
        {"http_proxy", true, false},
        {"all_proxy", false, true},
        {"HTTP_PROXY", false, false}, // a header of somebody's request, in CGI programs
        {"https_proxy", false, false},
    };
    struct test_http       proxy;
    struct transport_reply reply;
    test_http_start(t, &proxy, &(struct test_http_options){0});
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct sender s;
        int           before = proxy.handled;
        setenv(ROWS[i].variable, at(t, &proxy, ""), 1);
        begin(t, &s, NULL);
        unsetenv(ROWS[i].variable);
        struct lanyard_http_request r = {.method = "GET", .url = "http://127.0.0.1:1/echo", .is_local = ROWS[i].is_local};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, ROWS[i].variable);
        CHECK_ROW((reply.status != 0) == ROWS[i].goes_there, ROWS[i].variable);
        CHECK_ROW(proxy.handled <= before + 1, ROWS[i].variable);
        settings_free(s.settings);
    }
    test_http_end(&proxy, 0);
}

// L2: what is told of a proxy holds neither its user's name nor the password, whatever libcurl makes of its URL.
TEST(client_transport_tells_no_password_of_a_proxy)
{
    static const struct { const char *proxy; enum lanyard_result want; } ROWS[] = {
        {"http://bob:hunter2@127.0.0.1:99999", LANYARD_INVALID},
        {"http://bob:hunter2@127.0.0.1:port", LANYARD_INVALID},
        {"http://bob:hunter2#x@127.0.0.1:1", LANYARD_INVALID},
        {"http://bob:hunter2@", LANYARD_INVALID},
        {"http://bob:hunter2@[::1", LANYARD_INVALID},
        {"ftp://bob:hunter2@127.0.0.1:1", LANYARD_INVALID},
        {"http://bob:hunter2@127.0.0.1:1", LANYARD_UNAVAILABLE},
        {"socks5h://bob:hunter2@127.0.0.1:1", LANYARD_UNAVAILABLE},
        {"http://bob:hunter2@nothing.invalid:1", LANYARD_UNAVAILABLE},
        {"http://hunter2.invalid:1", LANYARD_UNAVAILABLE},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct sender          s;
        struct transport_reply reply = {0};
        setenv("http_proxy", ROWS[i].proxy, 1);
        begin(t, &s, NULL);
        unsetenv("http_proxy");
        struct lanyard_http_request r = {.method = "GET", .url = "http://127.0.0.1:1/echo"};
        CHECK_ERR(transport_send(t->call, &s.ask, &r, NULL, &reply), OK, ROWS[i].proxy);
        CHECK_INT(reply.result, ROWS[i].want, ROWS[i].proxy);
        CHECK_ROW(!str_empty(reply.why) && !str_contains_nocase(reply.why, S("hunter2")) && !str_contains_nocase(reply.why, S("bob")),
                  call_format(t->call, "%.*s", PSTR(reply.why)).at);
        settings_free(s.settings);
    }
}
