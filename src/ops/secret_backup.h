/*
 * secret_backup.h - a secret with all its versions as one sealed piece that its owner keeps.
 *
 * Only this product opens it again, in a vault of the subscription that it came from.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/backup
 */
#pragma once
#include "ops/secret_records.h"

struct secret_backup {
    str                   name;
    secret_version        newest;
    struct secret_stored *versions; /* sealed to the backup, not to a record */
    size_t                version_n;
};

/* Errors: ERR_TOO_LARGE - more versions or bytes than a backup holds */
FALLIBLE secret_backup_make(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r,
                            const struct secret_head *head, bytes *out);

/* Errors: ERR_BACKUP_MALFORMED - none of ours; ERR_PARAMETER_INVALID - of another subscription or server, or changed */
FALLIBLE secret_backup_read(struct call *c, const struct work *w, const struct vault *v, bytes blob, struct secret_backup *out);

/* Puts all versions into the vault; the head is the caller's. */
FALLIBLE secret_backup_put(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r,
                           const struct secret_backup *backup);
