// What the handlers of Microsoft Graph share: envelopes, ids in paths, lists in pages.
#include <assert.h>

#include "core/b64.h"
#include "core/lowest.h"
#include "endpoints/graph/filter.h"
#include "endpoints/graph/graph.h"
#include "ops/groups_members.h"

#define JSON_TYPE S("application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")

str graph_base(struct call *c, const struct wire *q)
{
    str rest = str_from(q->path, 1), version;
    if (!str_cut(&rest, '/', &version)) version = S("v1.0");
    return call_format(c, "%.*s/%.*s", PSTR(names_url(c, &q->product->names, &HOST_GRAPH)), PSTR(call_lower(c, version)));
}

static void is_odata(struct answer *a)
{
    a->content_type = JSON_TYPE;
    answer_header(a, "OData-Version", S("4.0"));
}

void graph_put_context(struct call *c, const struct wire *q, struct json_writer *j, str fragment)
{
    json_put_string(j, S("@odata.context"), call_format(c, "%.*s/$metadata#%.*s", PSTR(graph_base(c, q)), PSTR(fragment)));
}

struct json_writer *graph_begin(struct call *c, const struct wire *q, struct answer *a, int status, str fragment)
{
    struct json_writer *j = answer_json(a, status);
    is_odata(a);
    json_write_object(j);
    graph_put_context(c, q, j, fragment);
    return j;
}

void graph_put_type(struct call *c, struct json_writer *j, unsigned kind)
{
    json_put_string(j, S("@odata.type"), call_format(c, "#microsoft.graph.%s", graph_type_name(kind)));
}

enum err graph_refuse_options(struct call *c, const struct wire *q, str but)
{
    static const char *const NAMES[] = {"$orderby", "$search", "$expand", "$skip", "$apply", "$compute"};
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (!str_eq(str_of(NAMES[i]), but) && wire_query(q, NAMES[i]).at)
            return FAIL(c, ERR_QUERY_UNSUPPORTED, "The query option '%s' is not supported here.", NAMES[i]);
    return OK;
}

enum err graph_answer_object(struct call *c, const struct wire *q, struct answer *a, int status, const char *set, const struct graph_object *o)
{
    struct graph_select *select;
    TRY(graph_refuse_options(c, q, STR_NONE));
    TRY(NEW(c, &select, 1));
    TRY(graph_select_read(c, wire_query(q, "$select"), 1u << o->kind, select));
    struct json_writer *j = graph_begin(c, q, a, status, call_format(c, "%s%.*s/$entity", set, PSTR(select->text)));
    if (str_eq(str_of(set), S("directoryObjects"))) graph_put_type(c, j, o->kind);
    TRY(graph_write_properties(c, j, o, select));
    json_write_end(j);
    return OK;
}

enum err graph_answer_ids(struct call *c, const struct wire *q, struct answer *a, const object_id *ids, size_t n)
{
    struct json_writer *j = graph_begin(c, q, a, 200, S("Collection(Edm.String)"));
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) json_write_guid(j, ids[i].g);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err graph_read_id(struct call *c, str text, object_id *out)
{
    if (guid_parse(text, &out->g)) return OK;
    return FAIL(c, ERR_OBJECT_ID_INVALID, "Invalid object identifier '%.*s'.", PSTR(call_printable(c, text, 128)));
}

enum err graph_pair_id(struct call *c, object_id of, guid id, str *out)
{
    struct buf b;
    guid       ids[] = {of.g, id};
    buf_init(&b, &c->arena);
    b64url_add(&b, (bytes){ids[0].b, sizeof ids});
    return buf_finish(c, &b, out);
}

enum err graph_read_pair_id(struct call *c, str text, object_id *out_of, guid *out_id)
{
    bytes raw;
    if (b64url_decode(c, text, &raw) != OK || raw.n != 2 * sizeof(guid)) {
        call_forgive(c);
        return directory_absent(c, call_printable(c, text, 64));
    }
    memcpy(out_of->g.b, raw.at, sizeof(guid));
    memcpy(out_id->b, raw.at + sizeof(guid), sizeof(guid));
    return OK;
}

