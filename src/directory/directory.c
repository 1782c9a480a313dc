#include "directory/directory.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/order.h"

// A principal's place in the order of ids.
struct entry {
    struct order_node by_id;
    struct principal *p;
};

// Whoever is at either end of a membership. It stays while it has one.
struct node {
    object_id               id; // a copy: records come and go while the node stays
    const struct principal *p;  // NULL while the directory holds none of that id
    struct order            members, groups;
};

struct edge {
    struct order_node  in_group, in_member; // among the group's members, among the member's groups
    struct node       *group, *member;
    struct membership *m;
};

struct directory {
    struct map   by_id, by_app, by_user, by_user_assigned, by_system_assigned; // of principals
    struct order ids;                                                          // of entries
    size_t       kind_n[PRINCIPAL_MANAGED + 1];
    struct map   nodes;
    struct map   revocations; // by principal
    size_t       ended_n;     // of memberships: most directories have none, and need not be searched for them
    uint64_t     seed;
};

struct directory *directory_new(void)
{
    struct directory *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->seed = hash_seed_new();
    map_init(&d->by_id, false);
    map_init(&d->by_app, false);
    map_init(&d->by_user, true);
    map_init(&d->by_user_assigned, true);
    map_init(&d->by_system_assigned, true);
    map_init(&d->nodes, false);
    map_init(&d->revocations, false);
    order_init(&d->ids, d->seed, false);
    return d;
}

static struct entry *entry_of(struct order_node *node)
{
    return node ? CONTAINER_OF(node, struct entry, by_id) : NULL;
}

static struct edge *edge_in_group(struct order_node *n)
{
    return n ? CONTAINER_OF(n, struct edge, in_group) : NULL;
}

static struct edge *edge_in_member(struct order_node *n)
{
    return n ? CONTAINER_OF(n, struct edge, in_member) : NULL;
}

static void free_memberships(struct directory *d)
{
    struct node *n;
    for (size_t at = 0; (n = map_next(&d->nodes, &at));) {
        for (struct order_node *member = n->members.first; member;) {
            struct edge *e = edge_in_group(member);
            member = member->after;
            ref_drop(&e->m->ref);
            free(e);
        }
        free(n);
    }
    map_clear(&d->nodes);
}

static void free_revocations(struct directory *d)
{
    struct revocation *r;
    for (size_t at = 0; (r = map_next(&d->revocations, &at));) ref_drop(&r->ref);
    map_clear(&d->revocations);
}

void directory_free(struct directory *d)
{
    if (!d) return;
    for (struct order_node *node = d->ids.first; node;) {
        struct entry *e = entry_of(node);
        node = node->after;
        ref_drop(&e->p->ref);
        free(e);
    }
    free_memberships(d);
    free_revocations(d);
    map_clear(&d->by_id);
    map_clear(&d->by_app);
    map_clear(&d->by_user);
    map_clear(&d->by_user_assigned);
    map_clear(&d->by_system_assigned);
    free(d);
}

// The other keys a principal is found by: which table, and what; an empty key is none.
enum { KEY_N = 4 };
struct key {
    struct map *table;
    str         text;
};

static void keys_of(struct directory *d, const struct principal *p, struct key out[KEY_N])
{
    out[0] = (struct key){&d->by_id, guid_key(&p->id.g)};
    out[1] = (struct key){&d->by_app, guid_is_none(p->app.g) ? STR_NONE : guid_key(&p->app.g)};
    out[2] = (struct key){&d->by_user, p->user_name};
    out[3] = (struct key){p->is_system_assigned ? &d->by_system_assigned : &d->by_user_assigned, p->resource};
}

static bool reserve_keys(struct directory *d, const struct principal *p)
{
    struct key keys[KEY_N];
    keys_of(d, p, keys);
    for (size_t i = 0; i < KEY_N; i++)
        if (keys[i].text.n && !map_reserve(keys[i].table)) return false;
    return true;
}

static void put_keys(struct directory *d, struct principal *p)
{
    struct key keys[KEY_N];
    keys_of(d, p, keys);
    for (size_t i = 0; i < KEY_N; i++)
        if (keys[i].text.n) map_put_reserved(keys[i].table, keys[i].text, p);
}

