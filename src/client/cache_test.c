#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "client/cache.h"
#include "client/credential.h"
#include "client/settings.h"
#include "client/transport.h"
#include "test_http.h"

#define SCOPE   "https://vault.azure.net/.default"
#define THREADS 64

// A kind that sends a request for each token, and gives what the test says.
struct counting {
    const char *_Atomic      url; // NULL: no request
    atomic_int               asked;
    atomic_int               life_s, refresh_in_s; // of the next token; 0: by the rule
    atomic_int               fails_with;           // enum err
    const char              *words;                // it fails in them; NULL: "It was told to."
    const struct retry_rule *retry;
    bool                     is_renewal;  // as the last asking was
    int64_t                  until_ns;    // its patience
    char                     seen[2][64]; // the claims and the rejected token of the last asking
};

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct counting       *own = *(struct counting **)credential_own(self);
    int                    n = atomic_fetch_add(&own->asked, 1) + 1;
    struct transport_reply reply;
    const char            *url = own->url;
    enum err               fails = (enum err)own->fails_with;
    own->is_renewal = ask->is_renewal;
    own->until_ns = ask->patience.until_ns;
    snprintf(own->seen[0], sizeof own->seen[0], "%.*s", PSTR(ask->claims));
    snprintf(own->seen[1], sizeof own->seen[1], "%.*s", PSTR(ask->rejected));
    if (url) TRY(transport_send(c, ask, &(struct lanyard_http_request){.method = "GET", .url = url, .is_local = true}, own->retry, &reply));
    str words = own->words ? str_of(own->words) : S("It was told to.");
    if (fails != OK) return ask_refused(c, ask, "CountingCredential", &(struct refusal){.kind = fails, .fix = "Repair it."}, words);
    str value = call_format(c, "token-%d", n);
    TRY(secret_init(c, &out->value, str_bytes(value)));
    out->expires_at_s = c->now_s + own->life_s;
    out->refresh_at_s = own->refresh_in_s ? c->now_s + own->refresh_in_s : 0;
    return OK;
}

static const struct credential_kind COUNTING = {.name = "CountingCredential", .acquire = acquire};

static struct lanyard_credential *counting_new(struct counting *own)
{
    struct lanyard_credential *k = credential_new(&COUNTING, sizeof(struct counting *), NULL);
    *(struct counting **)credential_own(k) = own;
    return k;
}

static void expect(struct test *t, struct lanyard_credential *k, const struct lanyard_token_request *asked, const char *value, const char *row)
{
    struct lanyard_token_request r = asked ? *asked : (struct lanyard_token_request){.scope = SCOPE};
    r.size = sizeof r;
    struct lanyard_token *token = lanyard_token_ask(k, &r);
    CHECK_INT(lanyard_token_result(token), value ? LANYARD_OK : LANYARD_AUTHENTICATION_FAILED, row);
    CHECK_STR(str_of(lanyard_token_value(token)), str_of(value), row);
    lanyard_token_free(token);
}

TEST(client_cache_keeps_by_resource_tenant_and_cae)
{
    static const struct { struct lanyard_token_request r; const char *want; } ROWS[] = {
        {{.scope = SCOPE}, "token-1"},
        {{.scope = SCOPE}, "token-1"},
        {{.scope = "https://vault.azure.net"}, "token-1"}, // a resource is a scope without its end
        {{.scope = "https://vault.azure.net/"}, "token-2"},
        {{.scope = SCOPE, .tenant_id = "contoso.com"}, "token-3"},
        {{.scope = SCOPE, .tenant_id = ""}, "token-1"},
        {{.scope = SCOPE, .enable_cae = true}, "token-4"},
        {{.scope = SCOPE, .enable_cae = true}, "token-4"},
        {{.scope = SCOPE, .claims = "{\"access_token\":{}}"}, "token-5"}, // asks, and replaces
        {{.scope = SCOPE}, "token-5"},
        {{.scope = SCOPE, .tenant_id = "contoso.com"}, "token-3"},
    };
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    for (size_t i = 0; i < COUNT(ROWS); i++) expect(t, k, &ROWS[i].r, ROWS[i].want, call_format(t->call, "row %zu", i).at);
    CHECK_STR(str_of(own.seen[0]), S("{\"access_token\":{}}"), "the claims reach the source");
    CHECK_STR(str_of(own.seen[1]), S("token-1"), "and so does the token that was rejected");
    lanyard_credential_free(k);
}

