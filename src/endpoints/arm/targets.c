// Where the routes of the management API are decided: the scopes of the objects that paths name.
#include "endpoints/arm/arm.h"
#include "ops/provider_names.h"
#include "ops/resource_hooks.h"
#include "resources/types.h"

// What a write says is read before it is decided: what cannot be read is told to everybody.
static enum err read_content(struct call *c, struct wire *q)
{
    bool has_content = q->route->method == HTTP_PUT || q->route->method == HTTP_PATCH;
    return has_content ? wire_read_body(c, q) : OK;
}

enum err arm_at_subscription(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    (void)w;
    out->scope = call_format(c, "/subscriptions/%.*s", PSTR(wire_param(q, "subscription")));
    return OK;
}

static str group_path(struct call *c, const struct wire *q)
{
    return call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(wire_param(q, "subscription")), PSTR(wire_param(q, "group")));
}

enum err arm_at_group(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct group_args *args;
    (void)w;
    TRY(read_content(c, q));
    TRY(NEW(c, &args, 1));
    *args = (struct group_args){.id = group_path(c, q), .body = q->body};
    q->object = args;
    out->scope = args->id;
    return OK;
}

enum err arm_at_holder(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    str group = wire_param(q, "group");
    if (str_empty(group)) return arm_at_subscription(c, w, q, out);
    out->scope = group_path(c, q);
    return OK;
}

enum err arm_at_scope(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    (void)c, (void)w;
    out->scope = arm_scope_of(q);
    return OK;
}

// What was kept before its type was asked for stays within reach.
static enum err check_version(struct call *c, const struct work *w, const struct wire *q, str id)
{
    struct resource_id parts;
    str                type;
    TRY(arm_read_id(c, id, &parts));
    TRY(resource_id_type(c, &parts, &type));
    if (!tree_find(w->world->tree, parts.text)) TRY(provider_names_check_type(c, type, q->api_version));
    return types_check_api_version(c, types_of(type), type, json_get_str(q->body, S("location")), q->api_version);
}

static enum err spell_content(struct call *c, struct wire *q, str id)
{
    struct resource_id parts;
    str                type;
    if (!q->body) return OK;
    TRY(arm_read_id(c, id, &parts));
    TRY(resource_id_type(c, &parts, &type));
    return resource_spell(c, type, q->body, &q->body);
}

// A part of a resource may have nothing to say of itself: some clients put it without a body.
static enum err read_resource(struct call *c, struct wire *q, str id)
{
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    struct resource_id       parts;
    str                      type;
    if (q->route->method != HTTP_PUT || wire_has_body(q)) return read_content(c, q);
    TRY(arm_read_id(c, id, &parts));
    TRY(resource_id_type(c, &parts, &type));
    if (!types_of(type)->is_hidden) return read_content(c, q);
    q->body = &EMPTY;
    return OK;
}

enum err arm_at_resource(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    static const char *const VERBS[] = {
        [HTTP_GET] = "read", [HTTP_HEAD] = "read", [HTTP_PUT] = "write", [HTTP_PATCH] = "write", [HTTP_DELETE] = "delete"};
    enum http_method      method = q->route->method;
    struct resource_args *args;
    TRY(read_resource(c, q, wire_param(q, "id")));
    TRY(spell_content(c, q, wire_param(q, "id")));
    TRY(NEW(c, &args, 1));
    *args = (struct resource_args){.id = wire_param(q, "id"), .body = q->body, .verb = method == HTTP_PATCH ? IDENTITY_PATCH : IDENTITY_PUT, .api_version = q->api_version};
    q->object = args;
    TRY(arm_type_target(c, args->id, VERBS[method], out));
    return check_version(c, w, q, args->id);
}

str arm_action_of(const struct wire *q)
{
    str pattern = str_of(q->route->pattern);
    return str_from(pattern, str_find_last(pattern, '/') + 1);
}

enum err arm_at_action(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    str id = wire_param(q, "id"), verb = arm_action_of(q);
    TRY(arm_type_target(c, id, "action", out));
    out->action = call_format(c, "%.*s/%.*s/action", PSTR(str_upto(out->action, out->action.n - sizeof "/action" + 1)), PSTR(verb));
    return check_version(c, w, q, id);
}
