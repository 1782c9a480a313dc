/*
 * world_kinds.h - which rooms the world is made of, and which kinds of the store's records each of them holds.
 *
 * The rows are the rooms' own (directory/records.h ...); a kind more is a row there and a line here.
 *
 * Layer:  ops (uses directory, resources, rbac, store)
 */
#pragma once
#include "core/record_kind.h"
#include "ops/world.h"

struct world_room {
    size_t at;           /* offset of its pointer in struct world */
    void *(*make)(void); /* NULL: no memory */
    void (*free)(void *home);
};
extern const struct world_room WORLD_ROOMS[];
extern const size_t            WORLD_ROOM_N;

struct world_kind {
    enum store_kind           kind;
    size_t                    room; /* offset of the room's pointer in struct world */
    const struct record_kind *records;
};
/* In the order of loading: a record after what it refers to. */
extern const struct world_kind WORLD_KINDS[];
extern const size_t            WORLD_KIND_N;

const struct world_kind *world_kind_find(enum store_kind kind); /* NULL: not held in memory */

static inline void **world_room(struct world *w, size_t at)
{
    return (void **)((char *)w + at);
}
