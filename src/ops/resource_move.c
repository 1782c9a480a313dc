#include "ops/resource_move.h"

#include "ops/cascade.h"
#include "ops/provider_names.h"
#include "ops/registrations.h"
#include "ops/resource_references.h"
#include "ops/resources.h"
#include "rbac/deny.h"
#include "resources/types.h"

#define GROUPS "Microsoft.Resources/subscriptions/resourceGroups"

// --- what is asked for ---

static enum err read_target(struct call *c, const struct json *body, str *out)
{
    str          text = json_get_str(body, S("targetResourceGroup"));
    struct scope at;
    bool         is_group = scope_parse(c, text, &at) == OK && at.kind == SCOPE_GROUP;
    call_forgive(c);
    if (is_group) *out = at.path;
    return is_group ? OK
                    : FAIL(c, ERR_LINKED_ID_INVALID,
                           "Property id '%.*s' at path 'targetResourceGroup' is invalid. Expect fully qualified resource Id that start with "
                           "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
                           PSTR(call_printable(c, text, 256)));
}

enum err move_read(struct call *c, const struct json *body, struct move_args *out)
{
    static const str   MEMBERS[] = {S_INIT("resources"), S_INIT("targetResourceGroup")};
    const struct json *resources;
    str               *ids;
    TRY(json_spell(c, body, MEMBERS, COUNT(MEMBERS), &body));
    resources = json_get(body, MEMBERS[0]);
    if (!json_is(resources, JSON_IS_ARRAY) || json_n(resources) == 0 || json_n(resources) > MOVE_MAX_RESOURCES)
        return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid: 'resources' must be a list of 1 to %d ids.", MOVE_MAX_RESOURCES);
    TRY(NEW(c, &ids, json_n(resources)));
    for (size_t i = 0; i < json_n(resources); i++) {
        struct resource_id id;
        TRY(resource_id_parse(c, json_str(json_at(resources, i)), &id));
        ids[i] = id.text;
    }
    TRY(read_target(c, body, &out->target));
    out->resources = ids;
    out->n = json_n(resources);
    return OK;
}

// Of something at or below the source group: its id in the target group.
static str moved_id(struct call *c, const struct move_args *m, str id)
{
    return call_format(c, "%.*s%.*s", PSTR(m->target), PSTR(str_from(id, m->source.n)));
}

// --- may it be moved? ---

static enum err check_place(struct call *c, const struct move_args *m, str text)
{
    struct resource_id id;
    TRY(resource_id_parse(c, text, &id));
    bool is_top = str_eq_nocase(id.host, m->source) && str_find(id.types, '/') == str_find_last(id.types, '/');
    if (is_top && !id.is_list) return OK;
    return FAIL(c, ERR_MOVE_INVALID,
                "The resource '%.*s' cannot be moved from '%.*s': name the top-level resources of that group. What lies in them moves along.",
                PSTR(text), PSTR(m->source));
}

static bool moves_along(const struct move_args *m, str id)
{
    for (size_t i = 0; i < m->n; i++)
        if (scope_path_contains(m->resources[i], id)) return true;
    return false;
}

struct stay {
    const struct tree      *tree;
    const struct move_args *m;
    const struct resource  *used, *user; /* found */
};

static bool look_at_user(const struct resource *user, void *ctx)
{
    struct stay *s = ctx;
    if (!moves_along(s->m, user->id)) s->user = user;
    return !s->user;
}

static bool look_for_user(const struct resource *used, void *ctx)
{
    struct stay *s = ctx;
    s->used = used;
    tree_each_user_of(s->tree, used->id, STR_NONE, look_at_user, s);
    return !s->user;
}

// What stays would name it by an id where it is no more, and no longer hold it.
static enum err check_unused(struct call *c, const struct work *w, const struct move_args *m, const struct resource *r)
{
    struct stay s = {.tree = w->world->tree, .m = m};
    if (look_for_user(r, &s)) tree_each_resource(s.tree, r->id, STR_NONE, look_for_user, &s);
    if (!s.user) return OK;
    return FAIL(c, ERR_MOVE_REFUSED, "Resource move validation failed. The resource '%.*s' is used by '%.*s', which is not moved with it.",
                PSTR(s.used->id), PSTR(s.user->id));
}

static enum err check_resource(struct call *c, const struct work *w, const struct move_args *m, str id)
{
    const struct resource *r;
    TRY(check_place(c, m, id));
    TRY(resources_require(c, w, id, &r));
    if (types_of(r->type)->stays) return FAIL(c, ERR_MOVE_UNSUPPORTED, "Resource move is not supported for resource types '%.*s'.", PSTR(r->type));
    struct scope target;
    TRY(scope_parse(c, m->target, &target));
    TRY(registrations_require(c, w, target.subscription, provider_of_type(r->type)));
    const struct resource *there = tree_find(w->world->tree, moved_id(c, m, id));
    if (!there) return check_unused(c, w, m, r);
    return FAIL(c, ERR_MOVE_REFUSED, "Resource move validation failed. The target resource group has a resource '%.*s' already.", PSTR(there->id));
}

