/*
 * holders.h - the index of assignments by principal.
 *
 * Assignments at a subscription or above are stored with their principal, in its holding. Those
 * further down are stored with their scope (places.h) and only chained here, for lists. A small
 * filter, which stays in the processor's cache, tells which principal has an assignment at which
 * high scope: most decisions need to look at nothing else.
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
    uint64_t       seed;
    uint64_t      *filter;       /* two bits in one word for each principal and scope; stale ones go when it grows */
    size_t         filter_words; /* a power of two, or 0 */
    size_t         high_n;
};

void holders_clear(struct holders *h);

/* The principal's slot, made if need be; NULL: no memory. It is to gain something, or to be left. */
struct holder *holders_use(struct holders *h, object_id who);
/* Frees the slot if it holds nothing any more. */
void holders_leave(struct holders *h, struct holder *x);

/* An entry more, or less, among what the slot's principal holds high up. False: no memory, nothing changed. */
MUST_USE bool holders_put_high(struct holders *h, struct holder *x, struct entry e);
void          holders_remove_high(struct holders *h, struct holder *x, uint32_t tag, const struct assignment *record);

size_t holders_bytes(const struct holders *h);

static inline uint64_t holders_hash(const struct holders *h, object_id who)
{
    return hash_guid(h->seed, who.g);
}

static inline uint64_t holders_pair(uint64_t who_hash, uint32_t scope_tag)
{
    return hash_word(who_hash, scope_tag);
}

static inline uint64_t holders_pair_bits(uint64_t pair)
{
    return UINT64_C(1) << (pair & 63) | UINT64_C(1) << (pair >> 6 & 63);
}

/* False: the principal holds nothing at the scope. There must be a filter. */
static inline bool holders_may_hold(const struct holders *h, uint64_t pair)
{
    uint64_t bits = holders_pair_bits(pair);
    return (h->filter[pair >> 12 & (h->filter_words - 1)] & bits) == bits;
}

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
