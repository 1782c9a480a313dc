/*
 * operations.h - the operations that Azure's resource providers publish: what a role can name.
 *
 * The catalogue is not complete: providers other than this product's own may have
 * operations that were added after it was made (see operations.inc).
 *
 * Layer:  rbac (uses core)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
 */
#pragma once
#include "rbac/role.h"

/* All providers, ordered by name without regard to case; empty past the last. */
size_t operations_provider_count(void);
str    operations_provider_at(size_t i);
/* The name as published; empty if no provider is called that. Any case. */
str operations_provider_find(str name);

/* `operation` is valid during the visit only. False ends the walk. */
typedef bool operations_visitor(str operation, enum rbac_plane plane, void *context);
/* The operations of one provider, control plane first. False: the visitor ended it. */
bool operations_each(str provider, operations_visitor *see, void *context);

/* Is there an operation of the plane that the pattern stands for? An operation's own name is such a pattern. */
bool operations_has(str pattern, enum rbac_plane plane);
