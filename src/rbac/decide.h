/*
 * decide.h - the one question: may this caller do this action here?
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/overview
 */
#pragma once
#include "rbac/attributes.h"
#include "rbac/rules.h"

#define RBAC_MAX_ABOVE 16 /* management groups above a subscription; the cloud allows six */

struct rbac_question {
    const object_id              *who; /* the caller, then every group it is in, transitively */
    size_t                        who_n;
    str                           action; /* "Microsoft.Storage/storageAccounts/read" */
    enum rbac_plane               plane;
    struct scope                  at;
    const str                    *above; /* scopes of the management groups that hold the subscription, nearest first */
    size_t                        above_n;
    const struct rbac_attributes *attributes; /* for conditions; NULL: nothing is known */
    int64_t                       now_ns;
};

enum rbac_reason { RBAC_GRANTED, RBAC_NO_ROLE, RBAC_DENIED, RBAC_CONDITION_FALSE, RBAC_NOT_YET };

struct rbac_answer {
    bool             allowed;
    enum rbac_reason reason;
    guid             decided_by; /* the assignment that settled it; zero for RBAC_NO_ROLE */
};

/*
 * May `who` do `action` here? Deny assignments come first, then each role's
 * Actions less its NotActions, then the conditions of the permission and of the
 * assignment. A root of "/" and the management groups in `above` are asked too. Allocates
 * nothing. A refusal is an answer, not an error: an error means no answer could be given,
 * and the caller must refuse.
 *
 * Of several assignments that come close RBAC_NOT_YET is said before RBAC_CONDITION_FALSE,
 * and of several denies or misses the one with the lowest id.
 *
 * Errors: ERR_PARAMETER_INVALID - no action that can be asked for; ERR_TOO_LARGE - more
 *         management groups than there can be.
 */
FALLIBLE rbac_decide(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, struct rbac_answer *out);
