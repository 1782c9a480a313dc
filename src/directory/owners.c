#include "directory/owners.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/order.h"
#include "core/record.h"

enum { OWNERSHIP_VERSION = 1 };

// An ownership's two places; each key is the two ids, the nearer end first.
struct entry {
    struct order_node of_object, of_owner;
    guid              object_key[2], owner_key[2];
    struct ownership *o;
};

struct owners {
    struct order by_object, by_owner; // of entries
};

enum err ownership_new(struct call *c, const struct ownership *plain, struct ownership **out)
{
    struct ownership *o = record_new(plain, sizeof *plain, NULL, 0, 0, NULL);
    if (!o) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = o;
    return OK;
}

void ownership_pack(struct buf *b, const struct ownership *o)
{
    pack_begin(b, OWNERSHIP_VERSION);
    pack_guid(b, o->object);
    pack_guid(b, o->owner.g);
    pack_i64(b, o->since_ns);
}

enum err ownership_unpack(struct call *c, bytes record, struct ownership **out)
{
    struct unpack    u;
    struct ownership o = {0};
    unpack_begin(&u, record);
    o.object = unpack_guid(&u);
    o.owner.g = unpack_guid(&u);
    o.since_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != OWNERSHIP_VERSION) return FAIL(c, ERR_STORE_DAMAGED, "An owner's record is of a form that this version does not know.");
    return ownership_new(c, &o, out);
}

struct owners *owners_new(void)
{
    struct owners *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    uint64_t seed = hash_seed_new();
    order_init(&d->by_object, seed, false);
    order_init(&d->by_owner, seed, false);
    return d;
}

static struct entry *entry_of_object(struct order_node *n)
{
    return CONTAINER_OF(n, struct entry, of_object);
}

static struct entry *entry_of_owner(struct order_node *n)
{
    return CONTAINER_OF(n, struct entry, of_owner);
}

void owners_free(struct owners *d)
{
    if (!d) return;
    for (struct order_node *n = d->by_object.first; n;) {
        struct entry *e = entry_of_object(n);
        n = n->after;
        ref_drop(&e->o->ref);
        free(e);
    }
    free(d);
}

static str key_of(const guid ids[2])
{
    return (str){(const char *)ids, 2 * sizeof *ids};
}

static struct entry *find_entry(const struct owners *d, guid object, object_id owner)
{
    guid               key[] = {object, owner.g};
    struct order_node *n = order_find(&d->by_object, key_of(key));
    return n ? entry_of_object(n) : NULL;
}

bool owners_put(struct owners *d, struct ownership *o)
{
    struct entry *e = malloc(sizeof *e);
    if (!e) return false;
    *e = (struct entry){.o = o, .object_key = {o->object, o->owner.g}, .owner_key = {o->owner.g, o->object}};
    ref_take(&o->ref);
    owners_remove(d, o->object, o->owner);
    order_put(&d->by_object, key_of(e->object_key), &e->of_object);
    order_put(&d->by_owner, key_of(e->owner_key), &e->of_owner);
    return true;
}

void owners_remove(struct owners *d, guid object, object_id owner)
{
    struct entry *e = find_entry(d, object, owner);
    if (!e) return;
    order_remove(&d->by_object, &e->of_object);
    order_remove(&d->by_owner, &e->of_owner);
    ref_drop(&e->o->ref);
    free(e);
}

const struct ownership *owners_find(const struct owners *d, guid object, object_id owner)
{
    struct entry *e = find_entry(d, object, owner);
    return e ? e->o : NULL;
}

static struct order_node *first_past(const struct order *o, guid of, const guid *after)
{
    guid key[2] = {of};
    if (!after) return order_from(o, guid_key(&of));
    key[1] = *after;
    return order_behind(o, key_of(key));
}

void owners_each_of(const struct owners *d, guid object, const guid *after, ownership_visit *visit, void *ctx)
{
    for (struct order_node *n = first_past(&d->by_object, object, after); n; n = n->after) {
        const struct ownership *o = entry_of_object(n)->o;
        if (!guid_eq(o->object, object) || !visit(o, ctx)) return;
    }
}

void owners_each_owned(const struct owners *d, object_id owner, const guid *after, ownership_visit *visit, void *ctx)
{
    for (struct order_node *n = first_past(&d->by_owner, owner.g, after); n; n = n->after) {
        const struct ownership *o = entry_of_owner(n)->o;
        if (!object_id_eq(o->owner, owner) || !visit(o, ctx)) return;
    }
}
