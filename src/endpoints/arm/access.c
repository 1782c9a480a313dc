// What a caller may do at a scope: its permissions, and the answer to a question.
#include "ops/assignments.h"
#include "ops/explain.h"

#include "endpoints/arm/arm.h"
#include "endpoints/permissions.h"

struct permissions {
    struct call        *c;
    const struct work  *w;
    struct scope        at;
    const str          *above;
    size_t              above_n;
    struct json_writer *j;
};

static bool applies(const struct permissions *p, str scope_text)
{
    struct scope scope;
    if (scope_parse(p->c, scope_text, &scope) != OK) {
        call_forgive(p->c);
        return false;
    }
    return arm_reaches(&scope, &p->at, p->above, p->above_n);
}

static bool write_grant(const struct assignment *x, void *ctx)
{
    struct permissions *p = ctx;
    const struct role  *role = rbac_find_role(p->w->world->rules, x->role);
    if (!role || x->counts_from_ns > p->c->now_ns || !applies(p, x->scope)) return true;
    for (size_t i = 0; i < role->permission_n; i++) {
        const struct role_permission *r = &role->permissions[i];
        if (r->condition_unknown) continue;
        json_write_object(p->j);
        permissions_write_lists(p->j, r);
        json_write_end(p->j);
    }
    return true;
}

// The caller's own: what its assignments give at the scope, one item a grant.
enum err arm_permissions_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct permissions p = {.c = c, .w = w};
    const object_id   *who;
    size_t             who_n;
    TRY(scope_parse(c, arm_scope_of(q), &p.at));
    TRY(work_closure(c, w, NULL, &who, &who_n));
    TRY(work_above(c, w, &p.at, &p.above, &p.above_n));
    p.j = answer_json(a, 200);
    json_write_object(p.j);
    json_write_key(p.j, S("value"));
    json_write_array(p.j);
    for (size_t i = 0; i < who_n; i++) rbac_each_of_principal(w->world->rules, who[i], write_grant, &p);
    json_write_end(p.j);
    json_write_end(p.j);
    return OK;
}

static void write_decided_by(struct call *c, const struct work *w, struct json_writer *j, const struct rbac_answer *answer)
{
    const struct assignment *x = rbac_find_assignment(w->world->rules, answer->decided_by);
    json_write_key(j, S("roleAssignment"));
    if (!x) {
        json_write_null(j);
        return;
    }
    json_write_object(j);
    json_put_string(j, S("id"), guid_str(c, x->id));
    json_put_string(j, S("roleDefinitionId"), guid_str(c, x->role));
    json_put_string(j, S("principalId"), guid_str(c, x->principal.g));
    json_put_string(j, S("principalType"), principal_type_text(x->principal_type));
    json_put_string(j, S("scope"), x->scope);
    json_put_string(j, S("condition"), x->condition);
    json_put_string(j, S("conditionVersion"), x->condition_version);
    json_put_bool(j, S("canDelegate"), false);
    json_write_end(j);
}

static void write_denied_by(struct call *c, const struct work *w, struct json_writer *j, const struct rbac_answer *answer)
{
    const struct deny_assignment *d = answer->reason == RBAC_DENIED ? rbac_find_deny(w->world->rules, answer->decided_by) : NULL;
    json_write_key(j, S("denyAssignment"));
    if (!d) {
        json_write_null(j);
        return;
    }
    json_write_object(j);
    json_put_string(j, S("id"), guid_str(c, d->id));
    json_put_string(j, S("name"), d->name);
    json_put_string(j, S("scope"), d->scope);
    json_write_end(j);
}

static enum err check_one(struct call *c, struct work *w, const struct caller *who, str scope, const struct json *item, struct json_writer *j)
{
    struct rbac_answer     answer;
    struct rbac_attributes known;
    struct scope           at;
    str                    action = json_get_str(item, S("Id"));
    bool                   is_data = json_get_bool(item, S("IsDataAction"), rbac_plane_of(action) == RBAC_DATA);
    TRY(scope_parse(c, scope, &at));
    TRY(explain_attributes(c, &at, &known));
    if (str_empty(action)) return FAIL(c, ERR_CONTENT_INVALID, "Each of Actions needs an Id.");
    TRY(work_decide(c, w, who, action, is_data ? RBAC_DATA : RBAC_CONTROL, scope, &known, &answer));
    json_write_object(j);
    json_put_string(j, S("actionId"), action);
    json_put_string(j, S("accessDecision"), answer.allowed ? S("Allowed") : answer.reason == RBAC_DENIED ? S("Denied") : S("NotAllowed"));
    json_put_bool(j, S("isDataAction"), is_data);
    write_decided_by(c, w, j, &answer);
    write_denied_by(c, w, j, &answer);
    json_put_int(j, S("timeToLiveInMs"), 300000);
    json_write_end(j);
    return OK;
}

// Who may ask about others: whoever may read role assignments there.
enum err arm_access_check(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *body;
    struct caller      who = {0};
    TRY(wire_body(c, q, &body));
    const struct json *actions = json_get(body, S("Actions"));
    str                subject = json_str(json_path(body, "Subject.Attributes.ObjectId"));
    if (!guid_parse(subject, &who.id.g)) return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes.ObjectId must be a GUID, and is '%.*s'.", PSTR(subject));
    if (json_n(actions) == 0) return FAIL(c, ERR_CONTENT_INVALID, "Actions must name at least one action.");
    struct json_writer *j = answer_json(a, 200);
    json_write_array(j);
    for (size_t i = 0; i < json_n(actions); i++) TRY(check_one(c, w, &who, arm_scope_of(q), json_at(actions, i), j));
    json_write_end(j);
    return OK;
}
