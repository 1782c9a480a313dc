#include "endpoints/login/issuers.h"

#include <semaphore.h>

#include "net/socket.h"
#include "test_http.h"
#include "token/key.h"

// An issuer over TLS at localhost; what it says is told by the path that its URL has, and by what the test sets.
struct fixture {
    struct test      *t;
    struct test_http  s;
    struct issuers   *all;
    uint16_t          port;
    str               keys; // its key set
    atomic_int        documents, key_sets;
    atomic_bool       fails, holds;
    sem_t             let_go;
    struct token_key *key;
};

static void answer(struct http_exchange *x, int status, str body)
{
    x->response.status = status;
    x->response.body = body;
    http_reply(x);
}

static void serve_document(struct fixture *f, struct http_exchange *x, str name)
{
    str named = str_eq(name, S("liar")) ? S("good") : name, at = str_eq(name, S("elsewhere")) ? S("127.0.0.1") : S("localhost");
    f->documents++;
    if (str_eq(name, S("moved"))) http_add_header(x, S("Location"), S("/good/.well-known/openid-configuration"));
    int status = f->fails ? 500 : str_eq(name, S("moved")) ? 302 : 200;
    answer(x, status,
           call_format(&x->call, "{\"issuer\":\"https://localhost:%u/%.*s\",\"jwks_uri\":\"https://%.*s:%u/%.*s/keys\"}", f->port, PSTR(named),
                       PSTR(at), f->port, PSTR(name)));
}

static void handle(struct http_exchange *x, void *context)
{
    struct fixture *f = context;
    str             rest = str_from(x->request.path, 1), name;
    (void)str_cut(&rest, '/', &name);
    if (str_eq(rest, S(".well-known/openid-configuration"))) {
        serve_document(f, x, name);
        return;
    }
    f->key_sets++;
    if (f->holds) sem_wait(&f->let_go); // its loop serves this test alone
    if (str_eq(name, S("moved-keys"))) http_add_header(x, S("Location"), S("/good/keys"));
    if (str_eq(name, S("large"))) answer(x, 200, call_format(&x->call, "%*s", (int)JWKS_MAX_BYTES + 1, ""));
    else answer(x, f->fails ? 500 : str_eq(name, S("moved-keys")) ? 302 : 200, f->keys);
}

static void publish(struct fixture *f, bool with_key)
{
    struct test       *t = f->t;
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("{\"keys\":["));
    json_begin(&w, &b);
    if (with_key) CHECK_OK(token_key_write_jwk(t->call, f->key, STR_NONE, &w));
    if (with_key) buf_add(&b, S(","));
    buf_add(&b, S("{\"kty\":\"RSA\",\"kid\":\"old\",\"e\":\"AQAB\",\"n\":\"gQ"));
    for (size_t i = 0; i < 342; i++) buf_add_char(&b, 'F');
    buf_add(&b, S("\"}]}"));
    f->keys = buf_view(&b);
}

static str url_of(struct fixture *f, const char *name)
{
    return call_format(f->t->call, "https://localhost:%u/%s", f->port, name);
}

static void fixture_start(struct test *t, struct fixture *f)
{
    static const char *const      ALLOWED[] = {"good", "liar", "elsewhere", "moved", "moved-keys", "large"};
    str                           urls[COUNT(ALLOWED)];
    struct http_listener_settings l = {.handler = handle, .context = f};
    struct http_listener         *listener;
    *f = (struct fixture){.t = t};
    sem_init(&f->let_go, 0, 0);
    CHECK_OK(token_key_new(t->call, &f->key));
    publish(f, true);
    test_http_start(t, &f->s, &(struct test_http_options){.tls = true});
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &l.fd, &f->port));
    l.tls = f->s.tls;
    for (size_t i = 0; i < COUNT(ALLOWED); i++) urls[i] = url_of(f, ALLOWED[i]);
    CHECK_OK(issuers_new(t->call, f->s.loops, &(struct issuers_settings){.allowed = urls, .allowed_n = COUNT(urls), .ca_pem = f->s.certificate_pem},
                         &f->all));
    CHECK_OK(http_listen(t->call, f->s.server, &l, &listener));
}

