#include "ops/world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/report.h"

// Each record kind that is held in memory: how it is packed, keyed, and put into a world.
struct kind_row {
    enum store_kind kind;
    enum err (*unpack)(struct call *c, bytes body, struct ref **out);
    void (*pack)(struct buf *b, const struct ref *record);
    void (*key)(struct buf *b, const struct ref *record);
    bool (*put)(struct world *w, struct ref *record);
    void (*remove)(struct world *w, const struct ref *record);
};

// A row's functions for a record type whose ref comes first: the casts are in this one place.
#define ROW_FUNCTIONS(name, type, unpack_fn, pack_fn)                                       \
    _Static_assert(offsetof(struct type, ref) == 0, "a record begins with its ref");        \
    static enum err name##_unpack_row(struct call *c, bytes body, struct ref **out)         \
    {                                                                                       \
        struct type *record;                                                                \
        TRY(unpack_fn(c, body, &record));                                                   \
        *out = &record->ref;                                                                \
        return OK;                                                                          \
    }                                                                                       \
    static void name##_pack_row(struct buf *b, const struct ref *record)                    \
    {                                                                                       \
        pack_fn(b, (const struct type *)record);                                            \
    }

ROW_FUNCTIONS(principal, principal, principal_unpack, principal_pack)
ROW_FUNCTIONS(membership, membership, membership_unpack, membership_pack)
ROW_FUNCTIONS(revocation, revocation, revocation_unpack, revocation_pack)
ROW_FUNCTIONS(subscription, subscription, subscription_unpack, subscription_pack)
ROW_FUNCTIONS(mgmt_group, mgmt_group, mgmt_group_unpack, mgmt_group_pack)
ROW_FUNCTIONS(group, resource_group, resource_group_unpack, resource_group_pack)
ROW_FUNCTIONS(resource, resource, resource_unpack, resource_pack)
ROW_FUNCTIONS(role, role, role_unpack, role_pack)
ROW_FUNCTIONS(assignment, assignment, assignment_unpack, assignment_pack)
ROW_FUNCTIONS(deny, deny_assignment, deny_unpack, deny_pack)

static void add_guid_key(struct buf *b, guid g)
{
    buf_add(b, guid_key(&g));
}

static void add_lower_key(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) buf_add_char(b, char_lower(s.at[i]));
}

static void principal_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct principal *)r)->id.g);
}

static bool principal_put(struct world *w, struct ref *r)
{
    return directory_put(w->directory, (struct principal *)r);
}

static void principal_remove(struct world *w, const struct ref *r)
{
    directory_remove(w->directory, ((const struct principal *)r)->id);
}

static void membership_key(struct buf *b, const struct ref *r)
{
    const struct membership *m = (const struct membership *)r;
    add_guid_key(b, m->group.g);
    add_guid_key(b, m->member.g);
}

static bool membership_put(struct world *w, struct ref *r)
{
    return directory_put_membership(w->directory, (struct membership *)r);
}

static void membership_remove(struct world *w, const struct ref *r)
{
    const struct membership *m = (const struct membership *)r;
    directory_remove_membership(w->directory, m->group, m->member);
}

static void revocation_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct revocation *)r)->principal.g);
}

static bool revocation_put(struct world *w, struct ref *r)
{
    return directory_put_revocation(w->directory, (struct revocation *)r);
}

static void revocation_remove(struct world *w, const struct ref *r)
{
    directory_remove_revocation(w->directory, ((const struct revocation *)r)->principal);
}

static void subscription_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct subscription *)r)->id.g);
}

static bool subscription_put(struct world *w, struct ref *r)
{
    return tree_put_subscription(w->tree, (struct subscription *)r);
}

static void subscription_remove(struct world *w, const struct ref *r)
{
    tree_remove_subscription(w->tree, ((const struct subscription *)r)->id);
}

static void mgmt_group_key(struct buf *b, const struct ref *r)
{
    add_lower_key(b, ((const struct mgmt_group *)r)->name);
}

