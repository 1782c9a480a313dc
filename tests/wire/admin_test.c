// The admin socket through the installed library.
#include "lanyard/admin.h"

#include <unistd.h>

#include "endpoints/sandbox/sandbox.h"
#include "test_server.h"
#include "net/socket.h"

static const char *listen_admin(struct test *t, struct test_server *server, struct router *router)
{
    struct http_listener         *listener;
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = router, .accepts = sandbox_accepts_admin};
    *router = (struct router){.product = &server->product, .is_admin = true};
    CHECK_OK(net_open_unix(t->call, call_format(t->call, "%s/admin.sock", test_dir(t)), 0600, &l.fd));
    CHECK_OK(http_listen(t->call, server->http, &l, &listener));
    return test_dir(t);
}

TEST(lanyard_admin_call_sends_and_receives)
{
    static const struct { struct lanyard_request ask; int status; const char *body; } CASES[] = {
        {{.method = "GET", .path = "/lanyard/status"}, 200, TEST_SERVER_TENANT},
        {{.method = "GET", .path = "/lanyard/status?x=1%20y"}, 200, TEST_SERVER_TENANT},
        {{.method = "HEAD", .path = "/lanyard/status"}, 405, ""},
        {{.method = "GET", .path = "/lanyard/nothing"}, 404, "NOT_FOUND"},
        {{.method = "DELETE", .path = "/lanyard/status"}, 405, "METHOD_NOT_ALLOWED"},
        {{.method = "POST", .path = "/lanyard/clock", .body = "{\"advance_s\":1}", .body_n = 15}, 403, "--test-clock"},
        {{.method = "POST", .path = "/lanyard/clock", .body = "{", .body_n = 1}, 400, ""},
        {{.method = "GET", .host = "login.microsoftonline.com", .path = "/common/discovery/instance?api-version=1.1&authorization_endpoint=x"}, 400, ""},
        {{.method = "GET", .host = "example.com", .path = "/subscriptions"}, 421, "not served here"}, // nobody else's URLs are answered
        {{.method = "GET", .host = "example.com", .path = "/lanyard/status"}, 421, "not served here"},
        {{.method = "GET", .host = "localhost", .path = "/subscriptions"}, 400, "MissingApiVersionParameter"}, // the path tells the service
    };
    struct test_server server;
    struct router      router;
    test_server_start(t, &server, NULL);
    const char *dir = listen_admin(t, &server, &router);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_reply r = {0};
        struct lanyard_error why = {""};
        CHECK_INT(lanyard_admin_call(dir, &CASES[i].ask, &r, &why), LANYARD_OK, CASES[i].ask.path);
        CHECK_INT(r.status, CASES[i].status, CASES[i].ask.path);
        CHECK_ROW(str_starts(str_of(r.head), S("HTTP/1.1 ")), CASES[i].ask.path);
        CHECK_ROW(str_find_str((str){r.body, r.body_n}, str_of(CASES[i].body)) != STR_NOWHERE, CASES[i].ask.path);
        lanyard_reply_clear(&r);
    }
    test_server_end(&server);
    router_clear(&router);
}

// Who forwards the socket's requests to others would give them the operator's power.
TEST(lanyard_admin_socket_refuses_forwarded_requests)
{
    static const struct { const char *header, *host, *path; int status; } CASES[] = {
        {"X-Forward: 1", NULL, "/lanyard/status", 200},
        {"Via: 1.1 proxy", NULL, "/lanyard/status", 400},
        {"Forwarded: for=192.0.2.1", NULL, "/lanyard/status", 400},
        {"X-Forwarded-Proto: http", NULL, "/lanyard/status", 400},
        {"X-Forward: 1", "management.azure.com", "/subscriptions?api-version=2022-12-01", 200},
        {"Via: 1.1 proxy", "management.azure.com", "/subscriptions?api-version=2022-12-01", 400},
        {"x-real-ip: 192.0.2.1", "graph.microsoft.com", "/v1.0/users", 400},
    };
    struct test_server server;
    struct router      router;
    test_server_start(t, &server, NULL);
    const char *dir = listen_admin(t, &server, &router);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_request ask = {.method = "GET", .host = CASES[i].host, .path = CASES[i].path, .headers = &CASES[i].header, .header_n = 1};
        struct lanyard_reply   r = {0};
        struct lanyard_error   why = {""};
        CHECK_INT(lanyard_admin_call(dir, &ask, &r, &why), LANYARD_OK, CASES[i].header);
        CHECK_INT(r.status, CASES[i].status, CASES[i].header);
        bool says = str_find_str((str){r.body, r.body_n}, S("Forwarded requests are refused.")) != STR_NOWHERE;
        CHECK_ROW(says == (CASES[i].status == 400), CASES[i].header);
        lanyard_reply_clear(&r);
    }
    test_server_end(&server);
    router_clear(&router);
}

TEST(lanyard_admin_call_sends_nothing_malformed)
{
    static const char *const SPLIT[] = {"A: b\r\nHost: c"}, *const NO_COLON[] = {"A"};
    static const struct { const char *name; struct lanyard_request ask; } CASES[] = {
        {"no method", {.path = "/"}},
        {"no path", {.method = "GET"}},
        {"two words", {.method = "GET /", .path = "/"}},
        {"an empty method", {.method = "", .path = "/"}},
        {"a path without its slash", {.method = "GET", .path = "x"}},
        {"a blank in the path", {.method = "GET", .path = "/a b"}},
        {"a line break in the path", {.method = "GET", .path = "/a\r\nX: y"}},
        {"a fragment", {.method = "GET", .path = "/a#b"}},
        {"a host with a path", {.method = "GET", .path = "/", .host = "h/x"}},
        {"a host with a line break", {.method = "GET", .path = "/", .host = "h\r\nX: y"}},
        {"a header with a line break", {.method = "GET", .path = "/", .headers = SPLIT, .header_n = 1}},
        {"a header without a colon", {.method = "GET", .path = "/", .headers = NO_COLON, .header_n = 1}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_reply r = {0};
        struct lanyard_error why = {""};
        CHECK_INT(lanyard_admin_call(test_dir(t), &CASES[i].ask, &r, &why), LANYARD_INVALID, CASES[i].name);
        CHECK_ROW(why.text[0] != '\0' && r.body == NULL, CASES[i].name);
    }
}

TEST(lanyard_admin_call_says_that_nobody_is_there)
{
    struct lanyard_request ask = {.method = "GET", .path = "/lanyard/status"};
    struct lanyard_reply   r = {0};
    struct lanyard_error   why;
    CHECK_INT(lanyard_admin_call("/nonexistent", &ask, &r, &why), LANYARD_NO_SERVER, "no directory");
    CHECK(str_contains_nocase(str_of(why.text), S("start one with `lanyard up`")));
    CHECK_INT(lanyard_admin_call(test_dir(t), &ask, &r, NULL), LANYARD_NO_SERVER, "no socket");
    CHECK_INT(lanyard_admin_call("", &ask, &r, NULL), LANYARD_INVALID, "no name");
    CHECK_INT(lanyard_admin_call(NULL, &ask, &r, NULL), LANYARD_INVALID, "nothing");

    int fd = -1; // a socket that a dead server left
    CHECK_OK(net_open_unix(t->call, call_format(t->call, "%s/admin.sock", test_dir(t)), 0600, &fd));
    close(fd);
    CHECK_INT(lanyard_admin_call(test_dir(t), &ask, &r, &why), LANYARD_NO_SERVER, "a dead socket");
}
