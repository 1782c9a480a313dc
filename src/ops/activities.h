/*
 * activities.h - what the activity log will say of the deeds of one work.
 *
 * The gate tells each deed of a writing op, before and after; the records wait in the work until the answer's status is
 * known (work_keep_log) and are then written in its transaction. The records of the domain that the deed changed tell what
 * stood there before and what stands there now. Role assignments that go along with something else - a resource group and
 * all in it - get a record each, as the cloud writes them.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
 */
#pragma once
#include "log/activity.h"
#include "ops/gate.h"

/* What is known of a deed before it is done: it may take away the very assignment that allowed it. */
struct deed {
    struct activity_evidence evidence;
    size_t                   changes; /* of the draft, before it */
};

/* `by`: the assignment that allowed it, or GUID_NONE. Lives: the call. */
FALLIBLE deed_begin(struct call *c, const struct work *w, guid by, struct deed *out);
FALLIBLE activities_add(struct call *c, struct work *w, const struct deed *deed, str action, str scope);

/* Whose call it is and by which request: what the records of a deed and of a refusal have in common. */
void activity_set_request(const struct call *c, const struct world *world, const struct work_request *request, struct activity *out);

/*
 * A record of the domain as the log shows it, without what no reader sees. Of kinds that have no form there: empty.
 * Lives: the call.
 */
FALLIBLE activity_document(struct call *c, const struct work *w, enum store_kind kind, const struct ref *record, str *out);
/* What such a record is called: an ARM id; empty for those that have none. Lives: the call, or the record. */
str activity_resource(struct call *c, enum store_kind kind, const struct ref *record);
