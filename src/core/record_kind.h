/*
 * record_kind.h - what a room tells about a kind of its records: how they are packed, keyed, and put into its index.
 *
 * Each room that keeps records in memory has a row for each kind; whoever moves records between a store, a copy of the
 * room's index and another copy works on the rows alone, and knows no record (ops/world.h).
 *
 * Layer:  core
 */
#pragma once
#include "core/buf.h"
#include "core/ref.h"

#define RECORD_BATCH ((size_t)64) /* so many records are loaded before they are put, one after the other */

struct record_kind {
    enum err (*unpack)(struct call *c, bytes body, struct ref **out);
    void (*pack)(struct buf *b, const struct ref *record);
    void (*key)(struct buf *b, const struct ref *record); /* of the store */
    /* The room's index: `home` is its struct directory, struct tree ... As the room's own functions do it. */
    bool (*put)(void *home, struct ref *record);
    void (*remove)(void *home, const struct ref *record);
    const struct ref *(*find)(const void *home, str key); /* by the store's key; NULL: there is none, or it is no key */
    /*
     * Prefetches what the puts of these records, at most RECORD_BATCH, are about to read in the index. It changes nothing.
     * NULL: the index is small enough to be in the cache.
     */
    void (*prefetch)(const void *home, struct ref *const *records, size_t n);
};

/*
 * A row of a record type whose ref comes first, with the casts that it takes: NAME_KIND from name_key, name_put, name_remove
 * and name_find, which are defined above it, and from the type's own functions for packing.
 */
#define RECORD_KIND(symbol, name, type, unpack_fn, pack_fn) RECORD_KIND_MANY(symbol, name, type, unpack_fn, pack_fn, NULL)

/* Of a kind that there may be a million records of: it prefetches. */
#define RECORD_KIND_MANY(symbol, name, type, unpack_fn, pack_fn, prefetch_fn)                                 \
    _Static_assert(offsetof(struct type, ref) == 0, "a record begins with its ref");                          \
    static enum err name##_unpack_ref(struct call *c, bytes body, struct ref **out)                           \
    {                                                                                                         \
        struct type *record;                                                                                  \
        TRY(unpack_fn(c, body, &record));                                                                     \
        *out = &record->ref;                                                                                  \
        return OK;                                                                                            \
    }                                                                                                         \
    static void name##_pack_ref(struct buf *b, const struct ref *record)                                      \
    {                                                                                                         \
        pack_fn(b, (const struct type *)record);                                                              \
    }                                                                                                         \
    const struct record_kind symbol = {name##_unpack_ref, name##_pack_ref, name##_key, name##_put, name##_remove, name##_find, prefetch_fn};

/* Keys of the usual forms, and how they are read. */
static inline void record_key_guid(struct buf *b, guid g)
{
    buf_add(b, guid_key(&g));
}

static inline void record_key_lower(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) buf_add_char(b, char_lower(s.at[i]));
}

static inline bool record_key_is_guids(str key, guid *out, size_t n)
{
    if (key.n != n * sizeof out->b) return false;
    for (size_t i = 0; i < n; i++) memcpy(out[i].b, key.at + i * sizeof out->b, sizeof out->b);
    return true;
}
