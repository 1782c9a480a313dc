// How a request gets to its handler and back: let in by its head, answered later, in pieces, on a worker.
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_server.h"
#include "net/socket.h"
#include "test_http.h"

// A service of its own, to which a listener leads by itself.

static atomic_int ran;
static sem_t      may_finish;

static enum err get_later(struct call *c, struct work *w, const struct wire *q, struct answer *a);

struct later {
    struct net_job job;
    struct answer *a;
};

static void finish(struct net_job *job, unsigned worker)
{
    struct later *l = CONTAINER_OF(job, struct later, job);
    struct call  *c = &l->a->x->call;
    (void)worker;
    sem_wait(&may_finish);
    if (str_eq(l->a->x->request.query, S("fail"))) {
        answer_finish(l->a, FAIL(c, ERR_CONFLICT, "It went wrong later."));
        return;
    }
    buf_add(&l->a->body, S("later"));
    l->a->content_type = S("text/plain");
    answer_finish(l->a, OK);
}

static enum err get_later(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct later *l;
    (void)w;
    ran++;
    TRY(NEW(c, &l, 1));
    *l = (struct later){.job.run = finish, .a = a};
    answer_later(a);
    enum err failed = net_workers_submit(c, q->router->workers, &l->job);
    if (failed != OK) answer_now(a);
    return failed;
}

static void finish_again(struct net_job *job, unsigned worker)
{
    struct later *l = CONTAINER_OF(job, struct later, job);
    (void)worker;
    answer_again(l->a);
}

// What it says at first goes with its first run.
static enum err get_again(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct later *l;
    ran++;
    a->content_type = S("text/plain");
    buf_addf(&a->body, "%s %u", a->is_again ? "again" : "first", w->row >= PRODUCT_ROW_WORKERS);
    answer_header(a, "X-Run", a->is_again ? S("2") : S("1"));
    if (a->is_again) return str_eq(q->http->query, S("fail")) ? FAIL(c, ERR_CONFLICT, "It went wrong again.") : OK;
    TRY(NEW(c, &l, 1));
    *l = (struct later){.job.run = finish_again, .a = a};
    answer_later(a);
    enum err failed = net_workers_submit(c, q->router->workers, &l->job);
    if (failed != OK) answer_now(a);
    return failed;
}

static enum err get_row(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c;
    ran++;
    a->content_type = S("text/plain");
    buf_addf(&a->body, "%u %u", w->row >= PRODUCT_ROW_WORKERS, w->row == q->row);
    return OK;
}

// As long as a password is judged.
static enum err get_slowly(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    ran++;
    sem_wait(&may_finish);
    return get_row(c, w, q, a);
}

static enum err put_small(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)w;
    ran++;
    a->content_type = S("text/plain");
    buf_addf(&a->body, "%zu", q->http->body.n);
    return OK;
}

struct counting {
    struct answer *a;
    size_t         n;
};

static void count(struct http_exchange *x)
{
    struct counting *counting = x->user;
    counting->n += x->piece.n;
    if (x->piece.n && !x->peer_gone) {
        http_pull(x, count);
        return;
    }
    buf_addf(&counting->a->body, "%zu pulled", counting->n);
    answer_finish(counting->a, OK);
}

static enum err put_pulled(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct counting *counting;
    (void)w, (void)q;
    ran++;
    TRY(NEW(c, &counting, 1));
    *counting = (struct counting){.a = a};
    a->x->user = counting;
    answer_later(a);
    http_pull(a->x, count);
    return OK;
}

// What takes long runs on a worker and only reads; the rest is the committer's.
static enum err prepare_row(struct call *c, struct work *w, struct wire *q)
{
    unsigned *row;
    TRY(NEW(c, &row, 1));
    *row = w->row;
    q->prepared = row;
    return str_eq(q->http->query, S("fail")) || w->writes ? FAIL(c, ERR_CONFLICT, "It cannot be prepared.") : OK;
}