static bool mgmt_group_put(struct world *w, struct ref *r)
{
    return tree_put_mgmt_group(w->tree, (struct mgmt_group *)r);
}

static void mgmt_group_remove(struct world *w, const struct ref *r)
{
    tree_remove_mgmt_group(w->tree, ((const struct mgmt_group *)r)->name);
}

static void group_key(struct buf *b, const struct ref *r)
{
    add_lower_key(b, ((const struct resource_group *)r)->id);
}

static bool group_put(struct world *w, struct ref *r)
{
    return tree_put_group(w->tree, (struct resource_group *)r);
}

static void group_remove(struct world *w, const struct ref *r)
{
    tree_remove_group(w->tree, ((const struct resource_group *)r)->id);
}

// A deleted resource may stand beside a living one of the same id: the mark in front keeps them apart.
static void resource_key(struct buf *b, const struct ref *r)
{
    const struct resource *x = (const struct resource *)r;
    buf_add(b, x->deleted_ns ? S("deleted:") : S("live:"));
    add_lower_key(b, x->id);
}

static bool resource_put(struct world *w, struct ref *r)
{
    return tree_put_resource(w->tree, (struct resource *)r);
}

static void resource_remove(struct world *w, const struct ref *r)
{
    const struct resource *x = (const struct resource *)r;
    tree_remove_resource(w->tree, x->id, x->deleted_ns != 0);
}

static void role_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct role *)r)->id);
}

static bool role_put(struct world *w, struct ref *r)
{
    return rbac_put_role(w->rules, (struct role *)r);
}

static void role_remove(struct world *w, const struct ref *r)
{
    rbac_remove_role(w->rules, ((const struct role *)r)->id);
}

static void assignment_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct assignment *)r)->id);
}

static bool assignment_put(struct world *w, struct ref *r)
{
    return rbac_put_assignment(w->rules, (struct assignment *)r);
}

static void assignment_remove(struct world *w, const struct ref *r)
{
    rbac_remove_assignment(w->rules, ((const struct assignment *)r)->id);
}

static void deny_key(struct buf *b, const struct ref *r)
{
    add_guid_key(b, ((const struct deny_assignment *)r)->id);
}

static bool deny_put(struct world *w, struct ref *r)
{
    return rbac_put_deny(w->rules, (struct deny_assignment *)r);
}

static void deny_remove(struct world *w, const struct ref *r)
{
    rbac_remove_deny(w->rules, ((const struct deny_assignment *)r)->id);
}

#define ROW(KIND, name) {STORE_##KIND, name##_unpack_row, name##_pack_row, name##_key, name##_put, name##_remove}
static const struct kind_row KINDS[] = { // in the order of loading: a record after what it refers to
    ROW(MGMT_GROUP, mgmt_group), ROW(SUBSCRIPTION, subscription), ROW(GROUP, group), ROW(PRINCIPAL, principal),
    ROW(MEMBERSHIP, membership), ROW(RESOURCE, resource),         ROW(ROLE, role),   ROW(ASSIGNMENT, assignment),
    ROW(DENY, deny),             ROW(REVOCATION, revocation),
};
#undef ROW

static const struct kind_row *row_of(enum store_kind kind)
{
    for (size_t i = 0; i < COUNT(KINDS); i++)
        if (KINDS[i].kind == kind) return &KINDS[i];
    abort(); // a kind that is not held in memory cannot be changed in it
}

#define CHANGES_KEPT 4096 // room for that many is kept from turn to turn

// How deep a thread is inside the published copy, and which copy that is. One cache line each.
struct reader {
    _Alignas(64) _Atomic uint32_t depth;
    _Atomic uint32_t              side; // 0 or 1: valid while depth > 0
};

