// What a caller may do at a scope: its permissions, and the answer to a question.
#include "ops/assignment_list.h"
#include "ops/assignments.h"
#include "ops/explain.h"

#include "endpoints/arm/arm.h"
#include "endpoints/arm/question.h"
#include "ops/permissions.h"

#define MOST_GROUPS         200 /* of a subject, as its asker knows them: what a token holds */
#define SECURITY_ATTRIBUTES "Microsoft.Directory/CustomSecurityAttributes/Id:"

static void write_grant(struct call *c, const struct work *w, struct json_writer *j, const struct assignment *x)
{
    const struct role *role = rbac_find_role(w->world->rules, x->role);
    if (!role || assignment_counts_from_ns(x) > c->now_ns) return;
    for (size_t i = 0; i < role->permission_n; i++) {
        const struct role_permission *r = &role->permissions[i];
        if (r->condition_unknown) continue;
        json_write_object(j);
        permissions_write_lists(j, r);
        json_write_end(j);
    }
}

// The caller's own: what its assignments give at the scope, one item a grant. A page is one of assignments.
enum err arm_permissions_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct rbac_filter reaching = {.at_scope = true};
    struct assignment_query  query = {.filter = &reaching};
    struct assignment_page   found;
    struct arm_page          page;
    TRY(work_scope(c, w, arm_scope_of(q), &query.at));
    TRY(work_closure(c, w, NULL, &query.who, &query.who_n));
    TRY(arm_page_begin_guids(c, q, a, &page));
    query.after = page.after;
    query.limit = page.p.room;
    TRY(assignment_list(c, w, &query, &found));
    for (size_t i = 0; i < found.n; i++) write_grant(c, w, page.json, found.items[i]);
    page.p.is_full = found.has_more;
    page.p.last = guid_key(&found.last);
    return arm_page_end(c, q, &page);
}

