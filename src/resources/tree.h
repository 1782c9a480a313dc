/*
 * tree.h - the resource tree: management groups, subscriptions, resource groups, resources, and the locks at them.
 *
 * Records never change once made; a changed resource is a new record under the same
 * id. Ids are compared without case and kept in the casing that was written last. One
 * thread may change the tree, or any number may read it, at a time.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/overview
 */
#pragma once
#include "core/json.h"
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"
#include "resources/lock.h"
#include "resources/scope.h"

#define TREE_MAX_MGMT_GROUP_NAME 90

/* What a resource carries as identities; see identity.h for the wire's block. */
struct resource_identity {
    bool             has_system;
    object_id        system_principal;
    client_id        system_app;
    const str       *user_assigned; /* ARM ids as sent; an identity that is deleted leaves its id dangling here */
    const object_id *attached;      /* which principal each of them was when it was attached: one made later under the
                                  same id is another one. NULL: none was known */
    size_t           user_assigned_n;
};

struct document_slot; /* see resource_document */
struct resource {
    struct ref               ref;
    str                      id;       /* /subscriptions/S/resourceGroups/G/providers/NS/T/N... */
    str                      type;     /* NS/T/... in the casing of the type table, or as written */
    str                      name;     /* the last segment */
    str                      location; /* normalised: lower case, no blanks */
    guid                     uid;      /* of this incarnation: what hangs on a resource is keyed by it */
    struct resource_identity identity;
    const str               *references; /* ids of the resources that it refers to, each once or more: see ops/resource_references.h */
    size_t                   reference_n;
    bool                     lacks_references; /* an earlier version wrote the record: what it refers to stands in the document alone */
    str                      document;         /* the rest as JSON: {"tags":…,"properties":…,"sku":…,"kind":…} */
    struct document_slot    *slot;             /* a record's own, made with it; NULL in what is no record yet */
    int64_t                  created_ns, changed_ns;
    int64_t                  deleted_ns;   /* soft-deleted (vaults): not 0; it is then found by tree_find_deleted only */
    int64_t                  purge_due_ns; /* soft-deleted: when it goes for good */
};

struct resource_group {
    struct ref ref;
    str        id; /* /subscriptions/S/resourceGroups/G */
    str        name;
    str        location;
    str        document; /* {"tags":…,"managedBy":…} */
};

struct subscription {
    struct ref      ref;
    subscription_id id;
    tenant_id       tenant;
    str             name;
    str             mgmt_group; /* name of the group that holds it; empty: the tenant's root group */
    str             document;   /* {"tags":…}; may be empty */
};

struct mgmt_group {
    struct ref ref;
    str        name; /* of the root group: the tenant's id */
    str        display_name;
    str        parent; /* a name; empty for the root group */
};

/*
 * Copies of `plain` on the heap with one reference, the caller's; packing for the store.
 * Errors: ERR_SCOPE_INVALID, ERR_NAME_INVALID - an id or a name past its limit
 */
FALLIBLE resource_new(struct call *c, const struct resource *plain, struct resource **out);
/*
 * The document as a tree. It is read once for a record, by whoever asks first, and kept with it.
 * Lives: as long as the record. Any number of threads may ask.
 */
FALLIBLE resource_document(struct call *c, const struct resource *r, const struct json **out);
void     resource_pack(struct buf *b, const struct resource *r);
FALLIBLE resource_unpack(struct call *c, bytes record, struct resource **out);
FALLIBLE resource_group_new(struct call *c, const struct resource_group *plain, struct resource_group **out);
void     resource_group_pack(struct buf *b, const struct resource_group *g);
FALLIBLE resource_group_unpack(struct call *c, bytes record, struct resource_group **out);
FALLIBLE subscription_new(struct call *c, const struct subscription *plain, struct subscription **out);
void     subscription_pack(struct buf *b, const struct subscription *s);
FALLIBLE subscription_unpack(struct call *c, bytes record, struct subscription **out);
FALLIBLE mgmt_group_new(struct call *c, const struct mgmt_group *plain, struct mgmt_group **out);
void     mgmt_group_pack(struct buf *b, const struct mgmt_group *g);
FALLIBLE mgmt_group_unpack(struct call *c, bytes record, struct mgmt_group **out);