TEST(client_cache_makes_room_for_new_keys)
{
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    for (int i = 0; i < CACHE_ENTRIES_MAX + 10; i++) {
        struct lanyard_token_request r = {.size = sizeof r, .scope = call_format(t->call, "https://%d.example/.default", i).at};
        lanyard_token_free(lanyard_token_ask(k, &r));
    }
    CHECK_INT(own.asked, CACHE_ENTRIES_MAX + 10, "each was asked for");
    struct lanyard_token_request last = {.size = sizeof last, .scope = call_format(t->call, "https://%d.example", CACHE_ENTRIES_MAX + 9).at};
    lanyard_token_free(lanyard_token_ask(k, &last));
    CHECK_INT(own.asked, CACHE_ENTRIES_MAX + 10, "the last one is kept");
    lanyard_credential_free(k);
}

TEST(client_cache_gives_the_old_token_if_its_renewal_fails)
{
    struct counting            own = {.life_s = 3600, .refresh_in_s = -1};
    struct lanyard_credential *k = counting_new(&own);
    expect(t, k, NULL, "token-1", "the first");
    own.fails_with = ERR_AUTHENTICATION_FAILED;
    expect(t, k, NULL, "token-1", "the renewal fails");
    CHECK_INT(own.asked, 2, "it was tried");
    expect(t, k, NULL, "token-1", "and is not tried again at once");
    CHECK_INT(own.asked, 2, "quiet");
    // A token that a service rejected is not given again, whatever fails.
    expect(t, k, &(struct lanyard_token_request){.scope = SCOPE, .claims = "{}"}, NULL, "claims");
    own.fails_with = OK;
    expect(t, k, &(struct lanyard_token_request){.scope = SCOPE, .claims = "{}"}, "token-4", "claims");
    lanyard_credential_free(k);
}

// Who has a valid token is not kept waiting by an endpoint that says nothing: neither by its silence nor by the tries of its rule.
TEST(client_cache_waits_for_a_renewal_only_for_a_moment)
{
    static const short             STATUSES[] = {503, 0};
    static const struct retry_rule RULE = {.tries = 3, .first_delay_ms = 1, .max_delay_ms = 1, .statuses = STATUSES};
    struct test_http               s;
    struct counting                own = {.life_s = CACHE_RENEWAL_S, .retry = &RULE, .fails_with = ERR_AUTHENTICATION_FAILED};
    struct lanyard_credential     *k = counting_new(&own);
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/status/503", s.port).at;
    expect(t, k, NULL, NULL, "the first");
    CHECK_INT(s.handled, 3, "the first has all tries");
    CHECK(!own.is_renewal && own.until_ns == INT64_MAX);
    own.fails_with = OK;
    own.url = NULL;
    own.refresh_in_s = -1;
    expect(t, k, NULL, "token-2", "a token that ends within that moment");
    expect(t, k, NULL, "token-3", "its renewal");
    CHECK(!own.is_renewal && own.until_ns == INT64_MAX);
    own.life_s = 3600;
    expect(t, k, NULL, "token-4", "a token that does not");
    own.fails_with = ERR_AUTHENTICATION_FAILED;
    own.url = call_format(t->call, "http://127.0.0.1:%u/status/503", s.port).at;
    expect(t, k, NULL, "token-4", "its renewal fails");
    CHECK_INT(s.handled, 4, "and has one try");
    CHECK(own.is_renewal && own.until_ns <= patience_of(CACHE_RENEWAL_S * 1000, NULL).until_ns);
    lanyard_credential_free(k);

    own = (struct counting){.life_s = 3600, .refresh_in_s = -1, .retry = &RULE};
    k = counting_new(&own);
    expect(t, k, NULL, "token-1", "a token that is due");
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    expect(t, k, &(struct lanyard_token_request){.scope = SCOPE, .timeout_ms = 20}, "token-1", "its renewal is not in time");
    expect(t, k, NULL, "token-1", "and is not tried again at once");
    CHECK_INT(own.asked, 2, "askings");
    test_http_end(&s, 0);
    lanyard_credential_free(k);
}

