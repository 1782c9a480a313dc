/*
 * repeats.h - refusals that come too often: counted, not written one by one.
 *
 * Anybody may cause refusals, as many as a network carries; nobody may fill the log with them. A source of requests - a
 * resource's workload, or an address - has its first REPEATS_EACH refusals recorded one by one, with all that is known
 * of each. Further ones, until the counts are collected, are one record for each kind of failure: when, how many, and
 * nothing that the requests said. So one period writes at most REPEATS_SOURCES * REPEATS_EACH + REPEATS_KINDS records,
 * whatever comes. Sources whose hashes fall together share their number.
 *
 * Layer:  log (uses core)
 */
#pragma once
#include "log/signin.h"

#define REPEATS_SOURCES 64 /* a power of two */
#define REPEATS_EACH    32
#define REPEATS_KINDS   64 /* the last one takes what finds no place of its own */

struct repeats;

struct repeats *repeats_new(void); /* NULL: no memory */
void            repeats_free(struct repeats *r);

/* A refusal, whose `endpoint` and `error` are static. True: it is counted; false: it is to be recorded on its own. Any thread. */
MUST_USE bool repeats_count(struct repeats *r, const struct signin *s);

/* Hands out each record of what was counted and begins anew. `put` must not come back here. Any thread. */
void repeats_collect(struct repeats *r, void (*put)(const struct signin *s, void *context), void *context);