struct worlds {
    struct world     sides[2];
    _Atomic uint32_t published; // index of the copy that is read
    struct change   *changes;   // of this turn; or, if is_behind, those that the idle copy lacks yet
    size_t           change_n, change_room;
    bool             is_behind;
    atomic_bool      is_waited_for; // the writer waits for a reader to leave
    pthread_mutex_t  lock;          // for that wait alone
    pthread_cond_t   has_left;
    struct reader    readers[WORLD_MAX_READERS];
};

static bool world_init(struct world *w)
{
    *w = (struct world){directory_new(), tree_new(), rbac_rules_new()};
    return w->directory && w->tree && w->rules;
}

static void world_clear(struct world *w)
{
    if (w->directory) directory_free(w->directory);
    if (w->tree) tree_free(w->tree);
    if (w->rules) rbac_rules_free(w->rules);
}

static void drop_change(struct change *change)
{
    ref_drop(change->before);
    ref_drop(change->after);
}

// Takes the change's references over, also on failure.
static enum err remember(struct call *c, struct worlds *w, struct change change)
{
    if (w->change_n == w->change_room) {
        size_t         room = w->change_room ? w->change_room * 2 : 64;
        struct change *more = realloc(w->changes, room * sizeof *more);
        if (!more) {
            drop_change(&change);
            return FAIL_PLAIN(c, ERR_NO_MEMORY);
        }
        w->changes = more;
        w->change_room = room;
    }
    w->changes[w->change_n++] = change;
    return OK;
}

void worlds_free(struct worlds *w)
{
    if (!w) return;
    while (w->change_n > 0) drop_change(&w->changes[--w->change_n]); // no copy is looked at any more
    free(w->changes);
    world_clear(&w->sides[0]);
    world_clear(&w->sides[1]);
    pthread_cond_destroy(&w->has_left);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void free_worlds(struct worlds **w)
{
    worlds_free(*w);
}

struct loading {
    struct worlds         *worlds;
    const struct kind_row *row;
};

static enum err load_record(struct call *c, str key, bytes body, void *context)
{
    struct loading *l = context;
    struct ref     *record;
    (void)key;
    TRY(l->row->unpack(c, body, &record));
    if (!l->row->put(&l->worlds->sides[0], record)) {
        ref_drop(record);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    return remember(c, l->worlds, (struct change){.kind = l->row->kind, .after = record}); // for the other copy
}

enum err worlds_load(struct call *c, struct store_session *session, struct worlds **out)
{
    CLEANUP(free_worlds) struct worlds *w = NULL;
    w = aligned_alloc(_Alignof(struct reader), sizeof *w);
    if (!w) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    memset(w, 0, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_left, NULL);
    if (!world_init(&w->sides[0]) || !world_init(&w->sides[1])) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < COUNT(KINDS); i++) {
        struct loading l = {.worlds = w, .row = &KINDS[i]};
        TRY(store_scan(c, session, KINDS[i].kind, &(struct store_range){0}, load_record, &l));
    }
    w->is_behind = true;
    *out = TAKE(w);
    return OK;
}

const struct world *world_enter(struct worlds *w, unsigned row)
{
    struct reader *r = &w->readers[row];
    if (atomic_load_explicit(&r->depth, memory_order_relaxed) > 0) {
        atomic_fetch_add_explicit(&r->depth, 1, memory_order_relaxed);
        return &w->sides[atomic_load_explicit(&r->side, memory_order_relaxed)];
    }
    // The mark goes up before the copy is chosen, and the choice is made again if the writer published
    // in between: so the writer either sees the mark, or this reader sees the new copy.
    for (;;) {
        uint32_t side = atomic_load(&w->published);
        atomic_store(&r->side, side);
        atomic_store(&r->depth, 1);
        if (atomic_load(&w->published) == side) return &w->sides[side];
        atomic_store(&r->depth, 0);
    }
}

// The mark goes down before the look at the writer's, which goes up before its look at this one: either the
// writer sees that nobody is there, or this reader sees that it is waited for.
void world_leave(struct worlds *w, unsigned row)
{
    bool has_left = atomic_fetch_sub(&w->readers[row].depth, 1) == 1;
    if (!has_left || !atomic_load(&w->is_waited_for)) return;
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->has_left);
    pthread_mutex_unlock(&w->lock);
}

