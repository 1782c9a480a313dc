#include "rbac/explain.h"

#include "rbac/index.h"
#include "rbac/naming.h"
#include "rbac/operations.h"

const char *rbac_miss_name(enum rbac_miss miss)
{
    static const char *const NAMES[] = {
#define X(miss_, name) [RBAC_MISS_##miss_] = name,
        RBAC_MISS_TABLE(X)
#undef X
    };
    return NAMES[miss];
}

struct telling {
    struct call                *c;
    const struct rbac_rules    *rules;
    const struct rbac_question *q;
    const struct rbac_view     *view;
    struct action               action;
    struct condition_facts      facts;
    size_t                      holder;
    struct rbac_step           *steps;
    size_t                      step_n, considered_n;
};

// --- where ---

static bool reaches(const struct rbac_question *q, str scope)
{
    for (size_t i = 0; i < q->above_n; i++)
        if (str_eq_nocase(scope, q->above[i])) return true;
    return scope_path_contains(scope, q->at.path);
}

// How far the assignment's scope is off: up to the lowest scope that holds both, then down.
static void measure(const struct rbac_question *q, str scope, struct rbac_step *s)
{
    str common = scope, at = q->at.path;
    while (!scope_path_contains(common, q->at.path) && scope_parent(common, &common)) s->up++;
    while (at.n > common.n && scope_parent(at, &at)) s->down++;
    s->common = common;
}

// --- why not ---

static str culprit_in(struct telling *t, str condition)
{
    struct condition *parsed = condition_new(condition);
    str               clause = parsed ? condition_culprit(parsed, &t->facts) : STR_NONE;
    clause = arena_copy_str(&t->c->arena, clause);
    condition_free(parsed);
    return clause;
}

// Of the blocks that name the action: satisfied, or why not.
static bool blocks_satisfied(struct telling *t, struct rbac_step *s, enum rbac_miss *out_miss)
{
    *out_miss = RBAC_MISS_UNPUBLISHED;
    for (size_t i = 0; i < s->role->permission_n; i++) {
        const struct role_permission *p = &s->role->permissions[i];
        if (!naming_in_block(p, t->q->plane, &t->action) || p->condition_unknown) continue;
        s->detail = culprit_in(t, p->condition);
        if (!naming_is_conditional(p) || str_empty(s->detail)) return true;
        *out_miss = RBAC_MISS_ROLE_CONDITION;
    }
    return false;
}

// What keeps the role from granting, if anything does.
static bool role_misses(struct telling *t, struct rbac_step *s, enum rbac_miss *out_miss)
{
    enum rbac_plane other = t->q->plane == RBAC_DATA ? RBAC_CONTROL : RBAC_DATA;
    *out_miss = RBAC_MISS_ROLE_UNKNOWN;
    if (!s->role) return true;
    if (naming_in_role(s->role, t->q->plane, &t->action)) return !blocks_satisfied(t, s, out_miss);
    const str *taken = naming_taken(s->role, t->q->plane, &t->action);
    if (taken) s->detail = *taken;
    *out_miss = taken ? RBAC_MISS_NOT_ACTIONS : naming_in_role(s->role, other, &t->action) ? RBAC_MISS_WRONG_PLANE : RBAC_MISS_ACTION_NOT_NAMED;
    return true;
}

// All that keeps the assignment from granting; the farthest from a grant gives the step its name.
static void tell(struct telling *t, const struct assignment *a, struct rbac_step *s)
{
    int64_t        now = t->q->now_ns;
    enum rbac_miss of_role;
    *s = (struct rbac_step){.assignment = a, .holder = t->holder, .role = rbac_find_role(t->rules, a->role), .reaches = reaches(t->q, a->scope)};
    str condition = assignment_condition(a);
    s->clause = str_empty(condition) ? STR_NONE : culprit_in(t, condition);
    if (!s->reaches) measure(t->q, a->scope, s);
    if (role_misses(t, s, &of_role)) s->causes |= rbac_cause(of_role);
    if (!s->reaches) s->causes |= rbac_cause(RBAC_MISS_WRONG_SCOPE);
    if (assignment_lingers_until_ns(a) && now >= assignment_lingers_until_ns(a)) s->causes |= rbac_cause(RBAC_MISS_ENDED);
    if (!str_empty(s->clause)) s->causes |= rbac_cause(RBAC_MISS_CONDITION);
    if (now < assignment_counts_from_ns(a)) s->causes |= rbac_cause(RBAC_MISS_NOT_YET);
    s->miss = RBAC_MISS_GRANTS;
    for (enum rbac_miss m = RBAC_MISS_GRANTS; m < RBAC_MISS_N; m++)
        if (s->causes & rbac_cause(m)) s->miss = m;
}

// By nearness of the reason, then by how many there are, then by the place, then by id so that the order is always the same.
static int nearer(const struct rbac_step *a, const struct rbac_step *b)
{
    int more = __builtin_popcount(a->causes) - __builtin_popcount(b->causes);
    if (a->miss != b->miss) return a->miss < b->miss ? -1 : 1;
    if (more) return more;
    if (a->reaches != b->reaches) return a->reaches ? -1 : 1;
    if (a->up + a->down != b->up + b->down) return a->up + a->down < b->up + b->down ? -1 : 1;
    return guid_cmp(a->assignment->id, b->assignment->id);
}

