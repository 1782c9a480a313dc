#include "endpoints/arm/arm.h"
#include "endpoints/dialect/arm.h"
#include "ops/assignment_list.h"
#include "ops/assignments.h"
#include "ops/deployments.h"
#include "ops/locks.h"
#include "ops/mgmt_groups.h"
#include "ops/registrations.h"
#include "ops/resource_move.h"
#include "ops/revoke.h"
#include "ops/role_definitions.h"
#include "ops/secrets.h"
#include "ops/site.h"
#include "ops/tags.h"
#include "ops/vault_resource.h"

#define SUB      "/subscriptions/{subscription}"
#define GROUP    SUB "/resourceGroups/{group}"
#define AUTHZ    "/{scope*}/providers/Microsoft.Authorization"
#define TAGS     "/{scope*}/providers/Microsoft.Resources/tags/default"
#define MGMT     "/providers/Microsoft.Management/managementGroups"
#define MGMT_SUB MGMT "/{group}/subscriptions/{subscription}"
#define VAULTS   SUB "/providers/Microsoft.KeyVault"
#define VAULT    GROUP "/providers/Microsoft.KeyVault/vaults/{vault}"
#define APP      GROUP "/providers/Microsoft.Web/sites/{site}"

#define INSIGHTS                    "/providers/Microsoft.Insights"
#define EVENTS                      INSIGHTS "/eventtypes/management/values"
#define EVENTS_READ(at)             PERMIT_ACTION("Microsoft.Insights/eventtypes/values/read", at)
#define DEPLOYMENTS                 "/{scope*}/providers/Microsoft.Resources/deployments"
#define DEPLOYMENT                  DEPLOYMENTS "/{name}"
#define DEPLOYMENT_ASKS(action, at) PERMIT_ACTION(DEPLOYMENT_TYPE "/" action, at)

#define DENY_READ PERMIT_ACTION("Microsoft.Authorization/denyAssignments/read", arm_at_scope)
// Who may ask what others can do: whoever may read role assignments there.
#define GRANTS_READ PERMIT_ACTION("Microsoft.Authorization/roleAssignments/read", arm_at_scope)
#define MGMT_READ   PERMIT_ACTION("Microsoft.Management/managementGroups/read", arm_at_mgmt_group)
#define LIST_ALL    PERMIT_RULE(arm_may_list_resources)
#define CATALOGUE   PERMIT_NONE("what the product can do is the same for everybody")

#define NAME_CHECK PERMIT_ACTION_AT(arm_at_name_check)
#define KEYS(verb)                                                                              \
    {                                                                                           \
        HTTP_POST, "/{id*}/" verb, GUARD_BEARER, PERMIT_ACTION_AT(arm_at_action), arm_keys_list \
    }

// Of an app, and of each of its slots.
#define SITE_ROUTES(at)                                                                                                                          \
    {HTTP_GET, at "/config/web", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_config), arm_site_config_get},                                       \
    {HTTP_PUT, at "/config/web", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},                          \
    {HTTP_PATCH, at "/config/web", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},                        \
    {HTTP_PUT, at "/config/appsettings", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},                  \
    {HTTP_POST, at "/config/appsettings/list", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_config), arm_site_config_get},                         \
    {HTTP_PUT, at "/config/connectionstrings", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},            \
    {HTTP_POST, at "/config/connectionstrings/list", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_config), arm_site_config_get},                   \
    {HTTP_PUT, at "/config/azurestorageaccounts", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},         \
    {HTTP_POST, at "/config/azurestorageaccounts/list", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_config), arm_site_config_get},                \
    {HTTP_POST, at "/slotsswap", GUARD_BEARER, PERMIT_AT(arm_at_site_swap), arm_site_swap, &OP_SITE_SWAP},                                       \
    {HTTP_POST, at "/applySlotConfig", GUARD_BEARER, PERMIT_AT(arm_at_site_swap), arm_site_preview, &OP_SITE_PREVIEW},                           \
    {HTTP_POST, at "/resetSlotConfig", GUARD_BEARER, PERMIT_AT(arm_at_site_swap), arm_site_preview, &OP_SITE_RESET},                             \
    {HTTP_GET, at "/operationresults/{operation}", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_operation), arm_site_operation_get},               \
    {HTTP_POST, at "/publishxml", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_operation), arm_site_publish_profile}

