#include "ops/assignments.h"

#include "ops/resources.h"
#include "ops/role_definitions.h"
#include "rbac/condition.h"

#define ASSIGNMENTS "Microsoft.Authorization/roleAssignments"

static const str TYPES[] = {
    [PRINCIPAL_TYPE_USER] = S_INIT("User"),
    [PRINCIPAL_TYPE_GROUP] = S_INIT("Group"),
    [PRINCIPAL_TYPE_SERVICE] = S_INIT("ServicePrincipal"),
    [PRINCIPAL_TYPE_FOREIGN_GROUP] = S_INIT("ForeignGroup"),
    [PRINCIPAL_TYPE_DEVICE] = S_INIT("Device"),
};

str principal_type_text(enum principal_type type)
{
    return TYPES[type];
}

bool principal_type_read(str text, enum principal_type *out)
{
    size_t i = str_index_nocase(TYPES, COUNT(TYPES), text);
    if (i == STR_NOWHERE) return false;
    *out = (enum principal_type)i;
    return true;
}

enum principal_type principal_type_of(const struct principal *p)
{
    switch (p->kind) {
    case PRINCIPAL_USER: return PRINCIPAL_TYPE_USER;
    case PRINCIPAL_GROUP: return PRINCIPAL_TYPE_GROUP;
    case PRINCIPAL_APP:
    case PRINCIPAL_MANAGED: return PRINCIPAL_TYPE_SERVICE;
    }
    return PRINCIPAL_TYPE_SERVICE;
}

static enum err require_type(struct call *c, const struct assignment_args *args, enum principal_type type)
{
    if (!args->gives_type || args->type == type) return OK;
    return FAIL(c, ERR_PRINCIPAL_TYPE_MISMATCH, "The PrincipalId '%s' has type '%.*s' , which is different from specified PrinciaplType '%.*s'.",
                guid_digits(args->principal.g).s, PSTR(TYPES[type]), PSTR(TYPES[args->type]));
}

// The principal's type: what the directory says, else what the assignment says that stands already, else what the caller
// says; none of them is the published error. A caller that names another type than is known is refused, even while the
// principal does not count yet: else it would choose what a condition on its own role is told.
static enum err find_type(struct call *c, const struct work *w, const struct assignment_args *args, const struct assignment *before,
                          enum principal_type *out)
{
    const struct principal *p = directory_find(w->world->directory, args->principal);
    if (p) TRY(require_type(c, args, principal_type_of(p)));
    else if (before) TRY(require_type(c, args, before->principal_type));
    if (p && p->counts_from_ns <= c->now_ns) {
        *out = principal_type_of(p);
    } else if (args->gives_type) {
        *out = args->type;
    } else {
        return FAIL(
            c, ERR_PRINCIPAL_NOT_FOUND,
            "Principal %s does not exist in the directory %s. Check that you have the correct principal ID. If you are creating this principal "
            "and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment "
            "principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
            guid_digits(args->principal.g).s, guid_text(w->product->tenant.g).s);
    }
    return OK;
}

// What lies at the scope must exist as far as the tree knows it: what is inside a resource is its service's own.
enum err assignment_require_scope(struct call *c, const struct work *w, const struct scope *scope)
{
    if (scope->kind == SCOPE_MGMT_GROUP && !tree_find_mgmt_group(w->world->tree, scope->mgmt_group))
        return FAIL(c, ERR_NOT_FOUND, "The management group '%.*s' cannot be found.", PSTR(scope->mgmt_group));
    if (str_empty(scope->subscription)) return OK;
    return resources_require_holder(c, w, scope->subscription, scope->group);
}

