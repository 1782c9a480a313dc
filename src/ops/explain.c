#include "ops/explain.h"

#include <stdlib.h>

#include "ops/secrets.h"
#include "ops/vault.h"
#include "rbac/condition.h"
#include "rbac/pattern.h"

const char *explain_word(enum explain_outcome outcome)
{
    static const char *const WORDS[] = {
#define X(name, word) [EXPLAIN_##name] = word,
        EXPLAIN_OUTCOMES(X)
#undef X
    };
    return WORDS[outcome];
}

struct walk {
    struct call            *c;
    struct work            *w;
    const struct explain_question *q;
    struct scope            at;
    const str              *above;
    size_t                  above_n;
    const object_id        *who; // the principal and its groups, as they count now
    size_t                  who_n;
    struct action           action;
    struct condition_facts  facts;
    struct explain_item    *items;
    size_t                  n, room;
    bool                    is_later; // the groups being walked are those of memberships to come
    enum err                failed;
};

// --- what a list of actions says ---

static bool names(const struct action *a, const str *patterns, size_t n)
{
    char lower[ACTION_MAX_BYTES];
    for (size_t i = 0; i < n; i++) {
        if (patterns[i].n > sizeof lower) continue;
        struct pattern p = pattern_read(patterns[i], lower);
        if (pattern_match(&p, a)) return true;
    }
    return false;
}

enum fit { FIT_NONE, FIT_OTHER_PLANE, FIT_TAKEN_AWAY, FIT_NAMED };

static bool is_named(const struct role_permission *b, const struct action *a, enum rbac_plane plane)
{
    return plane == RBAC_DATA ? names(a, b->data_actions, b->data_action_n) : names(a, b->actions, b->action_n);
}

static bool is_taken_away(const struct role_permission *b, const struct action *a, enum rbac_plane plane)
{
    return plane == RBAC_DATA ? names(a, b->not_data_actions, b->not_data_action_n) : names(a, b->not_actions, b->not_action_n);
}

static enum fit fit_of(const struct role_permission *b, const struct action *a, enum rbac_plane plane)
{
    if (is_named(b, a, plane)) return is_taken_away(b, a, plane) ? FIT_TAKEN_AWAY : FIT_NAMED;
    enum rbac_plane other = plane == RBAC_DATA ? RBAC_CONTROL : RBAC_DATA;
    return is_named(b, a, other) && !is_taken_away(b, a, other) ? FIT_OTHER_PLANE : FIT_NONE;
}

static enum fit best_fit(const struct walk *k, const struct role *role)
{
    enum fit best = FIT_NONE;
    for (size_t i = 0; i < role->permission_n; i++) {
        enum fit fit = fit_of(&role->permissions[i], &k->action, k->q->plane);
        if (fit > best) best = fit;
    }
    return best;
}

// --- conditions ---

static void free_condition(struct condition **k)
{
    condition_free(*k);
}

// Is it true? If not, *out_clause is the part that keeps it from being so, in the call.
static bool holds(struct walk *k, str text, str *out_clause)
{
    CLEANUP(free_condition) struct condition *condition = str_empty(text) ? NULL : condition_new(text);
    if (str_empty(text)) return true;
    if (condition && condition_eval(condition, &k->facts) == TRUTH_TRUE) return true;
    *out_clause = condition ? call_format(k->c, "%.*s", PSTR(condition_culprit(condition, &k->facts))) : text;
    return false;
}

// --- scopes ---

static bool reaches(const struct walk *k, const struct scope *scope)
{
    for (size_t i = 0; i < k->above_n; i++)
        if (str_eq_nocase(k->above[i], scope->path)) return true;
    return scope_contains(scope, &k->at);
}

