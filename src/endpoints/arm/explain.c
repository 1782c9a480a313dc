/*
 * The product's own questions on the management API, under a namespace of its own:
 *
 *     POST {scope}/providers/Lanyard.Authorization/explain   {"principal": GUID, "action", "isDataAction"?, "attributes"?: [{"source", "name", "values"}]}
 *     POST {scope}/providers/Lanyard.Authorization/access    {"principal": GUID}
 *     POST {scope}/providers/Lanyard.Authorization/validate  {"principal"?: GUID, "action"?}: 204, or what does not exist
 *
 * Whoever may read role assignments at the scope may ask, as with checkAccess. A member that is not named here is refused.
 */
#include "ops/explain.h"
#include "ops/existence.h"

#include "endpoints/arm/arm.h"
#include "endpoints/arm/question.h"
#include "endpoints/permissions.h"
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

struct access {
    struct call        *c;
    const struct work  *w;
    struct json_writer *j;
    struct scope        at;
    bool                everywhere; // no scope was asked for but the root: all that it has anywhere
    const str          *above;
    size_t              above_n;
};

static bool concerns(const struct access *x, str scope_text)
{
    struct scope scope;
    bool         is_read = scope_parse(x->c, scope_text, &scope) == OK;
    call_forgive(x->c);
    return is_read && (x->everywhere || scope_reaches(&scope, &x->at, x->above, x->above_n) || scope_contains(&x->at, &scope));
}

static bool offer_grant(const struct assignment *a, void *ctx)
{
    struct access     *x = ctx;
    const struct role *role = rbac_find_role(x->w->world->rules, a->role);
    if (!role || !concerns(x, a->scope)) return true;
    const struct principal *holder = directory_find(x->w->world->directory, a->principal);
    json_write_object(x->j);
    json_put_string(x->j, S("roleAssignment"), assignment_path(x->c, a->scope, a->id));
    json_put_string(x->j, S("roleName"), role->name);
    json_put_string(x->j, S("scope"), a->scope);
    json_put_guid(x->j, S("principal"), a->principal.g);
    if (holder && holder->kind == PRINCIPAL_GROUP) json_put_string(x->j, S("group"), holder->name);
    if (!str_empty(a->condition)) json_put_string(x->j, S("condition"), a->condition);
    if (a->counts_from_ns > x->c->now_ns) json_put_string(x->j, S("countsFrom"), str_of(time_iso_s(a->counts_from_ns / NS_PER_S).s));
    permissions_write(x->j, role->permissions, role->permission_n);
    json_write_end(x->j);
    return true;
}

struct deny_search {
    struct access   *x;
    const object_id *who;
    size_t           who_n;
};

static bool offer_deny(const struct deny_assignment *d, void *ctx)
{
    struct deny_search *s = ctx;
    struct scope        scope;
    if (scope_parse(s->x->c, d->scope, &scope) != OK) {
        call_forgive(s->x->c);
        return true;
    }
    bool concerned = s->x->everywhere || deny_reaches(d, s->x->at.path, s->x->above, s->x->above_n) || scope_contains(&s->x->at, &scope);
    if (!concerned || !deny_means(d, s->who, s->who_n)) return true;
    arm_write_deny(s->x->c, s->x->j, d);
    return true;
}

enum err arm_access_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *body;
    object_id          asked;
    struct access      x = {.c = c, .w = w};
    struct deny_search s = {.x = &x};
    TRY(work_scope(c, w, arm_scope_of(q), &x.at));
    TRY(wire_body(c, q, &body));
    TRY(question_only(c, body, "The question", (const str[]){S("principal")}, 1));
    TRY(read_principal(c, body, &asked));
    x.everywhere = x.at.kind == SCOPE_ROOT;
    TRY(work_above(c, w, &x.at, &x.above, &x.above_n));
    TRY(directory_closure(c, w->world->directory, asked, c->now_ns, &s.who, &s.who_n));
    x.j = answer_json(a, 200);
    json_write_object(x.j);
    json_write_key(x.j, S("grants"));
    json_write_array(x.j);
    for (size_t i = 0; i < s.who_n; i++) rbac_each_of_principal(w->world->rules, s.who[i], offer_grant, &x);
    json_write_end(x.j);
    json_write_key(x.j, S("denies"));
    json_write_array(x.j);
    rbac_each_deny(w->world->rules, NULL, offer_deny, &s);
    json_write_end(x.j);
    json_write_end(x.j);
    return OK;
}
