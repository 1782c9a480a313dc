/*
 * secrets.h - the handlers of /secrets and /deletedsecrets.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
 */
#pragma once
#include "endpoints/service.h"

/* Roles or access policies, as the vault has it; leaves a struct secrets_args with vault and names in q->object. */
permit_rule   keyvault_may;
route_handler keyvault_set_secret, keyvault_get_secret, keyvault_update_secret, keyvault_list_secrets, keyvault_list_versions;
route_handler keyvault_delete_secret, keyvault_get_deleted, keyvault_list_deleted, keyvault_recover_secret, keyvault_purge_secret;
route_handler keyvault_backup_secret, keyvault_restore_secret;
