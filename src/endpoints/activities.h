/*
 * activities.h - what the activity log is told of the requests that change something, and of those that were refused.
 *
 * The record of a change is the gate's (ops/activities.h); this gives it the request. A write that was refused, or failed
 * once its permission was given, gets its record here, from what the permit decided. A request that never came so far - it
 * is not well formed, names what is not there, has no caller - gets none, as nobody was asked for a permission. Reads
 * get none. This is inferred: which failures the cloud records is not published.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
 */
#pragma once
#include "endpoints/service.h"

/* Is what comes by that row a write of the management plane? NULL is none. */
bool activities_has(const struct route *r);
/* What the log says of the request. Lives: the call. */
void activities_describe(struct call *c, struct wire *q);
/* Before the answer is sent. Of what succeeded, and of what is no write, it does nothing. */
void activities_record(struct call *c, const struct wire *q, const struct answer *a);
