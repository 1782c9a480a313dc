#include "directory/permission_grants.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/order.h"
#include "core/record.h"

enum { PERMISSION_GRANT_VERSION = 1 };

_Static_assert(offsetof(struct permission_grant, id) == offsetof(struct permission_grant, client) + sizeof(object_id),
               "the key is the client and the id");

struct entry {
    struct order_node        node;
    struct permission_grant *g;
};

struct permission_grants {
    struct order all; // of entries
};

enum err permission_grant_new(struct call *c, const struct permission_grant *plain, struct permission_grant **out)
{
    static const size_t      TEXTS[] = {offsetof(struct permission_grant, scope)};
    struct permission_grant *g = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!g) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = g;
    return OK;
}

void permission_grant_pack(struct buf *b, const struct permission_grant *g)
{
    pack_begin(b, PERMISSION_GRANT_VERSION);
    pack_guid(b, g->client.g);
    pack_guid(b, g->id);
    pack_guid(b, g->resource.g);
    pack_guid(b, g->user.g);
    pack_str(b, g->scope);
    pack_i64(b, g->created_ns);
}

enum err permission_grant_unpack(struct call *c, bytes record, struct permission_grant **out)
{
    struct unpack           u;
    struct permission_grant g = {0};
    unpack_begin(&u, record);
    g.client.g = unpack_guid(&u);
    g.id = unpack_guid(&u);
    g.resource.g = unpack_guid(&u);
    g.user.g = unpack_guid(&u);
    g.scope = unpack_str(&u);
    g.created_ns = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    if (u.version != PERMISSION_GRANT_VERSION)
        return FAIL(c, ERR_STORE_DAMAGED, "A permission grant's record is of a form that this version does not know.");
    return permission_grant_new(c, &g, out);
}

str permission_grant_key(const struct permission_grant *g)
{
    return (str){(const char *)g + offsetof(struct permission_grant, client), sizeof(object_id) + sizeof(guid)};
}

struct permission_grants *permission_grants_new(void)
{
    struct permission_grants *d = calloc(1, sizeof *d);
    if (d) order_init(&d->all, hash_seed_new(), false);
    return d;
}

static struct entry *entry_of(struct order_node *n)
{
    return CONTAINER_OF(n, struct entry, node);
}

static void drop(struct entry *e)
{
    ref_drop(&e->g->ref);
    free(e);
}

void permission_grants_free(struct permission_grants *d)
{
    if (!d) return;
    for (struct order_node *n = d->all.first; n;) {
        struct entry *e = entry_of(n);
        n = n->after;
        drop(e);
    }
    free(d);
}

static struct entry *find_entry(const struct permission_grants *d, object_id client, guid id)
{
    struct permission_grant wanted = {.client = client, .id = id};
    struct order_node      *n = order_find(&d->all, permission_grant_key(&wanted));
    return n ? entry_of(n) : NULL;
}

bool permission_grants_put(struct permission_grants *d, struct permission_grant *g)
{
    struct entry *e = malloc(sizeof *e);
    if (!e) return false;
    *e = (struct entry){.g = g};
    ref_take(&g->ref);
    permission_grants_remove(d, g->client, g->id);
    order_put(&d->all, permission_grant_key(g), &e->node);
    return true;
}

void permission_grants_remove(struct permission_grants *d, object_id client, guid id)
{
    struct entry *e = find_entry(d, client, id);
    if (!e) return;
    order_remove(&d->all, &e->node);
    drop(e);
}

const struct permission_grant *permission_grants_find(const struct permission_grants *d, object_id client, guid id)
{
    struct entry *e = find_entry(d, client, id);
    return e ? e->g : NULL;
}

void permission_grants_each(const struct permission_grants *d, str after, permission_grant_visit *visit, void *ctx)
{
    struct order_node *n = str_empty(after) ? d->all.first : order_behind(&d->all, after);
    for (; n && visit(entry_of(n)->g, ctx); n = n->after) continue;
}

void permission_grants_each_of(const struct permission_grants *d, object_id client, permission_grant_visit *visit, void *ctx)
{
    for (struct order_node *n = order_from(&d->all, guid_key(&client.g)); n; n = n->after) {
        const struct permission_grant *g = entry_of(n)->g;
        if (!object_id_eq(g->client, client) || !visit(g, ctx)) return;
    }
}