TEST(client_cache_renews_in_time)
{
    static const struct { int64_t life_s, want_s; const char *row; } ROWS[] = {
        {86400, 43200, "a day: half of it"},
        {7201, 3600, "more than two hours: half of it"},
        {7200, 6900, "two hours: five minutes before the end"},
        {3599, 3299, "an hour"},
        {600, 300, "ten minutes"},
        {60, 30, "a minute: half of it"},
        {0, 0, "none"},
        {-5, -5, "over already"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) CHECK_INT(token_refresh_at(1000, 1000 + ROWS[i].life_s), 1000 + ROWS[i].want_s, ROWS[i].row);
}

// A wall clock that is set back makes no token live longer, whether it is asked for alone or through a chain that kept it.
TEST(client_token_ends_by_either_clock)
{
    static const struct { moment at; bool is_valid, is_due; const char *row; } ROWS[] = {
        {{50000, 700}, true, false, "as it came"},
        {{53298, 3998}, true, false, "just before its renewal"},
        {{53300, 700}, true, true, "due by the wall"},
        {{50000, 4000}, true, true, "due since the start of the machine"},
        {{1000, 4000}, true, true, "due, and the wall is set back"},
        {{1000, 4300}, false, true, "over, and the wall is set back"},
        {{53600, 700}, false, true, "over by the wall, which is set forward"},
    };
    const char         *fault;
    struct attempts     attempts = {.n = 0};
    struct settings    *settings = settings_new(NULL, &fault);
    struct token_ask    ask = {.settings = settings, .attempts = &attempts};
    struct access_token got = {.expires_at_s = 53600}, member = {0};
    CHECK_OK(secret_init(t->call, &got.value, str_bytes(S("value"))));
    struct lanyard_token *token = token_new(&ask, 0, OK, "CountingCredential", &got, (moment){50000, 700});
    CHECK_OK(token_give(t->call, token, &ask, &member));
    struct lanyard_token *of_chain = token_new(&ask, 0, OK, "ChainedTokenCredential", &member, (moment){1000, 1000}); // the wall was set back
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        CHECK_ROW(token_is_valid(token, ROWS[i].at) == ROWS[i].is_valid && token_is_due(token, ROWS[i].at) == ROWS[i].is_due, ROWS[i].row);
        CHECK_ROW(token_is_valid(of_chain, ROWS[i].at) == ROWS[i].is_valid && token_is_due(of_chain, ROWS[i].at) == ROWS[i].is_due, ROWS[i].row);
    }
    lanyard_token_free(token);
    lanyard_token_free(of_chain);
    secret_clear(&got.value);
    secret_clear(&member.value);
    settings_free(settings);
}

TEST(client_cache_does_not_give_what_is_over)
{
    struct counting            own = {.life_s = 0};
    struct lanyard_credential *k = counting_new(&own);
    expect(t, k, NULL, "token-1", "as it came");
    expect(t, k, NULL, "token-2", "asked again");
    own.fails_with = ERR_AUTHENTICATION_FAILED;
    expect(t, k, NULL, NULL, "and no old one is given");
    lanyard_credential_free(k);
}

// A thread that asks once.
struct asker {
    struct lanyard_credential   *k;
    struct lanyard_token_request r;
    struct lanyard_token        *token;
    sem_t                       *done;
    pthread_t                    thread;
};

static void *ask_once(void *context)
{
    struct asker *a = context;
    a->token = lanyard_token_ask(a->k, &a->r);
    if (a->done) sem_post(a->done);
    return NULL;
}

static void begin(struct test *t, struct asker *a, struct lanyard_credential *k, const struct lanyard_token_request *r, sem_t *done)
{
    *a = (struct asker){.k = k, .done = done, .r = r ? *r : (struct lanyard_token_request){.scope = SCOPE}};
    a->r.size = sizeof a->r;
    CHECK(pthread_create(&a->thread, NULL, ask_once, a) == 0);
}

static void end(struct test *t, struct asker *a, enum lanyard_result result, const char *value, const char *row)
{
    pthread_join(a->thread, NULL);
    CHECK_INT(lanyard_token_result(a->token), result, row);
    if (value) CHECK_STR(str_of(lanyard_token_value(a->token)), str_of(value), row);
    lanyard_token_free(a->token);
}

