#include "rbac/ids.h"

#include <stdlib.h>

#define FEWEST_BLOCKS ((size_t)16)

void ids_clear(struct ids *x)
{
    for (size_t i = 0; i < x->block_n; i++) free(x->blocks[i].items);
    free(x->blocks);
    *x = (struct ids){0};
}

static int compare(const struct item *items, uint32_t item, guid id)
{
    return guid_cmp(items[item].record->id, id);
}

// The block where the id is, or belongs. There must be one.
static size_t block_of(const struct ids *x, guid id)
{
    size_t low = 0, high = x->block_n;
    if (guid_cmp(x->blocks[high - 1].low, id) <= 0) return high - 1; // ids that come in order go to the end
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (guid_cmp(x->blocks[middle].low, id) <= 0) low = middle;
        else high = middle;
    }
    return low;
}

// The first place in the block whose id is not below `id`.
static uint32_t place_of(const struct id_block *b, const struct item *items, guid id)
{
    uint32_t low = 0, high = b->n;
    if (!high || compare(items, b->items[high - 1], id) < 0) return high; // a block is empty between a reservation and its put
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(items, b->items[middle], id) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool is_at(const struct id_block *b, const struct item *items, guid id, uint32_t at)
{
    return at < b->n && compare(items, b->items[at], id) == 0;
}

uint32_t ids_find(const struct ids *x, const struct item *items, guid id)
{
    if (!x->block_n) return ITEM_NONE;
    const struct id_block *b = &x->blocks[block_of(x, id)];
    uint32_t               at = place_of(b, items, id);
    return is_at(b, items, id, at) ? b->items[at] : ITEM_NONE;
}

static bool more_blocks(struct ids *x)
{
    if (x->block_n < x->block_room) return true;
    size_t           room = x->block_room ? x->block_room * 2 : FEWEST_BLOCKS;
    struct id_block *blocks = realloc(x->blocks, room * sizeof *blocks);
    if (!blocks) return false;
    x->blocks = blocks;
    x->block_room = room;
    return true;
}

// An empty block in front of the one at `at`.
static struct id_block *insert_block(struct ids *x, size_t at, guid low)
{
    uint32_t *items = more_blocks(x) ? malloc(IDS_BLOCK * sizeof *items) : NULL;
    if (!items) return NULL;
    memmove(x->blocks + at + 1, x->blocks + at, (x->block_n - at) * sizeof *x->blocks);
    x->block_n++;
    x->blocks[at] = (struct id_block){.low = low, .items = items};
    return &x->blocks[at];
}

// Moves the upper half of a full block into one of its own. A block that is full because ids come in order
// stays full: they go on in a block that begins empty and is filled at once.
static bool split(struct ids *x, const struct item *items, size_t at, guid id)
{
    const struct id_block *full = &x->blocks[at];
    bool                   at_end = at == x->block_n - 1 && compare(items, full->items[IDS_BLOCK - 1], id) < 0;
    guid                   low = at_end ? id : items[full->items[IDS_BLOCK / 2]].record->id;
    struct id_block       *upper = insert_block(x, at + 1, low), *lower;
    if (!upper || at_end) return upper != NULL;
    lower = upper - 1;
    upper->n = IDS_BLOCK / 2;
    lower->n = IDS_BLOCK - upper->n;
    memcpy(upper->items, lower->items + lower->n, upper->n * sizeof *upper->items);
    return true;
}

bool ids_reserve(struct ids *x, const struct item *items, guid id)
{
    if (!x->block_n) return insert_block(x, 0, GUID_NONE) != NULL;
    size_t at = block_of(x, id);
    return x->blocks[at].n < IDS_BLOCK || split(x, items, at, id);
}

void ids_put(struct ids *x, const struct item *items, guid id, uint32_t item)
{
    struct id_block *b = &x->blocks[block_of(x, id)];
    uint32_t         at = place_of(b, items, id);
    if (is_at(b, items, id, at)) {
        b->items[at] = item;
        return;
    }
    memmove(b->items + at + 1, b->items + at, (b->n - at) * sizeof *b->items);
    b->items[at] = item;
    b->n++;
    x->n++;
}

static void remove_block(struct ids *x, size_t at)
{
    free(x->blocks[at].items);
    x->block_n--;
    memmove(x->blocks + at, x->blocks + at + 1, (x->block_n - at) * sizeof *x->blocks);
}

// Joins a block that has become small with its neighbour where both fit into half a block: a split does not follow at once.
static void join(struct ids *x, size_t at)
{
    struct id_block *b = &x->blocks[at];
    if (b->n > IDS_BLOCK / 4) return;
    if (!b->n) {
        remove_block(x, at);
        return;
    }
    size_t upper = at + 1 < x->block_n ? at + 1 : at;
    if (upper == 0 || x->blocks[upper - 1].n + x->blocks[upper].n > IDS_BLOCK / 2) return;
    struct id_block *to = &x->blocks[upper - 1];
    memcpy(to->items + to->n, x->blocks[upper].items, x->blocks[upper].n * sizeof *to->items);
    to->n += x->blocks[upper].n;
    remove_block(x, upper);
}

void ids_remove(struct ids *x, const struct item *items, guid id)
{
    if (!x->block_n) return;
    size_t           block = block_of(x, id);
    struct id_block *b = &x->blocks[block];
    uint32_t         at = place_of(b, items, id);
    if (!is_at(b, items, id, at)) return;
    memmove(b->items + at, b->items + at + 1, (b->n - at - 1) * sizeof *b->items);
    b->n--;
    x->n--;
    join(x, block);
}

struct ids_walk ids_behind(const struct ids *x, const struct item *items, const guid *after)
{
    struct ids_walk walk = {0};
    if (!after || !x->block_n) return walk;
    walk.block = block_of(x, *after);
    const struct id_block *b = &x->blocks[walk.block];
    walk.at = place_of(b, items, *after);
    if (is_at(b, items, *after, walk.at)) walk.at++;
    return walk;
}

uint32_t ids_next(const struct ids *x, struct ids_walk *walk)
{
    while (walk->block < x->block_n && walk->at == x->blocks[walk->block].n) {
        walk->block++;
        walk->at = 0;
    }
    return walk->block < x->block_n ? x->blocks[walk->block].items[walk->at++] : ITEM_NONE;
}

size_t ids_bytes(const struct ids *x)
{
    return x->block_room * sizeof *x->blocks + x->block_n * IDS_BLOCK * sizeof(uint32_t);
}
