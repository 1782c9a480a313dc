#include "ops/role_definitions.h"

#include "ops/effects.h"
#include "ops/provider_names.h"
#include "ops/resources.h"

#define ROLES       "Microsoft.Authorization/roleDefinitions"
#define ROLES_WRITE "Microsoft.Authorization/roleAssignments/write"

static bool is_one_of(str scope, const str *scopes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(scope, scopes[i])) return true;
    return false;
}

static enum err reaches(struct call *c, str assignable, const struct scope *at, const str *above, size_t above_n, bool *out)
{
    struct scope outer;
    TRY(scope_parse(c, assignable, &outer));
    *out = scope_contains(&outer, at) || is_one_of(outer.path, above, above_n);
    return OK;
}

static enum err lies_within(struct call *c, const struct work *w, const str *scopes, size_t n, const struct scope *at, bool *out)
{
    const str *above;
    size_t     above_n;
    bool       within = false;
    TRY(work_above(c, w, at, &above, &above_n));
    for (size_t i = 0; i < n && !within; i++) TRY(reaches(c, scopes[i], at, above, above_n, &within));
    *out = within;
    return OK;
}

enum err role_is_assignable(struct call *c, const struct work *w, const struct role *role, const struct scope *at, bool *out)
{
    *out = true;
    return role->is_builtin ? OK : lies_within(c, w, role->scopes, role->scope_n, at, out);
}

bool role_has_data_actions(const struct role_permission *permissions, size_t n)
{
    for (const struct role_permission *p = permissions; p < permissions + n; p++)
        if (p->data_action_n || p->not_data_action_n) return true;
    return false;
}

// --- what a role may say ---

static enum err check_scope_form(struct call *c, size_t i, str text, struct scope *out)
{
    bool fits = scope_parse(c, text, out) == OK && out->kind != SCOPE_ROOT;
    call_forgive(c);
    if (fits) return OK;
    return FAIL(c, ERR_LINKED_ID_INVALID,
                "Property id '%.*s' at path 'properties.assignableScopes[%zu]' is invalid. Expect fully qualified resource Id that start with "
                "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
                PSTR(call_printable(c, text, 256)), i);
}

static enum err check_scope(struct call *c, const struct work *w, const struct role_args *args, size_t i, size_t *mgmt_groups)
{
    struct scope scope;
    TRY(check_scope_form(c, i, args->scopes[i], &scope));
    if (!str_empty(scope.subscription)) return resources_require_holder(c, w, scope.subscription, scope.group);
    if (scope.kind != SCOPE_MGMT_GROUP)
        return FAIL(c, ERR_ROLE_INVALID,
                    "A custom role is assignable in management groups, subscriptions, resource groups and resources; '%.*s' is none.",
                    PSTR(scope.path));
    if (!tree_find_mgmt_group(w->world->tree, scope.mgmt_group))
        return FAIL(c, ERR_NOT_FOUND, "The management group '%.*s' cannot be found.", PSTR(scope.mgmt_group));
    if (++*mgmt_groups > 1) return FAIL(c, ERR_ROLE_INVALID, "A custom role has at most one management group among its assignable scopes.");
    return OK;
}

static enum err check_scopes(struct call *c, const struct work *w, const struct role_args *args)
{
    size_t mgmt_groups = 0;
    if (args->scope_n == 0) return FAIL(c, ERR_ROLE_INVALID, "A custom role needs at least one assignable scope.");
    if (args->scope_n > ROLE_MAX_SCOPES) return FAIL(c, ERR_ROLE_INVALID, "A custom role has at most %d assignable scopes.", ROLE_MAX_SCOPES);
    for (size_t i = 0; i < args->scope_n; i++) TRY(check_scope(c, w, args, i, &mgmt_groups));
    return OK;
}

static enum err check_stars(struct call *c, const str *actions, size_t n, enum rbac_plane plane)
{
    for (size_t i = 0; i < n; i++)
        if (str_find(actions[i], '*') != str_find_last(actions[i], '*'))
            return FAIL(c, provider_names_refusal(plane), "'%.*s' has more than one wildcard: an action of a custom role has at most one.",
                        PSTR(call_printable(c, actions[i], 256)));
    return OK;
}

