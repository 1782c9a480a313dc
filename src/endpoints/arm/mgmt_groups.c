// Management groups: the tree above the subscriptions.
#include "ops/mgmt_groups.h"

#include "endpoints/arm/arm.h"

#define TYPE "Microsoft.Management/managementGroups"

static str name_of(const struct wire *q)
{
    return wire_param(q, "group");
}

static void put_names(struct json_writer *j, str type, str id, str name, str display_name)
{
    json_put_string(j, S("id"), id);
    json_put_string(j, S("type"), type);
    json_put_string(j, S("name"), name);
    if (!str_empty(display_name)) json_put_string(j, S("displayName"), display_name);
}

static const struct mgmt_group *parent_of(const struct work *w, const struct mgmt_group *g)
{
    if (mgmt_group_is_root(w->product, g->name)) return NULL;
    return tree_find_mgmt_group(w->world->tree, g->parent);
}

static void write_parent(struct call *c, const struct work *w, struct json_writer *j, const struct mgmt_group *g)
{
    const struct mgmt_group *parent = parent_of(w, g);
    json_write_key(j, S("parent"));
    if (!parent) {
        json_write_null(j);
        return;
    }
    json_write_object(j);
    json_put_string(j, S("id"), mgmt_group_path(c, parent->name));
    json_put_string(j, S("name"), parent->name);
    json_put_string(j, S("displayName"), parent->display_name);
    json_write_end(j);
}

// --- what lies below ---

// A tree has no pages: one that is larger is refused, and its descendants come in pages.
#define CHILDREN_MAX       5000                          // groups and subscriptions that are shown
#define CHILDREN_MAX_LOOKS (CHILDREN_MAX * CHILDREN_MAX) // those that are looked at: all of them for each group

struct below {
    size_t             *room, *looks; // of the whole tree; 0 room: it is too large
    struct call        *c;
    const struct work  *w;
    struct json_writer *j;
    str                 parent;
    size_t              levels; // to be shown below this one
};

static void write_children(struct below *b);

static bool has_room(struct below *b)
{
    if (*b->looks == 0) *b->room = 0;
    else --*b->looks;
    return *b->room > 0;
}

static bool write_child_group(const struct mgmt_group *g, void *ctx)
{
    struct below *b = ctx;
    if (!has_room(b)) return false;
    if (mgmt_group_is_root(b->w->product, g->name) || !str_eq_nocase(g->parent, b->parent)) return true;
    --*b->room;
    json_write_object(b->j);
    put_names(b->j, S(TYPE), mgmt_group_path(b->c, g->name), g->name, g->display_name);
    if (b->levels) {
        struct below next = *b;
        next.parent = g->name;
        next.levels--;
        write_children(&next);
    }
    json_write_end(b->j);
    return true;
}

static bool write_child_subscription(const struct subscription *s, void *ctx)
{
    struct below *b = ctx;
    if (!has_room(b)) return false;
    if (!str_eq_nocase(mgmt_group_of_subscription(b->c, b->w, s), b->parent)) return true;
    --*b->room;
    json_write_object(b->j);
    str name = guid_str(b->c, s->id.g);
    put_names(b->j, S("/subscriptions"), call_format(b->c, "/subscriptions/%.*s", PSTR(name)), name, s->name);
    json_write_end(b->j);
    return true;
}

static void write_children(struct below *b)
{
    json_write_key(b->j, S("children"));
    json_write_array(b->j);
    tree_each_mgmt_group(b->w->world->tree, STR_NONE, write_child_group, b);
    tree_each_subscription(b->w->world->tree, NULL, write_child_subscription, b);
    json_write_end(b->j);
}

// --- what lies above ---

