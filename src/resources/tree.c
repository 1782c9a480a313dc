#include "resources/tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"
#include "core/order.h"
#include "resources/types.h"

#define MGMT_GROUP_SCOPE S("/providers/Microsoft.Management/managementGroups/")

// A record in a collection: its node in the order of keys. What is allocated for a record begins with its entry.
struct entry {
    struct order_node node;
    struct ref       *record; // the first member of the record
};

// All records of one kind: found by key at once, walked in the order of keys.
struct collection {
    struct map   by_key;
    struct order order;
};

// The resources that carry one user-assigned identity, or refer to one resource. It stays while any entry refers to it.
struct users {
    struct order by_id; // of uses
    size_t       known_by;
    str          id; // of what they use
    char         text[];
};

struct use {
    struct order_node      node;
    struct users          *of;
    struct resource_entry *carrier;
    bool                   is_linked; // not if the resource names it twice
};

struct resource_entry {
    struct entry entry;
    size_t       use_n;
    struct use   uses[];
};

struct mgmt_entry {
    struct entry entry;
    str          scope; // "/providers/Microsoft.Management/managementGroups/NAME"
    char         text[];
};

struct tree {
    struct collection  live, deleted, groups, subscriptions, mgmt_groups, locks;
    struct map        *names[2]; // of the live and of the deleted: for each row of the type table, global names
    struct map         users;
    struct mgmt_entry *root;
    uint64_t           seed;
};

static void collection_init(struct collection *s, uint64_t seed, bool nocase)
{
    map_init(&s->by_key, nocase);
    order_init(&s->order, seed, nocase);
}

static struct map *new_names(void)
{
    struct map *names = calloc(types_count(), sizeof *names);
    for (size_t i = 0; names && i < types_count(); i++)
        if (types_at(i)->has_global_names) map_init(&names[i], true);
    return names;
}

struct tree *tree_new(void)
{
    struct tree *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->seed = hash_seed_new();
    collection_init(&t->live, t->seed, true);
    collection_init(&t->deleted, t->seed, true);
    collection_init(&t->groups, t->seed, true);
    collection_init(&t->subscriptions, t->seed, false);
    collection_init(&t->mgmt_groups, t->seed, true);
    collection_init(&t->locks, t->seed, true);
    map_init(&t->users, true);
    t->names[0] = new_names();
    t->names[1] = new_names();
    if (t->names[0] && t->names[1]) return t;
    tree_free(t);
    return NULL;
}

static struct entry *entry_of(struct order_node *node)
{
    return node ? CONTAINER_OF(node, struct entry, node) : NULL;
}

static struct entry *entry_at(const struct collection *s, str key)
{
    return entry_of(order_find(&s->order, key));
}

// Puts a record that no other stands in the way of; the map has room.
static void collection_put(struct collection *s, str key, struct ref *record, struct entry *fresh)
{
    ref_take(record);
    fresh->record = record;
    map_put_reserved(&s->by_key, key, record);
    order_put(&s->order, key, &fresh->node);
}

static void collection_remove(struct collection *s, struct entry *p)
{
    map_remove(&s->by_key, p->node.key);
    order_remove(&s->order, &p->node);
    ref_drop(p->record); // last: the key lies in it
    free(p);
}

static void collection_clear(struct collection *s)
{
    map_clear(&s->by_key);
    for (struct order_node *node = s->order.first; node;) {
        struct entry *p = entry_of(node);
        node = node->after;
        ref_drop(p->record);
        free(p);
    }
}

void tree_free(struct tree *t)
{
    if (!t) return;
    collection_clear(&t->live);
    collection_clear(&t->deleted);
    collection_clear(&t->groups);
    collection_clear(&t->subscriptions);
    collection_clear(&t->mgmt_groups);
    collection_clear(&t->locks);
    for (size_t side = 0; side < COUNT(t->names); side++) {
        for (size_t i = 0; t->names[side] && i < types_count(); i++) map_clear(&t->names[side][i]);
        free(t->names[side]);
    }
    struct users *users;
    for (size_t at = 0; (users = map_next(&t->users, &at));) free(users);
    map_clear(&t->users);
    free(t);
}

