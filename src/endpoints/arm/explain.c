/*
 * The product's own questions on the management API, under a namespace of its own:
 *
 *     POST {scope}/providers/Lanyard.Authorization/explain   {"principal": GUID, "action", "isDataAction"?, "attributes"?: [{"source", "name", "values"}]}
 *     POST {scope}/providers/Lanyard.Authorization/access    {"principal": GUID}: in pages, the next one by the same body at nextLink
 *     POST {scope}/providers/Lanyard.Authorization/validate  {"principal"?: GUID, "action"?}: 204, or what does not exist
 *
 * Whoever may read role assignments at the scope may ask, as with checkAccess. A member that is not named here is refused.
 */
#include "ops/explain.h"
#include "ops/assignment_list.h"
#include "ops/existence.h"

#include "endpoints/arm/arm.h"
#include "endpoints/arm/question.h"
#include "ops/permissions.h"
#include "rbac/deny.h"

static enum err read_principal(struct call *c, const struct json *body, object_id *out)
{
    str text = json_get_str(body, S("principal"));
    if (guid_parse(text, &out->g)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The principal must be a GUID, and is '%.*s'.", PSTR(call_printable(c, text, 128)));
}

static enum err read_attribute(struct call *c, const struct json *from, struct question_facts *out)
{
    static const str   SOURCES[] = {[RBAC_REQUEST] = S_INIT("Request"),
                                    [RBAC_RESOURCE] = S_INIT("Resource"),
                                    [RBAC_PRINCIPAL] = S_INIT("Principal"),
                                    [RBAC_ENVIRONMENT] = S_INIT("Environment")};
    static const str   MEMBERS[] = {S_INIT("source"), S_INIT("name"), S_INIT("values")};
    size_t             source = str_index_nocase(SOURCES, COUNT(SOURCES), json_get_str(from, S("source")));
    str                name = json_get_str(from, S("name"));
    const struct json *values = json_get(from, S("values"));
    if (source == STR_NOWHERE || str_empty(name) || !values)
        return FAIL(c, ERR_CONTENT_INVALID, "An attribute needs a source (Request, Resource, Principal or Environment), a name and values.");
    TRY(question_only(c, from, "An attribute", MEMBERS, COUNT(MEMBERS)));
    return question_add(c, out, (enum rbac_source)source, name, values);
}

// What is told, and what the scope tells besides.
static enum err read_facts(struct call *c, const struct work *w, const struct json *body, const struct scope *at, struct question_facts *out)
{
    const struct json *list = json_get(body, S("attributes"));
    if (list && !json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_CONTENT_INVALID, "The attributes must be an array of objects.");
    for (size_t i = 0; i < json_n(list); i++) TRY(read_attribute(c, json_at(list, i), out));
    return question_add_scope(c, w, out, at);
}

enum err arm_explain(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const str        MEMBERS[] = {S_INIT("principal"), S_INIT("action"), S_INIT("isDataAction"), S_INIT("attributes")};
    const struct json      *body;
    struct question_facts   facts = {0};
    struct explain_question asked = {.scope = arm_scope_of(q), .attributes = &facts.set};
    struct scope            at;
    struct explanation      e;
    TRY(wire_body(c, q, &body));
    TRY(question_only(c, body, "The question", MEMBERS, COUNT(MEMBERS)));
    TRY(read_principal(c, body, &asked.who));
    asked.action = json_get_str(body, S("action"));
    TRY(question_plane(c, body, S("isDataAction"), asked.action, &asked.plane));
    TRY(work_scope(c, w, asked.scope, &at));
    TRY(read_facts(c, w, body, &at, &facts));
    TRY(explain(c, w, &asked, &e));
    explain_write(c, w, answer_json(a, 200), &e);
    return OK;
}

// Whoever asks in a hurry wants to know of a slip; explain itself answers for what was deleted, too.
enum err arm_question_validate(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const str   MEMBERS[] = {S_INIT("principal"), S_INIT("action")};
    const struct json *body;
    object_id          who = {GUID_NONE};
    TRY(wire_body(c, q, &body));
    TRY(question_only(c, body, "The question", MEMBERS, COUNT(MEMBERS)));
    if (json_get(body, S("principal"))) TRY(read_principal(c, body, &who));
    TRY(existence_check(c, w, who, json_get_str(body, S("action")), arm_scope_of(q)));
    a->status = 204;
    return OK;
}

// --- what a principal can do ---

// Grants in the order of their ids, then denies in the order of theirs. A page ends where either limit is reached.
#define ACCESS_PAGE_ITEMS 200
#define ACCESS_PAGE_BYTES (1u << 20) // a role may name thousands of actions

enum { KEY_GRANT = 'g', KEY_DENY = 'd' };

struct access_key { // a cursor
    char kind;
    char id[sizeof(guid)];
};
_Static_assert(sizeof(struct access_key) == 1 + sizeof(guid), "no bytes between them");

struct access {
    struct call            *c;
    const struct work      *w;
    struct json_writer     *j;
    struct answer          *a;
    struct page             page;
    struct access_key       last;
    struct assignment_query query;
    struct rbac_filter      filter;
    const guid             *after_deny; // NULL: from the first
    bool                    everywhere; // no scope was asked for but the root: all that it has anywhere
    const str              *above;
    size_t                  above_n;
};

// False: the page is full, and the item is not on it.
static bool takes(struct access *x, char kind, const guid *id, bool belongs)
{
    if (x->a->body.n >= ACCESS_PAGE_BYTES) x->page.room = 0;
    bool is_taken = page_takes(&x->page, STR_NONE, belongs);
    if (x->page.is_full) return false;
    x->last.kind = kind;
    memcpy(x->last.id, id->b, sizeof x->last.id);
    return is_taken;
}

static void write_grant(struct access *x, const struct assignment *a, const struct role *role)
{
    const struct principal *holder = directory_find(x->w->world->directory, a->principal);
    json_write_object(x->j);
    json_put_string(x->j, S("roleAssignment"), assignment_path(x->c, a->scope, a->id));
    json_put_string(x->j, S("roleName"), role->name);
    json_put_string(x->j, S("scope"), a->scope);
    json_put_guid(x->j, S("principal"), a->principal.g);
    if (holder && holder->kind == PRINCIPAL_GROUP) json_put_string(x->j, S("group"), holder->name);
    if (!str_empty(assignment_condition(a))) json_put_string(x->j, S("condition"), assignment_condition(a));
    if (assignment_counts_from_ns(a) > x->c->now_ns)
        json_put_string(x->j, S("countsFrom"), str_of(time_iso_s(assignment_counts_from_ns(a) / NS_PER_S).s));
    permissions_write(x->j, role->permissions, role->permission_n);
    json_write_end(x->j);
}

static enum err write_grants(struct access *x, struct work *w)
{
    struct assignment_page found = {0};
    if (x->after_deny) return OK; // they were on the pages before
    TRY(assignment_list(x->c, w, &x->query, &found));
    for (size_t i = 0; i < found.n && !x->page.is_full; i++) {
        const struct role *role = rbac_find_role(w->world->rules, found.items[i]->role);
        if (takes(x, KEY_GRANT, &found.items[i]->id, role != NULL)) write_grant(x, found.items[i], role);
    }
    if (!found.has_more || x->page.is_full) return OK;
    x->page.is_full = true;
    x->last.kind = KEY_GRANT;
    memcpy(x->last.id, found.last.b, sizeof x->last.id);
    return OK;
}

struct deny_search {
    struct access   *x;
    const object_id *who;
    size_t           who_n;
};

static bool offer_deny(const struct deny_assignment *d, void *ctx)
{
    struct deny_search *s = ctx;
    struct access      *x = s->x;
    struct scope        scope;
    if (scope_parse(x->c, d->scope, &scope) != OK) {
        call_forgive(x->c);
        return true;
    }
    bool concerned = x->everywhere || deny_reaches(d, x->query.at.path, x->above, x->above_n) || scope_contains(&x->query.at, &scope);
    if (takes(x, KEY_DENY, &d->id, concerned && deny_means(d, s->who, s->who_n))) arm_write_deny(x->c, x->j, d);
    return !x->page.is_full;
}

// The cursor tells whether grants or denies go on, and behind which.
static enum err begin_page(struct call *c, const struct wire *q, struct access *x)
{
    guid *id;
    TRY(page_begin(c, q, ACCESS_PAGE_ITEMS, &x->page));
    if (str_empty(x->page.after)) return OK;
    if (x->page.after.n != sizeof x->last) return FAIL(c, ERR_PARAMETER_INVALID, "The $skiptoken is none of this list.");
    TRY(NEW(c, &id, 1));
    memcpy(id->b, x->page.after.at + 1, sizeof id->b);
    if (x->page.after.at[0] == KEY_DENY) x->after_deny = id;
    else x->query.after = id;
    return OK;
}

enum err arm_access_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *body;
    object_id          asked;
    struct access      x = {.c = c, .w = w, .a = a};
    struct deny_search s = {.x = &x};
    str                link;
    TRY(work_scope(c, w, arm_scope_of(q), &x.query.at));
    TRY(wire_body(c, q, &body));
    TRY(question_only(c, body, "The question", (const str[]){S("principal")}, 1));
    TRY(read_principal(c, body, &asked));
    TRY(begin_page(c, q, &x));
    x.everywhere = x.query.at.kind == SCOPE_ROOT;
    TRY(work_above(c, w, &x.query.at, &x.above, &x.above_n));
    TRY(directory_closure(c, w->world->directory, asked, c->now_ns, &s.who, &s.who_n));
    x.query.filter = &x.filter;
    x.query.who = s.who;
    x.query.who_n = s.who_n;
    x.query.limit = ACCESS_PAGE_ITEMS;
    x.j = answer_json(a, 200);
    json_write_object(x.j);
    json_write_key(x.j, S("grants"));
    json_write_array(x.j);
    TRY(write_grants(&x, w));
    json_write_end(x.j);
    json_write_key(x.j, S("denies"));
    json_write_array(x.j);
    if (!x.page.is_full) rbac_each_deny(w->world->rules, x.after_deny, offer_deny, &s);
    json_write_end(x.j);
    if (x.page.is_full) {
        x.page.last = (str){(const char *)&x.last, sizeof x.last};
        TRY(page_link(c, q, &x.page, false, &link));
        json_put_string(x.j, S("nextLink"), link);
    }
    json_write_end(x.j);
    return OK;
}
