// The least role: of all built-in ones that allow an action, the one that allows least besides.
#include "ops/explain.h"
#include "rbac/pattern.h"

#define WEIGHT_FOREIGN 50 // an action of another provider than the one asked for
#define WEIGHT_OUTSIDE 2000000000u

static bool matches(str pattern, const struct action *a)
{
    char lower[ACTION_MAX_BYTES];
    if (pattern.n > sizeof lower) return false;
    struct pattern p = pattern_read(pattern, lower);
    return pattern_match(&p, a);
}

static bool any_matches(const str *patterns, size_t n, const struct action *a)
{
    for (size_t i = 0; i < n; i++)
        if (matches(patterns[i], a)) return true;
    return false;
}

static bool allows(const struct role *r, const struct action *a, enum rbac_plane plane)
{
    for (const struct role_permission *b = r->permissions; b < r->permissions + r->permission_n; b++) {
        bool is_data = plane == RBAC_DATA;
        if (b->condition_unknown || !str_empty(b->condition)) continue;
        if (!any_matches(is_data ? b->data_actions : b->actions, is_data ? b->data_action_n : b->action_n, a)) continue;
        if (!any_matches(is_data ? b->not_data_actions : b->not_actions, is_data ? b->not_data_action_n : b->not_action_n, a)) return true;
    }
    return false;
}

// What nearly every role has besides its own: it tells no role from another.
static bool is_common(str pattern)
{
    static const str COMMON[] = {
        S_INIT("Microsoft.Authorization/*/read"), S_INIT("Microsoft.Resources/deployments/*"), S_INIT("Microsoft.Resources/subscriptions/resourceGroups/read"),
        S_INIT("Microsoft.Support/*"),            S_INIT("Microsoft.Insights/alertRules/*"),   S_INIT("Microsoft.ResourceHealth/availabilityStatuses/read"),
    };
    return str_index_nocase(COMMON, COUNT(COMMON), pattern) != STR_NOWHERE;
}

// A star costs more the earlier it stands: "*" is everything, "A/b/*/read" some kinds of reading.
static uint64_t weight_of(str pattern, str provider)
{
    size_t   star = str_find(pattern, '*');
    uint64_t weight = 1;
    if (star != STR_NOWHERE) {
        size_t slashes = 0;
        for (size_t i = 0; i < star; i++) slashes += pattern.at[i] == '/';
        static const uint64_t BY_DEPTH[] = {100000, 2000, 300, 60, 20};
        weight = BY_DEPTH[slashes < COUNT(BY_DEPTH) ? slashes : COUNT(BY_DEPTH) - 1];
        if (str_ends_nocase(pattern, S("/read"))) weight = weight / 4 + 1;
    }
    if (str_starts_nocase(pattern, provider)) return weight;
    return is_common(pattern) ? 0 : weight * WEIGHT_FOREIGN;
}

static uint64_t weight_of_role(const struct role *r, str provider)
{
    uint64_t sum = 0;
    for (const struct role_permission *b = r->permissions; b < r->permissions + r->permission_n; b++) {
        for (size_t i = 0; i < b->action_n; i++) sum += weight_of(b->actions[i], provider);
        for (size_t i = 0; i < b->data_action_n; i++) sum += 2 * weight_of(b->data_actions[i], provider);
        sum -= sum > b->not_action_n ? b->not_action_n : 0; // of two that give all, the one that takes something away
    }
    return sum;
}

// Not what anybody should be told to use: retired roles, and those that a product made for its own parts.
static bool is_unfit(const struct role *r)
{
    static const str WORDS[] = {S_INIT("deprecated"), S_INIT("do not use"), S_INIT("(preview)"), S_INIT("Red Hat OpenShift")};
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (str_contains_nocase(r->name, WORDS[i])) return true;
    return false;
}

const struct role *explain_least_role(str action, enum rbac_plane plane)
{
    struct action      a;
    size_t             n;
    const struct role *roles = role_builtins(&n), *best = NULL;
    uint64_t           least = WEIGHT_OUTSIDE;
    if (!action_read(action, &a)) return NULL;
    str provider = str_upto(action, str_find(action, '/') + 1);
    for (size_t i = 0; i < n; i++) {
        if (is_unfit(&roles[i]) || !allows(&roles[i], &a, plane)) continue;
        uint64_t weight = weight_of_role(&roles[i], provider);
        if (weight >= least) continue;
        least = weight;
        best = &roles[i];
    }
    return best;
}

// How exactly the nearest of the patterns names the action: its characters besides stars.
static size_t nearest(const str *patterns, size_t n, const struct action *a, size_t best)
{
    for (size_t i = 0; i < n; i++) {
        size_t exact = patterns[i].n;
        for (size_t k = 0; k < patterns[i].n; k++) exact -= patterns[i].at[k] == '*';
        if (exact > best && matches(patterns[i], a)) best = exact;
    }
    return best;
}

// Roles name actions by patterns that reach far: the plane is that of the pattern which says it most exactly.
enum rbac_plane explain_plane_of(str action)
{
    struct action      a;
    size_t             n, control = 0, data = 0;
    const struct role *roles = role_builtins(&n);
    if (!action_read(action, &a)) return RBAC_CONTROL;
    for (const struct role *r = roles; r < roles + n; r++) {
        for (const struct role_permission *b = r->permissions; b < r->permissions + r->permission_n; b++) {
            control = nearest(b->actions, b->action_n, &a, control);
            data = nearest(b->data_actions, b->data_action_n, &a, data);
        }
    }
    return data > control ? RBAC_DATA : RBAC_CONTROL;
}
