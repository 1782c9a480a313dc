#include "rbac/pairs.h"

#include "rbac/places.h"
#include "test.h"

enum { PLACES = 500, PRINCIPALS = 3200, AT_ONCE = 64, PAIRS = 9000, ROUNDS = 20000, STANDING = 100 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state ^ *state >> 15;
}

// A wrong no would refuse what is granted. A wrong yes costs time, so that there must be few.
TEST(pairs_never_miss_one_that_was_added)
{
    struct pairs     none = {0}, p;
    struct pair_mark marks[PRINCIPALS];
    uint32_t         random = 7, whose[PRINCIPALS], places[PLACES];
    static bool      is_there[PLACES][PRINCIPALS];
    size_t           wrong = 0;
    for (size_t i = 0; i < PRINCIPALS; i++) marks[i] = pair_mark_of(whose[i] = next_random(&random));
    for (size_t i = 0; i < PLACES; i++) places[i] = next_random(&random);
    CHECK_INT(pairs_who(&none, places[0], marks, AT_ONCE), 0, "nothing is anywhere");
    CHECK(pairs_are_full(&none));
    none.n = PAIRS; // as many as will be there
    if (!pairs_new(&none, &p)) CHECK(!"no memory");
    for (size_t i = 0; i < PAIRS; i++) {
        size_t place = (next_random(&random) >> 8) % PLACES, who = (next_random(&random) >> 8) % PRINCIPALS;
        is_there[place][who] = true;
        CHECK(!pairs_are_full(&p));
        pairs_add(&p, places[place], whose[who]);
    }
    for (size_t i = 0; i < PLACES * PRINCIPALS; i += AT_ONCE) {
        size_t   place = i / PRINCIPALS, first = i % PRINCIPALS;
        uint64_t may = pairs_who(&p, places[place], marks + first, AT_ONCE);
        for (size_t k = 0; k < AT_ONCE; k++) {
            if (is_there[place][first + k]) CHECK_INT(may >> k & 1, 1, "what was added is there");
            else wrong += may >> k & 1;
        }
    }
    CHECK(wrong < (size_t)PLACES * PRINCIPALS / 50);
    pairs_clear(&p);
}
_Static_assert(PRINCIPALS % AT_ONCE == 0, "the principals of a place are asked for in whole groups");

struct put {
    uint64_t hash;
    uint32_t who;
};

static struct put put_of(uint32_t round)
{
    return (struct put){(uint64_t)(round % 97 * 44000000) << 32 | 1, round * UINT32_C(2654435769)};
}

static bool put_one(struct places *p, const struct put *x, const struct assignment *record)
{
    struct place_slot *slot = places_use(p, x->hash, S("/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg1"));
    return slot && places_put_low(p, slot, (struct entry){.tag = x->who, .record = record});
}

static void remove_one(struct places *p, const struct put *x, const struct assignment *record)
{
    struct place_slot *slot = places_find(p, x->hash);
    places_remove_low(p, slot, x->who, record);
    places_leave(p, slot);
}

// Of a hundred assignments that stand at a time each is found, and those that were removed do not fill the filter.
TEST(places_keep_the_filter_of_pairs_current)
{
    struct places           p;
    const struct assignment record = {0};
    size_t                  gone = 0;
    places_init(&p);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const struct put x = put_of(round), old = put_of(round - STANDING);
        CHECK(put_one(&p, &x, &record));
        if (round >= STANDING) remove_one(&p, &old, &record);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const struct put       x = put_of(round);
        const struct pair_mark mark = pair_mark_of(x.who);
        uint64_t               may = pairs_who(&p.pairs, tag_of(x.hash), &mark, 1);
        if (round >= ROUNDS - STANDING) CHECK_INT(may, 1, "it is there");
        else gone += may;
    }
    CHECK_INT(p.pairs.n, STANDING, "pairs");
    CHECK(gone < ROUNDS / 10);
    places_clear(&p);
}
