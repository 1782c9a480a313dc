#include "rbac/places.h"

#include <stdlib.h>

#define FEWEST ((size_t)64)

void places_init(struct places *p)
{
    *p = (struct places){.free = PLACE_NONE, .outside.first = PLACE_NONE};
    map_init(&p->subscriptions, false);
}

void places_clear(struct places *p)
{
    struct subscription_places *s;
    for (size_t i = 0; i < p->table_room; i++)
        if (p->table[i].place != PLACE_NONE) free(p->table[i].low);
    for (size_t at = 0; (s = map_next(&p->subscriptions, &at));) free(s);
    map_clear(&p->subscriptions);
    free(p->at);
    free(p->table);
}

// Where a place with that hash would be put.
static struct place_slot *free_slot(const struct places *p, uint64_t hash)
{
    size_t i = hash & (p->table_room - 1);
    while (p->table[i].place != PLACE_NONE) i = (i + 1) & (p->table_room - 1);
    return &p->table[i];
}

static bool more_table(struct places *p)
{
    size_t             room = p->table_room ? p->table_room * 2 : FEWEST;
    struct place_slot *old = p->table, *table = malloc(room * sizeof *table);
    size_t             old_room = p->table_room;
    if (!table) return false;
    for (size_t i = 0; i < room; i++) table[i] = (struct place_slot){.place = PLACE_NONE};
    p->table = table;
    p->table_room = room;
    for (size_t i = 0; i < old_room; i++)
        if (old[i].place != PLACE_NONE) *free_slot(p, p->at[old[i].place].hash) = old[i];
    free(old);
    return true;
}

static bool more_places(struct places *p)
{
    size_t room = p->room + p->room / 8 + FEWEST;
    if (room >= PLACE_NONE) return false;
    struct place *at = realloc(p->at, room * sizeof *at);
    if (!at) return false;
    p->at = at;
    p->room = (uint32_t)room;
    return true;
}

// The subscription that the path begins with, or `outside`. False: no memory.
static bool subscription_of(struct places *p, str path, struct subscription_places **out)
{
    const str head = S("/subscriptions/");
    guid      id;
    *out = &p->outside;
    if (!str_starts_nocase(path, head) || !guid_parse(str_upto(str_from(path, head.n), GUID_TEXT_BYTES), &id)) return true;
    struct subscription_places *known = map_get(&p->subscriptions, guid_key(&id));
    if (known) *out = known;
    if (known) return true;
    struct subscription_places *fresh = malloc(sizeof *fresh);
    if (!fresh) return false;
    *fresh = (struct subscription_places){.id = id, .first = PLACE_NONE};
    if (!map_put(&p->subscriptions, guid_key(&fresh->id), fresh, NULL)) {
        free(fresh);
        return false;
    }
    *out = fresh;
    return true;
}

static void chain_place(struct places *p, uint32_t place)
{
    struct place *x = &p->at[place];
    x->next = x->subscription->first;
    if (x->next != PLACE_NONE) p->at[x->next].before = place;
    x->subscription->first = place;
}

static void unchain_place(struct places *p, uint32_t place)
{
    struct place               *x = &p->at[place];
    struct subscription_places *s = x->subscription;
    if (x->next != PLACE_NONE) p->at[x->next].before = x->before;
    if (x->before != PLACE_NONE) p->at[x->before].next = x->next;
    else s->first = x->next;
    if (s->first != PLACE_NONE || s == &p->outside) return;
    map_remove(&p->subscriptions, guid_key(&s->id));
    free(s);
}

struct place_slot *places_find(const struct places *p, uint64_t hash)
{
    struct place_slot *s = NULL;
    while ((s = places_next(p, hash, s)) != NULL && p->at[s->place].hash != hash) {
    }
    return s;
}

struct place_slot *places_use(struct places *p, uint64_t hash, str scope)
{
    struct subscription_places *s;
    struct place_slot          *slot = places_find(p, hash);
    if (slot) return slot;
    if (p->n >= p->table_room / 4 * 3 && !more_table(p)) return NULL;
    if (p->free == PLACE_NONE && p->used == p->room && !more_places(p)) return NULL;
    if (!subscription_of(p, scope, &s)) return NULL;
    uint32_t place = p->free == PLACE_NONE ? p->used++ : p->free;
    if (p->free != PLACE_NONE) p->free = p->at[place].next;
    slot = free_slot(p, hash);
    *slot = (struct place_slot){.tag = tag_of(hash), .place = place};
    p->at[place] = (struct place){.hash = hash, .high = ITEM_NONE, .next = PLACE_NONE, .before = PLACE_NONE, .subscription = s};
    p->n++;
    chain_place(p, place);
    return slot;
}

void places_count(struct places *p, uint32_t place, int by)
{
    struct place *x = &p->at[place];
    x->n += (uint32_t)by;
    x->subscription->n += (size_t)by;
}

// Empties the slot; later entries of the run move back.
static void forget(struct places *p, struct place_slot *slot)
{
    size_t mask = p->table_room - 1, hole = (size_t)(slot - p->table);
    for (size_t i = (hole + 1) & mask; p->table[i].place != PLACE_NONE; i = (i + 1) & mask) {
        size_t home = p->at[p->table[i].place].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        p->table[hole] = p->table[i];
        hole = i;
    }
    p->table[hole] = (struct place_slot){.place = PLACE_NONE};
}

void places_leave(struct places *p, struct place_slot *slot)
{
    uint32_t place = slot->place;
    if (slot->low || p->at[place].high != ITEM_NONE) return;
    forget(p, slot);
    unchain_place(p, place);
    p->at[place] = (struct place){.high = ITEM_NONE, .next = p->free, .before = PLACE_NONE};
    p->free = place;
    p->n--;
}

const struct subscription_places *places_subscription(const struct places *p, guid id)
{
    return map_get(&p->subscriptions, guid_key(&id));
}

size_t places_bytes(const struct places *p)
{
    size_t n = p->room * sizeof *p->at + p->table_room * sizeof *p->table + p->subscriptions.n * sizeof(struct subscription_places) +
               p->subscriptions.room * 4 * sizeof(void *);
    for (size_t i = 0; i < p->table_room; i++) n += holding_bytes(p->table[i].low);
    return n;
}
