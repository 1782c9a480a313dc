/*
 * limits.h - how much the workloads of one resource may ask, at whatever sockets they ask.
 *
 * The cloud counts for a machine. Here one may have several sockets - sandboxes, a port of its own, the metadata port of this
 * machine - and all of them take from the same count. Counted only under `lanyard up --limits published`.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#rate-limiting
 */
#pragma once
#include <stdatomic.h>

#include "core/call.h"

/* How many requests came in the current second; shared by all threads. */
struct workload_rate {
    _Atomic uint64_t state; /* the second, and in the low 16 bits the count */
};

/* Errors: ERR_BUSY - this second's requests are used up */
FALLIBLE workload_rate_take(struct call *c, struct workload_rate *r, unsigned limit);

/* What counts for one resource. */
struct workload_limits {
    struct workload_rate tokens, others;
    atomic_uint          tokens_at_once; /* requests that wait for a signature */
};

/* Of all resources that asked since the start: some 100 bytes each. Any thread. */
struct workload_limits_table;
struct workload_limits_table *workload_limits_new(void); /* NULL: no memory */
void                          workload_limits_free(struct workload_limits_table *t);
/* Those of one incarnation of a resource; NULL for a NULL table, where nothing counts. Lives: as long as the table. Errors: ERR_NO_MEMORY */
FALLIBLE workload_limits_of(struct call *c, struct workload_limits_table *t, guid uid, struct workload_limits **out);
