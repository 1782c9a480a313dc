#include "rbac/explain.h"

#include "rbac/index.h"

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
    struct action               action;
    struct condition_facts      facts;
    size_t                      holder;
    struct rbac_step           *steps;
    size_t                      step_n, considered_n;
};

struct lists { // one plane of a block
    const str *names, *nots;
    size_t     name_n, not_n;
};

static struct lists lists_of(const struct role_permission *p, enum rbac_plane plane)
{
    if (plane == RBAC_DATA) return (struct lists){p->data_actions, p->not_data_actions, p->data_action_n, p->not_data_action_n};
    return (struct lists){p->actions, p->not_actions, p->action_n, p->not_action_n};
}

// Thousands of patterns are looked at for the least role: most are told apart by what stands before their first star.
static bool may_match(str pattern, const struct action *a)
{
    size_t star = str_find(pattern, '*');
    return (star != STR_NOWHERE || pattern.n == a->text.n) && str_starts_nocase(a->text, str_upto(pattern, star));
}

// The pattern among `n` that matches; NULL if none does.
static const str *matching(const str *patterns, size_t n, const struct action *a)
{
    char lower[ACTION_MAX_BYTES];
    for (size_t i = 0; i < n; i++) {
        if (!may_match(patterns[i], a)) continue;
        struct pattern p = pattern_read(patterns[i], lower);
        if (pattern_match(&p, a)) return &patterns[i];
    }
    return NULL;
}

static bool block_names(const struct role_permission *p, enum rbac_plane plane, const struct action *a)
{
    struct lists l = lists_of(p, plane);
    return matching(l.names, l.name_n, a) && !matching(l.nots, l.not_n, a);
}

static bool role_names(const struct role *r, enum rbac_plane plane, const struct action *a)
{
    for (size_t i = 0; i < r->permission_n; i++)
        if (block_names(&r->permissions[i], plane, a)) return true;
    return false;
}

// The NotActions pattern that took the action away where a block had named it.
static const str *taken_away(const struct role *r, enum rbac_plane plane, const struct action *a)
{
    for (size_t i = 0; i < r->permission_n; i++) {
        struct lists l = lists_of(&r->permissions[i], plane);
        if (matching(l.names, l.name_n, a)) return matching(l.nots, l.not_n, a);
    }
    return NULL;
}

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

static bool has_condition(const struct role_permission *p)
{
    return p->condition_unknown || !str_empty(p->condition);
}

static str culprit_in(struct telling *t, str condition)
{
    struct condition *k = condition_new(condition);
    str               clause = k ? condition_culprit(k, &t->facts) : STR_NONE;
    clause = arena_copy_str(&t->c->arena, clause);
    condition_free(k);
    return clause;
}

static bool is_true(struct telling *t, str condition)
{
    return str_empty(condition) || str_empty(culprit_in(t, condition));
}

// Of the blocks that name the action: satisfied, or why not.
static bool blocks_satisfied(struct telling *t, struct rbac_step *s)
{
    s->miss = RBAC_MISS_UNPUBLISHED;
    for (size_t i = 0; i < s->role->permission_n; i++) {
        const struct role_permission *p = &s->role->permissions[i];
        if (!block_names(p, t->q->plane, &t->action) || p->condition_unknown) continue;
        s->detail = culprit_in(t, p->condition);
        if (!has_condition(p) || str_empty(s->detail)) return true;
        s->miss = RBAC_MISS_CONDITION;
    }
    return false;
}

static void tell_named(struct telling *t, struct rbac_step *s)
{
    const struct assignment *a = s->assignment;
    int64_t                  now = t->q->now_ns;
    if (!s->reaches) {
        s->miss = RBAC_MISS_WRONG_SCOPE;
    } else if (a->lingers_until_ns && now >= a->lingers_until_ns) {
        s->miss = RBAC_MISS_ENDED;
    } else if (blocks_satisfied(t, s)) {
        s->miss = now < a->counts_from_ns ? RBAC_MISS_NOT_YET : RBAC_MISS_GRANTS;
        if (is_true(t, a->condition)) return;
        s->miss = RBAC_MISS_CONDITION;
        s->detail = culprit_in(t, a->condition);
    }
}