// Nearest first, as the ancestors are told; the path is told from the root down.
static enum err write_above(struct call *c, const struct work *w, struct json_writer *j, const struct mgmt_group *g, bool as_path)
{
    const str *above;
    size_t     n;
    TRY(tree_above_mgmt_group(c, w->world->tree, g->name, &above, &n));
    json_write_key(j, as_path ? S("path") : S("managementGroupAncestorsChain"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        str                      name = str_from(above[as_path ? n - 1 - i : i], sizeof MGMT_GROUPS_PREFIX - 1);
        const struct mgmt_group *one = tree_find_mgmt_group(w->world->tree, name);
        json_write_object(j);
        json_put_string(j, S("name"), name);
        json_put_string(j, S("displayName"), one ? one->display_name : name);
        json_write_end(j);
    }
    json_write_end(j);
    return OK;
}

static enum err write_group(struct call *c, const struct work *w, const struct wire *q, struct json_writer *j, const struct mgmt_group *g)
{
    str expand = wire_query(q, "$expand");
    json_write_object(j);
    put_names(j, S(TYPE), mgmt_group_path(c, g->name), g->name, STR_NONE);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_guid(j, S("tenantId"), w->product->tenant.g);
    json_put_string(j, S("displayName"), g->display_name);
    json_write_key(j, S("details"));
    json_write_object(j);
    json_put_int(j, S("version"), 1);
    write_parent(c, w, j, g);
    if (str_eq_nocase(expand, S("path"))) TRY(write_above(c, w, j, g, true));
    if (str_eq_nocase(expand, S("ancestors"))) TRY(write_above(c, w, j, g, false));
    json_write_end(j);
    if (str_eq_nocase(expand, S("children"))) {
        bool         is_deep = str_eq_nocase(wire_query(q, "$recurse"), S("true"));
        size_t       room = CHILDREN_MAX + 1, looks = CHILDREN_MAX_LOOKS;
        struct below b = {&room, &looks, c, w, j, g->name, is_deep ? MGMT_GROUPS_MAX_DEPTH : 0};
        write_children(&b);
        if (room == 0)
            return FAIL(c, ERR_PARAMETER_INVALID,
                        "What is below the management group '%.*s' is too much for one answer: at most %d groups and "
                        "subscriptions can be expanded. Ask for its descendants, which come in pages.",
                        PSTR(g->name), CHILDREN_MAX);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static enum err check_query(struct call *c, const struct wire *q)
{
    static const str EXPANDS[] = {S_INIT("children"), S_INIT("path"), S_INIT("ancestors")};
    str              expand = wire_query(q, "$expand"), recurse = wire_query(q, "$recurse");
    if (!str_empty(expand) && str_index_nocase(EXPANDS, COUNT(EXPANDS), expand) == STR_NOWHERE)
        return FAIL(c, ERR_PARAMETER_INVALID, "$expand is children, path or ancestors.");
    if (str_eq_nocase(recurse, S("true")) && !str_eq_nocase(expand, S("children")))
        return FAIL(c, ERR_PARAMETER_INVALID, "$recurse needs $expand=children.");
    return OK;
}

// Whoever may not read it is not told whether it is there.
enum err arm_at_mgmt_group(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct mgmt_group_args *args;
    (void)w;
    TRY(NEW(c, &args, 1));
    args->name = name_of(q);
    q->object = args;
    out->scope = mgmt_group_path(c, args->name);
    return OK;
}

enum err arm_mgmt_group_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct mgmt_group *g;
    TRY(mgmt_group_require(c, w, name_of(q), &g));
    TRY(check_query(c, q));
    TRY(write_group(c, w, q, answer_json(a, 200), g));
    return arm_tag_answer(c, a);
}

// The actions that the rows of lists name, in that order.
enum { ITEM_GROUP, ITEM_SUBSCRIPTION };

// Groups by name, then, where subscriptions are shown too, those by id: a key tells which of the two it is of.
#define KEY_GROUP        'g'
#define KEY_SUBSCRIPTION 's'

struct entity_list {
    struct call       *c;
    struct work       *w;
    const struct wire *q;
    struct arm_page    page;
    bool               as_entities;
    str                below; // name of the group whose descendants are listed; empty: all that the caller may read
    str                below_path;
    enum err           failed;
};

static str key_of(struct call *c, char kind, str key)
{
    return call_format(c, "%c%.*s", kind, PSTR(key));
}

static bool may_read(struct entity_list *l, size_t kind, str scope)
{
    bool allowed = false;
    l->failed = permit_item(l->c, l->w, l->q, kind, scope, &allowed);
    return l->failed == OK && allowed;
}

static void write_item(struct entity_list *l, str type, str id, str name, str display_name, str parent)
{
    struct json_writer *j = l->page.json;
    json_write_object(j);
    put_names(j, type, id, name, STR_NONE);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_guid(j, S("tenantId"), l->w->product->tenant.g);
    json_put_string(j, S("displayName"), display_name);
    if (l->as_entities) {
        json_write_key(j, S("parent"));
        json_write_object(j);
        if (!str_empty(parent)) json_put_string(j, S("id"), parent);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
}

static bool is_below(struct entity_list *l, str group)
{
    const str *above;
    size_t     n;
    l->failed = tree_above_mgmt_group(l->c, l->w->world->tree, group, &above, &n);
    return l->failed == OK && str_index_nocase(above, n, l->below_path) != STR_NOWHERE;
}

static bool offer_group(const struct mgmt_group *g, void *ctx)
{
    struct entity_list      *l = ctx;
    str                      path = mgmt_group_path(l->c, g->name);
    const struct mgmt_group *parent = parent_of(l->w, g);
    bool                     belongs = str_empty(l->below) ? may_read(l, ITEM_GROUP, path) : parent && is_below(l, g->name);
    if (l->failed == OK && arm_page_takes(&l->page, key_of(l->c, KEY_GROUP, g->name), belongs))
        write_item(l, S(TYPE), path, g->name, g->display_name, parent ? mgmt_group_path(l->c, parent->name) : STR_NONE);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

static bool offer_subscription(const struct subscription *s, void *ctx)
{
    struct entity_list *l = ctx;
    str                 name = guid_str(l->c, s->id.g), path = call_format(l->c, "/subscriptions/%.*s", PSTR(name));
    str                 holder = mgmt_group_of_subscription(l->c, l->w, s);
    bool                belongs = str_empty(l->below) ? may_read(l, ITEM_SUBSCRIPTION, path) : str_eq_nocase(holder, l->below) || is_below(l, holder);
    if (l->failed == OK && arm_page_takes(&l->page, key_of(l->c, KEY_SUBSCRIPTION, name), belongs))
        write_item(l, S("/subscriptions"), path, name, s->name, mgmt_group_path(l->c, holder));
    return l->failed == OK && arm_page_goes_on(&l->page);
}

static enum err walk(struct entity_list *l, bool subscriptions_too)
{
    str             after = l->page.p.after, key = str_from(after, 1);
    subscription_id id;
    bool            among_groups = str_empty(after) || after.at[0] == KEY_GROUP;
    bool            among_subscriptions = !among_groups && guid_parse(key, &id.g);
    if (among_groups) tree_each_mgmt_group(l->w->world->tree, key, offer_group, l);
    if (subscriptions_too && l->failed == OK && arm_page_goes_on(&l->page))
        tree_each_subscription(l->w->world->tree, among_subscriptions ? &id : NULL, offer_subscription, l);
    return l->failed;
}

static enum err list(struct call *c, struct work *w, const struct wire *q, struct answer *a, bool as_entities)
{
    struct entity_list   l = {.c = c, .w = w, .q = q, .as_entities = as_entities};
    const struct caller *caller = c->caller;
    if (!caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    struct caller with_groups = *caller; // told once for all the items that it is asked about
    TRY(work_closure(c, w, NULL, &with_groups.who, &with_groups.who_n));
    TRY(arm_page_begin(c, q, a, &l.page));
    c->caller = &with_groups;
    enum err failed = walk(&l, as_entities);
    c->caller = caller;
    TRY(failed);
    TRY(arm_page_end_list(c, q, &l.page));
    if (as_entities) json_put_int(l.page.json, S("count"), (int64_t)l.page.n); // of this page
    json_write_end(l.page.json);
    return OK;
}

enum err arm_mgmt_groups_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return list(c, w, q, a, false);
}

enum err arm_entities_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return list(c, w, q, a, true);
}

// Everything below a group, flat.
enum err arm_descendants_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct mgmt_group *g;
    TRY(mgmt_group_require(c, w, name_of(q), &g));
    struct entity_list l = {.c = c, .w = w, .as_entities = true, .below = g->name, .below_path = mgmt_group_path(c, g->name)};
    TRY(arm_page_begin(c, q, a, &l.page));
    TRY(walk(&l, true));
    return arm_page_end(c, q, &l.page);
}

// --- writing ---

static enum err read_parent(struct call *c, const struct json *id, struct mgmt_group_args *args)
{
    str text = json_str(id);
    if (!id || json_is(id, JSON_IS_NULL)) return OK;
    str name = str_from(text, sizeof MGMT_GROUPS_PREFIX - 1);
    if (!str_starts_nocase(text, S(MGMT_GROUPS_PREFIX)) || str_empty(name) || str_find(name, '/') != STR_NOWHERE)
        return FAIL(c, ERR_PARAMETER_INVALID, "The parent's id must be " MGMT_GROUPS_PREFIX "{name}, and is '%.*s'.",
                    PSTR(call_printable(c, text, 256)));
    args->gives_parent = true;
    args->parent = name;
    return OK;
}

// PUT says properties.details.parent.id; PATCH, in the older way, displayName and parentId.
static enum err read_body(struct call *c, const struct wire *q, struct mgmt_group_args *args)
{
    const struct json *body = NULL;
    if (wire_has_body(q)) TRY(wire_body(c, q, &body));
    const struct json *properties = args->must_exist ? body : json_get_nocase(body, S("properties"));
    const struct json *display_name = json_get_nocase(properties, S("displayName"));
    if (display_name && !json_is(display_name, JSON_IS_STRING) && !json_is(display_name, JSON_IS_NULL))
        return FAIL(c, ERR_CONTENT_INVALID, "The displayName must be a text.");
    args->gives_name = json_is(display_name, JSON_IS_STRING);
    args->display_name = json_str(display_name);
    const struct json *parent = json_get_nocase(json_get_nocase(properties, S("details")), S("parent")),
                      *older = json_get_nocase(body, S("parentGroupId"));
    if (!args->must_exist) return read_parent(c, json_get_nocase(parent, S("id")), args);
    return read_parent(c, older ? older : json_get_nocase(body, S("parentId")), args);
}

enum err arm_at_mgmt_group_write(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct mgmt_group_args *args;
    TRY(NEW(c, &args, 1));
    *args = (struct mgmt_group_args){.name = name_of(q), .must_exist = q->route->method == HTTP_PATCH};
    TRY(read_body(c, q, args));
    q->object = args;
    out->scope = mgmt_group_write_scope(c, w, args);
    return OK;
}

enum err arm_mgmt_group_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct mgmt_group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    return write_group(c, w, q, answer_json(a, 200), result.group);
}

enum err arm_mgmt_group_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct mgmt_group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    if (!result.group) {
        a->status = 204;
        return OK;
    }
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    put_names(j, S(TYPE), mgmt_group_path(c, result.group->name), result.group->name, STR_NONE);
    json_put_string(j, S("status"), S("Succeeded"));
    json_write_end(j);
    return OK;
}