// Into its place among the nearest; the farthest falls off.
static bool consider(const struct assignment *a, void *ctx)
{
    struct telling  *t = ctx;
    struct rbac_step s;
    if (t->view && !reaches(t->q, a->scope) && !t->view->sees(a, t->view->context)) return true;
    tell(t, a, &s);
    t->considered_n++;
    size_t at = t->step_n;
    while (at > 0 && nearer(&s, &t->steps[at - 1]) < 0) at--;
    if (at == RBAC_EXPLAIN_MAX_STEPS) return true;
    if (t->step_n < RBAC_EXPLAIN_MAX_STEPS) t->step_n++;
    memmove(t->steps + at + 1, t->steps + at, (t->step_n - 1 - at) * sizeof s);
    t->steps[at] = s;
    return true;
}

enum err rbac_explain(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, const struct rbac_view *view,
                      struct rbac_explanation *out)
{
    struct telling          t = {.c = c, .rules = rules, .q = q, .view = view};
    struct rbac_explanation e = {0};
    TRY(rbac_decide(c, rules, q, &e.answer));
    TRY(NEW(c, &t.steps, RBAC_EXPLAIN_MAX_STEPS + 1));
    if (!action_read(q->action, &t.action)) return FAIL_PLAIN(c, ERR_PARAMETER_INVALID);
    t.facts = (struct condition_facts){.action = &t.action, .attributes = q->attributes, .now_ns = q->now_ns};
    for (t.holder = 0; t.holder < q->who_n; t.holder++) rules_each_held(rules, q->who[t.holder], consider, &t);
    if (e.answer.reason == RBAC_DENIED) e.deny = rbac_find_deny(rules, e.answer.decided_by);
    if (!e.answer.allowed) e.proposal_n = rbac_propose(q->action, q->plane, e.proposals);
    e.steps = t.steps;
    e.step_n = t.step_n;
    e.considered_n = t.considered_n;
    *out = e;
    return OK;
}

// --- in words ---

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static str reason_of_grant(struct call *c, const struct assignment *a)
{
    if (!assignment_lingers_until_ns(a)) return S("it allows the action");
    return call_format(c, "it was removed and allows this until %s", time_iso_s(assignment_lingers_until_ns(a) / NS_PER_S).s);
}

static str reason_of_scope(struct call *c, const struct rbac_step *s)
{
    if (s->down == 0)
        return call_format(c, "it stands %u level%s below what was asked for: an assignment reaches down, never up", s->up, plural(s->up));
    return call_format(c, "it stands elsewhere: %u level%s up to %.*s and %u down from there", s->up, plural(s->up), PSTR(s->common), s->down);
}

static str reason_of(struct call *c, const struct rbac_question *q, const struct rbac_step *s, enum rbac_miss miss)
{
    const char *plane = q->plane == RBAC_DATA ? "data" : "management";
    switch (miss) {
    case RBAC_MISS_GRANTS: return reason_of_grant(c, s->assignment);
    case RBAC_MISS_NOT_YET: return call_format(c, "it counts from %s on", time_iso(assignment_counts_from_ns(s->assignment)).s);
    case RBAC_MISS_CONDITION: return call_format(c, "its condition is not met: %.*s", PSTR(s->clause));
    case RBAC_MISS_ROLE_CONDITION: return call_format(c, "its role's condition is not met: %.*s", PSTR(s->detail));
    case RBAC_MISS_UNPUBLISHED: return S("the role has a condition that is not published, so this part of it never grants");
    case RBAC_MISS_ENDED: return S("it was removed");
    case RBAC_MISS_WRONG_SCOPE: return reason_of_scope(c, s);
    case RBAC_MISS_NOT_ACTIONS: return call_format(c, "the role takes the action away again: %.*s", PSTR(s->detail));
    case RBAC_MISS_WRONG_PLANE: return call_format(c, "the role names the action on the other plane; this is a %s action", plane);
    case RBAC_MISS_ROLE_UNKNOWN: return S("its role does not exist");
    case RBAC_MISS_ACTION_NOT_NAMED: return call_format(c, "the role does not name the %s action", plane);
    case RBAC_MISS_N: break;
    }
    return STR_NONE;
}

str rbac_step_reason(struct call *c, const struct rbac_question *q, const struct rbac_step *s)
{
    str all = reason_of(c, q, s, s->miss);
    for (int m = (int)s->miss - 1; m > RBAC_MISS_GRANTS; m--)
        if (s->causes & rbac_cause((enum rbac_miss)m)) all = call_format(c, "%.*s; and %.*s", PSTR(all), PSTR(reason_of(c, q, s, (enum rbac_miss)m)));
    return call_format(c, "%.*s.", PSTR(all));
}

// --- the plane of an action ---

// The characters besides stars of the pattern that names the action most exactly; `best` if none says more.
static size_t exactness(const str *patterns, size_t n, const struct action *a, size_t best)
{
    for (size_t i = 0; i < n; i++) {
        size_t exact = patterns[i].n;
        for (size_t k = 0; k < patterns[i].n; k++) exact -= patterns[i].at[k] == '*';
        if (exact > best && naming_pattern(&patterns[i], 1, a)) best = exact;
    }
    return best;
}

enum rbac_plane rbac_plane_of(str action)
{
    struct action      a;
    size_t             n, control = 0, data = 0;
    const struct role *roles = role_builtins(&n);
    if (!action_read(action, &a)) return RBAC_CONTROL;
    bool is_data = operations_has(action, RBAC_DATA);
    if (is_data != operations_has(action, RBAC_CONTROL)) return is_data ? RBAC_DATA : RBAC_CONTROL;
    for (const struct role *r = roles; r < roles + n; r++)
        for (const struct role_permission *p = r->permissions; p < r->permissions + r->permission_n; p++) {
            control = exactness(p->actions, p->action_n, &a, control);
            data = exactness(p->data_actions, p->data_action_n, &a, data);
        }
    return data > control ? RBAC_DATA : RBAC_CONTROL;
}
