/*
 * access.h - everything that a principal can do, with the assignment each grant comes from.
 *
 * A row is one pattern of one assignment's role: an action, or many by a star, at a scope and
 * below. Rows come grouped by plane, then by service (the provider in the pattern), then by
 * scope. What a deny takes away again stands beside them, not in them: a deny may be narrower
 * than a grant.
 *
 * Layer:  rbac (uses core, directory, resources)
 */
#pragma once
#include "rbac/decide.h"

#define RBAC_ACCESS_MAX_ROWS 100000 /* of one principal */

struct rbac_access_row {
    enum rbac_plane               plane;
    str                           service; /* "Microsoft.KeyVault"; "*" where the pattern names no single one */
    str                           pattern; /* "Microsoft.KeyVault/vaults/secrets/getSecret/action" */
    const struct role_permission *block;   /* the pattern's: its NotActions take away, its condition restricts */
    const struct role            *role;
    const struct assignment      *assignment; /* its condition restricts too */
    size_t                        holder;     /* which of `who` holds it: 0 is the principal, others are groups */
    bool                          above;      /* with a scope to look at: it stands there or above, so all of the scope is reached; else it stands below */
    bool                          counts;     /* false: not yet (counts_from_ns), or never (its condition is not published) */
};

struct rbac_access {
    const struct rbac_access_row        *rows;
    size_t                               row_n;
    const struct deny_assignment *const *denies; /* that name the principal or one of its groups, in the order of ids */
    size_t                               deny_n;
};

struct rbac_access_question {
    const object_id    *who; /* the principal, then every group it is in */
    size_t              who_n;
    const struct scope *at;  /* only what reaches it or lies below it; NULL: everywhere */
    const str          *above; /* of `at`: as in rbac_question */
    size_t              above_n;
    int64_t             now_ns;
};

/* Lives: in the call; rows borrow from the rules. Errors: ERR_TOO_LARGE */
FALLIBLE rbac_access_of(struct call *c, const struct rbac_rules *rules, const struct rbac_access_question *q, struct rbac_access *out);

/* The NotActions (or NotDataActions) of the row's block. */
const str *rbac_access_except(const struct rbac_access_row *row, size_t *out_n);