static void fixture_end(struct fixture *f)
{
    test_http_stop(&f->s, 0);
    issuers_free(f->all);
    test_http_end(&f->s, 0);
    token_key_drop(f->key);
    sem_destroy(&f->let_go);
}

struct waiting {
    struct issuer_waiter waiter;
    sem_t                told;
    bool                 again;
};

static void on_told(struct issuer_waiter *waiter, bool again)
{
    struct waiting *w = CONTAINER_OF(waiter, struct waiting, waiter);
    w->again = again;
    sem_post(&w->told);
}

static void begin_to_wait(struct fixture *f, struct waiting *w, str url, str kid)
{
    struct test *t = f->t;
    *w = (struct waiting){.waiter.done = on_told};
    sem_init(&w->told, 0, 0);
    CHECK_OK(issuers_wait(t->call, f->all, url, kid, net_loops_at(f->s.loops, 0), &w->waiter));
}

static enum issuer_keys find_now(struct fixture *f, str url, str kid, bool will_wait)
{
    struct jwks      *set = NULL;
    const struct jwk *key = NULL;
    enum issuer_keys  found = issuers_find(f->t->call, f->all, url, kid, will_wait, &set, &key);
    struct test      *t = f->t;
    CHECK((found == ISSUER_HAS_KEY) == (set && key && str_eq(key->kid, kid)));
    jwks_drop(set);
    return found;
}

// As the token endpoint does: once more after the wait.
static enum issuer_keys find(struct fixture *f, const char *name, str kid)
{
    struct test     *t = f->t;
    struct waiting   w;
    str              url = url_of(f, name);
    enum issuer_keys found = find_now(f, url, kid, true);
    if (found != ISSUER_LATER) return found;
    begin_to_wait(f, &w, url, kid);
    sem_wait(&w.told);
    CHECK_ROW(w.again, name);
    return find_now(f, url, kid, false);
}

static void pass(struct fixture *f, int64_t s)
{
    f->t->call->now_ns += s * NS_PER_S;
}

#define OLD S("old")

TEST(F2_the_keys_of_an_issuer_are_fetched_once_and_again_when_they_are_due)
{
    struct fixture f;
    fixture_start(t, &f);
    str kid = token_key_id(f.key);
    publish(&f, false);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "first");
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "kept");
    CHECK_INT(find(&f, "good", kid), ISSUER_LACKS_KEY, "not asked again so soon");
    CHECK_INT(f.documents, 1, "fetches");
    publish(&f, true); // it rotates its keys
    pass(&f, ISSUER_RETRY_S);
    CHECK_INT(find(&f, "good", kid), ISSUER_HAS_KEY, "a new key");
    CHECK_INT(find(&f, "good", S("none")), ISSUER_LACKS_KEY, "an unknown kid");
    CHECK_INT(f.documents, 2, "fetches");
    publish(&f, false); // and takes one back
    pass(&f, ISSUER_FRESH_S - 1);
    CHECK_INT(find(&f, "good", kid), ISSUER_HAS_KEY, "fresh");
    pass(&f, 1);
    CHECK_INT(find(&f, "good", kid), ISSUER_LACKS_KEY, "taken back");
    CHECK_INT(f.documents, 3, "fetches");
    CHECK_INT(f.key_sets, 3, "fetches");
    pass(&f, -10 * S_PER_DAY);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "the clock was set back");
    CHECK_INT(f.documents, 4, "fetches");
    fixture_end(&f);
}

TEST(F2_keys_count_for_a_while_when_their_issuer_is_down)
{
    struct fixture f;
    fixture_start(t, &f);
    f.fails = true;
    CHECK_INT(find(&f, "good", OLD), ISSUER_FAILED, "down from the start");
    CHECK_INT(find(&f, "good", OLD), ISSUER_FAILED, "a failure is kept");
    CHECK_INT(f.documents, 1, "fetches");
    f.fails = false;
    pass(&f, ISSUER_RETRY_S);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "up");
    f.fails = true;
    pass(&f, ISSUER_FRESH_S);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "down: what is known counts");
    CHECK_INT(f.documents, 3, "fetches");
    CHECK_INT(find(&f, "good", S("none")), ISSUER_LACKS_KEY, "and nothing else");
    pass(&f, ISSUER_KEPT_S);
    CHECK_INT(find(&f, "good", OLD), ISSUER_FAILED, "down too long");
    fixture_end(&f);
}

