/*
 * provider_names.h - checks that the actions of a role match operations of resource providers.
 *
 * An action must match at least one operation of its plane: one of the published catalogue
 * (rbac/operations.h), or one that a built-in role names, because the catalogue is older than
 * some roles. A data operation among the actions is refused as an unknown operation: inferred
 * from the opposite case, which was reported publicly.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting,
 *         https://github.com/hashicorp/terraform-provider-azurerm/issues/16535 and 24576
 */
#pragma once
#include "rbac/role.h"

/*
 * Checks every action of the blocks, and that there is one. A star in a provider's own name fits any provider.
 * Errors: ERR_ROLE_ACTION_UNKNOWN, ERR_ROLE_DATA_ACTION_UNKNOWN; ERR_ROLE_INVALID - no action at all, or too many
 */
FALLIBLE provider_names_check(struct call *c, const struct role_permission *blocks, size_t n);

/* The kind of failure for an action that cannot stand on that plane of a role. */
enum err provider_names_refusal(enum rbac_plane plane);
