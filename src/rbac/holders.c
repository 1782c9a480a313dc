#include "rbac/holders.h"

#include <stdlib.h>

#define FEWEST_SLOTS ((size_t)64)

static bool is_free(const struct holder *x)
{
    return !x->high && x->low_n == 0;
}

static struct holder *slot_of(const struct holders *h, object_id who, uint64_t hash)
{
    size_t i = holders_home(h, hash);
    while (!is_free(&h->slots[i]) && !object_id_eq(h->slots[i].who, who)) i = (i + 1) & (h->room - 1);
    return &h->slots[i];
}

struct holder *holders_find(const struct holders *h, object_id who, uint64_t hash)
{
    struct holder *x = h->room ? slot_of(h, who, hash) : NULL;
    return x && !is_free(x) ? x : NULL;
}

static bool more_slots(struct holders *h)
{
    struct holders fresh = {.seed = h->seed, .n = h->n, .room = h->room ? h->room * 2 : FEWEST_SLOTS};
    fresh.slots = calloc(fresh.room, sizeof *fresh.slots);
    fresh.filter = calloc(fresh.room / 8, sizeof *fresh.filter);
    if (!fresh.slots || !fresh.filter) {
        free(fresh.slots);
        free(fresh.filter);
        return false;
    }
    for (size_t i = 0; i < h->room; i++) {
        if (is_free(&h->slots[i])) continue;
        uint64_t hash = holders_hash(h, h->slots[i].who);
        *slot_of(&fresh, h->slots[i].who, hash) = h->slots[i];
        if (h->slots[i].high) holders_mark(&fresh, hash);
    }
    free(h->slots);
    free(h->filter);
    *h = fresh;
    return true;
}

struct holder *holders_use(struct holders *h, object_id who)
{
    if (h->n >= h->room / 2 && !more_slots(h)) return NULL;
    struct holder *x = slot_of(h, who, holders_hash(h, who));
    h->n += is_free(x);
    if (is_free(x)) *x = (struct holder){.who = who, .low = HOLDER_NO_ITEM};
    return x;
}

void holders_leave(struct holders *h, struct holder *x)
{
    if (!is_free(x)) return;
    size_t mask = h->room - 1, hole = (size_t)(x - h->slots);
    h->n--;
    for (size_t i = (hole + 1) & mask; !is_free(&h->slots[i]); i = (i + 1) & mask) {
        size_t home = holders_home(h, holders_hash(h, h->slots[i].who));
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        h->slots[hole] = h->slots[i];
        hole = i;
    }
    h->slots[hole] = (struct holder){0};
}

void holders_clear(struct holders *h)
{
    for (size_t i = 0; i < h->room; i++) free(h->slots[i].high);
    free(h->slots);
    free(h->filter);
    *h = (struct holders){.seed = h->seed};
}

size_t holders_bytes(const struct holders *h)
{
    size_t n = h->room * sizeof *h->slots + h->room / 8 * sizeof *h->filter;
    for (size_t i = 0; i < h->room; i++) n += holding_bytes(h->slots[i].high);
    return n;
}
