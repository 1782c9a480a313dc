#include "ops/signing_keys.h"

#include "test_keys.h"
#include "test_product.h"

#define ISSUER S("https://sts.windows.net/t/")

// The ring counts when its transaction is on disk.
static void settle(struct test_product *s)
{
    test_product_commit(s);
    signing_keys_settle(&s->product, true);
}

static void keep_up(struct test_product *s)
{
    struct test            *t = s->test;
    struct signing_keys_due due = signing_keys_due(&s->product, t->call->now_s);
    CHECK_OK(signing_keys_keep_up_take(t->call, &s->work, due.lacks_key ? test_keys_next(t) : NULL));
    settle(s);
}

static bool lacks_key(struct test_product *s, int64_t after_s)
{
    return signing_keys_due(&s->product, s->call->now_s + after_s).lacks_key;
}

static bool is_due(struct test_product *s, int64_t after_s)
{
    return signing_keys_due(&s->product, s->call->now_s + after_s).is_due;
}

static void put_keys(struct test_product *s)
{
    struct test *t = s->test;
    s->product.token_lifetime_s = TOKEN_LIFETIME_S;
    CHECK_OK(signing_keys_begin(t->call, s->work.store, &s->product));
    for (size_t i = 0; i < 2; i++) {
        CHECK(lacks_key(s, 0));
        keep_up(s);
        CHECK_INT(keyring_n(s->product.keyring), i + 1, "a key at a time");
    }
    CHECK(!lacks_key(s, 0));
}

static enum err rotate(struct test_product *s, bool in_haste, struct signing_keys_rotation *out)
{
    struct op_target at = {.scope = S("/")};
    return op_run(s->call, &s->work, &OP_SIGNING_KEYS_ROTATE, &at, &in_haste, out);
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

static void copy_kid(struct test_product *s, size_t i, str *out)
{
    struct test *t = s->test;
    CHECK_OK(call_copy_str(t->call, kid_at(s, i), out)); // the ring goes with its rotation
}

TEST(signing_keys_rotate_by_age_and_no_token_fails_for_it) // T8
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    put_keys(&s);
    CHECK(!is_due(&s, SIGNING_KEYS_TURN_S - 1) && is_due(&s, SIGNING_KEYS_TURN_S));
    str first, second;
    copy_kid(&s, 0, &first);
    copy_kid(&s, 1, &second);

    test_product_pass(&s, SIGNING_KEYS_TURN_S);
    str token = issue(&s);
    keep_up(&s);
    CHECK_STR(kid_at(&s, 0), second, "what was published before is in use");
    CHECK_STR(kid_at(&s, 1), first, "what was in use is still published");
    CHECK_ERR(verify(&s, token), OK, "signed just before");
    CHECK(lacks_key(&s, 0));
    keep_up(&s);
    CHECK_INT(keyring_n(s.product.keyring), 3, "with the next one");
    CHECK(!is_due(&s, 0));

    test_product_pass(&s, TOKEN_LIFETIME_S - 1);
    CHECK_ERR(verify(&s, token), OK, "at the end of its life");
    test_product_pass(&s, SIGNING_KEYS_KEEP_S + 1);
    CHECK(!is_due(&s, 0) && is_due(&s, 1)); // the retired one has ended
    test_product_pass(&s, 1);
    keep_up(&s);
    CHECK_INT(keyring_n(s.product.keyring), 2, "it is gone without a rotation");
    CHECK_STR(kid_at(&s, 0), second, "the current one stays");
    CHECK(!is_due(&s, 0));
    drop_keys(&s);
}