TEST(F2_an_issuer_that_breaks_a_rule_has_no_keys)
{
    static const struct { const char *name; int documents, key_sets; } CASES[] = {
        {"liar", 1, 0},       // its document names another issuer
        {"moved", 1, 0},      // no redirect is followed
        {"moved-keys", 1, 1}, //
        {"large", 1, 1},      //
        {"elsewhere", 1, 0},  // its keys lie at another name of a private address, which nobody allowed
        {"unnamed", 0, 0},    // at a private address, and not allowed
        {"good/", 0, 0},      // to the letter
    };
    struct fixture f;
    fixture_start(t, &f);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        f.documents = f.key_sets = 0;
        CHECK_INT(find(&f, CASES[i].name, OLD), ISSUER_FAILED, CASES[i].name);
        CHECK_INT(f.documents, CASES[i].documents, CASES[i].name);
        CHECK_INT(f.key_sets, CASES[i].key_sets, CASES[i].name);
    }
    struct waiting w = {.waiter.done = on_told};
    CHECK_ERR(issuers_wait(t->call, f.all, S("http://localhost/"), OLD, net_loops_at(f.s.loops, 0), &w.waiter), ERR_URL_INVALID, "plain http");
    fixture_end(&f);
}

TEST(F2_who_waits_for_an_issuer_waits_for_one_fetch)
{
    enum { N = 20 };
    struct fixture f;
    struct waiting w[N];
    fixture_start(t, &f);
    str url = url_of(&f, "good");
    f.holds = true;
    for (size_t i = 0; i < N; i++) begin_to_wait(&f, &w[i], url, OLD);
    f.holds = false;
    sem_post(&f.let_go);
    for (size_t i = 0; i < N; i++) {
        sem_wait(&w[i].told);
        CHECK(w[i].again);
    }
    CHECK_INT(f.documents, 1, "fetches");
    CHECK_INT(find_now(&f, url, OLD, false), ISSUER_HAS_KEY, "all have them");
    begin_to_wait(&f, &w[0], url, OLD); // nothing is to be fetched any more
    sem_wait(&w[0].told);
    CHECK(w[0].again);
    CHECK_INT(f.documents, 1, "fetches");
    fixture_end(&f);
}

// Requests that wait take places of the listener: one slow issuer does not get them all.
TEST(F2_not_everybody_can_wait_for_one_issuer)
{
    struct fixture f;
    struct waiting w[ISSUER_MAX_WAITERS], more = {.waiter.done = on_told};
    fixture_start(t, &f);
    str url = url_of(&f, "good");
    f.holds = true;
    for (size_t i = 0; i < COUNT(w); i++) begin_to_wait(&f, &w[i], url, OLD);
    CHECK_ERR(issuers_wait(t->call, f.all, url, OLD, net_loops_at(f.s.loops, 0), &more.waiter), ERR_BUSY, "one too many");
    f.holds = false;
    sem_post(&f.let_go);
    for (size_t i = 0; i < COUNT(w); i++) sem_wait(&w[i].told);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "the place of a request that ended is free");
    CHECK_INT(f.documents, 1, "fetches");
    fixture_end(&f);
}

TEST(F2_the_table_of_issuers_has_a_limit)
{
    struct fixture f;
    fixture_start(t, &f);
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "first");
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        pass(&f, 1);
        CHECK_INT(find(&f, call_format(t->call, "other%zu", i).at, OLD), ISSUER_FAILED, "not allowed");
    }
    CHECK_INT(find(&f, "good", OLD), ISSUER_HAS_KEY, "those without keys have taken each other's places");
    CHECK_INT(f.documents, 1, "fetches");
    fixture_end(&f);
}

TEST(F2_who_waits_when_the_server_stops_is_told)
{
    struct fixture f;
    struct waiting w;
    fixture_start(t, &f);
    test_http_stop(&f.s, 0);
    begin_to_wait(&f, &w, url_of(&f, "good"), OLD); // its fetch cannot begin any more
    issuers_free(f.all);
    sem_wait(&w.told);
    CHECK(!w.again);
    f.all = NULL;
    fixture_end(&f);
}
