// Deny assignments, for reading: this API makes none. Ours come from the operator's own route (admin/denies.c).
#include "endpoints/arm/arm.h"
#include "ops/permissions.h"
#include "rbac/filter.h"

static void write_principals(struct json_writer *j, const char *name, const struct deny_principal *list, size_t n)
{
    json_write_key(j, str_of(name));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        json_write_object(j);
        json_put_guid(j, S("id"), list[i].id.g);
        json_put_string(j, S("type"), list[i].type);
        json_write_end(j);
    }
    json_write_end(j);
}

void arm_write_deny(struct call *c, struct json_writer *j, const struct deny_assignment *d)
{
    str at = str_eq(d->scope, S("/")) ? S("") : d->scope;
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("denyAssignmentName"), d->name);
    json_put_string(j, S("description"), d->description);
    permissions_write(j, d->permissions, d->permission_n);
    json_put_string(j, S("scope"), d->scope);
    json_put_bool(j, S("doNotApplyToChildScopes"), d->not_below);
    write_principals(j, "principals", d->principals, d->principal_n);
    write_principals(j, "excludePrincipals", d->excluded, d->excluded_n);
    json_put_bool(j, S("isSystemProtected"), d->is_system_protected);
    json_put_string(j, S("createdOn"), str_of(time_iso(d->created_ns).s));
    json_put_guid(j, S("createdBy"), d->created_by.g);
    json_write_end(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/providers/Microsoft.Authorization/denyAssignments/%s", PSTR(at), guid_text(d->id).s));
    json_put_string(j, S("type"), S("Microsoft.Authorization/denyAssignments"));
    json_put_string(j, S("name"), guid_str(c, d->id));
    json_write_end(j);
}

struct denies {
    struct call       *c;
    struct scope       at;
    const str         *above;
    size_t             above_n;
    struct rbac_filter filter;
    struct arm_page    page;
};

static bool names(const struct deny_assignment *d, object_id who)
{
    for (size_t i = 0; i < d->principal_n; i++)
        if (object_id_eq(d->principals[i].id, who)) return true;
    return false;
}

static bool passes(const struct denies *l, const struct deny_assignment *d)
{
    if (l->filter.has_principal && !names(d, l->filter.principal)) return false;
    return str_empty(l->filter.deny_name) || str_eq_nocase(l->filter.deny_name, d->name);
}

static bool offer_deny(const struct deny_assignment *d, void *ctx)
{
    struct denies *l = ctx;
    struct scope   scope;
    if (scope_parse(l->c, d->scope, &scope) != OK) {
        call_forgive(l->c);
        return true;
    }
    bool belongs = scope_reaches(&scope, &l->at, l->above, l->above_n) || (!l->filter.at_scope && scope_contains(&l->at, &scope));
    if (arm_page_takes(&l->page, guid_key(&d->id), belongs && passes(l, d))) arm_write_deny(l->c, l->page.json, d);
    return arm_page_goes_on(&l->page);
}

enum err arm_denies_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct denies l = {.c = c};
    TRY(work_scope(c, w, arm_scope_of(q), &l.at));
    TRY(rbac_filter_read(c, wire_query(q, "$filter"), RBAC_FILTER_DENIES, &l.filter));
    TRY(work_above(c, w, &l.at, &l.above, &l.above_n));
    TRY(arm_page_begin_guids(c, q, a, &l.page));
    rbac_each_deny(w->world->rules, l.page.after, offer_deny, &l);
    return arm_page_end(c, q, &l.page);
}

enum err arm_deny_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    guid                          id;
    const struct deny_assignment *d = guid_parse(wire_param(q, "name"), &id) ? rbac_find_deny(w->world->rules, id) : NULL;
    if (!d) return FAIL(c, ERR_NOT_FOUND, "The deny assignment '%.*s' is not found.", PSTR(wire_param(q, "name")));
    arm_write_deny(c, answer_json(a, 200), d);
    return OK;
}

// Said here, lest it be taken for a resource of any type.
enum err arm_deny_refuse(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)q, (void)a;
    return FAIL(c, ERR_METHOD_NOT_ALLOWED, "Deny assignments cannot be created, changed or deleted by this API.");
}
