/*
 * filter.h - $filter of the lists of role assignments, role definitions and deny assignments.
 *
 * Layer:  rbac (uses core, directory)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
 */
#pragma once
#include "core/call.h"
#include "directory/ids.h"

#define RBAC_FILTER_MAX_BYTES 1024

enum rbac_filter_kind { RBAC_FILTER_ASSIGNMENTS, RBAC_FILTER_ROLES, RBAC_FILTER_DENIES };

/* All parts hold together ("and"). */
struct rbac_filter {
    bool      at_scope; /* atScope(): nothing below the scope */
    bool      at_scope_and_below;
    bool      has_principal; /* principalId eq '…' */
    object_id principal;
    bool      has_assigned_to; /* assignedTo('…'): the principal and its groups */
    object_id assigned_to;
    str       role_name; /* roleName eq '…'; empty: any */
    bool      has_type;  /* type eq 'BuiltInRole' or 'CustomRole' */
    bool      wants_builtin;
    str       deny_name; /* denyAssignmentName eq '…'; empty: any */
};

/* What the service says it supports, for the words of a refusal. Of roles and denies it is inferred from the published lists. */
const char *rbac_filter_supported(enum rbac_filter_kind kind);

/*
 * Reads a filter; an empty one asks for everything. Values stand in quotes. What the service
 * refuses together (atScope() with principalId) is refused.
 * Errors: ERR_QUERY_UNSUPPORTED - names the supported filters
 */
FALLIBLE rbac_filter_read(struct call *c, str text, enum rbac_filter_kind kind, struct rbac_filter *out);
