#include <stdlib.h>

#include "rbac/index.h"

static struct rule_role *entry_of(const struct rbac_rules *r, guid id)
{
    return map_get(&r->roles, guid_key(&id));
}

static uint32_t free_index(struct rbac_rules *r)
{
    for (uint32_t i = 0; i < r->role_room; i++)
        if (!r->role_at[i]) return i;
    uint32_t           room = r->role_room ? r->role_room * 2 : 64;
    struct rule_role **at = realloc(r->role_at, room * sizeof(struct rule_role *));
    if (!at) return ITEM_NONE;
    for (uint32_t i = r->role_room; i < room; i++) at[i] = NULL;
    r->role_at = at;
    uint32_t index = r->role_room;
    r->role_room = room;
    return index;
}

// An entry for a built-in role (compiled), or for one that is not known (yet).
static struct rule_role *entry_new(struct rbac_rules *r, guid id)
{
    const struct role *builtin = role_builtin_find(id);
    uint32_t           index = free_index(r);
    struct rule_role  *x = index == ITEM_NONE ? NULL : calloc(1, sizeof *x);
    if (!x) return NULL;
    *x = (struct rule_role){.id = id, .index = index, .role = builtin};
    if (builtin) x->matcher = matcher_new(builtin->permissions, builtin->permission_n);
    if ((builtin && !x->matcher) || !map_put(&r->roles, guid_key(&x->id), x, NULL)) {
        matcher_free(x->matcher);
        free(x);
        return NULL;
    }
    r->role_at[index] = x;
    return x;
}

static bool is_custom(const struct rule_role *x)
{
    return x->role && !x->role->is_builtin;
}

static void entry_free(struct rbac_rules *r, struct rule_role *x)
{
    map_remove(&r->roles, guid_key(&x->id));
    r->role_at[x->index] = NULL;
    if (is_custom(x)) ref_drop(&((struct role *)x->role)->ref);
    matcher_free(x->matcher);
    free(x);
}

static void free_if_idle(struct rbac_rules *r, struct rule_role *x)
{
    if (x->uses == 0 && !is_custom(x)) entry_free(r, x);
}

struct rule_role *rules_use_role(struct rbac_rules *r, guid id, bool standing)
{
    struct rule_role *x = entry_of(r, id);
    if (!x) x = entry_new(r, id);
    if (!x) return NULL;
    x->uses++;
    x->standing += standing;
    return x;
}

void rules_leave_role(struct rbac_rules *r, guid id, bool standing)
{
    struct rule_role *x = entry_of(r, id);
    x->uses--;
    x->standing -= standing;
    free_if_idle(r, x);
}

// Where the custom role of that id stands among them, or belongs.
static size_t custom_place(const struct rbac_rules *r, guid id)
{
    size_t from = 0, to = r->custom_n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (guid_cmp(r->customs[middle]->id, id) < 0) from = middle + 1;
        else to = middle;
    }
    return from;
}

static bool more_customs(struct rbac_rules *r)
{
    if (r->custom_n < r->custom_room) return true;
    size_t             room = r->custom_room ? r->custom_room * 2 : 16;
    struct rule_role **customs = realloc(r->customs, room * sizeof(struct rule_role *));
    if (!customs) return false;
    r->customs = customs;
    r->custom_room = room;
    return true;
}

static void add_custom(struct rbac_rules *r, struct rule_role *x)
{
    size_t at = custom_place(r, x->id);
    memmove(r->customs + at + 1, r->customs + at, (r->custom_n - at) * sizeof(struct rule_role *));
    r->customs[at] = x;
    r->custom_n++;
}

bool rbac_put_role(struct rbac_rules *r, struct role *role)
{
    if (role_builtin_find(role->id)) return true;
    if (!more_customs(r)) return false;
    struct matcher *matcher = matcher_new(role->permissions, role->permission_n);
    if (!matcher) return false;
    struct rule_role *x = entry_of(r, role->id);
    if (!x) x = entry_new(r, role->id);
    if (!x) {
        matcher_free(matcher);
        return false;
    }
    if (is_custom(x)) ref_drop(&((struct role *)x->role)->ref);
    else add_custom(r, x);
    matcher_free(x->matcher);
    ref_take(&role->ref);
    x->role = role;
    x->matcher = matcher;
    return true;
}

void rbac_remove_role(struct rbac_rules *r, guid id)
{
    struct rule_role *x = entry_of(r, id);
    if (!x || !is_custom(x)) return;
    size_t at = custom_place(r, id);
    memmove(r->customs + at, r->customs + at + 1, (--r->custom_n - at) * sizeof(struct rule_role *));
    ref_drop(&((struct role *)x->role)->ref);
    matcher_free(x->matcher);
    x->role = NULL;
    x->matcher = NULL;
    free_if_idle(r, x);
}

const struct role *rbac_find_role(const struct rbac_rules *r, guid id)
{
    const struct rule_role *x = entry_of(r, id);
    return x && x->role ? x->role : role_builtin_find(id);
}

struct named {
    str                name;
    const struct role *found;
};

static bool is_named(const struct role *x, void *ctx)
{
    struct named *n = ctx;
    if (str_eq_nocase(x->name, n->name)) n->found = x;
    return !n->found;
}

const struct role *rbac_find_role_by_name(const struct rbac_rules *r, str name)
{
    struct named n = {.name = name};
    rbac_each_role(r, NULL, is_named, &n);
    return n.found;
}

bool rbac_role_in_use(const struct rbac_rules *r, guid role)
{
    const struct rule_role *x = entry_of(r, role);
    return x && x->standing > 0;
}

size_t rbac_custom_role_count(const struct rbac_rules *r)
{
    return r->custom_n;
}

// How many of the custom ones, or of the built-in ones, are not past the id: both are in the order of ids.
static size_t customs_up_to(const struct rbac_rules *r, guid id)
{
    size_t low = 0, high = r->custom_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (guid_cmp(r->customs[middle]->id, id) <= 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static size_t builtins_up_to(guid id)
{
    size_t             n, i = 0;
    const struct role *builtins = role_builtins(&n);
    while (i < n && guid_cmp(builtins[i].id, id) <= 0) i++;
    return i;
}

void rbac_each_role(const struct rbac_rules *r, const guid *after, bool (*visit)(const struct role *x, void *ctx), void *ctx)
{
    size_t             n, custom = after ? customs_up_to(r, *after) : 0, first = after ? builtins_up_to(*after) : 0;
    const struct role *builtins = role_builtins(&n);
    for (size_t i = first; i <= n; i++) {
        while (custom < r->custom_n && (i == n || guid_cmp(r->customs[custom]->id, builtins[i].id) < 0))
            if (!visit(r->customs[custom++]->role, ctx)) return;
        if (i < n && !visit(&builtins[i], ctx)) return;
    }
}

void rules_clear_roles(struct rbac_rules *r)
{
    for (uint32_t i = 0; i < r->role_room; i++)
        if (r->role_at[i]) entry_free(r, r->role_at[i]);
    map_clear(&r->roles);
    free(r->role_at);
    free(r->customs);
}

size_t rules_roles_bytes(const struct rbac_rules *r)
{
    size_t n = r->role_room * sizeof(struct rule_role *) + r->custom_room * sizeof(struct rule_role *);
    for (uint32_t i = 0; i < r->role_room; i++)
        if (r->role_at[i]) n += sizeof(struct rule_role) + (r->role_at[i]->matcher ? matcher_bytes(r->role_at[i]->matcher) : 0);
    return n;
}
