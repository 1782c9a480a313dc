#include "ops/tags.h"

#include "ops/resources.h"

static const str TAGS = S_INIT("tags");

// What carries the tags: one of the three.
struct tagged {
    const struct subscription   *subscription;
    const struct resource_group *group;
    const struct resource       *resource;
    const struct json           *document; // {"tags":…} and what else the record keeps there
};

static enum err find(struct call *c, struct work *w, str text, struct tagged *out)
{
    struct scope    at;
    subscription_id id;
    TRY(work_scope(c, w, text, &at));
    *out = (struct tagged){0};
    if (!guid_parse(at.subscription, &id.g)) return FAIL(c, ERR_SCOPE_INVALID, "Nothing at '%.*s' has tags.", PSTR(at.path));
    TRY(resources_require_holder(c, w, at.subscription, at.group));
    if (at.kind == SCOPE_RESOURCE) TRY(resources_require(c, w, at.path, &out->resource));
    else if (at.kind == SCOPE_GROUP) out->group = tree_find_group(w->world->tree, at.path);
    else out->subscription = tree_find_subscription(w->world->tree, id);
    if (out->resource) return resource_document(c, out->resource, &out->document);
    return json_parse(c,
                      out->group                               ? out->group->document
                      : str_empty(out->subscription->document) ? S("{}")
                                                               : out->subscription->document,
                      &out->document);
}

static enum err keep(struct call *c, struct work *w, const struct tagged *x, str document)
{
    if (x->resource) {
        struct resource plain = *x->resource, *fresh;
        plain.document = document;
        plain.changed_ns = c->now_ns;
        TRY(resource_new(c, &plain, &fresh));
        return work_change(c, w, STORE_RESOURCE, &x->resource->ref, &fresh->ref);
    }
    if (x->group) {
        struct resource_group plain = *x->group, *fresh;
        plain.document = document;
        TRY(resource_group_new(c, &plain, &fresh));
        return work_change(c, w, STORE_GROUP, &x->group->ref, &fresh->ref);
    }
    struct subscription plain = *x->subscription, *fresh;
    plain.document = document;
    TRY(subscription_new(c, &plain, &fresh));
    return work_change(c, w, STORE_SUBSCRIPTION, &x->subscription->ref, &fresh->ref);
}

static bool is_removed(const struct json *named, str value)
{
    str only = json_str(named);
    return str_empty(only) || str_eq(only, value);
}

// Those that stand and are not replaced or removed, then those that are added.
static enum err change(struct call *c, const struct tags_args *args, const struct json *old, const struct json **out)
{
    struct json *next;
    TRY(json_object_new(c, json_n(old) + json_n(args->tags), &next));
    for (size_t i = 0; args->verb != TAGS_REPLACE && i < json_n(old); i++) {
        str                name = old->u.list.names[i];
        const struct json *named = json_get_nocase(args->tags, name);
        bool               goes = named && (args->verb == TAGS_MERGE || is_removed(named, json_str(json_at(old, i))));
        if (!goes) json_object_add(next, name, json_at(old, i));
    }
    for (size_t i = 0; args->verb != TAGS_REMOVE && i < json_n(args->tags); i++)
        json_object_add(next, args->tags->u.list.names[i], json_at(args->tags, i));
    *out = next;
    return OK;
}

static enum err check_names(struct call *c, const struct json *tags)
{
    for (size_t i = 0; i < json_n(tags); i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(tags->u.list.names[i], tags->u.list.names[k]))
                return FAIL(c, ERR_CONTENT_INVALID, "The tag '%.*s' is there twice: names of tags are compared without case.",
                            PSTR(call_printable(c, tags->u.list.names[i], TAG_MAX_NAME_BYTES)));
    return OK;
}

static enum err check(struct call *c, const struct json *tags)
{
    struct json *body;
    TRY(json_object_new(c, 1, &body));
    json_object_add(body, TAGS, tags);
    TRY(resources_check_tags(c, body));
    return check_names(c, tags);
}

static enum err none(struct call *c, const struct json **out)
{
    struct json *empty;
    TRY(json_object_new(c, 0, &empty));
    *out = empty;
    return OK;
}

static enum err read_tags(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct tags_args *args = args_;
    const struct json     **out = out_;
    struct tagged           x;
    TRY(find(c, w, args->scope, &x));
    *out = json_get(x.document, TAGS);
    return json_is(*out, JSON_IS_OBJECT) ? OK : none(c, out);
}

static enum err write_tags(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct tags_args *args = args_;
    const struct json     **out = out_, *old, *next;
    struct tagged           x;
    str                     document;
    TRY(find(c, w, args->scope, &x));
    old = json_get(x.document, TAGS);
    if (args->tags) TRY(check(c, args->tags));
    TRY(change(c, args, json_is(old, JSON_IS_OBJECT) ? old : NULL, out));
    TRY(check(c, *out));
    TRY(json_with(c, x.document, TAGS, *out, &next));
    TRY(resources_document(c, next, &document));
    TRY(keep(c, w, &x, document));
    TRY(json_parse(c, document, &next)); // what stood before goes with its record
    *out = json_get(next, TAGS);
    return OK;
}

#define ACTION     "Microsoft.Resources/tags/"
#define NO_EFFECTS "nothing is decided by tags"
const struct op OP_TAGS_READ = {.name = "tags_read", .action = ACTION "read", .run = read_tags};
const struct op OP_TAGS_WRITE = {.name = "tags_write", .action = ACTION "write", .writes = true, .run = write_tags, .no_effects = NO_EFFECTS};
const struct op OP_TAGS_DELETE = {.name = "tags_delete", .action = ACTION "delete", .writes = true, .run = write_tags, .no_effects = NO_EFFECTS};