TEST(signing_keys_rotate_on_demand_when_the_next_one_is_known_for_a_day) // T8
{
    CLEANUP(test_product_close) struct test_product s;
    struct signing_keys_rotation                    done;
    test_product_open(&s, t);
    put_keys(&s);
    int64_t made_s = t->call->now_s;
    str     next;
    copy_kid(&s, 1, &next);
    CHECK_INT(signing_keys_rotates_s(s.product.keyring), made_s + SIGNING_KEYS_TURN_S, "by age");
    for (int i = 0; i < 2; i++) { // asked again, it is the same plan
        test_product_pass(&s, 10);
        CHECK_OK(rotate(&s, false, &done));
        settle(&s);
        CHECK(!done.is_done);
        CHECK_INT(done.at_s, made_s + SIGNING_KEYS_ANNOUNCE_S, "planned");
        CHECK_INT(signing_keys_rotates_s(s.product.keyring), done.at_s, "the plan counts");
    }
    drop_keys(&s);
    CHECK_OK(signing_keys_load(t->call, s.work.store, &s.product)); // the plan outlives a restart
    CHECK(!is_due(&s, SIGNING_KEYS_ANNOUNCE_S - 21) && is_due(&s, SIGNING_KEYS_ANNOUNCE_S - 20));
    test_product_pass(&s, SIGNING_KEYS_ANNOUNCE_S - 20);
    keep_up(&s);
    CHECK_STR(kid_at(&s, 0), next, "rotated as planned");
    CHECK_INT(signing_keys_rotates_s(s.product.keyring), t->call->now_s + SIGNING_KEYS_TURN_S, "by age again");
    keep_up(&s);
    test_product_pass(&s, SIGNING_KEYS_ANNOUNCE_S);
    CHECK_OK(rotate(&s, false, &done));
    settle(&s);
    CHECK(done.is_done && done.at_s == t->call->now_s);
    drop_keys(&s);
}

TEST(signing_keys_rotate_in_haste_and_let_go_of_none_in_use) // T8
{
    CLEANUP(test_product_close) struct test_product s;
    struct signing_keys_rotation                    done;
    test_product_open(&s, t);
    put_keys(&s);
    str token = issue(&s);
    for (int i = 0; i < KEYRING_MAX_KEYS - 2; i++) {
        CHECK_OK(rotate(&s, true, &done));
        CHECK(done.is_done);
        settle(&s);
        CHECK_ERR(rotate(&s, true, &done), ERR_CONFLICT, "the next key is not made yet");
        keep_up(&s);
    }
    CHECK_INT(keyring_n(s.product.keyring), KEYRING_MAX_KEYS, "full");
    CHECK_ERR(rotate(&s, true, &done), ERR_CONFLICT, "no room without letting go of a key in use");
    CHECK_ERR(verify(&s, token), OK, "the first one's token");
    CHECK_OK(rotate(&s, false, &done));
    settle(&s);
    CHECK(!done.is_done && !is_due(&s, SIGNING_KEYS_ANNOUNCE_S)); // a plan waits for room; meanwhile the housekeeper goes on
    CHECK(is_due(&s, TOKEN_LIFETIME_S + SIGNING_KEYS_KEEP_S + 1));
    test_product_pass(&s, TOKEN_LIFETIME_S + SIGNING_KEYS_KEEP_S + 1);
    keep_up(&s);
    CHECK_INT(keyring_n(s.product.keyring), 2, "rotated, and all that ended are gone");
    CHECK(keyring_lacks_keys(s.product.keyring));
    drop_keys(&s);
}

TEST(signing_keys_of_a_job_that_fails_are_not_in_force)
{
    CLEANUP(test_product_close) struct test_product s;
    struct signing_keys_rotation                    done;
    test_product_open(&s, t);
    put_keys(&s);
    str current, next;
    copy_kid(&s, 0, &current);
    copy_kid(&s, 1, &next);

    struct keyring *mark = signing_keys_mark(&s.product);
    CHECK_OK(rotate(&s, true, &done));
    CHECK_STR(kid_at(&s, 0), current, "not yet on disk");
    signing_keys_undo(&s.product, mark);
    signing_keys_settle(&s.product, true);
    CHECK_STR(kid_at(&s, 0), current, "the job failed");

    mark = signing_keys_mark(&s.product);
    CHECK_OK(rotate(&s, true, &done));
    signing_keys_keep(mark);
    mark = signing_keys_mark(&s.product); // a second job of the same transaction sees what the first one did
    CHECK_ERR(rotate(&s, true, &done), ERR_CONFLICT, "it lacks the next key");
    signing_keys_undo(&s.product, mark);
    signing_keys_settle(&s.product, false);
    CHECK_STR(kid_at(&s, 0), current, "the commit failed");

    CHECK_OK(rotate(&s, true, &done));
    signing_keys_settle(&s.product, true);
    CHECK_STR(kid_at(&s, 0), next, "on disk");
    drop_keys(&s);
}

TEST(signing_keys_come_back_from_the_store_and_only_with_their_key) // T8, T9
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    CHECK_ERR(signing_keys_load(t->call, s.work.store, &s.product), ERR_NOT_FOUND, "none yet");
    CHECK(!is_due(&s, SIGNING_KEYS_TURN_S) && !lacks_key(&s, 0));
    put_keys(&s);
    test_product_pass(&s, SIGNING_KEYS_TURN_S);
    keep_up(&s);
    keep_up(&s);
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