static void remove_keys(struct directory *d, const struct principal *p)
{
    struct key keys[KEY_N];
    keys_of(d, p, keys);
    for (size_t i = 0; i < KEY_N; i++) // a key that another principal took over meanwhile is its own
        if (keys[i].text.n && map_get(keys[i].table, keys[i].text) == p) map_remove(keys[i].table, keys[i].text);
}

static struct node *node_of(const struct directory *d, object_id id)
{
    return map_get(&d->nodes, guid_key(&id.g));
}

static void tell_node(struct directory *d, object_id id, const struct principal *p)
{
    struct node *n = node_of(d, id);
    if (n) n->p = p;
}

bool directory_put(struct directory *d, struct principal *p)
{
    struct entry *fresh = malloc(sizeof *fresh);
    if (!fresh || !reserve_keys(d, p)) {
        free(fresh);
        return false;
    }
    ref_take(&p->ref);
    fresh->p = p;
    directory_remove(d, p->id);
    put_keys(d, p);
    order_put(&d->ids, guid_key(&p->id.g), &fresh->by_id);
    d->kind_n[p->kind]++;
    tell_node(d, p->id, p);
    return true;
}

void directory_remove(struct directory *d, object_id id)
{
    struct entry *e = entry_of(order_find(&d->ids, guid_key(&id.g)));
    if (!e) return;
    tell_node(d, id, NULL);
    remove_keys(d, e->p);
    order_remove(&d->ids, &e->by_id);
    d->kind_n[e->p->kind]--;
    ref_drop(&e->p->ref);
    free(e);
}

// The node of an id, made if it is not there; NULL: no memory.
static struct node *take_node(struct directory *d, object_id id)
{
    struct node *n = node_of(d, id);
    if (n) return n;
    n = malloc(sizeof *n);
    if (!n) return NULL;
    *n = (struct node){.id = id, .p = directory_find(d, id)};
    order_init(&n->members, d->seed, false);
    order_init(&n->groups, d->seed, false);
    if (map_put(&d->nodes, guid_key(&n->id.g), n, NULL)) return n;
    free(n);
    return NULL;
}

static void drop_idle_node(struct directory *d, object_id id)
{
    struct node *n = node_of(d, id);
    if (!n || n->members.n || n->groups.n) return;
    map_remove(&d->nodes, guid_key(&n->id.g));
    free(n);
}

static struct edge *find_edge(const struct directory *d, object_id group, object_id member)
{
    const struct node *n = node_of(d, group);
    return n ? edge_in_group(order_find(&n->members, guid_key(&member.g))) : NULL;
}

static bool has_ended(const struct membership *m)
{
    return m->counts_until_ns != 0;
}

static void replace_record(struct directory *d, struct edge *e, struct membership *m)
{
    d->ended_n += has_ended(m);
    d->ended_n -= has_ended(e->m);
    e->in_group.key = guid_key(&m->member.g); // the old ones point into the old record
    e->in_member.key = guid_key(&m->group.g);
    ref_take(&m->ref);
    ref_drop(&e->m->ref);
    e->m = m;
}

bool directory_put_membership(struct directory *d, struct membership *m)
{
    struct edge *e = find_edge(d, m->group, m->member);
    if (e) {
        replace_record(d, e, m);
        return true;
    }
    struct node *group = take_node(d, m->group), *member = take_node(d, m->member);
    e = malloc(sizeof *e);
    if (!group || !member || !e) {
        drop_idle_node(d, m->group);
        drop_idle_node(d, m->member);
        free(e);
        return false;
    }
    *e = (struct edge){.group = group, .member = member, .m = m};
    ref_take(&m->ref);
    d->ended_n += has_ended(m);
    order_put(&group->members, guid_key(&m->member.g), &e->in_group);
    order_put(&member->groups, guid_key(&m->group.g), &e->in_member);
    return true;
}

void directory_remove_membership(struct directory *d, object_id group, object_id member)
{
    struct edge *e = find_edge(d, group, member);
    if (!e) return;
    order_remove(&e->group->members, &e->in_group);
    order_remove(&e->member->groups, &e->in_member);
    drop_idle_node(d, group);
    drop_idle_node(d, member);
    d->ended_n -= has_ended(e->m);
    ref_drop(&e->m->ref);
    free(e);
}

