/*
 * vault_item_records.h - the records of a vault's items of one kind in the store.
 *
 * An item has one head, in the collection of live items or in that of deleted ones, and one
 * record for each version, whose content is encrypted and bound to the kind and the record's key. Names
 * in keys are in lower case and versions count up, so that every list is a scan of a range:
 *
 *     'l' vault name                  the head of a live item
 *     'd' vault name                  the head of a deleted one
 *     'v' vault name 0 version        a version: attributes, details, tags, sealed content
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/vault_item.h"

enum item_collection { ITEM_LIVE = 'l', ITEM_DELETED = 'd', ITEM_VERSION = 'v' };

/* The items of one kind in one vault. */
struct item_records {
    const struct vault_item_kind *kind;
    struct store_session         *session;
    const struct secret          *seal_key;
    guid                          vault;
};

struct item_head {
    guid         vault;
    str          name; /* as it was first written */
    item_version newest;
    int64_t      deleted_s, purge_due_s; /* 0 for a live one */
};

/* A version with its content as it lies in the store. */
struct item_stored {
    struct vault_item item; /* what the head knows of deletion is not in it */
    bytes             sealed;
};

/* *out_found says whether there is one; *out is then its head. */
FALLIBLE item_head_find(struct call *c, const struct item_records *r, enum item_collection collection, str name, struct item_head *out,
                        bool *out_found);
FALLIBLE item_head_put(struct call *c, const struct item_records *r, enum item_collection collection, const struct item_head *head);
FALLIBLE item_head_remove(struct call *c, const struct item_records *r, enum item_collection collection, str name);
/* At most `limit` heads past the name `after`. */
FALLIBLE item_head_list(struct call *c, const struct item_records *r, enum item_collection collection, str after, size_t limit,
                        struct item_head **out, size_t *out_n);
/* At most `limit` heads of deleted items of all vaults that are due; *io_after is where to go on, at first empty and at the end again. */
FALLIBLE item_head_list_due(struct call *c, struct store_session *session, enum store_kind store, int64_t now_s, size_t limit, str *io_after,
                            struct item_head **out, size_t *out_n);

FALLIBLE item_version_find(struct call *c, const struct item_records *r, str name, item_version version, struct item_stored *out, bool *out_found);
FALLIBLE item_version_put(struct call *c, const struct item_records *r, const struct item_stored *stored);
/* At most `limit` versions past `after` (NULL: from the first). */
FALLIBLE item_version_list(struct call *c, const struct item_records *r, str name, const item_version *after, size_t limit, struct item_stored **out,
                           size_t *out_n);

/* What things are bound to when they are sealed begins with their kind. */
void item_add_binding(struct buf *b, const struct vault_item_kind *kind);
/* To and from the form in which a content lies in that version's record. */
FALLIBLE item_content_seal(struct call *c, const struct item_records *r, str name, item_version version, const struct secret *content, bytes *out);
FALLIBLE item_content_open(struct call *c, const struct item_records *r, const struct item_stored *stored, struct secret *out);

/* Removes an item's head from that collection, and all its versions. */
FALLIBLE item_drop(struct call *c, const struct item_records *r, enum item_collection collection, str name);
/* Removes all records of the kind in the vault. */
FALLIBLE item_drop_all(struct call *c, const struct item_records *r);

/* What is known of a version, without content and name, as a backup holds them too. */
void     item_pack(struct buf *b, const struct vault_item *s);
FALLIBLE item_unpack(struct call *c, struct unpack *u, struct vault_item *out);
