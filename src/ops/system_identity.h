/*
 * system_identity.h - the principal that a resource's system-assigned identity is.
 *
 * Made with the resource's block, named after the resource, gone with it; switching off
 * and on gives a new one (contract I2, I3).
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
 */
#pragma once
#include "ops/gate.h"

/* A fresh managed-identity principal. `name` is its display name, `resource` the ARM id it belongs to. */
FALLIBLE managed_principal_new(struct call *c, struct work *w, str name, str resource, bool is_system_assigned, object_id *out_id,
                               client_id *out_app);
/* Removes the principal; its role assignments stay as orphans (contract R9). Absent is fine. */
FALLIBLE managed_principal_delete(struct call *c, struct work *w, object_id id);

/* Makes or deletes the principal so that `next` has what `wanted` says; `before` may be NULL. */
FALLIBLE system_identity_apply(struct call *c, struct work *w, const struct resource *before, struct resource *next, bool wanted);
FALLIBLE system_identity_delete(struct call *c, struct work *w, const struct resource *r);
