#include "rbac/rules.h"

#include <assert.h>
#include <stdlib.h>

#include "rbac/index.h"

#define FEWEST_ITEMS ((size_t)64)

struct rbac_rules *rbac_rules_new(void)
{
    struct rbac_rules *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->seed = hash_seed_new();
    r->root_hash = level_hash(r->seed, S("/"));
    r->item_free = ITEM_NONE;
    r->holders.seed = hash_seed_new();
    places_init(&r->places);
    map_init(&r->roles, false);
    map_init(&r->conditions, false);
    return r;
}

void rbac_rules_free(struct rbac_rules *r)
{
    struct condition *condition;
    if (!r) return;
    for (size_t i = 0; i < r->item_used; i++)
        if (r->items[i].record) ref_drop(&r->items[i].record->ref);
    for (size_t at = 0; (condition = map_next(&r->conditions, &at));) condition_free(condition);
    map_clear(&r->conditions);
    rules_clear_denies(r);
    rules_clear_roles(r);
    places_clear(&r->places);
    holders_clear(&r->holders);
    ids_clear(&r->ids);
    free(r->items);
    free(r);
}

static bool more_items(struct rbac_rules *r)
{
    size_t room = r->item_room + r->item_room / 32 + FEWEST_ITEMS;
    if (room >= ITEM_NONE) return false;
    struct item *items = realloc(r->items, room * sizeof *items);
    if (!items) return false;
    r->items = items;
    r->item_room = (uint32_t)room;
    return true;
}

static uint32_t item_new(struct rbac_rules *r)
{
    uint32_t item = r->item_free;
    if (item != ITEM_NONE) {
        r->item_free = r->items[item].next;
        return item;
    }
    if (r->item_used == r->item_room && !more_items(r)) return ITEM_NONE;
    return r->item_used++;
}

static void item_free(struct rbac_rules *r, uint32_t item)
{
    r->items[item] = (struct item){.next = r->item_free};
    r->item_free = item;
}

static void chain(struct rbac_rules *r, uint32_t item, uint32_t *first)
{
    r->items[item].before = ITEM_NONE;
    r->items[item].next = *first;
    if (*first != ITEM_NONE) r->items[*first].before = item;
    *first = item;
}

static void unchain(struct rbac_rules *r, uint32_t item, uint32_t *first)
{
    const struct item *x = &r->items[item];
    if (x->next != ITEM_NONE) r->items[x->next].before = x->before;
    if (x->before != ITEM_NONE) r->items[x->before].next = x->next;
    else *first = x->next;
}

// With its place, and in the chain of its principal; or with its principal, and in the chain of its place.
static bool stand(struct rbac_rules *r, uint32_t item, struct holder *who, uint64_t who_hash, struct place_slot *slot, uint32_t role)
{
    const struct assignment *a = r->items[item].record;
    if (place_is_low(a->scope)) {
        if (!places_put_low(&r->places, slot, (struct entry){tag_of(who_hash), role, a})) return false;
        who->low_n++;
        chain(r, item, &who->low);
    } else {
        if (!holders_put_high(&r->holders, who, (struct entry){slot->tag, role, a})) return false;
        chain(r, item, &r->places.at[slot->place].high);
    }
    return true;
}

// Some assignment at the place; NULL: there is none yet.
static const struct assignment *any_at(const struct rbac_rules *r, const struct place_slot *slot)
{
    uint32_t high = r->places.at[slot->place].high, i = 0;
    if (high != ITEM_NONE) return r->items[high].record;
    while (slot->low && i < slot->low->room && !holding_records(slot->low)[i]) i++;
    return slot->low && i < slot->low->room ? holding_records(slot->low)[i] : NULL;
}

