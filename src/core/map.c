#include "core/map.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"

#define SMALLEST_ROOM ((size_t)16)

struct map_slot {
    uint64_t hash;
    str      key;
    void    *value; // NULL: free
};

void map_init(struct map *m, bool nocase)
{
    *m = (struct map){.seed = hash_seed_new(), .nocase = nocase};
}

void map_clear(struct map *m)
{
    free(m->slots);
    m->slots = NULL;
    m->room = m->n = 0;
}

static uint64_t hash_of(const struct map *m, str key)
{
    return m->nocase ? hash_str_nocase(m->seed, key) : hash_str(m->seed, key);
}

static bool same_key(const struct map *m, str a, str b)
{
    return m->nocase ? str_eq_nocase(a, b) : str_eq(a, b);
}

// The slot of the key, or the free slot where it belongs.
static struct map_slot *slot_of(const struct map *m, uint64_t hash, str key)
{
    for (size_t i = hash & (m->room - 1);; i = (i + 1) & (m->room - 1)) {
        struct map_slot *s = &m->slots[i];
        if (!s->value || (s->hash == hash && same_key(m, s->key, key))) return s;
    }
}

void *map_get(const struct map *m, str key)
{
    return m->room ? slot_of(m, hash_of(m, key), key)->value : NULL;
}

static bool grow(struct map *m)
{
    struct map before = *m;
    m->room = m->room ? m->room * 2 : SMALLEST_ROOM;
    m->slots = calloc(m->room, sizeof *m->slots);
    if (!m->slots) {
        *m = before;
        return false;
    }
    for (size_t i = 0; i < before.room; i++)
        if (before.slots[i].value) *slot_of(m, before.slots[i].hash, before.slots[i].key) = before.slots[i];
    free(before.slots);
    return true;
}

bool map_reserve(struct map *m)
{
    return m->n < m->room / 4 * 3 || grow(m);
}

bool map_put(struct map *m, str key, void *value, void **out_old)
{
    if (!map_reserve(m)) return false;
    uint64_t         hash = hash_of(m, key);
    struct map_slot *s = slot_of(m, hash, key);
    if (out_old) *out_old = s->value;
    if (!s->value) m->n++;
    *s = (struct map_slot){.hash = hash, .key = key, .value = value};
    return true;
}

void map_put_reserved(struct map *m, str key, void *value)
{
    bool fits = map_put(m, key, value, NULL);
    assert(fits);
    (void)fits;
}

void *map_remove(struct map *m, str key)
{
    if (!m->room) return NULL;
    struct map_slot *s = slot_of(m, hash_of(m, key), key);
    void            *value = s->value;
    if (!value) return NULL;
    // Moves later entries of the run back, so that none is cut off from its home slot.
    size_t hole = (size_t)(s - m->slots);
    for (size_t i = (hole + 1) & (m->room - 1); m->slots[i].value; i = (i + 1) & (m->room - 1)) {
        size_t home = m->slots[i].hash & (m->room - 1);
        if (((i - home) & (m->room - 1)) < ((i - hole) & (m->room - 1))) continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct map_slot){0};
    m->n--;
    return value;
}

void *map_next(const struct map *m, size_t *at)
{
    while (*at < m->room) {
        void *value = m->slots[(*at)++].value;
        if (value) return value;
    }
    return NULL;
}
