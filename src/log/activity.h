/*
 * activity.h - who changed what, and who was not allowed to: one record for every write of the management plane.
 *
 * The record of a change is written in the transaction of the change itself, so that neither can be there without the
 * other. Its id is a random one. What was refused, or failed, changed nothing: its record goes through log/sink.h, its id
 * tells the time (log/key.h), and it is not durable; of those that come too often one record counts the rest
 * (log/refused.h). So the two can be kept in different numbers (log/trim.h).
 *
 * What was done is named as roles name it: by an action of the management API, or of the directory
 * ("microsoft.directory/groups/members/update"). The documents are the records before and after the change, without
 * what no reader sees: write-only members, settings of apps, passwords, keys. One that is longer than
 * ACTIVITY_MAX_DOCUMENT_BYTES is left out, and the record says so. The request's query is not kept: it may hold a secret.
 *
 * Layer:  log (uses core, directory, resources, rbac, token, store)
 * Source: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
 */
#pragma once
#include "directory/directory.h"
#include "log/record.h"
#include "rbac/assignment.h"
#include "token/token.h"

#define ACTIVITY_MAX_DOCUMENT_BYTES (8 << 10)
#define ACTIVITY_MAX_MESSAGE_BYTES  2048 /* of a failure's answer */

/* The role assignment that allowed the write. */
struct activity_evidence {
    guid                assignment; /* GUID_NONE: another rule allowed it, or nothing did; the rest is then empty */
    guid                role;
    str                 role_name;
    str                 scope;
    object_id           principal;
    enum principal_type principal_type;
};

struct activity {
    int64_t                  time_ns; /* read: when the record was written */
    guid                     id;
    int64_t                  event_ns; /* when the request was handled */
    guid                     correlation_id;
    object_id                caller;
    client_id                app; /* the program that it used; none: the operator's own, over the admin socket */
    str                      caller_name;
    struct token_claims      claims;   /* of the caller's token, as far as the log shows them; no issuer: there was no token */
    str                      action;   /* "Microsoft.Authorization/roleAssignments/write" */
    str                      scope;    /* where the permission was asked */
    str                      resource; /* what was written: an ARM id; empty: the scope */
    str                      method, uri, address, client_request; /* empty: not by a request, or it says nothing */
    struct activity_evidence evidence;
    int64_t                  status;        /* HTTP; 0: it was done without a request */
    str                      error;         /* of a failure: the product's name for it; empty: it was done */
    str                      message;       /* of a failure: the answer, JSON; empty where that may quote what was sent */
    str                      before, after; /* JSON; empty: there was or is no record, or the change was of something without one */
    bool                     is_before_left_out, is_after_left_out; /* too long */
    guid     part_of; /* done together with the write of that id, as a group's role assignments are deleted with it; GUID_NONE: by itself */
    uint64_t times;   /* more than 1: it stands for so many refused writes */
    uint64_t dropped; /* not 0: it stands for so many records that there was no room for, and for nothing else */
};

extern const struct log_kind LOG_ACTIVITY;

/* The body of a record. Errors: ERR_NO_MEMORY */
FALLIBLE activity_pack(struct call *c, const struct activity *a, str *out);
FALLIBLE activity_write(struct call *c, struct store_session *session, const struct activity *a);
/* As log_list. */
FALLIBLE activity_list(struct call *c, struct store_session *session, const struct log_range *range, struct activity **out, size_t *out_n,
                       str *out_cursor);
