#include "ops/sign_in_guard.h"

#include <stdlib.h>

#include "test.h"

#define NOW_S 1000000

static struct sign_in_guard *guard_new(struct test *t)
{
    struct sign_in_guard *g = calloc(1, sizeof *g);
    CHECK(g);
    return g;
}

static object_id user_of(uint32_t n)
{
    object_id id = {{{1}}};
    memcpy(id.g.b + 4, &n, sizeof n);
    return id;
}

static str address_of(struct test *t, unsigned n)
{
    return call_format(t->call, "10.0.%u.%u", n >> 8, n & 255);
}

// T10: before any of the tries is judged, no more than ten are let through.
TEST(sign_in_tries_at_the_same_time_are_bounded_together)
{
    struct sign_in_guard *g = guard_new(t);
    unsigned              through = 0;
    for (unsigned i = 0; i < 3 * SIGN_IN_MAX_FAILURES; i++) through += sign_in_begin(g, user_of(1), address_of(t, i), NOW_S);
    CHECK_INT(through, SIGN_IN_MAX_FAILURES, "one user, from anywhere");
    CHECK(!sign_in_begin(g, user_of(1), S("10.1.1.1"), NOW_S + SIGN_IN_LOCKED_S - 1));
    CHECK(sign_in_begin(g, user_of(1), S("10.1.1.1"), NOW_S + SIGN_IN_LOCKED_S));
    CHECK(!sign_in_begin(g, user_of(1), S("10.1.1.1"), NOW_S + SIGN_IN_LOCKED_S + 1)); // a further failure locks anew
    free(g);
}

TEST(sign_in_a_right_password_is_no_failure)
{
    struct sign_in_guard *g = guard_new(t);
    for (unsigned i = 0; i < 20 * SIGN_IN_SOURCE_TRIES; i++) {
        CHECK(sign_in_begin(g, user_of(1), S("10.0.0.1"), NOW_S));
        sign_in_was_right(g, user_of(1), S("10.0.0.1"));
    }
    for (unsigned i = 1; i < SIGN_IN_MAX_FAILURES; i++) CHECK(sign_in_begin(g, user_of(1), S("10.0.0.1"), NOW_S));
    CHECK(sign_in_begin(g, user_of(1), S("10.0.0.1"), NOW_S));
    sign_in_was_right(g, user_of(1), S("10.0.0.1"));
    CHECK(sign_in_begin(g, user_of(1), S("10.0.0.1"), NOW_S));
    free(g);
}

// T10: guesses at many users, and at names that nobody has, are bounded by where they come from.
TEST(sign_in_one_source_cannot_try_many_users)
{
    struct sign_in_guard *g = guard_new(t);
    unsigned              through = 0;
    for (uint32_t i = 0; i < 1000; i++) through += sign_in_begin(g, i % 2 ? user_of(i) : (object_id){0}, S("10.0.0.1"), NOW_S);
    CHECK_INT(through, SIGN_IN_SOURCE_TRIES, "at once");
    CHECK(sign_in_begin(g, user_of(9), S("10.0.0.2"), NOW_S)); // another source is not held up
    CHECK(!sign_in_begin(g, user_of(2000), S("10.0.0.1"), NOW_S + SIGN_IN_SOURCE_REST_S - 1));
    CHECK(sign_in_begin(g, user_of(2000), S("10.0.0.1"), NOW_S + SIGN_IN_SOURCE_REST_S));
    CHECK(!sign_in_begin(g, user_of(2000), S("10.0.0.1"), NOW_S + SIGN_IN_SOURCE_REST_S));
    free(g);
}

// T10: no number of other users or sources makes it forget a user, or a source, that is locked.
TEST(sign_in_a_flood_unlocks_nobody)
{
    struct sign_in_guard *g = guard_new(t);
    for (unsigned i = 0; i < SIGN_IN_MAX_FAILURES; i++) CHECK(sign_in_begin(g, user_of(1), address_of(t, i), NOW_S));
    for (unsigned i = 0; i < SIGN_IN_SOURCE_TRIES; i++) CHECK(sign_in_begin(g, (object_id){0}, S("10.9.9.9"), NOW_S));
    for (unsigned i = 0; i < 2 * SIGN_IN_MAX_USERS; i++) {
        bool may = sign_in_begin(g, user_of(i + 2), address_of(t, i % SIGN_IN_MAX_SOURCES), NOW_S + 1);
        (void)may;
    }
    CHECK(!sign_in_begin(g, user_of(1), address_of(t, 3), NOW_S + 2));
    CHECK(!sign_in_begin(g, (object_id){0}, S("10.9.9.9"), NOW_S + 2));
    CHECK(sign_in_begin(g, user_of(1), address_of(t, 3), NOW_S + 2 * SIGN_IN_LOCKED_S)); // and the tables are free again
    free(g);
}

TEST(sign_in_sources_are_networks_of_ipv6)
{
    static const struct { const char *text, *want; } CASES[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2"},
        {"2001:db8:1:2::6", "2001:db8:1:2"},
        {"2001:db8::6", "2001:db8:"},
        {"::1", ":"},
        {"/subscriptions/a:b", "/subscriptions/a:b"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(sign_in_source(str_of(CASES[i].text)), str_of(CASES[i].want), CASES[i].text);
}
