// Role definitions.
#include "ops/role_definitions.h"

#include "endpoints/arm/arm.h"
#include "ops/permissions.h"
#include "rbac/filter.h"

str arm_role_path(struct call *c, const struct scope *at, guid id)
{
    str in = str_empty(at->subscription) ? S("") : call_format(c, "/subscriptions/%.*s", PSTR(at->subscription));
    return call_format(c, "%.*s/providers/Microsoft.Authorization/roleDefinitions/%s", PSTR(in), guid_text(id).s);
}

static void put_time_or_null(struct json_writer *j, const char *name, int64_t ns)
{
    if (ns == 0) json_put_null(j, str_of(name));
    else json_put_string(j, str_of(name), str_of(time_iso(ns).s));
}

// `is_fresh`: the answer to the PUT that made it, which does not name its maker yet.
static void write_role(struct call *c, struct json_writer *j, const struct scope *at, const struct role *r, bool is_fresh)
{
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("roleName"), r->name);
    json_put_string(j, S("type"), r->is_builtin ? S("BuiltInRole") : S("CustomRole"));
    json_put_string(j, S("description"), r->description);
    permissions_write_texts(j, "assignableScopes", r->scopes, r->scope_n);
    permissions_write(j, r->permissions, r->permission_n);
    put_time_or_null(j, "createdOn", r->created_ns);
    put_time_or_null(j, "updatedOn", r->updated_ns);
    arm_put_who_or_null(j, "createdBy", is_fresh ? (object_id){GUID_NONE} : r->created_by);
    arm_put_who_or_null(j, "updatedBy", r->updated_by);
    json_write_end(j);
    json_put_string(j, S("id"), arm_role_path(c, at, r->id));
    json_put_string(j, S("type"), S("Microsoft.Authorization/roleDefinitions"));
    json_put_string(j, S("name"), guid_str(c, r->id));
    json_write_end(j);
}

struct roles {
    struct call       *c;
    struct scope       at;
    const str         *above;
    size_t             above_n;
    struct rbac_filter filter;
    struct arm_page    page;
};

// A custom role is seen at its assignable scopes, above them and below them.
static bool is_near(const struct roles *l, const struct role *r)
{
    for (size_t i = 0; i < r->scope_n; i++) {
        struct scope scope;
        bool         is_read = scope_parse(l->c, r->scopes[i], &scope) == OK;
        call_forgive(l->c);
        if (is_read && (scope_reaches(&scope, &l->at, l->above, l->above_n) || scope_contains(&l->at, &scope))) return true;
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
    if (arm_page_takes(&l->page, guid_key(&r->id), belongs(l, r))) write_role(l->c, l->page.json, &l->at, r, false);
    return arm_page_goes_on(&l->page);
}

enum err arm_roles_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct roles l = {.c = c};
    TRY(work_scope(c, w, arm_scope_of(q), &l.at));
    TRY(rbac_filter_read(c, wire_query(q, "$filter"), RBAC_FILTER_ROLES, &l.filter));
    TRY(work_above(c, w, &l.at, &l.above, &l.above_n));
    TRY(arm_page_begin_guids(c, q, a, &l.page));
    rbac_each_role(w->world->rules, l.page.after, offer, &l);
    return arm_page_end(c, q, &l.page);
}

static enum err read_id(struct call *c, const struct wire *q, guid *out)
{
    str name = wire_param(q, "name");
    if (guid_parse(name, out)) return OK;
    return FAIL(c, ERR_ROLE_ID_INVALID, "The role definition ID '%.*s' is not valid. The role definition ID must be a GUID.",
                PSTR(call_printable(c, name, 256)));
}

// The catalogue is the same for everybody; what is asked below a scope, or of one's own roles, needs the permission there.
enum err arm_may_read_role(struct call *c, struct work *w, struct wire *q)
{
    struct scope at;
    guid         id;
    TRY(work_scope(c, w, arm_scope_of(q), &at));
    const struct role *r = guid_parse(wire_param(q, "name"), &id) ? rbac_find_role(w->world->rules, id) : NULL;
    if (r && r->is_builtin && at.kind == SCOPE_ROOT) return OK;
    return work_require(c, w, RBAC_CONTROL, S("Microsoft.Authorization/roleDefinitions/read"), &(struct op_target){.scope = arm_scope_of(q)});
}

enum err arm_role_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct scope at;
    guid         id;
    TRY(work_scope(c, w, arm_scope_of(q), &at));
    TRY(read_id(c, q, &id));
    const struct role *r = rbac_find_role(w->world->rules, id);
    if (!r) return FAIL(c, ERR_ROLE_NOT_FOUND, "The specified role definition with ID '%s' does not exist.", guid_digits(id).s);
    write_role(c, answer_json(a, 200), &at, r, false);
    return arm_tag_answer(c, a);
}

static enum err read_body(struct call *c, const struct wire *q, struct role_args *args)
{
    const struct json *body, *properties;
    TRY(wire_body(c, q, &body));
    properties = json_get_nocase(body, S("properties"));
    if (!json_is(properties, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The request content has no properties.");
    str type = json_str(json_get_nocase(properties, S("type")));
    if (!str_empty(type) && !str_eq_nocase(type, S("CustomRole")))
        return FAIL(c, ERR_ROLE_BUILTIN, "Only a role of the type CustomRole can be written.");
    args->name = json_str(json_get_nocase(properties, S("roleName")));
    args->description = json_str(json_get_nocase(properties, S("description")));
    TRY(permissions_read(c, json_get_nocase(properties, S("permissions")), &args->permissions, &args->permission_n));
    return permissions_read_texts(c, json_get_nocase(properties, S("assignableScopes")), "assignableScopes", &args->scopes, &args->scope_n);
}

enum err arm_at_role(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct role_args *args;
    struct scope      at;
    (void)w;
    TRY(scope_parse(c, arm_scope_of(q), &at));
    TRY(NEW(c, &args, 1));
    TRY(read_id(c, q, &args->id));
    if (q->route->method == HTTP_PUT) TRY(read_body(c, q, args));
    q->object = args;
    out->scope = call_format(c, "%.*s/providers/Microsoft.Authorization/roleDefinitions/%s", PSTR(wire_param(q, "scope")), guid_text(args->id).s);
    return OK;
}

// Every PUT answers 201: some clients take nothing else.
enum err arm_role_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct role_result result = {0};
    struct scope       at;
    TRY(work_scope(c, w, arm_scope_of(q), &at));
    TRY(wire_run(c, w, q, q->object, &result));
    write_role(c, answer_json(a, 201), &at, result.role, result.role->created_ns == result.role->updated_ns);
    return OK;
}

enum err arm_role_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct role_result result = {0};
    struct scope       at;
    TRY(work_scope(c, w, arm_scope_of(q), &at));
    TRY(wire_run(c, w, q, q->object, &result));
    if (result.role) write_role(c, answer_json(a, 200), &at, result.role, false);
    else a->status = 204;
    return OK;
}

// The classic administrators were retired: there are none.
enum err arm_classic_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct json_writer *j = answer_json(a, 200);
    (void)c, (void)w, (void)q;
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    json_write_end(j);
    json_write_end(j);
    return OK;
}