// L1: whatever the number of threads, one request is on the wire, and nobody waits for it who has a token that is valid.
TEST(client_cache_asks_once_for_64_threads_of_one_expiring_token)
{
    static struct asker        askers[THREADS];
    struct test_http           s;
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    sem_t                      done;
    int                        with_new = 0;
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    sem_init(&done, 0, 0);

    for (int i = 0; i < THREADS; i++) begin(t, &askers[i], k, NULL, NULL);
    test_http_wait_late(&s, 1);
    test_http_release(&s, 1);
    for (int i = 0; i < THREADS; i++) end(t, &askers[i], LANYARD_OK, "token-1", "the first token");
    CHECK_INT(s.handled, 1, "requests for the first token");
    test_http_end(&s, 0);
    lanyard_credential_free(k);

    own = (struct counting){.life_s = 3600, .refresh_in_s = -1};
    k = counting_new(&own);
    expect(t, k, NULL, "token-1", "a token that is due");
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    own.refresh_in_s = 0;
    for (int i = 0; i < THREADS; i++) begin(t, &askers[i], k, NULL, &done);
    for (int i = 0; i < THREADS - 1; i++) sem_wait(&done); // while the request is held
    test_http_wait_late(&s, 1);
    test_http_release(&s, 1);
    sem_wait(&done);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        with_new += str_eq(str_of(lanyard_token_value(askers[i].token)), S("token-2"));
        CHECK_INT(lanyard_token_result(askers[i].token), LANYARD_OK, "each has one");
        lanyard_token_free(askers[i].token);
    }
    CHECK_INT(with_new, 1, "who asked has the new one");
    CHECK_INT(s.handled, 1, "requests for the renewal");
    CHECK_INT(own.asked, 2, "the source was asked");
    test_http_end(&s, 0);
    lanyard_credential_free(k);
    sem_destroy(&done);
}

// A renewal that began before a service's challenge was answered may have the token that the service rejects.
TEST(client_cache_keeps_the_token_of_a_challenge_over_one_that_was_asked_for_before)
{
    struct asker               renewal;
    struct test_http           s;
    struct counting            own = {.life_s = 3600, .refresh_in_s = -1};
    struct lanyard_credential *k = counting_new(&own);
    test_http_start(t, &s, &(struct test_http_options){0});
    expect(t, k, NULL, "token-1", "a token that is due");
    own.refresh_in_s = 0;
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    begin(t, &renewal, k, NULL, NULL);
    test_http_wait_late(&s, 1);
    own.url = NULL;
    expect(t, k, &(struct lanyard_token_request){.scope = SCOPE, .claims = "{}"}, "token-3", "the challenge is answered");
    test_http_release(&s, 1);
    end(t, &renewal, LANYARD_OK, "token-3", "the renewal's caller has the newer one");
    expect(t, k, NULL, "token-3", "and it is kept");
    CHECK_INT(own.asked, 3, "askings");
    test_http_end(&s, 0);
    lanyard_credential_free(k);
}

// Those who wait for a first token that is outdated when it comes ask again.
TEST(client_cache_shares_no_token_that_is_outdated)
{
    struct asker               first, second;
    struct test_http           s;
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    begin(t, &first, k, NULL, NULL);
    test_http_wait_late(&s, 1);
    begin(t, &second, k, NULL, NULL);
    own.url = NULL;
    own.life_s = 0; // the challenge's token is over before anybody can be given it
    expect(t, k, &(struct lanyard_token_request){.scope = SCOPE, .claims = "{}"}, "token-2", "the challenge is answered");
    own.life_s = 3600;
    test_http_release(&s, 1);
    end(t, &first, LANYARD_OK, "token-1", "who asked has what was asked for");
    end(t, &second, LANYARD_OK, "token-3", "who waited asked anew");
    expect(t, k, NULL, "token-3", "which is kept");
    test_http_end(&s, 0);
    lanyard_credential_free(k);
}

