/*
 * identities.h - user-assigned identities: resources that are principals of their own.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities
 */
#pragma once
#include "ops/resource_hooks.h"
#include "token/federated_credential.h"

/*
 * The hooks of Microsoft.ManagedIdentity/userAssignedIdentities: the principal comes and goes with the resource. Its own
 * properties are those of identity_reach.h; others are not kept. Errors: those of identity_reach_check
 */
FALLIBLE identity_resource_spell(struct call *c, const struct json *properties, const struct json **out);
FALLIBLE identity_resource_write(struct call *c, struct work *w, struct resource_change *change);
FALLIBLE identity_resource_remove(struct call *c, struct work *w, const struct resource *before, bool *out_handled);

/*
 * The hooks of .../userAssignedIdentities/federatedIdentityCredentials, whose properties are token/federated_credential.h's; others
 * are not kept. The cloud refuses two writes at the same time under one identity; here writes come one after another, and none is.
 * Errors: ERR_FEDERATED_INVALID - also where the identity has as many as it may, or one for that issuer and subject
 * Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
FALLIBLE identity_federated_spell(struct call *c, const struct json *properties, const struct json **out);
FALLIBLE identity_federated_write(struct call *c, struct work *w, struct resource_change *change);

/* Those that an identity has, by its resource id; at most FEDERATED_MAX_CREDENTIALS. Lives: the call. */
FALLIBLE identity_federated_list(struct call *c, const struct world *world, str identity, const struct federated_credential **out, size_t *out_n);
