#include "endpoints/arm/arm.h"
#include "endpoints/dialect/arm.h"
#include "ops/assignments.h"
#include "ops/mgmt_groups.h"
#include "ops/role_definitions.h"
#include "ops/secrets.h"
#include "ops/vault_resource.h"

#define SUB    "/subscriptions/{subscription}"
#define GROUP  SUB "/resourceGroups/{group}"
#define AUTHZ  "/{scope*}/providers/Microsoft.Authorization"
#define MGMT   "/providers/Microsoft.Management/managementGroups"
#define VAULTS SUB "/providers/Microsoft.KeyVault"
#define VAULT  GROUP "/providers/Microsoft.KeyVault/vaults/{vault}"

// The first that fits is taken: what names a provider stands before what takes any id.
static const struct route ROUTES[] = {
    {HTTP_GET, "/metadata/endpoints", GUARD_NONE, arm_metadata_get, NULL, .any_version = true},
    {HTTP_GET, "/tenants", GUARD_BEARER, arm_tenants_list, NULL},
    {HTTP_GET, "/subscriptions", GUARD_BEARER, arm_subscriptions_list, NULL},
    {HTTP_GET, SUB, GUARD_BEARER, arm_subscription_get, NULL},
    {HTTP_GET, SUB "/locations", GUARD_BEARER, arm_locations_list, NULL},

    {HTTP_GET, MGMT, GUARD_BEARER, arm_mgmt_groups_list, NULL},
    {HTTP_GET, MGMT "/{group}", GUARD_BEARER, arm_mgmt_group_get, NULL},
    {HTTP_PUT, MGMT "/{group}", GUARD_BEARER, arm_mgmt_group_put, &OP_MGMT_GROUP_WRITE},
    {HTTP_PATCH, MGMT "/{group}", GUARD_BEARER, arm_mgmt_group_put, &OP_MGMT_GROUP_WRITE},
    {HTTP_DELETE, MGMT "/{group}", GUARD_BEARER, arm_mgmt_group_delete, &OP_MGMT_GROUP_DELETE},
    {HTTP_GET, MGMT "/{group}/descendants", GUARD_BEARER, arm_descendants_list, NULL},
    {HTTP_GET, MGMT "/{group}/subscriptions/{subscription}", GUARD_BEARER, arm_mgmt_group_subscription_get, NULL},
    {HTTP_PUT, MGMT "/{group}/subscriptions/{subscription}", GUARD_BEARER, arm_mgmt_group_subscription_put, &OP_MGMT_GROUP_MOVE_IN},
    {HTTP_DELETE, MGMT "/{group}/subscriptions/{subscription}", GUARD_BEARER, arm_mgmt_group_subscription_delete, &OP_MGMT_GROUP_MOVE_OUT},
    {HTTP_POST, "/providers/Microsoft.Management/getEntities", GUARD_BEARER, arm_entities_list, NULL},

    {HTTP_GET, "/providers", GUARD_BEARER, arm_providers_list, NULL},
    {HTTP_GET, "/providers/{namespace}", GUARD_BEARER, arm_provider_get, NULL},
    {HTTP_GET, "/providers/{namespace}/operations", GUARD_BEARER, arm_operations_list, NULL},
    {HTTP_GET, SUB "/providers", GUARD_BEARER, arm_providers_list, NULL},
    {HTTP_GET, SUB "/providers/{namespace}", GUARD_BEARER, arm_provider_get, NULL},
    {HTTP_POST, SUB "/providers/{namespace}/register", GUARD_BEARER, arm_provider_register, NULL},
    {HTTP_POST, SUB "/providers/{namespace}/unregister", GUARD_BEARER, arm_provider_register, NULL},

    {HTTP_GET, SUB "/resourceGroups", GUARD_BEARER, arm_groups_list, NULL},
    {HTTP_PUT, GROUP, GUARD_BEARER, arm_group_put, &OP_GROUP_PUT},
    {HTTP_PATCH, GROUP, GUARD_BEARER, arm_group_patch, &OP_GROUP_PATCH},
    {HTTP_GET, GROUP, GUARD_BEARER, arm_group_get, &OP_GROUP_READ},
    {HTTP_HEAD, GROUP, GUARD_BEARER, arm_group_head, &OP_GROUP_READ},
    {HTTP_DELETE, GROUP, GUARD_BEARER, arm_group_delete, &OP_GROUP_DELETE},
    {HTTP_GET, GROUP "/resources", GUARD_BEARER, arm_resources_list, NULL},
    {HTTP_GET, SUB "/resources", GUARD_BEARER, arm_resources_list, NULL},

    {HTTP_GET, AUTHZ "/roleAssignments", GUARD_BEARER, arm_assignments_list, &OP_ASSIGNMENT_LIST},
    {HTTP_PUT, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, arm_assignment_put, &OP_ASSIGNMENT_WRITE},
    {HTTP_GET, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, arm_assignment_get, &OP_ASSIGNMENT_READ},
    {HTTP_DELETE, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, arm_assignment_delete, &OP_ASSIGNMENT_DELETE},
    {HTTP_GET, AUTHZ "/roleDefinitions", GUARD_BEARER, arm_roles_list, NULL},
    {HTTP_GET, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, arm_role_get, NULL},
    {HTTP_PUT, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, arm_role_put, &OP_ROLE_WRITE},
    {HTTP_DELETE, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, arm_role_delete, &OP_ROLE_DELETE},
    {HTTP_GET, AUTHZ "/denyAssignments", GUARD_BEARER, arm_denies_list, NULL},
    {HTTP_GET, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, arm_deny_get, NULL},
    {HTTP_PUT, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, arm_deny_refuse, NULL},
    {HTTP_DELETE, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, arm_deny_refuse, NULL},
    {HTTP_GET, AUTHZ "/permissions", GUARD_BEARER, arm_permissions_list, NULL},
    {HTTP_POST, AUTHZ "/checkAccess", GUARD_BEARER, arm_access_check, NULL},
    {HTTP_POST, "/{scope*}/providers/Lanyard.Authorization/explain", GUARD_BEARER, arm_explain, NULL, .any_version = true},
    {HTTP_POST, "/{scope*}/providers/Lanyard.Authorization/access", GUARD_BEARER, arm_access_list, NULL, .any_version = true},
    {HTTP_GET, SUB "/providers/Microsoft.Authorization/classicAdministrators", GUARD_BEARER, arm_classic_list, NULL},

    {HTTP_GET, "/{scope*}/providers/Microsoft.ManagedIdentity/identities/default", GUARD_BEARER, arm_system_identity_get, NULL},
    {HTTP_POST, GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}/listAssociatedResources", GUARD_BEARER, arm_associated_list, NULL},

    {HTTP_PUT, VAULT "/accessPolicies/{kind}", GUARD_BEARER, arm_vault_policies, &OP_VAULT_POLICIES},
    {HTTP_GET, VAULTS "/deletedVaults", GUARD_BEARER, arm_deleted_vaults_list, NULL},
    {HTTP_GET, VAULTS "/locations/{location}/deletedVaults/{name}", GUARD_BEARER, arm_deleted_vault_get, &OP_DELETED_VAULT_READ},
    {HTTP_POST, VAULTS "/locations/{location}/deletedVaults/{name}/purge", GUARD_BEARER, arm_deleted_vault_purge, &OP_DELETED_VAULT_PURGE},
    {HTTP_POST, VAULTS "/checkNameAvailability", GUARD_BEARER, arm_vault_name_check, NULL},

    {HTTP_GET, VAULT "/secrets", GUARD_BEARER, arm_vault_secrets_list, &OP_VAULT_SECRET_LIST},
    {HTTP_GET, VAULT "/secrets/{name}", GUARD_BEARER, arm_vault_secret_get, &OP_VAULT_SECRET_READ},
    {HTTP_PUT, VAULT "/secrets/{name}", GUARD_BEARER, arm_vault_secret_put, &OP_VAULT_SECRET_WRITE},
    {HTTP_PATCH, VAULT "/secrets/{name}", GUARD_BEARER, arm_vault_secret_patch, &OP_VAULT_SECRET_WRITE},
    {HTTP_DELETE, VAULT "/secrets/{name}", GUARD_BEARER, arm_vault_secret_refuse, NULL},

    {HTTP_PUT, "/{id*}", GUARD_BEARER, arm_resource_put, &OP_RESOURCE_WRITE},
    {HTTP_PATCH, "/{id*}", GUARD_BEARER, arm_resource_patch, &OP_RESOURCE_WRITE},
    {HTTP_GET, "/{id*}", GUARD_BEARER, arm_resource_get, &OP_RESOURCE_READ},
    {HTTP_HEAD, "/{id*}", GUARD_BEARER, arm_resource_head, &OP_RESOURCE_READ},
    {HTTP_DELETE, "/{id*}", GUARD_BEARER, arm_resource_delete, &OP_RESOURCE_DELETE},
};

