#include "rbac/naming.h"

struct naming naming_of(const struct role_permission *p, enum rbac_plane plane)
{
    if (plane == RBAC_DATA) return (struct naming){p->data_actions, p->not_data_actions, p->data_action_n, p->not_data_action_n};
    return (struct naming){p->actions, p->not_actions, p->action_n, p->not_action_n};
}

// Thousands of patterns are looked at for a proposal: most are told apart by what stands before their first star.
static bool may_match(str pattern, const struct action *a)
{
    size_t star = str_find(pattern, '*');
    return (star != STR_NOWHERE || pattern.n == a->text.n) && str_starts_nocase(a->text, str_upto(pattern, star));
}

const str *naming_pattern(const str *patterns, size_t n, const struct action *a)
{
    char lower[ACTION_MAX_BYTES];
    for (size_t i = 0; i < n; i++) {
        if (!may_match(patterns[i], a)) continue;
        struct pattern p = pattern_read(patterns[i], lower);
        if (pattern_match(&p, a)) return &patterns[i];
    }
    return NULL;
}

bool naming_in_block(const struct role_permission *p, enum rbac_plane plane, const struct action *a)
{
    struct naming l = naming_of(p, plane);
    return naming_pattern(l.names, l.name_n, a) && !naming_pattern(l.nots, l.not_n, a);
}

bool naming_in_role(const struct role *r, enum rbac_plane plane, const struct action *a)
{
    for (size_t i = 0; i < r->permission_n; i++)
        if (naming_in_block(&r->permissions[i], plane, a)) return true;
    return false;
}

const str *naming_taken(const struct role *r, enum rbac_plane plane, const struct action *a)
{
    for (size_t i = 0; i < r->permission_n; i++) {
        struct naming l = naming_of(&r->permissions[i], plane);
        if (naming_pattern(l.names, l.name_n, a)) return naming_pattern(l.nots, l.not_n, a);
    }
    return NULL;
}
