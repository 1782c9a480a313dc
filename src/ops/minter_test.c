#include "ops/minter.h"

#include <pthread.h>
#include <stdlib.h>

#include "test.h"
#include "token/jwt.h"

#define ROW 0

// A product as far as the minter looks at it. One ring for the file: keys are slow to make.
struct minter_fixture {
    struct product product;
};

static struct keyring *shared_ring(struct test *t)
{
    static struct keyring *made;
    if (!made) CHECK_OK(keyring_new(t->call, 2, &made));
    keyring_take(made);
    return made;
}

static void minter_fixture_start(struct test *t, struct minter_fixture *b, unsigned signers)
{
    *b = (struct minter_fixture){.product = {.names = names_azure(), .token_lifetime_s = TOKEN_LIFETIME_S, .tenant.g = guid_new(t->call)}};
    product_keyring_put(&b->product, shared_ring(t));
    CHECK_OK(minter_start(t->call, &b->product, signers, &b->product.minter));
}

static int64_t now_s(const struct minter_fixture *b)
{
    return clock_now_ns(&b->product.clock) / NS_PER_S;
}

// One who waits, and a thread that waits for it.
struct asking {
    struct mint_waiter waiter;
    pthread_mutex_t    lock;
    pthread_cond_t     told;
    unsigned           times;
    enum err           failed;
    char               text[4096];
    size_t             text_n;
    int64_t            expires_s;
};

static void told(struct mint_waiter *w, enum err failed, const struct minted *token)
{
    struct asking *a = CONTAINER_OF(w, struct asking, waiter);
    pthread_mutex_lock(&a->lock);
    a->times++;
    a->failed = failed;
    if (failed == OK) {
        a->text_n = token->text.n < sizeof a->text ? token->text.n : 0;
        memcpy(a->text, token->text.at, a->text_n);
        a->expires_s = token->expires_s;
    }
    pthread_cond_signal(&a->told);
    pthread_mutex_unlock(&a->lock);
}

