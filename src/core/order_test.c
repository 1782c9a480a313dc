#include "core/order.h"

#include <stdlib.h>

#include "core/random.h"
#include "core/record.h"
#include "test.h"

struct thing {
    struct order_node node;
    char              name[16];
};

static void put(struct order *o, struct thing *x, const char *name)
{
    snprintf(x->name, sizeof x->name, "%s", name);
    order_put(o, str_of(x->name), &x->node);
}

// The chain and the treap tell the same story, and it is in order.
static bool is_sound(const struct order *o)
{
    size_t seen = 0;
    for (const struct order_node *at = o->first; at; at = at->after, seen++) {
        if (at->after && (str_cmp_nocase(at->key, at->after->key) >= 0 || at->after->before != at)) return false;
        if (order_find(o, at->key) != at) return false;
    }
    return seen == o->n && (!o->first || !o->first->before);
}

TEST(order_walks_by_key_whatever_the_order_of_putting)
{
    enum { N = 2000 };
    struct thing *things = calloc(N, sizeof *things);
    struct order  o;
    order_init(&o, 7, true);
    for (size_t i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s%04zu", i % 2 ? "Key" : "kEY", i * 7 % N);
        put(&o, &things[i], name);
    }
    CHECK_INT(o.n, N, "n");
    CHECK(is_sound(&o));
    for (size_t i = 0; i < N; i += 2) order_remove(&o, &things[i].node);
    CHECK_INT(o.n, N / 2, "after removing");
    CHECK(is_sound(&o));
    CHECK_STR(order_from(&o, S("key0000"))->key, S("Key0001"), "first not before");
    CHECK(order_find(&o, S("key0000")) == NULL);
    CHECK(order_from(&o, S("key9")) == NULL);
    for (size_t i = 1; i < N; i += 2) order_remove(&o, &things[i].node);
    CHECK(o.n == 0 && !o.first && !o.root);
    free(things);
}

TEST(order_stays_shallow_when_keys_come_sorted)
{
    enum { N = 100000 };
    struct thing *things = calloc(N, sizeof *things);
    struct order  o;
    order_init(&o, 11, false);
    for (size_t i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "%08zu", i);
        put(&o, &things[i], name);
    }
    size_t deepest = 0;
    for (size_t i = 0; i < N; i += 97) {
        size_t depth = 0;
        for (struct order_node *at = o.root; at != &things[i].node; depth++) at = str_cmp(things[i].node.key, at->key) < 0 ? at->left : at->right;
        if (depth > deepest) deepest = depth;
    }
    CHECK(deepest < 100); // log2 of N is 17; a list would be 100,000 deep
    free(things);
}

struct sample {
    struct ref ref;
    int        number;
    str        text, none;
};

TEST(record_copies_the_struct_its_texts_and_room_behind)
{
    static const size_t TEXTS[] = {offsetof(struct sample, text), offsetof(struct sample, none)};
    char                text[] = "text";
    struct sample       plain = {.number = 3, .text = str_of(text)};
    void               *tail;
    struct sample      *copy = record_new(&plain, sizeof plain, TEXTS, COUNT(TEXTS), 100, &tail);
    CHECK(copy != NULL);
    memset(text, 'x', 4);
    memset(tail, 0xff, 100);
    CHECK_STR(copy->text, S("text"), "text");
    CHECK(copy->number == 3 && copy->none.n == 0 && copy->none.at && copy->text.at[4] == '\0');
    ref_take(&copy->ref);
    ref_drop(&copy->ref);
    ref_drop(&copy->ref);
    plain.text.n = SIZE_MAX - 8;
    CHECK(record_new(&plain, sizeof plain, TEXTS, COUNT(TEXTS), 0, NULL) == NULL);
    CHECK(record_new(&plain, sizeof plain, NULL, 0, SIZE_MAX - 8, NULL) == NULL);
}
