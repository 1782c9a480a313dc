/*
 * log_keep.h - how long log records are kept, and that older ones go.
 *
 * Activity records are kept for the published 90 days, and no more than so many: the number is ours, so that a log
 * cannot fill the disk. Records of refused requests have a number of their own (ops/denials.h) and the same age.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log (retention period: 90 days)
 */
#pragma once
#include "ops/gate.h"

#define LOG_KEEP_DAYS    90
#define LOG_KEEP_RECORDS 100000

/* For the housekeeper: removes at most `limit` records; reading work counts how many that would be. */
FALLIBLE log_keep_drop_overdue(struct call *c, struct work *w, size_t limit, size_t *out_n);
