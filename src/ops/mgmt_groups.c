#include "ops/mgmt_groups.h"

#include "ops/cascade.h"
#include "ops/deployment.h"
#include "ops/effects.h"
#include "rbac/deny.h"
#include "resources/types.h"

#define GROUPS "Microsoft.Management/managementGroups"

str mgmt_group_path(struct call *c, str name)
{
    return call_format(c, MGMT_GROUPS_PREFIX "%.*s", PSTR(name));
}

bool mgmt_group_is_root(const struct product *p, str name)
{
    return str_eq_nocase(name, str_of(guid_text(p->tenant.g).s));
}

static str root_name(struct call *c, const struct work *w)
{
    return guid_str(c, w->product->tenant.g);
}

static str parent_of(struct call *c, const struct work *w, const struct mgmt_group_args *args, const struct mgmt_group *before)
{
    if (args->gives_parent) return args->parent;
    return before ? before->parent : root_name(c, w);
}

str mgmt_group_write_scope(struct call *c, const struct work *w, const struct mgmt_group_args *args)
{
    const struct mgmt_group *before = tree_find_mgmt_group(w->world->tree, args->name);
    return mgmt_group_path(c, before || args->must_exist ? args->name : parent_of(c, w, args, NULL));
}

str mgmt_group_of_subscription(struct call *c, const struct work *w, const struct subscription *s)
{
    const struct mgmt_group *g = tree_find_mgmt_group(w->world->tree, s->mgmt_group);
    return g ? g->name : root_name(c, w);
}

enum err mgmt_group_require(struct call *c, const struct work *w, str name, const struct mgmt_group **out)
{
    const struct mgmt_group *g = tree_find_mgmt_group(w->world->tree, name);
    if (!g) return FAIL(c, ERR_NOT_FOUND, "The management group '%.*s' cannot be found.", PSTR(call_printable(c, name, TREE_MAX_MGMT_GROUP_NAME)));
    *out = g;
    return OK;
}

// --- the form of the tree ---

struct family {
    struct call       *c;
    const struct work *w;
    str                parent;
    size_t             groups, subscriptions;
    size_t             height; // of the highest child
    size_t             depth_left;
};

static size_t height_of(struct call *c, const struct work *w, str name, size_t depth_left);

static bool count_group(const struct mgmt_group *g, void *ctx)
{
    struct family *f = ctx;
    if (!str_eq_nocase(g->parent, f->parent)) return true;
    size_t height = f->depth_left ? height_of(f->c, f->w, g->name, f->depth_left - 1) : 0;
    if (height > f->height) f->height = height;
    f->groups++;
    return true;
}

// How many levels of groups there are from this one down, itself too; no deeper than `depth_left`.
static size_t height_of(struct call *c, const struct work *w, str name, size_t depth_left)
{
    struct family f = {.c = c, .w = w, .parent = name, .depth_left = depth_left};
    tree_each_mgmt_group(w->world->tree, STR_NONE, count_group, &f);
    return f.height + 1;
}

static bool count_subscription(const struct subscription *s, void *ctx)
{
    struct family *f = ctx;
    f->subscriptions += str_eq_nocase(mgmt_group_of_subscription(f->c, f->w, s), f->parent);
    return true;
}

static enum err check_place(struct call *c, const struct work *w, str name, str parent)
{
    const str *above;
    size_t     above_n, own = height_of(c, w, name, MGMT_GROUPS_MAX_DEPTH);
    str        path = mgmt_group_path(c, name);
    TRY(tree_above_mgmt_group(c, w->world->tree, parent, &above, &above_n));
    bool loops = str_eq_nocase(name, parent);
    for (size_t i = 0; i < above_n; i++) loops = loops || str_eq_nocase(above[i], path);
    if (loops) return FAIL(c, ERR_PARAMETER_INVALID, "The management group '%.*s' cannot lie below itself.", PSTR(name));
    // Above the group: those above its parent, and the parent; the root does not count.
    if (above_n + own > MGMT_GROUPS_MAX_DEPTH)
        return FAIL(c, ERR_PARAMETER_INVALID, "The tree of management groups would be deeper than %d levels.", MGMT_GROUPS_MAX_DEPTH);
    return OK;
}

static enum err check_name(struct call *c, str name)
{
    if (name_rule_allows(&NAME_RULE_MGMT_GROUP, name)) return OK;
    return FAIL(c, ERR_NAME_INVALID, "The management group name '%.*s' is invalid. %.*s", PSTR(call_printable(c, name, 256)),
                PSTR(name_rule_words(c, &NAME_RULE_MGMT_GROUP)));
}

