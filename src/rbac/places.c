#include "rbac/places.h"

#include <stdlib.h>

#define FEWEST ((size_t)64)

void places_init(struct places *p)
{
    *p = (struct places){.free = PLACE_NONE};
    map_init(&p->subscriptions, false);
}

void places_clear(struct places *p)
{
    struct subscription_places *s;
    for (size_t at = 0; (s = map_next(&p->subscriptions, &at));) free(s);
    map_clear(&p->subscriptions);
    free(p->at);
    free(p->table);
}

static bool is_scope_of(const struct place *place, const struct item *items, uint64_t hash, str scope)
{
    return place->hash == hash && str_eq_nocase(items[place->first].record->scope, scope);
}

// Where the place stands in the table, or the free slot where it belongs.
static size_t slot_of(const struct places *p, const struct item *items, uint64_t hash, str scope)
{
    size_t i = hash & (p->table_room - 1);
    while (p->table[i] != PLACE_NONE && !is_scope_of(&p->at[p->table[i]], items, hash, scope)) i = (i + 1) & (p->table_room - 1);
    return i;
}

uint32_t places_find(const struct places *p, const struct item *items, uint64_t hash, str scope)
{
    return p->table_room ? p->table[slot_of(p, items, hash, scope)] : PLACE_NONE;
}

static bool more_table(struct places *p)
{
    size_t    room = p->table_room ? p->table_room * 2 : FEWEST;
    uint32_t *table = malloc(room * sizeof *table);
    if (!table) return false;
    memset(table, 0xff, room * sizeof *table); // all PLACE_NONE
    for (size_t i = 0; i < p->table_room; i++) {
        if (p->table[i] == PLACE_NONE) continue;
        size_t to = p->at[p->table[i]].hash & (room - 1);
        while (table[to] != PLACE_NONE) to = (to + 1) & (room - 1);
        table[to] = p->table[i];
    }
    free(p->table);
    p->table = table;
    p->table_room = room;
    return true;
}
_Static_assert(PLACE_NONE == 0xffffffff, "memset makes it");

static bool more_places(struct places *p)
{
    size_t room = p->room + p->room / 2 + FEWEST;
    if (room >= PLACE_NONE) return false;
    struct place *at = realloc(p->at, room * sizeof *at);
    if (!at) return false;
    p->at = at;
    p->room = (uint32_t)room;
    return true;
}

// The subscription that the path begins with; NULL in *out for a path above or beside all subscriptions.
static bool subscription_of(struct places *p, str path, struct subscription_places **out)
{
    const str head = S("/subscriptions/");
    guid      id;
    *out = NULL;
    if (!str_starts_nocase(path, head) || !guid_parse(str_upto(str_from(path, head.n), GUID_TEXT_BYTES), &id)) return true;
    *out = map_get(&p->subscriptions, guid_key(&id));
    if (*out) return true;
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
    if (!x->subscription) return;
    x->next = x->subscription->first;
    if (x->next != PLACE_NONE) p->at[x->next].before = place;
    x->subscription->first = place;
}

static void unchain_place(struct places *p, uint32_t place)
{
    struct place               *x = &p->at[place];
    struct subscription_places *s = x->subscription;
    if (!s) return;
    if (x->next != PLACE_NONE) p->at[x->next].before = x->before;
    if (x->before != PLACE_NONE) p->at[x->before].next = x->next;
    else s->first = x->next;
    if (s->first != PLACE_NONE) return;
    map_remove(&p->subscriptions, guid_key(&s->id));
    free(s);
}

static uint32_t place_new(struct places *p, struct item *items, uint32_t item, uint64_t hash)
{
    struct subscription_places *s;
    str                         scope = items[item].record->scope;
    if (p->n >= p->table_room / 4 * 3 && !more_table(p)) return PLACE_NONE;
    if (p->free == PLACE_NONE && p->used == p->room && !more_places(p)) return PLACE_NONE;
    if (!subscription_of(p, scope, &s)) return PLACE_NONE;
    uint32_t place = p->free == PLACE_NONE ? p->used++ : p->free;
    if (p->free != PLACE_NONE) p->free = p->at[place].next;
    size_t slot = slot_of(p, items, hash, scope);
    p->at[place] = (struct place){.hash = hash, .first = ITEM_NONE, .next = PLACE_NONE, .before = PLACE_NONE, .subscription = s};
    p->table[slot] = place;
    p->n++;
    chain_place(p, place);
    return place;
}

// Takes the place out of the table; later entries of the run move back.
static void place_free(struct places *p, uint32_t place)
{
    size_t mask = p->table_room - 1, hole = p->at[place].hash & mask;
    while (p->table[hole] != place) hole = (hole + 1) & mask;
    for (size_t i = (hole + 1) & mask; p->table[i] != PLACE_NONE; i = (i + 1) & mask) {
        size_t home = p->at[p->table[i]].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        p->table[hole] = p->table[i];
        hole = i;
    }
    p->table[hole] = PLACE_NONE;
    p->n--;
    unchain_place(p, place);
    p->at[place] = (struct place){.first = ITEM_NONE, .next = p->free, .before = PLACE_NONE};
    p->free = place;
}

static void count(struct place *place, const struct assignment *a, size_t by)
{
    if (a->lingers_until_ns) return;
    place->n += (uint32_t)by;
    if (place->subscription) place->subscription->n += by;
}

bool places_join(struct places *p, struct item *items, uint32_t item, uint64_t hash)
{
    struct item *x = &items[item];
    uint32_t     place = places_find(p, items, hash, x->record->scope);
    if (place == PLACE_NONE) place = place_new(p, items, item, hash);
    if (place == PLACE_NONE) return false;
    struct place *at = &p->at[place];
    x->place = place;
    x->before = ITEM_NONE;
    x->next = at->first;
    if (x->next != ITEM_NONE) items[x->next].before = item;
    at->first = item;
    count(at, x->record, 1);
    return true;
}

void places_leave(struct places *p, struct item *items, uint32_t item)
{
    struct item  *x = &items[item];
    struct place *at = &p->at[x->place];
    count(at, x->record, (size_t)-1);
    if (x->next != ITEM_NONE) items[x->next].before = x->before;
    if (x->before != ITEM_NONE) items[x->before].next = x->next;
    else at->first = x->next;
    if (at->first == ITEM_NONE) place_free(p, x->place);
}

const struct subscription_places *places_subscription(const struct places *p, guid id)
{
    return map_get(&p->subscriptions, guid_key(&id));
}

size_t places_bytes(const struct places *p)
{
    return p->room * sizeof *p->at + p->table_room * sizeof *p->table + p->subscriptions.n * sizeof(struct subscription_places) +
           p->subscriptions.room * 4 * sizeof(void *);
}