struct tree;
struct tree *tree_new(void); /* NULL: no memory */
void         tree_free(struct tree *t);

/*
 * A reference is taken; the record of the same id is replaced. False: no memory, nothing changed.
 * Living and soft-deleted resources stand apart: one of each may have the same id.
 */
MUST_USE bool tree_put_resource(struct tree *t, struct resource *r);
MUST_USE bool tree_put_group(struct tree *t, struct resource_group *g);
MUST_USE bool tree_put_subscription(struct tree *t, struct subscription *s);
MUST_USE bool tree_put_mgmt_group(struct tree *t, struct mgmt_group *g);
MUST_USE bool tree_put_lock(struct tree *t, struct lock *l);
void          tree_remove_resource(struct tree *t, str id, bool is_deleted); /* is_deleted: among the soft-deleted */
void          tree_remove_group(struct tree *t, str id);
void          tree_remove_subscription(struct tree *t, subscription_id id);
void          tree_remove_mgmt_group(struct tree *t, str name);
void          tree_remove_lock(struct tree *t, str id);

/* Borrowed until the tree changes; NULL if absent. Any case. */
const struct resource       *tree_find(const struct tree *t, str id);
const struct resource       *tree_find_deleted(const struct tree *t, str id);
const struct resource_group *tree_find_group(const struct tree *t, str id);
const struct subscription   *tree_find_subscription(const struct tree *t, subscription_id id);
const struct mgmt_group     *tree_find_mgmt_group(const struct tree *t, str name);
const struct lock           *tree_find_lock(const struct tree *t, str id);
/* The live or soft-deleted resource of a type whose names are global (vaults), by type and name. */
const struct resource *tree_find_global(const struct tree *t, str type, str name, bool is_deleted);

/*
 * The scopes of the management groups that hold a subscription, nearest first, each once. The root
 * group is the last of them whatever is broken in between; a subscription that is not there has none.
 * Lives: the call.
 */
FALLIBLE tree_above(struct call *c, const struct tree *t, subscription_id id, const str **out, size_t *out_n);
/* The same for a management group: those above it, without itself. The root group has
   none; one that is not there would lie below the root. */
FALLIBLE tree_above_mgmt_group(struct call *c, const struct tree *t, str name, const str **out, size_t *out_n);

/*
 * In the order of ids (case-folded), from the first that is past `after` (any id, there or not; empty: from the
 * beginning); `visit` answers false to stop. `under` is a path: only what lies below it, not what stands at it; empty
 * or "/": all. The tree must not change meanwhile.
 */
void tree_each_resource(const struct tree *t, str under, str after, bool (*visit)(const struct resource *r, void *ctx), void *ctx);
void tree_each_deleted(const struct tree *t, str under, str after, bool (*visit)(const struct resource *r, void *ctx), void *ctx);
void tree_each_group(const struct tree *t, subscription_id s, str after, bool (*visit)(const struct resource_group *g, void *ctx), void *ctx);
void tree_each_subscription(const struct tree *t, const subscription_id *after, bool (*visit)(const struct subscription *s, void *ctx), void *ctx);
void tree_each_mgmt_group(const struct tree *t, str after, bool (*visit)(const struct mgmt_group *g, void *ctx), void *ctx); /* by name */
/* The living resources that carry a user-assigned identity or refer to a resource, whether or not that is still there. */
void   tree_each_user_of(const struct tree *t, str id, str after, bool (*visit)(const struct resource *r, void *ctx), void *ctx);
size_t tree_count_users_of(const struct tree *t, str id);
/* The locks at a scope alone; those at it and below. */
void   tree_each_lock_at(const struct tree *t, str scope, str after, bool (*visit)(const struct lock *l, void *ctx), void *ctx);
void   tree_each_lock(const struct tree *t, str scope, str after, bool (*visit)(const struct lock *l, void *ctx), void *ctx);
size_t tree_lock_count(const struct tree *t);