static bool count_any(const struct mgmt_group *g, void *ctx)
{
    (void)g;
    ++*(size_t *)ctx;
    return true;
}

static enum err check_room(struct call *c, const struct work *w)
{
    size_t n = 0;
    tree_each_mgmt_group(w->world->tree, STR_NONE, count_any, &n);
    return n < MGMT_GROUPS_MAX ? OK : FAIL(c, ERR_CONFLICT, "A directory has at most %d management groups.", MGMT_GROUPS_MAX);
}

// --- writing ---

static enum err check_move(struct call *c, struct work *w, const struct mgmt_group_args *args, const struct mgmt_group *before, str parent)
{
    const struct mgmt_group *there;
    if (before && str_eq_nocase(before->parent, parent)) return OK;
    if (mgmt_group_is_root(w->product, args->name)) return FAIL(c, ERR_PARAMETER_INVALID, "The root management group cannot be moved.");
    TRY(mgmt_group_require(c, w, parent, &there));
    return check_place(c, w, args->name, parent);
}

static enum err write_group(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct mgmt_group_args *args = args_;
    struct mgmt_group_result     *out = out_;
    const struct mgmt_group      *before = tree_find_mgmt_group(w->world->tree, args->name);
    struct mgmt_group             next = {.name = before ? before->name : args->name}, *fresh;
    if (!before && args->must_exist) TRY(mgmt_group_require(c, w, args->name, &before));
    if (!before) TRY(check_name(c, args->name));
    if (!before) TRY(check_room(c, w));
    next.parent = parent_of(c, w, args, before);
    next.display_name = args->gives_name && !str_empty(args->display_name) ? args->display_name : before ? before->display_name : args->name;
    if (next.display_name.n > MGMT_GROUP_MAX_DISPLAY_BYTES)
        return FAIL(c, ERR_PARAMETER_INVALID, "A displayName has at most %d bytes.", MGMT_GROUP_MAX_DISPLAY_BYTES);
    TRY(check_move(c, w, args, before, next.parent));
    TRY(mgmt_group_new(c, &next, &fresh));
    out->was_created = !before;
    TRY(work_change(c, w, STORE_MGMT_GROUP, before ? &before->ref : NULL, &fresh->ref));
    out->group = tree_find_mgmt_group(w->world->tree, args->name);
    return OK;
}

static enum err delete_group(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct mgmt_group_args *args = args_;
    struct mgmt_group_result     *out = out_;
    struct family                 f = {.c = c, .w = w, .parent = args->name};
    out->group = tree_find_mgmt_group(w->world->tree, args->name);
    if (!out->group) return OK;
    if (mgmt_group_is_root(w->product, args->name)) return FAIL(c, ERR_PARAMETER_INVALID, "The root management group cannot be deleted.");
    tree_each_mgmt_group(w->world->tree, STR_NONE, count_group, &f);
    tree_each_subscription(w->world->tree, NULL, count_subscription, &f);
    if (f.groups || f.subscriptions)
        return FAIL(c, ERR_CONFLICT, "The management group '%.*s' holds %zu management groups and %zu subscriptions: move them first.",
                    PSTR(args->name), f.groups, f.subscriptions);
    TRY(cascade_assignments(c, w, mgmt_group_path(c, args->name)));
    TRY(deployment_remove_all(c, w->store, mgmt_group_path(c, args->name)));
    return work_change(c, w, STORE_MGMT_GROUP, &out->group->ref, NULL);
}

static enum err move_subscription(struct call *c, struct work *w, subscription_id id, str from, str to)
{
    const struct subscription *before = tree_find_subscription(w->world->tree, id);
    struct subscription        next = *before, *fresh;
    if (str_eq_nocase(from, to)) return OK;
    next.mgmt_group = mgmt_group_is_root(w->product, to) ? STR_NONE : to;
    TRY(subscription_new(c, &next, &fresh));
    return work_change(c, w, STORE_SUBSCRIPTION, &before->ref, &fresh->ref);
}

