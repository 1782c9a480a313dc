/*
 * role_definitions.h - creates, changes and deletes custom roles.
 *
 * The caller needs the permission at each assignable scope of the role, the old ones and the new
 * ones: otherwise a caller with rights at one scope could widen a role at another. Changing the
 * permissions of a role that is assigned also needs the permission to write role assignments at its
 * old scopes, because every holder of the role gets the new permissions. The second rule is inferred,
 * the safe way: only the first is published, and each built-in role that may write roles satisfies
 * both.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/custom-roles,
 *         https://learn.microsoft.com/rest/api/authorization/role-definitions,
 *         https://learn.microsoft.com/azure/role-based-access-control/custom-roles#custom-role-limits
 */
#pragma once
#include "ops/gate.h"

#define ROLE_DEFINITIONS_MAX_CUSTOM 5000 /* in a tenant */

struct role_args {
    guid                          id;
    str                           name, description; /* from here on: for making one */
    const struct role_permission *permissions;
    size_t                        permission_n;
    const str                    *scopes;
    size_t                        scope_n;
};

struct role_result {
    const struct role *role; /* borrowed; after a delete what stood there, or NULL */
};

/* struct role_args -> struct role_result; the permission is asked for at the request's scope, then at each assignable one.
   Errors: ERR_ROLE_*, ERR_LINKED_NOT_AUTHORIZED, ERR_LINKED_ID_INVALID, and those of resources_require_holder */
extern const struct op OP_ROLE_WRITE;
extern const struct op OP_ROLE_DELETE;

/*
 * Does a role speak of data operations at all? A custom one may then be assignable in a management group,
 * but is assigned only below it.
 */
bool role_has_data_actions(const struct role_permission *permissions, size_t n);

/* May that role be assigned at the scope? A built-in one may everywhere. */
FALLIBLE role_is_assignable(struct call *c, const struct work *w, const struct role *role, const struct scope *at, bool *out);
