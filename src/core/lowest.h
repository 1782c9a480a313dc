/*
 * lowest.h - the N lowest ids of a sequence that is in no order.
 *
 * For a page of a list whose index is in another order: each candidate is looked at once, and
 * only the page itself is sorted. A heap of N ids with the highest on top.
 *
 * Layer:  core
 */
#pragma once
#include "core/call.h"

struct lowest {
    const guid **at; /* borrowed: what an id lies in is found by it */
    size_t       n, room;
};

/* Lives: the call. */
FALLIBLE lowest_init(struct call *c, struct lowest *l, size_t room);
/* Would this id be kept? For a caller that looks further only then. */
bool lowest_wants(const struct lowest *l, const guid *id);
/* Keeps the id, in place of the highest one if there is no room. Each id is offered once. */
void lowest_offer(struct lowest *l, const guid *id);
/* In order, the lowest first; nothing may be offered afterwards. */
void lowest_sort(struct lowest *l);
