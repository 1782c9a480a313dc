/*
 * vault_item.h - what the secrets, keys and certificates of a vault have in common: versions, attributes, tags, soft delete,
 * backups, lists, names.
 *
 * An item is a name with versions, the newest of which counts. Deleting it keeps all versions until the day on which it
 * is purged. Nothing of it is held in memory: every op goes to the store, where contents lie sealed.
 *
 * A kind of items is a row (struct vault_item_kind). Its ops are rows too (struct vault_op) whose deeds are the functions
 * below, or its own: what makes a version, and what its content is used for.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates,
 *         https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
 */
#pragma once
#include "ops/effects.h"
#include "ops/vault.h"

/* Source: https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates */
#define VAULT_ITEM_MAX_NAME_BYTES 127
#define VAULT_ITEM_MAX_TAGS       15
#define VAULT_ITEM_MAX_TAG_CHARS  512 /* of a name, and of a value */
/* Source: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets */
#define VAULT_ITEM_MAX_PAGE 25
/* Source: https://learn.microsoft.com/azure/key-vault/general/backup */
#define VAULT_ITEM_MAX_BACKUP_VERSIONS 500
#define VAULT_ITEM_MAX_BACKUP_BYTES    (3u << 20) /* ours: what fits into a request again, as base64 */

struct vault_item_kind {
    enum store_kind store;        /* a kind of records that it has for itself */
    const char     *collection;   /* "secrets": in paths, in actions, in access policies */
    const char     *noun, *title; /* "secret", "Secret": in messages */
    str             backup_mark;  /* what its backups begin with */
    /*
     * What contents and backups are bound to besides their record, so that none of one kind opens as one of another.
     * Empty for one kind only: that of secrets, whose records are older than this.
     */
    str                           sealed_as;
    enum err                      not_found, disabled, is_deleted, exists; /* its failures */
    const struct vault_op *const *ops;
    size_t                        op_n;
};

/* All kinds: vault_item_kinds.c. */
extern const struct vault_item_kind *const VAULT_ITEM_KINDS[];
extern const size_t                        VAULT_ITEM_KIND_N;

/* 16 bytes, on the wire as 32 digits: when it was made, then at random. So the later one is the greater. */
typedef struct {
    guid g;
} item_version;

struct vault_tag {
    str name;
    str value;
};

/* What may be said of an item; what is not given stays as it is, or as a new item has it. */
struct vault_item_wish {
    bool                    gives_enabled, gives_not_before, gives_expires, gives_details, gives_tags;
    bool                    is_enabled;
    int64_t                 not_before_s, expires_s; /* they inform, they do not lock */
    str                     details;
    const struct vault_tag *tags;
    size_t                  tag_n;
};

/* One version, without its content. */
struct vault_item {
    str                     name; /* as it was first written */
    item_version            version;
    bool                    is_enabled;
    bool                    has_not_before, has_expires, has_details, has_tags;
    int64_t                 not_before_s, expires_s;
    str                     details; /* what its kind keeps in the open beside the content: a secret's content type */
    const struct vault_tag *tags;
    size_t                  tag_n;
    int64_t                 created_s, updated_s;
    int64_t                 deleted_s, purge_due_s; /* 0: it is not deleted */
};

/* What the ops take; each its own part. */
struct vault_item_args {
    const struct vault_item_kind *kind;
    const struct vault           *vault;
    str                           name;
    str                           version; /* 32 digits in any case; empty: the newest */
    const struct secret          *content; /* of a new version: what is sealed, a secret's value */
    struct vault_item_wish        wish;
    str                           after; /* lists: only what comes behind it, as `next` of a page said */
    size_t                        limit; /* lists: 1 .. VAULT_ITEM_MAX_PAGE */
    bytes                         backup;
};

struct vault_item_page {
    struct vault_item *items;
    size_t             n;
    str                next; /* empty: this is the end */
};

/* 1-127 letters, digits and dashes. Errors: ERR_NAME_INVALID */
FALLIBLE vault_item_check_name(struct call *c, str name);

/*
 * The deeds of ops: they take a struct vault_item_args; the comment says what *out is. Ask with vault_ask, then run them.
 * A list's items stand in order of their names, versions in order of their making.
 * Errors: the kind's; ERR_TOO_LARGE (backup), ERR_PURGE_PROTECTED (purge), ERR_BACKUP_MALFORMED, ERR_PARAMETER_INVALID
 */
op_deed vault_item_put;          /* struct vault_item: a new version */
op_deed vault_item_update;       /* struct vault_item */
op_deed vault_item_describe;     /* struct vault_item */
op_deed vault_item_list;         /* struct vault_item_page: the newest versions */
op_deed vault_item_versions;     /* struct vault_item_page; empty for an unknown name */
op_deed vault_item_delete;       /* struct vault_item */
op_deed vault_item_get_deleted;  /* struct vault_item */
op_deed vault_item_list_deleted; /* struct vault_item_page */
op_deed vault_item_recover;      /* struct vault_item */
op_deed vault_item_purge;        /* nothing */
op_deed vault_item_backup;       /* bytes */
op_deed vault_item_restore;      /* struct vault_item */

/*
 * For a kind's own deeds: a version with its content, which is the caller's to clear. One that is disabled is refused:
 * `verb` is what was to be done with it, "get".
 */
FALLIBLE vault_item_open(struct call *c, struct work *w, const struct vault_item_args *a, const char *verb, struct vault_item *out,
                         struct secret *out_content);

/*
 * Rows of ops of one kind: `action` is what follows the collection in the name of the permission, and what follows `run`
 * are further members of struct op.
 */
#define VAULT_ITEM_READS(kind_, collection_, name_, logged_, action_, permission_, run_, ...)                                         \
    {.op = {.name = name_, .logged_as = logged_, .plane = RBAC_DATA, .action = VAULT_TYPE "/" collection_ "/" action_, .run = run_,    \
            __VA_ARGS__},                                                                                                             \
     .collection = collection_,                                                                                                       \
     .permission = permission_,                                                                                                       \
     .find_name = vault_item_find_name,                                                                                               \
     .kind = &(kind_)}
#define VAULT_ITEM_WRITES(kind_, collection_, name_, logged_, action_, permission_, run_, ...) \
    VAULT_ITEM_READS(kind_, collection_, name_, logged_, action_, permission_, run_, .writes = true, __VA_ARGS__)

/* For `find_name` of a kind's ops: by the living item, or by a deleted one that still holds its name. */
vault_name_finder vault_item_find_name;

/*
 * For `find` of a kind's effects, in a vault where roles decide: the item that is written; that only if its name is new; the
 * item that a backup restores. A name that nothing is kept under counts as it is sent, and in any case.
 */
effect_finder vault_item_find_written, vault_item_find_new_name, vault_item_find_restored;

/* Removes all items of the kind in a vault, deleted ones too. */
FALLIBLE vault_item_purge_vault(struct call *c, struct work *w, const struct vault_item_kind *kind, guid vault_uid);
/* Removes deleted items of the kind, in all vaults, that are due by the call's time, at most `limit`; in reading work it only counts them. */
FALLIBLE vault_item_purge_due(struct call *c, struct work *w, const struct vault_item_kind *kind, size_t limit, size_t *out_n);
/* The same for the items of every kind: for the op that purges a vault, and a job of the housekeeper. */
FALLIBLE vault_items_purge_vault(struct call *c, struct work *w, guid vault_uid);
FALLIBLE vault_items_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n);