static struct users *take_users(struct tree *t, str id)
{
    struct users *u = map_get(&t->users, id);
    if (!u) {
        u = calloc(1, sizeof *u + id.n);
        if (!u) return NULL;
        if (id.n) memcpy(u->text, id.at, id.n);
        u->id = (str){u->text, id.n};
        order_init(&u->by_id, t->seed, true);
        if (!map_put(&t->users, u->id, u, NULL)) {
            free(u);
            return NULL;
        }
    }
    u->known_by++;
    return u;
}

static void release_users(struct tree *t, struct users *u)
{
    if (!u || --u->known_by) return;
    map_remove(&t->users, u->id);
    free(u);
}

static void link_uses(struct resource_entry *entry, str id)
{
    for (size_t i = 0; i < entry->use_n; i++) {
        struct use *use = &entry->uses[i];
        if (order_find(&use->of->by_id, id)) continue;
        order_put(&use->of->by_id, id, &use->node);
        use->is_linked = true;
    }
}

static void drop_uses(struct tree *t, struct resource_entry *entry)
{
    for (size_t i = 0; i < entry->use_n; i++) {
        struct use *use = &entry->uses[i];
        if (use->is_linked) order_remove(&use->of->by_id, &use->node);
        release_users(t, use->of);
    }
    entry->use_n = 0;
}

static str used_by(const struct resource *r, size_t i)
{
    size_t identities = r->identity.user_assigned_n;
    return i < identities ? r->identity.user_assigned[i] : r->references[i - identities];
}

static struct resource_entry *new_resource_entry(struct tree *t, const struct resource *r)
{
    size_t                 n = r->deleted_ns ? 0 : r->identity.user_assigned_n + r->reference_n;
    struct resource_entry *entry = calloc(1, sizeof *entry + n * sizeof entry->uses[0]); // n ids stand in memory: no overflow
    if (!entry) return NULL;
    for (; entry->use_n < n; entry->use_n++) {
        struct use *use = &entry->uses[entry->use_n];
        *use = (struct use){.carrier = entry, .of = take_users(t, used_by(r, entry->use_n))};
        if (use->of) continue;
        drop_uses(t, entry);
        free(entry);
        return NULL;
    }
    return entry;
}

static struct collection *collection_of(struct tree *t, bool is_deleted)
{
    return is_deleted ? &t->deleted : &t->live;
}

// The names that are taken in a resource's type; NULL if its names are not global.
static struct map *names_of(const struct tree *t, str type, bool is_deleted)
{
    const struct resource_type *row = types_find(type);
    return row && row->has_global_names ? &t->names[is_deleted][types_index(row)] : NULL;
}

bool tree_put_resource(struct tree *t, struct resource *r)
{
    bool                   is_deleted = r->deleted_ns != 0;
    struct collection     *s = collection_of(t, is_deleted);
    struct map            *names = names_of(t, r->type, is_deleted);
    struct resource_entry *fresh = new_resource_entry(t, r);
    if (!fresh || !map_reserve(&s->by_key) || (names && !map_reserve(names))) {
        if (fresh) drop_uses(t, fresh);
        free(fresh);
        return false;
    }
    ref_take(&r->ref); // it may be the very record that is replaced
    tree_remove_resource(t, r->id, is_deleted);
    collection_put(s, r->id, &r->ref, &fresh->entry);
    link_uses(fresh, r->id);
    if (names) map_put_reserved(names, r->name, r);
    ref_drop(&r->ref);
    return true;
}

void tree_remove_resource(struct tree *t, str id, bool is_deleted)
{
    struct collection *s = collection_of(t, is_deleted);
    struct entry      *p = entry_at(s, id);
    if (!p) return;
    const struct resource *r = (const struct resource *)p->record;
    struct map            *names = names_of(t, r->type, is_deleted);
    if (names && map_get(names, r->name) == r) map_remove(names, r->name);
    drop_uses(t, CONTAINER_OF(p, struct resource_entry, entry));
    collection_remove(s, p);
}

