/*
 * places.h - the scopes at which assignments stand, and which stand where.
 *
 * A place below a subscription has the holding of its assignments, by the tag of the
 * principal; those at a subscription or above stand with their principal (holders.h) and
 * are only chained here, for lists. The places of a subscription are chained too, so that
 * its assignments are listed and counted without a look at the others.
 *
 * Layer:  rbac (uses core, resources)
 */
#pragma once
#include "core/map.h"
#include "rbac/assignment.h"
#include "rbac/holding.h"
#include "rbac/pairs.h"

#define PLACE_NONE UINT32_MAX
#define ITEM_NONE  UINT32_MAX

/* An assignment in the index, by its number. */
struct item {
    struct assignment *record;       /* NULL: free */
    uint32_t           next, before; /* low: of the same principal; high: at the same place; free: `next` is the next free one */
};

struct subscription_places {
    guid     id;
    size_t   n;     /* assignments that stand */
    uint32_t first; /* place */
};

struct place {
    uint64_t                    hash;
    struct subscription_places *subscription; /* the places' own `outside` for what is above or beside all subscriptions */
    uint32_t                    high;         /* first item of the chain */
    uint32_t                    n;            /* those that stand; lingering ones are here but not counted */
    uint32_t                    next, before; /* places of the same subscription; of a free one `next` is the next free one */
};

/*
 * What a decision needs lies in the table itself; the whole hash does not: a tag of it is a hint, and the records decide.
 * A slot's home follows from its tag, and no slot stands before its home.
 */
struct place_slot {
    struct holding *low;   /* by the tag of the principal */
    uint32_t        tag;   /* of the place's hash */
    uint32_t        place; /* PLACE_NONE: a free slot */
};

struct places {
    struct place              *at;
    uint32_t                   used, room, free;
    size_t                     n;
    struct place_slot         *table;      /* in the order of tags, with free slots between */
    size_t                     table_room; /* homes; behind them there is room for what stands behind the last ones */
    struct pairs               pairs;      /* of each place and the principals in its `low` */
    struct map                 subscriptions;
    struct subscription_places outside; /* of no subscription: the root, management groups */
};

/* Does an assignment at that path stand with its place? Else with its principal. */
static inline bool place_is_low(str path)
{
    const str head = S("/subscriptions/");
    return path.n > head.n + GUID_TEXT_BYTES && str_starts_nocase(path, head);
}

void places_init(struct places *p);
void places_clear(struct places *p);

static inline size_t places_home(const struct places *p, uint32_t tag)
{
    return (size_t)((uint64_t)tag * p->table_room >> 32);
}

/*
 * The slots that may be the place's with that hash: for (s = NULL; (s = places_next(p, hash, s)) != NULL;)
 * Nearly always there is one or none, and it is; whose it is, its assignments say. The order of tags ends a
 * search for what is not there as soon as one that is: most levels of a scope have no assignments.
 */
static inline struct place_slot *places_next(const struct places *p, uint64_t hash, const struct place_slot *behind)
{
    uint32_t tag = tag_of(hash);
    if (!p->table_room) return NULL;
    struct place_slot *s = behind ? (struct place_slot *)behind + 1 : &p->table[places_home(p, tag)];
    while (s->place != PLACE_NONE && s->tag < tag) s++;
    return s->place != PLACE_NONE && s->tag == tag ? s : NULL;
}

/* The slot of the place with that hash, or NULL. */
struct place_slot *places_find(const struct places *p, uint64_t hash);

static inline void places_prefetch(const struct places *p, uint64_t hash)
{
    if (p->table_room) memory_prefetch(&p->table[places_home(p, tag_of(hash))]);
}

/* The same, made if need be; NULL: no memory. */
struct place_slot *places_use(struct places *p, uint64_t hash, str scope);
/* An entry more, or less, in the slot's `low`. False: no memory, nothing changed. */
MUST_USE bool places_put_low(struct places *p, struct place_slot *slot, struct entry e);
void          places_remove_low(struct places *p, struct place_slot *slot, uint32_t tag, const struct assignment *record);
/* One assignment more or less that stands there. */
void places_count(struct places *p, uint32_t place, int by);
/* Frees the place if nothing is there any more. */
void places_leave(struct places *p, struct place_slot *slot);

const struct subscription_places *places_subscription(const struct places *p, guid id); /* NULL: nothing stands there */
size_t                            places_bytes(const struct places *p);