static str how_far(struct walk *k, const struct scope *scope)
{
    struct call *c = k->c;
    size_t       levels = 0;
    str          up = scope->path;
    if (scope_contains(&k->at, scope)) {
        for (; !str_eq_nocase(up, k->at.path) && scope_parent(up, &up);) levels++;
        return call_format(c, "it is assigned %zu level%s below the scope that was asked for, and counts from there down only", levels, levels == 1 ? "" : "s");
    }
    str common = k->at.path;
    for (struct scope both; scope_parent(common, &common);)
        if (scope_parse(c, common, &both) == OK && scope_contains(&both, scope)) break;
    call_forgive(c);
    return call_format(c, "it is assigned elsewhere: the scope that was asked for is not below it%s%.*s", str_eq(common, S("/")) ? "" : "; both lie in ",
                       str_eq(common, S("/")) ? 0 : (int)common.n, common.at);
}

// --- role assignments ---

static void settle(struct walk *k, const struct role *role, const struct assignment *a, struct explain_item *item)
{
    str  clause = STR_NONE;
    bool is_known = false, any = false;
    for (size_t i = 0; i < role->permission_n && !any; i++) {
        const struct role_permission *b = &role->permissions[i];
        if (fit_of(b, &k->action, k->q->plane) != FIT_NAMED || b->condition_unknown) continue;
        is_known = true;
        any = holds(k, b->condition, &clause);
    }
    if (!is_known) {
        item->outcome = EXPLAIN_UNPUBLISHED;
        item->detail = S("the role carries a condition that is not published, and so it grants nothing here");
    } else if (!any || !holds(k, a->condition, &clause)) {
        item->outcome = EXPLAIN_CONDITION;
        item->detail = call_format(k->c, "its condition is not true: %.*s", PSTR(clause));
    } else if (k->c->now_ns < a->counts_from_ns) {
        item->outcome = EXPLAIN_NOT_YET;
        item->detail = call_format(k->c, "it has not propagated yet: it counts from %s on", time_iso_s((a->counts_from_ns + NS_PER_S - 1) / NS_PER_S).s);
    } else if (a->lingers_until_ns && k->c->now_ns >= a->lingers_until_ns) {
        item->outcome = EXPLAIN_ENDED;
        item->detail = S("it was removed");
    } else if (k->is_later) {
        item->outcome = EXPLAIN_MEMBER_LATER;
        item->detail = k->q->groups_at_ns ? S("it is a group's, and the token was issued before the membership counted: a new token has it")
                                          : S("it is a group's, and the membership does not count yet");
    } else if (a->lingers_until_ns) {
        item->outcome = EXPLAIN_GRANTS;
        item->detail = call_format(k->c, "it was removed and allows this until %s", time_iso_s(a->lingers_until_ns / NS_PER_S).s);
    } else {
        item->outcome = EXPLAIN_GRANTS;
        item->detail = S("it allows this");
    }
}

static void judge(struct walk *k, const struct assignment *a, struct explain_item *item)
{
    const struct role *role = rbac_find_role(k->w->world->rules, a->role);
    struct scope       scope;
    if (!role || scope_parse(k->c, a->scope, &scope) != OK) {
        call_forgive(k->c);
        item->outcome = EXPLAIN_ROLE_GONE;
        item->detail = S("its role does not exist any more");
        return;
    }
    item->name = role->name;
    item->reaches = reaches(k, &scope);
    const char *plane = k->q->plane == RBAC_DATA ? "a data action" : "a management action", *other = k->q->plane == RBAC_DATA ? "management" : "data";
    switch (best_fit(k, role)) {
    case FIT_NAMED:
        if (item->reaches) {
            settle(k, role, a, item);
            return;
        }
        item->outcome = EXPLAIN_SCOPE;
        item->detail = how_far(k, &scope);
        return;
    case FIT_TAKEN_AWAY:
        item->outcome = EXPLAIN_NOT_ACTION;
        item->detail = k->q->plane == RBAC_DATA ? S("the role's NotDataActions take the action away") : S("the role's NotActions take the action away");
        return;
    case FIT_OTHER_PLANE:
        item->outcome = EXPLAIN_PLANE;
        item->detail = call_format(k->c, "this is %s, and the role names it among its %s actions only", plane, other);
        return;
    case FIT_NONE:
        item->outcome = EXPLAIN_NO_ACTION;
        item->detail = S("the role does not name the action");
        return;
    }
}

