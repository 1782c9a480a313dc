/*
 * map.h - a hash table from text (or the bytes of an id) to a pointer.
 *
 * The key is borrowed from the value: it must live as long as the value stands in
 * the map. Open addressing; removing leaves no tombstones. One writer, or any
 * number of readers, at a time: locking is the owner's business.
 *
 * Layer:  core
 */
#pragma once
#include "core/str.h"

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t           room; /* a power of two, or 0 */
    size_t           n;
    uint64_t         seed;
    bool             nocase; /* keys that differ in ASCII case are the same key */
};

void map_init(struct map *m, bool nocase);
void map_clear(struct map *m); /* frees the table, not the values */

void *map_get(const struct map *m, str key);
/* Puts, or replaces the value of an equal key. False: no memory, nothing changed. *out_old may be NULL. */
MUST_USE bool map_put(struct map *m, str key, void *value, void **out_old);
/* Room for one more, so that the next put cannot fail: for changes that touch several tables or none. */
MUST_USE bool map_reserve(struct map *m);
void          map_put_reserved(struct map *m, str key, void *value);
void         *map_remove(struct map *m, str key); /* what stood there, or NULL */

/* Values in no order: for (size_t at = 0; (v = map_next(m, &at));). Nothing may be put or removed meanwhile. */
void *map_next(const struct map *m, size_t *at);
