#include "ops/device_codes.h"

#include <stdlib.h>

#include "test.h"

static const client_id CLIENT = {{{7}}};

static enum err begin(struct test *t, struct device_codes *d, str source, struct device_code *out)
{
    enum err failed = device_code_begin(t->call, d, CLIENT, S("openid"), source, out);
    call_forgive(t->call);
    return failed;
}

static struct device_codes *codes_new(struct test *t)
{
    struct device_codes *d = calloc(1, sizeof *d);
    CHECK(d);
    t->call->now_s = 1000000;
    return d;
}

static enum device_state state_now(struct test *t, struct device_codes *d, const struct device_code *code)
{
    struct device_code out;
    return device_code_take(t->call, d, CLIENT, str_of(code->code), &out);
}

// T10: whoever begins as many as he can does not keep others from beginning one.
TEST(device_codes_of_one_source_are_bounded)
{
    struct device_codes *d = codes_new(t);
    struct device_code   code, other;
    for (size_t i = 0; i < DEVICE_CODES_EACH; i++) CHECK_ERR(begin(t, d, S("10.0.0.1"), &code), OK, "so many");
    CHECK_ERR(begin(t, d, S("10.0.0.1"), &code), ERR_BUSY, "and no more");
    CHECK_ERR(begin(t, d, S("10.0.0.2"), &other), OK, "another source");
    t->call->now_s += DEVICE_CODE_LIFETIME_S;
    CHECK_ERR(begin(t, d, S("10.0.0.1"), &code), OK, "when they have expired");
    free(d);
}

TEST(device_codes_are_taken_from_who_has_most)
{
    struct device_codes *d = codes_new(t);
    struct device_code   code, single;
    CHECK_ERR(begin(t, d, S("10.0.0.99"), &single), OK, "one alone");
    for (size_t i = 1; i < DEVICE_CODES_MAX; i++)
        CHECK_ERR(begin(t, d, call_format(t->call, "10.0.1.%zu", i / DEVICE_CODES_EACH), &code), OK, "fills");
    CHECK_ERR(begin(t, d, S("10.0.0.2"), &code), OK, "another source");
    CHECK_INT(state_now(t, d, &code), DEVICE_PENDING, "is under way");
    CHECK_INT(state_now(t, d, &single), DEVICE_PENDING, "who has one keeps it");
    for (size_t i = 0; i < 1000; i++) (void)!begin(t, d, call_format(t->call, "10.1.%zu.%zu", i >> 8, i & 255), &code);
    CHECK_INT(state_now(t, d, &single), DEVICE_PENDING, "sources of one each take nothing from each other");
    free(d);
}

// For a while a code that has expired is told to have, but not when its place is needed.
TEST(device_codes_that_have_expired_make_room)
{
    struct device_codes *d = codes_new(t);
    struct device_code   code, old;
    CHECK_ERR(begin(t, d, S("10.0.0.1"), &old), OK, "the first");
    t->call->now_s += DEVICE_CODE_LIFETIME_S;
    for (size_t i = 1; i < DEVICE_CODES_MAX; i++) CHECK_ERR(begin(t, d, call_format(t->call, "10.0.2.%zu", i), &code), OK, "fills");
    CHECK_INT(state_now(t, d, &old), DEVICE_EXPIRED, "as long as there is room");
    CHECK_ERR(begin(t, d, S("10.0.0.3"), &code), OK, "in its place");
    CHECK_INT(state_now(t, d, &old), DEVICE_UNKNOWN, "gone");
    free(d);
}