static struct world *draft(const struct worlds *w)
{
    return (struct world *)&w->sides[1 - atomic_load_explicit(&w->published, memory_order_relaxed)];
}

const struct world *world_draft(struct worlds *w)
{
    worlds_complete(w);
    return draft(w);
}

// Memory that runs out between the store and the indexes leaves no way back; what is on disk is whole.
static void apply(struct world *to, enum store_kind kind, struct ref *before, struct ref *after)
{
    const struct kind_row *row = row_of(kind);
    if (before && !after) row->remove(to, before);
    if (!after || row->put(to, after)) return;
    report(REPORT_ERROR, "ops: out of memory", "what=\"stopping; start the server again with more memory\"");
    abort();
}

static enum err write_record(struct call *c, struct store_session *session, const struct change *change)
{
    const struct kind_row *row = row_of(change->kind);
    struct buf             key, body;
    str                    key_text, body_text;
    buf_init(&key, &c->arena);
    row->key(&key, change->after ? change->after : change->before);
    TRY(buf_finish(c, &key, &key_text));
    if (!change->after) return store_remove(c, session, change->kind, key_text);
    buf_init(&body, &c->arena);
    row->pack(&body, change->after);
    TRY(buf_finish(c, &body, &body_text));
    return store_put(c, session, change->kind, key_text, str_bytes(body_text));
}

enum err world_change(struct call *c, struct worlds *w, struct store_session *session, enum store_kind kind,
                      const struct ref *before, struct ref *after)
{
    struct change change = {.kind = kind, .before = (struct ref *)before, .after = after};
    if (before) ref_take(change.before);
    worlds_complete(w);
    enum err failed = write_record(c, session, &change);
    if (failed != OK) {
        drop_change(&change);
        return failed;
    }
    TRY(remember(c, w, change));
    apply(draft(w), change.kind, change.before, change.after);
    return OK;
}

static bool is_read(struct worlds *w, uint32_t side)
{
    for (size_t i = 0; i < COUNT(w->readers); i++) {
        struct reader *r = &w->readers[i];
        if (atomic_load(&r->depth) > 0 && atomic_load(&r->side) == side) return true;
    }
    return false;
}

static void wait_for_readers(struct worlds *w, uint32_t side)
{
    if (!is_read(w, side)) return;
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->is_waited_for, true);
    while (is_read(w, side)) pthread_cond_wait(&w->has_left, &w->lock);
    atomic_store(&w->is_waited_for, false);
    pthread_mutex_unlock(&w->lock);
}

// What was loaded is, to the idle copy, a turn of changes like any other.
void worlds_complete(struct worlds *w)
{
    if (!w->is_behind) return;
    wait_for_readers(w, 1 - atomic_load_explicit(&w->published, memory_order_relaxed));
    for (size_t i = 0; i < w->change_n; i++) {
        apply(draft(w), w->changes[i].kind, w->changes[i].before, w->changes[i].after);
        drop_change(&w->changes[i]);
    }
    w->change_n = 0;
    w->is_behind = false;
    if (w->change_room <= CHANGES_KEPT) return;
    free(w->changes); // of loading: a turn never needs that much again
    w->changes = NULL;
    w->change_room = 0;
}

size_t world_changes(const struct worlds *w)
{
    return w->is_behind ? 0 : w->change_n;
}

void world_undo(struct worlds *w, size_t keep)
{
    while (!w->is_behind && w->change_n > keep) {
        struct change *change = &w->changes[--w->change_n];
        apply(draft(w), change->kind, change->after, change->before);
        drop_change(change);
    }
}

void world_publish(struct worlds *w)
{
    if (world_changes(w) == 0) return;
    atomic_store(&w->published, 1 - atomic_load(&w->published));
    w->is_behind = true;
}
