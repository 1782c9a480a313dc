#include "rbac/rules.h"

#include <stdlib.h>

#include "rbac/index.h"

#define FEWEST_IDS ((size_t)64)

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
    struct condition *k;
    if (!r) return;
    for (size_t i = 0; i < r->item_used; i++)
        if (r->items[i].record) ref_drop(&r->items[i].record->ref);
    for (size_t at = 0; (k = map_next(&r->conditions, &at));) condition_free(k);
    map_clear(&r->conditions);
    rules_clear_denies(r);
    rules_clear_roles(r);
    places_clear(&r->places);
    holders_clear(&r->holders);
    free(r->items);
    free(r->ids);
    free(r);
}

static size_t id_slot(const struct rbac_rules *r, guid id)
{
    size_t i = hash_guid(r->seed, id) & (r->id_room - 1);
    while (r->ids[i] != ITEM_NONE && !guid_eq(r->items[r->ids[i]].record->id, id)) i = (i + 1) & (r->id_room - 1);
    return i;
}

static uint32_t item_by_id(const struct rbac_rules *r, guid id)
{
    return r->id_room ? r->ids[id_slot(r, id)] : ITEM_NONE;
}

static bool more_ids(struct rbac_rules *r)
{
    struct rbac_rules fresh = {.seed = r->seed, .items = r->items, .id_room = r->id_room ? r->id_room * 2 : FEWEST_IDS};
    fresh.ids = malloc(fresh.id_room * sizeof *fresh.ids);
    if (!fresh.ids) return false;
    memset(fresh.ids, 0xff, fresh.id_room * sizeof *fresh.ids); // all ITEM_NONE
    for (size_t i = 0; i < r->id_room; i++)
        if (r->ids[i] != ITEM_NONE) fresh.ids[id_slot(&fresh, r->items[r->ids[i]].record->id)] = r->ids[i];
    free(r->ids);
    r->ids = fresh.ids;
    r->id_room = fresh.id_room;
    return true;
}
_Static_assert(ITEM_NONE == 0xffffffff, "memset makes it");

// Takes the id out of the table; later entries of the run move back.
static void forget_id(struct rbac_rules *r, guid id)
{
    size_t mask = r->id_room - 1, hole = id_slot(r, id);
    for (size_t i = (hole + 1) & mask; r->ids[i] != ITEM_NONE; i = (i + 1) & mask) {
        size_t home = hash_guid(r->seed, r->items[r->ids[i]].record->id) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        r->ids[hole] = r->ids[i];
        hole = i;
    }
    r->ids[hole] = ITEM_NONE;
    r->id_n--;
}

