/*
 * provider_names.h - are the actions of a role such as some resource provider has?
 *
 * The built-in roles and the type table together know the providers' names and which of
 * them have data operations: enough to tell a misspelt action from a new one.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "rbac/role.h"

/*
 * Checks every action of the blocks, and that there is one. A star in a provider's own name fits any provider.
 * Errors: ERR_ROLE_ACTION_UNKNOWN; ERR_ROLE_INVALID - no action at all, or too many
 */
FALLIBLE provider_names_check(struct call *c, const struct role_permission *blocks, size_t n);
