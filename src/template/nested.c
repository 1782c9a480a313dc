// Nested deployments.
#include "resources/scope.h"
#include "template/inside.h"
#include "template/value.h"

static enum err read_scope(struct call *c, const struct instance *one, struct template_nested *out)
{
    struct scope scope;
    TRY(scope_parse(c, one->base, &scope));
    switch (scope.kind) {
    case SCOPE_ROOT: out->level = TEMPLATE_AT_TENANT; break;
    case SCOPE_MGMT_GROUP: out->level = TEMPLATE_AT_MGMT_GROUP; break;
    case SCOPE_SUBSCRIPTION: out->level = TEMPLATE_AT_SUBSCRIPTION; break;
    case SCOPE_GROUP: out->level = TEMPLATE_AT_GROUP; break;
    case SCOPE_RESOURCE:
        return FAIL(c, ERR_TEMPLATE_INVALID, "The deployment '%.*s' has the scope '%.*s', where nothing can be deployed to.",
                    PSTR(call_printable(c, one->r.name, 128)), PSTR(call_printable(c, one->base, 256)));
    }
    out->scope = scope.path;
    out->subscription = scope.subscription;
    out->group = scope.group;
    return OK;
}

enum err template_nested(struct call *c, struct template *t, size_t i, const struct template_outside *outside, struct template_nested *out)
{
    const struct instance *one = t->order[i];
    const struct json     *body, *properties;
    struct template_nested nested = {.is_inner = one->d->is_inner, .mode = S("Incremental")};
    TRY(read_scope(c, one, &nested));
    TRY(template_body(c, t, i, outside, &body));
    properties = json_get_nocase(body, S("properties"));
    if (json_get_nocase(properties, S("mode"))) nested.mode = json_str(json_get_nocase(properties, S("mode")));
    nested.document = json_get_nocase(properties, S("template"));
    nested.link = nested.document ? NULL : json_get_nocase(properties, S("templateLink"));
    nested.location = json_str(json_get_nocase(body, S("location")));
    nested.parameters = json_get_nocase(properties, S("parameters"));
    *out = nested;
    return OK;
}