// Links an item into everything but the ids.
static bool link_item(struct rbac_rules *r, uint32_t item, struct assignment *a)
{
    uint64_t          hash = level_hash(r->seed, a->scope), who_hash = holders_hash(&r->holders, a->principal);
    bool              standing = assignment_lingers_until_ns(a) == 0;
    struct rule_role *role = rules_use_role(r, a->role, standing);
    if (!role) return false;
    struct place_slot       *slot = places_use(&r->places, hash, a->scope);
    struct holder           *who = holders_use(&r->holders, a->principal);
    const struct assignment *other = slot ? any_at(r, slot) : NULL;
    if (other) assignment_share_scope(a, other);
    r->items[item].record = a;
    if (slot && who && stand(r, item, who, who_hash, slot, role->index)) {
        if (standing) places_count(&r->places, slot->place, 1);
        r->assignment_n += standing;
        return true;
    }
    if (slot) places_leave(&r->places, slot);
    if (who) holders_leave(&r->holders, who);
    rules_leave_role(r, a->role, standing);
    return false;
}

static void unlink_item(struct rbac_rules *r, uint32_t item)
{
    const struct assignment *a = r->items[item].record;
    bool                     standing = assignment_lingers_until_ns(a) == 0;
    uint64_t                 who_hash = holders_hash(&r->holders, a->principal);
    struct place_slot       *slot = places_find(&r->places, level_hash(r->seed, a->scope));
    struct holder           *who = holders_find(&r->holders, a->principal, who_hash);
    if (place_is_low(a->scope)) {
        places_remove_low(&r->places, slot, tag_of(who_hash), a);
        unchain(r, item, &who->low);
        who->low_n--;
    } else {
        holders_remove_high(&r->holders, who, slot->tag, a);
        unchain(r, item, &r->places.at[slot->place].high);
    }
    if (standing) places_count(&r->places, slot->place, -1);
    r->assignment_n -= standing;
    places_leave(&r->places, slot);
    holders_leave(&r->holders, who);
    rules_leave_role(r, a->role, standing);
}

// The condition that will stand for the assignment (its key is borrowed from the new record), and the one that stood.
static bool put_condition(struct rbac_rules *r, const struct assignment *a, struct condition **out_old)
{
    struct condition *fresh = NULL;
    *out_old = map_get(&r->conditions, guid_key(&a->id));
    str condition = assignment_condition(a);
    if (!str_empty(condition) && !(fresh = condition_new(condition))) return false;
    if (*out_old) map_remove(&r->conditions, guid_key(&a->id)); // its key lies in the record that goes
    if (!fresh || map_put(&r->conditions, guid_key(&a->id), fresh, NULL)) return true;
    condition_free(fresh);
    return false;
}

static void drop_item(struct rbac_rules *r, uint32_t item)
{
    struct assignment *a = r->items[item].record;
    unlink_item(r, item);
    item_free(r, item);
    ref_drop(&a->ref);
}

bool rbac_put_assignment(struct rbac_rules *r, struct assignment *a)
{
    struct condition *old_condition;
    uint32_t          old = ids_find(&r->ids, r->items, a->id), item;
    if (old == ITEM_NONE && !ids_reserve(&r->ids, r->items, a->id)) return false;
    if ((item = item_new(r)) == ITEM_NONE) return false;
    if (!link_item(r, item, a)) {
        item_free(r, item);
        return false;
    }
    if (!put_condition(r, a, &old_condition)) {
        unlink_item(r, item);
        item_free(r, item);
        return false;
    }
    condition_free(old_condition);
    ref_take(&a->ref);
    ids_put(&r->ids, r->items, a->id, item);
    if (old != ITEM_NONE) drop_item(r, old);
    return true;
}

// What a put reads behind the slots of its place and its principal: the holding, and the ends of the chains.
static void prefetch_behind(const struct rbac_rules *r, const struct place_slot *slot, const struct holder *who)
{
    if (slot && slot->low) holding_prefetch(slot->low);
    else if (slot) memory_prefetch(&r->places.at[slot->place]);
    if (who && who->low != ITEM_NONE) memory_prefetch(&r->items[who->low]);
}

