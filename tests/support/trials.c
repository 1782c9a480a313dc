#include "trials.h"
#include "trials_apps.h"
#include "trials_done.h"

#include "core/time.h"
#include "ops/assignments.h"
#include "ops/bindings.h"
#include "ops/denies.h"
#include "ops/groups_members.h"
#include "ops/mgmt_groups.h"
#include "ops/resource_move.h"
#include "ops/principals.h"
#include "ops/role_definitions.h"
#include "ops/secrets.h"
#include "ops/site.h"
#include "ops/vault_resource.h"

#define ROLES_WRITE "Microsoft.Authorization/roleAssignments/write"

// --- what stands before ---

static void put_mgmt_group(struct scene *x, const char *name, const char *parent)
{
    struct test       *t = x->s.test;
    struct mgmt_group *made, plain = {.name = str_of(name), .display_name = str_of(name), .parent = str_of(parent)};
    CHECK_OK(mgmt_group_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_MGMT_GROUP, NULL, &made->ref));
}

// root - upper - moved (with the subscription), root - target
static void put_tree(struct scene *x)
{
    struct test               *t = x->s.test;
    const struct subscription *before = tree_find_subscription(x->s.work.world->tree, (subscription_id){test_product_guid(0x51)});
    struct subscription        next = *before, *made;
    put_mgmt_group(x, "00000000-0000-0000-0000-000000000010", "");
    put_mgmt_group(x, "upper", "00000000-0000-0000-0000-000000000010");
    put_mgmt_group(x, "moved", "upper");
    put_mgmt_group(x, "target", "00000000-0000-0000-0000-000000000010");
    next.mgmt_group = S("moved");
    CHECK_OK(subscription_new(t->call, &next, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_SUBSCRIPTION, &before->ref, &made->ref));
}

static void owns(struct scene *x, const char *scope)
{
    test_product_assign(&x->s, x->s.caller.id, "Owner", scope);
}

void trial_deny(struct scene *x, const char *action, enum rbac_plane plane, const char *scope)
{
    static const struct deny_principal EVERYONE = {.type = S_INIT("SystemDefined")};
    struct test                       *t = x->s.test;
    str                                actions[] = {str_of(action)};
    struct role_permission             p = {0};
    struct deny_assignment            *made, plain = {.id = test_product_guid(0xD1),
                                                      .name = S("no"),
                                                      .scope = str_of(scope),
                                                      .permissions = &p,
                                                      .permission_n = 1,
                                                      .principals = &EVERYONE,
                                                      .principal_n = 1};
    if (plane == RBAC_DATA) p.data_actions = actions, p.data_action_n = 1;
    else p.actions = actions, p.action_n = 1;
    CHECK_OK(deny_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_DENY, NULL, &made->ref));
}

static void put_role(struct scene *x, guid id, const char *name, const char *action, enum rbac_plane plane, const char *scope, const char *other)
{
    struct test           *t = x->s.test;
    str                    actions[] = {str_of(action)}, scopes[] = {str_of(scope), str_of(other)};
    struct role_permission p = {0};
    struct role *made, plain = {.id = id, .name = str_of(name), .permissions = &p, .permission_n = 1, .scopes = scopes, .scope_n = other ? 2 : 1};
    if (plane == RBAC_DATA) p.data_actions = actions, p.data_action_n = 1;
    else p.actions = actions, p.action_n = 1;
    CHECK_OK(role_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_ROLE, NULL, &made->ref));
}

static void machine_and_person(struct scene *x)
{
    struct test      *t = x->s.test;
    struct principal *made,
        plain = {
            .id.g = test_product_guid(0xB1), .app.g = test_product_guid(0xB2), .kind = PRINCIPAL_MANAGED, .name = S("strong"), .resource = S(PERSON)};
    test_product_put(&x->s, MACHINE, "{}");
    test_product_put(&x->s, PERSON, "{}");
    CHECK_OK(principal_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_PRINCIPAL, NULL, &made->ref));
}