static enum err check_actions(struct call *c, const struct role_args *args)
{
    TRY(provider_names_check(c, args->permissions, args->permission_n));
    for (const struct role_permission *p = args->permissions; p < args->permissions + args->permission_n; p++) {
        TRY(check_stars(c, p->actions, p->action_n, RBAC_CONTROL));
        TRY(check_stars(c, p->not_actions, p->not_action_n, RBAC_CONTROL));
        TRY(check_stars(c, p->data_actions, p->data_action_n, RBAC_DATA));
        TRY(check_stars(c, p->not_data_actions, p->not_data_action_n, RBAC_DATA));
    }
    return OK;
}

static enum err check_name(struct call *c, const struct work *w, const struct role_args *args)
{
    const struct role *same = rbac_find_role_by_name(w->world->rules, args->name);
    if (str_empty(str_trim(args->name))) return FAIL(c, ERR_ROLE_INVALID, "A role needs a roleName.");
    if (args->name.n > ROLE_MAX_NAME_BYTES) return FAIL(c, ERR_ROLE_INVALID, "A roleName has at most %d bytes.", ROLE_MAX_NAME_BYTES);
    return same && !guid_eq(same->id, args->id) ? FAIL_PLAIN(c, ERR_ROLE_NAME_TAKEN) : OK;
}

// --- what stands in the way ---

static enum err find_custom(struct call *c, const struct work *w, guid id, const struct role **out)
{
    *out = rbac_find_role(w->world->rules, id);
    if (!*out || !(*out)->is_builtin) return OK;
    return FAIL(c, ERR_ROLE_BUILTIN, "The role '%.*s' is built in: it cannot be changed or deleted.", PSTR((*out)->name));
}

struct stranded {
    struct call            *c;
    const struct work      *w;
    const struct role_args *args;
    str                     found;  // the scope of an assignment that the role would leave behind,
    str                     barred; // or of one that a role with data actions could not have
    enum err                failed;
};

static bool look_for_stranded(const struct assignment *a, void *ctx)
{
    struct stranded *s = ctx;
    struct scope     at;
    bool             within = true;
    if (!guid_eq(a->role, s->args->id)) return true;
    s->failed = scope_parse(s->c, a->scope, &at);
    if (s->failed == OK) s->failed = lies_within(s->c, s->w, s->args->scopes, s->args->scope_n, &at, &within);
    if (s->failed == OK && !within) s->found = a->scope;
    else if (s->failed == OK && at.kind == SCOPE_MGMT_GROUP && role_has_data_actions(s->args->permissions, s->args->permission_n))
        s->barred = a->scope;
    return s->failed == OK && within && str_empty(s->barred);
}

static enum err check_stranded(struct call *c, const struct work *w, const struct role_args *args)
{
    struct stranded s = {.c = c, .w = w, .args = args};
    if (!rbac_role_in_use(w->world->rules, args->id)) return OK;
    rbac_each_assignment(w->world->rules, NULL, look_for_stranded, &s);
    TRY(s.failed);
    if (!str_empty(s.barred))
        return FAIL(c, ERR_ROLE_IN_USE,
                    "The role is assigned at the management group '%.*s', where no custom role with DataActions can be assigned. Delete that "
                    "assignment first.",
                    PSTR(s.barred));
    if (str_empty(s.found)) return OK;
    return FAIL(c, ERR_ROLE_IN_USE,
                "Role assignments found under scope '%.*s' which is being removed. Removing this scope from the role will orphan these assignments. "
                "Delete these assignments before removing the scope.",
                PSTR(s.found));
}

static enum err check_all(struct call *c, const struct work *w, const struct role_args *args, const struct role *before)
{
    TRY(check_scopes(c, w, args));
    TRY(check_name(c, w, args));
    if (args->description.n > ROLE_MAX_DESCRIPTION_BYTES)
        return FAIL(c, ERR_ROLE_INVALID, "The description of a role has at most %d bytes.", ROLE_MAX_DESCRIPTION_BYTES);
    TRY(check_actions(c, args));
    if (before) return check_stranded(c, w, args);
    return rbac_custom_role_count(w->world->rules) < ROLE_DEFINITIONS_MAX_CUSTOM
               ? OK
               : FAIL(c, ERR_ROLE_LIMIT, "The limit of %d custom roles in a directory is reached.", ROLE_DEFINITIONS_MAX_CUSTOM);
}

