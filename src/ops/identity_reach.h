/*
 * identity_reach.h - which resources a user-assigned identity may be attached to.
 *
 *     {"isolationScope":"Regional","assignmentRestrictions":{"providers":["Microsoft.Compute","Microsoft.Web/sites"]}}
 *
 * Regional: resources of the identity's own region, and none that have no region. Providers: resources of these namespaces
 * and types, in any case. Both are checked when an identity is attached, and when they are narrowed.
 *
 * Inferred, each the safe way: that a type does not stand for its child types ("Microsoft.Web/sites" leaves out slots); that
 * an empty list leaves out all; that an identity which is attached where it may no longer be cannot be narrowed before it is
 * detached there. The published texts say what the two mean, and that an attachment outside fails.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-isolation-scope,
 *         https://github.com/Azure/azure-rest-api-specs/tree/main/specification/msi
 */
#pragma once
#include "ops/resource_hooks.h"

#define IDENTITY_MAX_PROVIDERS 100 /* of assignmentRestrictions; ours */

/*
 * A change of a user-assigned identity: are the two well formed, and does every resource fit that it is attached to?
 * Errors: ERR_CONTENT_INVALID, ERR_CONFLICT (names a resource that does not fit)
 */
FALLIBLE identity_reach_check(struct call *c, const struct work *w, struct resource_change *change);

/* May the identity be attached to that resource, which may not be kept yet? *out_rule: the rule that it breaks, as a sentence; empty: it may. Lives: the call. */
FALLIBLE identity_reach_asks(struct call *c, const struct resource *identity, const struct resource *user, str *out_rule);