static enum err put_prepared(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c;
    ran++;
    a->content_type = S("text/plain");
    buf_addf(&a->body, "%u %u", *(unsigned *)q->prepared >= PRODUCT_ROW_WORKERS, w->writes && w->row == PRODUCT_ROW_WRITER);
    return OK;
}

static enum err may_with_header(struct call *c, struct work *w, struct wire *q)
{
    (void)w;
    return http_has_header(q->http, S("X-May")) ? OK : FAIL(c, ERR_DENIED, "Not you.");
}

static enum err may_by_body(struct call *c, struct work *w, struct wire *q)
{
    const struct json *body;
    (void)w;
    TRY(wire_body(c, q, &body));
    return json_get_bool(body, S("may"), false) ? OK : FAIL(c, ERR_DENIED, "Not you.");
}

#define ANYBODY PERMIT_NONE("a test")
static const struct route ROUTES[] = {
    {HTTP_GET, "/later", GUARD_NONE, ANYBODY, get_later},
    {HTTP_GET, "/again", GUARD_NONE, ANYBODY, get_again},
    {HTTP_PUT, "/prepared", GUARD_NONE, ANYBODY, put_prepared, .writes = true, .prepares = prepare_row},
    {HTTP_GET, "/much", GUARD_NONE, ANYBODY, get_row, .reads_much = true},
    {HTTP_GET, "/little", GUARD_NONE, ANYBODY, get_row},
    {HTTP_GET, "/password", GUARD_NONE, ANYBODY, get_slowly, .judges_passwords = true},
    {HTTP_PUT, "/small", GUARD_NONE, ANYBODY, put_small, .max_body_bytes = 100},
    {HTTP_PUT, "/pulled", GUARD_NONE, ANYBODY, put_pulled, .max_body_bytes = 10 << 20, .pulls_body = true},
    {HTTP_PUT, "/guarded", GUARD_NONE, PERMIT_RULE(may_with_header), put_small},
    {HTTP_PUT, "/guarded-pulled", GUARD_NONE, PERMIT_RULE(may_with_header), put_pulled, .pulls_body = true},
    {HTTP_PUT, "/by-body", GUARD_NONE, PERMIT_RULE(may_by_body), put_small},
};

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)q;
    answer_error_object(a, err_status(c->failure.kind), str_of(err_name(c->failure.kind)), str_of(c->failure.text));
}
static const struct dialect DIALECT = {.name = "test", .error = error};
static const struct service SERVICE_TEST = {.name = "test", .dialect = &DIALECT, .routes = ROUTES, .route_n = COUNT(ROUTES)};

struct router_fixture {
    struct test_server server;
    struct router      own;
    uint16_t           port;
};

static void router_fixture_start(struct test *t, struct router_fixture *r)
{
    struct http_listener         *listener;
    struct http_listener_settings l = {.handler = router_handle, .admit = router_admit, .context = &r->own};
    test_server_start(t, &r->server, &(struct test_server_options){.writes = true});
    r->own = (struct router){.product = &r->server.product, .only = &SERVICE_TEST, .workers = r->server.readers};
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &l.fd, &r->port));
    CHECK_OK(http_listen(t->call, r->server.http, &l, &listener));
    ran = 0;
}

static void expect(struct client *client, const char *request, int status, str body, const char *row)
{
    struct test *t = client->t;
    CHECK_ROW(client_send(client, str_of(request)), row);
    client_expect(client, status, body, row);
}

#define HOST "Host: anything.example\r\n"

