#include "ops/assignment_list.h"

#include "core/lowest.h"

// Whether an assignment is in the list, and the page that is being made.
struct search {
    struct call                   *c;
    const struct rbac_rules       *rules;
    const struct assignment_query *query;
    const str                     *above; // management groups that hold the scope
    size_t                         above_n;
    bool                           names_who;
    const object_id               *who; // if names_who: one of these must be the principal
    size_t                         who_n;
    struct lowest                  lowest; // of the candidates
    const struct assignment      **items;
    size_t                         n, looks;
    guid                           last;
    bool                           has_more;
};

static bool is_one_of(const struct search *s, object_id principal)
{
    for (size_t i = 0; i < s->who_n; i++)
        if (object_id_eq(s->who[i], principal)) return true;
    return !s->names_who;
}

static bool is_wanted(const struct search *s, const struct assignment *x)
{
    const struct assignment_query *q = s->query;
    struct scope                   scope;
    if (!is_one_of(s, x->principal)) return false;
    if (scope_parse(s->c, x->scope, &scope) != OK) {
        call_forgive(s->c);
        return false;
    }
    return scope_reaches(&scope, &q->at, s->above, s->above_n) || (!q->filter->at_scope && scope_contains(&q->at, &scope));
}

// --- candidates in any order ---

static bool gather(const struct assignment *x, void *context)
{
    struct search *s = context;
    bool           is_behind = !s->query->after || guid_cmp(x->id, *s->query->after) > 0;
    if (is_behind && lowest_wants(&s->lowest, &x->id) && is_wanted(s, x)) lowest_offer(&s->lowest, &x->id);
    return true;
}

// One more than the limit was gathered if there are as many: it tells that there is another page.
static void finish_gathering(struct search *s)
{
    lowest_sort(&s->lowest);
    s->has_more = s->lowest.n == s->lowest.room;
    s->n = s->lowest.n - s->has_more;
    for (size_t i = 0; i < s->n; i++) s->items[i] = CONTAINER_OF(s->lowest.at[i], struct assignment, id);
    if (s->has_more) s->last = s->items[s->n - 1]->id;
}

// --- in the order of ids ---

static bool walk(const struct assignment *x, void *context)
{
    struct search *s = context;
    bool           wanted = is_wanted(s, x);
    s->has_more = s->looks == ASSIGNMENT_LIST_MAX_LOOKS || (wanted && s->n == s->query->limit);
    if (s->has_more) return false;
    if (wanted) s->items[s->n++] = x;
    s->looks++;
    s->last = x->id;
    return true;
}

// --- the indexes ---

typedef bool visit_assignment(const struct assignment *x, void *context);

// Visits at least all that may be wanted, each once, and says how many these are; without `visit` it says only that.
typedef size_t candidates(const struct search *s, visit_assignment *visit, void *context);

static size_t by_principal(const struct search *s, visit_assignment *visit, void *context)
{
    size_t n = 0;
    if (!s->names_who) return SIZE_MAX;
    for (size_t i = 0; i < s->who_n; i++) {
        n += rbac_count_of_principal(s->rules, s->who[i]);
        if (visit) rbac_each_of_principal(s->rules, s->who[i], visit, context);
    }
    return n;
}

static size_t at_one_scope(const struct search *s, str scope, visit_assignment *visit, void *context)
{
    if (visit) rbac_each_at_scope(s->rules, scope, visit, context);
    return rbac_count_at_scope(s->rules, scope);
}

// At the scope and above it: at each path that it begins with.
static size_t at_scopes(const struct search *s, visit_assignment *visit, void *context)
{
    str path = s->query->at.path;
    if (!s->query->filter->at_scope) return SIZE_MAX; // what is below the scope would be missing
    size_t n = at_one_scope(s, S("/"), visit, context);
    for (size_t end = 1; path.n > 1 && end <= path.n; end++)
        if (end == path.n || path.at[end] == '/') n += at_one_scope(s, str_upto(path, end), visit, context);
    for (size_t i = 0; i < s->above_n; i++) n += at_one_scope(s, s->above[i], visit, context);
    return n;
}

// All of the scope's subscription, and what is above it.
static size_t in_subscription(const struct search *s, visit_assignment *visit, void *context)
{
    subscription_id in;
    if (!guid_parse(s->query->at.subscription, &in.g)) return SIZE_MAX;
    size_t n = rbac_count_in_subscription(s->rules, in) + at_one_scope(s, S("/"), visit, context);
    if (visit) rbac_each_in_subscription(s->rules, in, visit, context);
    for (size_t i = 0; i < s->above_n; i++) n += at_one_scope(s, s->above[i], visit, context);
    return n;
}

// What belongs to no subscription, for a scope that does not either and is not above them by its path.
static size_t outside(const struct search *s, visit_assignment *visit, void *context)
{
    if (!str_empty(s->query->at.subscription) || s->query->at.kind == SCOPE_ROOT) return SIZE_MAX;
    if (visit) rbac_each_outside(s->rules, visit, context);
    return rbac_count_outside(s->rules);
}

static candidates *const INDEXES[] = {by_principal, at_scopes, in_subscription, outside};

static void run_search(struct search *s)
{
    candidates *best = NULL;
    size_t      fewest = ASSIGNMENT_LIST_MAX_LOOKS + 1;
    for (size_t i = 0; i < COUNT(INDEXES); i++) {
        size_t n = INDEXES[i](s, NULL, NULL);
        if (n >= fewest) continue;
        fewest = n;
        best = INDEXES[i];
    }
    if (!best) {
        rbac_each_assignment(s->rules, s->query->after, walk, s);
        return;
    }
    (void)best(s, gather, s);
    finish_gathering(s);
}

// assignedTo() means somebody and its groups, principalId one alone; of both, one that is among the others.
static enum err tell_whom(struct call *c, const struct work *w, struct search *s)
{
    const struct rbac_filter *f = s->query->filter;
    s->names_who = f->has_assigned_to || f->has_principal || s->query->who;
    s->who = s->query->who;
    s->who_n = s->query->who_n;
    if (f->has_assigned_to) TRY(directory_closure(c, w->world->directory, f->assigned_to, DIRECTORY_AS_WRITTEN, &s->who, &s->who_n));
    if (!f->has_principal) return OK;
    bool is_meant = !f->has_assigned_to || is_one_of(s, f->principal);
    s->who = &f->principal;
    s->who_n = is_meant;
    return OK;
}

enum err assignment_list(struct call *c, struct work *w, const struct assignment_query *query, struct assignment_page *out)
{
    struct search s = {.c = c, .rules = w->world->rules, .query = query};
    if (query->limit == 0) return FAIL(c, ERR_INTERNAL, "A page of no assignments was asked for.");
    TRY(work_above(c, w, &query->at, &s.above, &s.above_n));
    TRY(tell_whom(c, w, &s));
    TRY(NEW(c, &s.items, query->limit));
    TRY(lowest_init(c, &s.lowest, query->limit + 1));
    if (s.who_n || !s.names_who) run_search(&s);
    *out = (struct assignment_page){s.items, s.n, s.has_more, s.last};
    return OK;
}

static enum err run_list(struct call *c, struct work *w, const void *args, void *out)
{
    return assignment_list(c, w, args, out);
}

const struct op OP_ASSIGNMENT_LIST = {.name = "assignment_list", .action = "Microsoft.Authorization/roleAssignments/read", .run = run_list};
