/*
 * holders.h - who holds assignments.
 *
 * Assignments at a subscription or above stand with their principal, in its holding; those
 * further down stand with their place (places.h) and are only chained here, for lists. Few
 * principals hold anything high up: a filter that stays in the cache says so for most.
 *
 * Layer:  rbac (uses core, directory)
 */
#pragma once
#include "core/hash.h"
#include "rbac/holding.h"

#define HOLDER_NO_ITEM UINT32_MAX

struct holder {
    object_id       who;
    struct holding *high;  /* by the tag of the scope */
    uint32_t        low_n; /* 0 and no `high`: a free slot */
    uint32_t        low;   /* first item of the chain */
};

struct holders {
    struct holder *slots;
    size_t         room; /* a power of two, or 0 */
    size_t         n;
    uint64_t      *filter; /* room / 8 words: a bit for each hash that may hold something high */
    uint64_t       seed;
};

void holders_clear(struct holders *h);

/* The principal's slot, made if need be; NULL: no memory. What it gains is told by holders_mark or low_n. */
struct holder *holders_use(struct holders *h, object_id who);
/* Frees the slot if it holds nothing any more. */
void           holders_leave(struct holders *h, struct holder *x);
size_t         holders_bytes(const struct holders *h);

static inline uint64_t holders_hash(const struct holders *h, object_id who)
{
    return hash_guid(h->seed, who.g);
}

/* After `high` got an entry. */
static inline void holders_mark(struct holders *h, uint64_t hash)
{
    h->filter[hash / 64 & (h->room / 8 - 1)] |= UINT64_C(1) << hash % 64;
}

/* False: it holds nothing high. There must be slots. */
static inline bool holders_may_be_high(const struct holders *h, uint64_t hash)
{
    return h->filter[hash / 64 & (h->room / 8 - 1)] >> hash % 64 & 1;
}

/* The filter takes other bits of the hash than the slots do, or it would say nothing new. */
static inline size_t holders_home(const struct holders *h, uint64_t hash)
{
    return hash >> 24 & (h->room - 1);
}

static inline void holders_prefetch(const struct holders *h, uint64_t hash)
{
    __builtin_prefetch(&h->slots[holders_home(h, hash)]);
}

/* NULL: it holds nothing. `hash` is holders_hash's. */
struct holder *holders_find(const struct holders *h, object_id who, uint64_t hash);