static enum err find_both(struct call *c, const struct work *w, const struct mgmt_group_args *args, const struct mgmt_group **out_group,
                          str *out_holder)
{
    const struct subscription *s = tree_find_subscription(w->world->tree, args->subscription);
    TRY(mgmt_group_require(c, w, args->name, out_group));
    if (!s) return FAIL(c, ERR_SUBSCRIPTION_NOT_FOUND, "The subscription '%s' could not be found.", guid_text(args->subscription.g).s);
    *out_holder = mgmt_group_of_subscription(c, w, s);
    return OK;
}

static enum err move_in(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct mgmt_group_args *args = args_;
    struct mgmt_group_result     *out = out_;
    str                           holder;
    TRY(find_both(c, w, args, &out->group, &holder));
    return move_subscription(c, w, args->subscription, holder, out->group->name);
}

static enum err move_out(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct mgmt_group_args *args = args_;
    struct mgmt_group_result     *out = out_;
    str                           holder;
    TRY(find_both(c, w, args, &out->group, &holder));
    if (!str_eq_nocase(holder, args->name))
        return FAIL(c, ERR_NOT_FOUND, "The subscription '%s' is not in the management group '%.*s'.", guid_text(args->subscription.g).s,
                    PSTR(args->name));
    return move_subscription(c, w, args->subscription, holder, root_name(c, w));
}

// --- what a move changes besides ---

// Something that changes its parent; an empty path: nothing does.
struct move {
    str        path;     // as a scope
    str        from, to; // the names of its parents
    const str *above;    // the scopes of the groups above it before
    size_t     above_n;
};

struct mover {
    enum err (*read)(struct call *c, const struct work *w, const struct mgmt_group_args *args, struct move *out);
};

static enum err read_group_move(struct call *c, const struct work *w, const struct mgmt_group_args *args, struct move *out)
{
    const struct mgmt_group *before = tree_find_mgmt_group(w->world->tree, args->name);
    if (!before || mgmt_group_is_root(w->product, args->name)) return OK; // a new one has its permission asked for at its parent
    str to = parent_of(c, w, args, before);
    if (str_eq_nocase(before->parent, to)) return OK;
    *out = (struct move){.path = mgmt_group_path(c, before->name), .from = before->parent, .to = to};
    return tree_above_mgmt_group(c, w->world->tree, before->name, &out->above, &out->above_n);
}

static enum err read_subscription_move(struct call *c, const struct work *w, subscription_id id, str to, struct move *out)
{
    const struct subscription *s = tree_find_subscription(w->world->tree, id);
    if (!s || str_eq_nocase(mgmt_group_of_subscription(c, w, s), to)) return OK;
    *out = (struct move){.path = call_format(c, "/subscriptions/%s", guid_text(id.g).s), .from = mgmt_group_of_subscription(c, w, s), .to = to};
    return tree_above(c, w->world->tree, id, &out->above, &out->above_n);
}

static enum err read_move_in(struct call *c, const struct work *w, const struct mgmt_group_args *args, struct move *out)
{
    return read_subscription_move(c, w, args->subscription, args->name, out);
}

static enum err read_move_out(struct call *c, const struct work *w, const struct mgmt_group_args *args, struct move *out)
{
    return read_subscription_move(c, w, args->subscription, root_name(c, w), out);
}

static const struct mover GROUP = {read_group_move}, IN = {read_move_in}, OUT = {read_move_out};

static enum err read_move(struct call *c, const struct work *w, const struct effect *e, const void *args, struct move *out)
{
    const struct mover *mover = e->context;
    *out = (struct move){0};
    return mover->read(c, w, args, out);
}

// The root group belongs to nobody below it: as published, nothing more is asked for there.
static enum err add_place(struct call *c, const struct work *w, str group, struct effect_sites *out)
{
    if (mgmt_group_is_root(w->product, group)) return OK;
    return effect_site_add(c, out, (struct effect_site){.scope = mgmt_group_path(c, group)});
}

static enum err find_places(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    struct move m;
    TRY(read_move(c, w, e, args, &m));
    if (str_empty(m.path)) return OK;
    TRY(add_place(c, w, m.from, out));
    return add_place(c, w, m.to, out);
}

static enum err find_moved(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    struct move m;
    TRY(read_move(c, w, e, args, &m));
    return str_empty(m.path) ? OK : effect_site_add(c, out, (struct effect_site){.scope = m.path});
}

struct left_behind {
    struct call         *c;
    const struct move   *move;
    const str           *above; // the new parent and those above it
    size_t               above_n;
    struct effect_sites *out;
    enum err             failed;
};

