/*
 * explain.h - the decision again, with its reasons.
 *
 * Every assignment of the caller and its groups is examined, and each cause that keeps it from
 * granting is noted; the assignments nearest to granting are kept. The causes are complete and
 * necessary: an assignment would grant if all of its causes were removed, and would not if one
 * of them remained. Built-in roles that would allow the action are named too, ranked as
 * proposal.h says.
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "rbac/decide.h"
#include "rbac/proposal.h"

#define RBAC_EXPLAIN_MAX_STEPS 32 /* of the nearest; the others are counted */

/* name on the wire, what it means; in the order of nearness */
#define RBAC_MISS_TABLE(X)                                                                      \
    X(GRANTS,           "Grants")           /* it allows the action */                          \
    X(NOT_YET,          "NotYetCounting")   /* it will, from counts_from_ns on */               \
    X(CONDITION,        "ConditionFalse")   /* its condition is not met */                      \
    X(ROLE_CONDITION,   "ConditionFalse")   /* the one in its role is not met */                \
    X(UNPUBLISHED,      "ConditionUnknown") /* the role's condition is not published */         \
    X(ENDED,            "Ended")            /* it was removed and lingers no more */            \
    X(WRONG_SCOPE,      "WrongScope")       /* the right role, elsewhere */                     \
    X(NOT_ACTIONS,      "NotActions")       /* its role takes the action away again */          \
    X(WRONG_PLANE,      "WrongPlane")       /* its role names the action on the other plane */  \
    X(ROLE_UNKNOWN,     "RoleUnknown")      /* nobody knows its role */                         \
    X(ACTION_NOT_NAMED, "ActionNotNamed")   /* its role is about other things */

enum rbac_miss {
#define X(miss, name) RBAC_MISS_##miss,
    RBAC_MISS_TABLE(X)
#undef X
        RBAC_MISS_N
};

static inline unsigned rbac_cause(enum rbac_miss miss)
{
    return miss == RBAC_MISS_GRANTS ? 0 : 1u << miss;
}

/* "WrongScope" */
const char *rbac_miss_name(enum rbac_miss miss);

/* One assignment that was considered. */
struct rbac_step {
    enum rbac_miss           miss;   /* of its causes the one that is farthest from a grant */
    unsigned                 causes; /* all that keeps it from granting: rbac_cause of each; 0: nothing does */
    const struct assignment *assignment;
    const struct role       *role;     /* NULL: RBAC_MISS_ROLE_UNKNOWN */
    size_t                   holder;   /* which of the question's `who` holds it: 0 is the caller, others are groups */
    str                      detail;   /* of the role: the clause of its condition, the NotActions pattern; else empty */
    str                      clause;   /* of the assignment's condition, that is not met; else empty */
    bool                     reaches;  /* its scope holds the one that was asked about */
    str                      common;   /* if it does not: the lowest scope that holds both */
    unsigned                 up, down; /* levels from the assignment up to `common`, and down to what was asked about */
};

struct rbac_explanation {
    struct rbac_answer            answer;
    const struct deny_assignment *deny;  /* RBAC_DENIED: the one that settled it */
    const struct rbac_step       *steps; /* the nearest first */
    size_t                        step_n;
    size_t                        considered_n;              /* all assignments that the asker sees */
    struct rbac_proposal          proposals[RBAC_PROPOSALS]; /* roles that would allow it, the best first */
    size_t                        proposal_n;
};

/* Which assignments that stand elsewhere the asker may be told of; those that reach what was asked about are always told. */
struct rbac_view {
    bool (*sees)(const struct assignment *a, void *context);
    void *context;
};

/*
 * `view` NULL: the asker sees all.
 * Errors: as rbac_decide. Lives: *out borrows from the rules and the question; the rest in the call.
 */
FALLIBLE rbac_explain(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, const struct rbac_view *view,
                      struct rbac_explanation *out);

/* Why, in words for a person: a sentence that begins small, to stand behind "ROLE at SCOPE: ". It says every cause. */
str rbac_step_reason(struct call *c, const struct rbac_question *q, const struct rbac_step *s);

/*
 * The plane of an action, where nobody says: the one on which it is published; of one that is published on both or none,
 * that of the pattern in a built-in role which names it most exactly.
 */
enum rbac_plane rbac_plane_of(str action);