static enum err read_subscription(struct call *c, const struct wire *q, struct mgmt_group_args *args)
{
    str text = wire_param(q, "subscription");
    args->name = name_of(q);
    if (guid_parse(text, &args->subscription.g)) return OK;
    return FAIL(c, ERR_SUBSCRIPTION_INVALID, "The provided subscription identifier '%.*s' is malformed or invalid.",
                PSTR(call_printable(c, text, 128)));
}

enum err arm_at_mgmt_subscription(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct mgmt_group_args *args;
    (void)w;
    TRY(NEW(c, &args, 1));
    TRY(read_subscription(c, q, args));
    q->object = args;
    out->scope = mgmt_group_path(c, args->name);
    return OK;
}

static void write_holding(struct call *c, const struct work *w, struct json_writer *j, const struct mgmt_group *g, subscription_id id)
{
    const struct subscription *s = tree_find_subscription(w->world->tree, id);
    str                        name = guid_str(c, id.g);
    json_write_object(j);
    put_names(j, S(TYPE "/subscriptions"), call_format(c, MGMT_GROUPS_PREFIX "%.*s/subscriptions/%.*s", PSTR(g->name), PSTR(name)), name, STR_NONE);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_guid(j, S("tenant"), w->product->tenant.g);
    json_put_string(j, S("displayName"), s->name);
    json_write_key(j, S("parent"));
    json_write_object(j);
    json_put_string(j, S("id"), mgmt_group_path(c, g->name));
    json_write_end(j);
    json_put_string(j, S("state"), S("Active"));
    json_write_end(j);
    json_write_end(j);
}

enum err arm_mgmt_group_subscription_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct mgmt_group_args  *args = q->object;
    struct mgmt_group_result result = {0};
    TRY(wire_run(c, w, q, args, &result));
    write_holding(c, w, answer_json(a, 200), result.group, args->subscription);
    return OK;
}

enum err arm_mgmt_group_subscription_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct mgmt_group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = 204;
    return OK;
}

enum err arm_mgmt_group_subscription_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct mgmt_group_args *args = q->object;
    const struct mgmt_group      *g;
    TRY(mgmt_group_require(c, w, args->name, &g));
    const struct subscription *s = tree_find_subscription(w->world->tree, args->subscription);
    if (!s || !str_eq_nocase(mgmt_group_of_subscription(c, w, s), g->name))
        return FAIL(c, ERR_NOT_FOUND, "The subscription '%s' is not in the management group '%.*s'.", guid_text(args->subscription.g).s,
                    PSTR(g->name));
    write_holding(c, w, answer_json(a, 200), g, args->subscription);
    return OK;
}
