/*
 * lowest.h - the lowest ids of many that come in any order, as many as there is room for.
 *
 * For a page of a list whose index is in another order: one look at each candidate, and only
 * the page itself is sorted. A heap with the highest id on top.
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
bool     lowest_wants(const struct lowest *l, const guid *id);
/* Keeps the id, in place of the highest one if there is no room. Each id is offered once. */
void     lowest_offer(struct lowest *l, const guid *id);
/* In order, the lowest first; nothing may be offered afterwards. */
void     lowest_sort(struct lowest *l);
