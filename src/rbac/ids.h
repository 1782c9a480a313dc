/*
 * ids.h - the assignments in the order of their ids: to find one, and to list them in pages.
 *
 * A sorted list of blocks, each of which holds the numbers of up to IDS_BLOCK items in the
 * order of their ids: four bytes an assignment and little more. To find an id takes a binary
 * search among the blocks and one within a block; only the latter reads the records. A put or
 * a removal moves at most one block, and rarely the list of blocks.
 *
 * Ids are read from the items' records, so that the items are an argument of every function.
 * One writer, or any number of readers, at a time.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "rbac/places.h"

#define IDS_BLOCK 256

struct id_block {
    guid      low;   /* no id of this block is below it, and all of the blocks before are (the first block: any id) */
    uint32_t  n;     /* 0 only where room was reserved and nothing was put */
    uint32_t *items; /* room for IDS_BLOCK */
};

struct ids {
    struct id_block *blocks;
    size_t           block_n, block_room;
    size_t           n; /* ids */
};

void ids_clear(struct ids *x);

/* The item of that id, or ITEM_NONE. */
uint32_t ids_find(const struct ids *x, const struct item *items, guid id);

/* Makes room for an id, so that the put of that id cannot fail. False: no memory; nothing changed. */
MUST_USE bool ids_reserve(struct ids *x, const struct item *items, guid id);
/* Puts the id of an item, in place of the item of the same id if there is one. Room is reserved. */
void ids_put(struct ids *x, const struct item *items, guid id, uint32_t item);
/* Removes an id, whose record must still be there; absent is fine. */
void ids_remove(struct ids *x, const struct item *items, guid id);

/* A place in the order: zero is the beginning. */
struct ids_walk {
    size_t   block;
    uint32_t at;
};
/* The place behind `after`, whether or not that id is there; NULL: the beginning. */
struct ids_walk ids_behind(const struct ids *x, const struct item *items, const guid *after);
/* The next item, or ITEM_NONE at the end. */
uint32_t ids_next(const struct ids *x, struct ids_walk *walk);

size_t ids_bytes(const struct ids *x);
