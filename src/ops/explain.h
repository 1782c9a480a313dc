/*
 * explain.h - why somebody may or may not do something: the same question, with its reasons.
 *
 * rbac_decide says yes or no as fast as it can; this walks over everything that could
 * have mattered and says of each why it did or did not: slower, and for people.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/overview
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"

#define EXPLAIN_MAX_ITEMS 500 /* shown; the nearest ones */

/* outcome, its word, from the nearest to a grant to the farthest; the first two settle the question */
#define EXPLAIN_OUTCOMES(X)                         \
    X(DENIES,       "Denies")                       \
    X(GRANTS,       "Grants")                       \
    X(NOT_YET,      "NotYetPropagated")             \
    X(MEMBER_LATER, "MembershipNotYetPropagated")   \
    X(CONDITION,    "ConditionFalse")               \
    X(UNPUBLISHED,  "ConditionNotPublished")        \
    X(SCOPE,        "WrongScope")                   \
    X(PLANE,        "WrongPlane")                   \
    X(NOT_ACTION,   "NotAction")                    \
    X(ENDED,        "Removed")                      \
    X(NO_ACTION,    "ActionNotInRole")              \
    X(ROLE_GONE,    "RoleMissing")

enum explain_outcome {
#define X(name, word) EXPLAIN_##name,
    EXPLAIN_OUTCOMES(X)
#undef X
};

/* One role or deny assignment that was considered. */
struct explain_item {
    enum explain_outcome outcome;
    bool                 is_deny;
    bool                 reaches; /* its scope is at or above the one asked for */
    guid                 id;
    guid                 role;   /* none for a deny */
    str                  name;   /* of the role, or of the deny */
    str                  scope;
    object_id            holder; /* whom it names: the principal, or a group that it is in */
    str                  detail; /* for a person: a sentence */
};

struct explain_question {
    object_id                     who;
    str                           action;
    enum rbac_plane               plane;
    str                           scope;
    const struct rbac_attributes *attributes; /* NULL: what the scope itself tells */
    int64_t                       groups_at_ns; /* as of when the principal's groups are asked for: struct caller's; 0: now */
    str                           policy;     /* "secrets get": a vault's access policies were asked, not roles; empty: roles */
};

struct explanation {
    struct explain_question    asked;
    bool                       allowed;
    const char                *reason;  /* the word of the outcome that settled it, "NoRole", "AccessPolicy" or "UnknownPrincipal" */
    str                        summary; /* for a person: a sentence */
    const struct principal    *who;     /* NULL: not in the directory */
    const struct explain_item *items;   /* the nearest first */
    size_t                     item_n;
    const struct role         *least;   /* the least built-in role that would do; NULL: none, or none is needed */
    str                        least_scope;
};

/* At c->now_ns. Errors: ERR_PARAMETER_INVALID (no action), ERR_SCOPE_INVALID. Lives: the call, and the world. */
FALLIBLE explain(struct call *c, struct work *w, const struct explain_question *q, struct explanation *out);

const char *explain_word(enum explain_outcome outcome);
/* The plane on which built-in roles name that action. */
enum rbac_plane explain_plane_of(str action);
/* The least built-in role that allows an action without a condition; NULL: none. */
const struct role *explain_least_role(str action, enum rbac_plane plane);
/* What conditions may ask, as far as a scope tells it: the name of a secret. Lives: the call. */
FALLIBLE explain_attributes(struct call *c, const struct scope *at, struct rbac_attributes *out);

/* As a JSON object. */
void explain_write(struct call *c, const struct work *w, struct json_writer *j, const struct explanation *e);
