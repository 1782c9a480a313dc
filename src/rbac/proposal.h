/*
 * proposal.h - which built-in roles would allow an action: the ranking, in this one place.
 *
 * No published page ranks roles. The order is ours: first by what a role is for (enum rbac_fit),
 * then by how little it allows beyond the need, each of these before the next:
 *
 *   1. operations that hand out what is kept (values, keys)   4. changes of management
 *   2. data operations                                        5. all operations
 *   3. patterns with a star, which grow with the provider
 *
 * Only roles that allow the action as it is are ranked: a block with a condition does not count.
 * What a role allows is counted in published operations (power.h).
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "rbac/role.h"

#define RBAC_PROPOSALS 3 /* so many are shown */

/* What a role is for, as far as the need goes; the best first. The text is said of it after "It is", where there is something to say. */
#define RBAC_FIT_TABLE(X)                                                                                        \
    X(EXACT,      "")                                         /* this operation and nothing else */              \
    X(READER,     "")                                         /* the role Reader, for "/read" of management */   \
    X(TYPE,       "")                                         /* to manage the action's type of resource; of data, its provider's */ \
    X(PROVIDER,   "")                                         /* something else of the action's provider */      \
    X(GENERAL,    "not made for any one provider")            /* such as Contributor */                          \
    X(OTHER,      "made for another product")                                                                    \
    X(SERVICE,    "made for one of the cloud's own services") /* agents, operators of managed products */        \
    X(UNFINISHED, "in preview or out of use")

enum rbac_fit {
#define X(fit, text) RBAC_FIT_##fit,
    RBAC_FIT_TABLE(X)
#undef X
};

struct rbac_proposal {
    const struct role *role;
    enum rbac_fit      fit;
    uint32_t           more;         /* operations that it allows beyond the need */
    uint32_t           more_changes; /* of them: management operations that do not only read */
    uint32_t           more_data;    /* data operations */
    uint32_t           more_values;  /* those that hand out what is kept */
    bool               has_star;
};

/* The first RBAC_PROPOSALS of the ranking; fewer if fewer allow it. */
size_t rbac_propose(str action, enum rbac_plane plane, struct rbac_proposal *out);

/* What it allows beyond the need, and what it is for if that is odd: sentences. Lives: the call. */
str rbac_proposal_text(struct call *c, const struct rbac_proposal *p);
