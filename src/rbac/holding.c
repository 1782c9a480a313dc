#include "rbac/holding.h"

#include <stdlib.h>

static size_t bytes_for(uint32_t room)
{
    return sizeof(struct holding) + (size_t)room * (2 * sizeof(uint32_t) + sizeof(struct assignment *));
}
_Static_assert(sizeof(struct holding) % 8 == 0, "the records are aligned");

static void set(struct holding *h, uint32_t at, struct entry e)
{
    h->tags[at] = e.tag;
    holding_roles(h)[at] = e.role;
    holding_records(h)[at] = e.record;
}

size_t holding_bytes(const struct holding *h)
{
    return h ? bytes_for(h->room) : 0;
}

// There must be room.
static void add(struct holding *h, struct entry e)
{
    uint32_t at = h->n++;
    if (holding_is_table(h))
        for (at = e.tag & (h->room - 1); holding_records(h)[at];) at = (at + 1) & (h->room - 1);
    set(h, at, e);
}

static bool is_full(const struct holding *h)
{
    return holding_is_table(h) ? h->n >= h->room / 4 * 3 : h->n == h->room;
}

// By a sixteenth and at least one, so that few bytes are spare; past the linear ones a power of two.
static uint32_t more_room(uint32_t room)
{
    uint32_t more = room + room / 16 + 1;
    if (more <= HOLDING_LINEAR_MAX) return more;
    return room < HOLDING_LINEAR_MAX ? HOLDING_LINEAR_MAX : room * 2;
}

static struct holding *grown(const struct holding *old)
{
    uint32_t        room = more_room(old ? old->room : 0);
    struct holding *h = calloc(1, bytes_for(room));
    if (!h) return NULL;
    h->room = room;
    for (uint32_t i = 0; old && i < old->room; i++)
        if (holding_records(old)[i]) add(h, holding_at(old, i));
    return h;
}

bool holding_put(struct holding **h, struct entry e)
{
    if (!*h || is_full(*h)) {
        struct holding *bigger = grown(*h);
        if (!bigger) return false;
        free(*h);
        *h = bigger;
    }
    add(*h, e);
    return true;
}

// Moves later entries of the run back into the hole, so that none is cut off from its home.
static void close_gap(struct holding *h, uint32_t hole)
{
    uint32_t mask = h->room - 1;
    for (uint32_t i = (hole + 1) & mask; holding_records(h)[i]; i = (i + 1) & mask) {
        uint32_t home = h->tags[i] & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        set(h, hole, holding_at(h, i));
        hole = i;
    }
    set(h, hole, (struct entry){0});
}

void holding_remove(struct holding **held, uint32_t tag, const struct assignment *record)
{
    struct holding *h = *held;
    uint32_t        at = HOLDING_END;
    while (h && holding_next(h, tag, &at) && holding_records(h)[at] != record) {
    }
    if (at == HOLDING_END) return;
    if (--h->n == 0) {
        free(h);
        *held = NULL;
    } else if (holding_is_table(h)) {
        close_gap(h, at);
    } else {
        set(h, at, holding_at(h, h->n));
        set(h, h->n, (struct entry){0});
    }
}

bool holding_next(const struct holding *h, uint32_t tag, uint32_t *at)
{
    if (holding_is_table(h)) {
        uint32_t mask = h->room - 1;
        for (uint32_t i = (*at == HOLDING_END ? tag : *at + 1) & mask; holding_records(h)[i]; i = (i + 1) & mask)
            if (h->tags[i] == tag) return *at = i, true;
    } else {
        for (uint32_t i = *at + 1; i < h->n; i++) // HOLDING_END + 1 is 0
            if (h->tags[i] == tag) return *at = i, true;
    }
    *at = HOLDING_END;
    return false;
}
