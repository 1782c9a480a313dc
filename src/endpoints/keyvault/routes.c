// The data plane of vaults: LABEL.vault.azure.net.
#include "endpoints/dialect/keyvault.h"
#include "endpoints/keyvault/secrets.h"
#include "ops/secrets.h"

#define ROW(method_, pattern_, handler_, op_) \
    {HTTP_##method_, pattern_, GUARD_BEARER, PERMIT_RULE(keyvault_may), handler_, &(op_).op}
static const struct route ROUTES[] = {
    ROW(GET, "/secrets", keyvault_list_secrets, SECRETS_LIST),
    ROW(POST, "/secrets/restore", keyvault_restore_secret, SECRETS_RESTORE),
    ROW(PUT, "/secrets/{name}", keyvault_set_secret, SECRETS_SET),
    ROW(GET, "/secrets/{name}", keyvault_get_secret, SECRETS_GET),
    ROW(PATCH, "/secrets/{name}", keyvault_update_secret, SECRETS_UPDATE),
    ROW(DELETE, "/secrets/{name}", keyvault_delete_secret, SECRETS_DELETE),
    ROW(POST, "/secrets/{name}/backup", keyvault_backup_secret, SECRETS_BACKUP),
    ROW(GET, "/secrets/{name}/versions", keyvault_list_versions, SECRETS_VERSIONS),
    ROW(GET, "/secrets/{name}/{version}", keyvault_get_secret, SECRETS_GET),
    ROW(PATCH, "/secrets/{name}/{version}", keyvault_update_secret, SECRETS_UPDATE),
    ROW(GET, "/deletedsecrets", keyvault_list_deleted, SECRETS_LIST_DELETED),
    ROW(GET, "/deletedsecrets/{name}", keyvault_get_deleted, SECRETS_GET_DELETED),
    ROW(DELETE, "/deletedsecrets/{name}", keyvault_purge_secret, SECRETS_PURGE),
    ROW(POST, "/deletedsecrets/{name}/recover", keyvault_recover_secret, SECRETS_RECOVER),
};
#undef ROW

const struct service SERVICE_KEYVAULT = {
    .name = "keyvault",
    .hosts = HOSTS(&HOST_VAULT),
    .dialect = &DIALECT_KEYVAULT,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true,
    .needs_api_version = true,
    .audience = {
        .app = S_INIT("cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
        .name = S_INIT("Azure Key Vault"),
        .uris = {S_INIT("https://vault.azure.net")},
        .host = &HOST_VAULT,
        .app_is_taken = true, // some clients ask for a token for it instead of the address
    },
};
