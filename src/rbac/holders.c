#include "rbac/holders.h"

#include <stdlib.h>

#define FEWEST_SLOTS ((size_t)64)

static size_t holding_bytes(uint32_t room)
{
    return sizeof(struct holding) + 3 * (size_t)room * sizeof(uint32_t);
}

static struct holding *holding_new(uint32_t room)
{
    struct holding *h = malloc(holding_bytes(room));
    if (!h) return NULL;
    *h = (struct holding){.room = room};
    for (uint32_t i = 0; i < room; i++) holding_items(h)[i] = HOLDING_NONE;
    return h;
}

static void holding_set(struct holding *h, uint32_t at, uint32_t tag, uint32_t item, uint32_t role)
{
    h->tags[at] = tag;
    holding_items(h)[at] = item;
    holding_roles(h)[at] = role;
}

// There must be room.
static void holding_add(struct holding *h, uint32_t tag, uint32_t item, uint32_t role)
{
    uint32_t at = h->n++;
    if (holding_is_table(h))
        for (at = tag & (h->room - 1); holding_items(h)[at] != HOLDING_NONE;) at = (at + 1) & (h->room - 1);
    holding_set(h, at, tag, item, role);
}

static bool is_full(const struct holding *h)
{
    return holding_is_table(h) ? h->n >= h->room / 4 * 3 : h->n == h->room;
}

// Rooms that fill malloc's pieces; past the linear ones a power of two with a quarter to spare.
static uint32_t more_room(uint32_t room)
{
    static const uint32_t ROOMS[] = {1, 2, 4, 6, 8, 10, 12, HOLDING_LINEAR_MAX};
    for (size_t i = 0; i < COUNT(ROOMS); i++)
        if (ROOMS[i] > room) return ROOMS[i];
    return room * 2;
}

static struct holding *grown(struct holders *h, struct holding *old)
{
    struct holding *fresh = holding_new(old ? more_room(old->room) : 1);
    if (!fresh) return NULL;
    for (uint32_t i = 0; old && i < old->room; i++)
        if (holding_items(old)[i] != HOLDING_NONE) holding_add(fresh, old->tags[i], holding_items(old)[i], holding_roles(old)[i]);
    h->bytes += holding_bytes(fresh->room) - (old ? holding_bytes(old->room) : 0);
    free(old);
    return fresh;
}

static size_t slot_of(const struct holders *h, object_id who)
{
    size_t i = holders_home(h, who);
    while (h->slots[i].at && !object_id_eq(h->slots[i].who, who)) i = (i + 1) & (h->room - 1);
    return i;
}

static bool more_slots(struct holders *h)
{
    struct holders fresh = *h;
    fresh.room = h->room ? h->room * 2 : FEWEST_SLOTS;
    fresh.slots = calloc(fresh.room, sizeof *fresh.slots);
    if (!fresh.slots) return false;
    for (size_t i = 0; i < h->room; i++)
        if (h->slots[i].at) fresh.slots[slot_of(&fresh, h->slots[i].who)] = h->slots[i];
    free(h->slots);
    *h = fresh;
    return true;
}

bool holders_put(struct holders *h, object_id who, uint32_t tag, uint32_t item, uint32_t role)
{
    if (h->n >= h->room / 2 && !more_slots(h)) return false;
    struct holder *slot = &h->slots[slot_of(h, who)];
    if (!slot->at || is_full(slot->at)) {
        struct holding *bigger = grown(h, slot->at);
        if (!bigger) return false;
        h->n += !slot->at;
        *slot = (struct holder){.who = who, .at = bigger};
    }
    holding_add(slot->at, tag, item, role);
    return true;
}

// Moves later entries of the run back into the hole, so that none is cut off from its home.
static void close_gap(struct holding *h, uint32_t hole)
{
    uint32_t mask = h->room - 1;
    for (uint32_t i = (hole + 1) & mask; holding_items(h)[i] != HOLDING_NONE; i = (i + 1) & mask) {
        uint32_t home = h->tags[i] & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        holding_set(h, hole, h->tags[i], holding_items(h)[i], holding_roles(h)[i]);
        hole = i;
    }
    holding_items(h)[hole] = HOLDING_NONE;
}

static void drop_slot(struct holders *h, size_t hole)
{
    size_t mask = h->room - 1;
    h->bytes -= holding_bytes(h->slots[hole].at->room);
    free(h->slots[hole].at);
    for (size_t i = (hole + 1) & mask; h->slots[i].at; i = (i + 1) & mask) {
        size_t home = holders_home(h, h->slots[i].who);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        h->slots[hole] = h->slots[i];
        hole = i;
    }
    h->slots[hole] = (struct holder){0};
    h->n--;
}

void holders_remove(struct holders *h, object_id who, uint32_t tag, uint32_t item)
{
    if (h->room == 0) return;
    size_t          slot = slot_of(h, who);
    struct holding *held = h->slots[slot].at;
    if (!held) return;
    uint32_t at = HOLDING_NONE;
    while (holding_next(held, tag, &at) && holding_items(held)[at] != item) {}
    if (at == HOLDING_NONE) return;
    if (--held->n == 0) {
        drop_slot(h, slot);
    } else if (holding_is_table(held)) {
        close_gap(held, at);
    } else {
        holding_set(held, at, held->tags[held->n], holding_items(held)[held->n], holding_roles(held)[held->n]);
        holding_items(held)[held->n] = HOLDING_NONE;
    }
}

const struct holding *holders_find(const struct holders *h, object_id who)
{
    return h->room ? holders_find_from(h, who, holders_home(h, who)) : NULL;
}

bool holding_next(const struct holding *h, uint32_t tag, uint32_t *at)
{
    if (holding_is_table(h)) {
        uint32_t mask = h->room - 1;
        for (uint32_t i = (*at == HOLDING_NONE ? tag : *at + 1) & mask; holding_items(h)[i] != HOLDING_NONE; i = (i + 1) & mask)
            if (h->tags[i] == tag) return *at = i, true;
    } else {
        for (uint32_t i = *at + 1; i < h->n; i++) // HOLDING_NONE + 1 is 0
            if (h->tags[i] == tag) return *at = i, true;
    }
    *at = HOLDING_NONE;
    return false;
}

void holders_clear(struct holders *h)
{
    for (size_t i = 0; i < h->room; i++) free(h->slots[i].at);
    free(h->slots);
    *h = (struct holders){.seed = h->seed};
}

size_t holders_bytes(const struct holders *h)
{
    return h->room * sizeof *h->slots + h->bytes;
}
