/*
 * lists.h - the lists of a record, copied into the block behind it (core/record.h), packed and unpacked.
 *
 * Placing is done twice by the same code: once without room, which only measures, then
 * into the room that the measure asked for.
 *
 * Layer:  core
 */
#pragma once
#include "core/pack.h"

struct lists {
    char  *slots, *texts;  /* NULL: measuring */
    size_t slot_n, text_n; /* bytes taken so far */
};

/* After measuring: where to place, in `tail` of lists_bytes() bytes aligned for any type. */
size_t       lists_bytes(const struct lists *measured);
struct lists lists_into(const struct lists *measured, void *tail);

/* `n` things of `size` bytes, a multiple of 8; the copy is shallow. */
void      *lists_slots(struct lists *l, const void *from, size_t n, size_t size);
str        lists_text(struct lists *l, str s);
const str *lists_strs(struct lists *l, const str *from, size_t n);

void pack_strs(struct buf *b, const str *items, size_t n);
/* How many things follow. Errors: ERR_STORE_DAMAGED - more than `limit` */
FALLIBLE unpack_count(struct call *c, struct unpack *u, size_t limit, size_t *out);
/* Lives: in the call. Errors: ERR_STORE_DAMAGED - more than `limit` */
FALLIBLE unpack_strs(struct call *c, struct unpack *u, size_t limit, const str **out, size_t *out_n);