// The others wait with their own patience, and one of them asks anew if the first gives up.
TEST(client_cache_waits_with_its_own_patience)
{
    struct asker               first, second, third;
    struct test_http           s;
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    struct lanyard_cancel     *cancel = lanyard_cancel_new(), *other = lanyard_cancel_new();
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    begin(t, &first, k, &(struct lanyard_token_request){.scope = SCOPE, .cancel = cancel}, NULL);
    test_http_wait_late(&s, 1);
    begin(t, &second, k, NULL, NULL);
    begin(t, &third, k, &(struct lanyard_token_request){.scope = SCOPE, .timeout_ms = 20}, NULL);
    end(t, &third, LANYARD_TIMED_OUT, NULL, "its time is over");
    begin(t, &third, k, &(struct lanyard_token_request){.scope = SCOPE, .cancel = other}, NULL);
    lanyard_cancel_set(other);
    end(t, &third, LANYARD_CANCELLED, NULL, "it waited, and was cancelled");
    lanyard_cancel_set(cancel);
    end(t, &first, LANYARD_CANCELLED, NULL, "the first");
    test_http_wait_late(&s, 2);
    test_http_release(&s, 2);
    end(t, &second, LANYARD_OK, NULL, "the second asked itself");
    CHECK_INT(own.asked, 2, "in all");
    test_http_end(&s, 0);
    lanyard_cancel_free(cancel);
    lanyard_cancel_free(other);
    lanyard_credential_free(k);
}

// Requests that are under way keep their own reference.
TEST(client_credential_outlives_its_last_reference_by_its_requests)
{
    struct asker               asker;
    struct test_http           s;
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    begin(t, &asker, k, NULL, NULL);
    test_http_wait_late(&s, 1);
    lanyard_credential_free(k);
    test_http_release(&s, 1);
    end(t, &asker, LANYARD_OK, "token-1", "its token");
    test_http_end(&s, 0);
}

// L1: two first askings of a chain at once have tokens of one member.
TEST(client_chain_answers_two_first_askings_by_one_member)
{
    struct asker               slow;
    struct test_http           s;
    struct counting            one = {.life_s = 3600, .fails_with = ERR_CREDENTIAL_UNAVAILABLE}, two = {.life_s = 3600};
    struct lanyard_credential *members[] = {counting_new(&one), counting_new(&two)}, *chain = lanyard_chain(members, COUNT(members), NULL);
    test_http_start(t, &s, &(struct test_http_options){0});
    two.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    begin(t, &slow, chain, NULL, NULL);
    test_http_wait_late(&s, 1);
    one.fails_with = OK;
    expect(t, chain, &(struct lanyard_token_request){.scope = "https://other"}, "token-2", "the first member has a token by now");
    test_http_release(&s, 1);
    end(t, &slow, LANYARD_OK, "token-3", "so it is asked by the other one too");
    CHECK_INT(two.asked, 1, "askings of the second member");
    test_http_end(&s, 0);
    lanyard_credential_free(chain);
    for (size_t i = 0; i < COUNT(members); i++) lanyard_credential_free(members[i]);
}

TEST(client_cache_shares_a_failure_among_those_who_wait)
{
    struct asker               askers[8];
    struct test_http           s;
    struct counting            own = {.fails_with = ERR_AUTHENTICATION_FAILED};
    struct lanyard_credential *k = counting_new(&own);
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    for (size_t i = 0; i < COUNT(askers); i++) begin(t, &askers[i], k, &(struct lanyard_token_request){.scope = SCOPE, .claims = "{}"}, NULL);
    for (size_t i = 1; i <= COUNT(askers); i++) test_http_release(&s, 1); // each that asks is let go
    for (size_t i = 0; i < COUNT(askers); i++) end(t, &askers[i], LANYARD_AUTHENTICATION_FAILED, NULL, "the failure");
    CHECK_INT(own.asked, s.handled, "each asking is a request");
    test_http_end(&s, 0);
    lanyard_credential_free(k);
}