static enum err require_group(struct call *c, const struct work *w, str path)
{
    struct scope at;
    TRY(scope_parse(c, path, &at));
    return resources_require_holder(c, w, at.subscription, at.group);
}

static enum err check_move(struct call *c, struct work *w, const void *args, void *out)
{
    const struct move_args *m = args;
    (void)out;
    TRY(require_group(c, w, m->source));
    TRY(require_group(c, w, m->target));
    if (str_eq_nocase(m->source, m->target)) return FAIL(c, ERR_MOVE_INVALID, "The source and the target of a move are the same resource group.");
    for (size_t i = 0; i < m->n; i++) TRY(check_resource(c, w, m, m->resources[i]));
    return OK;
}

// --- ids in documents ---

static str moved_text(struct call *c, const struct move_args *m, str text)
{
    if (!scope_path_contains(m->source, text)) return text;
    for (size_t i = 0; i < m->n; i++)
        if (scope_path_contains(m->resources[i], text)) return moved_id(c, m, text);
    return text;
}

static enum err with_moved_ids(struct call *c, const struct move_args *m, const struct json *v, struct json *out)
{
    *out = *v;
    if (v->kind == JSON_IS_STRING) out->u.string = moved_text(c, m, v->u.string);
    if (json_n(v) == 0) return OK;
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) TRY(with_moved_ids(c, m, json_at(v, i), &out->u.list.items[i]));
    return OK;
}

static enum err move_document(struct call *c, const struct move_args *m, const struct resource *r, struct resource *next)
{
    const struct json *document;
    struct json        changed;
    TRY(resource_document(c, r, &document));
    if (!str_contains_nocase(r->document, m->source)) return references_note(c, next, document); // a bare name means another place now
    TRY(with_moved_ids(c, m, document, &changed));
    for (size_t i = 0; i < json_n(document); i++)
        if (str_eq_nocase(document->u.list.names[i], S("tags"))) changed.u.list.items[i] = *json_at(document, i); // texts, whatever they say
    TRY(references_note(c, next, &changed));
    return resources_document(c, &changed, &next->document);
}

// --- the move ---

static enum err move_principal(struct call *c, struct work *w, const struct resource *r)
{
    const struct principal *before = r->identity.has_system ? directory_find(w->world->directory, r->identity.system_principal) : NULL;
    struct principal       *fresh;
    if (!before) return OK;
    struct principal next = *before;
    next.resource = r->id;
    TRY(principal_new(c, &next, &fresh));
    return work_change(c, w, STORE_PRINCIPAL, &before->ref, &fresh->ref);
}

struct bound {
    guid                  uid;
    const struct binding *first;
    str                   id; /* bindings that name it are done */
};

static bool find_bound(const struct binding *b, void *ctx)
{
    struct bound *x = ctx;
    if (guid_eq(b->uid, x->uid) && !str_eq(b->resource, x->id)) x->first = b;
    return !x->first;
}

static enum err move_bindings(struct call *c, struct work *w, const struct resource *r)
{
    for (struct bound x = {.uid = r->uid, .id = r->id};; x.first = NULL) {
        struct binding *fresh;
        bindings_each(w->world->bindings, STR_NONE, find_bound, &x);
        if (!x.first) return OK;
        struct binding next = *x.first;
        next.resource = r->id;
        TRY(binding_new(c, &next, &fresh));
        TRY(work_change(c, w, STORE_BINDING, &x.first->ref, &fresh->ref));
    }
}

static enum err move_one(struct call *c, struct work *w, const struct move_args *m, const struct resource *before)
{
    struct resource next = *before, *fresh;
    next.slot = NULL;
    next.changed_ns = c->now_ns;
    next.id = moved_id(c, m, before->id);
    TRY(move_document(c, m, before, &next));
    TRY(resource_new(c, &next, &fresh)); // a copy: what was before may go with its record
    enum err failed = work_change(c, w, STORE_RESOURCE, &before->ref, NULL);
    if (failed != OK) ref_drop(&fresh->ref);
    TRY(failed);
    TRY(work_change(c, w, STORE_RESOURCE, NULL, &fresh->ref));
    const struct resource *moved = tree_find(w->world->tree, next.id);
    TRY(move_principal(c, w, moved));
    return move_bindings(c, w, moved);
}

// A resource with what lies in it: what is walked must not change meanwhile.
struct family {
    const struct resource **at;
    size_t                  n, room;
};

static bool count(const struct resource *r, void *ctx)
{
    (void)r;
    ((struct family *)ctx)->room++;
    return true;
}

static bool gather(const struct resource *r, void *ctx)
{
    struct family *f = ctx;
    f->at[f->n++] = r;
    return f->n < f->room;
}

static enum err move_with_children(struct call *c, struct work *w, const struct move_args *m, str id)
{
    const struct resource *top = tree_find(w->world->tree, id);
    struct family          f = {.room = 1};
    if (!top) return OK; // it was named twice
    tree_each_resource(w->world->tree, id, STR_NONE, count, &f);
    TRY(NEW(c, &f.at, f.room));
    f.at[f.n++] = top;
    if (f.room > 1) tree_each_resource(w->world->tree, id, STR_NONE, gather, &f);
    for (size_t i = 0; i < f.n; i++) TRY(move_one(c, w, m, f.at[i]));
    return OK;
}

