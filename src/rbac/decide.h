/*
 * decide.h - the one question: may this caller do this action here?
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/overview
 */
#pragma once
#include "rbac/attributes.h"
#include "rbac/rules.h"

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
 * Actions less its NotActions, then the condition. A root of "/" and the management
 * groups in `above` are asked too. A refusal is an answer, not an error: an error
 * means no answer could be given, and the caller must refuse.
 */
FALLIBLE rbac_decide(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, struct rbac_answer *out);
