/*
 * secret_records.h - the records of a vault's secrets in the store.
 *
 * A secret has one head, in the collection of live secrets or in that of deleted ones, and
 * one record for each version, whose value is encrypted and bound to the record's key. Names in
 * keys are in lower case and versions count up, so that every list is a scan of a range:
 *
 *     'l' vault name                  the head of a live secret
 *     'd' vault name                  the head of a deleted one
 *     'v' vault name 0 version        a version: attributes, tags, sealed value
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/secrets.h"

enum secret_collection { SECRET_LIVE = 'l', SECRET_DELETED = 'd', SECRET_VERSION = 'v' };

/* The secrets of one vault. */
struct secret_records {
    struct store_session *session;
    const struct secret  *seal_key;
    guid                  vault;
};

struct secret_head {
    guid           vault;
    str            name; /* as it was first written */
    secret_version newest;
    int64_t        deleted_s, purge_due_s; /* 0 for a live one */
};

/* A version with its value as it lies in the store. */
struct secret_stored {
    struct vault_secret secret; /* what the head knows of deletion is not in it */
    bytes               sealed;
};

/* *out_found says whether there is one; *out is then its head. */
FALLIBLE secret_head_find(struct call *c, const struct secret_records *r, enum secret_collection collection, str name, struct secret_head *out,
                          bool *out_found);
FALLIBLE secret_head_put(struct call *c, const struct secret_records *r, enum secret_collection collection, const struct secret_head *head);
FALLIBLE secret_head_remove(struct call *c, const struct secret_records *r, enum secret_collection collection, str name);
/* At most `limit` heads past the name `after`. */
FALLIBLE secret_head_list(struct call *c, const struct secret_records *r, enum secret_collection collection, str after, size_t limit,
                          struct secret_head **out, size_t *out_n);
/* At most `limit` heads of deleted secrets of all vaults that are due; *io_after is where to go on, at first empty and at the end again. */
FALLIBLE secret_head_list_due(struct call *c, struct store_session *session, int64_t now_s, size_t limit, str *io_after, struct secret_head **out,
                              size_t *out_n);

FALLIBLE secret_version_find(struct call *c, const struct secret_records *r, str name, secret_version version, struct secret_stored *out,
                             bool *out_found);
FALLIBLE secret_version_put(struct call *c, const struct secret_records *r, const struct secret_stored *stored);
/* At most `limit` versions past `after` (NULL: from the first). */
FALLIBLE secret_version_list(struct call *c, const struct secret_records *r, str name, const secret_version *after, size_t limit,
                             struct secret_stored **out, size_t *out_n);

/* To and from the form in which a value lies in that version's record. */
FALLIBLE secret_value_seal(struct call *c, const struct secret_records *r, str name, secret_version version, const struct secret *value, bytes *out);
FALLIBLE secret_value_open(struct call *c, const struct secret_records *r, const struct secret_stored *stored, struct secret *out);

/* Removes a secret's head from that collection, and all its versions. */
FALLIBLE secret_drop(struct call *c, const struct secret_records *r, enum secret_collection collection, str name);
/* Removes all records of the vault. */
FALLIBLE secret_drop_all(struct call *c, const struct secret_records *r);

/* The attributes of a version, without value and name, as a backup holds them too. */
void     secret_pack(struct buf *b, const struct vault_secret *s);
FALLIBLE secret_unpack(struct call *c, struct unpack *u, struct vault_secret *out);
