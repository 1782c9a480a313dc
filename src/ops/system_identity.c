#include "ops/system_identity.h"

#include "ops/principals.h"

enum err managed_principal_new(struct call *c, struct work *w, str name, str resource, bool is_system_assigned, object_id *out_id, client_id *out_app)
{
    struct principal  plain = {.kind = PRINCIPAL_MANAGED,
                               .name = name,
                               .resource = resource,
                               .is_system_assigned = is_system_assigned,
                               .created_ns = c->now_ns,
                               .counts_from_ns = c->now_ns + w->product->propagation.directory_object_s * NS_PER_S};
    struct principal *record;
    plain.id.g = guid_new(c);
    plain.app.g = guid_new(c);
    TRY(principal_new(c, &plain, &record));
    TRY(work_change(c, w, STORE_PRINCIPAL, NULL, &record->ref));
    *out_id = plain.id;
    *out_app = plain.app;
    return OK;
}

enum err managed_principal_delete(struct call *c, struct work *w, object_id id)
{
    const struct principal *p = directory_find(w->world->directory, id);
    return p ? principal_drop(c, w, p) : OK;
}

// A slot's identity is named after the site and the slot, others after the last name of the id.
static str display_name(struct call *c, const struct resource *r)
{
    static const str   SLOTS = S_INIT("Microsoft.Web/sites/slots");
    struct resource_id id;
    if (!str_eq_nocase(r->type, SLOTS) || resource_id_parse(c, r->id, &id) != OK) return r->name;
    return str_from(id.types, sizeof "sites/" - 1);
}

enum err system_identity_apply(struct call *c, struct work *w, const struct resource *before, struct resource *next, bool wanted)
{
    bool had = before && before->identity.has_system;
    next->identity.has_system = wanted;
    if (wanted && had) {
        next->identity.system_principal = before->identity.system_principal;
        next->identity.system_app = before->identity.system_app;
    }
    if (had && !wanted) TRY(managed_principal_delete(c, w, before->identity.system_principal));
    if (!wanted || had) return OK;
    return managed_principal_new(c, w, display_name(c, next), next->id, true, &next->identity.system_principal, &next->identity.system_app);
}

enum err system_identity_delete(struct call *c, struct work *w, const struct resource *r)
{
    return r->identity.has_system ? managed_principal_delete(c, w, r->identity.system_principal) : OK;
}