// The resource that the group holds must be there; what is inside it may be its service's own, and is not looked for. Inferred: the cloud
// names the absent resource (github.com/Azure/azure-cli/issues/15243), and takes an absent subnet (github.com/Azure/azure-powershell/issues/3771).
static enum err require_target(struct call *c, const struct work *w, const struct scope *scope)
{
    str                    path = scope->path, above;
    struct scope           at;
    const struct resource *found;
    if (scope->kind != SCOPE_RESOURCE || str_empty(scope->group)) return OK;
    while (scope_parent(path, &above)) {
        TRY(scope_parse(c, above, &at));
        if (at.kind != SCOPE_RESOURCE) break;
        path = above;
    }
    return resources_require(c, w, path, &found);
}

static enum err check_limits(struct call *c, const struct work *w, const struct scope *scope)
{
    subscription_id s;
    if (scope->kind == SCOPE_MGMT_GROUP && rbac_count_at_scope(w->world->rules, scope->path) >= ASSIGNMENT_MAX_PER_MGMT_GROUP)
        return FAIL(c, ERR_ASSIGNMENT_LIMIT, "No more role assignments can be created (the management group has %d).", ASSIGNMENT_MAX_PER_MGMT_GROUP);
    if (guid_parse(scope->subscription, &s.g) && rbac_count_in_subscription(w->world->rules, s) >= ASSIGNMENT_MAX_PER_SUBSCRIPTION)
        return FAIL(c, ERR_ASSIGNMENT_LIMIT, "The role assignment limit for the subscription is %d. No more role assignments can be created.",
                    ASSIGNMENT_MAX_PER_SUBSCRIPTION);
    return OK;
}

static enum err check_texts(struct call *c, const struct assignment_args *args)
{
    if (args->description.n > ASSIGNMENT_MAX_DESCRIPTION_BYTES)
        return FAIL(c, ERR_CONTENT_INVALID, "The description is longer than %d bytes.", ASSIGNMENT_MAX_DESCRIPTION_BYTES);
    if (str_empty(args->condition) && !str_empty(args->condition_version))
        return FAIL(c, ERR_CONDITION_INVALID, "A conditionVersion is given without a condition.");
    return str_empty(args->condition) ? OK : condition_check(c, args->condition, args->condition_version);
}

static bool is_same_grant(const struct assignment *a, const struct assignment_args *args, str scope)
{
    return object_id_eq(a->principal, args->principal) && guid_eq(a->role, args->role) && str_eq_nocase(a->scope, scope);
}

static enum err check_others(struct call *c, const struct work *w, const struct assignment_args *args, const struct scope *scope,
                             const struct assignment *before)
{
    if (before && !is_same_grant(before, args, scope->path)) return FAIL_PLAIN(c, ERR_ASSIGNMENT_IMMUTABLE);
    const struct assignment *same = before ? NULL : rbac_find_same(w->world->rules, args->principal, args->role, scope->path);
    if (same)
        return FAIL(c, ERR_ASSIGNMENT_EXISTS, "The role assignment already exists. The ID of the existing role assignment is %s.",
                    guid_digits(same->id).s);
    return before ? OK : check_limits(c, w, scope);
}

// The words about the management group are inferred; the code was reported publicly.
static enum err check_data_actions(struct call *c, const struct assignment_args *args, const struct role *role, const struct scope *scope)
{
    if (!role_has_data_actions(role->permissions, role->permission_n)) return OK;
    if (args->says_no_data) return FAIL_PLAIN(c, ERR_ROLE_DATA_ACTIONS_UNSAYABLE);
    if (role->is_builtin || scope->kind != SCOPE_MGMT_GROUP) return OK;
    return FAIL(c, ERR_ASSIGNMENT_INVALID,
                "The request to create role assignment '%s' is not valid. A custom role with DataActions or NotDataActions cannot be assigned at the "
                "management group '%.*s'; assign it at a subscription or below.",
                guid_text(args->id).s, PSTR(scope->mgmt_group));
}

// A custom role is not there for whoever looks from outside of its assignable scopes.
static enum err check_role(struct call *c, const struct work *w, const struct assignment_args *args, const struct scope *scope)
{
    const struct role *role = rbac_find_role(w->world->rules, args->role);
    bool               is_assignable = false;
    if (role) TRY(role_is_assignable(c, w, role, scope, &is_assignable));
    if (is_assignable) return check_data_actions(c, args, role, scope);
    return FAIL(c, ERR_ROLE_NOT_FOUND, "The specified role definition with ID '%s' does not exist%s", guid_digits(args->role).s,
                role ? ": the scope is none of the custom role's assignable scopes." : ".");
}