// The first that fits is taken: what names a provider stands before what takes any id.
static const struct route ROUTES[] = {
    {HTTP_GET, "/metadata/endpoints", GUARD_NONE, PERMIT_NONE("clients read it before they have a token"), arm_metadata_get, .any_version = true},
    {HTTP_GET, "/tenants", GUARD_BEARER, PERMIT_NONE("a caller's own tenant, which its token names"), arm_tenants_list, .reads_much = true},
    {HTTP_GET, "/subscriptions", GUARD_BEARER, PERMIT_ITEMS_SEEN("a subscription is seen by whoever has a role at it, above or below"), arm_subscriptions_list, .reads_much = true},
    {HTTP_GET, SUB, GUARD_BEARER, PERMIT_RULE(arm_may_see_subscription), arm_subscription_get},
    {HTTP_GET, SUB "/locations", GUARD_BEARER, PERMIT_RULE(arm_may_see_subscription), arm_locations_list, .reads_much = true},

    {HTTP_GET, MGMT, GUARD_BEARER, PERMIT_ITEMS("Microsoft.Management/managementGroups/read"), arm_mgmt_groups_list, .reads_much = true},
    {HTTP_GET, MGMT "/{group}", GUARD_BEARER, MGMT_READ, arm_mgmt_group_get, .reads_much = true},
    {HTTP_PUT, MGMT "/{group}", GUARD_BEARER, PERMIT_AT(arm_at_mgmt_group_write), arm_mgmt_group_put, &OP_MGMT_GROUP_WRITE},
    {HTTP_PATCH, MGMT "/{group}", GUARD_BEARER, PERMIT_AT(arm_at_mgmt_group_write), arm_mgmt_group_put, &OP_MGMT_GROUP_WRITE},
    {HTTP_DELETE, MGMT "/{group}", GUARD_BEARER, PERMIT_AT(arm_at_mgmt_group), arm_mgmt_group_delete, &OP_MGMT_GROUP_DELETE},
    {HTTP_GET, MGMT "/{group}/descendants", GUARD_BEARER, MGMT_READ, arm_descendants_list, .reads_much = true},
    {HTTP_GET, MGMT_SUB, GUARD_BEARER, PERMIT_ACTION("Microsoft.Management/managementGroups/subscriptions/read", arm_at_mgmt_subscription),
     arm_mgmt_group_subscription_get},
    {HTTP_PUT, MGMT_SUB, GUARD_BEARER, PERMIT_AT(arm_at_mgmt_subscription), arm_mgmt_group_subscription_put, &OP_MGMT_GROUP_MOVE_IN},
    {HTTP_DELETE, MGMT_SUB, GUARD_BEARER, PERMIT_AT(arm_at_mgmt_subscription), arm_mgmt_group_subscription_delete, &OP_MGMT_GROUP_MOVE_OUT},
    {HTTP_POST, "/providers/Microsoft.Management/getEntities", GUARD_BEARER,
     PERMIT_ITEMS("Microsoft.Management/managementGroups/read", "Microsoft.Resources/subscriptions/read"), arm_entities_list, .reads_much = true},

    {HTTP_GET, SUB EVENTS, GUARD_BEARER, EVENTS_READ(arm_at_subscription), arm_events_list, .reads_much = true},
    {HTTP_GET, MGMT "/{group}" EVENTS, GUARD_BEARER, EVENTS_READ(arm_at_mgmt_group), arm_events_list, .reads_much = true},
    {HTTP_GET, EVENTS, GUARD_BEARER, EVENTS_READ(arm_at_scope), arm_events_list, .reads_much = true},
    {HTTP_GET, INSIGHTS "/eventcategories", GUARD_BEARER, CATALOGUE, arm_event_categories},

    {HTTP_GET, "/providers", GUARD_BEARER, CATALOGUE, arm_providers_list, .reads_much = true},
    {HTTP_GET, "/providers/{namespace}", GUARD_BEARER, CATALOGUE, arm_provider_get, .reads_much = true},
    {HTTP_GET, "/providers/{namespace}/operations", GUARD_BEARER, CATALOGUE, arm_operations_list, .reads_much = true},
    {HTTP_GET, SUB "/providers", GUARD_BEARER, CATALOGUE, arm_providers_list, .reads_much = true},
    {HTTP_GET, SUB "/providers/{namespace}", GUARD_BEARER, CATALOGUE, arm_provider_get, .reads_much = true},
    {HTTP_POST, SUB "/providers/{namespace}/register", GUARD_BEARER, PERMIT_AT(arm_at_registration), arm_provider_register, &OP_PROVIDER_REGISTER},
    {HTTP_POST, SUB "/providers/{namespace}/unregister", GUARD_BEARER, PERMIT_AT(arm_at_unregistration), arm_provider_register, &OP_PROVIDER_UNREGISTER},

    {HTTP_GET, SUB "/operationresults/{operation}", GUARD_BEARER, PERMIT_RULE(arm_may_see_operation), arm_operation_result_get},
    {HTTP_GET, SUB "/providers/{namespace}/locations/{location}/operationStatuses/{operation}", GUARD_BEARER, PERMIT_RULE(arm_may_see_operation), arm_operation_status_get},
    {HTTP_GET, SUB "/resourceGroups", GUARD_BEARER, PERMIT_RULE(arm_may_list_groups), arm_groups_list, .reads_much = true},
    {HTTP_PUT, GROUP, GUARD_BEARER, PERMIT_AT(arm_at_group), arm_group_put, &OP_GROUP_PUT},
    {HTTP_PATCH, GROUP, GUARD_BEARER, PERMIT_AT(arm_at_group), arm_group_patch, &OP_GROUP_PATCH},
    {HTTP_GET, GROUP, GUARD_BEARER, PERMIT_AT(arm_at_group), arm_group_get, &OP_GROUP_READ},
    {HTTP_HEAD, GROUP, GUARD_BEARER, PERMIT_AT(arm_at_group), arm_group_head, &OP_GROUP_READ},
    {HTTP_DELETE, GROUP, GUARD_BEARER, PERMIT_AT(arm_at_group), arm_group_delete, &OP_GROUP_DELETE},
    {HTTP_GET, GROUP "/resources", GUARD_BEARER, LIST_ALL, arm_resources_list, .reads_much = true},
    {HTTP_GET, SUB "/resources", GUARD_BEARER, LIST_ALL, arm_resources_list, .reads_much = true},
    {HTTP_POST, GROUP "/validateMoveResources", GUARD_BEARER, PERMIT_AT(arm_at_move), arm_move_check, &OP_RESOURCES_MOVE_CHECK, .reads_much = true},
    {HTTP_POST, GROUP "/moveResources", GUARD_BEARER, PERMIT_AT(arm_at_move), arm_move, &OP_RESOURCES_MOVE},

    {HTTP_GET, AUTHZ "/roleAssignments", GUARD_BEARER, PERMIT_AT(arm_at_scope), arm_assignments_list, &OP_ASSIGNMENT_LIST, .reads_much = true},
    {HTTP_PUT, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, PERMIT_AT(arm_at_assignment), arm_assignment_put, &OP_ASSIGNMENT_WRITE},
    {HTTP_GET, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, PERMIT_AT(arm_at_assignment), arm_assignment_get, &OP_ASSIGNMENT_READ},
    {HTTP_DELETE, AUTHZ "/roleAssignments/{name}", GUARD_BEARER, PERMIT_AT(arm_at_assignment), arm_assignment_delete, &OP_ASSIGNMENT_DELETE},
    {HTTP_GET, AUTHZ "/roleDefinitions", GUARD_BEARER, PERMIT_ACTION("Microsoft.Authorization/roleDefinitions/read", arm_at_scope), arm_roles_list, .reads_much = true},
    {HTTP_GET, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, PERMIT_RULE(arm_may_read_role), arm_role_get},
    {HTTP_PUT, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, PERMIT_AT(arm_at_role), arm_role_put, &OP_ROLE_WRITE},
    {HTTP_DELETE, AUTHZ "/roleDefinitions/{name}", GUARD_BEARER, PERMIT_AT(arm_at_role), arm_role_delete, &OP_ROLE_DELETE},
    {HTTP_GET, AUTHZ "/denyAssignments", GUARD_BEARER, DENY_READ, arm_denies_list, .reads_much = true},
    {HTTP_GET, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, DENY_READ, arm_deny_get},
    {HTTP_PUT, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, PERMIT_NONE("refused to everybody"), arm_deny_refuse},
    {HTTP_DELETE, AUTHZ "/denyAssignments/{name}", GUARD_BEARER, PERMIT_NONE("refused to everybody"), arm_deny_refuse},
    {HTTP_GET, TAGS, GUARD_BEARER, PERMIT_AT(arm_at_tags), arm_tags_answer, &OP_TAGS_READ},
    {HTTP_PUT, TAGS, GUARD_BEARER, PERMIT_AT(arm_at_tags), arm_tags_answer, &OP_TAGS_WRITE},
    {HTTP_PATCH, TAGS, GUARD_BEARER, PERMIT_AT(arm_at_tags), arm_tags_answer, &OP_TAGS_WRITE},
    {HTTP_DELETE, TAGS, GUARD_BEARER, PERMIT_AT(arm_at_tags), arm_tags_delete, &OP_TAGS_DELETE},
    {HTTP_GET, AUTHZ "/locks", GUARD_BEARER, PERMIT_ACTION("Microsoft.Authorization/locks/read", arm_at_scope), arm_locks_list, .reads_much = true},
    {HTTP_PUT, AUTHZ "/locks/{name}", GUARD_BEARER, PERMIT_AT(arm_at_lock), arm_lock_put, &OP_LOCK_WRITE},
    {HTTP_GET, AUTHZ "/locks/{name}", GUARD_BEARER, PERMIT_AT(arm_at_lock), arm_lock_get, &OP_LOCK_READ},
    {HTTP_DELETE, AUTHZ "/locks/{name}", GUARD_BEARER, PERMIT_AT(arm_at_lock), arm_lock_delete, &OP_LOCK_DELETE},
    {HTTP_GET, AUTHZ "/permissions", GUARD_BEARER, PERMIT_NONE("what the caller itself was given"), arm_permissions_list, .reads_much = true},
    {HTTP_POST, AUTHZ "/checkAccess", GUARD_BEARER, GRANTS_READ, arm_access_check, .reads_much = true},
    {HTTP_POST, "/{scope*}/providers/Lanyard.Authorization/explain", GUARD_BEARER, GRANTS_READ, arm_explain, .any_version = true, .reads_much = true},
    {HTTP_POST, "/{scope*}/providers/Lanyard.Authorization/validate", GUARD_BEARER, GRANTS_READ, arm_question_validate, .any_version = true, .reads_much = true},
    {HTTP_POST, "/{scope*}/providers/Lanyard.Authorization/access", GUARD_BEARER, GRANTS_READ, arm_access_list, .any_version = true, .reads_much = true},
    {HTTP_GET, SUB "/providers/Microsoft.Authorization/classicAdministrators", GUARD_BEARER,
     PERMIT_ACTION("Microsoft.Authorization/classicAdministrators/read", arm_at_subscription), arm_classic_list, .reads_much = true},

    {HTTP_GET, "/{scope*}/providers/Microsoft.ManagedIdentity/identities/default", GUARD_BEARER,
     PERMIT_ACTION("Microsoft.ManagedIdentity/identities/read", arm_at_system_identity), arm_system_identity_get},
    {HTTP_POST, GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}/revokeTokens", GUARD_BEARER,
     PERMIT_AT(arm_at_identity), arm_identity_revoke, &OP_TOKENS_REVOKE},
    {HTTP_POST, GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}/listAssociatedResources", GUARD_BEARER,
     PERMIT_ACTION("Microsoft.ManagedIdentity/userAssignedIdentities/listAssociatedResources/action", arm_at_identity), arm_associated_list, .reads_much = true},

    {HTTP_PUT, VAULT "/accessPolicies/{kind}", GUARD_BEARER, PERMIT_AT(arm_at_vault), arm_vault_policies, &OP_VAULT_POLICIES},
    {HTTP_GET, VAULTS "/deletedVaults", GUARD_BEARER, PERMIT_ACTION("Microsoft.KeyVault/deletedVaults/read", arm_at_subscription), arm_deleted_vaults_list, .reads_much = true},
    {HTTP_GET, VAULTS "/locations/{location}/deletedVaults/{name}", GUARD_BEARER, PERMIT_AT(arm_at_deleted_vault), arm_deleted_vault_get, &OP_DELETED_VAULT_READ},
    {HTTP_POST, VAULTS "/locations/{location}/deletedVaults/{name}/purge", GUARD_BEARER, PERMIT_AT(arm_at_deleted_vault), arm_deleted_vault_purge, &OP_DELETED_VAULT_PURGE},

    {HTTP_GET, VAULT "/secrets", GUARD_BEARER, PERMIT_AT(arm_at_vault_secret), arm_vault_secrets_list, &OP_VAULT_SECRET_LIST, .reads_much = true},
    {HTTP_GET, VAULT "/secrets/{name}", GUARD_BEARER, PERMIT_AT(arm_at_vault_secret), arm_vault_secret_get, &OP_VAULT_SECRET_READ},
    {HTTP_PUT, VAULT "/secrets/{name}", GUARD_BEARER, PERMIT_AT(arm_at_vault_secret), arm_vault_secret_put, &OP_VAULT_SECRET_WRITE},
    {HTTP_PATCH, VAULT "/secrets/{name}", GUARD_BEARER, PERMIT_AT(arm_at_vault_secret), arm_vault_secret_patch, &OP_VAULT_SECRET_WRITE},
    {HTTP_DELETE, VAULT "/secrets/{name}", GUARD_BEARER, PERMIT_NONE("refused to everybody"), arm_vault_secret_refuse},

    {HTTP_GET, DEPLOYMENTS, GUARD_BEARER, DEPLOYMENT_ASKS("read", arm_at_deployments), arm_deployments_list, .reads_much = true},
    {HTTP_PUT, DEPLOYMENT, GUARD_BEARER, PERMIT_AT(arm_at_deployment), arm_deployment_put, &OP_DEPLOYMENT_WRITE, .prepares = arm_deployment_prepare},
    {HTTP_GET, DEPLOYMENT, GUARD_BEARER, PERMIT_AT(arm_at_deployment), arm_deployment_get, &OP_DEPLOYMENT_READ},
    {HTTP_HEAD, DEPLOYMENT, GUARD_BEARER, PERMIT_AT(arm_at_deployment), arm_deployment_head, &OP_DEPLOYMENT_READ},
    {HTTP_DELETE, DEPLOYMENT, GUARD_BEARER, PERMIT_AT(arm_at_deployment), arm_deployment_delete, &OP_DEPLOYMENT_DELETE},
    {HTTP_POST, DEPLOYMENT "/cancel", GUARD_BEARER, PERMIT_AT(arm_at_deployment), arm_deployment_cancel, &OP_DEPLOYMENT_CANCEL},
    {HTTP_POST, DEPLOYMENT "/validate", GUARD_BEARER, DEPLOYMENT_ASKS("validate/action", arm_at_deployment), arm_deployment_validate, .reads_much = true},
    {HTTP_POST, DEPLOYMENT "/whatIf", GUARD_BEARER, DEPLOYMENT_ASKS("whatIf/action", arm_at_deployment), arm_deployment_whatif, .reads_much = true},
    {HTTP_POST, DEPLOYMENT "/exportTemplate", GUARD_BEARER, DEPLOYMENT_ASKS("exportTemplate/action", arm_at_deployment), arm_deployment_export, .reads_much = true},
    {HTTP_GET, DEPLOYMENT "/operationStatuses/{operation}", GUARD_BEARER, DEPLOYMENT_ASKS("operationstatuses/read", arm_at_deployment), arm_deployment_status},
    {HTTP_GET, DEPLOYMENT "/operations", GUARD_BEARER, DEPLOYMENT_ASKS("operations/read", arm_at_deployment), arm_deployment_operations, .reads_much = true},
    {HTTP_GET, DEPLOYMENT "/operations/{operation}", GUARD_BEARER, DEPLOYMENT_ASKS("operations/read", arm_at_deployment), arm_deployment_operation},
    {HTTP_GET, GROUP "/deployments/{name}/operations", GUARD_BEARER, DEPLOYMENT_ASKS("operations/read", arm_at_deployment), arm_deployment_operations, .reads_much = true},
    {HTTP_GET, GROUP "/deployments/{name}/operations/{operation}", GUARD_BEARER, DEPLOYMENT_ASKS("operations/read", arm_at_deployment), arm_deployment_operation},
    {HTTP_POST, "/providers/Microsoft.Resources/calculateTemplateHash", GUARD_BEARER, PERMIT_NONE("what comes of a text that the caller has"), arm_template_hash, .reads_much = true},

    SITE_ROUTES(APP),
    SITE_ROUTES(APP "/slots/{slot}"),
    {HTTP_GET, APP "/config/slotConfigNames", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_site_config), arm_site_config_get},
    {HTTP_PUT, APP "/config/slotConfigNames", GUARD_BEARER, PERMIT_AT(arm_at_site_config), arm_site_config_put, &OP_RESOURCE_WRITE},

    // what each provider has of the same kind
    {HTTP_POST, VAULTS "/checkNameAvailability", GUARD_BEARER, NAME_CHECK, arm_name_check, .reads_much = true},
    {HTTP_POST, SUB "/providers/{namespace}/checkNameAvailability", GUARD_BEARER, NAME_CHECK, arm_name_check, .reads_much = true},
    {HTTP_POST, SUB "/providers/{namespace}/locations/{location}/checkNameAvailability", GUARD_BEARER, NAME_CHECK, arm_name_check, .reads_much = true},
    {HTTP_HEAD, "/providers/Microsoft.DocumentDB/databaseAccountNames/{name}", GUARD_BEARER,
     PERMIT_NONE("the names of accounts are public: they are names of hosts"), arm_cosmos_name_head},
    KEYS("listKeys"),
    KEYS("readonlykeys"),
    KEYS("listConnectionStrings"),
    KEYS("listSecrets"),
    KEYS("listClusterAdminCredential"),
    KEYS("listClusterUserCredential"),
    {HTTP_POST, "/{id*}/regenerateKey", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_action), arm_keys_refuse},
    {HTTP_POST, "/{id*}/regenerateKeys", GUARD_BEARER, PERMIT_ACTION_AT(arm_at_action), arm_keys_refuse},

    {HTTP_PUT, "/{id*}", GUARD_BEARER, PERMIT_AT(arm_at_resource), arm_resource_put, &OP_RESOURCE_WRITE},
    {HTTP_PATCH, "/{id*}", GUARD_BEARER, PERMIT_AT(arm_at_resource), arm_resource_patch, &OP_RESOURCE_WRITE},
    {HTTP_GET, "/{id*}", GUARD_BEARER, PERMIT_RULE(arm_may_get_resource), arm_resource_get, &OP_RESOURCE_READ, .reads_much_for = arm_reads_much},
    {HTTP_HEAD, "/{id*}", GUARD_BEARER, PERMIT_AT(arm_at_resource), arm_resource_head, &OP_RESOURCE_READ},
    {HTTP_DELETE, "/{id*}", GUARD_BEARER, PERMIT_AT(arm_at_resource), arm_resource_delete, &OP_RESOURCE_DELETE},
};

