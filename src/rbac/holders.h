/*
 * holders.h - who holds assignments: from a principal to its entries, close together in memory.
 *
 * A decision asks for the caller and for each of its groups whether an assignment stands at
 * one of a handful of scopes. So each principal's entries lie in one block, told apart by a
 * part of the scope's hash (the tag): a few are read from end to end, many are a hash table
 * by tag. Equal tags are only a hint; the record decides.
 *
 * Layer:  rbac (uses core, directory)
 */
#pragma once
#include "core/hash.h"
#include "directory/ids.h"

#define HOLDING_LINEAR_MAX 16u /* up to so many entries are read one after the other */
#define HOLDING_NONE       UINT32_MAX

/* One principal's entries: three arrays of `room`, one behind the other. */
struct holding {
    uint32_t n, room;
    uint32_t tags[];
};

static inline uint32_t *holding_items(const struct holding *h) /* HOLDING_NONE: a free place (in a table) */
{
    return (uint32_t *)h->tags + h->room;
}

static inline uint32_t *holding_roles(const struct holding *h)
{
    return (uint32_t *)h->tags + 2 * (size_t)h->room;
}

static inline bool holding_is_table(const struct holding *h)
{
    return h->room > HOLDING_LINEAR_MAX;
}

struct holder {
    object_id       who;
    struct holding *at; /* NULL: a free slot */
};

struct holders {
    struct holder *slots;
    size_t         room; /* a power of two, or 0 */
    size_t         n;
    uint64_t       seed;
    size_t         bytes; /* of all holdings */
};

void holders_clear(struct holders *h);

MUST_USE bool holders_put(struct holders *h, object_id who, uint32_t tag, uint32_t item, uint32_t role); /* false: no memory */
void          holders_remove(struct holders *h, object_id who, uint32_t tag, uint32_t item);
size_t        holders_bytes(const struct holders *h);

static inline size_t holders_home(const struct holders *h, object_id who)
{
    return hash_guid(h->seed, who.g) & (h->room - 1);
}

/* From its home slot on; NULL if the principal holds nothing. There must be slots. */
static inline const struct holding *holders_find_from(const struct holders *h, object_id who, size_t home)
{
    for (size_t i = home;; i = (i + 1) & (h->room - 1)) {
        if (!h->slots[i].at) return NULL;
        if (object_id_eq(h->slots[i].who, who)) return h->slots[i].at;
    }
}

const struct holding *holders_find(const struct holders *h, object_id who);

/* Entries of a tag: for (uint32_t i = HOLDING_NONE; holding_next(held, tag, &i);) */
bool holding_next(const struct holding *h, uint32_t tag, uint32_t *at);