// For the kinds that need no more than an entry.
static bool put_plain(struct collection *s, str key, struct ref *record)
{
    struct entry *fresh = calloc(1, sizeof *fresh);
    if (!fresh || !map_reserve(&s->by_key)) {
        free(fresh);
        return false;
    }
    struct entry *old = entry_at(s, key);
    ref_take(record);
    if (old) collection_remove(s, old);
    collection_put(s, key, record, fresh);
    ref_drop(record);
    return true;
}

static void remove_plain(struct collection *s, str key)
{
    struct entry *p = entry_at(s, key);
    if (p) collection_remove(s, p);
}

bool tree_put_group(struct tree *t, struct resource_group *g)
{
    return put_plain(&t->groups, g->id, &g->ref);
}

bool tree_put_subscription(struct tree *t, struct subscription *s)
{
    return put_plain(&t->subscriptions, guid_key(&s->id.g), &s->ref);
}

bool tree_put_lock(struct tree *t, struct lock *l)
{
    return put_plain(&t->locks, l->id, &l->ref);
}

static const struct mgmt_group *mgmt_group_in(const struct mgmt_entry *p)
{
    return (const struct mgmt_group *)p->entry.record;
}

static struct mgmt_entry *mgmt_entry_of(struct entry *p)
{
    return p ? CONTAINER_OF(p, struct mgmt_entry, entry) : NULL;
}

static struct mgmt_entry *first_root(const struct tree *t)
{
    for (struct order_node *node = t->mgmt_groups.order.first; node; node = node->after) {
        struct mgmt_entry *p = mgmt_entry_of(entry_of(node));
        if (str_empty(mgmt_group_in(p)->parent)) return p;
    }
    return NULL;
}

bool tree_put_mgmt_group(struct tree *t, struct mgmt_group *g)
{
    const str          before = MGMT_GROUP_SCOPE;
    struct mgmt_entry *fresh = calloc(1, sizeof *fresh + before.n + g->name.n);
    if (!fresh || !map_reserve(&t->mgmt_groups.by_key)) {
        free(fresh);
        return false;
    }
    memcpy(fresh->text, before.at, before.n);
    memcpy(fresh->text + before.n, g->name.at, g->name.n);
    fresh->scope = (str){fresh->text, before.n + g->name.n};
    ref_take(&g->ref);
    tree_remove_mgmt_group(t, g->name);
    collection_put(&t->mgmt_groups, g->name, &g->ref, &fresh->entry);
    ref_drop(&g->ref);
    if (str_empty(g->parent)) t->root = first_root(t);
    return true;
}

void tree_remove_group(struct tree *t, str id)
{
    remove_plain(&t->groups, id);
}

void tree_remove_subscription(struct tree *t, subscription_id id)
{
    remove_plain(&t->subscriptions, guid_key(&id.g));
}

void tree_remove_lock(struct tree *t, str id)
{
    remove_plain(&t->locks, id);
}

void tree_remove_mgmt_group(struct tree *t, str name)
{
    struct entry *p = entry_at(&t->mgmt_groups, name);
    if (!p) return;
    bool was_root = mgmt_entry_of(p) == t->root;
    collection_remove(&t->mgmt_groups, p);
    if (was_root) t->root = first_root(t);
}

const struct resource *tree_find(const struct tree *t, str id)
{
    return map_get(&t->live.by_key, id);
}

const struct resource *tree_find_deleted(const struct tree *t, str id)
{
    return map_get(&t->deleted.by_key, id);
}

const struct resource_group *tree_find_group(const struct tree *t, str id)
{
    return map_get(&t->groups.by_key, id);
}

const struct subscription *tree_find_subscription(const struct tree *t, subscription_id id)
{
    return map_get(&t->subscriptions.by_key, guid_key(&id.g));
}

