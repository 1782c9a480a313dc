/*
 * trials_done.h - how a trial sees that the deed was done which nobody could grant himself; and the names that trials use.
 */
#pragma once
#include "ops/mgmt_groups.h"
#include "trials.h"

#define VAULT   TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1"
#define SECRET  VAULT "/secrets/forbidden"
#define MACHINE TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/web"
#define SITE    TEST_PRODUCT_GROUP "/providers/Microsoft.Web/sites/shop"
#define SLOT    SITE "/slots/next"
#define FAR     TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Far"
#define PERSON  FAR "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/strong"
#define UPPER   MGMT_GROUPS_PREFIX "upper"
#define MOVED   MGMT_GROUPS_PREFIX "moved"
#define TARGET  MGMT_GROUPS_PREFIX "target"

/* What the trials of other files use of trials.c: a deny for everybody, and a write of a resource. */
void     trial_deny(struct scene *x, const char *action, enum rbac_plane plane, const char *scope);
enum err trial_write(struct scene *x, struct call *c, const struct op *op, const char *id, const char *action, enum identity_verb verb,
                     const char *body);

bool is_purged(struct scene *x);
bool is_attached(struct scene *x);
bool machine_is_gone(struct scene *x);
bool slot_is_gone(struct scene *x);
bool has_left(struct scene *x);
bool role_is_changed(struct scene *x);
bool group_is_another(struct scene *x);
bool is_no_member(struct scene *x);
bool group_is_made(struct scene *x);
bool has_backup(struct scene *x);

/* trials_sites.c: swaps of an app's slots */
#define SLOT_SWAP "Microsoft.Web/sites/slots/slotsswap/action"
#define SITE_SWAP "Microsoft.Web/sites/slotsswap/action"
void     site_and_slot(struct scene *x);
void     site_in_preview(struct scene *x);
enum err swap_slot(struct scene *x, struct call *c, const struct op *op);
bool     site_has_code_of_slot(struct scene *x);
bool     slot_has_settings_of_site(struct scene *x);
bool     preview_is_over(struct scene *x);

/* trials_moves.c: resources moved to the group FAR; `is_told`: a check said that it would be done */
void     machine_for_far(struct scene *x);
void     machine_from_here(struct scene *x);
void     site_for_far(struct scene *x);
void     site_from_here(struct scene *x);
void     vault_for_far(struct scene *x);
enum err move_machine(struct scene *x, struct call *c, const struct op *op);
enum err move_site(struct scene *x, struct call *c, const struct op *op);
enum err move_vault(struct scene *x, struct call *c, const struct op *op);
bool     machine_is_far(struct scene *x);
bool     vault_is_far(struct scene *x);
bool     is_told(struct scene *x);

/* trials_bindings.c: the operator's bindings of this machine's programs */
#define MACHINE_WRITE "Microsoft.Compute/virtualMachines/write"
void     bare_machine(struct scene *x);
void     bound_machine(struct scene *x);
enum err bind_machine(struct scene *x, struct call *c, const struct op *op);
enum err unbind_machine(struct scene *x, struct call *c, const struct op *op);
bool     machine_is_bound(struct scene *x);
bool     machine_is_unbound(struct scene *x);

/* trials_networks.c: networks, and what is connected to them */
#define NETWORK_WRITE "Microsoft.Network/virtualNetworks/write"
#define NETWORK       TEST_PRODUCT_GROUP "/providers/Microsoft.Network/virtualNetworks/net"
#define SUBNET        NETWORK "/subnets/main"
#define INSIDE        SUBNET "/providers/Microsoft.Compute/virtualMachines/inside"
void     denied_subnet(struct scene *x);
void     denied_in_subnet(struct scene *x);
enum err leave_subnet_out(struct scene *x, struct call *c, const struct op *op);
bool     subnet_is_gone(struct scene *x);
#define FAR_NETWORK FAR "/providers/Microsoft.Network/virtualNetworks/theirs"
#define FAR_SUBNET  FAR_NETWORK "/subnets/main"
#define CARD        TEST_PRODUCT_GROUP "/providers/Microsoft.Network/networkInterfaces/card"
#define CARD_WRITE  "Microsoft.Network/networkInterfaces/write"
void     network_of_others(struct scene *x);
enum err join_subnet(struct scene *x, struct call *c, const struct op *op);
bool     card_is_joined(struct scene *x);

/* trials_vaults.c: vaults, their models, and their secrets */
#define GET_SECRET   "Microsoft.KeyVault/vaults/secrets/getSecret/action"
#define SET_SECRET   "Microsoft.KeyVault/vaults/secrets/setSecret/action"
#define RESTORE      "Microsoft.KeyVault/vaults/secrets/restore/action"
#define VAULT_WRITE  "Microsoft.KeyVault/vaults/write"
#define VAULT_DELETE "Microsoft.KeyVault/vaults/delete"
void     role_vault(struct scene *x);
void     policy_vault_of_a_user(struct scene *x);
void     policy_vault_with_deny(struct scene *x);
void     deleted_vault(struct scene *x);
void     denied_secret_user(struct scene *x);
void     denied_secret(struct scene *x);
void     kept_secret(struct scene *x);
void     denied_kept_secret(struct scene *x);
void     denied_reader_of_kept_secret(struct scene *x);
void     backed_up_secret(struct scene *x);
enum err to_policies(struct scene *x, struct call *c, const struct op *op);
enum err to_roles(struct scene *x, struct call *c, const struct op *op);
enum err own_policy(struct scene *x, struct call *c, const struct op *op);
enum err purge(struct scene *x, struct call *c, const struct op *op);
enum err set_as_new_name(struct scene *x, struct call *c, const struct op *op);
enum err restore(struct scene *x, struct call *c, const struct op *op);
enum err take_backup(struct scene *x, struct call *c, const struct op *op);
enum err set_by_template(struct scene *x, struct call *c, const struct op *op);
enum err disable_by_template(struct scene *x, struct call *c, const struct op *op);
bool     has_secret(struct scene *x);
bool     secret_is_disabled(struct scene *x);
