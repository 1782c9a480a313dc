/*
 * vault_resource.h - key vaults as resources of the management API: defaults, soft delete, purge.
 *
 * A deleted vault keeps its name and its secrets until it is purged or its retention time is over.
 * Until then it can be recovered as it was: the rest of the recovering request is ignored. A switch
 * of a vault is true or false; another type is refused. A switch that is absent or null keeps its
 * value; a new vault gets the default.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults,
 *         https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
 */
#pragma once
#include "ops/effects.h"
#include "ops/resource_hooks.h"

#define VAULT_MAX_ACCESS_POLICIES    1024
#define VAULT_MAX_POLICY_KINDS       16 /* of objects, in one policy: there are four; ours */
#define VAULT_MAX_POLICY_PERMISSIONS 64 /* for one kind: of keys, which have most, there are two dozen; ours */

/* The hooks of Microsoft.KeyVault/vaults. */
/* Hook: see resource_spell. */
FALLIBLE vault_resource_spell(struct call *c, const struct json *properties, const struct json **out);
FALLIBLE vault_resource_write(struct call *c, struct work *w, struct resource_change *change);
FALLIBLE vault_resource_remove(struct call *c, struct work *w, const struct resource *before, bool *out_handled);

/* What a write of a vault does besides: struct resource_args; of other types of resources nothing. */
extern const struct effect EFFECT_VAULT_MODEL;
extern const struct effect EFFECT_VAULT_BODY_POLICIES;

enum policy_change { POLICY_ADD, POLICY_REPLACE, POLICY_REMOVE };
struct policy_args {
    str                vault; /* the vault's ARM id */
    enum policy_change kind;
    const struct json *body; /* {"properties":{"accessPolicies":[…]}} */
};
/* struct policy_args -> const struct resource * (the vault afterwards) */
extern const struct op OP_VAULT_POLICIES;

struct deleted_vault_args {
    subscription_id subscription;
    str             location;
    str             name;
};
/* struct deleted_vault_args -> const struct resource *. Errors: ERR_RESOURCE_NOT_FOUND */
extern const struct op OP_DELETED_VAULT_READ;
/* Removes the vault and its secrets for good. Errors: ERR_RESOURCE_NOT_FOUND, ERR_PURGE_PROTECTED */
extern const struct op OP_DELETED_VAULT_PURGE;

/* Removes the deleted vaults that are due by the call's time, with their secrets, at most `limit`; in reading work it only counts them. */
FALLIBLE vault_resource_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n);
