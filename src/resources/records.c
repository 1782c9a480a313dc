#include "resources/records.h"

#include "resources/bindings.h"
#include "resources/tree.h"

static void mgmt_group_key(struct buf *b, const struct ref *r)
{
    record_key_lower(b, ((const struct mgmt_group *)r)->name);
}

static bool mgmt_group_put(void *home, struct ref *r)
{
    return tree_put_mgmt_group(home, (struct mgmt_group *)r);
}

static void mgmt_group_remove(void *home, const struct ref *r)
{
    tree_remove_mgmt_group(home, ((const struct mgmt_group *)r)->name);
}

static const struct ref *mgmt_group_find(const void *home, str key)
{
    const struct mgmt_group *g = tree_find_mgmt_group(home, key);
    return g ? &g->ref : NULL;
}

RECORD_KIND(RECORD_MGMT_GROUP, mgmt_group, mgmt_group, mgmt_group_unpack, mgmt_group_pack)

static void subscription_key(struct buf *b, const struct ref *r)
{
    record_key_guid(b, ((const struct subscription *)r)->id.g);
}

static bool subscription_put(void *home, struct ref *r)
{
    return tree_put_subscription(home, (struct subscription *)r);
}

static void subscription_remove(void *home, const struct ref *r)
{
    tree_remove_subscription(home, ((const struct subscription *)r)->id);
}

static const struct ref *subscription_find(const void *home, str key)
{
    subscription_id            id;
    const struct subscription *s = record_key_is_guids(key, &id.g, 1) ? tree_find_subscription(home, id) : NULL;
    return s ? &s->ref : NULL;
}

RECORD_KIND(RECORD_SUBSCRIPTION, subscription, subscription, subscription_unpack, subscription_pack)

static void group_key(struct buf *b, const struct ref *r)
{
    record_key_lower(b, ((const struct resource_group *)r)->id);
}

static bool group_put(void *home, struct ref *r)
{
    return tree_put_group(home, (struct resource_group *)r);
}

static void group_remove(void *home, const struct ref *r)
{
    tree_remove_group(home, ((const struct resource_group *)r)->id);
}

static const struct ref *group_find(const void *home, str key)
{
    const struct resource_group *g = tree_find_group(home, key);
    return g ? &g->ref : NULL;
}

RECORD_KIND(RECORD_GROUP, group, resource_group, resource_group_unpack, resource_group_pack)

// A deleted resource may stand beside a living one of the same id: the mark in front keeps them apart.
static void resource_key(struct buf *b, const struct ref *r)
{
    const struct resource *x = (const struct resource *)r;
    buf_add(b, x->deleted_ns ? S("deleted:") : S("live:"));
    record_key_lower(b, x->id);
}

static bool resource_put(void *home, struct ref *r)
{
    return tree_put_resource(home, (struct resource *)r);
}

static void resource_remove(void *home, const struct ref *r)
{
    const struct resource *x = (const struct resource *)r;
    tree_remove_resource(home, x->id, x->deleted_ns != 0);
}

static const struct ref *resource_find(const void *home, str key)
{
    const str              live = S("live:"), deleted = S("deleted:");
    const struct resource *r = str_starts(key, live)      ? tree_find(home, str_from(key, live.n))
                               : str_starts(key, deleted) ? tree_find_deleted(home, str_from(key, deleted.n))
                                                          : NULL;
    return r ? &r->ref : NULL;
}

RECORD_KIND(RECORD_RESOURCE, resource, resource, resource_unpack, resource_pack)

static void binding_key(struct buf *b, const struct ref *r)
{
    buf_add(b, ((const struct binding *)r)->name);
}

static bool binding_put(void *home, struct ref *r)
{
    return bindings_put(home, (struct binding *)r);
}

static void binding_remove(void *home, const struct ref *r)
{
    bindings_remove(home, ((const struct binding *)r)->name);
}

static const struct ref *binding_find(const void *home, str key)
{
    const struct binding *b = bindings_find(home, key);
    return b ? &b->ref : NULL;
}

RECORD_KIND(RECORD_BINDING, binding, binding, binding_unpack, binding_pack)

static void lock_key(struct buf *b, const struct ref *r)
{
    record_key_lower(b, ((const struct lock *)r)->id);
}

static bool lock_put(void *home, struct ref *r)
{
    return tree_put_lock(home, (struct lock *)r);
}

static void lock_remove(void *home, const struct ref *r)
{
    tree_remove_lock(home, ((const struct lock *)r)->id);
}

static const struct ref *lock_find(const void *home, str key)
{
    const struct lock *l = tree_find_lock(home, key);
    return l ? &l->ref : NULL;
}

RECORD_KIND(RECORD_LOCK, lock, lock, lock_unpack, lock_pack)
