// Deployments inside of others: planned as the outer one comes to them, and checked beforehand as far as they are known then.
#include "endpoints/deployments/deployments.h"

static struct json text_value(str s)
{
    return (struct json){.kind = JSON_IS_STRING, .u.string = s};
}

// What a client would send for it.
static enum err write_body(struct call *c, const struct template_nested *n, str location, const struct json **out)
{
    struct json *body, *properties, *texts;
    TRY(json_object_new(c, 2, &body));
    TRY(json_object_new(c, 4, &properties));
    TRY(NEW(c, &texts, 2));
    texts[0] = text_value(n->mode);
    texts[1] = text_value(str_empty(n->location) ? location : n->location);
    json_object_add(properties, S("mode"), &texts[0]);
    if (n->document) json_object_add(properties, S("template"), n->document);
    if (n->link) json_object_add(properties, S("templateLink"), n->link);
    if (n->parameters) json_object_add(properties, S("parameters"), n->parameters);
    json_object_add(body, S("properties"), properties);
    if (n->level != TEMPLATE_AT_GROUP) json_object_add(body, S("location"), &texts[1]);
    *out = body;
    return OK;
}

enum err deploy_nested_request(struct call *c, const struct template_resource *r, const struct template_nested *n, str location,
                               struct deploy_request *out)
{
    const struct json *body;
    str                scope, name;
    if (!deployment_id_read(r->id, &scope, &name)) return FAIL(c, ERR_INTERNAL, "A deployment has no id.");
    TRY(write_body(c, n, location, &body));
    return deploy_request_of(c, body, n->scope, name, out);
}

enum err deploy_nested(struct call *c, struct work *w, const struct template_resource *r, const struct template_nested *n, str location,
                       const struct deploy_origin *origin, struct deploy_plan *out)
{
    TRY(deploy_nested_request(c, r, n, location, &out->request));
    return deploy_plan_make(c, w, origin, out);
}

// An expression that only the running deployment can evaluate, or a secret that may not be there yet.
static bool is_known(const struct json *v)
{
    str s = json_str(v);
    if (str_starts(s, S("[")) && !str_starts(s, S("[["))) return false;
    for (size_t i = 0; i < json_n(v); i++)
        if (!is_known(json_at(v, i)) || (json_is(v, JSON_IS_OBJECT) && str_eq_nocase(v->u.list.names[i], S("reference")))) return false;
    return true;
}

// A resource group that is not there yet may be made before it: then it is checked when its turn comes.
static bool has_scope(struct call *c, const struct work *w, str scope)
{
    enum err failed = deployments_require_scope(c, w, scope);
    if (failed != OK) call_forgive(c);
    return failed == OK;
}

static enum err check_one(struct call *c, struct work *w, const struct deploy_plan *outer, size_t i, size_t *io_left)
{
    struct template_nested n;
    struct deploy_plan     plan = {.nested_left = io_left};
    TRY(template_nested(c, outer->template, i, NULL, &n));
    if (!n.is_inner || !is_known(n.parameters) || !has_scope(c, w, n.scope)) return OK;
    struct deploy_origin origin = {.parent = deployment_id(c, outer->wish.scope, outer->wish.name), .index = i, .depth = outer->wish.depth + 1};
    enum err             failed = deploy_nested(c, w, template_at(outer->template, i), &n, outer->wish.location, &origin, &plan);
    template_hide_secrets(c, outer->template);
    return failed;
}

enum err deploy_check_nested(struct call *c, struct work *w, const struct deploy_plan *outer, size_t *io_left)
{
    for (size_t i = 0; i < template_count(outer->template) && *io_left; i++) {
        const struct template_resource *r = template_at(outer->template, i);
        if (!r->is_deployment || r->is_skipped || r->is_existing) continue;
        --*io_left;
        TRY(check_one(c, w, outer, i, io_left));
    }
    return OK;
}
