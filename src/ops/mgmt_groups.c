#include "ops/mgmt_groups.h"

#include "ops/cascade.h"
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
    struct call      *c;
    const struct work *w;
    str               parent;
    size_t            groups, subscriptions;
    size_t            height; // of the highest child
    size_t            depth_left;
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
    tree_each_mgmt_group(w->world->tree, count_group, &f);
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
    return FAIL(c, ERR_NAME_INVALID, "The name of a management group is 1 to %d letters, digits, '-', '_', '(', ')' and '.', and does not end with '.'.",
                TREE_MAX_MGMT_GROUP_NAME);
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
    tree_each_mgmt_group(w->world->tree, count_any, &n);
    return n < MGMT_GROUPS_MAX ? OK : FAIL(c, ERR_CONFLICT, "A directory has at most %d management groups.", MGMT_GROUPS_MAX);
}

// --- writing ---

// The root group belongs to nobody below it: its own rule is that nothing more is asked for there.
static enum err require_at(struct call *c, struct work *w, const char *action, str moved, str place)
{
    if (mgmt_group_is_root(w->product, place)) return OK;
    return work_require_linked(c, w, str_of(action), moved, str_of(action), mgmt_group_path(c, place));
}

static enum err check_move(struct call *c, struct work *w, const struct mgmt_group_args *args, const struct mgmt_group *before, str parent)
{
    const struct mgmt_group *there;
    str                      path = mgmt_group_path(c, args->name);
    if (before && str_eq_nocase(before->parent, parent)) return OK;
    if (mgmt_group_is_root(w->product, args->name)) return FAIL(c, ERR_PARAMETER_INVALID, "The root management group cannot be moved.");
    TRY(mgmt_group_require(c, w, parent, &there));
    TRY(check_place(c, w, args->name, parent));
    if (!before) return OK; // the parent is where the permission was asked for
    TRY(require_at(c, w, GROUPS "/write", path, before->parent));
    return require_at(c, w, GROUPS "/write", path, parent);
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
    tree_each_mgmt_group(w->world->tree, count_group, &f);
    tree_each_subscription(w->world->tree, count_subscription, &f);
    if (f.groups || f.subscriptions)
        return FAIL(c, ERR_CONFLICT, "The management group '%.*s' holds %zu management groups and %zu subscriptions: move them first.", PSTR(args->name),
                    f.groups, f.subscriptions);
    TRY(cascade_assignments(c, w, mgmt_group_path(c, args->name)));
    return work_change(c, w, STORE_MGMT_GROUP, &out->group->ref, NULL);
}

static enum err move_subscription(struct call *c, struct work *w, subscription_id id, str from, str to)
{
    const struct subscription *before = tree_find_subscription(w->world->tree, id);
    struct subscription        next = *before, *fresh;
    str                        path = call_format(c, "/subscriptions/%s", guid_text(id.g).s);
    if (str_eq_nocase(from, to)) return OK;
    TRY(require_at(c, w, GROUPS "/subscriptions/write", path, from));
    TRY(work_require_linked(c, w, S(GROUPS "/subscriptions/write"), path, S("Microsoft.Authorization/roleAssignments/write"), path));
    next.mgmt_group = mgmt_group_is_root(w->product, to) ? STR_NONE : to;
    TRY(subscription_new(c, &next, &fresh));
    return work_change(c, w, STORE_SUBSCRIPTION, &before->ref, &fresh->ref);
}

static enum err find_both(struct call *c, const struct work *w, const struct mgmt_group_args *args, const struct mgmt_group **out_group, str *out_holder)
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
        return FAIL(c, ERR_NOT_FOUND, "The subscription '%s' is not in the management group '%.*s'.", guid_text(args->subscription.g).s, PSTR(args->name));
    return move_subscription(c, w, args->subscription, holder, root_name(c, w));
}

const struct op OP_MGMT_GROUP_WRITE = {.name = "mgmt_group_write", .action = GROUPS "/write", .writes = true, .run = write_group};
const struct op OP_MGMT_GROUP_DELETE = {.name = "mgmt_group_delete", .action = GROUPS "/delete", .writes = true, .run = delete_group};
const struct op OP_MGMT_GROUP_MOVE_IN = {.name = "mgmt_group_move_in", .action = GROUPS "/subscriptions/write", .writes = true, .run = move_in};
const struct op OP_MGMT_GROUP_MOVE_OUT = {.name = "mgmt_group_move_out", .action = GROUPS "/subscriptions/delete", .writes = true, .run = move_out};
