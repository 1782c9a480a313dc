/*
 * naming.h - does a role name an action? Read from its record, for whoever wants to know the pattern.
 *
 * Decisions ask a compiled role (matcher.h); this is for the few roles that are explained.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "rbac/pattern.h"
#include "rbac/role.h"

/* One plane of a block. */
struct naming {
    const str *names, *nots;
    size_t     name_n, not_n;
};

struct naming naming_of(const struct role_permission *p, enum rbac_plane plane);
/* The pattern among `n` that matches; NULL if none does. */
const str *naming_pattern(const str *patterns, size_t n, const struct action *a);
/* The block names the action and does not take it away again. */
bool naming_in_block(const struct role_permission *p, enum rbac_plane plane, const struct action *a);
bool naming_in_role(const struct role *r, enum rbac_plane plane, const struct action *a);
/* The NotActions pattern that took the action away where a block had named it; NULL if none did. */
const str *naming_taken(const struct role *r, enum rbac_plane plane, const struct action *a);

static inline bool naming_is_conditional(const struct role_permission *p)
{
    return p->condition_unknown || !str_empty(p->condition);
}
