#include "core/lowest.h"

#include <stdlib.h>

#include "test.h"

enum { IDS = 3000 };

static int by_id(const void *a, const void *b)
{
    return guid_cmp(*(const guid *)a, *(const guid *)b);
}

TEST(lowest_keeps_what_sorting_all_would_have_in_front)
{
    static const size_t ROOMS[] = {1, 2, 3, 7, 100, IDS - 1, IDS, IDS + 1, 2 * IDS};
    guid               *ids = calloc(IDS, sizeof *ids), *sorted = calloc(IDS, sizeof *sorted);
    for (size_t i = 0; i < IDS; i++) ids[i] = sorted[i] = guid_new(t->call);
    qsort(sorted, IDS, sizeof *sorted, by_id);
    for (size_t r = 0; r < COUNT(ROOMS); r++) {
        struct lowest l;
        CHECK_OK(lowest_init(t->call, &l, ROOMS[r]));
        for (size_t i = 0; i < IDS; i++) lowest_offer(&l, &ids[i]);
        lowest_sort(&l);
        CHECK_INT(l.n, ROOMS[r] < IDS ? ROOMS[r] : IDS, "kept");
        for (size_t i = 0; i < l.n; i++) CHECK(guid_eq(*l.at[i], sorted[i]));
        if (l.n == l.room) CHECK(!lowest_wants(&l, &sorted[IDS - 1]) == (ROOMS[r] <= IDS));
    }
    free(ids);
    free(sorted);
}

TEST(lowest_without_room_wants_nothing)
{
    struct lowest l;
    guid          id = guid_new(t->call);
    CHECK_OK(lowest_init(t->call, &l, 0));
    CHECK(!lowest_wants(&l, &id));
    lowest_offer(&l, &id);
    lowest_sort(&l);
    CHECK_INT(l.n, 0, "kept");
}
