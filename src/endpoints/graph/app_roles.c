// App roles: who has been given which, from the side of who has it and from that of the application.
#include "ops/applications.h"
#include "ops/groups_members.h"

#include "endpoints/graph/filter.h"
#include "endpoints/graph/graph.h"

static const char *principal_type(const struct principal *p)
{
    return p->kind == PRINCIPAL_USER ? "User" : p->kind == PRINCIPAL_GROUP ? "Group" : "ServicePrincipal";
}

static enum err write_members(struct call *c, struct json_writer *j, const struct world *w, const struct app_assignment *a)
{
    const struct principal *who = directory_find(w->directory, a->principal), *resource = directory_find(w->directory, a->resource);
    str                     id;
    TRY(graph_pair_id(c, a->principal, a->id, &id));
    json_put_string(j, S("id"), id);
    json_put_null(j, S("deletedDateTime"));
    json_put_guid(j, S("appRoleId"), a->role);
    json_put_string(j, S("createdDateTime"), str_of(time_iso(a->created_ns).s));
    json_put_string(j, S("principalDisplayName"), who ? who->name : STR_NONE);
    json_put_guid(j, S("principalId"), a->principal.g);
    json_put_string(j, S("principalType"), str_of(who ? principal_type(who) : "ServicePrincipal"));
    json_put_string(j, S("resourceDisplayName"), resource ? resource->name : STR_NONE);
    json_put_guid(j, S("resourceId"), a->resource.g);
    return OK;
}

static const struct { str name; size_t at; } FILTERED[] = {
    {S_INIT("resourceId"), offsetof(struct app_assignment, resource)},
    {S_INIT("principalId"), offsetof(struct app_assignment, principal)},
    {S_INIT("appRoleId"), offsetof(struct app_assignment, role)},
};

static bool type_of(const struct graph_domain *d, str name, enum graph_type *out)
{
    (void)d;
    *out = GRAPH_TEXT;
    for (size_t i = 0; i < COUNT(FILTERED); i++)
        if (str_eq_nocase(FILTERED[i].name, name)) return true;
    return false;
}

static enum err value_of(struct call *c, const void *item, str name, bool *out_has, struct json *out)
{
    *out_has = false;
    for (size_t i = 0; i < COUNT(FILTERED); i++) {
        if (!str_eq_nocase(FILTERED[i].name, name)) continue;
        *out_has = true;
        *out = (struct json){.kind = JSON_IS_STRING, .u.string = guid_str(c, *(const guid *)((const char *)item + FILTERED[i].at))};
    }
    return OK;
}

static const struct graph_domain ASSIGNMENTS = {.type_of = type_of, .value_of = value_of};

struct listing {
    struct call               *c;
    const struct world        *world;
    struct json_writer        *json;
    struct page                page;
    const struct graph_filter *filter; // NULL: all
    enum err                   failed;
};

static enum err passes(const struct listing *x, const struct app_assignment *a, bool *out)
{
    *out = true;
    return x->filter ? graph_filter_holds(x->c, x->filter, &ASSIGNMENTS, a, out) : OK;
}

static bool write_one(const struct app_assignment *a, void *ctx)
{
    struct listing *x = ctx;
    bool            belongs = false;
    x->failed = passes(x, a, &belongs);
    if (x->failed == OK && page_takes(&x->page, guid_key(&a->id), belongs)) {
        json_write_object(x->json);
        x->failed = write_members(x->c, x->json, x->world, a);
        json_write_end(x->json);
    }
    return x->failed == OK && !x->page.is_full;
}

typedef void assignment_walk(const struct applications *d, object_id id, const guid *after, app_assignment_visit *visit, void *ctx);

