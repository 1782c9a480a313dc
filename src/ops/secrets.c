#include "ops/secrets.h"

static enum err check_content_type(struct call *c, const struct vault_item_wish *wish)
{
    if (str_characters(wish->details) <= SECRETS_MAX_CONTENT_TYPE_CHARS) return OK;
    return FAIL(c, ERR_PARAMETER_INVALID, "Property contentType has invalid value\r\n");
}

static enum err run_set(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    if (a->content->n > SECRETS_MAX_VALUE_BYTES)
        return FAIL(c, ERR_SECRET_TOO_LARGE, "Secret is beyond the maximum permitted length of %d characters.", SECRETS_MAX_VALUE_BYTES);
    TRY(check_content_type(c, &a->wish));
    return vault_item_put(c, w, a, out);
}

static enum err run_get(struct call *c, struct work *w, const void *args, void *out)
{
    struct vault_secret_open *open = out;
    return vault_item_open(c, w, args, "get", &open->secret, &open->value);
}

static enum err run_update(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    TRY(check_content_type(c, &a->wish));
    return vault_item_update(c, w, a, out);
}

#define ACTIONS VAULT_TYPE "/secrets/"
/*
 * Names are found in any case, so a secret that is made as FORBIDDEN is read as "forbidden". A condition about names that
 * nothing is kept under yet must hold for the name as it is sent and in any other case. Inferred.
 */
static const struct effect EFFECT_SECRET_NEW_NAME = {
    .name = "secret_new_name", .rule = EFFECT_NEEDS, .plane = RBAC_DATA, .action = ACTIONS "setSecret/action", .find = vault_item_find_new_name};
/*
 * Whoever has a backup can restore it into a vault where he may read. Roles may give the one without the other, as
 * published; but a deny of the value holds for its backup. Inferred.
 */
static const struct effect EFFECT_SECRET_BACKUP = {
    .name = "secret_backup", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "getSecret/action", .find = vault_item_find_written};
/* A restore is asked for at the vault; denies may stand at the secret. Inferred. */
static const struct effect EFFECT_SECRET_RESTORE = {
    .name = "secret_restore", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "restore/action", .find = vault_item_find_restored};
/* A template sets a secret by a permission of the management API; a deny of the data plane's own permission holds for it. Inferred. */
static const struct effect EFFECT_SECRET_BY_TEMPLATE = {.name = "secret_by_template",
                                                        .rule = EFFECT_NOT_DENIED,
                                                        .plane = RBAC_DATA,
                                                        .action = ACTIONS "setSecret/action",
                                                        .find = vault_item_find_written};

#define OWN_SECRET  "its permission names the one secret that it changes"
#define READS(...)  VAULT_ITEM_READS(VAULT_ITEM_SECRET, "secrets", __VA_ARGS__)
#define WRITES(...) VAULT_ITEM_WRITES(VAULT_ITEM_SECRET, "secrets", __VA_ARGS__)

const struct vault_op SECRETS_SET = WRITES("secret_set", "SecretSet", "setSecret/action", "set", run_set, .effects = {&EFFECT_SECRET_NEW_NAME});
const struct vault_op SECRETS_GET = READS("secret_get", "SecretGet", "getSecret/action", "get", run_get);
const struct vault_op SECRETS_UPDATE = WRITES("secret_update", "SecretUpdate", "update/action", "set", run_update, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_LIST = READS("secret_list", "SecretList", "readMetadata/action", "list", vault_item_list);
const struct vault_op SECRETS_VERSIONS = READS("secret_versions", "SecretListVersions", "readMetadata/action", "list", vault_item_versions);
const struct vault_op SECRETS_DELETE = WRITES("secret_delete", "SecretDelete", "delete", "delete", vault_item_delete, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_GET_DELETED = READS("deleted_secret_get", "SecretGetDeleted", "readMetadata/action", "get", vault_item_get_deleted);
const struct vault_op SECRETS_LIST_DELETED =
    READS("deleted_secret_list", "SecretListDeleted", "readMetadata/action", "list", vault_item_list_deleted);
const struct vault_op SECRETS_RECOVER =
    WRITES("secret_recover", "SecretRecover", "recover/action", "recover", vault_item_recover, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_PURGE = WRITES("secret_purge", "SecretPurge", "purge/action", "purge", vault_item_purge, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_BACKUP =
    READS("secret_backup", "SecretBackup", "backup/action", "backup", vault_item_backup, .effects = {&EFFECT_SECRET_BACKUP});
const struct vault_op SECRETS_RESTORE =
    WRITES("secret_restore", "SecretRestore", "restore/action", "restore", vault_item_restore, .effects = {&EFFECT_SECRET_RESTORE});

static const struct vault_op *const OPS[] = {&SECRETS_SET,      &SECRETS_GET,    &SECRETS_UPDATE,      &SECRETS_LIST,
                                             &SECRETS_VERSIONS, &SECRETS_DELETE, &SECRETS_GET_DELETED, &SECRETS_LIST_DELETED,
                                             &SECRETS_RECOVER,  &SECRETS_PURGE,  &SECRETS_BACKUP,      &SECRETS_RESTORE};

const struct vault_item_kind VAULT_ITEM_SECRET = {
    .store = STORE_SECRET,
    .collection = "secrets",
    .noun = "secret",
    .title = "Secret",
    .backup_mark = S_INIT("\x15LanyardSecretBackupV1"), // it begins with its length
    .not_found = ERR_SECRET_NOT_FOUND,
    .disabled = ERR_SECRET_DISABLED,
    .is_deleted = ERR_SECRET_DELETED,
    .exists = ERR_SECRET_EXISTS,
    .ops = OPS,
    .op_n = COUNT(OPS),
};
_Static_assert(sizeof "LanyardSecretBackupV1" - 1 == 0x15, "the mark begins with its length");

const struct op OP_VAULT_SECRET_WRITE = {
    .name = "vault_secret_write", .action = ACTIONS "write", .writes = true, .run = run_set, .effects = {&EFFECT_SECRET_BY_TEMPLATE}};
const struct op OP_VAULT_SECRET_UPDATE = {
    .name = "vault_secret_update", .action = ACTIONS "write", .writes = true, .run = run_update, .effects = {&EFFECT_SECRET_BY_TEMPLATE}};
const struct op OP_VAULT_SECRET_READ = {.name = "vault_secret_read", .action = ACTIONS "read", .run = vault_item_describe};
const struct op OP_VAULT_SECRET_LIST = {.name = "vault_secret_list", .action = ACTIONS "read", .run = vault_item_list};
