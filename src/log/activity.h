/*
 * activity.h - who changed what: one record for every change through the gate.
 *
 * Written in the transaction of the change itself, so that neither can be there
 * without the other. What was done is named as roles name it: by an action of the management
 * API, or of the directory ("microsoft.directory/groups/members/update").
 *
 * Layer:  log (uses core, directory, resources, rbac, token, store)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
 */
#pragma once
#include "directory/ids.h"
#include "log/record.h"

struct activity {
    int64_t   time_ns;
    guid      id;
    guid      correlation_id;
    object_id caller;
    client_id app; /* the program that it used; none: the operator's own, over the admin socket */
    str       caller_name;
    str       action; /* "Microsoft.Authorization/roleAssignments/write" */
    str       scope;
};

extern const struct log_kind LOG_ACTIVITY;

FALLIBLE activity_write(struct call *c, struct store_session *session, const struct activity *a);
/* As log_list. */
FALLIBLE activity_list(struct call *c, struct store_session *session, const struct log_range *range, struct activity **out, size_t *out_n,
                       str *out_cursor);