// In the casing of the groups as they are kept, which ids in answers have.
static enum err move_resources(struct call *c, struct work *w, const void *args, void *out)
{
    struct move_args m = *(const struct move_args *)args;
    TRY(check_move(c, w, args, out));
    m.target = tree_find_group(w->world->tree, m.target)->id;
    for (size_t i = 0; i < m.n; i++) TRY(move_with_children(c, w, &m, m.resources[i]));
    return OK;
}

// --- what it does besides ---

// The type's own permission, at a place where such a resource is or will be.
static enum err add_site(struct call *c, str id, const char *verb, str at, struct effect_sites *out)
{
    struct resource_id parts;
    str                type;
    TRY(resource_id_parse(c, id, &parts));
    TRY(resource_id_type(c, &parts, &type));
    return effect_site_add(c, out, (struct effect_site){.scope = at, .action = call_format(c, "%.*s/%s", PSTR(type), verb)});
}

static enum err find_from(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct move_args *m = args;
    (void)w, (void)e;
    for (size_t i = 0; i < m->n; i++) {
        TRY(check_place(c, m, m->resources[i]));
        TRY(add_site(c, m->resources[i], "delete", m->resources[i], out));
    }
    return OK;
}

static enum err find_to(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct move_args *m = args;
    (void)w, (void)e;
    TRY(effect_site_add(c, out, (struct effect_site){.scope = m->target, .action = S(GROUPS "/write")}));
    for (size_t i = 0; i < m->n; i++) TRY(add_site(c, m->resources[i], "write", moved_id(c, m, m->resources[i]), out));
    return OK;
}

struct arrivals {
    struct call            *c;
    const struct move_args *m;
    struct effect_sites    *out;
    enum err                failed;
};

static bool add_arrival(const struct resource *r, void *ctx)
{
    struct arrivals *a = ctx;
    a->failed = add_site(a->c, r->id, "write", moved_id(a->c, a->m, r->id), a->out);
    return a->failed == OK;
}

// Each child leaves one place and comes to another: what denies the one or the other stops the move.
static enum err find_children(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct move_args *m = args;
    struct arrivals         a = {.c = c, .m = m, .out = out};
    (void)e;
    for (size_t i = 0; i < m->n; i++) {
        TRY(cascade_sites(c, w, m->resources[i], out));
        tree_each_resource(w->world->tree, m->resources[i], STR_NONE, add_arrival, &a);
        TRY(a.failed);
    }
    return OK;
}

struct left_behind {
    struct call            *c;
    const struct move_args *m;
    const str              *above, *above_after; /* the management groups that hold the source and the target */
    size_t                  above_n, above_after_n;
    struct effect_sites    *out;
    enum err                failed;
};

// It protects the resource, or something in it, and would no longer.
static bool look_for_left(const struct deny_assignment *d, void *ctx)
{
    struct left_behind *l = ctx;
    for (size_t i = 0; i < l->m->n && l->failed == OK; i++) {
        str  id = l->m->resources[i];
        bool holds = scope_path_contains(id, d->scope) || deny_reaches(d, id, l->above, l->above_n);
        if (!holds || deny_reaches(d, moved_id(l->c, l->m, id), l->above_after, l->above_after_n)) continue;
        l->failed = effect_site_add(l->c, l->out, (struct effect_site){.scope = id, .deny = d->id});
    }
    return l->failed == OK;
}

static enum err find_denies(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct move_args *m = args;
    struct left_behind      l = {.c = c, .m = m, .out = out};
    struct scope            source, target;
    (void)e;
    TRY(scope_parse(c, m->source, &source));
    TRY(scope_parse(c, m->target, &target));
    TRY(work_above(c, w, &source, &l.above, &l.above_n));
    TRY(work_above(c, w, &target, &l.above_after, &l.above_after_n));
    rbac_each_deny(w->world->rules, NULL, look_for_left, &l);
    return l.failed;
}

static const struct effect EFFECT_FROM = {.name = "move_from", .rule = EFFECT_NEEDS, .changes_site = true, .find = find_from};
static const struct effect EFFECT_TO = {.name = "move_to", .rule = EFFECT_NEEDS, .changes_site = true, .find = find_to};
static const struct effect EFFECT_CHILDREN = {.name = "move_children", .rule = EFFECT_NOT_DENIED, .find = find_children};
static const struct effect EFFECT_DENIES = {.name = "move_denies", .rule = EFFECT_OPERATOR, .find = find_denies};

#define EFFECTS                                                    \
    {                                                              \
        &EFFECT_FROM, &EFFECT_TO, &EFFECT_CHILDREN, &EFFECT_DENIES \
    }
const struct op OP_RESOURCES_MOVE = {
    .name = "resources_move", .action = GROUPS "/moveResources/action", .writes = true, .run = move_resources, .effects = EFFECTS};
const struct op OP_RESOURCES_MOVE_CHECK = {
    .name = "resources_move_check", .action = GROUPS "/validateMoveResources/action", .run = check_move, .effects = EFFECTS};
