#include "ops/cascade.h"

#include "ops/resource_hooks.h"
#include "ops/system_identity.h"

// The records are gathered before any of them goes: what is walked must not change.
struct gathered {
    struct call *c;
    const void **items;
    size_t       n, room;
    bool         failed;
    struct scope at;
};

static bool gather(struct gathered *g, const void *item)
{
    if (g->n == g->room) {
        const void **more;
        size_t       room = g->room ? g->room * 2 : 32;
        if (NEW(g->c, &more, room) != OK) {
            g->failed = true;
            return false;
        }
        if (g->n) memcpy(more, g->items, g->n * sizeof *more);
        g->items = more;
        g->room = room;
    }
    g->items[g->n++] = item;
    return true;
}

static bool gather_resource(const struct resource *r, void *ctx)
{
    return gather(ctx, r);
}

static bool is_inside(struct gathered *g, str path)
{
    struct scope scope;
    bool         inside = scope_parse(g->c, path, &scope) == OK && scope_contains(&g->at, &scope);
    call_forgive(g->c);
    return inside;
}

static bool gather_assignment(const struct assignment *a, void *ctx)
{
    return is_inside(ctx, a->scope) ? gather(ctx, a) : true;
}

static bool gather_deny(const struct deny_assignment *d, void *ctx)
{
    return is_inside(ctx, d->scope) ? gather(ctx, d) : true;
}

static bool gather_deny_around(const struct deny_assignment *d, void *ctx)
{
    struct gathered *g = ctx;
    return scope_path_contains(d->scope, g->at.path) || is_inside(g, d->scope) ? gather(g, d) : true;
}

// --- denies that something deleted still needs ---

struct need {
    str  scope;
    bool found;
};

static bool look_for_need(const struct resource *r, void *ctx)
{
    struct need *n = ctx;
    n->found = scope_path_contains(n->scope, r->id) || scope_path_contains(r->id, n->scope);
    return !n->found;
}

static bool is_needed(const struct work *w, const struct deny_assignment *d)
{
    struct need n = {.scope = d->scope};
    tree_each_deleted(w->world->tree, STR_NONE, STR_NONE, look_for_need, &n);
    return n.found;
}

// Is there still a place that the deny stands at? What lies inside a resource is its service's own.
static bool has_place(struct call *c, const struct work *w, const struct deny_assignment *d)
{
    struct scope at;
    str          path = d->scope;
    if (scope_parse(c, path, &at) != OK) {
        call_forgive(c);
        return true;
    }
    if (at.kind == SCOPE_GROUP) return tree_find_group(w->world->tree, path) != NULL;
    if (at.kind != SCOPE_RESOURCE) return true;
    do {
        if (tree_find(w->world->tree, path)) return true;
    } while (scope_parent(path, &path));
    return false;
}

static enum err drop_denies(struct call *c, struct work *w, const struct gathered *denies, bool only_without_place)
{
    if (denies->failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < denies->n; i++) {
        const struct deny_assignment *d = denies->items[i];
        if (is_needed(w, d) || (only_without_place && has_place(c, w, d))) continue;
        TRY(work_change(c, w, STORE_DENY, &d->ref, NULL));
    }
    return OK;
}

enum err cascade_denies_purged(struct call *c, struct work *w, str path)
{
    struct gathered denies = {.c = c};
    TRY(scope_parse(c, path, &denies.at));
    rbac_each_deny(w->world->rules, NULL, gather_deny_around, &denies);
    return drop_denies(c, w, &denies, true);
}

enum err cascade_resource(struct call *c, struct work *w, const struct resource *r)
{
    const struct resource_hooks *hooks = resource_hooks_of(r->type);
    bool                         handled = false;
    TRY(system_identity_delete(c, w, r));
    if (hooks && hooks->remove) TRY(hooks->remove(c, w, r, &handled));
    return handled ? OK : work_change(c, w, STORE_RESOURCE, &r->ref, NULL);
}

enum err cascade_resources(struct call *c, struct work *w, str path)
{
    struct gathered g = {.c = c};
    tree_each_resource(w->world->tree, path, STR_NONE, gather_resource, &g);
    if (g.failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    while (g.n > 0) TRY(cascade_resource(c, w, g.items[--g.n])); // ids are in order: a child stands behind its parent
    return OK;
}

enum err cascade_assignments(struct call *c, struct work *w, str path)
{
    struct gathered roles = {.c = c}, denies = {.c = c};
    TRY(scope_parse(c, path, &roles.at));
    denies.at = roles.at;
    subscription_id in;
    if (guid_parse(roles.at.subscription, &in.g)) rbac_each_in_subscription(w->world->rules, in, gather_assignment, &roles);
    else rbac_each_assignment(w->world->rules, NULL, gather_assignment, &roles);
    if (rbac_lingering_count(w->world->rules))
        rbac_each_lingering(w->world->rules, gather_assignment, &roles); // what comes next by that name is another
    rbac_each_deny(w->world->rules, NULL, gather_deny, &denies);
    if (roles.failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < roles.n; i++) TRY(work_change(c, w, STORE_ASSIGNMENT, &((const struct assignment *)roles.items[i])->ref, NULL));
    return drop_denies(c, w, &denies, false);
}

// --- what may not go along ---

struct sites {
    struct call         *c;
    struct effect_sites *out;
    enum err             failed;
};

static bool add_site(const struct resource *r, void *ctx)
{
    struct sites *s = ctx;
    s->failed = effect_site_add(s->c, s->out, (struct effect_site){.scope = r->id, .action = call_format(s->c, "%.*s/delete", PSTR(r->type))});
    return s->failed == OK;
}

enum err cascade_sites(struct call *c, struct work *w, str path, struct effect_sites *out)
{
    struct sites s = {.c = c, .out = out};
    tree_each_resource(w->world->tree, path, STR_NONE, add_site, &s);
    return s.failed;
}
