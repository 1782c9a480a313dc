#include "rbac/holders.h"

#include <stdlib.h>

#include "core/pages.h"

#define FEWEST_SLOTS     ((size_t)64)
#define MOST_SLOTS       ((size_t)UINT32_MAX) // a home is found by half of the hash
#define FEWEST_WORDS     ((size_t)64)
#define FILTER_BITS_EACH 16 // at least: then one question in two hundred is answered with a false yes

static bool is_free(const struct holder *x)
{
    return !x->high && x->low_n == 0;
}

static size_t next_slot(const struct holders *h, size_t i)
{
    return i + 1 == h->room ? 0 : i + 1;
}

// How many slots behind `from` the slot `to` is, round the end.
static size_t distance(const struct holders *h, size_t from, size_t to)
{
    return to >= from ? to - from : to + h->room - from;
}

static struct holder *slot_of(const struct holders *h, object_id who, uint64_t hash)
{
    size_t i = holders_home(h, hash);
    while (!is_free(&h->slots[i]) && !object_id_eq(h->slots[i].who, who)) i = next_slot(h, i);
    return &h->slots[i];
}

struct holder *holders_find(const struct holders *h, object_id who, uint64_t hash)
{
    struct holder *x = h->room ? slot_of(h, who, hash) : NULL;
    return x && !is_free(x) ? x : NULL;
}

static bool more_slots(struct holders *h)
{
    struct holders fresh = *h;
    fresh.room = h->room ? h->room + h->room / 4 : FEWEST_SLOTS; // by little: a slot is large, and half of them free would cost too much
    if (fresh.room > MOST_SLOTS) return false;
    fresh.slots = pages_alloc(fresh.room, sizeof *fresh.slots);
    if (!fresh.slots) return false;
    for (size_t i = 0; i < h->room; i++)
        if (!is_free(&h->slots[i])) *slot_of(&fresh, h->slots[i].who, holders_hash(h, h->slots[i].who)) = h->slots[i];
    free(h->slots);
    *h = fresh;
    return true;
}

static void mark(struct holders *h, uint64_t who_hash, uint32_t tag)
{
    const struct scope_mark m = holders_mark(tag);
    h->filter[holders_filter_word(h->filter_words, who_hash, &m)] |= m.bits;
}

static void mark_all(struct holders *h, const struct holder *x)
{
    uint64_t hash = holders_hash(h, x->who);
    for (uint32_t i = 0; x->high && i < x->high->room; i++)
        if (holding_records(x->high)[i]) mark(h, hash, x->high->tags[i]);
}

static bool more_filter(struct holders *h)
{
    size_t    words = h->filter_words ? h->filter_words * 2 : FEWEST_WORDS;
    uint64_t *filter = pages_alloc(words, sizeof *filter);
    if (!filter) return false;
    free(h->filter);
    h->filter = filter;
    h->filter_words = words;
    for (size_t i = 0; i < h->room; i++) mark_all(h, &h->slots[i]);
    return true;
}

bool holders_put_high(struct holders *h, struct holder *x, struct entry e)
{
    if (h->high_n >= h->filter_words * 64 / FILTER_BITS_EACH && !more_filter(h)) return false;
    if (!holding_put(&x->high, e)) return false;
    mark(h, holders_hash(h, x->who), e.tag);
    h->high_n++;
    return true;
}

void holders_remove_high(struct holders *h, struct holder *x, uint32_t tag, const struct assignment *record)
{
    holding_remove(&x->high, tag, record);
    h->high_n--;
}

struct holder *holders_use(struct holders *h, object_id who)
{
    if (h->n >= h->room / 4 * 3 && !more_slots(h)) return NULL;
    struct holder *x = slot_of(h, who, holders_hash(h, who));
    h->n += is_free(x);
    if (is_free(x)) *x = (struct holder){.who = who, .low = HOLDER_NO_ITEM};
    return x;
}

void holders_leave(struct holders *h, struct holder *x)
{
    if (!is_free(x)) return;
    size_t hole = (size_t)(x - h->slots);
    h->n--;
    for (size_t i = next_slot(h, hole); !is_free(&h->slots[i]); i = next_slot(h, i)) {
        size_t home = holders_home(h, holders_hash(h, h->slots[i].who));
        if (distance(h, home, i) < distance(h, hole, i)) continue;
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
    size_t n = h->room * sizeof *h->slots + h->filter_words * sizeof *h->filter;
    for (size_t i = 0; i < h->room; i++) n += holding_bytes(h->slots[i].high);
    return n;
}
