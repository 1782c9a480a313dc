/*
 * assignment_list.h - role assignments of a scope, in pages.
 *
 * A page is in the order of ids. It is found by the index that has the fewest candidates: the
 * assignments of a principal, those at the scopes that count, those of a subscription. Only where
 * each of these has more than ASSIGNMENT_LIST_MAX_LOOKS is the order of ids walked instead, and
 * then no further than that many for one page.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"
#include "rbac/filter.h"

#define ASSIGNMENT_LIST_MAX_LOOKS 10000

struct assignment_query {
    struct scope              at; /* what stands here, above it, and unless the filter says atScope() below it */
    const struct rbac_filter *filter;
    const object_id          *who; /* only assignments of these; the filter then names nobody. NULL: of anybody */
    size_t                    who_n;
    const guid               *after; /* only ids behind this one; NULL: from the first */
    size_t                    limit; /* at least 1 */
};

struct assignment_page {
    const struct assignment **items; /* of the world that the work sees */
    size_t                    n;     /* up to the limit; may be fewer, or none, though there is more */
    bool                      has_more;
    guid                      last; /* where the next page goes on: if has_more */
};

/* The same without asking: for what a caller may see of itself. Lives: the call. */
FALLIBLE assignment_list(struct call *c, struct work *w, const struct assignment_query *query, struct assignment_page *out);
/* struct assignment_query -> struct assignment_page; the permission is asked for at the scope. Lives: the call. */
extern const struct op OP_ASSIGNMENT_LIST;