static enum err write_role(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct role_args *args = args_;
    struct role_result     *out = out_;
    const struct role      *before = NULL;
    struct role            *record;
    TRY(find_custom(c, w, args->id, &before));
    TRY(check_all(c, w, args, before));
    struct role next = {.id = args->id,
                        .name = args->name,
                        .description = args->description,
                        .permissions = args->permissions,
                        .permission_n = args->permission_n,
                        .scopes = args->scopes,
                        .scope_n = args->scope_n,
                        .created_ns = before ? before->created_ns : c->now_ns,
                        .created_by = before ? before->created_by : c->caller->id,
                        .updated_ns = c->now_ns,
                        .updated_by = c->caller->id};
    TRY(role_new(c, &next, &record));
    TRY(work_change(c, w, STORE_ROLE, before ? &before->ref : NULL, &record->ref));
    out->role = rbac_find_role(w->world->rules, args->id);
    return OK;
}

static enum err delete_role(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct role_args *args = args_;
    struct role_result     *out = out_;
    TRY(find_custom(c, w, args->id, &out->role));
    if (!out->role) return OK;
    if (rbac_role_in_use(w->world->rules, args->id))
        return FAIL(c, ERR_ROLE_IN_USE, "There are existing role assignments referencing the role '%s'.", guid_text(args->id).s);
    return work_change(c, w, STORE_ROLE, &out->role->ref, NULL);
}

// --- what a role's writing changes besides ---

static enum err add_scopes(struct call *c, const str *scopes, size_t n, struct effect_sites *out)
{
    for (size_t i = 0; i < n; i++) TRY(effect_site_add(c, out, (struct effect_site){.scope = scopes[i]}));
    return OK;
}

// A scope that is none, or is not there, is refused in its own words.
static enum err find_scopes(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct role_args *args = args_;
    const struct role      *before;
    (void)e;
    TRY(find_custom(c, w, args->id, &before));
    TRY(check_scopes(c, w, args));
    TRY(add_scopes(c, args->scopes, args->scope_n, out));
    return before ? add_scopes(c, before->scopes, before->scope_n, out) : OK;
}

static enum err find_old_scopes(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct role_args *args = args_;
    const struct role      *before;
    (void)e;
    TRY(find_custom(c, w, args->id, &before));
    return before ? add_scopes(c, before->scopes, before->scope_n, out) : OK;
}

static bool same_list(const str *a, size_t a_n, const str *b, size_t b_n)
{
    bool same = a_n == b_n;
    for (size_t i = 0; i < a_n && same; i++) same = str_eq_nocase(a[i], b[i]);
    return same;
}

static bool same_permission(const struct role_permission *a, const struct role_permission *b)
{
    return same_list(a->actions, a->action_n, b->actions, b->action_n) &&
           same_list(a->not_actions, a->not_action_n, b->not_actions, b->not_action_n) &&
           same_list(a->data_actions, a->data_action_n, b->data_actions, b->data_action_n) &&
           same_list(a->not_data_actions, a->not_data_action_n, b->not_data_actions, b->not_data_action_n) && str_eq(a->condition, b->condition);
}

static bool same_permissions(const struct role_args *args, const struct role *before)
{
    bool same = args->permission_n == before->permission_n;
    for (size_t i = 0; i < args->permission_n && same; i++) same = same_permission(&args->permissions[i], &before->permissions[i]);
    return same;
}

// Assignments that are looked through for sites.
struct looking {
    struct call            *c;
    const struct work      *w;
    const struct role_args *args;
    const struct role      *before;
    struct effect_sites    *out;
    enum err                failed;
};

static bool add_lingering(const struct assignment *a, void *ctx)
{
    struct looking *l = ctx;
    if (guid_eq(a->role, l->args->id)) l->failed = effect_site_add(l->c, l->out, (struct effect_site){.scope = a->scope});
    return l->failed == OK;
}

