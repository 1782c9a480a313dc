#include "directory/directory.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/order.h"

// A principal's place in the order of ids.
struct entry {
    struct order_node by_id;
    struct principal *p;
};

// One end of memberships: a group's members in order, or a member's groups.
struct side {
    object_id    id; // a copy: records come and go while the side stays
    struct order edges;
};

struct edge {
    struct order_node  in_group, in_member;
    struct side       *group, *member;
    struct membership *m;
};

struct directory {
    struct map   by_id, by_app, by_user, by_user_assigned, by_system_assigned; // of principals
    struct order ids;                                                          // of entries
    struct map   groups, members;                                              // of sides
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
    map_init(&d->groups, false);
    map_init(&d->members, false);
    order_init(&d->ids, d->seed, false);
    return d;
}

static struct entry *entry_of(struct order_node *node)
{
    return node ? CONTAINER_OF(node, struct entry, by_id) : NULL;
}

static void free_sides(struct map *sides)
{
    struct side *s;
    for (size_t at = 0; (s = map_next(sides, &at));) free(s);
    map_clear(sides);
}

static void free_edges(struct directory *d)
{
    struct side *group;
    for (size_t at = 0; (group = map_next(&d->groups, &at));)
        for (struct order_node *node = group->edges.first; node;) {
            struct edge *e = CONTAINER_OF(node, struct edge, in_group);
            node = node->after;
            ref_drop(&e->m->ref);
            free(e);
        }
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
    free_edges(d);
    free_sides(&d->groups);
    free_sides(&d->members);
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

static void remove_entry(struct directory *d, struct entry *e)
{
    remove_keys(d, e->p);
    order_remove(&d->ids, &e->by_id);
    ref_drop(&e->p->ref);
    free(e);
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
    return true;
}

void directory_remove(struct directory *d, object_id id)
{
    struct entry *e = entry_of(order_find(&d->ids, guid_key(&id.g)));
    if (e) remove_entry(d, e);
}

// The side of an id, made if it is not there; NULL: no memory.
static struct side *side_of(struct directory *d, struct map *sides, object_id id)
{
    struct side *s = map_get(sides, guid_key(&id.g));
    if (s) return s;
    s = malloc(sizeof *s);
    if (!s) return NULL;
    s->id = id;
    order_init(&s->edges, d->seed, false);
    if (map_put(sides, guid_key(&s->id.g), s, NULL)) return s;
    free(s);
    return NULL;
}

static void drop_empty_side(struct map *sides, struct side *s)
{
    if (!s || s->edges.n) return;
    map_remove(sides, guid_key(&s->id.g));
    free(s);
}

static struct edge *find_edge(const struct directory *d, object_id group, object_id member)
{
    const struct side *s = map_get(&d->groups, guid_key(&group.g));
    struct order_node *node = s ? order_find(&s->edges, guid_key(&member.g)) : NULL;
    return node ? CONTAINER_OF(node, struct edge, in_group) : NULL;
}

bool directory_put_membership(struct directory *d, struct membership *m)
{
    struct edge *e = find_edge(d, m->group, m->member);
    if (e) { // the sides stand; only the record changes, and the keys that point into it
        e->in_group.key = guid_key(&m->member.g);
        e->in_member.key = guid_key(&m->group.g);
        ref_take(&m->ref);
        ref_drop(&e->m->ref);
        e->m = m;
        return true;
    }
    struct side *group = side_of(d, &d->groups, m->group), *member = side_of(d, &d->members, m->member);
    e = malloc(sizeof *e);
    if (!group || !member || !e) {
        drop_empty_side(&d->groups, group);
        drop_empty_side(&d->members, member);
        free(e);
        return false;
    }
    *e = (struct edge){.group = group, .member = member, .m = m};
    ref_take(&m->ref);
    order_put(&group->edges, guid_key(&m->member.g), &e->in_group);
    order_put(&member->edges, guid_key(&m->group.g), &e->in_member);
    return true;
}

void directory_remove_membership(struct directory *d, object_id group, object_id member)
{
    struct edge *e = find_edge(d, group, member);
    if (!e) return;
    order_remove(&e->group->edges, &e->in_group);
    order_remove(&e->member->edges, &e->in_member);
    drop_empty_side(&d->groups, e->group);
    drop_empty_side(&d->members, e->member);
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

// Ids in the order they came, each once. The slots hold places in `ids`, counted from 1; 0 is free.
struct id_set {
    object_id *ids;
    size_t     n, room;
    uint32_t  *slots;
    size_t     slot_n; // a power of two, at least twice the room
    uint64_t   seed;
};

static uint32_t *slot_of(const struct id_set *s, object_id id)
{
    size_t at = hash_guid(s->seed, id.g) & (s->slot_n - 1);
    while (s->slots[at] && !object_id_eq(s->ids[s->slots[at] - 1], id)) at = (at + 1) & (s->slot_n - 1);
    return &s->slots[at];
}

static enum err grow(struct call *c, struct id_set *s)
{
    struct id_set larger = {.n = s->n, .room = s->room ? s->room * 2 : 8, .seed = s->seed};
    larger.slot_n = larger.room * 2;
    TRY(NEW(c, &larger.ids, larger.room));
    TRY(NEW(c, &larger.slots, larger.slot_n));
    for (size_t i = 0; i < s->n; i++) {
        larger.ids[i] = s->ids[i];
        *slot_of(&larger, s->ids[i]) = (uint32_t)i + 1;
    }
    *s = larger;
    return OK;
}

static enum err add(struct call *c, struct id_set *s, object_id id)
{
    if (s->n == s->room) TRY(grow(c, s));
    uint32_t *slot = slot_of(s, id);
    if (*slot) return OK;
    s->ids[s->n++] = id;
    *slot = (uint32_t)s->n;
    return OK;
}

static bool counts(const struct directory *d, const struct membership *m, int64_t now_ns)
{
    if (m->counts_from_ns > now_ns) return false;
    const struct principal *group = directory_find(d, m->group);
    return group && group->kind == PRINCIPAL_GROUP;
}

static enum err add_groups_of(struct call *c, const struct directory *d, const struct side *member, int64_t now_ns, struct id_set *s)
{
    for (const struct order_node *node = member ? member->edges.first : NULL; node; node = node->after) {
        const struct membership *m = CONTAINER_OF(node, const struct edge, in_member)->m;
        if (counts(d, m, now_ns)) TRY(add(c, s, m->group));
    }
    return OK;
}

enum err directory_closure(struct call *c, const struct directory *d, object_id who, int64_t now_ns, const object_id **out, size_t *out_n)
{
    const struct side *member = map_get(&d->members, guid_key(&who.g));
    if (!member || !directory_find(d, who)) { // the common case: in no group at all
        object_id *only;
        TRY(NEW(c, &only, 1));
        *only = who;
        *out = only;
        *out_n = 1;
        return OK;
    }
    struct id_set s = {.seed = d->seed};
    TRY(add(c, &s, who));
    // Level by level: what is added while a level is looked through is the next one.
    size_t at = 0;
    for (unsigned depth = 0; at < s.n && depth < DIRECTORY_MAX_GROUP_DEPTH; depth++)
        for (size_t end = s.n; at < end; at++)
            TRY(add_groups_of(c, d, map_get(&d->members, guid_key(&s.ids[at].g)), now_ns, &s));
    *out = s.ids;
    *out_n = s.n;
    return OK;
}

bool directory_is_member(const struct directory *d, object_id group, object_id member)
{
    return find_edge(d, group, member) != NULL;
}

void directory_each(const struct directory *d, bool (*visit)(const struct principal *p, void *ctx), void *ctx)
{
    for (struct order_node *node = d->ids.first; node && visit(entry_of(node)->p, ctx);) node = node->after;
}

void directory_each_member(const struct directory *d, object_id group, bool (*visit)(const struct membership *m, void *ctx), void *ctx)
{
    const struct side *s = map_get(&d->groups, guid_key(&group.g));
    struct order_node *node = s ? s->edges.first : NULL;
    while (node && visit(CONTAINER_OF(node, struct edge, in_group)->m, ctx)) node = node->after;
}

void directory_each_group_of(const struct directory *d, object_id member, bool (*visit)(const struct membership *m, void *ctx), void *ctx)
{
    const struct side *s = map_get(&d->members, guid_key(&member.g));
    struct order_node *node = s ? s->edges.first : NULL;
    while (node && visit(CONTAINER_OF(node, struct edge, in_member)->m, ctx)) node = node->after;
}
