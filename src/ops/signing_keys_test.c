#include "ops/signing_keys.h"

#include "test_product.h"

#define ISSUER S("https://sts.windows.net/t/")

static void turn_keys(struct test_product *s)
{
    struct test        *t = s->test;
    struct signing_turn turn = {0};
    CHECK_OK(signing_keys_turn(t->call, &s->product, &turn));
    CHECK_OK(signing_keys_write(t->call, s->work.store, &turn));
    signing_keys_publish(&s->product, &turn);
}

static void put_keys(struct test_product *s)
{
    struct test        *t = s->test;
    struct signing_turn turn = {0};
    s->product.token_lifetime_s = TOKEN_LIFETIME_S;
    CHECK_OK(signing_keys_begin(t->call, &s->product, &turn));
    CHECK_OK(signing_keys_write(t->call, s->work.store, &turn));
    signing_keys_publish(&s->product, &turn);
    CHECK(!turn.ring);
    for (size_t i = 0; i < 2; i++) {
        CHECK(signing_keys_due(&s->product, t->call->now_s));
        turn_keys(s);
        CHECK_INT(keyring_n(s->product.keyring), i + 1, "a key at a time");
    }
}

static void drop_keys(struct test_product *s)
{
    product_keyring_put(&s->product, NULL);
}

static str kid_at(const struct test_product *s, size_t i)
{
    const struct signing_key *key = keyring_at(s->product.keyring, i);
    return key ? key->kid : STR_NONE;
}

static str issue(struct test_product *s)
{
    struct test         *t = s->test;
    struct token         token = {0};
    struct token_request r = {.issuer = ISSUER, .audience = S("a"), .lifetime_s = TOKEN_LIFETIME_S};
    CHECK_OK(token_issue(t->call, s->product.keyring, &r, &token));
    return token.text;
}

static enum err verify(struct test_product *s, str token)
{
    static const str    ISSUERS[] = {S_INIT("https://sts.windows.net/t/")}, AUDIENCES[] = {S_INIT("a")};
    struct token_policy policy = {.issuers = ISSUERS, .issuer_n = 1, .audiences = AUDIENCES, .audience_n = 1};
    struct token_claims claims;
    return token_verify(s->test->call, s->product.keyring, token, &policy, &claims);
}

TEST(signing_keys_turn_by_age_and_no_token_fails_for_it) // T8
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    put_keys(&s);
    CHECK(!signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S - 1));
    CHECK(signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S));
    str first, second; // copies: the ring goes with its turn
    CHECK_OK(call_copy_str(t->call, kid_at(&s, 0), &first));
    CHECK_OK(call_copy_str(t->call, kid_at(&s, 1), &second));

    test_product_pass(&s, SIGNING_KEYS_TURN_S);
    str token = issue(&s);
    turn_keys(&s);
    CHECK_STR(kid_at(&s, 0), second, "what was published before is in use");
    CHECK_STR(kid_at(&s, 2), first, "what was in use is still published");
    CHECK_ERR(verify(&s, token), OK, "signed just before");
    CHECK(!signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S - 1));
    CHECK(signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S));

    test_product_pass(&s, TOKEN_LIFETIME_S - 1);
    turn_keys(&s); // earlier than by age: nothing is let go that could be needed
    CHECK_ERR(verify(&s, token), OK, "at the end of its life, two turns later");
    test_product_pass(&s, SIGNING_KEYS_TURN_S);
    turn_keys(&s);
    CHECK_INT(keyring_n(s.product.keyring), 3, "those before are gone");
    CHECK(!str_eq(kid_at(&s, 2), first) && !str_eq(kid_at(&s, 2), second));
    drop_keys(&s);
}

TEST(signing_keys_turn_for_as_long_as_the_server_runs)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    put_keys(&s);
    for (int i = 0; i < 200; i++) { // each as after a turn
        struct signing_turn turn = {.ring = product_keyring_take(&s.product)};
        signing_keys_publish(&s.product, &turn);
    }
    CHECK(signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S));
    drop_keys(&s);
}

TEST(signing_keys_come_back_from_the_store_and_only_with_their_key) // T8, T9
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    CHECK_ERR(signing_keys_load(t->call, s.work.store, &s.product), ERR_NOT_FOUND, "none yet");
    CHECK(!signing_keys_due(&s.product, t->call->now_s + SIGNING_KEYS_TURN_S));
    put_keys(&s);
    turn_keys(&s);
    str kids[3];
    for (size_t i = 0; i < COUNT(kids); i++) CHECK_OK(call_copy_str(t->call, kid_at(&s, i), &kids[i]));
    str token = issue(&s);
    drop_keys(&s);

    s.product.seal_key.at[0] ^= 1;
    CHECK_ERR(signing_keys_load(t->call, s.work.store, &s.product), ERR_CRYPTO, "another key");
    CHECK(!s.product.keyring);
    s.product.seal_key.at[0] ^= 1;
    CHECK_OK(signing_keys_load(t->call, s.work.store, &s.product));
    CHECK_INT(keyring_n(s.product.keyring), COUNT(kids), "all");
    for (size_t i = 0; i < COUNT(kids); i++) CHECK_STR(kid_at(&s, i), kids[i], "as they were");
    CHECK_ERR(verify(&s, token), OK, "signed before the restart");
    drop_keys(&s);
}
