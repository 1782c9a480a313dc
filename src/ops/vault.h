/*
 * vault.h - a key vault as its data plane sees it: where it is, who decides, how long it keeps.
 *
 * A vault is a resource in the tree; this is a view of its document. In one mode roles
 * decide what a caller may do, in the other the vault's own access policies, and each
 * mode takes no notice of the other.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/rbac-guide,
 *         https://learn.microsoft.com/azure/key-vault/general/assign-access-policy
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"

/* LABEL.vault.azure.net */
extern const struct host HOST_VAULT;

#define VAULT_TYPE "Microsoft.KeyVault/vaults"
/* Source: https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview */
#define VAULT_RETENTION_DAYS     90 /* where the vault does not say */
#define VAULT_MIN_RETENTION_DAYS 7

struct vault {
    const struct resource *resource;  /* the world's */
    str                    url;       /* "https://v1.vault.azure.net": no slash behind */
    bool                   uses_rbac; /* enableRbacAuthorization; else its access policies alone decide */
    const struct json     *policies;  /* accessPolicies; may be NULL */
    int64_t                retention_days;
    bool                   is_purge_protected;
};

/* The living vault of that name, in any case. Errors: ERR_VAULT_NOT_FOUND */
FALLIBLE vault_open(struct call *c, const struct work *w, str name, struct vault *out);

struct vault_item_kind;
struct vault_op;
/* *out is the kept spelling of `name`, or `name` itself where nothing is kept: *out_found. */
typedef enum err vault_name_finder(struct call *c, const struct work *w, const struct vault *v, const struct vault_op *op, str name, str *out,
                                   bool *out_found);

/* What can be done in a vault: one row with the permission of either mode. */
struct vault_op {
    struct op   op;         /* its action is asked for where roles decide ... */
    const char *collection; /* "secrets" */
    const char *permission; /* ... and this where access policies do: "get" */
    /* The name that an object is kept under: names are found in any case, and conditions compare them by case. */
    vault_name_finder            *find_name;
    const struct vault_item_kind *kind; /* what the op is about */
};

/* "{vault}/secrets/{name}". Lives: the call. */
FALLIBLE vault_object_scope(struct call *c, const struct vault *v, const char *collection, str name, str *out);
/* What conditions may ask about an object by its name. `nocase`: for a name that nothing is kept under yet. Lives: the call. */
FALLIBLE vault_name_attributes(struct call *c, const char *collection, str name, bool nocase, const struct rbac_attributes **out);

/*
 * Decides in the vault's own way; op_run of &op->op at &w->decided.target then does the deed. `name` is the object's,
 * empty for the vault as a whole; it must have been checked. Roles, denies and conditions see the name that is kept.
 * Errors: ERR_POLICY_NOT_AUTHORIZED (the refusal's action is then "secrets get"), and those of op_ask
 */
FALLIBLE vault_ask(struct call *c, struct work *w, const struct vault *v, const struct vault_op *op, str name);

/* Does an entry of the vault's access policies give the caller that permission? `all` is all but purge. */
FALLIBLE vault_policy_allows(struct call *c, const struct work *w, const struct vault *v, str collection, str permission, bool *out);
