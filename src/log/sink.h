/*
 * sink.h - where records wait that are not worth a transaction of their own.
 *
 * Records of reads and refusals are many, and nobody's answer depends on them. They are queued as packed bytes and written
 * together by whoever has a transaction. The queue is bounded; what finds no room is dropped and counted, and
 * the next writing says in each log how many there were. Nothing here is durable.
 *
 * Layer:  log (uses core, directory, store)
 */
#pragma once
#include "log/record.h"

#define LOG_SINK_MAX_RECORDS 8192
#define LOG_SINK_MAX_BYTES   ((size_t)4 << 20)
#define LOG_SINK_URGENT      (LOG_SINK_MAX_RECORDS / 2) /* so many should be written at once */

struct log_sink;

enum log_sink_state { LOG_SINK_QUIET, LOG_SINK_STARTED, LOG_SINK_URGED };

struct log_sink *log_sink_new(void);                /* NULL: no memory */
void             log_sink_free(struct log_sink *s); /* what waits is gone; NULL is fine */

/*
 * Queues a copy, or drops and counts it. Any thread. What to do then, said once each time until the next log_sink_write:
 * LOG_SINK_STARTED - the first one waits; LOG_SINK_URGED - LOG_SINK_URGENT wait; LOG_SINK_QUIET - nothing.
 */
enum log_sink_state log_sink_put(struct log_sink *s, const struct log_kind *kind, str body);

/* Counts one that could not even be packed. Any thread. */
void log_sink_drop(struct log_sink *s, const struct log_kind *kind);

/*
 * Writes all that waits, and how many were dropped, in the order of the queue, under the times that `next_ns` gives.
 * A failure drops what it had: it is counted, for the next time. *out_n: how many were written.
 */
FALLIBLE log_sink_write(struct call *c, struct log_sink *s, struct store_session *session, int64_t (*next_ns)(void *context), void *context,
                        size_t *out_n);
/* What log_sink_write wrote last was not committed: it counts as dropped. */
void log_sink_lost(struct log_sink *s);
