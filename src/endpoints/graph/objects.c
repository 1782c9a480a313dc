// Users, groups and service principals: whole collections, and one of them.
#include "endpoints/graph/filter.h"
#include "endpoints/graph/graph.h"
#include "ops/applications.h"
#include "ops/groups_members.h"
#include "ops/principals.h"

static bool see_application(const struct application *a, void *meeting)
{
    const struct graph_meeting *x = meeting;
    struct graph_object         o = graph_application(a);
    return x->visit(&o, x->ctx);
}

static bool is_past(guid id, const object_id *after)
{
    return !after || guid_cmp(id, after->g) > 0;
}

static enum err walk_applications(const struct graph_list *list, const object_id *after, struct graph_meeting *x)
{
    const struct applications *all = list->work->world->applications;
    const struct application  *a = NULL;
    application_id             past = {after ? after->g : GUID_NONE};
    str                        property, value;
    guid                       id;
    if (!list->filter || !graph_filter_names_one(list->filter, &property, &value)) {
        applications_each(all, after ? &past : NULL, see_application, x);
        return OK;
    }
    if (guid_parse(value, &id))
        a = str_eq(property, S("id")) ? applications_find(all, (application_id){id}) : applications_find_app(all, (client_id){id});
    if (a && is_past(a->id.g, after)) (void)see_application(a, x);
    return OK;
}

// One that the filter names is looked up, everything else is looked through.
static enum err walk_all(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *of)
{
    const struct directory *d = list->work->world->directory;
    const struct principal *p = NULL;
    struct graph_meeting    x = {list->work->world, visit, ctx};
    str                     property, value;
    guid                    id;
    (void)of;
    if (list->kinds == GRAPH_APPLICATIONS) return walk_applications(list, after, &x);
    if (!list->filter || !graph_filter_names_one(list->filter, &property, &value)) {
        directory_each(d, after, graph_meet, &x);
        return OK;
    }
    bool is_guid = guid_parse(value, &id);
    if (str_eq(property, S("userPrincipalName"))) p = directory_find_user(d, value);
    else if (is_guid) p = str_eq(property, S("id")) ? directory_find(d, (object_id){id}) : directory_find_app(d, (client_id){id});
    if (p && is_past(p->id.g, after)) (void)graph_meet(p, &x);
    return OK;
}

enum err graph_list_all(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct graph_set *set = graph_set_of(q);
    struct graph_list       list;
    TRY(graph_list_begin(c, w, q, set->name, set->kinds, &list));
    return graph_list_answer(&list, a, walk_all, NULL);
}

enum err graph_count(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct graph_set *set = graph_set_of(q);
    struct graph_list       list;
    int64_t                 n =
        (int64_t)(set->kinds == GRAPH_APPLICATIONS ? applications_n(w->world->applications) : directory_count(w->world->directory, set->kinds));
    if (!str_eq_nocase(http_header(q->http, S("ConsistencyLevel")), S("eventual")))
        return FAIL(c, ERR_QUERY_UNSUPPORTED, "$count is not currently supported.");
    TRY(graph_list_begin(c, w, q, set->name, set->kinds, &list));
    if (list.filter) TRY(graph_list_count(&list, walk_all, NULL, &n));
    a->status = 200;
    a->content_type = S("text/plain");
    buf_add_i64(&a->body, n);
    return OK;
}

enum err graph_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    return graph_answer_object(c, q, a, 200, graph_set_of(q)->name, &o);
}

static enum err read_bound(struct call *c, const struct json *body, struct principal_args *args)
{
    TRY(graph_read_bound(c, body, "members@odata.bind", &args->members, &args->member_n));
    if (args->member_n && args->kind != PRINCIPAL_GROUP) return FAIL(c, ERR_CONTENT_INVALID, "Invalid URL format specified in payload.");
    return OK;
}

void graph_add_location(struct call *c, const struct wire *q, struct answer *a, const struct graph_object *o)
{
    static const char *const NAMES[] = {
        [PRINCIPAL_USER] = "User", [PRINCIPAL_GROUP] = "Group", [PRINCIPAL_APP] = "ServicePrincipal", [GRAPH_APPLICATION] = "Application"};
    answer_header(a, "Location",
                  call_format(c, "%.*s/v2/%s/directoryObjects/%s/Microsoft.DirectoryServices.%s", PSTR(names_url(c, &q->product->names, &HOST_GRAPH)),
                              guid_text(q->product->tenant.g).s, guid_text(o->id).s, NAMES[o->kind]));
}

// A password's derivation takes tens of milliseconds.
struct prepared {
    const struct password *password; // NULL: the body gives none
};

enum err graph_prepare_password(struct call *c, struct work *w, struct wire *q)
{
    struct prepared *made;
    (void)w;
    TRY(wire_read_body(c, q));
    TRY(NEW(c, &made, 1));
    q->prepared = made;
    return principal_derive_password(c, q->body, &made->password);
}

