// Which plane an action belongs to, where nobody says.
#include "ops/explain.h"
#include "rbac/pattern.h"

static bool matches(str pattern, const struct action *a)
{
    char lower[ACTION_MAX_BYTES];
    if (pattern.n > sizeof lower) return false;
    struct pattern p = pattern_read(pattern, lower);
    return pattern_match(&p, a);
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