TEST(router_answers_later_and_in_pieces_and_on_workers)
{
    struct router_fixture r;
    router_fixture_start(t, &r);
    sem_init(&may_finish, 0, 0);
    struct client *client = client_new(t, r.port), *other = client_new(t, r.port);
    expect(client, "GET /little HTTP/1.1\r\n" HOST "\r\n", 200, S("0 1"), "on the loop");
    expect(client, "GET /much HTTP/1.1\r\n" HOST "\r\n", 200, S("1 1"), "on a worker");
    CHECK(client_send(client, S("GET /later HTTP/1.1\r\n" HOST "\r\nGET /little HTTP/1.1\r\n" HOST "\r\n")));
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000 && ran < 3; i++) usleep(1000);
    expect(other, "GET /little HTTP/1.1\r\n" HOST "\r\n", 200, S("0 1"), "meanwhile");
    sem_post(&may_finish);
    client_expect(client, 200, S("later"), "later");
    client_expect(client, 200, S("0 1"), "what stood behind it");
    sem_post(&may_finish);
    expect(client, "GET /later?fail HTTP/1.1\r\n" HOST "\r\n", 409, S("{\"error\":{\"code\":\"CONFLICT\",\"message\":\"It went wrong later.\"}}"),
           "later, badly");
    CHECK(client_send(client, S("PUT /pulled HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 50000\r\n\r\n")));
    client_expect(client, 100, S(""), "let in");
    char body[50000] = {0};
    CHECK(client_send(client, (str){body, sizeof body}));
    client_expect(client, 200, S("50000 pulled"), "pulled");
    expect(client, "PUT /pulled HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, S("3 pulled"), "pulled whole");
    client_free(other);
    client_free(client);
    test_server_end(&r.server);
    sem_destroy(&may_finish);
}

// Whoever guesses passwords holds up other guesses only.
TEST(router_judges_passwords_where_it_holds_up_no_reads)
{
    struct router_fixture r;
    struct net_workers   *sign_ins;
    struct client        *guessing[PRODUCT_MAX_WORKERS + 1];
    router_fixture_start(t, &r);
    sem_init(&may_finish, 0, 0);
    CHECK_OK(net_workers_start(t->call, &(struct net_workers_settings){.first = PRODUCT_MAX_WORKERS - 1, .max_queue = 100}, &sign_ins));
    r.own.sign_in_workers = sign_ins;
    struct client *reading = client_new(t, r.port);
    for (size_t i = 0; i < COUNT(guessing); i++) {
        guessing[i] = client_new(t, r.port);
        CHECK(client_send(guessing[i], S("GET /password HTTP/1.1\r\n" HOST "\r\n")));
    }
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000 && ran < 1; i++) usleep(1000);
    expect(reading, "GET /much HTTP/1.1\r\n" HOST "\r\n", 200, S("1 1"), "a read, on a worker that is free");
    CHECK_INT(ran, 2, "one guess at a time, and the read");
    for (size_t i = 0; i < COUNT(guessing); i++) sem_post(&may_finish);
    for (size_t i = 0; i < COUNT(guessing); i++) {
        client_expect(guessing[i], 200, S("1 1"), "on a worker of their own, with a row of its own");
        client_free(guessing[i]);
    }
    client_free(reading);
    test_server_end(&r.server);
    net_workers_stop(sign_ins);
    sem_destroy(&may_finish);
}