static void denied_machine(struct scene *x)
{
    test_product_put(&x->s, MACHINE, "{}");
    trial_deny(x, "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, MACHINE);
}

static void denied_slot(struct scene *x)
{
    test_product_put(&x->s, SITE, "{}");
    test_product_put(&x->s, SLOT, "{}");
    trial_deny(x, "Microsoft.Web/sites/slots/delete", RBAC_CONTROL, SLOT);
}

static void owner_of_moved(struct scene *x)
{
    put_tree(x);
    owns(x, MOVED);
}

static void owner_of_target(struct scene *x)
{
    put_tree(x);
    owns(x, TARGET);
}

static void denied_owner(struct scene *x)
{
    put_tree(x);
    owns(x, UPPER);
    owns(x, TARGET);
    test_product_assign(&x->s, x->s.caller.id, "Key Vault Secrets User", TEST_PRODUCT_SUBSCRIPTION);
    trial_deny(x, GET_SECRET, RBAC_DATA, UPPER);
}

static void owner_of_subscription_and_target(struct scene *x)
{
    owner_of_target(x);
    owns(x, TEST_PRODUCT_SUBSCRIPTION);
}

static void outer_role(struct scene *x)
{
    put_role(x, test_product_guid(0xE1), "Wide", "Microsoft.Compute/*/read", RBAC_CONTROL, TEST_PRODUCT_GROUP, FAR);
}

static void unassigned_role(struct scene *x)
{
    put_role(x, test_product_guid(0xE1), "Mine", "Microsoft.Compute/*/read", RBAC_CONTROL, TEST_PRODUCT_GROUP, NULL);
}

static void assigned_role(struct scene *x)
{
    unassigned_role(x);
    test_product_assign(&x->s, x->s.caller.id, "Mine", TEST_PRODUCT_GROUP);
}

// The caller's assignment of the role was removed, and still grants.
static void put_lingering(struct scene *x)
{
    struct test       *t = x->s.test;
    struct assignment *made,
        plain = {.id = test_product_guid(0xA5), .principal = x->s.caller.id, .role = test_product_guid(0xE1), .scope = S(TEST_PRODUCT_GROUP)};
    plain.notes = &(struct assignment_notes){.lingers_until_ns = x->s.call->now_ns + NS_PER_S};
    CHECK_OK(assignment_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &x->s.work, STORE_ASSIGNMENT, NULL, &made->ref));
}

static void lingering_role(struct scene *x)
{
    unassigned_role(x);
    put_lingering(x);
}

// The caller may write roles of the whole subscription.
static void editor_above(struct scene *x)
{
    put_role(x, test_product_guid(0xE1), "Mine", "Microsoft.Compute/*/read", RBAC_CONTROL, TEST_PRODUCT_SUBSCRIPTION, NULL);
    put_role(x, test_product_guid(0xE3), "Editor", "Microsoft.Authorization/roleDefinitions/write", RBAC_CONTROL, TEST_PRODUCT_SUBSCRIPTION, NULL);
    test_product_assign(&x->s, x->s.caller.id, "Editor", TEST_PRODUCT_SUBSCRIPTION);
}

static void mighty_group(struct scene *x)
{
    object_id group = test_product_put_principal(&x->s, 0xC1, PRINCIPAL_GROUP);
    test_product_assign(&x->s, group, "Owner", "/");
}

static void mighty_group_with_member(struct scene *x)
{
    mighty_group(x);
    test_product_put_member(&x->s, (object_id){test_product_guid(0xC1)}, x->s.caller.id);
    trial_deny(x, "*", RBAC_CONTROL, TEST_PRODUCT_OTHER_SUBSCRIPTION);
}

// --- what is tried ---

enum err trial_write(struct scene *x, struct call *c, const struct op *op, const char *id, const char *action, enum identity_verb verb,
                     const char *body)
{
    struct resource_result got = {0};
    struct resource_args   args = {.id = str_of(id), .verb = verb};
    TRY(json_parse(c, str_of(body), &args.body));
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = args.id, .action = str_of(action)}, &args, &got);
}

static enum err attach(struct scene *x, struct call *c, const struct op *op)
{
    return trial_write(x, c, op, MACHINE, "Microsoft.Compute/virtualMachines/write", IDENTITY_PATCH,
                       "{\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{\"" PERSON "\":{}}}}");
}

static enum err delete_group(struct scene *x, struct call *c, const struct op *op)
{
    struct group_args args = {.id = S(TEST_PRODUCT_GROUP)};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = args.id}, &args, NULL);
}

static enum err delete_site(struct scene *x, struct call *c, const struct op *op)
{
    struct resource_args   args = {.id = S(SITE)};
    struct resource_result got = {0};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = args.id, .action = S("Microsoft.Web/sites/delete")}, &args, &got);
}

