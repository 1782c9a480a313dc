/*
 * places.h - the scopes at which assignments stand, and which stand where.
 *
 * Each scope that has an assignment is a place: a chain of items, counted; the places of
 * a subscription are chained too, so that its assignments are listed and counted without
 * a look at the others.
 *
 * Layer:  rbac (uses core, resources)
 */
#pragma once
#include "core/map.h"
#include "rbac/assignment.h"

#define PLACE_NONE UINT32_MAX
#define ITEM_NONE  UINT32_MAX

/* An assignment in the index, by its number. */
struct item {
    struct assignment *record; /* NULL: free */
    uint32_t           place;
    uint32_t           next, before; /* at the same place; of a free one `next` is the next free one */
    uint32_t           role;
};

struct place {
    uint64_t hash;
    uint32_t first;        /* item */
    uint32_t n;            /* those that stand; lingering ones are in the chain but not counted */
    uint32_t next, before; /* places of the same subscription; of a free one `next` is the next free one */
    struct subscription_places *subscription; /* NULL above a subscription */
};

struct subscription_places {
    guid     id;
    size_t   n; /* assignments that stand */
    uint32_t first;
};

struct places {
    struct place *at;
    uint32_t      used, room, free;
    size_t        n;
    uint32_t     *table; /* by hash */
    size_t        table_room;
    struct map    subscriptions;
};

void places_init(struct places *p);
void places_clear(struct places *p);

/* The place of that scope, or PLACE_NONE. `hash` is level_hash's. */
uint32_t places_find(const struct places *p, const struct item *items, uint64_t hash, str scope);

/* Links the item, whose record is set, into its place, or out of it. False: no memory, nothing changed. */
MUST_USE bool places_join(struct places *p, struct item *items, uint32_t item, uint64_t hash);
void          places_leave(struct places *p, struct item *items, uint32_t item);

const struct subscription_places *places_subscription(const struct places *p, guid id);
size_t                            places_bytes(const struct places *p);
