// Role assignments.
#include "ops/assignments.h"

#include "endpoints/arm/arm.h"
#include "ops/assignment_list.h"

static void put_text_or_null(struct json_writer *j, str name, str value)
{
    if (str_empty(value)) json_put_null(j, name);
    else json_put_string(j, name, value);
}

static void write_assignment(struct call *c, struct json_writer *j, const struct scope *at, const struct assignment *x)
{
    const struct assignment_notes notes = assignment_notes_of(x);
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("roleDefinitionId"), arm_role_path(c, at, x->role));
    json_put_guid(j, S("principalId"), x->principal.g);
    json_put_string(j, S("principalType"), principal_type_text(x->principal_type));
    json_put_string(j, S("scope"), x->scope);
    put_text_or_null(j, S("condition"), notes.condition);
    put_text_or_null(j, S("conditionVersion"), notes.condition_version);
    json_put_string(j, S("createdOn"), str_of(time_iso(x->created_ns).s));
    json_put_string(j, S("updatedOn"), str_of(time_iso(assignment_updated_ns(x)).s));
    arm_put_who_or_null(j, "createdBy", x->created_by);
    arm_put_who_or_null(j, "updatedBy", assignment_updated_by(x));
    put_text_or_null(j, S("delegatedManagedIdentityResourceId"), notes.delegated_identity);
    put_text_or_null(j, S("description"), notes.description);
    json_write_end(j);
    json_put_string(j, S("id"), assignment_path(c, x->scope, x->id));
    json_put_string(j, S("type"), S("Microsoft.Authorization/roleAssignments"));
    json_put_string(j, S("name"), guid_str(c, x->id));
    json_write_end(j);
}

static enum err read_id(struct call *c, const struct wire *q, guid *out)
{
    str name = wire_param(q, "name");
    if (guid_parse(name, out)) return OK;
    return FAIL(c, ERR_ASSIGNMENT_ID_INVALID, "The role assignment ID '%.*s' is not valid. The role assignment ID must be a GUID.", PSTR(name));
}

static const str TEXTS[] = {
    S_INIT("roleDefinitionId"), S_INIT("principalId"), S_INIT("principalType"), S_INIT("scope"), S_INIT("condition"), S_INIT("conditionVersion"),
    S_INIT("description"), S_INIT("delegatedManagedIdentityResourceId"),
};

static enum err read_guid(struct call *c, const struct json *properties, str name, guid *out)
{
    str text = json_get_str(properties, name);
    if (guid_parse(text, out)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The property '%.*s' must be a GUID, and is '%.*s'.", PSTR(name), PSTR(text));
}

// Any prefix will do: the role is the GUID at the end.
static enum err read_role(struct call *c, const struct json *properties, guid *out)
{
    str text = json_get_str(properties, S("roleDefinitionId"));
    str last = str_from(text, str_find_last(text, '/') == STR_NOWHERE ? 0 : str_find_last(text, '/') + 1);
    if (guid_parse(last, out)) return OK;
    return FAIL(c, ERR_ROLE_ID_INVALID, "The role definition ID '%.*s' is not valid. The role definition ID must be a GUID.", PSTR(text));
}

// The body may repeat the scope; another one than the request's is a mistake that would grant elsewhere than was meant.
static enum err check_body_scope(struct call *c, const struct wire *q, str scope)
{
    str at = arm_scope_of(q);
    if (str_empty(scope) || str_eq_nocase(scope, at)) return OK;
    return FAIL(
        c, ERR_ASSIGNMENT_INVALID,
        "The request to create role assignment '%.*s' is not valid. Role assignment scope '%.*s' must match the scope specified on the URI '%.*s'.",
        PSTR(wire_param(q, "name")), PSTR(call_printable(c, scope, 256)), PSTR(at));
}

// What narrows the grant and is not a text must not be taken for absent. Null says no more than absence.
static enum err check_texts(struct call *c, const struct json *properties)
{
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        const struct json *v = json_get(properties, TEXTS[i]);
        if (v && !json_is(v, JSON_IS_STRING) && !json_is(v, JSON_IS_NULL))
            return FAIL(c, ERR_CONTENT_INVALID, "The property '%.*s' must be a text.", PSTR(TEXTS[i]));
    }
    return OK;
}