static enum err move_group(struct scene *x, struct call *c, const struct op *op, const char *parent)
{
    struct mgmt_group_args   args = {.name = S("moved"), .must_exist = true, .gives_parent = true, .parent = str_of(parent)};
    struct mgmt_group_result got = {0};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = mgmt_group_write_scope(c, &x->s.work, &args)}, &args, &got);
}

static enum err group_to_target(struct scene *x, struct call *c, const struct op *op)
{
    return move_group(x, c, op, "target");
}

static enum err group_to_root(struct scene *x, struct call *c, const struct op *op)
{
    return move_group(x, c, op, "00000000-0000-0000-0000-000000000010");
}

static enum err move_subscription(struct scene *x, struct call *c, const struct op *op, const char *group)
{
    struct mgmt_group_args   args = {.name = str_of(group), .subscription.g = test_product_guid(0x51)};
    struct mgmt_group_result got = {0};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = mgmt_group_path(c, args.name)}, &args, &got);
}

static enum err subscription_to_target(struct scene *x, struct call *c, const struct op *op)
{
    return move_subscription(x, c, op, "target");
}

static enum err subscription_to_root(struct scene *x, struct call *c, const struct op *op)
{
    return move_subscription(x, c, op, "moved"); // out of it
}

static enum err change_role(struct scene *x, struct call *c, const struct op *op, const str *scopes, size_t scope_n)
{
    static const str                    ALL[] = {S_INIT("*")};
    static const struct role_permission WIDE = {.actions = ALL, .action_n = 1};
    struct role_args                    args = {
                           .id = test_product_guid(0xE1), .name = S("Changed"), .permissions = &WIDE, .permission_n = 1, .scopes = scopes, .scope_n = scope_n};
    struct role_result got = {0};
    return op_run(c, &x->s.work, op, &(struct op_target){.scope = S(TEST_PRODUCT_GROUP)}, &args, &got);
}

static enum err change_wide_role(struct scene *x, struct call *c, const struct op *op)
{
    static const str SCOPES[] = {S_INIT(TEST_PRODUCT_GROUP), S_INIT(FAR)};
    return change_role(x, c, op, SCOPES, COUNT(SCOPES));
}

static enum err change_own_role(struct scene *x, struct call *c, const struct op *op)
{
    static const str SCOPES[] = {S_INIT(TEST_PRODUCT_GROUP)};
    return change_role(x, c, op, SCOPES, COUNT(SCOPES));
}

static enum err assign_own_role(struct scene *x, struct call *c)
{
    struct assignment_args args = {
        .scope = S(TEST_PRODUCT_GROUP), .id = test_product_guid(0xA6), .role = test_product_guid(0xE1), .principal = x->s.caller.id};
    struct assignment_result got = {0};
    struct rbac_attributes   attributes;
    args.gives_type = true;
    args.type = PRINCIPAL_TYPE_SERVICE;
    TRY(assignment_attributes(c, &x->s.work, &args, false, &attributes));
    return op_run(c, &x->s.work, &OP_ASSIGNMENT_WRITE, &(struct op_target){.scope = args.scope, .attributes = &attributes}, &args, &got);
}

static enum err change_and_assign(struct scene *x, struct call *c, const struct op *op)
{
    TRY(change_own_role(x, c, op));
    return assign_own_role(x, c);
}

static enum err change_above_and_assign(struct scene *x, struct call *c, const struct op *op)
{
    static const str SCOPES[] = {S_INIT(TEST_PRODUCT_SUBSCRIPTION)};
    TRY(change_role(x, c, op, SCOPES, COUNT(SCOPES)));
    return assign_own_role(x, c);
}

static enum err change_membership(struct scene *x, struct call *c, const struct op *op)
{
    struct member_args args = {.group.g = test_product_guid(0xC1), .member = x->s.caller.id};
    return op_run(c, &x->s.work, op, NULL, &args, NULL);
}

static enum err make_group(struct scene *x, struct call *c, const struct op *op)
{
    struct principal_result got = {0};
    struct principal_args   args = {.kind = PRINCIPAL_GROUP};
    TRY(json_parse(c, S("{\"displayName\":\"made\",\"mailNickname\":\"g\",\"mailEnabled\":false,\"securityEnabled\":true}"), &args.body));
    return op_run(c, &x->s.work, op, NULL, &args, &got);
}