// One that is made again while the same grant lingers under its id goes on without a break; any other takes the id over,
// and what lingered ends.
static int64_t counts_from(const struct call *c, const struct work *w, const struct assignment *next, const struct scope *scope)
{
    const struct assignment *old = rbac_find_lingering(w->world->rules, next->id);
    bool                     goes_on = old && assignment_lingers_until_ns(old) > c->now_ns && object_id_eq(old->principal, next->principal) &&
                   guid_eq(old->role, next->role) && str_eq_nocase(old->scope, next->scope) &&
                   str_eq(assignment_condition(old), assignment_condition(next));
    if (goes_on) return assignment_counts_from_ns(old);
    int64_t delay_ns = propagation_of_assignment_ns(&w->product->propagation, rbac_find_role(w->world->rules, next->role), scope);
    return delay_ns ? c->now_ns + delay_ns : 0;
}

static enum err put_assignment(struct call *c, struct work *w, const struct assignment *before, const struct assignment *plain)
{
    struct assignment *record;
    if (!before) before = rbac_find_lingering(w->world->rules, plain->id);
    TRY(assignment_new(c, plain, &record));
    return work_change(c, w, STORE_ASSIGNMENT, before ? &before->ref : NULL, &record->ref);
}

static enum err write_assignment(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct assignment_args *args = args_;
    struct assignment_result     *out = out_;
    struct scope                  scope;
    const struct assignment      *before = rbac_find_assignment(w->world->rules, args->id);
    struct assignment             next = before ? *before : (struct assignment){0};
    struct assignment_notes       notes = assignment_notes_of(&next);
    TRY(work_scope(c, w, args->scope, &scope));
    TRY(assignment_require_scope(c, w, &scope));
    if (!before) TRY(require_target(c, w, &scope));
    TRY(check_texts(c, args));
    TRY(check_role(c, w, args, &scope));
    TRY(check_others(c, w, args, &scope, before));
    TRY(find_type(c, w, args, before, &next.principal_type));
    next.id = args->id;
    next.principal = args->principal;
    next.role = args->role;
    next.scope = scope.path;
    notes.condition = args->condition;
    notes.condition_version = !str_empty(args->condition) && str_empty(args->condition_version) ? S("2.0") : args->condition_version;
    notes.description = args->description;
    notes.delegated_identity = args->delegated_identity;
    next.notes = &notes;
    if (before) {
        notes.updated_ns = c->now_ns;
        notes.updated_by = c->caller->id;
    } else {
        next.created_ns = c->now_ns;
        next.created_by = c->caller->id;
        notes.counts_from_ns = counts_from(c, w, &next, &scope);
    }
    TRY(put_assignment(c, w, before, &next));
    out->was_created = !before;
    out->assignment = rbac_find_assignment(w->world->rules, args->id);
    return OK;
}

static const struct assignment *find_at(const struct work *w, const struct assignment_args *args)
{
    const struct assignment *a = rbac_find_assignment(w->world->rules, args->id);
    return a && str_eq_nocase(a->scope, args->scope) ? a : NULL;
}

// Gone for everybody who looks; but what counts already grants until the removal has got about.
static enum err remove_assignment(struct call *c, struct work *w, const struct assignment *a)
{
    struct scope            scope;
    struct assignment       lingering = *a;
    struct assignment_notes notes = assignment_notes_of(a);
    TRY(scope_parse(c, a->scope, &scope));
    int64_t takes_ns = propagation_of_removal_ns(&w->product->propagation, rbac_find_role(w->world->rules, a->role), &scope);
    if (takes_ns == 0 || assignment_counts_from_ns(a) > c->now_ns) return work_change(c, w, STORE_ASSIGNMENT, &a->ref, NULL);
    notes.lingers_until_ns = c->now_ns + takes_ns;
    lingering.notes = &notes;
    return put_assignment(c, w, a, &lingering);
}

