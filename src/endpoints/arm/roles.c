// Role definitions and deny assignments, for reading.
#include "endpoints/arm/arm.h"
#include "rbac/filter.h"

static str scope_of(const struct wire *q)
{
    str scope = wire_param(q, "scope");
    return str_empty(scope) ? S("/") : scope;
}

static void write_texts(struct json_writer *j, const char *name, const str *texts, size_t n)
{
    json_write_key(j, str_of(name));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) json_write_string(j, texts[i]);
    json_write_end(j);
}

static void write_permissions(struct json_writer *j, const struct role_permission *permissions, size_t n)
{
    json_write_key(j, S("permissions"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        const struct role_permission *p = &permissions[i];
        json_write_object(j);
        write_texts(j, "actions", p->actions, p->action_n);
        write_texts(j, "notActions", p->not_actions, p->not_action_n);
        write_texts(j, "dataActions", p->data_actions, p->data_action_n);
        write_texts(j, "notDataActions", p->not_data_actions, p->not_data_action_n);
        if (!str_empty(p->condition)) json_put_string(j, S("condition"), p->condition);
        if (!str_empty(p->condition)) json_put_string(j, S("conditionVersion"), S("2.0"));
        json_write_end(j);
    }
    json_write_end(j);
}

static str role_path(struct call *c, const struct scope *at, guid id)
{
    str in = str_empty(at->subscription) ? S("") : call_format(c, "/subscriptions/%.*s", PSTR(at->subscription));
    return call_format(c, "%.*s/providers/Microsoft.Authorization/roleDefinitions/%s", PSTR(in), guid_text(id).s);
}

static void put_time_or_null(struct json_writer *j, const char *name, int64_t ns)
{
    if (ns == 0) json_put_null(j, str_of(name));
    else json_put_string(j, str_of(name), str_of(time_iso(ns).s));
}

static void put_who_or_null(struct json_writer *j, const char *name, object_id who)
{
    if (guid_is_none(who.g)) json_put_null(j, str_of(name));
    else json_put_guid(j, str_of(name), who.g);
}

static void write_role(struct call *c, struct json_writer *j, const struct scope *at, const struct role *r)
{
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("roleName"), r->name);
    json_put_string(j, S("type"), r->is_builtin ? S("BuiltInRole") : S("CustomRole"));
    json_put_string(j, S("description"), r->description);
    write_texts(j, "assignableScopes", r->scopes, r->scope_n);
    write_permissions(j, r->permissions, r->permission_n);
    put_time_or_null(j, "createdOn", r->created_ns);
    put_time_or_null(j, "updatedOn", r->updated_ns);
    put_who_or_null(j, "createdBy", r->created_by);
    put_who_or_null(j, "updatedBy", r->updated_by);
    json_write_end(j);
    json_put_string(j, S("id"), role_path(c, at, r->id));
    json_put_string(j, S("type"), S("Microsoft.Authorization/roleDefinitions"));
    json_put_string(j, S("name"), guid_str(c, r->id));
    json_write_end(j);
}

struct roles {
    struct call       *c;
    struct scope       at;
    struct rbac_filter filter;
    struct arm_page    page;
};

// A custom role is seen at its assignable scopes, above them and below them.
static bool is_near(const struct roles *l, const struct role *r)
{
    for (size_t i = 0; i < r->scope_n; i++) {
        struct scope scope;
        if (scope_parse(l->c, r->scopes[i], &scope) == OK && (scope_contains(&scope, &l->at) || scope_contains(&l->at, &scope))) return true;
        call_forgive(l->c);
    }
    return false;
}

static bool belongs(const struct roles *l, const struct role *r)
{
    if (!str_empty(l->filter.role_name) && !str_eq_nocase(r->name, l->filter.role_name)) return false;
    if (l->filter.has_type && l->filter.wants_builtin != r->is_builtin) return false;
    return r->is_builtin || is_near(l, r);
}

static bool offer(const struct role *r, void *ctx)
{
    struct roles *l = ctx;
    if (belongs(l, r) && arm_page_wants(&l->page, guid_str(l->c, r->id))) write_role(l->c, l->page.json, &l->at, r);
    return !l->page.is_full;
}

