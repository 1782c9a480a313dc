#include "rbac/places.h"

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
        if (slot) CHECK(holding_put(&slot->low, (struct entry){.tag = (uint32_t)i, .record = (const struct assignment *)&p}));
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
    holding_remove(&first->low, 0, (const struct assignment *)&p);
    places_leave(&p, first);
    CHECK(places_find(&p, HASHES[0]) == NULL);
    for (size_t i = 1; i < COUNT(HASHES); i++) {
        struct place_slot *slot = places_find(&p, HASHES[i]);
        CHECK(slot && slot->low && slot->low->tags[0] == i);
    }
    places_clear(&p);
}