static struct explain_item *next_item(struct walk *k)
{
    if (k->n == k->room) {
        struct explain_item *more;
        size_t               room = k->room ? 2 * k->room : 16;
        k->failed = NEW(k->c, &more, room);
        if (k->failed != OK) return NULL;
        if (k->n) memcpy(more, k->items, k->n * sizeof *more);
        k->items = more;
        k->room = room;
    }
    return &k->items[k->n++];
}

static bool consider(const struct assignment *a, void *ctx)
{
    struct walk         *k = ctx;
    struct explain_item *item = next_item(k);
    if (!item) return false;
    *item = (struct explain_item){.id = a->id, .role = a->role, .scope = a->scope, .holder = a->principal};
    judge(k, a, item);
    return true;
}

static bool is_among(object_id one, const object_id *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (object_id_eq(list[i], one)) return true;
    return false;
}

static bool consider_lingering(const struct assignment *a, void *ctx)
{
    struct walk *k = ctx;
    return is_among(a->principal, k->who, k->who_n) ? consider(a, ctx) : true;
}

static enum err consider_roles(struct walk *k)
{
    const object_id *later;
    size_t           later_n;
    const struct rbac_rules *rules = k->w->world->rules;
    for (size_t i = 0; i < k->who_n; i++) rbac_each_of_principal(rules, k->who[i], consider, k);
    if (rbac_lingering_count(rules)) rbac_each_lingering(rules, consider_lingering, k); // they are in no principal's list
    TRY(directory_closure(k->c, k->w->world->directory, k->q->who, DIRECTORY_AS_WRITTEN, &later, &later_n));
    k->is_later = true;
    for (size_t i = 0; i < later_n; i++)
        if (!is_among(later[i], k->who, k->who_n)) rbac_each_of_principal(rules, later[i], consider, k);
    return k->failed;
}

// --- denies ---

static bool is_named_by(const struct walk *k, const struct deny_principal *list, size_t n, bool everyone_too, object_id *out)
{
    for (size_t i = 0; i < n; i++) {
        if (!(everyone_too && guid_is_none(list[i].id.g)) && !is_among(list[i].id, k->who, k->who_n)) continue;
        *out = list[i].id;
        return true;
    }
    return false;
}

// A condition that cannot be told lifts no deny.
static bool block_denies(struct walk *k, const struct role_permission *b)
{
    CLEANUP(free_condition) struct condition *condition = str_empty(b->condition) ? NULL : condition_new(b->condition);
    if (fit_of(b, &k->action, k->q->plane) != FIT_NAMED) return false;
    return !condition || condition_eval(condition, &k->facts) != TRUTH_FALSE;
}

static bool consider_deny(const struct deny_assignment *d, void *ctx)
{
    struct walk *k = ctx;
    struct scope scope;
    object_id    holder, ignored;
    bool         matches = scope_parse(k->c, d->scope, &scope) == OK && reaches(k, &scope) && (!d->not_below || str_eq_nocase(scope.path, k->at.path)) &&
                   is_named_by(k, d->principals, d->principal_n, true, &holder) && !is_named_by(k, d->excluded, d->excluded_n, false, &ignored);
    call_forgive(k->c);
    if (!matches) return true;
    for (size_t i = 0; i < d->permission_n; i++) {
        if (!block_denies(k, &d->permissions[i])) continue;
        struct explain_item *item = next_item(k);
        if (item)
            *item = (struct explain_item){.outcome = EXPLAIN_DENIES, .is_deny = true, .reaches = true, .id = d->id, .name = d->name, .scope = d->scope,
                                          .holder = holder, .detail = S("it forbids this, whatever roles allow")};
        return item != NULL;
    }
    return true;
}

// --- the answer in words ---