static enum err rename_group(struct scene *x, struct call *c, const struct op *op)
{
    struct principal_result got = {0};
    struct principal_args   args = {.kind = PRINCIPAL_GROUP, .id.g = test_product_guid(0xC1)};
    TRY(json_parse(c, S("{\"displayName\":\"other\"}"), &args.body));
    return op_run(c, &x->s.work, op, NULL, &args, &got);
}

static enum err drop_group(struct scene *x, struct call *c, const struct op *op)
{
    struct principal_args args = {.kind = PRINCIPAL_GROUP, .id.g = test_product_guid(0xC1)};
    return op_run(c, &x->s.work, op, NULL, &args, NULL);
}

static enum err make_deny(struct scene *x, struct call *c, const struct op *op)
{
    static const str                    ACTIONS[] = {S_INIT("Microsoft.KeyVault/vaults/read")};
    static const struct role_permission READ = {.actions = ACTIONS, .action_n = 1};
    static const struct deny_principal  EVERYONE = {.type = S_INIT("SystemDefined")};
    struct deny_result                  got = {0};
    struct deny_assignment              next = {
                     .name = S("yes"), .scope = S(VAULT), .permissions = &READ, .permission_n = 1, .principals = &EVERYONE, .principal_n = 1};
    next.id = test_product_guid(0xD1); // in place of the one that stands
    return op_run(c, &x->s.work, op, NULL, &next, &got);
}

static enum err drop_deny(struct scene *x, struct call *c, const struct op *op)
{
    struct deny_result got = {0};
    guid               id = test_product_guid(0xD1);
    return op_run(c, &x->s.work, op, NULL, &id, &got);
}

// --- what is done then ---

#define GROUPS       "Microsoft.Management/managementGroups"
#define GROUP_WRITE  "Microsoft.Directory/groups/write" /* no role names it */
#define NOT_THE_NAME "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringNotEquals 'forbidden'"

#define ROLE_ID        "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
#define THAT_ROLE_ONLY "(!(ActionMatches{'" ROLES_WRITE "'}) OR " ROLE_ID " ForAnyOfAnyValues:GuidEquals {00000000-0000-0000-0000-0000000000e1})"

