#include "ops/identities.h"

#include "ops/system_identity.h"

static enum err check_isolation(struct call *c, const struct json *body)
{
    static const str   SCOPES[] = {S_INIT("None"), S_INIT("Regional")};
    const struct json *scope = json_path(body, "properties.isolationScope");
    if (!scope || str_index_nocase(SCOPES, COUNT(SCOPES), json_str(scope)) != STR_NOWHERE) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The isolationScope must be None or Regional.");
}

// What the service says of itself is not kept from a request: a client may echo it.
static enum err drop_ids(struct call *c, struct resource_change *change)
{
    static const str   READ_ONLY[] = {S_INIT("tenantId"), S_INIT("principalId"), S_INIT("clientId")};
    const struct json *properties = json_get(change->document, S("properties"));
    if (!json_is(properties, JSON_IS_OBJECT)) return OK;
    for (size_t i = 0; i < COUNT(READ_ONLY); i++) TRY(json_with(c, properties, READ_ONLY[i], NULL, &properties));
    return json_with(c, change->document, S("properties"), properties, &change->document);
}

enum err identity_resource_write(struct call *c, struct work *w, struct resource_change *change)
{
    object_id id;
    client_id app;
    TRY(check_isolation(c, change->body));
    TRY(drop_ids(c, change));
    if (change->before) return OK; // the principal is the same for the resource's whole life
    return managed_principal_new(c, w, change->next->name, change->next->id, false, &id, &app);
}

enum err identity_resource_remove(struct call *c, struct work *w, const struct resource *before, bool *out_handled)
{
    const struct principal *p = directory_find_managed(w->world->directory, before->id, false);
    *out_handled = false;
    return p ? managed_principal_delete(c, w, p->id) : OK;
}
