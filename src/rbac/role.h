/*
 * role.h - role definitions: which actions a role names, on which plane.
 *
 * A role is a record that never changes once made; a changed role is a new record.
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/role-definitions
 */
#pragma once
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"
#include "resources/scope.h"

#define ROLE_MAX_NAME_BYTES        512
#define ROLE_MAX_DESCRIPTION_BYTES 2048
#define ROLE_MAX_ACTIONS           10000 /* in all blocks together */
#define ROLE_MAX_ACTION_BYTES      512
#define ROLE_MAX_SCOPES            2000
#define ROLE_MAX_PERMISSIONS       16
#define ROLE_MAX_CONDITION_BYTES   (8u << 10)

enum rbac_plane { RBAC_CONTROL, RBAC_DATA };

/* Patterns: "*" stands for any run of characters, "/" too; case does not count. */
struct role_permission {
    const str *actions, *not_actions, *data_actions, *not_data_actions;
    size_t     action_n, not_action_n, data_action_n, not_data_action_n;
    str        condition;         /* empty: none */
    bool       condition_unknown; /* the cloud has a condition here that is not published: never grants */
};

struct role {
    struct ref                    ref;
    guid                          id;
    str                           name;
    str                           description;
    bool                          is_builtin;
    const struct role_permission *permissions;
    size_t                        permission_n;
    const str                    *scopes; /* assignable scopes */
    size_t                        scope_n;
    int64_t                       created_ns, updated_ns; /* 0 for built-in roles */
    object_id                     created_by, updated_by;
};

/*
 * The built-in catalogue, in the order of ids. Static: never freed, its refs are not counted.
 * 29 of them have a condition in the cloud; see tools/gen-roles for which are known.
 */
const struct role *role_builtins(size_t *out_n);
const struct role *role_builtin_find(guid id);

/*
 * A copy of `plain` on the heap, with one reference, which the caller owns.
 * Errors: ERR_ROLE_INVALID - over a limit of this page; what the words mean is role_check's to say.
 */
FALLIBLE role_new(struct call *c, const struct role *plain, struct role **out);
void     role_pack(struct buf *b, const struct role *r);
FALLIBLE role_unpack(struct call *c, bytes record, struct role **out);
