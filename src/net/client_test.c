#include "net/client.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"
#include "test_http.h"

// One request from a loop, and what came of it.
struct asked {
    struct net_task      begin;
    struct net_client   *client;
    struct net_loop     *loop;
    struct net_request   request;
    struct net_transfer *transfer;
    struct call          call; // of this request alone: its failure is read after it
    enum err             begun;
    sem_t                done;
    struct net_answer    answer;
    bool                 cancels;
};

static void keep(const struct net_answer *a, void *context)
{
    struct asked *asked = context;
    asked->answer = *a;
    asked->answer.why = arena_copy_str(&asked->call.arena, str_of(a->why)).at;
    asked->answer.head = arena_copy_str(&asked->call.arena, a->head);
    asked->answer.body = arena_copy_str(&asked->call.arena, a->body);
    sem_post(&asked->done);
}

static void begin(struct net_task *task)
{
    struct asked *asked = CONTAINER_OF(task, struct asked, begin);
    asked->begun = net_client_start(&asked->call, asked->client, asked->loop, &asked->request, keep, asked, &asked->transfer);
    if (asked->begun == OK && asked->cancels) net_transfer_cancel(asked->transfer);
    if (asked->begun != OK || asked->cancels) sem_post(&asked->done);
}

static void ask(struct asked *asked, struct test_http *s, struct net_client *client, const struct net_request *request)
{
    *asked = (struct asked){.begin.run = begin, .client = client, .loop = net_loops_at(s->loops, 0), .request = *request, .cancels = asked->cancels};
    call_init(&asked->call, NULL, NULL);
    sem_init(&asked->done, 0, 0);
    net_post(asked->loop, &asked->begin);
}

// What it failed with at the beginning or at the end.
static enum err outcome(struct asked *asked)
{
    sem_wait(&asked->done);
    return asked->begun != OK ? asked->begun : asked->answer.failed;
}

static void forget(struct asked *asked)
{
    call_clear(&asked->call);
    sem_destroy(&asked->done);
    *asked = (struct asked){0};
}

static struct net_client *new_client(struct test *t, struct test_http *s, size_t most)
{
    struct net_client *client = NULL;
    CHECK_OK(net_client_new(t->call, s->loops, &(struct net_client_settings){.max_transfers = most}, &client));
    return client;
}

static void end_both(struct test_http *s, struct net_client *client)
{
    test_http_stop(s, 0);
    net_client_free(client);
    test_http_end(s, 0);
}

static const struct test_http_options PLAIN = {0};
static const struct test_http_options TLS = {.tls = true};

TEST(net_client_asks_and_reads)
{
    static const str HEADERS[] = {S_INIT("X-One: 1"), S_INIT("Content-Type: text/plain")};
    static const struct { const char *method, *path, *body; int status; const char *answer; } CASES[] = {
        {"", "/echo?a=1", "", 200, "GET /echo?a=1 "},
        {"POST", "/echo", "some words", 200, "POST /echo some words"},
        {"PUT", "/soon", "late", 200, "PUT /soon late"},
        {"DELETE", "/echo", "", 200, "DELETE /echo "},
        {"HEAD", "/bytes/10", "", 200, ""},
        {"", "/status/404", "", 404, "body"},
        {"", "/redirect/0", "", 302, "elsewhere"}, // not followed unless asked
    };
    struct test_http s;
    struct asked     asked = {0};
    test_http_start(t, &s, &PLAIN);
    struct net_client *client = new_client(t, &s, 0);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct net_request r = {.method = str_of(CASES[i].method),
                                .url = call_format(t->call, "http://127.0.0.1:%u%s", s.port, CASES[i].path),
                                .headers = HEADERS,
                                .header_n = COUNT(HEADERS),
                                .body = str_of(CASES[i].body),
                                .allows_http = true,
                                .allows_private = true};
        ask(&asked, &s, client, &r);
        CHECK_INT(outcome(&asked), OK, CASES[i].path);
        CHECK_INT(asked.answer.status, CASES[i].status, CASES[i].path);
        CHECK_STR(asked.answer.body, str_of(CASES[i].answer), CASES[i].path);
        CHECK_STR(net_answer_header(&asked.answer, S("content-TYPE")), S("text/plain"), CASES[i].path);
        CHECK_ROW(!net_answer_header(&asked.answer, S("Content")).at, CASES[i].path);
        forget(&asked);
    }
    end_both(&s, client);
}

