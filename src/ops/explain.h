/*
 * explain.h - why somebody may or may not do something: the same question, with its reasons.
 *
 * rbac_explain says of each assignment why it did or did not help. This adds what only
 * the whole product knows: who the principal is, which memberships are still to count, and
 * vaults whose access policies decide instead.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/overview
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"
#include "rbac/explain.h"

/* One role or deny assignment that was considered. */
struct explain_item {
    const char *outcome; /* rbac_miss_name's word, "Denies" or "MembershipNotYetCounting" */
    unsigned    causes;  /* of a role assignment: all that keeps it from granting, by rbac_cause */
    bool        is_deny;
    guid        id;
    guid        role; /* none for a deny */
    str         name; /* of the role, or of the deny */
    str         scope;
    object_id   holder; /* whom it names: the principal, or a group that it is in */
    str         detail; /* for a person: a sentence */
};

struct explain_question {
    object_id                     who;
    str                           action;
    enum rbac_plane               plane;
    str                           scope;
    const struct rbac_attributes *attributes;   /* NULL: what the scope itself tells */
    int64_t                       groups_at_ns; /* as of when the principal's groups are asked for: struct caller's; 0: now */
    str                           policy;       /* "secrets get": a vault's access policies were asked, not roles; empty: roles */
};

struct explanation {
    struct explain_question     asked;
    bool                        allowed;
    const char                 *reason;  /* the outcome of what settled it or came nearest; "NoRole", "AccessPolicy" or "UnknownPrincipal" */
    str                         summary; /* for a person: a sentence */
    const struct principal     *who;     /* NULL: not in the directory */
    const struct explain_item  *items;   /* the nearest first */
    size_t                      item_n;
    const struct rbac_proposal *proposals;  /* built-in roles that would do, the best first */
    size_t                      proposal_n; /* 0: none would, or none is needed */
    str                         propose_at; /* the scope to assign one of them at */
};

/*
 * At c->now_ns. The caller is told of assignments that reach the scope, and of others that it may read where they stand.
 * Errors: ERR_PARAMETER_INVALID (no action), ERR_SCOPE_INVALID. Lives: the call, and the world.
 */
FALLIBLE explain(struct call *c, struct work *w, const struct explain_question *q, struct explanation *out);

/* What conditions may ask, as far as a scope tells it: the name of a secret, as the vault keeps it. Lives: the call. */
FALLIBLE explain_attributes(struct call *c, const struct work *w, const struct scope *at, struct rbac_attributes *out);

/* As a JSON object. */
void explain_write(struct call *c, const struct work *w, struct json_writer *j, const struct explanation *e);