const struct trial TRIALS[] = {
    {"vault_model", &OP_RESOURCE_WRITE, role_vault, to_policies, TEST_PRODUCT_GROUP, .own = VAULT_WRITE, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"vault_model", &OP_RESOURCE_WRITE, policy_vault_of_a_user, to_roles, TEST_PRODUCT_GROUP, .own = VAULT_WRITE, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"vault_body_policies", &OP_RESOURCE_WRITE, policy_vault_with_deny, own_policy, TEST_PRODUCT_GROUP, .own = VAULT_WRITE, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"vault_purge", &OP_DELETED_VAULT_PURGE, deleted_vault, purge, TEST_PRODUCT_SUBSCRIPTION, .gain = VAULT_DELETE, RBAC_CONTROL, VAULT, is_purged},
    {"identity_attach", &OP_RESOURCE_WRITE, machine_and_person, attach, TEST_PRODUCT_GROUP, .own = "Microsoft.Compute/virtualMachines/write",
     .gain = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", RBAC_CONTROL, PERSON, is_attached},
    {"inline_children", &OP_RESOURCE_WRITE, denied_subnet, leave_subnet_out, TEST_PRODUCT_GROUP, .own = NETWORK_WRITE, .gain = "Microsoft.Network/virtualNetworks/subnets/delete", RBAC_CONTROL, SUBNET, subnet_is_gone},
    {"inline_children", &OP_RESOURCE_WRITE, denied_in_subnet, leave_subnet_out, TEST_PRODUCT_GROUP, .own = NETWORK_WRITE, .gain = "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, INSIDE, subnet_is_gone},
    {"reference_join", &OP_RESOURCE_WRITE, network_of_others, join_subnet, TEST_PRODUCT_GROUP, .own = CARD_WRITE, .gain = "Microsoft.Network/virtualNetworks/subnets/join/action", RBAC_CONTROL, FAR_SUBNET, card_is_joined},
    {"cascade", &OP_GROUP_DELETE, denied_machine, delete_group, TEST_PRODUCT_GROUP, .gain = "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, MACHINE, machine_is_gone},
    {"cascade", &OP_RESOURCE_DELETE, denied_slot, delete_site, TEST_PRODUCT_GROUP, .own = "Microsoft.Web/sites/delete", .gain = "Microsoft.Web/sites/slots/delete", RBAC_CONTROL, SLOT, slot_is_gone},
    {"group_move_places", &OP_MGMT_GROUP_WRITE, owner_of_moved, group_to_target, TARGET, .gain = GROUPS "/write", RBAC_CONTROL, TARGET, has_left},
    {"group_move_places", &OP_MGMT_GROUP_WRITE, owner_of_moved, group_to_root, UPPER, .gain = GROUPS "/write", RBAC_CONTROL, UPPER, has_left},
    {"group_move_roles", &OP_MGMT_GROUP_WRITE, owner_of_target, group_to_target, UPPER, .gain = ROLES_WRITE, RBAC_CONTROL, TEST_PRODUCT_SUBSCRIPTION},
    {"group_move_denies", &OP_MGMT_GROUP_WRITE, denied_owner, group_to_target, TARGET, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"subscription_move_places", &OP_MGMT_GROUP_MOVE_IN, owner_of_subscription_and_target, subscription_to_target, MOVED,
     .gain = GROUPS "/subscriptions/write", RBAC_CONTROL, MOVED, has_left},
    {"subscription_move_roles", &OP_MGMT_GROUP_MOVE_IN, owner_of_target, subscription_to_target, MOVED, .gain = ROLES_WRITE, RBAC_CONTROL,
     TEST_PRODUCT_SUBSCRIPTION},
    {"subscription_move_denies", &OP_MGMT_GROUP_MOVE_IN, denied_owner, subscription_to_target, TARGET, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"subscription_move_places", &OP_MGMT_GROUP_MOVE_OUT, owner_of_subscription_and_target, subscription_to_root, MOVED,
     .gain = GROUPS "/subscriptions/write", RBAC_CONTROL, MOVED, has_left},
    {"subscription_move_roles", &OP_MGMT_GROUP_MOVE_OUT, put_tree, subscription_to_root, MOVED, .gain = ROLES_WRITE, RBAC_CONTROL, TEST_PRODUCT_SUBSCRIPTION,
     has_left},
    {"subscription_move_denies", &OP_MGMT_GROUP_MOVE_OUT, denied_owner, subscription_to_root, TARGET, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"move_from", &OP_RESOURCES_MOVE, machine_for_far, move_machine, TEST_PRODUCT_GROUP, .gain = "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, MACHINE, machine_is_far},
    {"move_to", &OP_RESOURCES_MOVE, machine_from_here, move_machine, FAR, .gain = "Microsoft.Compute/virtualMachines/write", RBAC_CONTROL, FAR, machine_is_far},
    {"move_children", &OP_RESOURCES_MOVE, site_for_far, move_site, TEST_PRODUCT_GROUP, .gain = "Microsoft.Web/sites/slots/delete", RBAC_CONTROL, SLOT, slot_is_gone},
    {"move_children", &OP_RESOURCES_MOVE, site_from_here, move_site, TEST_PRODUCT_GROUP, .gain = "Microsoft.Web/sites/slots/write", RBAC_CONTROL, FAR, slot_is_gone},
    {"move_denies", &OP_RESOURCES_MOVE, vault_for_far, move_vault, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", vault_is_far},
    {"move_from", &OP_RESOURCES_MOVE_CHECK, machine_for_far, move_machine, TEST_PRODUCT_GROUP, .gain = "Microsoft.Compute/virtualMachines/delete", RBAC_CONTROL, MACHINE, is_told},
    {"move_to", &OP_RESOURCES_MOVE_CHECK, machine_from_here, move_machine, FAR, .gain = "Microsoft.Compute/virtualMachines/write", RBAC_CONTROL, FAR, is_told},
    {"move_children", &OP_RESOURCES_MOVE_CHECK, site_for_far, move_site, TEST_PRODUCT_GROUP, .gain = "Microsoft.Web/sites/slots/delete", RBAC_CONTROL, SLOT, is_told},
    {"move_children", &OP_RESOURCES_MOVE_CHECK, site_from_here, move_site, TEST_PRODUCT_GROUP, .gain = "Microsoft.Web/sites/slots/write", RBAC_CONTROL, FAR, is_told},
    {"move_denies", &OP_RESOURCES_MOVE_CHECK, vault_for_far, move_vault, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", is_told},
    {"role_scopes", &OP_ROLE_WRITE, outer_role, change_wide_role, TEST_PRODUCT_GROUP, .gain = "Microsoft.Authorization/roleDefinitions/write", RBAC_CONTROL, FAR,
     role_is_changed},
    {"role_in_use", &OP_ROLE_WRITE, assigned_role, change_own_role, TEST_PRODUCT_GROUP, .gain = VAULT_WRITE, RBAC_CONTROL, TEST_PRODUCT_GROUP},
    {"role_in_use", &OP_ROLE_WRITE, lingering_role, change_own_role, TEST_PRODUCT_GROUP, .gain = VAULT_WRITE, RBAC_CONTROL, TEST_PRODUCT_GROUP},
    {"role_in_use", &OP_ROLE_WRITE, put_lingering, change_own_role, TEST_PRODUCT_GROUP, .gain = VAULT_WRITE, RBAC_CONTROL, TEST_PRODUCT_GROUP},
    {"role_of_delegate", &OP_ROLE_WRITE, unassigned_role, change_and_assign, TEST_PRODUCT_GROUP, .condition = THAT_ROLE_ONLY, .gain = VAULT_WRITE, RBAC_CONTROL,
     TEST_PRODUCT_GROUP},
    {"role_of_delegate", &OP_ROLE_WRITE, editor_above, change_above_and_assign, TEST_PRODUCT_GROUP, .condition = THAT_ROLE_ONLY, .gain = VAULT_WRITE, RBAC_CONTROL,
     TEST_PRODUCT_GROUP},
    {"role_delete_scopes", &OP_ROLE_DELETE, outer_role, change_wide_role, TEST_PRODUCT_GROUP, .gain = "Microsoft.Authorization/roleDefinitions/delete",
     RBAC_CONTROL, FAR, role_is_changed},
    {"secret_new_name", &SECRETS_SET.op, role_vault, set_as_new_name, TEST_PRODUCT_GROUP, .condition = NOT_THE_NAME, .gain = SET_SECRET, RBAC_DATA, SECRET,
     has_secret},
    {"secret_backup", &SECRETS_BACKUP.op, denied_reader_of_kept_secret, take_backup, TEST_PRODUCT_GROUP, .gain = GET_SECRET, RBAC_DATA, SECRET, has_backup},
    {"secret_restore", &SECRETS_RESTORE.op, backed_up_secret, restore, TEST_PRODUCT_GROUP, .gain = RESTORE, RBAC_DATA, SECRET, has_secret},
    {"secret_by_template", &OP_VAULT_SECRET_WRITE, denied_secret, set_by_template, TEST_PRODUCT_GROUP, .gain = SET_SECRET, RBAC_DATA, SECRET, has_secret},
    {"secret_by_template", &OP_VAULT_SECRET_UPDATE, denied_kept_secret, disable_by_template, TEST_PRODUCT_GROUP, .gain = SET_SECRET, RBAC_DATA, SECRET,
     secret_is_disabled},
    {"directory_members", &OP_MEMBER_ADD, mighty_group, change_membership, TEST_PRODUCT_GROUP, .gain = VAULT_WRITE, RBAC_CONTROL, TEST_PRODUCT_GROUP},
    {"directory_members", &OP_MEMBER_REMOVE, mighty_group_with_member, change_membership, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", is_no_member},
    {"directory_principal", &OP_PRINCIPAL_CREATE, mighty_group, make_group, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", group_is_made},
    {"directory_principal", &OP_PRINCIPAL_UPDATE, mighty_group, rename_group, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", group_is_another},
    {"directory_principal", &OP_PRINCIPAL_DELETE, mighty_group, drop_group, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", group_is_another},
    {"directory_application", &OP_APPLICATION_CREATE, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APPLICATION_UPDATE, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APPLICATION_DELETE, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APP_SECRET_ADD, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APP_SECRET_REMOVE, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APP_FEDERATED_PUT, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_application", &OP_APP_FEDERATED_REMOVE, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_owner", &OP_OWNER_ADD, put_application, write_owner, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", owners_are_others},
    {"directory_owner", &OP_OWNER_REMOVE, put_application, write_owner, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", owners_are_others},
    {"directory_grant", &OP_PERMISSION_GRANT_ADD, put_application, write_grant, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", grants_are_others},
    {"directory_grant", &OP_PERMISSION_GRANT_UPDATE, put_application, write_grant, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", grants_are_others},
    {"directory_grant", &OP_PERMISSION_GRANT_REMOVE, put_application, write_grant, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", grants_are_others},
    {"directory_app_role", &OP_APP_ROLE_ASSIGN, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"directory_app_role", &OP_APP_ROLE_UNASSIGN, put_application, write_application, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", applications_are_others},
    {"deny_write", &OP_DENY_WRITE, denied_secret_user, make_deny, TEST_PRODUCT_GROUP, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"deny_write", &OP_DENY_DELETE, denied_secret_user, drop_deny, TEST_PRODUCT_GROUP, .gain = GET_SECRET, RBAC_DATA, VAULT},
    {"site_swap", &OP_SITE_SWAP, site_and_slot, swap_slot, SLOT, .own = SLOT_SWAP, .gain = SITE_SWAP, RBAC_CONTROL, SITE, site_has_code_of_slot},
    {"site_swap", &OP_SITE_PREVIEW, site_and_slot, swap_slot, SLOT, .own = SLOT_SWAP, .gain = SITE_SWAP, RBAC_CONTROL, SITE, slot_has_settings_of_site},
    {"site_reset", &OP_SITE_RESET, site_in_preview, swap_slot, SLOT, .own = SLOT_SWAP, .gain = SITE_SWAP, RBAC_CONTROL, SITE, preview_is_over},
    {"binding_write", &OP_BINDING_WRITE, bare_machine, bind_machine, TEST_PRODUCT_GROUP, .own = MACHINE_WRITE, .gain = GROUP_WRITE, RBAC_DATA, "/", machine_is_bound},
    {"binding_write", &OP_BINDING_DELETE, bound_machine, unbind_machine, TEST_PRODUCT_GROUP, .gain = GROUP_WRITE, RBAC_DATA, "/", machine_is_unbound},
};
const size_t TRIAL_N = COUNT(TRIALS);

void trial_open(struct scene *x, struct test *t, const struct trial *trial)
{
    *x = (struct scene){0};
    test_product_open(&x->s, t);
    x->s.product.tenant_domain = S("example.test");
    test_product_put_group(&x->s, TEST_PRODUCT_GROUP);
    test_product_put_group(&x->s, FAR);
    trial->prepare(x);
}

void scene_close(struct scene *x)
{
    test_product_close(&x->s);
}

static bool decides(struct scene *x, struct call *c, const char *action, enum rbac_plane plane, const char *at)
{
    struct test                  *t = x->s.test;
    struct vault                  v;
    struct rbac_answer            answer = {0};
    const struct rbac_attributes *name = NULL;
    const struct resource        *vault = tree_find(x->s.work.world->tree, S(VAULT));
    if (vault && plane == RBAC_DATA) {
        CHECK_OK(vault_open(c, &x->s.work, S("v1"), &v));
        if (!v.uses_rbac) {
            CHECK_OK(vault_policy_allows(c, &x->s.work, &v, S("secrets"), S("get"), &answer.allowed));
            return answer.allowed;
        }
        CHECK_OK(vault_name_attributes(c, "secrets", S("forbidden"), false, &name));
    }
    CHECK_OK(work_decide(c, &x->s.work, NULL, str_of(action), plane, str_of(at), name, &answer));
    return answer.allowed;
}

bool trial_has_gained(struct scene *x, struct call *c, const struct trial *trial)
{
    return trial->is_done ? trial->is_done(x) : decides(x, c, trial->gain, trial->plane, trial->at);
}

bool trial_may_already(struct scene *x, struct call *c, const struct trial *trial)
{
    return decides(x, c, trial->gain, trial->plane, trial->at);
}

bool trial_could_grant(struct scene *x, struct call *c, const struct trial *trial)
{
    return decides(x, c, ROLES_WRITE, RBAC_CONTROL, trial->at);
}

void trial_lift_deny(struct scene *x)
{
    struct test                  *t = x->s.test;
    const struct deny_assignment *d = rbac_find_deny(x->s.work.world->rules, test_product_guid(0xD1));
    if (d) CHECK_OK(work_change(t->call, &x->s.work, STORE_DENY, &d->ref, NULL));
}
