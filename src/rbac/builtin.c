#include "rbac/role.h"

#define T(offset, length)         \
    {                             \
        TEXT + (offset), (length) \
    }
#define P(a, a_n, na, na_n, d, d_n, nd, nd_n, condition_text, withheld)                                              \
    {.actions = PATTERNS + (a), .not_actions = PATTERNS + (na), .data_actions = PATTERNS + (d),                      \
     .not_data_actions = PATTERNS + (nd), .action_n = (a_n), .not_action_n = (na_n), .data_action_n = (d_n),         \
     .not_data_action_n = (nd_n), .condition = condition_text, .condition_unknown = (withheld)}
#define R(b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, name_text, about_text, first, n)                \
    {.id = {{b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15}}, .name = name_text, .description = about_text, \
     .is_builtin = true, .permissions = PERMISSIONS + (first), .permission_n = (n), .scopes = &EVERYWHERE, .scope_n = 1}

static const str EVERYWHERE = S_INIT("/");

#include "rbac/builtin_roles.inc"

const struct role *role_builtins(size_t *out_n)
{
    *out_n = COUNT(ROLES);
    return ROLES;
}

const struct role *role_builtin_find(guid id)
{
    size_t from = 0, to = COUNT(ROLES);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int    order = guid_cmp(ROLES[middle].id, id);
        if (order == 0) return &ROLES[middle];
        if (order < 0) from = middle + 1;
        else to = middle;
    }
    return NULL;
}
