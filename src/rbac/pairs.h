/*
 * pairs.h - a filter of pairs of a place and a principal: which principals may have an assignment at a place.
 *
 * Most questions are about places where neither the caller nor one of its groups has anything. Without the filter each of them
 * waited for two lines of memory at every level, the place's slot and then its holding. The filter answers with one line of
 * 64 bytes for each place, whatever the number of principals, and all of it is small enough for the processor's cache. Places
 * share lines. A line with too many entries answers "may have" too often, which costs time and is never wrong.
 *
 * Entries are never taken out one by one: what was removed is counted, and goes when the owner makes the filter anew.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "core/base.h"

struct pair_line {
    uint64_t words[8];
};

struct pairs {
    struct pair_line *lines;
    size_t            line_n;
    size_t            n;     /* pairs that are there */
    size_t            stale; /* and that were removed */
};

/* What a principal is in every line: two bits in each of two neighbouring words. */
struct pair_mark {
    size_t   at;
    uint64_t bits[2];
};

static inline struct pair_mark pair_mark_of(uint32_t who_tag)
{
    uint64_t x = who_tag * UINT64_C(0x9e3779b97f4a7c15);
    return (struct pair_mark){
        .at = x >> 62 << 1,
        .bits = {UINT64_C(1) << (x >> 56 & 63) | UINT64_C(1) << (x >> 50 & 63), UINT64_C(1) << (x >> 44 & 63) | UINT64_C(1) << (x >> 38 & 63)},
    };
}

/* The line of a place. There must be lines. */
static inline struct pair_line *pairs_line(const struct pairs *p, uint32_t place_tag)
{
    return &p->lines[(uint64_t)place_tag * p->line_n >> 32];
}

static inline void pairs_prefetch(const struct pairs *p, uint32_t place_tag)
{
    if (p->line_n) memory_prefetch(pairs_line(p, place_tag));
}

/* A bit for each of the principals, at most 64, that may have something at the place: the others have nothing there. */
static inline uint64_t pairs_who(const struct pairs *p, uint32_t place_tag, const struct pair_mark *marks, size_t n)
{
    uint64_t who = 0;
    if (!p->line_n) return 0;
    const uint64_t *words = pairs_line(p, place_tag)->words;
    for (size_t i = 0; i < n; i++) { // each is looked at, whatever comes out: no processor foresees which branch it would take
        const struct pair_mark *m = &marks[i];
        uint64_t                missing = (~words[m->at] & m->bits[0]) | (~words[m->at + 1] & m->bits[1]);
        who |= (uint64_t)(missing == 0) << i;
    }
    return who;
}

/* Is there no room for another pair? Then the owner makes a filter anew with pairs_new, and adds all pairs. */
bool pairs_are_full(const struct pairs *p);
/* An empty filter that has room for the pairs that are in `old`, and at least half as many more. False: no memory. */
MUST_USE bool pairs_new(const struct pairs *old, struct pairs *out);
void          pairs_add(struct pairs *p, uint32_t place_tag, uint32_t who_tag); /* there must be room */
void          pairs_remove(struct pairs *p);                                    /* one that is there */
void          pairs_clear(struct pairs *p);
size_t        pairs_bytes(const struct pairs *p);