// All whom the role is assigned to get what it says then, the caller among them. An assignment that was removed and still
// grants outlives its role too: a role that is made anew under the id gives it power again.
static enum err find_in_use(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct role_args *args = args_;
    struct looking          l = {.c = c, .w = w, .args = args, .out = out};
    (void)e;
    TRY(find_custom(c, w, args->id, &l.before));
    if (l.before && same_permissions(args, l.before)) return OK;
    if (rbac_lingering_count(w->world->rules)) rbac_each_lingering(w->world->rules, add_lingering, &l);
    TRY(l.failed);
    return l.before && rbac_role_in_use(w->world->rules, args->id) ? add_scopes(c, l.before->scopes, l.before->scope_n, out) : OK;
}

static bool has_condition(const struct assignment *a, const struct role *role)
{
    bool has = !str_empty(assignment_condition(a));
    for (size_t i = 0; role && i < role->permission_n && !has; i++)
        has = role->permissions[i].condition_unknown || !str_empty(role->permissions[i].condition);
    return has;
}

static bool add_conditional(const struct assignment *a, void *ctx)
{
    struct looking *l = ctx;
    struct scope    at;
    bool            within = false;
    if (!has_condition(a, rbac_find_role(l->w->world->rules, a->role))) return true;
    l->failed = scope_parse(l->c, a->scope, &at);
    if (l->failed == OK) l->failed = lies_within(l->c, l->w, l->args->scopes, l->args->scope_n, &at, &within);
    if (l->failed == OK && !within && l->before) l->failed = lies_within(l->c, l->w, l->before->scopes, l->before->scope_n, &at, &within);
    if (l->failed == OK && within) l->failed = effect_site_add(l->c, l->out, (struct effect_site){.scope = a->scope});
    return l->failed == OK;
}

// Where the caller could assign the role: at its assignable scopes, and below them where it holds something under a condition.
static enum err find_assignable(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    struct looking   l = {.c = c, .w = w, .args = args_, .out = out};
    const object_id *who;
    size_t           who_n;
    TRY(find_scopes(c, w, e, args_, out));
    TRY(find_custom(c, w, l.args->id, &l.before));
    TRY(work_closure(c, w, NULL, &who, &who_n));
    for (size_t i = 0; i < who_n && l.failed == OK; i++) rbac_each_of_principal(w->world->rules, who[i], add_conditional, &l);
    return l.failed;
}

// Source: https://learn.microsoft.com/azure/role-based-access-control/custom-roles
static const struct effect EFFECT_ROLE_SCOPES = {
    .name = "role_scopes", .rule = EFFECT_NEEDS, .changes_site = true, .action = ROLES "/write", .find = find_scopes};
static const struct effect EFFECT_ROLE_DELETE_SCOPES = {
    .name = "role_delete_scopes", .rule = EFFECT_NEEDS, .changes_site = true, .action = ROLES "/delete", .find = find_old_scopes};
static const struct effect EFFECT_ROLE_IN_USE = {.name = "role_in_use", .rule = EFFECT_NEEDS, .action = ROLES_WRITE, .find = find_in_use};
/*
 * A condition says which roles its holder may give, by their ids; what these roles allow is the role definition's. Who could
 * write that too would choose what the condition lets through. Inferred: the published text warns of the combination
 * (User Access Administrator may write roles) and does not stop it.
 * Source: https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview
 */
static const struct effect EFFECT_ROLE_OF_DELEGATE = {
    .name = "role_of_delegate", .rule = EFFECT_NOT_BOUND, .action = ROLES_WRITE, .find = find_assignable};

const struct op OP_ROLE_WRITE = {.name = "role_write",
                                 .action = ROLES "/write",
                                 .writes = true,
                                 .run = write_role,
                                 .effects = {&EFFECT_ROLE_SCOPES, &EFFECT_ROLE_IN_USE, &EFFECT_ROLE_OF_DELEGATE}};
const struct op OP_ROLE_DELETE = {
    .name = "role_delete", .action = ROLES "/delete", .effects = {&EFFECT_ROLE_DELETE_SCOPES}, .writes = true, .run = delete_role};