// L2: what failed, what to do, a line for each that was tried.
TEST(client_token_tells_what_was_tried)
{
    struct counting            own = {.fails_with = ERR_CREDENTIAL_UNAVAILABLE};
    struct lanyard_credential *k = counting_new(&own);
    struct lanyard_token      *token = lanyard_token_get(k, SCOPE);
    CHECK_INT(lanyard_token_result(token), LANYARD_UNAVAILABLE, "result");
    CHECK_STR(str_of(lanyard_token_error(token)), S("No token for " SCOPE ": CountingCredential: It was told to. Repair it."), "error");
    CHECK_INT(lanyard_token_attempt_n(token), 1, "attempts");
    CHECK_STR(str_of(lanyard_token_attempt(token, 0)->fix), S("Repair it."), "fix");
    CHECK(!lanyard_token_attempt(token, 1) && !lanyard_token_value(token) && lanyard_token_expires_at(token) == 0);
    lanyard_token_free(token);
    own.fails_with = OK;
    own.life_s = 100;
    token = lanyard_token_get(k, SCOPE);
    CHECK(!*lanyard_token_error(token));
    CHECK_STR(str_of(lanyard_token_credential(token)), S("CountingCredential"), "who gave it");
    CHECK_INT(lanyard_token_attempt(token, 0)->result, LANYARD_OK, "its attempt");
    lanyard_credential_free(k);
    CHECK_STR(str_of(lanyard_token_value(token)), S("token-2"), "a token outlives its credential");
    lanyard_token_free(token);
}

// L2: the text that a program prints ends where it ends, whatever its length.
TEST(client_token_errors_of_every_length_are_terminated)
{
    char                       words[601] = "";
    struct counting            own = {.fails_with = ERR_AUTHENTICATION_FAILED, .words = words};
    struct lanyard_credential *k = counting_new(&own);
    for (size_t n = 1; n < sizeof words; n++) {
        memset(words, 'w', n);
        struct lanyard_token *token = lanyard_token_get(k, SCOPE);
        CHECK_STR(str_of(lanyard_token_error(token)), call_format(t->call, "No token for " SCOPE ": CountingCredential: %s Repair it.", words),
                  words);
        lanyard_token_free(token);
    }
    lanyard_credential_free(k);
}

TEST(client_requests_that_cannot_be_used)
{
    char long_text[20000];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    const struct { struct lanyard_token_request r; const char *row; } ROWS[] = {
        {{.size = sizeof(struct lanyard_token_request)}, "no scope"},
        {{.size = sizeof(struct lanyard_token_request), .scope = ""}, "an empty scope"},
        {{.size = sizeof(struct lanyard_token_request), .scope = "/.default"}, "no resource"},
        {{.size = sizeof(struct lanyard_token_request), .scope = "two scopes"}, "two"},
        {{.size = sizeof(struct lanyard_token_request), .scope = "https://a\r\nb"}, "a line break"},
        {{.size = sizeof(struct lanyard_token_request), .scope = long_text}, "a long scope"},
        {{.size = sizeof(struct lanyard_token_request), .scope = SCOPE, .tenant_id = long_text}, "a long tenant"},
        {{.size = sizeof(struct lanyard_token_request), .scope = SCOPE, .claims = long_text}, "long claims"},
        {{.size = sizeof(struct lanyard_token_request), .scope = SCOPE, .claims = "eyJhIjoxfQ=="}, "claims in base64"},
        {{.size = sizeof(struct lanyard_token_request), .scope = SCOPE, .claims = "[]"}, "claims that are a list"},
        {{.scope = SCOPE}, "no size"},
        {{.size = 1, .scope = SCOPE}, "a wrong size"},
    };
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct lanyard_token *token = lanyard_token_ask(k, &ROWS[i].r);
        CHECK_INT(lanyard_token_result(token), LANYARD_INVALID, ROWS[i].row);
        CHECK_ROW(*lanyard_token_error(token), ROWS[i].row);
        lanyard_token_free(token);
    }
    CHECK_INT(own.asked, 0, "no source was asked");
    struct lanyard_token *none = lanyard_token_ask(k, NULL);
    CHECK_INT(lanyard_token_result(none), LANYARD_INVALID, "no request");
    lanyard_token_free(none);
    CHECK(lanyard_token_get(NULL, SCOPE) == NULL);
    CHECK_INT(lanyard_token_result(NULL), LANYARD_NO_MEMORY, "NULL");
    lanyard_token_free(NULL);
    lanyard_credential_free(NULL);
    lanyard_credential_free(k);
}

static bool is_readable(int fd)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 1;
}