static void tell_unnamed(struct telling *t, struct rbac_step *s)
{
    enum rbac_plane other = t->q->plane == RBAC_DATA ? RBAC_CONTROL : RBAC_DATA;
    const str      *taken = taken_away(s->role, t->q->plane, &t->action);
    s->miss = RBAC_MISS_ACTION_NOT_NAMED;
    if (taken) s->miss = RBAC_MISS_NOT_ACTIONS, s->detail = *taken;
    else if (role_names(s->role, other, &t->action)) s->miss = RBAC_MISS_WRONG_PLANE;
}

static void tell(struct telling *t, const struct assignment *a, struct rbac_step *s)
{
    *s = (struct rbac_step){.assignment = a, .holder = t->holder, .role = rbac_find_role(t->rules, a->role), .reaches = reaches(t->q, a->scope)};
    if (!s->reaches) measure(t->q, a->scope, s);
    if (!s->role) s->miss = RBAC_MISS_ROLE_UNKNOWN;
    else if (role_names(s->role, t->q->plane, &t->action)) tell_named(t, s);
    else tell_unnamed(t, s);
}

// By nearness of the reason, then of the place, then by id so that the order is always the same.
static int nearer(const struct rbac_step *a, const struct rbac_step *b)
{
    if (a->miss != b->miss) return a->miss < b->miss ? -1 : 1;
    if (a->reaches != b->reaches) return a->reaches ? -1 : 1;
    if (a->up + a->down != b->up + b->down) return a->up + a->down < b->up + b->down ? -1 : 1;
    return guid_cmp(a->assignment->id, b->assignment->id);
}

