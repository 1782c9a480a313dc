// Deny assignments: the operator makes and removes them here, and everybody sees them at the management API.
#include "ops/denies.h"

#include "endpoints/admin/operator.h"
#include "endpoints/arm/arm.h"
#include "ops/permissions.h"

static enum err read_id(struct call *c, const struct wire *q, guid *out)
{
    str name = wire_param(q, "name");
    if (guid_parse(name, out)) return OK;
    return FAIL(c, ERR_GUID_INVALID, "The name of a deny assignment must be a GUID; '%.*s' is not.", PSTR(call_printable(c, name, 128)));
}

static enum err read_principals(struct call *c, const struct json *list, const char *name, const struct deny_principal **out, size_t *out_n)
{
    struct deny_principal *found;
    size_t                 n = json_n(list);
    if (list && !json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' must be an array.", name);
    if (n == 0) return OK;
    TRY(NEW(c, &found, n));
    for (size_t i = 0; i < n; i++) {
        const struct json *one = json_at(list, i);
        str                id = json_get_str(one, S("id")), type = json_get_str(one, S("type"));
        if (!guid_parse(id, &found[i].id.g))
            return FAIL(c, ERR_CONTENT_INVALID, "Each of '%s' must have an id that is a GUID; '%.*s' is not.", name,
                        PSTR(call_printable(c, id, 128)));
        found[i].type = !str_empty(type) ? type : guid_is_none(found[i].id.g) ? S("SystemDefined") : S("ServicePrincipal");
    }
    *out = found;
    *out_n = n;
    return OK;
}

static enum err read_body(struct call *c, const struct wire *q, struct deny_assignment *out)
{
    const struct json *body, *not_below;
    TRY(wire_body(c, q, &body));
    out->name = json_get_str(body, S("name"));
    out->description = json_get_str(body, S("description"));
    out->scope = json_get_str(body, S("scope"));
    not_below = json_get(body, S("doNotApplyToChildScopes"));
    if (not_below && !json_is(not_below, JSON_IS_BOOL)) return FAIL(c, ERR_CONTENT_INVALID, "doNotApplyToChildScopes is true or false.");
    out->not_below = json_get_bool(body, S("doNotApplyToChildScopes"), false);
    TRY(permissions_read(c, json_get(body, S("permissions")), &out->permissions, &out->permission_n));
    TRY(read_principals(c, json_get(body, S("principals")), "principals", &out->principals, &out->principal_n));
    return read_principals(c, json_get(body, S("excludePrincipals")), "excludePrincipals", &out->excluded, &out->excluded_n);
}

enum err operator_deny_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct deny_assignment deny = {0};
    struct deny_result     result = {0};
    TRY(read_id(c, q, &deny.id));
    TRY(read_body(c, q, &deny));
    TRY(wire_run(c, w, q, &deny, &result));
    arm_write_deny(c, answer_json(a, result.was_created ? 201 : 200), result.deny);
    return OK;
}

enum err operator_deny_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    guid               id;
    struct deny_result result = {0};
    TRY(read_id(c, q, &id));
    TRY(wire_run(c, w, q, &id, &result));
    if (result.deny) arm_write_deny(c, answer_json(a, 200), result.deny);
    else a->status = 204;
    return OK;
}
