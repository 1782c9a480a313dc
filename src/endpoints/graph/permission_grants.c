// Delegated permissions: which client was granted which scopes of a resource, for whom.
#include "ops/permission_grants.h"

#include "endpoints/graph/filter.h"
#include "endpoints/graph/graph.h"
#include "ops/groups_members.h"

static const str FOR_ALL = S_INIT("AllPrincipals"), FOR_ONE = S_INIT("Principal");

static enum err write_members(struct call *c, struct json_writer *j, const struct permission_grant *g)
{
    str  id;
    bool for_all = guid_is_none(g->user.g);
    TRY(graph_pair_id(c, g->client, g->id, &id));
    json_put_guid(j, S("clientId"), g->client.g);
    json_put_string(j, S("consentType"), for_all ? FOR_ALL : FOR_ONE);
    json_put_string(j, S("id"), id);
    if (for_all) json_put_null(j, S("principalId"));
    else json_put_guid(j, S("principalId"), g->user.g);
    json_put_guid(j, S("resourceId"), g->resource.g);
    json_put_string(j, S("scope"), g->scope);
    return OK;
}

static bool type_of(const struct graph_domain *d, str name, enum graph_type *out)
{
    static const str NAMES[] = {S_INIT("clientId"), S_INIT("consentType"), S_INIT("principalId"), S_INIT("resourceId"), S_INIT("scope")};
    (void)d;
    *out = GRAPH_TEXT;
    return str_index_nocase(NAMES, COUNT(NAMES), name) != STR_NOWHERE;
}

static enum err value_of(struct call *c, const void *item, str name, bool *out_has, struct json *out)
{
    const struct permission_grant *g = item;
    bool                           for_all = guid_is_none(g->user.g);
    str                            value;
    if (str_eq_nocase(name, S("clientId"))) value = guid_str(c, g->client.g);
    else if (str_eq_nocase(name, S("resourceId"))) value = guid_str(c, g->resource.g);
    else if (str_eq_nocase(name, S("principalId"))) value = for_all ? STR_NONE : guid_str(c, g->user.g);
    else if (str_eq_nocase(name, S("consentType"))) value = for_all ? FOR_ALL : FOR_ONE;
    else value = g->scope;
    *out_has = !str_empty(value);
    *out = (struct json){.kind = JSON_IS_STRING, .u.string = value};
    return OK;
}

static const struct graph_domain GRANTS = {.type_of = type_of, .value_of = value_of};

struct listing {
    struct call               *c;
    struct json_writer        *json;
    struct page                page;
    const struct principal    *of;     // NULL: all
    const struct graph_filter *filter; // NULL: all
    enum err                   failed;
};

static enum err offer(struct listing *x, const struct permission_grant *g)
{
    bool belongs = !x->of || object_id_eq(x->of->kind == PRINCIPAL_USER ? g->user : g->client, x->of->id);
    if (belongs && x->filter) TRY(graph_filter_holds(x->c, x->filter, &GRANTS, g, &belongs));
    if (!page_takes(&x->page, permission_grant_key(g), belongs)) return OK;
    json_write_object(x->json);
    TRY(write_members(x->c, x->json, g));
    json_write_end(x->json);
    return OK;
}

static bool write_one(const struct permission_grant *g, void *ctx)
{
    struct listing *x = ctx;
    x->failed = offer(x, g);
    return x->failed == OK && !x->page.is_full;
}

static enum err list(struct call *c, struct work *w, const struct wire *q, struct answer *a, const struct principal *of)
{
    struct listing x = {.c = c, .of = of};
    size_t         room;
    str            link;
    TRY(graph_refuse_options(c, q, STR_NONE));
    if (wire_query(q, "$filter").at) TRY(graph_filter_parse(c, wire_query(q, "$filter"), &GRANTS, &x.filter));
    TRY(graph_read_top(c, q, GRAPH_PAGE_ITEMS, GRAPH_MAX_TOP, &room));
    TRY(page_begin(c, q, room, &x.page));
    x.json = graph_begin(c, q, a, 200, S("oauth2PermissionGrants"));
    json_write_key(x.json, S("value"));
    json_write_array(x.json);
    permission_grants_each(w->world->grants, x.page.after, write_one, &x);
    json_write_end(x.json);
    TRY(x.failed);
    if (x.page.is_full) {
        TRY(page_link(c, q, &x.page, true, &link));
        json_put_string(x.json, S("@odata.nextLink"), link);
    }
    json_write_end(x.json);
    return OK;
}

enum err graph_grants_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return list(c, w, q, a, NULL);
}

enum err graph_grants_of(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    return list(c, w, q, a, p);
}

static enum err answer_one(struct call *c, const struct wire *q, struct answer *a, int status, const struct permission_grant *g)
{
    struct json_writer *j = graph_begin(c, q, a, status, S("oauth2PermissionGrants/$entity"));
    TRY(write_members(c, j, g));
    json_write_end(j);
    return OK;
}

static enum err invalid(struct call *c, const char *name)
{
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid value specified for property '%s' of resource 'OAuth2PermissionGrant'.", name);
}

static enum err read_user(struct call *c, const struct json *body, object_id *out)
{
    const struct json *user = json_get_nocase(body, S("principalId"));
    str                consent = json_str(json_get_nocase(body, S("consentType")));
    bool               is_named = user && !json_is(user, JSON_IS_NULL);
    if (str_eq_nocase(consent, FOR_ALL)) return is_named ? invalid(c, "principalId") : OK;
    if (!str_eq_nocase(consent, FOR_ONE)) return invalid(c, "consentType");
    return guid_parse(json_str(user), &out->g) && !guid_is_none(out->g) ? OK : invalid(c, "principalId");
}

enum err graph_grant_add(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json             *body;
    struct permission_grant_args   args = {0};
    const struct permission_grant *made = NULL;
    TRY(wire_body(c, q, &body));
    if (!guid_parse(json_str(json_get_nocase(body, S("clientId"))), &args.client.g)) return invalid(c, "clientId");
    if (!guid_parse(json_str(json_get_nocase(body, S("resourceId"))), &args.resource.g)) return invalid(c, "resourceId");
    TRY(read_user(c, body, &args.user));
    args.scope = json_str(json_get_nocase(body, S("scope")));
    TRY(wire_run(c, w, q, &args, &made));
    return answer_one(c, q, a, 201, made);
}

enum err graph_grant_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct permission_grant_args args = {0};
    TRY(graph_read_pair_id(c, wire_param(q, "grant"), &args.client, &args.id));
    const struct permission_grant *found = permission_grants_find(w->world->grants, args.client, args.id);
    return found ? answer_one(c, q, a, 200, found) : directory_absent(c, call_printable(c, wire_param(q, "grant"), 64));
}

enum err graph_grant_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json             *body;
    struct permission_grant_args   args = {0};
    const struct permission_grant *changed = NULL;
    TRY(graph_read_pair_id(c, wire_param(q, "grant"), &args.client, &args.id));
    TRY(wire_body(c, q, &body));
    args.scope = json_str(json_get_nocase(body, S("scope")));
    TRY(wire_run(c, w, q, &args, &changed));
    a->status = 204;
    return OK;
}

enum err graph_grant_remove(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct permission_grant_args args = {0};
    TRY(graph_read_pair_id(c, wire_param(q, "grant"), &args.client, &args.id));
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}
