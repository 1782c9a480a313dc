#include "rbac/places.h"

#include <stdlib.h>

#include "test.h"

#define SUB "/subscriptions/11111111-1111-1111-1111-111111111111"

// Places whose hashes have the same tag and the same home are told apart, and a decision sees the slots of all of them.
TEST(places_with_the_same_tag_are_told_apart)
{
    static const uint64_t HASHES[] = {0x500000001, 0x500000001 + 0x1000, 0x500000002, 0x600000001};
    struct places         p;
    places_init(&p);
    for (size_t i = 0; i < COUNT(HASHES); i++) {
        struct place_slot *slot = places_use(&p, HASHES[i], S(SUB "/resourceGroups/rg1"));
        CHECK(slot && slot == places_use(&p, HASHES[i], S(SUB "/resourceGroups/rg1")));
        if (slot) CHECK(places_put_low(&p, slot, (struct entry){.tag = (uint32_t)i, .record = (const struct assignment *)&p}));
    }
    for (size_t i = 0; i < COUNT(HASHES); i++) {
        size_t             met = 0;
        struct place_slot *slot = places_find(&p, HASHES[i]), *s = NULL;
        CHECK(slot && slot->low && slot->low->tags[0] == i);
        while ((s = places_next(&p, HASHES[i], s)) != NULL) met += s == slot;
        CHECK_INT(met, 1, "its own slot is among those that may be its");
    }
    CHECK(places_find(&p, 0x500000003) == NULL); // the tag of others
    CHECK(places_find(&p, 0x700000001) == NULL);
    CHECK_INT(p.n, COUNT(HASHES), "places");
    // One goes: those behind it in the table are found as before.
    struct place_slot *first = places_find(&p, HASHES[0]);
    places_remove_low(&p, first, 0, (const struct assignment *)&p);
    places_leave(&p, first);
    CHECK(places_find(&p, HASHES[0]) == NULL);
    for (size_t i = 1; i < COUNT(HASHES); i++) {
        struct place_slot *slot = places_find(&p, HASHES[i]);
        CHECK(slot && slot->low && slot->low->tags[0] == i);
    }
    places_clear(&p);
}

enum { MOST = 3000, ROUNDS = 40000 };

// Hashes that crowd at both ends of the table and in its middle.
static uint64_t crowded(size_t i)
{
    static const uint64_t WHERE[] = {0, 0x80000000, 0xffffffff};
    uint64_t              tag = (WHERE[i % 3] + (i % 3 == 2 ? -(uint64_t)(i / 3) : i / 3) * 40000) & 0xffffffff;
    return (i % 7 ? tag : WHERE[i % 3]) << 32 | i; // some have one tag, and only the other half tells them apart
}

static bool is_in_order(const struct places *p)
{
    uint32_t last = 0;
    size_t   n = 0;
    for (size_t i = 0; n < p->n; i++) {
        const struct place_slot *s = &p->table[i];
        if (s->place == PLACE_NONE) continue;
        if (s->tag < last || places_home(p, s->tag) > i) return false;
        last = s->tag;
        n++;
    }
    return true;
}

// What is put is found, and nothing else, whatever comes and goes: a flag for each is the model.
TEST(places_agree_with_a_model_whatever_comes_and_goes)
{
    struct places p;
    bool         *is_there = calloc(MOST, sizeof *is_there);
    uint32_t      random = 99;
    places_init(&p);
    for (size_t round = 0; is_there && round < ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        size_t i = (random >> 8) % MOST;
        bool   grows = round / (ROUNDS / 4) % 2 == 0;
        if ((random >> 4) % 8 < (grows ? 6u : 2u)) {
            struct place_slot *slot = places_use(&p, crowded(i), S(SUB "/resourceGroups/rg1"));
            if (!slot) CHECK(!"no slot");
            else if (!is_there[i]) CHECK(places_put_low(&p, slot, (struct entry){.tag = (uint32_t)i, .record = (const struct assignment *)&p}));
            is_there[i] = true;
        } else if (is_there[i]) {
            struct place_slot *slot = places_find(&p, crowded(i));
            places_remove_low(&p, slot, (uint32_t)i, (const struct assignment *)&p);
            places_leave(&p, slot);
            is_there[i] = false;
        }
        if (round % (ROUNDS / 8)) continue;
        CHECK(is_in_order(&p));
        for (size_t k = 0; k < MOST; k++) {
            const struct place_slot *slot = places_find(&p, crowded(k));
            CHECK_INT(slot && slot->low && slot->low->tags[0] == k, is_there[k], "the place that is looked for");
        }
    }
    free(is_there);
    places_clear(&p);
}