// What fits the place before what only fits the action; then by outcome, then by id.
static int nearness(const void *a_, const void *b_)
{
    const struct explain_item *a = a_, *b = b_;
    int                        far_a = !a->reaches && a->outcome > EXPLAIN_SCOPE, far_b = !b->reaches && b->outcome > EXPLAIN_SCOPE;
    if (far_a != far_b) return far_a - far_b;
    if (a->outcome != b->outcome) return (int)a->outcome - (int)b->outcome;
    return guid_cmp(a->id, b->id);
}

static str name_of(struct call *c, const struct work *w, object_id id)
{
    const struct principal *p = directory_find(w->world->directory, id);
    return p && !str_empty(p->name) ? p->name : guid_str(c, id.g);
}

static str unknown_principal(struct call *c, const struct work *w, object_id id)
{
    const struct principal *p = directory_find_app(w->world->directory, (client_id){id.g});
    if (!p) return call_format(c, "No: the directory has no principal %s; it was deleted, or the id is another kind of id.", guid_text(id.g).s);
    return call_format(c, "No: %s is the application (client) id of '%.*s'; role assignments name its principal, %s.", guid_text(id.g).s, PSTR(p->name),
                       guid_text(p->id.g).s);
}

static str via(struct walk *k, const struct explain_item *item)
{
    if (object_id_eq(item->holder, k->q->who)) return S("");
    if (guid_is_none(item->holder.g)) return S(" for everyone");
    return call_format(k->c, " through the group '%.*s'", PSTR(name_of(k->c, k->w, item->holder)));
}

static void conclude(struct walk *k, struct explanation *out)
{
    struct call               *c = k->c;
    const struct explain_item *first = k->n ? &k->items[0] : NULL;
    str                        name = name_of(c, k->w, k->q->who);
    out->allowed = first && first->outcome == EXPLAIN_GRANTS;
    out->reason = first ? explain_word(first->outcome) : "NoRole";
    if (!out->who && !out->allowed) {
        out->reason = "UnknownPrincipal";
        out->summary = unknown_principal(c, k->w, k->q->who);
    } else if (!first) {
        out->summary = call_format(c, "No: '%.*s' has no role assignment at all, nor has any group that it is in.", PSTR(name));
    } else if (first->is_deny) {
        out->summary = call_format(c, "No: the deny assignment '%.*s' at %.*s forbids it%.*s.", PSTR(first->name), PSTR(first->scope), PSTR(via(k, first)));
    } else if (out->allowed) {
        out->summary = call_format(c, "Yes: '%.*s' at %.*s allows it%.*s.", PSTR(first->name), PSTR(first->scope), PSTR(via(k, first)));
    } else {
        out->summary = call_format(c, "No: nearest is '%.*s' at %.*s%.*s, but %.*s.", PSTR(first->name), PSTR(first->scope), PSTR(via(k, first)), PSTR(first->detail));
    }
}

// --- vaults that have access policies ---

static const struct resource *vault_at(const struct work *w, str path)
{
    do {
        const struct resource *r = tree_find(w->world->tree, path);
        if (r && str_eq_nocase(r->type, S(VAULT_TYPE))) return r;
    } while (scope_parent(path, &path));
    return NULL;
}

static const struct vault_op *op_of(str action)
{
    for (size_t i = 0; i < SECRETS_OP_N; i++)
        if (str_eq_nocase(action, str_of(SECRETS_OPS[i]->op.action))) return SECRETS_OPS[i];
    return NULL;
}

static enum err ask_policies(struct call *c, const struct work *w, const struct vault *v, const struct explain_question *q, const struct vault_op *op, bool *out)
{
    const struct principal *p = directory_find(w->world->directory, q->who);
    const struct caller    *before = c->caller;
    struct caller           who = {.id = q->who, .app = p ? p->app : (client_id){GUID_NONE}, .groups_at_ns = q->groups_at_ns};
    c->caller = &who;
    enum err failed = vault_policy_allows(c, w, v, str_of(op->collection), str_of(op->permission), out);
    c->caller = before;
    return failed;
}