TEST(net_client_keeps_to_its_rules)
{
    static const struct { const char *name, *url; struct net_request r; enum err want; int status; } CASES[] = {
        {"all allowed", "http://127.0.0.1:%u/echo", {.allows_http = true, .allows_private = true}, OK, 200},
        {"http", "http://127.0.0.1:%u/echo", {.allows_private = true}, ERR_URL_INVALID, 0},
        {"file", "file:///etc/passwd#%u", {.allows_http = true, .allows_private = true}, ERR_URL_INVALID, 0},
        {"gopher", "gopher://127.0.0.1:%u/", {.allows_http = true, .allows_private = true}, ERR_URL_INVALID, 0},
        {"no scheme", "127.0.0.1:%u/", {.allows_http = true, .allows_private = true}, ERR_URL_INVALID, 0},
        {"a user", "http://a:b@127.0.0.1:%u/echo", {.allows_http = true, .allows_private = true}, ERR_URL_INVALID, 0},
        {"a line break", "http://127.0.0.1:%u/\r\nX: y", {.allows_http = true, .allows_private = true}, ERR_URL_INVALID, 0},
        {"loopback", "http://127.0.0.1:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"loopback by name", "http://localhost:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"loopback as a number", "http://2130706433:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"loopback in IPv6", "http://[::1]:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"mapped", "http://[::ffff:127.0.0.1]:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"any", "http://0.0.0.0:%u/echo", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"metadata", "http://169.254.169.254:%u/metadata", {.allows_http = true}, ERR_NOT_AUTHORIZED, 0},
        {"redirects, as many as allowed", "http://127.0.0.1:%u/redirect/2", {.allows_http = true, .allows_private = true, .max_redirects = 3}, OK, 200},
        {"one more", "http://127.0.0.1:%u/redirect/3", {.allows_http = true, .allows_private = true, .max_redirects = 3}, ERR_IO, 0},
        {"as much as allowed", "http://127.0.0.1:%u/bytes/5000", {.allows_http = true, .allows_private = true, .max_body_bytes = 5000}, OK, 200},
        {"more", "http://127.0.0.1:%u/bytes/5001", {.allows_http = true, .allows_private = true, .max_body_bytes = 5000}, ERR_TOO_LARGE, 0},
        {"nobody there", "http://127.0.0.1:1/?%u", {.allows_http = true, .allows_private = true}, ERR_IO, 0},
        {"too slow", "http://127.0.0.1:%u/late", {.allows_http = true, .allows_private = true, .total_timeout_ms = 50}, ERR_IO, 0},
        {"a bad method", "http://127.0.0.1:%u/echo", {.method = S_INIT("GET /x"), .allows_http = true, .allows_private = true}, ERR_PARAMETER_INVALID, 0},
    };
    struct test_http s;
    struct asked     asked = {0};
    test_http_start(t, &s, &PLAIN);
    struct net_client *client = new_client(t, &s, 0);
    for (size_t i = 0; i < COUNT(CASES); i++) { // the first opens a connection that could be used again by those behind it
        struct net_request r = CASES[i].r;
        r.url = call_format(t->call, CASES[i].url, s.port);
        int handled = s.handled;
        ask(&asked, &s, client, &r);
        CHECK_ERR(outcome(&asked), CASES[i].want, CASES[i].name);
        CHECK_INT(asked.answer.status, CASES[i].status, CASES[i].name);
        if (CASES[i].want == ERR_NOT_AUTHORIZED) CHECK_INT(s.handled, handled, CASES[i].name);
        forget(&asked);
    }
    test_http_wait_late(&s, 1);
    test_http_release(&s, 1);
    end_both(&s, client);
}

TEST(net_client_refuses_headers_that_are_none)
{
    static const char *const BAD[] = {"", "X", ": x", "X: y\r\nZ: 1", "X: y\n"};
    struct test_http         s;
    struct asked             asked = {0};
    test_http_start(t, &s, &PLAIN);
    struct net_client *client = new_client(t, &s, 0);
    for (size_t i = 0; i < COUNT(BAD); i++) {
        str                header = str_of(BAD[i]);
        struct net_request r = {.url = S("https://localhost/"), .headers = &header, .header_n = 1};
        ask(&asked, &s, client, &r);
        CHECK_ERR(outcome(&asked), ERR_PARAMETER_INVALID, BAD[i]);
        forget(&asked);
    }
    end_both(&s, client);
}

TEST(net_client_takes_no_proxy_from_the_environment_unless_asked)
{
    struct test_http s, proxy;
    struct asked     asked = {0};
    test_http_start(t, &s, &PLAIN);
    test_http_start(t, &proxy, &PLAIN);
    struct net_client *client = new_client(t, &s, 0);
    setenv("http_proxy", call_format(t->call, "http://127.0.0.1:%u", proxy.port).at, 1);
    for (int uses = 0; uses < 2; uses++) {
        struct net_request r = {
            .url = call_format(t->call, "http://127.0.0.1:%u/echo", s.port), .allows_http = true, .allows_private = true, .uses_proxy = uses};
        ask(&asked, &s, client, &r);
        CHECK_INT(outcome(&asked), OK, "asked");
        CHECK_INT(proxy.handled, uses, "by the proxy");
        forget(&asked);
    }
    unsetenv("http_proxy");
    end_both(&s, client);
    test_http_end(&proxy, 0);
}

TEST(net_client_trusts_whom_it_is_told_to)
{
    struct test_http s;
    struct asked     asked = {0};
    test_http_start(t, &s, &TLS);
    struct net_client *client = new_client(t, &s, 0);
    str                other, key;
    test_http_make_certificate(t, &other, &key);
    const struct { const char *name; str ca; const char *host; enum err want; } CASES[] = {
        {"its own authority", s.certificate_pem, "localhost", OK},
        {"another name", s.certificate_pem, "127.0.0.1", ERR_IO},
        {"another authority", other, "localhost", ERR_IO},
        {"the system's", STR_NONE, "localhost", ERR_IO},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct net_request r = {
            .url = call_format(t->call, "https://%s:%u/secure", CASES[i].host, s.port), .ca_pem = CASES[i].ca, .allows_private = true};
        ask(&asked, &s, client, &r);
        CHECK_ERR(outcome(&asked), CASES[i].want, CASES[i].name);
        if (CASES[i].want == OK) CHECK_STR(asked.answer.body, S("yes"), CASES[i].name);
        forget(&asked);
    }
    end_both(&s, client);
}

TEST(net_client_limits_cancels_and_ends)
{
    enum { MOST = 3 };
    struct test_http s;
    struct asked     late[MOST] = {0}, more = {0};
    test_http_start(t, &s, &PLAIN);
    struct net_client *client = new_client(t, &s, MOST);
    struct net_request r = {
        .url = call_format(t->call, "http://127.0.0.1:%u/late", s.port), .allows_http = true, .allows_private = true, .total_timeout_ms = 60000};
    more.cancels = true;
    ask(&more, &s, client, &r); // before libcurl is loaded
    CHECK_INT(outcome(&more), OK, "cancelled");
    forget(&more);
    for (size_t i = 0; i < MOST; i++) {
        ask(&late[i], &s, client, &r);
        test_http_wait_late(&s, i + 1); // in this order
    }
    ask(&more, &s, client, &r);
    CHECK_ERR(outcome(&more), ERR_BUSY, "one too many");
    forget(&more);
    test_http_release(&s, 1);
    CHECK_INT(outcome(&late[0]), OK, "an answer");
    CHECK_STR(late[0].answer.body, S("GET /late "), "an answer");
    more.cancels = true;
    ask(&more, &s, client, &r);
    CHECK_INT(outcome(&more), OK, "cancelled while others wait");
    forget(&more);
    test_http_stop(&s, 0);
    net_client_free(client);
    for (size_t i = 1; i < MOST; i++) CHECK_ERR(outcome(&late[i]), ERR_IO, "the server stops");
    for (size_t i = 0; i < MOST; i++) forget(&late[i]);
    test_http_end(&s, 0);
}
