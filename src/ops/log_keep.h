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

#define LOG_KEEP_DAYS    90
#define LOG_KEEP_RECORDS 100000
#define LOG_KEEP_BATCHES 20 /* log records are small and many: so many times the housekeeper's batch go at once */

/* For the housekeeper: removes at most LOG_KEEP_BATCHES times `limit` of each log; reading work counts how many that would be. */
FALLIBLE log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n);
