/*
 * items.h - the routes that secrets, keys and certificates have in common, "/secrets" and "/deletedsecrets" and the like.
 *
 * The op of a row says which kind of items it is about. A kind has besides its own handlers a row in items.c: how one is shown.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
 */
#pragma once
#include "endpoints/service.h"
#include "ops/vault_item.h"

/* One item without its content. In a list of items no versions are shown. */
typedef void keyvault_item_writer(struct call *c, struct json_writer *w, const struct vault *v, const struct vault_item *x, bool shows_version);

/* Roles or access policies, as the vault has it; leaves a struct vault_item_args with kind, vault and names in q->object. */
permit_rule keyvault_may;
/* For ops that need nothing but names: those that give an item, one that gives nothing, those that give a page. */
route_handler keyvault_item, keyvault_purge, keyvault_list, keyvault_list_versions;
route_handler keyvault_backup, keyvault_restore;
