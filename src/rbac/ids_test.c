#include "rbac/ids.h"

#include <stdlib.h>

#include "core/random.h"
#include "test.h"

enum { MOST = 6000, IDS = 9000, ROUNDS = 60000 };

// Items whose records have nothing but an id; the model is a flag for each id.
struct trial {
    struct ids         ids;
    struct item       *items;
    struct assignment *records;
    bool              *is_there;
    size_t             n;
};

static guid numbered(size_t i)
{
    guid g = {{0}};
    g.b[0] = (uint8_t)(i >> 8);
    g.b[15] = (uint8_t)i; // far apart: comparing the first bytes only would not do
    return g;
}

static void trial_init(struct trial *x)
{
    *x = (struct trial){
        .items = calloc(IDS, sizeof *x->items), .records = calloc(IDS, sizeof *x->records), .is_there = calloc(IDS, sizeof *x->is_there)};
    for (size_t i = 0; i < IDS; i++) {
        x->records[i].id = numbered(i);
        x->items[i].record = &x->records[i];
    }
}

static void trial_clear(struct trial *x)
{
    ids_clear(&x->ids);
    free(x->items);
    free(x->records);
    free(x->is_there);
}

static bool put(struct trial *x, size_t i)
{
    if (!ids_reserve(&x->ids, x->items, numbered(i))) return false;
    ids_put(&x->ids, x->items, numbered(i), (uint32_t)i);
    x->n += !x->is_there[i];
    x->is_there[i] = true;
    return true;
}

static void take(struct trial *x, size_t i)
{
    ids_remove(&x->ids, x->items, numbered(i));
    x->n -= x->is_there[i];
    x->is_there[i] = false;
}

// A walk behind each of some ids meets exactly those of the model, in order.
static void must_agree(struct test *t, const struct trial *x, const char *when)
{
    for (size_t from = 0; from <= IDS; from += 997) {
        guid            after = numbered(from ? from - 1 : 0);
        struct ids_walk walk = ids_behind(&x->ids, x->items, from ? &after : NULL);
        for (size_t i = from; i < IDS; i++)
            if (x->is_there[i] && ids_next(&x->ids, &walk) != i) {
                CHECK_ROW(!"the walk and the model differ", when);
                return;
            }
        CHECK_ROW(ids_next(&x->ids, &walk) == ITEM_NONE, when);
        CHECK_ROW(ids_next(&x->ids, &walk) == ITEM_NONE, when); // again at the end
    }
    for (size_t i = 0; i < IDS; i++) CHECK_ROW(ids_find(&x->ids, x->items, numbered(i)) == (x->is_there[i] ? i : ITEM_NONE), when);
    CHECK_INT(x->ids.n, x->n, when);
}

TEST(ids_agree_with_a_model_whatever_comes_and_goes)
{
    struct trial x;
    uint32_t     state = 77;
    trial_init(&x);
    must_agree(t, &x, "empty");
    for (size_t round = 0; round < ROUNDS; round++) {
        state = state * 1664525 + 1013904223;
        size_t i = (state >> 8) % IDS;
        bool   grows = round / (ROUNDS / 4) % 2 == 0; // grows, shrinks, grows, shrinks
        if ((state >> 4) % 8 < (grows ? 6u : 2u)) CHECK(put(&x, i));
        else take(&x, i);
        if (round % (ROUNDS / 12) == 0) must_agree(t, &x, grows ? "growing" : "shrinking");
    }
    for (size_t i = 0; i < IDS; i++) take(&x, i);
    must_agree(t, &x, "emptied");
    CHECK_INT(x.ids.block_n, 0, "blocks of nothing");
    trial_clear(&x);
}

TEST(ids_that_come_in_order_fill_their_blocks)
{
    struct trial x;
    trial_init(&x);
    for (size_t i = 0; i < MOST; i++) CHECK(put(&x, i));
    CHECK_INT(x.ids.block_n, (MOST + IDS_BLOCK - 1) / IDS_BLOCK, "blocks");
    must_agree(t, &x, "in order");
    trial_clear(&x);
}

TEST(ids_backwards_and_reserved_without_a_put)
{
    struct trial x;
    trial_init(&x);
    for (size_t i = IDS; i-- > IDS - MOST;) CHECK(put(&x, i));
    must_agree(t, &x, "backwards");
    CHECK(ids_reserve(&x.ids, x.items, numbered(3)) && ids_reserve(&x.ids, x.items, numbered(IDS - 1)));
    must_agree(t, &x, "reserved only");
    trial_clear(&x);
    trial_init(&x);
    CHECK(ids_reserve(&x.ids, x.items, numbered(3)));
    must_agree(t, &x, "a first block without an id");
    CHECK(put(&x, 2) && put(&x, 2));
    must_agree(t, &x, "twice the same");
    trial_clear(&x);
}