// Names in any case: a condition under another one must not be lost.
static enum err read_properties(struct call *c, const struct wire *q, const struct json **out)
{
    static const str   PROPERTIES[] = {S_INIT("properties")};
    const struct json *body;
    TRY(wire_body(c, q, &body));
    TRY(json_spell(c, body, PROPERTIES, COUNT(PROPERTIES), &body));
    TRY(json_spell(c, json_get(body, PROPERTIES[0]), TEXTS, COUNT(TEXTS), out));
    if (!json_is(*out, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The request content has no properties.");
    return check_texts(c, *out);
}

static enum err read_body(struct call *c, const struct wire *q, struct assignment_args *args)
{
    const struct json *properties;
    TRY(read_properties(c, q, &properties));
    TRY(read_role(c, properties, &args->role));
    TRY(read_guid(c, properties, S("principalId"), &args->principal.g));
    str type = json_get_str(properties, S("principalType"));
    args->gives_type = !str_empty(type);
    if (args->gives_type && !principal_type_read(type, &args->type))
        return FAIL(c, ERR_CONTENT_INVALID, "The principalType '%.*s' is not known.", PSTR(type));
    args->condition = json_get_str(properties, S("condition"));
    args->condition_version = json_get_str(properties, S("conditionVersion"));
    args->description = json_get_str(properties, S("description"));
    args->delegated_identity = json_get_str(properties, S("delegatedManagedIdentityResourceId"));
    args->says_no_data = str_cmp(q->api_version, S("2018")) < 0; // the oldest that says them is 2018-01-01-preview
    return check_body_scope(c, q, json_get_str(properties, S("scope")));
}

// The assignment's own path: whoever may at its scope, may here.
enum err arm_at_assignment(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct assignment_args *args;
    struct rbac_attributes *attributes;
    TRY(NEW(c, &args, 1));
    TRY(NEW(c, &attributes, 1));
    if (q->route->method == HTTP_PUT) TRY(wire_read_body(c, q));
    if (q->body) TRY(read_body(c, q, args));
    args->scope = arm_scope_of(q);
    TRY(read_id(c, q, &args->id));
    TRY(assignment_attributes(c, w, args, q->route->method == HTTP_DELETE, attributes));
    *out = (struct op_target){.scope = assignment_path(c, args->scope, args->id), .attributes = attributes};
    q->object = args;
    return OK;
}

enum err arm_assignment_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct assignment_args  *args = q->object;
    struct assignment_result result = {0};
    struct scope             at;
    TRY(work_scope(c, w, args->scope, &at));
    TRY(wire_run(c, w, q, args, &result));
    write_assignment(c, answer_json(a, result.was_created ? 201 : 200), &at, result.assignment);
    return arm_tag_answer(c, a);
}

enum err arm_assignment_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct assignment_args  *args = q->object;
    struct assignment_result result = {0};
    struct scope             at;
    TRY(work_scope(c, w, args->scope, &at));
    TRY(wire_run(c, w, q, args, &result));
    write_assignment(c, answer_json(a, 200), &at, result.assignment);
    return arm_tag_answer(c, a);
}

enum err arm_assignment_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct assignment_args  *args = q->object;
    struct assignment_result result = {0};
    struct scope             at;
    TRY(work_scope(c, w, args->scope, &at));
    TRY(wire_run(c, w, q, args, &result));
    if (result.assignment) write_assignment(c, answer_json(a, 200), &at, result.assignment);
    else a->status = 204;
    return OK;
}

enum err arm_assignments_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct rbac_filter      filter;
    struct assignment_query query = {.filter = &filter};
    struct assignment_page  found = {0};
    struct arm_page         page;
    str                     scope = arm_scope_of(q);
    TRY(work_scope(c, w, scope, &query.at));
    TRY(rbac_filter_read(c, wire_query(q, "$filter"), RBAC_FILTER_ASSIGNMENTS, &filter));
    if (query.at.kind == SCOPE_ROOT && str_empty(str_trim(wire_query(q, "$filter"))))
        return FAIL(c, ERR_QUERY_UNSUPPORTED, "Listing the role assignments at '/' needs a filter. Supported filters are %s.",
                    rbac_filter_supported(RBAC_FILTER_ASSIGNMENTS));
    TRY(arm_page_begin_guids(c, q, a, &page));
    query.after = page.after;
    query.limit = page.p.room;
    TRY(wire_run(c, w, q, &query, &found));
    for (size_t i = 0; i < found.n; i++) write_assignment(c, page.json, &query.at, found.items[i]);
    page.p.is_full = found.has_more;
    page.p.last = guid_key(&found.last);
    return arm_page_end(c, q, &page);
}