const struct principal *directory_find(const struct directory *d, object_id id)
{
    return map_get(&d->by_id, guid_key(&id.g));
}

const struct principal *directory_find_app(const struct directory *d, client_id app)
{
    return map_get(&d->by_app, guid_key(&app.g));
}

const struct principal *directory_find_user(const struct directory *d, str user_name)
{
    return map_get(&d->by_user, user_name);
}

const struct principal *directory_find_managed(const struct directory *d, str resource, bool is_system_assigned)
{
    return map_get(is_system_assigned ? &d->by_system_assigned : &d->by_user_assigned, resource);
}

// A closure while it grows: ids in the order they came, each once, and their nodes. The slots
// hold places in `ids`, counted from 1; 0 is free.
struct closure {
    object_id          *ids;
    const struct node **nodes;
    size_t              n, room;
    uint32_t           *slots;
    size_t              slot_n; // a power of two, twice the room
    uint64_t            seed;
};

static uint32_t *slot_of(const struct closure *s, object_id id)
{
    size_t at = hash_guid(s->seed, id.g) & (s->slot_n - 1);
    while (s->slots[at] && !object_id_eq(s->ids[s->slots[at] - 1], id)) at = (at + 1) & (s->slot_n - 1);
    return &s->slots[at];
}

static enum err grow(struct call *c, struct closure *s)
{
    struct closure larger = {.n = s->n, .room = s->room ? s->room * 2 : 16, .seed = s->seed};
    larger.slot_n = larger.room * 2;
    TRY(NEW(c, &larger.ids, larger.room));
    TRY(NEW(c, &larger.nodes, larger.room));
    TRY(NEW(c, &larger.slots, larger.slot_n));
    for (size_t i = 0; i < s->n; i++) {
        larger.ids[i] = s->ids[i];
        larger.nodes[i] = s->nodes[i];
        *slot_of(&larger, s->ids[i]) = (uint32_t)i + 1;
    }
    *s = larger;
    return OK;
}

static enum err add(struct call *c, struct closure *s, const struct node *n)
{
    if (s->n == s->room) TRY(grow(c, s));
    uint32_t *slot = slot_of(s, n->id);
    if (*slot) return OK;
    s->ids[s->n] = n->id;
    s->nodes[s->n++] = n;
    *slot = (uint32_t)s->n;
    return OK;
}

static bool counts_at(const struct membership *m, int64_t at_ns)
{
    return m->counts_from_ns <= at_ns && (m->counts_until_ns == 0 || at_ns < m->counts_until_ns);
}

static enum err add_groups_of(struct call *c, const struct node *member, int64_t at_ns, struct closure *s)
{
    for (struct order_node *at = member->groups.first; at; at = at->after) {
        const struct edge *e = edge_in_member(at);
        bool               is_group = e->group->p && e->group->p->kind == PRINCIPAL_GROUP;
        if (is_group && counts_at(e->m, at_ns)) TRY(add(c, s, e->group));
    }
    return OK;
}

static enum err add_members_of(struct call *c, const struct node *group, int64_t at_ns, struct closure *s)
{
    if (!group->p || group->p->kind != PRINCIPAL_GROUP) return OK;
    for (struct order_node *at = group->members.first; at; at = at->after) {
        const struct edge *e = edge_in_group(at);
        if (e->member->p && counts_at(e->m, at_ns)) TRY(add(c, s, e->member));
    }
    return OK;
}

typedef enum err add_neighbours(struct call *c, const struct node *n, int64_t at_ns, struct closure *s);

// Level by level, the one that `s` holds being `depth`: what is added while a level is looked through is the next one.
static enum err follow(struct call *c, struct closure *s, unsigned depth, int64_t at_ns, add_neighbours *add_of)
{
    size_t at = 0;
    for (; at < s->n && depth < DIRECTORY_MAX_GROUP_DEPTH; depth++)
        for (size_t end = s->n; at < end; at++) TRY(add_of(c, s->nodes[at], at_ns, s));
    return OK;
}

static enum err only(struct call *c, object_id who, const object_id **out, size_t *out_n)
{
    object_id *ids;
    TRY(NEW(c, &ids, 1));
    *ids = who;
    *out = ids;
    *out_n = 1;
    return OK;
}

