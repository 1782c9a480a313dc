/*
 * secrets.h - the secrets of a vault: versions, soft delete, backups.
 *
 * A secret is a name with versions, the newest of which counts. Deleting it keeps all
 * versions until the day on which it is purged. Nothing of it is held in memory: every
 * op goes to the store, where the values lie sealed.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets,
 *         https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
 */
#pragma once
#include "ops/vault.h"

/* Source: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates */
#define SECRETS_MAX_NAME_BYTES 127
/* Source: https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
#define SECRETS_MAX_VALUE_BYTES        25600
#define SECRETS_MAX_CONTENT_TYPE_CHARS 255
#define SECRETS_MAX_TAGS               15
#define SECRETS_MAX_TAG_CHARS          512 /* of a name, and of a value */
/* Source: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets */
#define SECRETS_MAX_PAGE 25
/* Source: https://learn.microsoft.com/azure/key-vault/general/backup */
#define SECRETS_MAX_BACKUP_VERSIONS 500
#define SECRETS_MAX_BACKUP_BYTES    (3u << 20) /* ours: what fits into a request again, as base64 */

/* 16 bytes, on the wire as 32 digits: when it was made, then at random. So the later one is the greater. */
typedef struct {
    guid g;
} secret_version;

struct vault_tag {
    str name;
    str value;
};

/* What may be said of a secret; what is not given stays as it is, or as a new secret has it. */
struct vault_secret_wish {
    bool                    gives_enabled, gives_not_before, gives_expires, gives_content_type, gives_tags;
    bool                    is_enabled;
    int64_t                 not_before_s, expires_s; /* they inform, they do not lock */
    str                     content_type;
    const struct vault_tag *tags;
    size_t                  tag_n;
};

/* One version, without its value. */
struct vault_secret {
    str                     name; /* as it was first written */
    secret_version          version;
    bool                    is_enabled;
    bool                    has_not_before, has_expires, has_content_type, has_tags;
    int64_t                 not_before_s, expires_s;
    str                     content_type;
    const struct vault_tag *tags;
    size_t                  tag_n;
    int64_t                 created_s, updated_s;
    int64_t                 deleted_s, purge_due_s; /* 0: it is not deleted */
};

/* What the ops take; each its own part. */
struct secrets_args {
    const struct vault      *vault;
    str                      name;
    str                      version; /* 32 digits in any case; empty: the newest */
    const struct secret     *value;
    struct vault_secret_wish wish;
    str                      after; /* lists: only what comes behind it, as `next` of a page said */
    size_t                   limit; /* lists: 1 .. SECRETS_MAX_PAGE */
    bytes                    backup;
};

struct secrets_page {
    struct vault_secret *items;
    size_t               n;
    str                  next; /* empty: this is the end */
};

/* The value is the caller's to clear. */
struct vault_secret_open {
    struct vault_secret secret;
    struct secret       value;
};

/*
 * Ask with vault_ask, then run them; the comment says what *out is. A list's items stand in order of their names,
 * versions in order of their making.
 * Errors: ERR_SECRET_NOT_FOUND, ERR_SECRET_DISABLED (get), ERR_SECRET_DELETED (set, restore), ERR_SECRET_EXISTS
 *         (restore), ERR_SECRET_TOO_LARGE (set), ERR_TOO_LARGE (backup), ERR_PURGE_PROTECTED (purge),
 *         ERR_BACKUP_MALFORMED, ERR_PARAMETER_INVALID
 */
extern const struct vault_op SECRETS_SET;          /* struct vault_secret */
extern const struct vault_op SECRETS_GET;          /* struct vault_secret_open */
extern const struct vault_op SECRETS_UPDATE;       /* struct vault_secret */
extern const struct vault_op SECRETS_LIST;         /* struct secrets_page: the newest versions */
extern const struct vault_op SECRETS_VERSIONS;     /* struct secrets_page; empty for an unknown name */
extern const struct vault_op SECRETS_DELETE;       /* struct vault_secret */
extern const struct vault_op SECRETS_GET_DELETED;  /* struct vault_secret */
extern const struct vault_op SECRETS_LIST_DELETED; /* struct secrets_page */
extern const struct vault_op SECRETS_RECOVER;      /* struct vault_secret */
extern const struct vault_op SECRETS_PURGE;        /* nothing */
extern const struct vault_op SECRETS_BACKUP;       /* bytes */
extern const struct vault_op SECRETS_RESTORE;      /* struct vault_secret */
/* All of them. */
extern const struct vault_op *const SECRETS_OPS[];
extern const size_t                 SECRETS_OP_N;

/*
 * The same deeds as the management API asks for them: control actions, in the activity log, and no value ever comes out.
 * Run them with op_run at the secret's scope (the list: at the vault's). What *out is as above.
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets (resource manager)
 */
extern const struct op OP_VAULT_SECRET_WRITE;  /* as SECRETS_SET */
extern const struct op OP_VAULT_SECRET_UPDATE; /* as SECRETS_UPDATE */
extern const struct op OP_VAULT_SECRET_READ;   /* struct vault_secret */
extern const struct op OP_VAULT_SECRET_LIST;   /* as SECRETS_LIST */

/* 1-127 letters, digits and dashes. Errors: ERR_NAME_INVALID */
FALLIBLE secrets_check_name(struct call *c, str name);

/* Removes all secrets of a vault, deleted ones too: for the op that purges the vault. */
FALLIBLE secrets_purge_vault(struct call *c, struct work *w, guid vault_uid);

/* Removes the deleted secrets, in all vaults, that are due by the call's time, at most `limit`; in reading work it only counts them. */
FALLIBLE secrets_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n);
