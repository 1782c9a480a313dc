// The data plane of vaults: LABEL.vault.azure.net.
#include "endpoints/dialect/keyvault.h"
#include "endpoints/keyvault/secrets.h"
#include "ops/secrets.h"
#include "ops/vault_resource.h"

#define ROW(method_, pattern_, handler_, op_) \
    {HTTP_##method_, pattern_, GUARD_BEARER, PERMIT_RULE(keyvault_may), handler_, &(op_).op}
#define LIST(pattern_, handler_, op_) \
    {HTTP_GET, pattern_, GUARD_BEARER, PERMIT_RULE(keyvault_may), handler_, &(op_).op, .reads_much = true}
static const struct route ROUTES[] = {
    LIST("/secrets", keyvault_list, SECRETS_LIST),
    ROW(POST, "/secrets/restore", keyvault_restore, SECRETS_RESTORE),
    ROW(PUT, "/secrets/{name}", keyvault_set_secret, SECRETS_SET),
    ROW(GET, "/secrets/{name}", keyvault_get_secret, SECRETS_GET),
    ROW(PATCH, "/secrets/{name}", keyvault_update_secret, SECRETS_UPDATE),
    ROW(DELETE, "/secrets/{name}", keyvault_item, SECRETS_DELETE),
    ROW(POST, "/secrets/{name}/backup", keyvault_backup, SECRETS_BACKUP),
    LIST("/secrets/{name}/versions", keyvault_list_versions, SECRETS_VERSIONS),
    ROW(GET, "/secrets/{name}/{version}", keyvault_get_secret, SECRETS_GET),
    ROW(PATCH, "/secrets/{name}/{version}", keyvault_update_secret, SECRETS_UPDATE),
    LIST("/deletedsecrets", keyvault_list, SECRETS_LIST_DELETED),
    ROW(GET, "/deletedsecrets/{name}", keyvault_item, SECRETS_GET_DELETED),
    ROW(DELETE, "/deletedsecrets/{name}", keyvault_purge, SECRETS_PURGE),
    ROW(POST, "/deletedsecrets/{name}/recover", keyvault_item, SECRETS_RECOVER),
};
#undef ROW
#undef LIST

// Source: https://github.com/Azure/azure-rest-api-specs, specification/keyvault/resource-manager
#define API_VERSIONS                                                                                       \
    "2026-04-01-preview, 2026-03-01-preview, 2026-02-01, 2025-05-01, 2024-12-01-preview, 2024-11-01, "       \
    "2024-04-01-preview, 2023-07-01, 2023-02-01, 2022-11-01, 2022-07-01, 2022-02-01-preview, "               \
    "2021-11-01-preview, 2021-10-01, 2021-06-01-preview, 2021-04-01-preview, 2020-04-01-preview, "           \
    "2019-09-01, 2018-02-14, 2018-02-14-preview, 2016-10-01, 2015-06-01"
// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
static const struct name_rule     NAMES = {3, 24, .others = S_INIT("-"), .not_last = S_INIT("-"), .letter_first = true, .no_double_hyphen = true};
static const struct resource_type TYPES[] = {
    {S_INIT(VAULT_TYPE), &NAMES, .has_global_names = true, .is_tracked = true, .api_versions = S_INIT(API_VERSIONS)}, // carries no identity
};
static const struct resource_hooks HOOKS[] = {
    {VAULT_TYPE, ERR_VAULT_NAME_INVALID, ERR_VAULT_NAME_TAKEN, vault_resource_write, vault_resource_remove, vault_resource_spell},
};

const struct service SERVICE_KEYVAULT = {
    .name = "keyvault",
    .hosts = HOSTS(&HOST_VAULT),
    .dialect = &DIALECT_KEYVAULT,
    .correlation = "x-ms-client-request-id",
    .category = "AuditEvent",
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true,
    .needs_api_version = true,
    .types = {TYPES, COUNT(TYPES)},
    .hooks = {HOOKS, COUNT(HOOKS)},
    .jobs = JOBS(vault_resource_purge_due, vault_items_purge_due), // a vault takes its items along, so it comes first
    .audience =
        {
            .app = S_INIT("cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
            .name = S_INIT("Azure Key Vault"),
            .uris = {S_INIT("https://vault.azure.net")},
            .host = &HOST_VAULT,
            .app_is_taken = true, // some clients ask for a token for it instead of the address
        },
};