static void asking_init(struct asking *a)
{
    *a = (struct asking){.waiter.done = told, .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
}

static void wait_for(struct asking *a)
{
    pthread_mutex_lock(&a->lock);
    while (!a->times) pthread_cond_wait(&a->told, &a->lock);
    pthread_mutex_unlock(&a->lock);
}

static str text_of(const struct asking *a)
{
    return (str){a->text, a->text_n};
}

// Keys must stay as long as the orders that a test looks at: the latest so many do.
static const struct mint_key *key_of(uint8_t who, uint8_t host, str audience)
{
    static _Thread_local struct mint_key keys[16];
    static _Thread_local size_t          next;
    struct mint_key                     *key = &keys[next++ % COUNT(keys)];
    guid                                 principal, at;
    memset(principal.b, who, sizeof principal.b);
    memset(at.b, host, sizeof at.b);
    mint_key_begin(key, TOKEN_OF_IDENTITY);
    mint_key_add_guid(key, principal);
    mint_key_add_guid(key, at);
    mint_key_add_text(key, audience);
    return key;
}

static struct mint_order order_of(uint8_t who, const char *audience)
{
    struct mint_order o = {.key = key_of(who, 0x77, str_of(audience)), .asked = str_of(audience)};
    o.token = (struct token_request){.audience = o.asked, .host_resource = S("/h"), .identity_resource = S("/i")};
    memset(o.token.subject.g.b, who, sizeof o.token.subject.g.b);
    memset(o.token.app.g.b, 0x11, sizeof o.token.app.g.b);
    return o;
}

static str ask(struct test *t, struct minter_fixture *b, const struct mint_order *o, struct asking *a)
{
    asking_init(a);
    t->call->now_s = now_s(b);
    CHECK_OK(minter_ask(t->call, b->product.minter, o, &a->waiter));
    wait_for(a);
    CHECK_INT(a->failed, OK, "signed");
    return text_of(a);
}

TEST(minter_keeps_the_token_that_it_made)
{
    struct minter_fixture b;
    struct asking         first, second;
    struct mint_order     o = order_of(1, "https://vault.azure.net");
    minter_fixture_start(t, &b, 1);
    CHECK(minter_find(b.product.minter, ROW, now_s(&b), o.key) == NULL);
    str                  text = ask(t, &b, &o, &first);
    const struct minted *kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
    CHECK(kept && str_eq(kept->text, text) && client_id_eq(kept->app, o.token.app) && str_eq(kept->asked, o.asked));
    CHECK(kept && minter_find(b.product.minter, ROW, now_s(&b), o.key) == kept);
    CHECK(kept && minter_find(b.product.minter, ROW + 1, now_s(&b), o.key) == kept); // another thread finds the same
    CHECK_STR(ask(t, &b, &o, &second), text, "asked again");
    minter_stop(b.product.minter);
}

// T1: what the pool signs is what the token room would, for that order.
TEST(minter_signs_what_was_ordered)
{
    struct minter_fixture b;
    struct asking         a;
    struct mint_order     o = order_of(1, "https://vault.azure.net");
    struct token_claims   claims = {0};
    minter_fixture_start(t, &b, 1);
    str                 text = ask(t, &b, &o, &a), issuer = product_issuer(t->call, &b.product, TOKEN_V1);
    struct token_policy policy = {.issuers = &issuer, .issuer_n = 1, .audiences = &o.token.audience, .audience_n = 1};
    CHECK_OK(token_verify(t->call, shared_ring(t), text, &policy, &claims));
    CHECK(object_id_eq(claims.subject, o.token.subject) && client_id_eq(claims.app, o.token.app) && tenant_id_eq(claims.tenant, b.product.tenant));
    CHECK_STR(claims.identity_resource, S("/i"), "xms_mirid");
    minter_stop(b.product.minter);
}

// Nobody ever gets what was made for another identity, host, audience or kind of principal.
TEST(minter_keeps_keys_apart)
{
    struct minter_fixture b;
    struct asking         a, other;
    struct mint_key       kind = *key_of(1, 0x77, S("https://vault.azure.net")), time = kind;
    struct mint_order     o = order_of(1, "https://vault.azure.net"), variants[6];
    for (size_t i = 0; i < COUNT(variants); i++) variants[i] = o;
    kind.at[0] = TOKEN_OF_APP;
    mint_key_add_i64(&time, 0);
    variants[0].key = key_of(2, 0x77, o.asked);
    variants[1].key = key_of(1, 0x78, o.asked);
    variants[2].key = key_of(1, 0x77, S("https://vault.azure.net/"));
    variants[3].key = key_of(1, 0x77, S(""));
    variants[4].key = &kind;
    variants[5].key = &time;
    minter_fixture_start(t, &b, 1);
    str text = ask(t, &b, &o, &a);
    for (size_t i = 0; i < COUNT(variants); i++) {
        CHECK(minter_find(b.product.minter, ROW, now_s(&b), variants[i].key) == NULL);
        CHECK(!str_eq(ask(t, &b, &variants[i], &other), text));
    }
    minter_stop(b.product.minter);
}

// T10: a user's token is ordered like an identity's; the order outlives the texts of whoever gave it.
TEST(minter_signs_tokens_of_every_kind)
{
    struct minter_fixture b;
    struct asking         a;
    struct mint_order     o = order_of(3, "https://vault.azure.net");
    char                  scopes[] = "user_impersonation", role[] = "Reader";
    str                   roles[] = {str_of(role)}, name = S("ann@lanyard.localhost");
    o.token.kind = TOKEN_OF_USER;
    o.token.scopes = str_of(scopes);
    o.token.roles = (struct token_texts){roles, 1};
    o.token.user_name = name;
    o.token.issuer = S("https://issuer.example/");
    o.token.lifetime_s = 4200;
    minter_fixture_start(t, &b, 1);
    asking_init(&a);
    t->call->now_s = now_s(&b);
    CHECK_OK(minter_ask(t->call, b.product.minter, &o, &a.waiter));
    memset(scopes, 'x', sizeof scopes - 1);
    memset(role, 'x', sizeof role - 1);
    roles[0] = STR_NONE;
    wait_for(&a);
    struct jwt jwt = {0};
    CHECK_OK(jwt_read(t->call, text_of(&a), &jwt));
    CHECK_STR(json_get_str(jwt.claims, S("idtyp")), S("user"), "idtyp");
    CHECK_STR(json_get_str(jwt.claims, S("upn")), name, "upn");
    CHECK_STR(json_get_str(jwt.claims, S("iss")), S("https://issuer.example/"), "iss");
    CHECK_INT(json_get_int(jwt.claims, S("exp"), 0) - json_get_int(jwt.claims, S("iat"), 0), 4200 + TOKEN_SKEW_S, "lifetime");
    // Signed at once or after the texts were gone: either way from the order's own copies.
    CHECK(str_eq(json_get_str(jwt.claims, S("scp")), S("user_impersonation")) &&
          str_eq(json_str(json_at(json_get(jwt.claims, S("roles")), 0)), S("Reader")));
    minter_stop(b.product.minter);
}

#define ASKING_N 200
TEST(minter_shares_one_signature_among_all_who_wait)
{
    struct minter_fixture b;
    struct asking        *all = calloc(ASKING_N, sizeof *all);
    struct mint_order     busy = order_of(9, "https://graph.microsoft.com"), o = order_of(1, "https://vault.azure.net");
    struct asking         first;
    CHECK(all != NULL);
    minter_fixture_start(t, &b, 1);
    asking_init(&first);
    t->call->now_s = now_s(&b);
    CHECK_OK(minter_ask(t->call, b.product.minter, &busy, &first.waiter)); // so that the others gather behind it
    for (size_t i = 0; i < ASKING_N; i++) {
        asking_init(&all[i]);
        CHECK_OK(minter_ask(t->call, b.product.minter, &o, &all[i].waiter));
    }
    wait_for(&first);
    for (size_t i = 0; i < ASKING_N; i++) {
        wait_for(&all[i]);
        CHECK_INT(all[i].times, 1, "told once");
        CHECK(all[i].failed == OK && str_eq(text_of(&all[i]), text_of(&all[0])));
    }
    minter_stop(b.product.minter);
    free(all);
}

// T6: the old one serves while the new one is made; what is nearly over is not handed out.
TEST(minter_renews_tokens_in_use_before_they_end)
{
    struct minter_fixture b;
    struct asking         a, again;
    struct mint_order     o = order_of(1, "https://vault.azure.net");
    minter_fixture_start(t, &b, 1);
    str text = ask(t, &b, &o, &a);
    clock_advance(&b.product.clock, (TOKEN_LIFETIME_S - MINTER_RENEW_S - 5) * NS_PER_S);
    const struct minted *kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
    CHECK(kept && !minter_is_due(kept, now_s(&b)) && str_eq(kept->text, text));
    clock_advance(&b.product.clock, 6 * NS_PER_S);
    kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
    CHECK(kept && minter_is_due(kept, now_s(&b)) && str_eq(kept->text, text));
    minter_renew(b.product.minter, &o);
    minter_renew(b.product.minter, &o);
    for (int i = 0; i < 2000 && kept && minter_is_due(kept, now_s(&b)); i++) {
        struct timespec moment = {.tv_nsec = NS_PER_MS};
        nanosleep(&moment, NULL);
        kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
    }
    CHECK(kept && !str_eq(kept->text, text) && !minter_is_due(kept, now_s(&b)));
    CHECK_STR(ask(t, &b, &o, &again), kept ? kept->text : STR_NONE, "the renewed one is for all");

    clock_advance(&b.product.clock, (TOKEN_LIFETIME_S - MINTER_LEAST_S + 1) * NS_PER_S);
    CHECK(minter_find(b.product.minter, ROW, now_s(&b), o.key) == NULL); // too little is left of it
    CHECK(!str_eq(ask(t, &b, &o, &again), text));
    minter_stop(b.product.minter);
}

// T6: a clock that was set back (NTP, a machine that woke up) must not bring out tokens that are not valid yet.
TEST(minter_makes_a_token_anew_when_the_clock_was_set_back)
{
    static const struct {
        int64_t back_s;
        bool    keeps;
    } CASES[] = {{60, true}, {TOKEN_SKEW_S - 60, true}, {TOKEN_SKEW_S + 60, false}, {400 * S_PER_DAY, false}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct minter_fixture b;
        struct asking         before, after;
        struct mint_order     o = order_of(1, "https://vault.azure.net");
        minter_fixture_start(t, &b, 1);
        str text = ask(t, &b, &o, &before);
        CHECK(minter_find(b.product.minter, ROW, now_s(&b), o.key) != NULL);
        clock_advance(&b.product.clock, -CASES[i].back_s * NS_PER_S);
        CHECK((minter_find(b.product.minter, ROW, now_s(&b), o.key) != NULL) == CASES[i].keeps);
        str again = ask(t, &b, &o, &after);
        CHECK(str_eq(again, text) == CASES[i].keeps);
        const struct minted *kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
        CHECK(kept && str_eq(kept->text, again) && kept->not_before_s <= now_s(&b));
        minter_stop(b.product.minter);
    }
}

TEST(minter_follows_the_configured_lifetime)
{
    static const struct { int64_t lifetime_s, renew_s, useful_s; } CASES[] = { // the last two from the start
        {TOKEN_LIFETIME_S, TOKEN_LIFETIME_S - 3600, TOKEN_LIFETIME_S - 300}, {3600, 2700, 3300}, {400, 300, 350}, {60, 45, 53}, {8, 6, 7},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct minter_fixture b;
        struct asking         a;
        struct mint_order     o = order_of(1, "https://vault.azure.net");
        minter_fixture_start(t, &b, 1);
        b.product.token_lifetime_s = CASES[i].lifetime_s;
        ask(t, &b, &o, &a);
        int64_t              made_s = a.expires_s - CASES[i].lifetime_s;
        const struct minted *kept = minter_find(b.product.minter, ROW, made_s, o.key);
        CHECK(kept && kept->renew_s == made_s + CASES[i].renew_s && kept->useful_s == made_s + CASES[i].useful_s);
        minter_stop(b.product.minter);
    }
}

// T8: a rotation counts for the next token; the ones in use stay.
TEST(minter_signs_with_the_ring_in_force)
{
    struct minter_fixture b;
    struct asking         before, after;
    struct keyring       *turned = NULL;
    struct mint_order     o = order_of(1, "https://vault.azure.net"), other = order_of(2, "https://vault.azure.net");
    minter_fixture_start(t, &b, 1);
    str old = ask(t, &b, &o, &before);
    CHECK_OK(keyring_rotate(t->call, b.product.keyring, TOKEN_LIFETIME_S, &turned));
    product_keyring_put(&b.product, turned);
    str fresh = ask(t, &b, &other, &after);
    CHECK(!str_eq(str_upto(old, str_find(old, '.')), str_upto(fresh, str_find(fresh, '.')))); // the header names the key
    const struct minted *kept = minter_find(b.product.minter, ROW, now_s(&b), o.key);
    CHECK(kept && str_eq(kept->text, old));
    minter_stop(b.product.minter);
    product_keyring_put(&b.product, NULL);
}

#define FLOOD (MINTER_MAX_QUEUE + 2)
TEST(minter_refuses_past_its_queue_and_answers_all_when_it_stops)
{
    struct minter_fixture b;
    struct asking        *all = calloc(FLOOD, sizeof *all);
    size_t                taken = 0;
    enum err              got = OK;
    CHECK(all != NULL);
    minter_fixture_start(t, &b, 0); // nobody signs
    for (; taken < FLOOD; taken++) {
        char audience[64];
        snprintf(audience, sizeof audience, "https://a%zu.blob.core.windows.net", taken);
        struct mint_order o = order_of(1, audience);
        asking_init(&all[taken]);
        got = minter_ask(t->call, b.product.minter, &o, &all[taken].waiter);
        if (got != OK) break;
    }
    CHECK_INT(taken, MINTER_MAX_QUEUE, "orders taken");
    CHECK_ERR(got, ERR_BUSY, "one more");
    CHECK_INT(all[taken].times, 0, "who was refused is not told again");
    minter_stop(b.product.minter);
    for (size_t i = 0; i < taken; i++) CHECK(all[i].times == 1 && all[i].failed == ERR_BUSY);
    free(all);
}

TEST(minter_refuses_a_key_that_does_not_fit)
{
    struct minter_fixture b;
    struct asking         a;
    char                  audience[MINT_KEY_MAX_BYTES + 1];
    memset(audience, 'a', sizeof audience);
    audience[sizeof audience - 1] = '\0';
    struct mint_order o = order_of(1, audience);
    asking_init(&a);
    minter_fixture_start(t, &b, 0);
    CHECK(minter_find(b.product.minter, ROW, now_s(&b), o.key) == NULL);
    CHECK(minter_find(b.product.minter, PRODUCT_ROWS, now_s(&b), o.key) == NULL);
    CHECK_ERR(minter_ask(t->call, b.product.minter, &o, &a.waiter), ERR_TOO_LARGE, "too long");
    minter_renew(b.product.minter, &o);
    CHECK_INT(a.times, 0, "not told");
    minter_stop(b.product.minter);
}

TEST(minter_bounds_what_it_keeps)
{
    struct minter_fixture b;
    struct asking        *all = calloc(MINTER_MAX_QUEUE, sizeof *all);
    size_t                kept = 0, n = 256 + 64; // more than a thread's own cache has places
    CHECK(all != NULL);
    minter_fixture_start(t, &b, 2);
    for (size_t i = 0; i < n; i++) {
        char audience[64];
        snprintf(audience, sizeof audience, "https://a%zu.blob.core.windows.net", i);
        struct mint_order o = order_of(1, audience);
        ask(t, &b, &o, &all[i]);
        CHECK(minter_find(b.product.minter, ROW, now_s(&b), o.key) != NULL);
    }
    for (size_t i = 0; i < n; i++) {
        char audience[64];
        snprintf(audience, sizeof audience, "https://a%zu.blob.core.windows.net", i);
        struct mint_order    o = order_of(1, audience);
        const struct minted *found = minter_find(b.product.minter, ROW, now_s(&b), o.key);
        kept += found && str_eq(found->text, text_of(&all[i]));
    }
    CHECK_INT(kept, n, "what left the small cache is found in the large one");
    minter_stop(b.product.minter);
    free(all);
}

// Several threads, each with its row, ask for a few tokens while the clock runs on: for the thread sanitizer.
struct asking_thread {
    struct minter_fixture *fixture;
    unsigned               row;
    unsigned               wrong;
};

static void *ask_repeatedly(void *context)
{
    struct asking_thread *v = context;
    struct call           c;
    call_init(&c, &v->fixture->product.clock, NULL);
    for (unsigned i = 0; i < 400; i++) {
        struct asking     a;
        struct mint_order o = order_of((uint8_t)(1 + i % 3), "https://vault.azure.net");
        call_reset(&c, &v->fixture->product.clock);
        const struct minted *kept = minter_find(v->fixture->product.minter, v->row, c.now_s, o.key);
        if (kept && minter_is_due(kept, c.now_s)) minter_renew(v->fixture->product.minter, &o);
        if (kept) {
            v->wrong += !str_eq(kept->key, (str){o.key->at, o.key->n}) || kept->expires_s <= c.now_s;
            if (i % 16 == 0) clock_advance(&v->fixture->product.clock, 3600 * NS_PER_S);
            continue;
        }
        asking_init(&a);
        if (minter_ask(&c, v->fixture->product.minter, &o, &a.waiter) == OK) wait_for(&a);
        v->wrong += a.failed != OK;
    }
    call_clear(&c);
    return NULL;
}

TEST(minter_serves_many_threads_at_once)
{
    struct minter_fixture b;
    pthread_t             threads[4];
    struct asking_thread  contexts[COUNT(threads)];
    minter_fixture_start(t, &b, 2);
    for (unsigned i = 0; i < COUNT(threads); i++) {
        contexts[i] = (struct asking_thread){.fixture = &b, .row = i};
        CHECK(pthread_create(&threads[i], NULL, ask_repeatedly, &contexts[i]) == 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(contexts[i].wrong, 0, "tokens that were wrong");
    }
    minter_stop(b.product.minter);
}
