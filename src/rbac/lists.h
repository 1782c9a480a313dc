/*
 * lists.h - the lists of a record, copied into the block behind it, packed and unpacked.
 *
 * Placing is done twice by the same code: once without room, which only measures, then
 * into the room that the measure asked for.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "rbac/role.h"

struct lists {
    char  *slots, *texts;  /* NULL: measuring */
    size_t slot_n, text_n; /* bytes taken so far */
};

/* After measuring: where to place, in `tail` of lists_bytes() bytes aligned for any type. */
size_t       lists_bytes(const struct lists *measured);
struct lists lists_into(const struct lists *measured, void *tail);

/* `n` things of `size` bytes, a multiple of 8; the copy is shallow. */
void                         *lists_slots(struct lists *l, const void *from, size_t n, size_t size);
str                           lists_text(struct lists *l, str s);
const str                    *lists_strs(struct lists *l, const str *from, size_t n);
const struct role_permission *lists_permissions(struct lists *l, const struct role_permission *from, size_t n);

/* Errors: ERR_ROLE_INVALID */
FALLIBLE lists_check(struct call *c, const struct role_permission *permissions, size_t n);

void pack_strs(struct buf *b, const str *items, size_t n);
void pack_permissions(struct buf *b, const struct role_permission *items, size_t n);
/* Lives: in the call. More than the limits of role.h is damage. */
FALLIBLE unpack_strs(struct call *c, struct unpack *u, size_t limit, const str **out, size_t *out_n);
FALLIBLE unpack_permissions(struct call *c, struct unpack *u, const struct role_permission **out, size_t *out_n);