static void write_decided_by(struct call *c, const struct work *w, struct json_writer *j, const struct rbac_answer *answer)
{
    const struct assignment *x = rbac_find_assignment(w->world->rules, answer->decided_by);
    json_write_key(j, S("roleAssignment"));
    if (!x) {
        json_write_null(j);
        return;
    }
    const struct assignment_notes notes = assignment_notes_of(x);
    json_write_object(j);
    json_put_string(j, S("id"), guid_str(c, x->id));
    json_put_string(j, S("roleDefinitionId"), guid_str(c, x->role));
    json_put_string(j, S("principalId"), guid_str(c, x->principal.g));
    json_put_string(j, S("principalType"), principal_type_text(x->principal_type));
    json_put_string(j, S("scope"), x->scope);
    json_put_string(j, S("condition"), notes.condition);
    json_put_string(j, S("conditionVersion"), notes.condition_version);
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

// A question to checkAccess, as far as it is the same for all of its actions.
struct check {
    struct caller         who;
    str                   scope;
    struct scope          at;
    struct question_facts facts; // of the subject and the resource
};

static enum err read_groups(struct call *c, const struct work *w, const struct json *list, struct check *check)
{
    object_id       *all;
    const object_id *who, *of_group;
    size_t           who_n, of_group_n, n;
    if (json_n(list) == 0) return OK;
    if (json_n(list) > MOST_GROUPS) return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes.Groups has more than %d groups.", MOST_GROUPS);
    TRY(work_closure(c, w, &check->who, &who, &who_n));
    TRY(NEW(c, &all, who_n + 1));
    memcpy(all, who, who_n * sizeof *all);
    n = who_n;
    for (size_t i = 0; i < json_n(list); i++) {
        object_id group, *more;
        if (!guid_parse(json_str(json_at(list, i)), &group.g)) return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes.Groups must hold GUIDs only.");
        TRY(directory_closure(c, w->world->directory, group, c->now_ns, &of_group, &of_group_n));
        TRY(NEW(c, &more, n + of_group_n));
        memcpy(more, all, n * sizeof *all);
        memcpy(more + n, of_group, of_group_n * sizeof *all);
        all = more;
        n += of_group_n;
    }
    check->who.who = all;
    check->who.who_n = n;
    return OK;
}

// The subject's groups are those of the directory and, besides, those that the asker knows of; its other attributes are @Principal's.
static enum err read_subject(struct call *c, const struct work *w, const struct json *body, struct check *check)
{
    const struct json *attributes = json_path(body, "Subject.Attributes"), *groups = json_get(attributes, S("Groups"));
    str                id = json_get_str(attributes, S("ObjectId"));
    TRY(question_only(c, json_get(body, S("Subject")), "Subject", (const str[]){S("Attributes")}, 1));
    if (!guid_parse(id, &check->who.id.g))
        return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes.ObjectId must be a GUID, and is '%.*s'.", PSTR(id));
    for (size_t i = 0; i < json_n(attributes); i++) {
        str name = attributes->u.list.names[i];
        if (str_eq(name, S("ObjectId")) || str_eq(name, S("Groups")) || str_eq_nocase(name, S("xms-pasrp-retrievegroupmemberships"))) continue;
        if (!str_starts_nocase(name, S(SECURITY_ATTRIBUTES)))
            return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes has no member '%.*s'.", PSTR(call_printable(c, name, 128)));
        TRY(question_add(c, &check->facts, RBAC_PRINCIPAL, name, json_at(attributes, i)));
    }
    if (groups && !json_is(groups, JSON_IS_ARRAY) && !json_is(groups, JSON_IS_NULL))
        return FAIL(c, ERR_CONTENT_INVALID, "Subject.Attributes.Groups must be an array.");
    return read_groups(c, w, groups, check);
}

// The question is about Resource.Id, which is the scope of the path or lies below it; without one it is about that scope.
static enum err read_resource(struct call *c, struct work *w, const struct json *body, str asked_at, struct check *check)
{
    static const str   MEMBERS[] = {S_INIT("Id"), S_INIT("Attributes")};
    const struct json *resource = json_get(body, S("Resource"));
    str                id = json_get_str(resource, S("Id"));
    struct scope       asked;
    const str         *above;
    size_t             above_n;
    TRY(question_only(c, resource, "Resource", MEMBERS, COUNT(MEMBERS)));
    check->scope = str_empty(id) ? asked_at : id;
    TRY(work_scope(c, w, check->scope, &check->at));
    TRY(work_scope(c, w, asked_at, &asked));
    TRY(work_above(c, w, &check->at, &above, &above_n));
    if (!scope_reaches(&asked, &check->at, above, above_n))
        return FAIL(c, ERR_CONTENT_INVALID, "Resource.Id '%.*s' does not lie at or below the scope '%.*s' that is asked.", PSTR(str_upto(id, 256)),
                    PSTR(asked_at));
    return question_add_all(c, &check->facts, RBAC_RESOURCE, json_get(resource, S("Attributes")), "Resource.Attributes");
}

static enum err check_one(struct call *c, struct work *w, const struct check *check, const struct json *item, struct json_writer *j)
{
    static const str      MEMBERS[] = {S_INIT("Id"), S_INIT("IsDataAction"), S_INIT("Attributes")};
    struct rbac_answer    answer;
    struct question_facts facts = check->facts;
    str                   action = json_get_str(item, S("Id"));
    enum rbac_plane       plane;
    facts.set.items = facts.items;
    if (str_empty(action)) return FAIL(c, ERR_CONTENT_INVALID, "Each of Actions needs an Id.");
    TRY(question_only(c, item, "An action", MEMBERS, COUNT(MEMBERS)));
    TRY(question_plane(c, item, S("IsDataAction"), action, &plane));
    TRY(question_add_all(c, &facts, RBAC_REQUEST, json_get(item, S("Attributes")), "An action's Attributes"));
    TRY(question_add_scope(c, w, &facts, &check->at));
    TRY(work_decide(c, w, &check->who, action, plane, check->scope, &facts.set, &answer));
    json_write_object(j);
    json_put_string(j, S("actionId"), action);
    json_put_string(j, S("accessDecision"), answer.allowed ? S("Allowed") : answer.reason == RBAC_DENIED ? S("Denied") : S("NotAllowed"));
    json_put_bool(j, S("isDataAction"), plane == RBAC_DATA);
    write_decided_by(c, w, j, &answer);
    write_denied_by(c, w, j, &answer);
    json_put_int(j, S("timeToLiveInMs"), 300000);
    json_write_end(j);
    return OK;
}

/*
 * Who may ask about others: whoever may read role assignments there. Everything in the body counts: an action's
 * Attributes are @Request's, the resource's @Resource's. That they are is inferred from their places; what is
 * published has examples with empty ones only.
 */
enum err arm_access_check(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const str   MEMBERS[] = {S_INIT("Subject"), S_INIT("Actions"), S_INIT("Resource")};
    const struct json *body;
    struct check       check = {0};
    TRY(wire_body(c, q, &body));
    TRY(question_only(c, body, "The question", MEMBERS, COUNT(MEMBERS)));
    TRY(read_subject(c, w, body, &check));
    TRY(read_resource(c, w, body, arm_scope_of(q), &check));
    const struct json *actions = json_get(body, S("Actions"));
    if (json_n(actions) == 0) return FAIL(c, ERR_CONTENT_INVALID, "Actions must name at least one action.");
    struct json_writer *j = answer_json(a, 200);
    json_write_array(j);
    for (size_t i = 0; i < json_n(actions); i++) TRY(check_one(c, w, &check, json_at(actions, i), j));
    json_write_end(j);
    return OK;
}