static enum err list(struct call *c, struct work *w, const struct wire *q, struct answer *a, const char *name, assignment_walk *walk)
{
    const struct principal *p = NULL;
    struct listing          x = {.c = c, .world = w->world};
    const guid             *after;
    str                     link;
    TRY(graph_find(c, w, q, &p));
    if (wire_query(q, "$filter").at) TRY(graph_filter_parse(c, wire_query(q, "$filter"), &ASSIGNMENTS, &x.filter));
    TRY(graph_page_begin(c, q, &x.page, &after));
    x.json = graph_begin(c, q, a, 200, call_format(c, "%s('%s')/%s", graph_set_of(q)->name, guid_text(p->id.g).s, name));
    json_write_key(x.json, S("value"));
    json_write_array(x.json);
    walk(w->world->applications, p->id, after, write_one, &x);
    json_write_end(x.json);
    TRY(x.failed);
    if (x.page.is_full) {
        TRY(page_link(c, q, &x.page, true, &link));
        json_put_string(x.json, S("@odata.nextLink"), link);
    }
    json_write_end(x.json);
    return OK;
}

enum err graph_roles_of(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return list(c, w, q, a, "appRoleAssignments", applications_each_of);
}

enum err graph_roles_at(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return list(c, w, q, a, "appRoleAssignedTo", applications_each_at);
}

static enum err read_guid(struct call *c, const struct json *body, const char *name, guid *out)
{
    str text = json_str(json_get_nocase(body, str_of(name)));
    if (guid_parse(text, out)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid value specified for property '%s' of resource 'AppRoleAssignment'.", name);
}

// The body names both sides again, and must name the one of the path.
static enum err assign(struct call *c, struct work *w, const struct wire *q, struct answer *a, bool at_resource)
{
    const struct json           *body;
    const struct principal      *p = NULL;
    struct app_assignment_args   args = {0};
    const struct app_assignment *made = NULL;
    TRY(graph_find(c, w, q, &p));
    TRY(wire_body(c, q, &body));
    TRY(read_guid(c, body, "principalId", &args.principal.g));
    TRY(read_guid(c, body, "resourceId", &args.resource.g));
    TRY(read_guid(c, body, "appRoleId", &args.role));
    if (!object_id_eq(at_resource ? args.resource : args.principal, p->id))
        return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' is not the object that the request is sent to.",
                    at_resource ? "resourceId" : "principalId");
    TRY(wire_run(c, w, q, &args, &made));
    struct json_writer *j = graph_begin(
        c, q, a, 201,
        call_format(c, "%s('%s')/%s/$entity", graph_set_of(q)->name, guid_text(p->id.g).s, at_resource ? "appRoleAssignedTo" : "appRoleAssignments"));
    TRY(write_members(c, j, w->world, made));
    json_write_end(j);
    return OK;
}

enum err graph_role_assign_of(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return assign(c, w, q, a, false);
}

enum err graph_role_assign_at(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return assign(c, w, q, a, true);
}

// The one of the path, which must be the object's on either side.
static enum err find_assignment(struct call *c, struct work *w, const struct wire *q, const struct app_assignment **out)
{
    const struct principal *p = NULL;
    object_id               principal;
    guid                    id;
    TRY(graph_find(c, w, q, &p));
    TRY(graph_read_pair_id(c, wire_param(q, "assignment"), &principal, &id));
    *out = applications_find_assignment(w->world->applications, principal, id);
    bool is_its = *out && (object_id_eq((*out)->principal, p->id) || object_id_eq((*out)->resource, p->id));
    return is_its ? OK : directory_absent(c, call_printable(c, wire_param(q, "assignment"), 64));
}

enum err graph_role_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct app_assignment *found = NULL;
    TRY(find_assignment(c, w, q, &found));
    struct json_writer *j = graph_begin(c, q, a, 200, S("appRoleAssignments/$entity"));
    TRY(write_members(c, j, w->world, found));
    json_write_end(j);
    return OK;
}

enum err graph_role_unassign(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct app_assignment *found = NULL;
    TRY(find_assignment(c, w, q, &found));
    struct app_assignment_args args = {.principal = found->principal, .id = found->id};
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}