const struct mgmt_group *tree_find_mgmt_group(const struct tree *t, str name)
{
    return map_get(&t->mgmt_groups.by_key, name);
}

const struct lock *tree_find_lock(const struct tree *t, str id)
{
    return map_get(&t->locks.by_key, id);
}

const struct resource *tree_find_global(const struct tree *t, str type, str name, bool is_deleted)
{
    const struct map *names = names_of(t, type, is_deleted);
    return names ? map_get(names, name) : NULL;
}

static const struct mgmt_entry *mgmt_entry_above(const struct tree *t, const struct mgmt_entry *p)
{
    return mgmt_entry_of(entry_at(&t->mgmt_groups, mgmt_group_in(p)->parent));
}

static bool is_listed(const str *scopes, size_t n, str scope)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(scopes[i], scope)) return true;
    return false;
}

// The way up from `nearest`, each scope once and `without` never, and the root group at its end.
static enum err way_up(struct call *c, const struct tree *t, const struct mgmt_entry *nearest, str without, const str **out, size_t *out_n)
{
    str   *scopes;
    size_t room = 1, n = 0;
    // A cycle would go on for ever: no way up is longer than there are groups.
    for (const struct mgmt_entry *p = nearest; p && room <= t->mgmt_groups.order.n; p = mgmt_entry_above(t, p)) room++;
    TRY(NEW(c, &scopes, room));
    for (const struct mgmt_entry *p = nearest; p && !str_eq(p->scope, without) && !is_listed(scopes, n, p->scope); p = mgmt_entry_above(t, p))
        TRY(call_copy_str(c, p->scope, &scopes[n++]));
    if (t->root && !is_listed(scopes, n, t->root->scope)) TRY(call_copy_str(c, t->root->scope, &scopes[n++]));
    *out = scopes;
    *out_n = n;
    return OK;
}

static enum err no_way_up(const str **out, size_t *out_n)
{
    *out = NULL;
    *out_n = 0;
    return OK;
}

enum err tree_above(struct call *c, const struct tree *t, subscription_id id, const str **out, size_t *out_n)
{
    const struct subscription *s = tree_find_subscription(t, id);
    return s ? way_up(c, t, mgmt_entry_of(entry_at(&t->mgmt_groups, s->mgmt_group)), STR_NONE, out, out_n) : no_way_up(out, out_n);
}

enum err tree_above_mgmt_group(struct call *c, const struct tree *t, str name, const str **out, size_t *out_n)
{
    const struct mgmt_entry *p = mgmt_entry_of(entry_at(&t->mgmt_groups, name));
    if (p && p == t->root) return no_way_up(out, out_n);
    return way_up(c, t, p ? mgmt_entry_above(t, p) : NULL, p ? p->scope : STR_NONE, out, out_n);
}

// The first in the collection whose key begins with the prefix and is past `after`.
static struct order_node *first_with(const struct collection *s, str prefix, str after)
{
    bool               goes_on = !str_empty(after) && str_cmp_nocase(after, prefix) >= 0;
    struct order_node *node = goes_on ? order_behind(&s->order, after) : order_from(&s->order, prefix);
    return node && str_starts_nocase(node->key, prefix) ? node : NULL;
}

static struct order_node *next_with(const struct order_node *node, str prefix)
{
    return node->after && str_starts_nocase(node->after->key, prefix) ? node->after : NULL;
}

static struct order_node *first_past(const struct order *o, str after)
{
    return str_empty(after) ? o->first : order_behind(o, after);
}

// Walking a range needs "path/": a path alone also begins what stands beside it (rg1, rg10).
struct prefix {
    size_t n;
    char   text[SCOPE_MAX_BYTES + sizeof LOCK_PATH];
};

static bool prefix_of(str path, str behind, struct prefix *out)
{
    if (str_ends(path, S("/"))) path.n--;
    if (path.n > SCOPE_MAX_BYTES) return false; // no id is that long
    if (path.n) memcpy(out->text, path.at, path.n);
    memcpy(out->text + path.n, behind.at, behind.n);
    out->n = path.n + behind.n;
    return true;
}

