// Resource groups.
#include "ops/cascade.h"
#include "ops/deployment.h"
#include "ops/resource_references.h"
#include "ops/resources.h"
#include "resources/location.h"
#include "resources/types.h"

enum err resources_require_holder(struct call *c, const struct work *w, str subscription, str group)
{
    subscription_id s;
    if (!guid_parse(subscription, &s.g))
        return FAIL(c, ERR_SUBSCRIPTION_INVALID, "The provided subscription identifier '%.*s' is malformed or invalid.", PSTR(subscription));
    if (!tree_find_subscription(w->world->tree, s))
        return FAIL(c, ERR_SUBSCRIPTION_NOT_FOUND, "The subscription '%.*s' could not be found.", PSTR(subscription));
    if (str_empty(group)) return OK;
    str id = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(subscription), PSTR(group));
    if (!tree_find_group(w->world->tree, id)) return FAIL(c, ERR_GROUP_NOT_FOUND, "Resource group '%.*s' could not be found.", PSTR(group));
    return OK;
}

enum err resources_check_tags(struct call *c, const struct json *body)
{
    const struct json *tags = json_get(body, S("tags"));
    if (!tags || json_is(tags, JSON_IS_NULL)) return OK;
    if (!json_is(tags, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The tags must be an object.");
    if (json_n(tags) > TAGS_MAX) return FAIL(c, ERR_CONTENT_INVALID, "A resource has at most %d tags, and these are %zu.", TAGS_MAX, json_n(tags));
    for (size_t i = 0; i < json_n(tags); i++) {
        str name = tags->u.list.names[i];
        if (str_empty(name) || name.n > TAG_MAX_NAME_BYTES)
            return FAIL(c, ERR_CONTENT_INVALID, "The name of a tag has 1 to %d bytes; '%.*s' is shorter or longer.", TAG_MAX_NAME_BYTES,
                        PSTR(str_upto(name, 60)));
        if (!json_is(json_at(tags, i), JSON_IS_STRING))
            return FAIL(c, ERR_CONTENT_INVALID, "The value of the tag '%.*s' must be a string.", PSTR(name));
        if (json_str(json_at(tags, i)).n > TAG_MAX_VALUE_BYTES)
            return FAIL(c, ERR_CONTENT_INVALID, "The value of the tag '%.*s' is longer than %d bytes.", PSTR(name), TAG_MAX_VALUE_BYTES);
    }
    return OK;
}

static enum err find_group(struct call *c, struct work *w, str id, struct scope *out_scope, const struct resource_group **out)
{
    TRY(work_scope(c, w, id, out_scope));
    if (out_scope->kind != SCOPE_GROUP) return FAIL_PLAIN(c, ERR_SCOPE_INVALID);
    TRY(resources_require_holder(c, w, out_scope->subscription, STR_NONE));
    *out = tree_find_group(w->world->tree, id);
    return OK;
}

// What is kept beside the columns: tags (always an object) and managedBy.
static enum err document_of(struct call *c, const struct resource_group *before, const struct json *body, str *out)
{
    static const str   KEPT[] = {S_INIT("tags"), S_INIT("managedBy")};
    const struct json *old = NULL;
    struct buf         b;
    struct json_writer w;
    if (before) TRY(json_parse(c, before->document, &old));
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    for (size_t i = 0; i < COUNT(KEPT); i++) {
        const struct json *value = json_get(body, KEPT[i]);
        if (!value) value = json_get(old, KEPT[i]);
        if (value && !json_is(value, JSON_IS_NULL)) json_put_value(&w, KEPT[i], value);
    }
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static enum err location_of(struct call *c, const struct resource_group *before, const struct json *body, str *out)
{
    str asked = STR_NONE;
    if (!before || json_get(body, S("location"))) TRY(location_normalise(c, json_get_str(body, S("location")), &asked));
    if (before && !str_empty(asked) && !str_eq(asked, before->location))
        return FAIL(c, ERR_GROUP_LOCATION_CONFLICT, "Invalid resource group location '%.*s'. The Resource group already exists in location '%.*s'.",
                    PSTR(asked), PSTR(before->location));
    if (!before) TRY(location_check_group(c, asked));
    *out = before ? before->location : asked;
    return OK;
}

static enum err save(struct call *c, struct work *w, const struct group_args *args, const struct scope *scope, const struct resource_group *before,
                     struct group_result *out)
{
    struct resource_group next = {.name = scope->group}, *record;
    TRY(resources_check_tags(c, args->body));
    TRY(json_check_depth(c, args->body));
    TRY(location_of(c, before, args->body, &next.location));
    TRY(document_of(c, before, args->body, &next.document));
    next.id = call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(scope->subscription), PSTR(scope->group));
    TRY(resource_group_new(c, &next, &record));
    out->was_created = !before;
    TRY(work_change(c, w, STORE_GROUP, before ? &before->ref : NULL, &record->ref));
    out->group = tree_find_group(w->world->tree, next.id);
    return OK;
}

static enum err put(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct group_args     *args = args_;
    const struct resource_group *before = NULL;
    struct scope                 scope;
    TRY(find_group(c, w, args->id, &scope, &before));
    TRY(types_check_group_name(c, scope.group));
    return save(c, w, args, &scope, before, out);
}

static enum err patch(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct group_args     *args = args_;
    const struct resource_group *before = NULL;
    struct scope                 scope;
    TRY(find_group(c, w, args->id, &scope, &before));
    if (!before) return FAIL(c, ERR_GROUP_NOT_FOUND, "Resource group '%.*s' could not be found.", PSTR(scope.group));
    return save(c, w, args, &scope, before, out);
}

static enum err read_group(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct group_args *args = args_;
    struct group_result     *out = out_;
    struct scope             scope;
    TRY(find_group(c, w, args->id, &scope, &out->group));
    if (!out->group) return FAIL(c, ERR_GROUP_NOT_FOUND, "Resource group '%.*s' could not be found.", PSTR(scope.group));
    return OK;
}

static enum err delete_group(struct call *c, struct work *w, const void *args_, void *out)
{
    const struct group_args     *args = args_;
    const struct resource_group *before = NULL;
    struct scope                 scope;
    (void)out;
    TRY(find_group(c, w, args->id, &scope, &before));
    if (!before) return FAIL(c, ERR_GROUP_NOT_FOUND, "Resource group '%.*s' could not be found.", PSTR(scope.group));
    TRY(references_ask_group_unused(c, w, before->id));
    TRY(cascade_resources(c, w, before->id));
    TRY(cascade_assignments(c, w, before->id));
    TRY(deployment_remove_all(c, w->store, before->id));
    return work_change(c, w, STORE_GROUP, &before->ref, NULL);
}

static enum err find_cascade(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct group_args *args = args_;
    struct scope             scope;
    (void)e;
    TRY(work_scope(c, w, args->id, &scope));
    return cascade_sites(c, w, scope.path, out);
}

static const struct effect EFFECT_GROUP_CASCADE = {.name = "cascade", .rule = EFFECT_NOT_DENIED, .find = find_cascade};

#define GROUP      "Microsoft.Resources/subscriptions/resourceGroups"
#define OWN_FIELDS "it changes the group's own fields, which decide nothing"
const struct op OP_GROUP_PUT = {.name = "group_put", .action = GROUP "/write", .writes = true, .run = put, .no_effects = OWN_FIELDS};
const struct op OP_GROUP_PATCH = {.name = "group_patch", .action = GROUP "/write", .writes = true, .run = patch, .no_effects = OWN_FIELDS};
const struct op OP_GROUP_DELETE = {
    .name = "group_delete", .action = GROUP "/delete", .effects = {&EFFECT_GROUP_CASCADE}, .writes = true, .run = delete_group};
const struct op OP_GROUP_READ = {.name = "group_read", .action = GROUP "/read", .run = read_group};
