/*
 * provider_names.h - the names of resource providers, of their types and of their operations: which there are.
 *
 * An action must match at least one operation of its plane: one of the published catalogue
 * (rbac/operations.h), or one that a built-in role names, because the catalogue is older than
 * some roles. A data operation among the actions is refused as an unknown operation: inferred
 * from the opposite case, which was reported publicly.
 *
 * A type is known if it has a row (resources/types.h) or if operations of it are published: a misspelt one is then told from
 * one that this product only keeps. Those of providers that are this product's own to serve have routes of their own, which
 * say what there is.
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

/* A namespace in the casing of answers; empty: no provider publishes operations under it, and no type of it has a row. */
str provider_names_find(str name);
/* "Microsoft.Storage/storageAccounts" without the type. */
str provider_of_type(str type);
/* Is that a type? `version` is for the words of the refusal. Errors: ERR_NAMESPACE_UNKNOWN, ERR_TYPE_UNKNOWN */
FALLIBLE provider_names_check_type(struct call *c, str type, str version);