static bool more_items(struct rbac_rules *r)
{
    size_t room = r->item_room + r->item_room / 4 + FEWEST_IDS;
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

// Links an item into everything but the ids.
static bool link_item(struct rbac_rules *r, uint32_t item, struct assignment *a)
{
    uint64_t          hash = level_hash(r->seed, a->scope);
    bool              standing = a->lingers_until_ns == 0;
    struct rule_role *role = rules_use_role(r, a->role, standing);
    if (!role) return false;
    r->items[item] = (struct item){.record = a, .role = role->index};
    if (holders_put(&r->holders, a->principal, tag_of(hash), item, role->index)) {
        if (places_join(&r->places, r->items, item, hash)) return true;
        holders_remove(&r->holders, a->principal, tag_of(hash), item);
    }
    rules_leave_role(r, role->index, standing);
    return false;
}

static void unlink_item(struct rbac_rules *r, uint32_t item)
{
    const struct assignment *a = r->items[item].record;
    holders_remove(&r->holders, a->principal, tag_of(r->places.at[r->items[item].place].hash), item);
    places_leave(&r->places, r->items, item);
    rules_leave_role(r, r->items[item].role, a->lingers_until_ns == 0);
    r->assignment_n -= a->lingers_until_ns == 0;
}

// The condition that will stand for the assignment (its key is borrowed from the new record), and the one that stood.
static bool put_condition(struct rbac_rules *r, const struct assignment *a, struct condition **out_old)
{
    struct condition *fresh = NULL;
    *out_old = map_get(&r->conditions, guid_key(&a->id));
    if (!str_empty(a->condition) && !(fresh = condition_new(a->condition))) return false;
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
    if (r->id_n >= r->id_room / 4 * 3 && !more_ids(r)) return false;
    uint32_t old = item_by_id(r, a->id), item = item_new(r);
    if (item == ITEM_NONE) return false;
    if (!link_item(r, item, a)) {
        item_free(r, item);
        return false;
    }
    r->assignment_n += a->lingers_until_ns == 0;
    if (!put_condition(r, a, &old_condition)) {
        unlink_item(r, item);
        item_free(r, item);
        return false;
    }
    condition_free(old_condition);
    ref_take(&a->ref);
    r->ids[id_slot(r, a->id)] = item;
    r->id_n += old == ITEM_NONE;
    if (old != ITEM_NONE) drop_item(r, old);
    return true;
}

void rbac_remove_assignment(struct rbac_rules *r, guid id)
{
    uint32_t item = item_by_id(r, id);
    if (item == ITEM_NONE) return;
    forget_id(r, id);
    condition_free(map_remove(&r->conditions, guid_key(&id)));
    drop_item(r, item);
}

const struct assignment *rbac_find_assignment(const struct rbac_rules *r, guid id)
{
    uint32_t item = item_by_id(r, id);
    if (item == ITEM_NONE || r->items[item].record->lingers_until_ns) return NULL;
    return r->items[item].record;
}

const struct assignment *rbac_find_same(const struct rbac_rules *r, object_id principal, guid role, str scope)
{
    const struct holding *held = holders_find(&r->holders, principal);
    for (uint32_t at = HOLDING_NONE; held && holding_next(held, tag_of(level_hash(r->seed, scope)), &at);) {
        const struct assignment *a = r->items[holding_items(held)[at]].record;
        if (!a->lingers_until_ns && guid_eq(a->role, role) && str_eq_nocase(a->scope, scope)) return a;
    }
    return NULL;
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

size_t rbac_count_at_scope(const struct rbac_rules *r, str scope)
{
    uint32_t place = places_find(&r->places, r->items, level_hash(r->seed, scope), scope);
    return place == PLACE_NONE ? 0 : r->places.at[place].n;
}

size_t rbac_index_bytes(const struct rbac_rules *r)
{
    return sizeof *r + r->item_room * sizeof *r->items + r->id_room * sizeof *r->ids + holders_bytes(&r->holders) +
           places_bytes(&r->places) + rules_roles_bytes(r);
}

static int by_id(const void *a, const void *b)
{
    const struct assignment *const *x = a, *const *y = b;
    return guid_cmp((*x)->id, (*y)->id);
}

bool rbac_each_assignment(const struct rbac_rules *r, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    size_t                    n = 0;
    const struct assignment **all = malloc((r->assignment_n + 1) * sizeof(struct assignment *));
    if (!all) return false;
    for (size_t i = 0; i < r->item_used; i++)
        if (r->items[i].record && !r->items[i].record->lingers_until_ns) all[n++] = r->items[i].record;
    qsort(all, n, sizeof *all, by_id);
    for (size_t i = 0; i < n && visit(all[i], ctx); i++) {}
    free(all);
    return true;
}

void rbac_each_lingering(const struct rbac_rules *r, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    for (size_t i = 0; i < r->item_used; i++)
        if (r->items[i].record && r->items[i].record->lingers_until_ns && !visit(r->items[i].record, ctx)) return;
}

void rbac_each_of_principal(const struct rbac_rules *r, object_id who, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    const struct holding *held = holders_find(&r->holders, who);
    for (uint32_t i = 0; held && i < held->room; i++) {
        uint32_t item = holding_items(held)[i];
        if (item == HOLDING_NONE || r->items[item].record->lingers_until_ns) continue;
        if (!visit(r->items[item].record, ctx)) return;
    }
}

static bool each_at_place(const struct rbac_rules *r, uint32_t place, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    for (uint32_t i = r->places.at[place].first; i != ITEM_NONE; i = r->items[i].next)
        if (!r->items[i].record->lingers_until_ns && !visit(r->items[i].record, ctx)) return false;
    return true;
}

void rbac_each_at_scope(const struct rbac_rules *r, str scope, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    uint32_t place = places_find(&r->places, r->items, level_hash(r->seed, scope), scope);
    if (place != PLACE_NONE) each_at_place(r, place, visit, ctx);
}

void rbac_each_in_subscription(const struct rbac_rules *r, subscription_id s, bool (*visit)(const struct assignment *x, void *ctx), void *ctx)
{
    const struct subscription_places *x = places_subscription(&r->places, s.g);
    for (uint32_t i = x ? x->first : PLACE_NONE; i != PLACE_NONE; i = r->places.at[i].next)
        if (!each_at_place(r, i, visit, ctx)) return;
}