// What it waited for is there: the handler runs once more, on a worker, and answers for both.
TEST(router_handles_a_request_anew)
{
    struct router_fixture r;
    str                   head, body;
    router_fixture_start(t, &r);
    struct client *client = client_new(t, r.port);
    CHECK(client_send(client, S("GET /again HTTP/1.1\r\n" HOST "\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 200, "again");
    CHECK_STR(body, S("again 1"), "on a worker");
    CHECK(str_find_str(head, S("X-Run: 2")) != STR_NOWHERE && str_find_str(head, S("X-Run: 1")) == STR_NOWHERE);
    CHECK_INT(ran, 2, "runs");
    expect(client, "GET /again?fail HTTP/1.1\r\n" HOST "\r\n", 409, S("{\"error\":{\"code\":\"CONFLICT\",\"message\":\"It went wrong again.\"}}"),
           "again, badly");
    expect(client, "GET /little HTTP/1.1\r\n" HOST "\r\n", 200, S("0 1"), "what comes behind it");
    client_free(client);
    test_server_end(&r.server);
}

TEST(router_prepares_a_change_on_a_worker)
{
    struct router_fixture r;
    router_fixture_start(t, &r);
    struct client *client = client_new(t, r.port);
    expect(client, "PUT /prepared HTTP/1.1\r\n" HOST "\r\n", 200, S("1 1"), "prepared, then written");
    expect(client, "PUT /prepared?fail HTTP/1.1\r\n" HOST "\r\n", 409,
           S("{\"error\":{\"code\":\"CONFLICT\",\"message\":\"It cannot be prepared.\"}}"), "refused before anything is written");
    CHECK_INT(ran, 1, "handlers that ran");
    client_free(client);
    test_server_end(&r.server);
}

// The peer goes while its answer is still to come: the answer goes nowhere, and nothing is left behind.
TEST(router_answers_that_come_when_nobody_waits_are_dropped)
{
    struct router_fixture r;
    router_fixture_start(t, &r);
    sem_init(&may_finish, 0, 0);
    for (int i = 0; i < 6; i++) {
        struct client *client = client_new(t, r.port);
        CHECK(client_send(client, i % 2 ? S("GET /later?fail HTTP/1.1\r\n" HOST "\r\n") : S("GET /later HTTP/1.1\r\n" HOST "\r\n")));
        for (int n = 0; n < TEST_HTTP_TIMEOUT_S * 1000 && ran <= i; n++) usleep(1000);
        if (i % 3) client_free(client);
        else client_reset(client);
    }
    for (int i = 0; i < 6; i++) sem_post(&may_finish);
    struct client *client = client_new(t, r.port);
    expect(client, "GET /little HTTP/1.1\r\n" HOST "\r\n", 200, S("0 1"), "the server is well");
    client_free(client);
    test_server_end(&r.server);
    sem_destroy(&may_finish);
}

TEST(router_decides_before_it_takes_a_body)
{
    static const struct { const char *name, *head; int status; bool asks_for_body; } CASES[] = {
        {"without permission", "PUT /guarded HTTP/1.1\r\n", 403, false},
        {"without permission to be pulled", "PUT /guarded-pulled HTTP/1.1\r\n", 403, false},
        {"with permission", "PUT /guarded HTTP/1.1\r\nX-May: 1\r\n", 200, true},
        {"with permission to be pulled", "PUT /guarded-pulled HTTP/1.1\r\nX-May: 1\r\n", 200, true},
        {"the body decides", "PUT /by-body HTTP/1.1\r\n", 403, true},
        {"too long for its row", "PUT /small HTTP/1.1\r\n", 413, false},
        {"no such row", "PUT /nowhere HTTP/1.1\r\n", 404, false},
        {"not by this method", "PUT /little HTTP/1.1\r\n", 405, false},
    };
    struct router_fixture r;
    char                  body[101] = "{\"may\":false}";
    memset(body + strlen(body), ' ', sizeof body - strlen(body));
    router_fixture_start(t, &r);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client *client = client_new(t, r.port);
        str            head = STR_NONE, got = STR_NONE;
        int            before = ran;
        CHECK_ROW(client_sendf(client, "%s" HOST "Expect: 100-continue\r\nContent-Length: %zu\r\n\r\n", CASES[i].head, sizeof body), CASES[i].name);
        if (CASES[i].asks_for_body) {
            client_expect(client, 100, S(""), CASES[i].name);
            CHECK_ROW(client_send(client, (str){body, sizeof body}), CASES[i].name);
        }
        CHECK_INT(client_read(client, false, &head, &got), CASES[i].status, CASES[i].name);
        CHECK_INT(ran - before, CASES[i].status == 200, CASES[i].name);
        client_free(client);
    }
    struct client *client = client_new(t, r.port);
    str            head = STR_NONE, got = STR_NONE;
    CHECK(client_sendf(client, "PUT /small HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n%.*s", sizeof body, (int)sizeof body, body)); // comes along
    CHECK_INT(client_read(client, false, &head, &got), 413, "too long, and there already");
    client_free(client);
    test_server_end(&r.server);
}

// At the real services: who has no token, or no role, does not get the server to keep what he sends.
TEST(router_takes_no_body_of_a_stranger)
{
    static const struct { const char *host, *request; int status; } CASES[] = {
        {"management.azure.com", "PUT /subscriptions/s/resourceGroups/g?api-version=2022-09-01", 401},
        {"shop.vault.azure.net", "PUT /secrets/s?api-version=7.4", 401},
        {"graph.microsoft.com", "POST /v1.0/users", 401},
        {"login.microsoftonline.com", "POST /" TEST_SERVER_TENANT "/oauth2/v2.0/token", 400}, // anybody may ask, but not so long: in the service's words
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client *client = client_new(t, port);
        str            head = STR_NONE, body = STR_NONE;
        CHECK(client_sendf(client, "%s HTTP/1.1\r\nHost: %s\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n", CASES[i].request,
                           CASES[i].host));
        CHECK_INT(client_read(client, false, &head, &body), CASES[i].status, CASES[i].request);
        CHECK_ROW(client_sees_end(client), CASES[i].request);
        client_free(client);
    }
    test_server_end(&server);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TURNS_ARE_MEASURED false // what the sanitizers do is the most of a turn: they look for faults in the memory only
#else
#define TURNS_ARE_MEASURED true
#endif
#define TURN_LEAST_GAIN 2 // four where nothing else runs

#define ASSIGNMENTS "/subscriptions/44444444-4444-4444-4444-444444444444/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"

// Lists what is there in several ways; the longest turn that a loop had meanwhile.
static int64_t longest_turn_while_listing(struct test *t, bool on_loops)
{
    static const char *const TARGETS[] = {
        ASSIGNMENTS, ASSIGNMENTS "&$filter=atScope()", ASSIGNMENTS "&$filter=principalId%20eq%20'10000000-0000-0000-0000-000000000000'",
        "/subscriptions/44444444-4444-4444-4444-444444444444/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01",
        "/subscriptions/44444444-4444-4444-4444-444444444444/resources?api-version=2022-09-01", "/providers?api-version=2022-09-01",
    };
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true, .assignments = 100000, .on_loops = on_loops});
    uint16_t port = test_server_admin(&server);
    for (size_t i = 0; i < COUNT(TARGETS); i++)
        for (int k = 0; k < 3; k++) {
            struct client *client = client_new(t, port);
            char           piece[50000];
            ssize_t        n;
            CHECK(client_sendf(client, "GET %s HTTP/1.1\r\nHost: management.azure.com\r\nConnection: close\r\n\r\n", TARGETS[i]));
            CHECK_ROW(recv(client->fd, piece, 12, MSG_WAITALL) == 12 && str_starts((str){piece, 12}, S("HTTP/1.1 200")), TARGETS[i]);
            while ((n = recv(client->fd, piece, sizeof piece, 0)) > 0) {
            } // some are longer than a client keeps
            client_free(client);
        }
    int64_t longest_ns = net_loops_longest_turn_ns(server.loops);
    test_server_end(&server);
    return longest_ns;
}

// In CPU time of the loop's own thread, and beside the same work done on the loops: how fast the machine is does not count. Turns
// of less than a millisecond are what is wanted; `make bench` says how long they are.
TEST(router_no_loop_works_long_while_much_is_listed)
{
    int64_t with_workers_ns = longest_turn_while_listing(t, false), on_loops_ns = longest_turn_while_listing(t, true);
    if (TURNS_ARE_MEASURED) CHECK_AT_MOST(with_workers_ns * TURN_LEAST_GAIN / 1000, on_loops_ns / 1000, "microseconds");
}