// The record whose scope the put compares with its own, and where the entry goes.
static void prefetch_entry(const struct rbac_rules *r, const struct place_slot *slot, uint64_t who_hash)
{
    const struct assignment *other = slot ? any_at(r, slot) : NULL;
    if (slot && slot->low) holding_prefetch_home(slot->low, tag_of(who_hash));
    if (other) memory_prefetch(&other->scope);
}

// Each loop sends for what the next one reads, and the last one for what the puts read: so the cache misses of many puts overlap.
void rbac_prefetch_assignments(const struct rbac_rules *r, const struct assignment *const *batch, size_t n)
{
    uint64_t                 at[RBAC_PREFETCH_MAX], whose[RBAC_PREFETCH_MAX];
    const struct place_slot *slots[RBAC_PREFETCH_MAX];
    assert(n <= RBAC_PREFETCH_MAX);
    if (r->holders.n == 0) return;
    for (size_t i = 0; i < n; i++) {
        at[i] = level_hash(r->seed, batch[i]->scope);
        whose[i] = holders_hash(&r->holders, batch[i]->principal);
        places_prefetch(&r->places, at[i]);
        holders_prefetch(&r->holders, whose[i]);
    }
    for (size_t i = 0; i < n; i++) {
        slots[i] = places_next(&r->places, at[i], NULL);
        prefetch_behind(r, slots[i], holders_find(&r->holders, batch[i]->principal, whose[i]));
    }
    for (size_t i = 0; i < n; i++) prefetch_entry(r, slots[i], whose[i]);
}

void rbac_remove_assignment(struct rbac_rules *r, guid id)
{
    uint32_t item = ids_find(&r->ids, r->items, id);
    if (item == ITEM_NONE) return;
    ids_remove(&r->ids, r->items, id);
    condition_free(map_remove(&r->conditions, guid_key(&id)));
    drop_item(r, item);
}

static const struct assignment *find(const struct rbac_rules *r, guid id, bool lingers)
{
    uint32_t item = ids_find(&r->ids, r->items, id);
    if (item == ITEM_NONE || (assignment_lingers_until_ns(r->items[item].record) != 0) != lingers) return NULL;
    return r->items[item].record;
}

const struct assignment *rbac_find_assignment(const struct rbac_rules *r, guid id)
{
    return find(r, id, false);
}

const struct assignment *rbac_find_lingering(const struct rbac_rules *r, guid id)
{
    return find(r, id, true);
}

size_t rbac_lingering_count(const struct rbac_rules *r)
{
    return r->ids.n - r->assignment_n;
}

// Stops at the one that is looked for.
struct sought {
    guid                     role;
    object_id                principal;
    str                      scope;
    const struct assignment *found;
};

static bool is_sought(const struct assignment *a, void *ctx)
{
    struct sought *s = ctx;
    if (guid_eq(a->role, s->role) && object_id_eq(a->principal, s->principal) && str_eq_nocase(a->scope, s->scope)) s->found = a;
    return !s->found;
}

const struct assignment *rbac_find_same(const struct rbac_rules *r, object_id principal, guid role, str scope)
{
    struct sought s = {.role = role, .principal = principal, .scope = scope};
    rbac_each_at_scope(r, scope, is_sought, &s);
    return s.found;
}

size_t rbac_assignment_count(const struct rbac_rules *r)
{
    return r->assignment_n;
}

size_t rbac_count_in_subscription(const struct rbac_rules *r, subscription_id s)
{
    const struct subscription_places *x = places_subscription(&r->places, s.g);
    return x ? x->n : 0;
}

size_t rbac_count_outside(const struct rbac_rules *r)
{
    return r->places.outside.n;
}

size_t rbac_count_of_principal(const struct rbac_rules *r, object_id who)
{
    const struct holder *x = holders_find(&r->holders, who, holders_hash(&r->holders, who));
    return x ? x->low_n + (x->high ? x->high->n : 0) : 0;
}

size_t rbac_count_at_scope(const struct rbac_rules *r, str scope)
{
    const struct place_slot *slot = places_find(&r->places, level_hash(r->seed, scope));
    return slot ? r->places.at[slot->place].n : 0;
}