static enum err delete_assignment(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct assignment_args *args = args_;
    struct assignment_result     *out = out_;
    out->assignment = find_at(w, args);
    return out->assignment ? remove_assignment(c, w, out->assignment) : OK;
}

// Those whose time is over, as many as there is room for.
struct ended {
    int64_t                   now_ns;
    const struct assignment **items;
    size_t                    n, room;
};

static bool see_lingering(const struct assignment *a, void *context)
{
    struct ended *e = context;
    if (assignment_lingers_until_ns(a) <= e->now_ns) e->items[e->n++] = a;
    return e->n < e->room;
}

enum err assignments_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    struct ended e = {.now_ns = c->now_ns, .room = limit};
    *out_n = 0;
    if (limit == 0 || rbac_lingering_count(w->world->rules) == 0) return OK; // else all assignments are looked through
    TRY(NEW(c, &e.items, limit));
    rbac_each_lingering(w->world->rules, see_lingering, &e);
    for (size_t i = 0; w->writes && i < e.n; i++) TRY(work_change(c, w, STORE_ASSIGNMENT, &e.items[i]->ref, NULL));
    *out_n = e.n;
    return OK;
}

static enum err read_assignment(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct assignment_args *args = args_;
    struct assignment_result     *out = out_;
    out->assignment = find_at(w, args);
    return out->assignment ? OK : FAIL(c, ERR_ASSIGNMENT_NOT_FOUND, "The role assignment '%s' is not found.", guid_text(args->id).s);
}

static enum err add_attribute(struct call *c, struct rbac_attribute *to, enum rbac_source source, const char *name, str value)
{
    str *values;
    TRY(NEW(c, &values, 1));
    values[0] = value;
    *to = (struct rbac_attribute){.source = source, .name = str_of(name), .values = values, .value_n = 1};
    return OK;
}

// A write is judged by what it says, and nothing is filled in: a type that the request leaves out is absent. A delete is
// judged by the assignment that stands there.
enum err assignment_attributes(struct call *c, const struct work *w, const struct assignment_args *args, bool is_delete, struct rbac_attributes *out)
{
    struct rbac_attribute   *items;
    enum rbac_source         source = is_delete ? RBAC_RESOURCE : RBAC_REQUEST;
    const struct assignment *a = is_delete ? find_at(w, args) : NULL;
    bool                     has_type = a || args->gives_type;
    enum principal_type      type = a ? a->principal_type : args->type;
    *out = (struct rbac_attributes){0};
    if (is_delete && !a) return OK;
    TRY(NEW(c, &items, 3));
    TRY(add_attribute(c, &items[0], source, ASSIGNMENTS ":RoleDefinitionId", guid_str(c, a ? a->role : args->role)));
    TRY(add_attribute(c, &items[1], source, ASSIGNMENTS ":PrincipalId", guid_str(c, a ? a->principal.g : args->principal.g)));
    if (has_type) TRY(add_attribute(c, &items[2], source, ASSIGNMENTS ":PrincipalType", TYPES[type]));
    *out = (struct rbac_attributes){.items = items, .n = has_type ? 3 : 2};
    return OK;
}

#define GRANTS "its permission is the one to give and take roles"
const struct op OP_ASSIGNMENT_WRITE = {
    .name = "assignment_write", .action = ASSIGNMENTS "/write", .writes = true, .run = write_assignment, .no_effects = GRANTS};
const struct op OP_ASSIGNMENT_DELETE = {
    .name = "assignment_delete", .action = ASSIGNMENTS "/delete", .writes = true, .run = delete_assignment, .no_effects = GRANTS};
const struct op OP_ASSIGNMENT_READ = {.name = "assignment_read", .action = ASSIGNMENTS "/read", .run = read_assignment};
