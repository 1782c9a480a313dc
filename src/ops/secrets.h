/*
 * secrets.h - the secrets of a vault: the first kind of its items (vault_item.h), whose content is a value.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
 */
#pragma once
#include "ops/vault_item.h"

/* Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
#define SECRETS_MAX_VALUE_BYTES        25600
#define SECRETS_MAX_CONTENT_TYPE_CHARS 255

/* The details of a version are its content type. */
extern const struct vault_item_kind VAULT_ITEM_SECRET;

/* The value is the caller's to clear. */
struct vault_secret_open {
    struct vault_item secret;
    struct secret     value;
};

/*
 * Ask with vault_ask, then run them with a struct vault_item_args; the comment says what *out is.
 * Errors: ERR_SECRET_NOT_FOUND, ERR_SECRET_DISABLED (get), ERR_SECRET_DELETED (set, restore), ERR_SECRET_EXISTS
 *         (restore), ERR_SECRET_TOO_LARGE (set), ERR_TOO_LARGE (backup), ERR_PURGE_PROTECTED (purge),
 *         ERR_BACKUP_MALFORMED, ERR_PARAMETER_INVALID
 */
extern const struct vault_op SECRETS_SET;          /* struct vault_item */
extern const struct vault_op SECRETS_GET;          /* struct vault_secret_open */
extern const struct vault_op SECRETS_UPDATE;       /* struct vault_item */
extern const struct vault_op SECRETS_LIST;         /* struct vault_item_page: the newest versions */
extern const struct vault_op SECRETS_VERSIONS;     /* struct vault_item_page; empty for an unknown name */
extern const struct vault_op SECRETS_DELETE;       /* struct vault_item */
extern const struct vault_op SECRETS_GET_DELETED;  /* struct vault_item */
extern const struct vault_op SECRETS_LIST_DELETED; /* struct vault_item_page */
extern const struct vault_op SECRETS_RECOVER;      /* struct vault_item */
extern const struct vault_op SECRETS_PURGE;        /* nothing */
extern const struct vault_op SECRETS_BACKUP;       /* bytes */
extern const struct vault_op SECRETS_RESTORE;      /* struct vault_item */

/*
 * The same deeds as the management API asks for them: control actions, in the activity log, and no value ever comes out.
 * Run them with op_run at the secret's scope (the list: at the vault's). What *out is as above.
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets (resource manager)
 */
extern const struct op OP_VAULT_SECRET_WRITE;  /* as SECRETS_SET */
extern const struct op OP_VAULT_SECRET_UPDATE; /* as SECRETS_UPDATE */
extern const struct op OP_VAULT_SECRET_READ;   /* struct vault_item */
extern const struct op OP_VAULT_SECRET_LIST;   /* as SECRETS_LIST */
