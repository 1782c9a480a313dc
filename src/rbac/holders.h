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
    size_t         room;
    size_t         n;
    uint64_t       seed;
    uint64_t      *filter;       /* four bits in one word for each principal and scope; stale ones go when it grows */
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

/* What a scope is in the filter: together with a principal it is a word, and by itself the bits of the word. */
struct scope_mark {
    uint64_t spread;
    uint64_t bits;
};

static inline struct scope_mark holders_mark(uint32_t scope_tag)
{
    uint64_t spread = scope_tag * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t two = UINT64_C(1) << (spread >> 58) | UINT64_C(1) << (spread >> 52 & 63);
    return (struct scope_mark){spread, two | UINT64_C(1) << (spread >> 46 & 63) | UINT64_C(1) << (spread >> 40 & 63)};
}

/* The principal's hash is random and secret, so that an exclusive or with it is all the mixing that a pair takes. */
static inline size_t holders_filter_word(size_t words, uint64_t who_hash, const struct scope_mark *m)
{
    return (who_hash ^ m->spread) >> 8 & (words - 1);
}

/*
 * False: the principal holds nothing at any of the scopes. There must be a filter. Each scope is looked at, whatever the
 * one before says: no processor foresees where a loop ends early.
 */
static inline bool holders_may_hold(const struct holders *h, uint64_t who_hash, const struct scope_mark *marks, size_t n)
{
    const uint64_t *filter = h->filter;
    size_t          words = h->filter_words;
    unsigned        any = 0;
    for (const struct scope_mark *m = marks; m < marks + n; m++) any |= (filter[holders_filter_word(words, who_hash, m)] & m->bits) == m->bits;
    return any != 0;
}

static inline size_t holders_home(const struct holders *h, uint64_t hash)
{
    return (size_t)((hash >> 32) * h->room >> 32);
}

static inline void holders_prefetch(const struct holders *h, uint64_t hash)
{
    memory_prefetch(&h->slots[holders_home(h, hash)]);
}

/* NULL: it holds nothing. `hash` is holders_hash's. */
struct holder *holders_find(const struct holders *h, object_id who, uint64_t hash);