// A token may be asked for by a program that has a loop of its own.
TEST(client_pending_becomes_readable_when_there_is_an_outcome)
{
    struct test_http             s;
    struct counting              own = {.life_s = 3600};
    struct lanyard_credential   *k = counting_new(&own);
    char                         scope[] = SCOPE;
    struct lanyard_token_request r = {.size = sizeof r, .scope = scope};
    test_http_start(t, &s, &(struct test_http_options){0});
    own.url = call_format(t->call, "http://127.0.0.1:%u/late", s.port).at;
    struct lanyard_pending *p = lanyard_token_begin(k, &r);
    memset(scope, 'x', sizeof scope - 1); // it was copied
    test_http_wait_late(&s, 1);
    CHECK(!is_readable(lanyard_pending_fd(p)));
    test_http_release(&s, 1);
    CHECK(poll(&(struct pollfd){.fd = lanyard_pending_fd(p), .events = POLLIN}, 1, TEST_HTTP_TIMEOUT_S * 1000) == 1);
    struct lanyard_token *token = lanyard_pending_finish(p);
    CHECK_STR(str_of(lanyard_token_value(token)), S("token-1"), "the outcome");
    lanyard_token_free(token);

    r.scope = SCOPE;
    p = lanyard_token_begin(k, &r); // one that is kept is there at once
    CHECK(is_readable(lanyard_pending_fd(p)));
    token = lanyard_pending_finish(p);
    CHECK_STR(str_of(lanyard_token_value(token)), S("token-1"), "kept");
    lanyard_token_free(token);

    r.claims = "{}";
    p = lanyard_token_begin(k, &r);
    test_http_wait_late(&s, 1);
    lanyard_pending_cancel(p);
    token = lanyard_pending_finish(p);
    CHECK_INT(lanyard_token_result(token), LANYARD_CANCELLED, "cancelled");
    lanyard_token_free(token);

    r.claims = NULL;
    r.scope = "two scopes";
    p = lanyard_token_begin(k, &r);
    lanyard_credential_free(k); // a request that is under way keeps its own reference
    token = lanyard_pending_finish(p);
    CHECK_INT(lanyard_token_result(token), LANYARD_INVALID, "refused");
    lanyard_token_free(token);
    test_http_end(&s, 0);
    CHECK_INT(lanyard_pending_fd(NULL), -1, "NULL");
    lanyard_pending_cancel(NULL);
    CHECK(!lanyard_pending_finish(NULL) && !lanyard_token_begin(NULL, &r));
}

// The thread that asks takes none of the program's signals.
static enum err tell_signals(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    sigset_t mask;
    int      blocked = 0;
    (void)self;
    (void)ask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++) blocked += i != SIGKILL && i != SIGSTOP && sigismember(&mask, i) == 1;
    out->expires_at_s = c->now_s + 100;
    return secret_init(c, &out->value, str_bytes(call_format(c, "%d", blocked)));
}

TEST(client_pending_without_a_descriptor_tells_why)
{
    struct rlimit              before, none;
    struct counting            own = {.life_s = 3600};
    struct lanyard_credential *k = counting_new(&own);
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = (struct rlimit){0, before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    struct lanyard_pending *p = lanyard_token_begin(k, &(struct lanyard_token_request){.size = sizeof(struct lanyard_token_request), .scope = SCOPE});
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_INT(lanyard_pending_fd(p), -1, "none");
    struct lanyard_token *token = lanyard_pending_finish(p);
    CHECK_INT(lanyard_token_result(token), LANYARD_BROKEN, "the outcome");
    CHECK(strstr(lanyard_token_error(token), "descriptor"));
    lanyard_token_free(token);
    lanyard_credential_free(k);
}

TEST(client_pending_takes_no_signals)
{
    static const struct credential_kind KIND = {.name = "SignalsCredential", .acquire = tell_signals};
    struct lanyard_credential          *k = credential_new(&KIND, 0, NULL);
    struct lanyard_pending *p = lanyard_token_begin(k, &(struct lanyard_token_request){.size = sizeof(struct lanyard_token_request), .scope = SCOPE});
    struct lanyard_token   *token = lanyard_pending_finish(p);
    CHECK_STR(str_of(lanyard_token_value(token)), S("29"), "all that can be blocked");
    lanyard_token_free(token);
    lanyard_credential_free(k);
}
