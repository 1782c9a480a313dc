/*
 * provider_names.h - which resource providers there are, as far as roles name them.
 *
 * The built-in roles and the type table together know the providers' names and which of
 * them have data operations: enough to tell a misspelt action from a new one.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "rbac/role.h"

struct provider_names;

/* Lives: until provider_names_free. */
FALLIBLE provider_names_new(struct call *c, struct provider_names **out);
void     provider_names_free(struct provider_names *p);

/*
 * Does the pattern match anything that a provider has on that plane? A star in the provider's own name always may.
 * Errors: ERR_ROLE_ACTION_UNKNOWN
 */
FALLIBLE provider_names_check(struct call *c, const struct provider_names *p, str pattern, enum rbac_plane plane);