static const struct password *password_of(const struct wire *q)
{
    const struct prepared *made = q->prepared;
    return made ? made->password : NULL;
}

enum err graph_create(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct graph_set *set = graph_set_of(q);
    struct principal_args args = {.kind = set->kinds == GRAPH_USERS ? PRINCIPAL_USER : set->kinds == GRAPH_GROUPS ? PRINCIPAL_GROUP : PRINCIPAL_APP};
    struct principal_result result = {0};
    args.derived = password_of(q);
    TRY(wire_body(c, q, &args.body));
    TRY(read_bound(c, args.body, &args));
    TRY(graph_read_bound(c, args.body, "owners@odata.bind", &args.owners, &args.owner_n));
    TRY(wire_run(c, w, q, &args, &result));
    struct graph_object o = graph_principal(w->world, result.principal);
    graph_add_location(c, q, a, &o);
    return graph_answer_object(c, q, a, 201, set->name, &o);
}

static enum err answer_nothing(struct answer *a)
{
    a->status = 204;
    return OK;
}

enum err graph_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct principal_args   args = {0};
    struct principal_result result = {0};
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    args.id = p->id;
    args.kind = p->kind;
    args.derived = password_of(q);
    TRY(wire_body(c, q, &args.body));
    TRY(read_bound(c, args.body, &args));
    TRY(wire_run(c, w, q, &args, &result));
    return answer_nothing(a);
}

enum err graph_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct principal_args   args = {0};
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    args.id = p->id;
    args.kind = p->kind;
    TRY(wire_run(c, w, q, &args, NULL));
    return answer_nothing(a);
}

// "applications(appId='...')" and "servicePrincipals(appId='...')": which op it is, the path tells only once it is read.
enum err graph_patch_keyed(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_object       o;
    const struct json        *body;
    struct application_result changed = {0};
    struct principal_result   result = {0};
    TRY(graph_find_object(c, w, q, &o));
    TRY(wire_body(c, q, &body));
    if (o.kind == GRAPH_APPLICATION)
        TRY(op_run(c, w, &OP_APPLICATION_UPDATE, NULL, &(struct application_args){.id = o.application->id, .body = body}, &changed));
    else
        TRY(op_run(c, w, &OP_PRINCIPAL_UPDATE, NULL, &(struct principal_args){.id = o.principal->id, .kind = o.principal->kind, .body = body},
                   &result));
    return answer_nothing(a);
}

enum err graph_delete_keyed(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    if (o.kind == GRAPH_APPLICATION) TRY(op_run(c, w, &OP_APPLICATION_DELETE, NULL, &(struct application_args){.id = o.application->id}, NULL));
    else TRY(op_run(c, w, &OP_PRINCIPAL_DELETE, NULL, &(struct principal_args){.id = o.principal->id, .kind = o.principal->kind}, NULL));
    return answer_nothing(a);
}

// Names of types that no object here has select nothing; without the list all are wanted.
static enum err read_types(struct call *c, const struct json *body, unsigned *out)
{
    static const struct { str name; unsigned kinds; } TYPES[] = {
        {S_INIT("user"), GRAPH_USERS}, {S_INIT("group"), GRAPH_GROUPS}, {S_INIT("servicePrincipal"), GRAPH_SERVICES}, {S_INIT("application"), GRAPH_APPLICATIONS}, {S_INIT("directoryObject"), GRAPH_ALL | GRAPH_APPLICATIONS},
    };
    const struct json *list = json_get_nocase(body, S("types"));
    *out = GRAPH_ALL | GRAPH_APPLICATIONS;
    if (!list || json_is(list, JSON_IS_NULL)) return OK;
    if (!json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "The parameter 'types' must be a collection of texts.");
    if (json_n(list)) *out = 0;
    for (size_t i = 0; i < json_n(list); i++)
        for (size_t k = 0; k < COUNT(TYPES); k++)
            if (str_eq_nocase(TYPES[k].name, json_str(json_at(list, i)))) *out |= TYPES[k].kinds;
    return OK;
}

enum err graph_get_by_ids(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const struct graph_select ALL = {0};
    const struct json               *body;
    const object_id                 *ids = NULL;
    size_t                           n = 0;
    unsigned                         kinds = 0;
    TRY(wire_body(c, q, &body));
    TRY(graph_read_ids(c, body, "ids", GRAPH_MAX_IDS, &ids, &n));
    TRY(read_types(c, body, &kinds));
    struct json_writer *j = graph_begin(c, q, a, 200, S("directoryObjects"));
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        struct graph_object o;
        if (!graph_object_find(w->world, ids[i].g, &o) || !(kinds & 1u << o.kind)) continue; // unknown ones are left out without a word
        json_write_object(j);
        graph_put_type(c, j, o.kind);
        TRY(graph_write_properties(c, j, &o, &ALL));
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}
