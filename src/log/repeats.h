/*
 * repeats.h - sign-ins that come too often: counted, not written one by one.
 *
 * Anybody may cause refusals, as many as a network carries, and a workload may have as many tokens made as it finds spellings of
 * an audience; nobody may fill the log with them. A source of requests has its first REPEATS_EACH refusals, and its first
 * REPEATS_GRANTS_EACH grants, recorded one by one, with all that is known of each. Further ones, until the counts are
 * collected, are one record for each kind: when, how many, the failure or the identity, and nothing else that the requests
 * said. A refusal's source is the resource whose workload asked, or the address; a grant's is the identity too. So one source
 * writes no more than that in one period, and all together no more than REPEATS_SOURCES times that, and twice REPEATS_KINDS.
 * Sources whose hashes fall together share their number.
 *
 * Layer:  log (uses core)
 */
#pragma once
#include "log/signin.h"

#define REPEATS_SOURCES     256 /* a power of two */
#define REPEATS_EACH        32
#define REPEATS_GRANTS_EACH 128
#define REPEATS_KINDS       64 /* of refusals, and as many of grants; the last one of each takes what finds no place of its own */

struct repeats;

struct repeats *repeats_new(void); /* NULL: no memory */
void            repeats_free(struct repeats *r);

/* A sign-in, whose `endpoint` and `error` are static. True: it is counted; false: it is to be recorded on its own. Any thread. */
MUST_USE bool repeats_count(struct repeats *r, const struct signin *s);

/* Hands out each record of what was counted and begins anew. `put` must not come back here. Any thread. */
void repeats_collect(struct repeats *r, void (*put)(const struct signin *s, void *context), void *context);