// "secrets get" as the action that roles would name.
static str action_of_policy(struct call *c, str policy)
{
    for (size_t i = 0; i < SECRETS_OP_N; i++)
        if (str_eq(policy, call_format(c, "%s %s", SECRETS_OPS[i]->collection, SECRETS_OPS[i]->permission))) return str_of(SECRETS_OPS[i]->op.action);
    return policy;
}

// In such a vault roles do not count at all, whatever the walk has found.
static enum err look_at_vault(struct call *c, struct work *w, const struct explain_question *q, struct explanation *out)
{
    struct vault           v;
    const struct resource *r = q->plane == RBAC_DATA ? vault_at(w, q->scope) : NULL;
    const struct vault_op *op = op_of(q->action);
    bool                   given = false;
    if (!r) return OK;
    TRY(vault_open(c, w, r->name, &v));
    if (v.uses_rbac && str_empty(q->policy)) return OK;
    str permission = str_empty(q->policy) && op ? call_format(c, "%s %s", op->collection, op->permission) : q->policy;
    if (op && str_empty(q->policy)) TRY(ask_policies(c, w, &v, q, op, &given));
    out->allowed = given;
    out->reason = "AccessPolicy";
    out->least = NULL;
    out->summary = call_format(c, "%s: the vault '%.*s' is in the mode of access policies, where roles do not count; %s gives '%.*s'.", given ? "Yes" : "No",
                               PSTR(r->name), given ? "a policy" : "none of its policies", PSTR(permission));
    return OK;
}

// --- all together ---

static enum err begin(struct call *c, struct work *w, const struct explain_question *q, struct walk *k, struct rbac_attributes *own)
{
    *k = (struct walk){.c = c, .w = w, .q = q};
    TRY(scope_parse(c, q->scope, &k->at));
    if (!action_read(q->action, &k->action)) return FAIL(c, ERR_PARAMETER_INVALID, "'%.*s' is no action.", PSTR(call_printable(c, q->action, 128)));
    TRY(work_above(c, w, &k->at, &k->above, &k->above_n));
    TRY(directory_closure(c, w->world->directory, q->who, q->groups_at_ns ? q->groups_at_ns : c->now_ns, &k->who, &k->who_n));
    if (!q->attributes) TRY(explain_attributes(c, &k->at, own));
    k->facts = (struct condition_facts){.action = &k->action, .attributes = q->attributes ? q->attributes : own, .now_ns = c->now_ns};
    return OK;
}

// What only extends another resource is assigned at that resource.
static str scope_to_assign(const struct scope *at)
{
    size_t extension = str_find_str(at->path, S("/providers/Microsoft.Authorization/"));
    if (extension == STR_NOWHERE) return at->path;
    return extension ? str_upto(at->path, extension) : S("/");
}

enum err explain(struct call *c, struct work *w, const struct explain_question *asked, struct explanation *out)
{
    struct walk             k;
    struct rbac_attributes  own;
    struct explanation      e = {.asked = *asked, .who = directory_find(w->world->directory, asked->who)};
    struct explain_question *q = &e.asked;
    if (!str_empty(q->policy)) q->action = action_of_policy(c, q->policy);
    TRY(begin(c, w, q, &k, &own));
    rbac_each_deny(w->world->rules, consider_deny, &k);
    TRY(consider_roles(&k));
    if (k.n) qsort(k.items, k.n, sizeof *k.items, nearness);
    conclude(&k, &e);
    e.items = k.items;
    e.item_n = k.n < EXPLAIN_MAX_ITEMS ? k.n : EXPLAIN_MAX_ITEMS;
    if (!e.allowed && !(k.n && k.items[0].is_deny)) e.least = explain_least_role(q->action, q->plane);
    e.least_scope = scope_to_assign(&k.at);
    TRY(look_at_vault(c, w, q, &e));
    *out = e;
    return OK;
}
