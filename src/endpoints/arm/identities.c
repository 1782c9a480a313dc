// What managed identities have beyond other resources.
#include "endpoints/arm/arm.h"
#include "ops/revoke.h"

enum err arm_at_system_identity(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    (void)c, (void)w;
    out->scope = wire_param(q, "scope");
    return OK;
}

// The only route of this API from a resource to its system-assigned identity's client id.
enum err arm_system_identity_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *r;
    TRY(resources_require(c, w, q->scope, &r));
    if (!r->identity.has_system) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "The resource '%.*s' has no system-assigned identity.", PSTR(r->id));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/providers/Microsoft.ManagedIdentity/identities/default", PSTR(r->id)));
    json_put_string(j, S("name"), S("default"));
    json_put_string(j, S("type"), S("Microsoft.ManagedIdentity/identities"));
    json_put_string(j, S("location"), r->location);
    json_write_key(j, S("tags"));
    json_write_object(j);
    json_write_end(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_guid(j, S("tenantId"), w->product->tenant.g);
    json_put_guid(j, S("principalId"), r->identity.system_principal.g);
    json_put_guid(j, S("clientId"), r->identity.system_app.g);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err arm_at_identity(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    (void)w;
    out->scope = call_format(c, "/subscriptions/%.*s/resourcegroups/%.*s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/%.*s",
                             PSTR(wire_param(q, "subscription")), PSTR(wire_param(q, "group")), PSTR(wire_param(q, "name")));
    return OK;
}

// 200 without a body, as the cloud answers it.
enum err arm_identity_revoke(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *identity;
    int64_t                at_s;
    (void)a;
    TRY(resources_require(c, w, q->scope, &identity));
    const struct principal *p = directory_find_managed(w->world->directory, identity->id, false);
    if (!p) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "The identity '%.*s' has no principal.", PSTR(identity->id));
    object_id who = p->id;
    return wire_run(c, w, q, &who, &at_s);
}
