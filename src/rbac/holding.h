/*
 * holding.h - the assignments of one principal, or at one place, close together in memory.
 *
 * An entry is an assignment with its role's number, told apart by a tag: a part of a hash.
 * A few are read from end to end, many are a hash table by tag. Equal tags are only a
 * hint; the record decides.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "rbac/assignment.h"

#define HOLDING_LINEAR_MAX 64u /* up to so many entries are read one after the other */
#define HOLDING_END        UINT32_MAX

/* The upper half tells entries apart, the lower half finds the place. */
static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

struct entry {
    uint32_t                 tag;
    uint32_t                 role;
    const struct assignment *record; /* NULL: a free place */
};

/* Three arrays of `room`, one behind the other: tags, roles, records. Looking for tags reads nothing else. */
struct holding {
    uint32_t n, room;
    uint32_t tags[];
};

static inline uint32_t *holding_roles(const struct holding *h)
{
    return (uint32_t *)h->tags + h->room;
}

static inline const struct assignment **holding_records(const struct holding *h)
{
    return (const struct assignment **)(void *)((uint32_t *)h->tags + 2 * (size_t)h->room);
}

static inline struct entry holding_at(const struct holding *h, uint32_t i)
{
    return (struct entry){h->tags[i], holding_roles(h)[i], holding_records(h)[i]};
}

/* Sends for the tags: all of a small one. */
static inline void holding_prefetch(const struct holding *h)
{
    memory_prefetch(h);
    memory_prefetch((const char *)h + 64);
}

static inline bool holding_is_table(const struct holding *h)
{
    return h->room > HOLDING_LINEAR_MAX;
}

/* Where an entry with that tag goes in a large one, whose beginning has been read. */
static inline void holding_prefetch_home(const struct holding *h, uint32_t tag)
{
    if (!holding_is_table(h)) return;
    uint32_t at = tag & (h->room - 1);
    memory_prefetch(h->tags + at);
    memory_prefetch(holding_roles(h) + at);
    memory_prefetch(holding_records(h) + at);
}

/* Adds an entry to *h, which may be NULL and may move. False: no memory, nothing changed. */
MUST_USE bool holding_put(struct holding **h, struct entry e);
/* Takes an entry out; the last one frees *h and makes it NULL. */
void holding_remove(struct holding **h, uint32_t tag, const struct assignment *record);
/* Entries of a tag: for (uint32_t at = HOLDING_END; holding_next(h, tag, &at);) */
bool   holding_next(const struct holding *h, uint32_t tag, uint32_t *at);
size_t holding_bytes(const struct holding *h); /* NULL: 0 */