static bool look_for_left(const struct deny_assignment *d, void *ctx)
{
    struct left_behind *l = ctx;
    bool left = deny_reaches(d, l->move->path, l->move->above, l->move->above_n) && !deny_reaches(d, l->move->path, l->above, l->above_n);
    if (left) l->failed = effect_site_add(l->c, l->out, (struct effect_site){.scope = l->move->path, .deny = d->id});
    return l->failed == OK;
}

static enum err above_after(struct call *c, const struct work *w, const struct move *m, const str **out, size_t *out_n)
{
    const str *above;
    str       *all;
    size_t     n;
    TRY(tree_above_mgmt_group(c, w->world->tree, m->to, &above, &n));
    TRY(NEW(c, &all, n + 1));
    all[0] = mgmt_group_path(c, m->to);
    if (n) memcpy(all + 1, above, n * sizeof *all);
    *out = all;
    *out_n = n + 1;
    return OK;
}

static enum err find_left(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    struct move        m;
    struct left_behind l = {.c = c, .move = &m, .out = out};
    TRY(read_move(c, w, e, args, &m));
    if (str_empty(m.path)) return OK;
    TRY(above_after(c, w, &m, &l.above, &l.above_n));
    rbac_each_deny(w->world->rules, NULL, look_for_left, &l);
    return l.failed;
}

#define ROLES_WRITE "Microsoft.Authorization/roleAssignments/write"
static const struct effect EFFECT_GROUP_PLACES = {
    .name = "group_move_places", .rule = EFFECT_NEEDS, .action = GROUPS "/write", .find = find_places, .context = &GROUP};
static const struct effect EFFECT_GROUP_ROLES = {
    .name = "group_move_roles", .rule = EFFECT_NEEDS, .action = ROLES_WRITE, .find = find_moved, .context = &GROUP};
static const struct effect EFFECT_GROUP_DENIES = {.name = "group_move_denies", .rule = EFFECT_OPERATOR, .find = find_left, .context = &GROUP};
static const struct effect EFFECT_IN_PLACES = {
    .name = "subscription_move_places", .rule = EFFECT_NEEDS, .action = GROUPS "/subscriptions/write", .find = find_places, .context = &IN};
static const struct effect EFFECT_IN_ROLES = {
    .name = "subscription_move_roles", .rule = EFFECT_NEEDS, .changes_site = true, .action = ROLES_WRITE, .find = find_moved, .context = &IN};
static const struct effect EFFECT_IN_DENIES = {.name = "subscription_move_denies", .rule = EFFECT_OPERATOR, .find = find_left, .context = &IN};
static const struct effect EFFECT_OUT_PLACES = {
    .name = "subscription_move_places", .rule = EFFECT_NEEDS, .action = GROUPS "/subscriptions/write", .find = find_places, .context = &OUT};
static const struct effect EFFECT_OUT_ROLES = {
    .name = "subscription_move_roles", .rule = EFFECT_NEEDS, .changes_site = true, .action = ROLES_WRITE, .find = find_moved, .context = &OUT};
static const struct effect EFFECT_OUT_DENIES = {.name = "subscription_move_denies", .rule = EFFECT_OPERATOR, .find = find_left, .context = &OUT};

const struct op OP_MGMT_GROUP_WRITE = {.name = "mgmt_group_write",
                                       .action = GROUPS "/write",
                                       .writes = true,
                                       .run = write_group,
                                       .effects = {&EFFECT_GROUP_PLACES, &EFFECT_GROUP_ROLES, &EFFECT_GROUP_DENIES}};
const struct op OP_MGMT_GROUP_DELETE = {.name = "mgmt_group_delete",
                                        .action = GROUPS "/delete",
                                        .writes = true,
                                        .run = delete_group,
                                        .no_effects = "only an empty group is deleted: what stands at it reaches nothing"};
const struct op OP_MGMT_GROUP_MOVE_IN = {.name = "mgmt_group_move_in",
                                         .action = GROUPS "/subscriptions/write",
                                         .writes = true,
                                         .run = move_in,
                                         .effects = {&EFFECT_IN_PLACES, &EFFECT_IN_ROLES, &EFFECT_IN_DENIES}};
const struct op OP_MGMT_GROUP_MOVE_OUT = {.name = "mgmt_group_move_out",
                                          .action = GROUPS "/subscriptions/delete",
                                          .writes = true,
                                          .run = move_out,
                                          .effects = {&EFFECT_OUT_PLACES, &EFFECT_OUT_ROLES, &EFFECT_OUT_DENIES}};