enum err graph_read_reference(struct call *c, str url, object_id *out)
{
    size_t slash = str_find_last(url, '/');
    bool   is_url = str_starts_nocase(url, S("https://")) && slash != STR_NOWHERE;
    if (is_url && guid_parse(str_from(url, slash + 1), &out->g)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid URL format specified in payload.");
}

enum err graph_read_bound(struct call *c, const struct json *body, const char *name, const object_id **out, size_t *out_n)
{
    const struct json *list = json_get(body, str_of(name));
    object_id         *ids;
    *out_n = 0;
    if (!list) return OK;
    if (!json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "Invalid URL format specified in payload.");
    TRY(NEW(c, &ids, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) TRY(graph_read_reference(c, json_str(json_at(list, i)), &ids[i]));
    *out = ids;
    *out_n = json_n(list);
    return OK;
}

enum err graph_read_ids(struct call *c, const struct json *body, const char *name, size_t most, const object_id **out, size_t *out_n)
{
    const struct json *list = json_get_nocase(body, str_of(name));
    object_id         *ids;
    if (!json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "The parameter '%s' must be a collection of identifiers.", name);
    if (json_n(list) > most) return FAIL(c, ERR_CONTENT_INVALID, "Number of included identifiers cannot exceed '%zu'.", most);
    TRY(NEW(c, &ids, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) TRY(graph_read_id(c, json_str(json_at(list, i)), &ids[i]));
    *out = ids;
    *out_n = json_n(list);
    return OK;
}

static const struct graph_set SETS[] = {
    {S_INIT("users"), "users", GRAPH_USERS},
    {S_INIT("me"), "users", GRAPH_USERS},
    {S_INIT("groups"), "groups", GRAPH_GROUPS},
    {S_INIT("servicePrincipals"), "servicePrincipals", GRAPH_SERVICES},
    {S_INIT("applications"), "applications", GRAPH_APPLICATIONS},
    {S_INIT("directoryObjects"), "directoryObjects", GRAPH_ALL | GRAPH_APPLICATIONS},
};

// Behind "/v1.0/".
static str set_segment(const struct wire *q)
{
    str rest = str_from(q->path, 1), piece = STR_NONE;
    str_cut(&rest, '/', &piece);
    return str_cut(&rest, '/', &piece) ? piece : STR_NONE;
}

const struct graph_set *graph_set_of(const struct wire *q)
{
    str segment = set_segment(q);
    segment = str_upto(segment, str_find(segment, '('));
    for (size_t i = 0; i < COUNT(SETS); i++)
        if (str_eq_nocase(SETS[i].segment, segment)) return &SETS[i];
    return &SETS[COUNT(SETS) - 1];
}

bool graph_is_me(const struct wire *q)
{
    return str_eq_nocase(set_segment(q), S("me"));
}

bool graph_object_find(const struct world *w, guid id, struct graph_object *out)
{
    const struct principal   *p = directory_find(w->directory, (object_id){id});
    const struct application *a = p ? NULL : applications_find(w->applications, (application_id){id});
    if (p) *out = graph_principal(w, p);
    if (a) *out = graph_application(a);
    return p || a;
}

// "applications(appId='...')": a key in parentheses is part of the segment.
static enum err find_by_key(struct call *c, const struct work *w, const struct graph_set *set, str segment, struct graph_object *out)
{
    str                       key = str_from(segment, str_find(segment, '('));
    static const str          BEFORE = S_INIT("(appId='"), BEHIND = S_INIT("')");
    const struct principal   *p = NULL;
    const struct application *a = NULL;
    client_id                 app;
    bool                      fits =
        key.n >= BEFORE.n + BEHIND.n && str_starts_nocase(key, BEFORE) && str_ends(key, BEHIND) && set->kinds & (GRAPH_APPLICATIONS | GRAPH_SERVICES);
    if (!fits || str_eq_nocase(set->segment, S("directoryObjects"))) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    str text = str_upto(str_from(key, BEFORE.n), key.n - BEFORE.n - BEHIND.n);
    if (!guid_parse(text, &app.g)) return FAIL(c, ERR_OBJECT_ID_INVALID, "Invalid object identifier '%.*s'.", PSTR(call_printable(c, text, 128)));
    if (set->kinds == GRAPH_APPLICATIONS) a = applications_find_app(w->world->applications, app);
    else p = directory_find_app(w->world->directory, app);
    if (!p && !a) return directory_absent(c, text);
    *out = p ? graph_principal(w->world, p) : graph_application(a);
    return OK;
}

enum err graph_find_object(struct call *c, const struct work *w, const struct wire *q, struct graph_object *out)
{
    const struct graph_set *set = graph_set_of(q);
    str                     name = wire_param(q, "id"), key = wire_param(q, "key");
    object_id               id;
    const struct principal *p = NULL;
    struct graph_object     found = {0};
    if (key.n) return find_by_key(c, w, set, key, out);
    if (graph_is_me(q)) id = c->caller->id;
    else if (!guid_parse(name, &id.g)) {
        if (set->kinds != GRAPH_USERS) return graph_read_id(c, name, &id);
        p = directory_find_user(w->world->directory, name);
        if (!p) return directory_absent(c, call_printable(c, name, 128));
        id = p->id;
    }
    if (!graph_object_find(w->world, id.g, &found) || !(set->kinds & 1u << found.kind)) return directory_absent(c, call_printable(c, name, 128));
    *out = found;
    return OK;
}

enum err graph_find(struct call *c, const struct work *w, const struct wire *q, const struct principal **out)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    if (!o.principal) return directory_absent(c, guid_str(c, o.id));
    *out = o.principal;
    return OK;
}

enum err graph_find_group(struct call *c, const struct work *w, const struct wire *q, const struct principal **out)
{
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    assert(p);
    if (p->kind != PRINCIPAL_GROUP) return directory_absent(c, guid_str(c, p->id.g));
    *out = p;
    return OK;
}

enum err graph_read_top(struct call *c, const struct wire *q, size_t usual, size_t most, size_t *out)
{
    str      top = wire_query(q, "$top");
    uint64_t room = usual;
    if (top.at && (!str_to_u64(top, &room) || room == 0 || room > most))
        return FAIL(c, ERR_PARAMETER_INVALID, "Invalid page size specified: '%.*s'. Must be between 1 and %zu inclusive.",
                    PSTR(call_printable(c, top, 32)), most);
    *out = room;
    return OK;
}

enum err graph_page_begin(struct call *c, const struct wire *q, struct page *out, const guid **after)
{
    size_t room;
    TRY(graph_read_top(c, q, GRAPH_PAGE_ITEMS, GRAPH_MAX_TOP, &room));
    return page_begin_guids(c, q, room, out, after);
}

static enum err read_page(struct call *c, const struct wire *q, struct graph_list *list)
{
    const guid *after;
    object_id  *kept;
    TRY(graph_page_begin(c, q, &list->page, &after));
    if (!after) return OK;
    TRY(NEW(c, &kept, 1));
    kept->g = *after;
    list->after = kept;
    return OK;
}

// "/members/microsoft.graph.user": only those, and they are what the list is of.
static enum err cast(struct call *c, const struct wire *q, struct graph_list *list)
{
    static const struct { str name; const char *set; unsigned kinds; } TYPES[] = {
        {S_INIT("graph.user"), "users", GRAPH_USERS},
        {S_INIT("graph.group"), "groups", GRAPH_GROUPS},
        {S_INIT("graph.servicePrincipal"), "servicePrincipals", GRAPH_SERVICES},
        {S_INIT("graph.application"), "applications", GRAPH_APPLICATIONS},
    };
    static const str NAMESPACE = S_INIT("microsoft.");
    str              type = wire_param(q, "type");
    if (str_empty(type)) return OK;
    if (str_starts_nocase(type, NAMESPACE)) type = str_from(type, NAMESPACE.n);
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        if (!str_eq_nocase(TYPES[i].name, type)) continue;
        list->set = TYPES[i].set;
        list->kinds &= TYPES[i].kinds;
        return list->kinds ? OK : FAIL_PLAIN(c, ERR_NOT_FOUND);
    }
    return FAIL_PLAIN(c, ERR_NOT_FOUND);
}

enum err graph_list_begin(struct call *c, const struct work *w, const struct wire *q, const char *set, unsigned kinds, struct graph_list *out)
{
    bool                 is_eventual = str_eq_nocase(http_header(q->http, S("ConsistencyLevel")), S("eventual"));
    str                  filter = wire_query(q, "$filter");
    struct graph_select *select;
    *out = (struct graph_list){.c = c, .work = w, .wire = q, .set = set, .kinds = kinds};
    bool is_advanced = is_eventual && str_eq_nocase(wire_query(q, "$count"), S("true"));
    TRY(cast(c, q, out));
    kinds = out->kinds;
    out->names_types = str_eq(str_of(out->set), S("directoryObjects"));
    TRY(graph_refuse_options(c, q, STR_NONE));
    TRY(read_page(c, q, out));
    out->wants_count = is_advanced && !out->after;
    TRY(NEW(c, &select, 1));
    TRY(graph_select_read(c, wire_query(q, "$select"), kinds, select));
    out->select = select;
    if (filter.at) TRY(graph_filter_read(c, filter, kinds, is_advanced, &out->filter));
    buf_init(&out->items, &c->arena);
    json_begin(&out->json, &out->items);
    json_write_array(&out->json);
    return OK;
}

// What a filter looks at lives no longer than its answer: a list of everybody would fill the request's arena.
static enum err passes(const struct graph_list *list, const struct graph_object *o, bool *out)
{
    struct call scratch = {.now_ns = list->c->now_ns, .now_s = list->c->now_s};
    *out = list->kinds & 1u << o->kind;
    if (!*out || !list->filter) return OK;
    enum err failed = graph_filter_allows(&scratch, list->filter, o, out);
    arena_clear(&scratch.arena);
    return failed == OK ? OK : FAIL_PLAIN(list->c, failed);
}

static enum err write_item(struct graph_list *list, const struct graph_object *o)
{
    json_write_object(&list->json);
    if (list->names_types) graph_put_type(list->c, &list->json, o->kind);
    TRY(graph_write_properties(list->c, &list->json, o, list->select));
    json_write_end(&list->json);
    return OK;
}

static enum err offer(struct graph_list *list, const struct graph_object *o)
{
    bool        belongs;
    const guid *id = o->principal ? &o->principal->id.g : &o->application->id.g; // the record's: the page keeps it
    TRY(passes(list, o, &belongs));
    if (page_takes(&list->page, guid_key(id), belongs)) TRY(write_item(list, o));
    return OK;
}

bool graph_list_offer(struct graph_list *list, const struct graph_object *o)
{
    list->failed = offer(list, o);
    return list->failed == OK && !list->page.is_full;
}

static bool offer_one(const struct graph_object *o, void *ctx)
{
    return graph_list_offer(ctx, o);
}

struct counting {
    const struct graph_list *list;
    int64_t                  n;
    size_t                   looks;
    bool                     is_over;
    enum err                 failed;
};

static bool count_one(const struct graph_object *o, void *ctx)
{
    struct counting *x = ctx;
    bool             belongs = false;
    x->is_over = ++x->looks > GRAPH_COUNT_LOOKS;
    if (!x->is_over) x->failed = passes(x->list, o, &belongs);
    x->n += belongs;
    return !x->is_over && x->failed == OK;
}

static enum err count_all(struct graph_list *list, graph_walk *walk, const void *of, int64_t *out, bool *out_known)
{
    struct counting x = {.list = list};
    TRY(walk(list, NULL, count_one, &x, of));
    *out = x.n;
    *out_known = !x.is_over;
    return x.failed;
}

enum err graph_list_count(struct graph_list *list, graph_walk *walk, const void *of, int64_t *out)
{
    bool is_known;
    TRY(count_all(list, walk, of, out, &is_known));
    return is_known ? OK : FAIL(list->c, ERR_QUERY_UNSUPPORTED, "A $count of more than %d objects is not supported.", GRAPH_COUNT_LOOKS);
}

static enum err write_list(struct graph_list *list, struct answer *a, const int64_t *count)
{
    str items, link;
    TRY(list->failed);
    json_write_end(&list->json);
    TRY(buf_finish(list->c, &list->items, &items));
    struct json_writer *j = graph_begin(list->c, list->wire, a, 200, call_format(list->c, "%s%.*s", list->set, PSTR(list->select->text)));
    if (count) json_put_int(j, S("@odata.count"), *count);
    if (list->page.is_full) {
        TRY(page_link(list->c, list->wire, &list->page, true, &link));
        json_put_string(j, S("@odata.nextLink"), link);
    }
    json_write_key(j, S("value"));
    json_write_raw(j, items);
    json_write_end(j);
    return OK;
}

enum err graph_list_answer(struct graph_list *list, struct answer *a, graph_walk *walk, const void *of)
{
    int64_t count = 0;
    bool    is_known = false;
    if (list->wants_count) TRY(count_all(list, walk, of, &count, &is_known));
    TRY(walk(list, list->after, offer_one, list, of));
    return write_list(list, a, is_known ? &count : NULL);
}

bool graph_meet(const struct principal *p, void *meeting)
{
    const struct graph_meeting *x = meeting;
    struct graph_object         o = graph_principal(x->world, p);
    return x->visit(&o, x->ctx);
}

// --- ids in any order ---

struct ids {
    const object_id *ids;
    size_t           n;
};

// Looks at every id, as whoever made the list of them has done before; but only the lowest are put in order.
static enum err walk_ids(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *of)
{
    const struct ids *x = of;
    struct lowest     lowest;
    TRY(lowest_init(list->c, &lowest, x->n < GRAPH_COUNT_LOOKS + 1 ? x->n : GRAPH_COUNT_LOOKS + 1));
    for (size_t i = 0; i < x->n; i++)
        if (!after || guid_cmp(x->ids[i].g, after->g) > 0) lowest_offer(&lowest, &x->ids[i].g);
    lowest_sort(&lowest);
    for (size_t i = 0; i < lowest.n; i++) {
        const struct principal *p = directory_find(list->work->world->directory, (object_id){*lowest.at[i]});
        struct graph_meeting    meeting = {list->work->world, visit, ctx};
        if (p && !graph_meet(p, &meeting)) break;
    }
    return OK;
}

enum err graph_answer_list(struct call *c, const struct work *w, const struct wire *q, struct answer *a, unsigned kinds, const object_id *ids,
                           size_t n)
{
    struct graph_list list;
    TRY(graph_list_begin(c, w, q, "directoryObjects", kinds, &list));
    return graph_list_answer(&list, a, walk_ids, &(struct ids){ids, n});
}
