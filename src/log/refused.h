/*
 * refused.h - refused and failed writes that come too often: counted, not written one by one.
 *
 * Whoever has a token may have as many writes refused as a network carries, and must not fill the log with them. Of each
 * caller the first REFUSED_EACH are recorded one by one. Further ones, until the counts are collected, are one record: when,
 * whose, how many, what if it was always the same, and nothing else. So one caller writes no more than that in one period, and all together no
 * more than REFUSED_CALLERS times that. Callers whose hashes fall together share their number.
 *
 * Layer:  log (uses core, directory)
 */
#pragma once
#include "log/activity.h"

#define REFUSED_CALLERS 256 /* a power of two */
#define REFUSED_EACH    32

struct refused;

struct refused *refused_new(void); /* NULL: no memory */
void            refused_free(struct refused *r);

/* True: it is counted; false: it is to be recorded on its own. Any thread. */
MUST_USE bool refused_count(struct refused *r, const struct activity *a);

/* Hands out each record of what was counted and begins anew. `put` must not come back here. Any thread. */
void refused_collect(struct refused *r, void (*put)(const struct activity *a, void *context), void *context);