enum err arm_roles_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct roles l = {.c = c};
    TRY(scope_parse(c, scope_of(q), &l.at));
    TRY(arm_require(c, w, S("Microsoft.Authorization/roleDefinitions/read"), scope_of(q)));
    TRY(rbac_filter_read(c, wire_query(q, "$filter"), RBAC_FILTER_ROLES, &l.filter));
    TRY(arm_page_begin(c, q, a, &l.page));
    rbac_each_role(w->world->rules, offer, &l);
    return arm_page_end(c, q, &l.page);
}

enum err arm_role_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct scope at;
    guid         id;
    str          name = wire_param(q, "name");
    TRY(scope_parse(c, scope_of(q), &at));
    const struct role *r = guid_parse(name, &id) ? rbac_find_role(w->world->rules, id) : NULL;
    bool               is_public = r && r->is_builtin && at.kind == SCOPE_ROOT; // the catalogue is the same for everybody
    if (!is_public) TRY(arm_require(c, w, S("Microsoft.Authorization/roleDefinitions/read"), scope_of(q)));
    if (!guid_parse(name, &id))
        return FAIL(c, ERR_ROLE_ID_INVALID, "The role definition ID '%.*s' is not valid. The role definition ID must be a GUID.", PSTR(name));
    if (!r) return FAIL(c, ERR_ROLE_NOT_FOUND, "The specified role definition with ID '%s' does not exist.", guid_digits(id).s);
    write_role(c, answer_json(a, 200), &at, r);
    return OK;
}

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

static void write_deny(struct call *c, struct json_writer *j, const struct deny_assignment *d)
{
    str at = str_eq(d->scope, S("/")) ? S("") : d->scope;
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("denyAssignmentName"), d->name);
    json_put_string(j, S("description"), d->description);
    write_permissions(j, d->permissions, d->permission_n);
    json_put_string(j, S("scope"), d->scope);
    json_put_bool(j, S("doNotApplyToChildScopes"), d->not_below);
    write_principals(j, "principals", d->principals, d->principal_n);
    write_principals(j, "excludePrincipals", d->excluded, d->excluded_n);
    json_put_bool(j, S("isSystemProtected"), d->is_system_protected);
    put_time_or_null(j, "createdOn", d->created_ns);
    put_who_or_null(j, "createdBy", d->created_by);
    json_write_end(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/providers/Microsoft.Authorization/denyAssignments/%s", PSTR(at), guid_text(d->id).s));
    json_put_string(j, S("type"), S("Microsoft.Authorization/denyAssignments"));
    json_put_string(j, S("name"), guid_str(c, d->id));
    json_write_end(j);
}

struct denies {
    struct call    *c;
    struct scope    at;
    struct arm_page page;
};

static bool offer_deny(const struct deny_assignment *d, void *ctx)
{
    struct denies *l = ctx;
    struct scope   scope;
    if (scope_parse(l->c, d->scope, &scope) != OK) {
        call_forgive(l->c);
        return true;
    }
    bool belongs = scope_contains(&scope, &l->at) || scope_contains(&l->at, &scope);
    if (belongs && arm_page_wants(&l->page, guid_str(l->c, d->id))) write_deny(l->c, l->page.json, d);
    return !l->page.is_full;
}

enum err arm_denies_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct denies l = {.c = c};
    TRY(scope_parse(c, scope_of(q), &l.at));
    TRY(arm_require(c, w, S("Microsoft.Authorization/denyAssignments/read"), scope_of(q)));
    TRY(arm_page_begin(c, q, a, &l.page));
    rbac_each_deny(w->world->rules, offer_deny, &l);
    return arm_page_end(c, q, &l.page);
}

enum err arm_deny_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    guid id;
    TRY(arm_require(c, w, S("Microsoft.Authorization/denyAssignments/read"), scope_of(q)));
    const struct deny_assignment *d = guid_parse(wire_param(q, "name"), &id) ? rbac_find_deny(w->world->rules, id) : NULL;
    if (!d) return FAIL(c, ERR_NOT_FOUND, "The deny assignment '%.*s' is not found.", PSTR(wire_param(q, "name")));
    write_deny(c, answer_json(a, 200), d);
    return OK;
}

// The classic administrators were retired: there are none.
enum err arm_classic_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str at = call_format(c, "/subscriptions/%.*s", PSTR(wire_param(q, "subscription")));
    TRY(arm_require(c, w, S("Microsoft.Authorization/classicAdministrators/read"), at));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    json_write_end(j);
    json_write_end(j);
    return OK;
}
