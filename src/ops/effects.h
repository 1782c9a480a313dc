/*
 * effects.h - what an op does besides what its own permission names, and what that asks for.
 *
 * A write of a vault can switch who decides in it; a move brings a subscription under other
 * roles; resources are deleted with their group. Each such indirect effect is a row here, and
 * an op's row names its effects. Before the deed op_run finds out where the op would have the
 * effect and asks there. No deed asks by itself: what is not declared is not asked.
 *
 * A writing op without effects says why in its row (op.no_effects). One test walks all writing
 * ops for one or the other; another one tries each effect as principals of all built-in roles,
 * with the row and without it (endpoints/effects_test.c).
 *
 *     effect                    rule        permission, and where
 *     vault_model               needs       Microsoft.Authorization/roleAssignments/write at the vault
 *     vault_body_policies       not denied  Microsoft.KeyVault/vaults/accessPolicies/write at the vault
 *     vault_purge               not denied  the purge, and Microsoft.KeyVault/vaults/delete, at the vault
 *     identity_attach           needs       Microsoft.ManagedIdentity/userAssignedIdentities/assign/action at each identity
 *     inline_children           not denied  TYPE/write or TYPE/delete at each child that the body of its parent makes, changes or leaves out, and at what lies in these
 *     reference_join            needs       SUBNET/join/action and the like at each resource that the body names: resource_references.h
 *     cascade                   not denied  TYPE/delete at each resource that goes along
 *     group_move_places         needs       Microsoft.Management/managementGroups/write at the old and the new parent
 *     group_move_roles          needs       Microsoft.Authorization/roleAssignments/write at the group
 *     group_move_denies         operator    where a deny assignment would no longer reach the group
 *     subscription_move_places  needs       Microsoft.Management/managementGroups/subscriptions/write at the old parent
 *     subscription_move_roles   needs       Microsoft.Authorization/roleAssignments/write at the subscription
 *     subscription_move_denies  operator    where a deny assignment would no longer reach the subscription
 *     move_from                 needs       TYPE/delete at each resource that is moved to another group
 *     move_to                   needs       Microsoft.Resources/subscriptions/resourceGroups/write at that group, TYPE/write where each resource goes
 *     move_children             not denied  TYPE/delete at each resource that goes along
 *     move_denies               operator    where a deny assignment would no longer reach the resource, or something in it
 *     role_scopes               needs       Microsoft.Authorization/roleDefinitions/write at each assignable scope, old and new
 *     role_delete_scopes        needs       Microsoft.Authorization/roleDefinitions/delete at each assignable scope
 *     role_in_use               needs       Microsoft.Authorization/roleAssignments/write at each old scope, for other permissions of an assigned role, and
 *                                           where a removed assignment of the role still grants
 *     role_of_delegate          not bound   Microsoft.Authorization/roleAssignments/write at each assignable scope, and at each
 *                                           of the caller's conditional assignments below one
 *     site_swap                 needs       slotsswap/action of its type at the slot to swap with
 *     site_reset                needs       the same, at the slot with which a swap in two steps is under way
 *     secret_new_name           needs       the op's own permission, the name's case not counting
 *     secret_backup             not denied  Microsoft.KeyVault/vaults/secrets/getSecret/action at the secret
 *     secret_restore            not denied  Microsoft.KeyVault/vaults/secrets/restore/action at the secret
 *     secret_by_template        not denied  Microsoft.KeyVault/vaults/secrets/setSecret/action at the secret
 *     directory_principal       directory   a new group or service principal: a user; one that is there: who owns it; users: the operator
 *     directory_members         directory   who owns the group
 *     directory_application     directory   a new one: a user; one that is there: who owns it
 *     directory_app_role        directory   who owns the service principal that has the role
 *     directory_owner           directory   who owns the object
 *     directory_grant           directory   the operator
 *     deny_write                operator    always
 *     binding_write             operator    always
 *
 * Without a row, because they change nothing besides: a vault that is recovered comes back as it
 * was, whatever else the request says, and its denies never left; a secret that is recovered is
 * under the permission of its own name; a federated credential is
 * under the permission of its own type, which is that to become the identity.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/overview;
 *         each row's own source stands where it is defined
 */
#pragma once
#include "ops/directory_rights.h"

enum effect_rule {
    /* The caller needs the permission at each site. A role that gives it under a condition on the request's attributes does not do. */
    EFFECT_NEEDS,
    /* No deny assignment may forbid it to the caller at any site. Roles are not asked: the op's own permission stands for them. */
    EFFECT_NOT_DENIED,
    /*
     * The caller has the permission at each site without a condition on the request's attributes, or not at all: who has it
     * under one, or is denied it, is bound, and may not change what binds him.
     */
    EFFECT_NOT_BOUND,
    /* Only the operator may have the effect. */
    EFFECT_OPERATOR,
    /* The caller may write that object of the directory: directory_rights.h says who may. */
    EFFECT_DIRECTORY,
};

/* One place where an effect is asked about. */
struct effect_site {
    str                           scope;
    str                           action;     /* empty: the effect's */
    const struct rbac_attributes *attributes; /* may be NULL */
    guid                          deny;       /* EFFECT_OPERATOR: the deny assignment that stands against it; GUID_NONE: none */
    enum directory_need           need;       /* EFFECT_DIRECTORY: this and the next */
    guid                          object;
};

struct effect_sites {
    struct effect_site *items;
    size_t              n, room;
};

struct effect;
/* Adds the sites; none: these arguments have no such effect. May fail as the deed would. */
typedef enum err effect_finder(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out);

struct effect {
    const char      *name;
    enum effect_rule rule;
    enum rbac_plane  plane;
    const char      *action;       /* NULL: each site has its own */
    bool             changes_site; /* a lock there forbids it, as it forbids the op at its own scope (locks.h) */
    effect_finder   *find;
    const void      *context; /* find's own */
};

FALLIBLE effect_site_add(struct call *c, struct effect_sites *sites, struct effect_site site);

/*
 * Asks for all effects of the op. `action` is what was decided for the op itself, for messages.
 * Errors: ERR_LINKED_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED, ERR_DENIED (w->refusal says which), ERR_CALLER_UNKNOWN, and what finding fails with
 */
FALLIBLE effects_ask(struct call *c, struct work *w, const struct op *op, str action, const struct op_target *target, const void *args);

/* Who may write the deny assignments and the bindings of this machine's programs: the operator. */
extern const struct effect EFFECT_DENY_WRITE;
extern const struct effect EFFECT_BINDING_WRITE;