// A subscription that is malformed or not there is told to anybody, whatever the rest of the path says.
static enum err before(struct call *c, struct work *w, const struct wire *q)
{
    static const str PREFIX = S_INIT("/subscriptions/");
    str              rest = str_from(q->path, PREFIX.n), subscription;
    TRY(arm_check_version(c, q));
    if (!str_starts_nocase(q->path, PREFIX) || !str_cut(&rest, '/', &subscription)) return OK;
    return resources_require_holder(c, w, subscription, STR_NONE);
}

const struct host HOST_MANAGEMENT = {
    .key = S_INIT("management"),
    .azure = S_INIT("management.azure.com"),
    .azure_aliases = {S_INIT("management.core.windows.net")},
    .own = S_INIT("management"),
};

const struct service SERVICE_ARM = {
    .name = "arm",
    .hosts = HOSTS(&HOST_MANAGEMENT),
    .dialect = &DIALECT_ARM,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths = {.ignores_case = true, .splits_star = "scope"},
    .needs_api_version = true,
    .correlation = "x-ms-correlation-request-id",
    .audience =
        {
            .app = S_INIT("797f4846-ba00-4fd7-ba43-dac1f8f63013"),
            .name = S_INIT("Azure Resource Manager"),
            .uris = {S_INIT("https://management.azure.com"), S_INIT("https://management.core.windows.net")},
            .host = &HOST_MANAGEMENT,
        },
    .local = LOCAL_REST,
    .kinds = KINDS(&KIND_DEPLOYMENT, &KIND_DEPLOYMENT_INPUT, &KIND_DEPLOYMENT_OPERATION),
    .jobs = JOBS(assignments_drop_ended),
    .before = before,
    .conditions = arm_check_conditions,
};