// Both spellings of the public audience, and the endpoint as a client of this machine writes it.
static enum err audiences(struct call *c, const struct product *p, const struct wire *q, const str **out, size_t *out_n)
{
    str *list;
    (void)q;
    TRY(NEW(c, &list, 3));
    list[0] = names_url(c, &p->names, NAME_MANAGEMENT);
    list[1] = call_format(c, "https://%.*s", PSTR(p->names.aliases[NAME_MANAGEMENT][0]));
    list[2] = call_format(c, "https://localhost:%u", p->https_port);
    *out = list;
    *out_n = 3;
    return OK;
}

// A subscription that is malformed or not there is told to anybody, whatever the rest of the path says.
static enum err before(struct call *c, struct work *w, const struct wire *q)
{
    static const str PREFIX = S_INIT("/subscriptions/");
    str              rest = str_from(q->path, PREFIX.n), subscription;
    if (!str_starts_nocase(q->path, PREFIX) || !str_cut(&rest, '/', &subscription)) return OK;
    return resources_require_holder(c, w, subscription, STR_NONE);
}

const struct service SERVICE_ARM = {
    .name = "arm",
    .host = NAME_MANAGEMENT,
    .dialect = &DIALECT_ARM,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths_nocase = true,
    .needs_api_version = true,
    .audiences = audiences,
    .before = before,
};
