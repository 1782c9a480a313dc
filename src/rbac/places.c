#include "rbac/places.h"

#include <stdlib.h>

#include "core/pages.h"

#define FEWEST         ((size_t)64)
#define HOLDINGS_AHEAD ((size_t)16)  // that are prefetched where all are read
#define BEHIND_HOME    ((size_t)256) // slots behind the homes, the last of which stays free; a run of so many is not met in practice

void places_init(struct places *p)
{
    *p = (struct places){.free = PLACE_NONE, .outside.first = PLACE_NONE};
    map_init(&p->subscriptions, false);
}

static size_t slot_n(const struct places *p)
{
    return p->table_room ? p->table_room + BEHIND_HOME : 0;
}

void places_clear(struct places *p)
{
    struct subscription_places *s;
    for (size_t i = 0; i < slot_n(p); i++)
        if (p->table[i].place != PLACE_NONE) free(p->table[i].low);
    for (size_t at = 0; (s = map_next(&p->subscriptions, &at));) free(s);
    map_clear(&p->subscriptions);
    pairs_clear(&p->pairs);
    free(p->at);
    free(p->table);
}

// The slots of a table in a table of more homes, in the same order. False: a run is too long for it.
static bool move_slots(const struct places *from, struct places *to)
{
    size_t at = 0;
    for (size_t i = 0; i < slot_n(from); i++) {
        if (from->table[i].place == PLACE_NONE) continue;
        size_t home = places_home(to, from->table[i].tag);
        at = home > at ? home : at;
        if (at + 1 >= slot_n(to)) return false;
        to->table[at++] = from->table[i];
    }
    return true;
}

static bool more_table(struct places *p)
{
    struct places more = *p;
    more.table_room = p->table_room ? p->table_room + p->table_room / 8 : FEWEST;
    more.table = pages_alloc(slot_n(&more), sizeof *more.table);
    if (!more.table) return false;
    for (size_t i = 0; i < slot_n(&more); i++) more.table[i] = (struct place_slot){.place = PLACE_NONE};
    if (!move_slots(p, &more)) {
        free(more.table);
        return false;
    }
    free(p->table);
    p->table = more.table;
    p->table_room = more.table_room;
    return true;
}

// A slot for a new place among the others, which make room; NULL: its run reaches the end of the table.
static struct place_slot *insert_slot(struct places *p, uint32_t tag, uint32_t place)
{
    size_t at = places_home(p, tag), end;
    while (p->table[at].place != PLACE_NONE && p->table[at].tag <= tag) at++;
    for (end = at; p->table[end].place != PLACE_NONE;) end++;
    if (end + 1 >= slot_n(p)) return NULL;
    memmove(p->table + at + 1, p->table + at, (end - at) * sizeof *p->table);
    p->table[at] = (struct place_slot){.tag = tag, .place = place};
    return &p->table[at];
}

static bool more_places(struct places *p)
{
    size_t room = p->room + p->room / 32 + FEWEST;
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

// A subscription without places is none.
static void forget_empty(struct places *p, struct subscription_places *s)
{
    if (s->first != PLACE_NONE || s == &p->outside) return;
    map_remove(&p->subscriptions, guid_key(&s->id));
    free(s);
}

static void unchain_place(struct places *p, uint32_t place)
{
    struct place               *x = &p->at[place];
    struct subscription_places *s = x->subscription;
    if (x->next != PLACE_NONE) p->at[x->next].before = x->before;
    if (x->before != PLACE_NONE) p->at[x->before].next = x->next;
    else s->first = x->next;
    forget_empty(p, s);
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
    if (p->n >= p->table_room / 5 * 4 && !more_table(p)) return NULL;
    if (p->free == PLACE_NONE && p->used == p->room && !more_places(p)) return NULL;
    if (!subscription_of(p, scope, &s)) return NULL;
    uint32_t place = p->free == PLACE_NONE ? p->used : p->free;
    slot = insert_slot(p, tag_of(hash), place);
    if (!slot && more_table(p)) slot = insert_slot(p, tag_of(hash), place);
    if (!slot) {
        forget_empty(p, s);
        return NULL;
    }
    if (p->free == PLACE_NONE) p->used++;
    else p->free = p->at[place].next;
    p->at[place] = (struct place){.hash = hash, .high = ITEM_NONE, .next = PLACE_NONE, .before = PLACE_NONE, .subscription = s};
    p->n++;
    chain_place(p, place);
    return slot;
}

// The table is in the order of tags and so are the lines: only the holdings are anywhere in memory.
static void add_pairs(const struct places *p, struct pairs *out)
{
    for (size_t i = 0; i < slot_n(p); i++) {
        const struct place_slot *ahead = &p->table[i + HOLDINGS_AHEAD < slot_n(p) ? i + HOLDINGS_AHEAD : i];
        if (ahead->low) holding_prefetch(ahead->low);
        const struct holding *held = p->table[i].low;
        for (uint32_t at = 0; held && at < held->room; at++)
            if (holding_records(held)[at]) pairs_add(out, p->table[i].tag, held->tags[at]);
    }
}

static bool more_pairs(struct places *p)
{
    struct pairs fresh;
    if (!pairs_new(&p->pairs, &fresh)) return false;
    add_pairs(p, &fresh);
    pairs_clear(&p->pairs);
    p->pairs = fresh;
    return true;
}

bool places_put_low(struct places *p, struct place_slot *slot, struct entry e)
{
    if (pairs_are_full(&p->pairs) && !more_pairs(p)) return false;
    if (!holding_put(&slot->low, e)) return false;
    pairs_add(&p->pairs, slot->tag, e.tag);
    return true;
}

void places_remove_low(struct places *p, struct place_slot *slot, uint32_t tag, const struct assignment *record)
{
    holding_remove(&slot->low, tag, record);
    pairs_remove(&p->pairs);
}

void places_count(struct places *p, uint32_t place, int by)
{
    struct place *x = &p->at[place];
    x->n += (uint32_t)by;
    x->subscription->n += (size_t)by;
}

// Empties the slot; those behind it that do not stand at home move back by one.
static void forget(struct places *p, struct place_slot *slot)
{
    size_t at = (size_t)(slot - p->table), end = at + 1;
    while (p->table[end].place != PLACE_NONE && places_home(p, p->table[end].tag) < end) end++;
    memmove(p->table + at, p->table + at + 1, (end - at - 1) * sizeof *p->table);
    p->table[end - 1] = (struct place_slot){.place = PLACE_NONE};
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
    size_t n = p->room * sizeof *p->at + slot_n(p) * sizeof *p->table + pairs_bytes(&p->pairs) +
               p->subscriptions.n * sizeof(struct subscription_places) + p->subscriptions.room * 4 * sizeof(void *);
    for (size_t i = 0; i < slot_n(p); i++)
        if (p->table[i].place != PLACE_NONE) n += holding_bytes(p->table[i].low);
    return n;
}
