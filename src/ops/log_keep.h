/*
 * log_keep.h - how long log records are kept, and that older ones go.
 *
 * Activity, sign-in and diagnostic records are kept for the published 90 days, and no more than so many of each; of
 * activity records no more than so many of changes, and as many of refused writes. The number is ours, so that a log cannot
 * fill the disk; a record has a limit too (log/record.h): some 3 KB, and with the documents of a change at most 20, before it
 * is compressed (log/body.h). Records of refused requests have a number of their own (ops/denials.h) and the same age.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log (retention period: 90 days)
 */
#pragma once
#include "ops/gate.h"

#define LOG_KEEP_DAYS       90
#define LOG_KEEP_RECORDS    100000
#define LOG_KEEP_FOUND      4000 /* overdue ones that one look finds, of each log */
#define LOG_KEEP_LOOK_AFTER 8000 /* so many records written: the housekeeper looks at once, so that a log never grows far past its number */

/*
 * At a start, before any record is written: records go on behind those that are there (product_log_ns), though the clock was
 * ahead of now when they were written. Errors: ERR_STORE_DAMAGED
 */
FALLIBLE log_keep_start(struct call *c, struct product *p, struct store_session *session);
/*
 * For the housekeeper. Reading work counts what was written since its last look, finds the keys that are to go, and counts
 * them; they last as long as its call. Writing work removes at most `limit` of those of each log: it searches for nothing,
 * for all other writers wait for it.
 */
FALLIBLE log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n);
/* Reading work found keys that writing work has not removed yet. */
bool log_keep_has_overdue(const struct product *p);
/* Writing work was not committed, or reading work failed: the next look counts anew. */
void log_keep_forget(struct product *p);
/* So many log records were written. The writer. */
void log_keep_written(struct product *p, size_t n);