static bool prefix_below(str path, struct prefix *out)
{
    return prefix_of(path, str_empty(path) || str_eq(path, S("/")) ? S("") : S("/"), out);
}

static const struct resource *resource_at(struct order_node *node)
{
    return (const struct resource *)entry_of(node)->record;
}

typedef bool visit_resource(const struct resource *r, void *ctx);

static void each_below(const struct collection *s, str under, str after, visit_resource *visit, void *ctx)
{
    struct prefix p;
    if (!prefix_below(under, &p)) return;
    str                prefix = {p.text, p.n};
    struct order_node *node = first_with(s, prefix, after);
    while (node && visit(resource_at(node), ctx)) node = next_with(node, prefix);
}

void tree_each_resource(const struct tree *t, str under, str after, visit_resource *visit, void *ctx)
{
    each_below(&t->live, under, after, visit, ctx);
}

void tree_each_deleted(const struct tree *t, str under, str after, visit_resource *visit, void *ctx)
{
    each_below(&t->deleted, under, after, visit, ctx);
}

void tree_each_group(const struct tree *t, subscription_id s, str after, bool (*visit)(const struct resource_group *g, void *ctx), void *ctx)
{
    struct prefix    p;
    struct guid_text id = guid_text(s.g);
    p.n = (size_t)snprintf(p.text, sizeof p.text, "/subscriptions/%s/", id.s);
    str                prefix = {p.text, p.n};
    struct order_node *node = first_with(&t->groups, prefix, after);
    while (node && visit((const struct resource_group *)entry_of(node)->record, ctx)) node = next_with(node, prefix);
}

void tree_each_subscription(const struct tree *t, const subscription_id *after, bool (*visit)(const struct subscription *s, void *ctx), void *ctx)
{
    struct order_node *node = first_past(&t->subscriptions.order, after ? guid_key(&after->g) : STR_NONE);
    while (node && visit((const struct subscription *)entry_of(node)->record, ctx)) node = node->after;
}

void tree_each_mgmt_group(const struct tree *t, str after, bool (*visit)(const struct mgmt_group *g, void *ctx), void *ctx)
{
    struct order_node *node = first_past(&t->mgmt_groups.order, after);
    while (node && visit((const struct mgmt_group *)entry_of(node)->record, ctx)) node = node->after;
}

void tree_each_user_of(const struct tree *t, str id, str after, visit_resource *visit, void *ctx)
{
    const struct users *u = map_get(&t->users, id);
    struct order_node  *node = u ? first_past(&u->by_id, after) : NULL;
    while (node && visit((const struct resource *)CONTAINER_OF(node, struct use, node)->carrier->entry.record, ctx)) node = node->after;
}

size_t tree_count_users_of(const struct tree *t, str id)
{
    const struct users *u = map_get(&t->users, id);
    return u ? u->by_id.n : 0;
}

typedef bool visit_lock(const struct lock *l, void *ctx);

static void each_lock(const struct tree *t, const struct prefix *p, str after, visit_lock *visit, void *ctx)
{
    str                prefix = {p->text, p->n};
    struct order_node *node = first_with(&t->locks, prefix, after);
    while (node && visit((const struct lock *)entry_of(node)->record, ctx)) node = next_with(node, prefix);
}

void tree_each_lock_at(const struct tree *t, str scope, str after, visit_lock *visit, void *ctx)
{
    struct prefix p;
    if (prefix_of(scope, S(LOCK_PATH), &p)) each_lock(t, &p, after, visit, ctx);
}

void tree_each_lock(const struct tree *t, str scope, str after, visit_lock *visit, void *ctx)
{
    struct prefix p;
    if (prefix_below(scope, &p)) each_lock(t, &p, after, visit, ctx);
}

size_t tree_lock_count(const struct tree *t)
{
    return t->locks.order.n;
}