enum err directory_closure(struct call *c, const struct directory *d, object_id who, int64_t at_ns, const object_id **out, size_t *out_n)
{
    const struct node *n = node_of(d, who);
    if (!n || !n->p) return only(c, who, out, out_n); // most principals are in no group
    struct closure s = {.seed = d->seed};
    TRY(add(c, &s, n));
    TRY(follow(c, &s, 0, at_ns, add_groups_of));
    *out = s.ids;
    *out_n = s.n;
    return OK;
}

enum err directory_members(struct call *c, const struct directory *d, object_id group, int64_t at_ns, const object_id **out, size_t *out_n)
{
    const struct node *n = node_of(d, group);
    struct closure     s = {.seed = d->seed};
    if (n) TRY(add_members_of(c, n, at_ns, &s));
    TRY(follow(c, &s, 1, at_ns, add_members_of));
    *out = s.ids;
    *out_n = s.n;
    return OK;
}

bool directory_is_member(const struct directory *d, object_id group, object_id member)
{
    const struct edge *e = find_edge(d, group, member);
    return e && !has_ended(e->m);
}

const struct membership *directory_find_membership(const struct directory *d, object_id group, object_id member)
{
    const struct edge *e = find_edge(d, group, member);
    return e ? e->m : NULL;
}

static struct order_node *first_past(const struct order *o, const object_id *after)
{
    return after ? order_behind(o, guid_key(&after->g)) : o->first;
}

void directory_each(const struct directory *d, const object_id *after, bool (*visit)(const struct principal *p, void *ctx), void *ctx)
{
    for (struct order_node *node = first_past(&d->ids, after); node && visit(entry_of(node)->p, ctx);) node = node->after;
}

void directory_each_member(const struct directory *d, object_id group, const object_id *after, bool (*visit)(const struct membership *m, void *ctx),
                           void *ctx)
{
    const struct node *n = node_of(d, group);
    struct order_node *at = n ? first_past(&n->members, after) : NULL;
    for (; at; at = at->after)
        if (!has_ended(edge_in_group(at)->m) && !visit(edge_in_group(at)->m, ctx)) return;
}

void directory_each_group_of(const struct directory *d, object_id member, const object_id *after,
                             bool (*visit)(const struct membership *m, void *ctx), void *ctx)
{
    const struct node *n = node_of(d, member);
    struct order_node *at = n ? first_past(&n->groups, after) : NULL;
    for (; at; at = at->after)
        if (!has_ended(edge_in_member(at)->m) && !visit(edge_in_member(at)->m, ctx)) return;
}

size_t directory_count(const struct directory *d, unsigned kinds)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT(d->kind_n); i++)
        if (kinds & 1u << i) n += d->kind_n[i];
    return n;
}

void directory_each_ended(const struct directory *d, bool (*visit)(const struct membership *m, void *ctx), void *ctx)
{
    struct node *n;
    for (size_t at = 0; d->ended_n && (n = map_next(&d->nodes, &at));)
        for (struct order_node *member = n->members.first; member; member = member->after)
            if (has_ended(edge_in_group(member)->m) && !visit(edge_in_group(member)->m, ctx)) return;
}

bool directory_put_revocation(struct directory *d, struct revocation *r)
{
    void *before = NULL;
    if (!map_put(&d->revocations, guid_key(&r->principal.g), r, &before)) return false;
    ref_take(&r->ref);
    if (before) ref_drop(&((struct revocation *)before)->ref);
    return true;
}

void directory_remove_revocation(struct directory *d, object_id principal)
{
    struct revocation *r = map_remove(&d->revocations, guid_key(&principal.g));
    if (r) ref_drop(&r->ref);
}

const struct revocation *directory_find_revocation(const struct directory *d, object_id principal)
{
    return map_get(&d->revocations, guid_key(&principal.g));
}

void directory_each_revocation(const struct directory *d, bool (*visit)(const struct revocation *r, void *ctx), void *ctx)
{
    const struct revocation *r;
    for (size_t at = 0; (r = map_next(&d->revocations, &at));)
        if (!visit(r, ctx)) return;
}