size_t rbac_index_bytes(const struct rbac_rules *r)
{
    return sizeof *r + r->item_room * sizeof *r->items + ids_bytes(&r->ids) + holders_bytes(&r->holders) + places_bytes(&r->places) +
           rules_roles_bytes(r);
}

void rbac_each_assignment(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    struct ids_walk walk = ids_behind(&r->ids, r->items, after);
    for (uint32_t item; (item = ids_next(&r->ids, &walk)) != ITEM_NONE;) {
        const struct assignment *x = r->items[item].record;
        if (!assignment_lingers_until_ns(x) && !visit(x, ctx)) return;
    }
}

void rbac_each_lingering(const struct rbac_rules *r, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    if (r->ids.n == r->assignment_n) return; // none lingers
    for (size_t i = 0; i < r->item_used; i++)
        if (r->items[i].record && assignment_lingers_until_ns(r->items[i].record) && !visit(r->items[i].record, ctx)) return;
}

typedef bool visit_assignment(const struct assignment *x, void *ctx);

struct visit {
    visit_assignment *visit;
    void             *ctx;
    bool              lingering_too;
};

static bool visit_one(const struct visit *v, const struct assignment *a)
{
    return (assignment_lingers_until_ns(a) && !v->lingering_too) || v->visit(a, v->ctx);
}

static bool visit_chain(const struct rbac_rules *r, uint32_t first, const struct visit *v)
{
    bool more = true;
    for (uint32_t i = first; more && i != ITEM_NONE; i = r->items[i].next) more = visit_one(v, r->items[i].record);
    return more;
}
_Static_assert(ITEM_NONE == HOLDER_NO_ITEM, "a chain ends the same way everywhere");

static bool visit_holding(const struct holding *h, const struct visit *v)
{
    bool more = true;
    for (uint32_t i = 0; h && more && i < h->room; i++)
        if (holding_records(h)[i]) more = visit_one(v, holding_records(h)[i]);
    return more;
}

static void visit_holder(const struct rbac_rules *r, object_id who, const struct visit *v)
{
    const struct holder *x = holders_find(&r->holders, who, holders_hash(&r->holders, who));
    if (x && visit_holding(x->high, v)) visit_chain(r, x->low, v);
}

void rbac_each_of_principal(const struct rbac_rules *r, object_id who, visit_assignment *visit, void *ctx)
{
    visit_holder(r, who, &(struct visit){visit, ctx, false});
}

void rules_each_held(const struct rbac_rules *r, object_id who, visit_assignment *visit, void *ctx)
{
    visit_holder(r, who, &(struct visit){visit, ctx, true});
}

static bool visit_place(const struct rbac_rules *r, uint64_t hash, const struct visit *v)
{
    const struct place_slot *slot = places_find(&r->places, hash);
    return !slot || (visit_holding(slot->low, v) && visit_chain(r, r->places.at[slot->place].high, v));
}

void rbac_each_at_scope(const struct rbac_rules *r, str scope, visit_assignment *visit, void *ctx)
{
    visit_place(r, level_hash(r->seed, scope), &(struct visit){visit, ctx, false});
}

static void visit_places(const struct rbac_rules *r, const struct subscription_places *x, visit_assignment *visit, void *ctx)
{
    const struct visit v = {visit, ctx, false};
    bool               more = true;
    for (uint32_t i = x ? x->first : PLACE_NONE; more && i != PLACE_NONE; i = r->places.at[i].next) more = visit_place(r, r->places.at[i].hash, &v);
}

void rbac_each_in_subscription(const struct rbac_rules *r, subscription_id s, visit_assignment *visit, void *ctx)
{
    visit_places(r, places_subscription(&r->places, s.g), visit, ctx);
}

void rbac_each_outside(const struct rbac_rules *r, visit_assignment *visit, void *ctx)
{
    visit_places(r, &r->places.outside, visit, ctx);
}
