/*
 * vault_item_backup.h - an item with all its versions as one sealed piece that its owner keeps.
 *
 * Only this product opens it again, as an item of its kind in a vault of the subscription that it came from.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/backup
 */
#pragma once
#include "ops/vault_item_records.h"

struct item_backup {
    str                 name;
    item_version        newest;
    struct item_stored *versions; /* sealed to the backup, not to a record */
    size_t              version_n;
};

/* Errors: ERR_TOO_LARGE - more versions or bytes than a backup holds */
FALLIBLE item_backup_make(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct item_head *head,
                          bytes *out);

/* Errors: ERR_BACKUP_MALFORMED - none of ours; ERR_PARAMETER_INVALID - of another subscription or server, or changed */
FALLIBLE item_backup_read(struct call *c, const struct work *w, const struct vault *v, const struct vault_item_kind *kind, bytes blob,
                          struct item_backup *out);

/* Puts all versions into the vault; the head is the caller's. */
FALLIBLE item_backup_put(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct item_backup *backup);