// Into its place among the nearest; the farthest falls off.
static bool consider(const struct assignment *a, void *ctx)
{
    struct telling  *t = ctx;
    struct rbac_step s;
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

// Allows the action as it is, without asking for a condition.
static bool would_allow(const struct role *r, enum rbac_plane plane, const struct action *a)
{
    for (size_t i = 0; i < r->permission_n; i++)
        if (!has_condition(&r->permissions[i]) && block_names(&r->permissions[i], plane, a)) return true;
    return false;
}

static str provider_of(str action)
{
    return str_upto(action, str_find(action, '/'));
}

// Does the role name other providers than the action's and those that most roles name besides?
static bool names_others(const str *patterns, size_t n, str provider)
{
    static const str COMMON[] = {S_INIT("Microsoft.Authorization"), S_INIT("Microsoft.Insights"),     S_INIT("Microsoft.Management"),
                                 S_INIT("Microsoft.Resources"),     S_INIT("Microsoft.ResourceHealth"), S_INIT("Microsoft.Support")};
    for (size_t i = 0; i < n; i++) {
        str named = provider_of(patterns[i]);
        if (!str_eq_nocase(named, provider) && str_index_nocase(COMMON, COUNT(COMMON), named) == STR_NOWHERE) return true;
    }
    return false;
}

// Some roles are made for one of the cloud's own services, others are not finished: nobody wants those, if there is another.
static unsigned oddity(const struct role *r, str provider)
{
    bool others = false;
    for (const struct role_permission *p = r->permissions; p < r->permissions + r->permission_n; p++)
        others |= names_others(p->actions, p->action_n, provider) || names_others(p->data_actions, p->data_action_n, provider);
    return (others ? 1 : 0) + (str_contains_nocase(r->name, S("preview")) ? 2 : 0);
}

static const struct role *least_role(enum rbac_plane plane, const struct action *a)
{
    size_t             n;
    const struct role *roles = role_builtins(&n), *least = NULL;
    unsigned           least_oddity = 0;
    for (size_t i = 0; i < n; i++) {
        if (!would_allow(&roles[i], plane, a)) continue;
        unsigned odd = oddity(&roles[i], provider_of(a->text));
        if (least && (odd > least_oddity || (odd == least_oddity && roles[i].operation_n >= least->operation_n))) continue;
        least = &roles[i];
        least_oddity = odd;
    }
    return least;
}

enum err rbac_explain(struct call *c, const struct rbac_rules *rules, const struct rbac_question *q, struct rbac_explanation *out)
{
    struct telling          t = {.c = c, .rules = rules, .q = q};
    struct rbac_explanation e = {.least_scope = q->at.path};
    TRY(rbac_decide(c, rules, q, &e.answer));
    TRY(NEW(c, &t.steps, RBAC_EXPLAIN_MAX_STEPS + 1));
    if (!action_read(q->action, &t.action)) return FAIL_PLAIN(c, ERR_PARAMETER_INVALID);
    t.facts = (struct condition_facts){.action = &t.action, .attributes = q->attributes, .now_ns = q->now_ns};
    for (t.holder = 0; t.holder < q->who_n; t.holder++) rules_each_held(rules, q->who[t.holder], consider, &t);
    if (e.answer.reason == RBAC_DENIED) e.deny = rbac_find_deny(rules, e.answer.decided_by);
    if (!e.answer.allowed) e.least = least_role(q->plane, &t.action);
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
    if (!a->lingers_until_ns) return S("it allows the action.");
    return call_format(c, "it was removed and allows this until %s.", time_iso_s(a->lingers_until_ns / NS_PER_S).s);
}

static str reason_of_scope(struct call *c, const struct rbac_step *s)
{
    if (s->down == 0)
        return call_format(c, "it stands %u level%s below what was asked for: an assignment reaches down, never up.", s->up, plural(s->up));
    return call_format(c, "it stands elsewhere: %u level%s up to %.*s and %u down from there.", s->up, plural(s->up), PSTR(s->common), s->down);
}

str rbac_step_reason(struct call *c, const struct rbac_question *q, const struct rbac_step *s)
{
    const char *plane = q->plane == RBAC_DATA ? "data" : "management";
    switch (s->miss) {
    case RBAC_MISS_GRANTS: return reason_of_grant(c, s->assignment);
    case RBAC_MISS_NOT_YET: return call_format(c, "it counts from %s on.", time_iso(s->assignment->counts_from_ns).s);
    case RBAC_MISS_CONDITION: return call_format(c, "its condition is not met: %.*s.", PSTR(s->detail));
    case RBAC_MISS_UNPUBLISHED: return S("the role has a condition that is not published, so this part of it never grants.");
    case RBAC_MISS_ENDED: return S("it was removed.");
    case RBAC_MISS_WRONG_SCOPE: return reason_of_scope(c, s);
    case RBAC_MISS_NOT_ACTIONS: return call_format(c, "the role takes the action away again: %.*s.", PSTR(s->detail));
    case RBAC_MISS_WRONG_PLANE: return call_format(c, "the role names the action on the other plane; this is a %s action.", plane);
    case RBAC_MISS_ROLE_UNKNOWN: return S("its role does not exist.");
    case RBAC_MISS_ACTION_NOT_NAMED: return call_format(c, "the role does not name the %s action.", plane);
    }
    return STR_NONE;
}

// --- the plane of an action ---

// The characters besides stars of the pattern that names the action most exactly; `best` if none says more.
static size_t exactness(const str *patterns, size_t n, const struct action *a, size_t best)
{
    for (size_t i = 0; i < n; i++) {
        size_t exact = patterns[i].n;
        for (size_t k = 0; k < patterns[i].n; k++) exact -= patterns[i].at[k] == '*';
        if (exact > best && matching(&patterns[i], 1, a)) best = exact;
    }
    return best;
}

enum rbac_plane rbac_plane_of(str action)
{
    struct action      a;
    size_t             n, control = 0, data = 0;
    const struct role *roles = role_builtins(&n);
    if (!action_read(action, &a)) return RBAC_CONTROL;
    for (const struct role *r = roles; r < roles + n; r++)
        for (const struct role_permission *p = r->permissions; p < r->permissions + r->permission_n; p++) {
            control = exactness(p->actions, p->action_n, &a, control);
            data = exactness(p->data_actions, p->data_action_n, &a, data);
        }
    return data > control ? RBAC_DATA : RBAC_CONTROL;
}
