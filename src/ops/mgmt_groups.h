/*
 * mgmt_groups.h - the tree of management groups and the subscriptions in it.
 *
 * The root is named by the tenant's id. Assignments and denies at a group apply to everything
 * below it, so a move changes who may do what in the moved part. The caller of a move needs:
 *
 * - write permission on both parents (the root group excepted), and permission to write role
 *   assignments on what is moved. Published for subscriptions; applied to groups too. Principals with
 *   roles at the new parent gain access by the move, and the caller could have granted them that.
 * - to be the operator, if a deny assignment would no longer apply: no other caller could have
 *   removed it. Inferred, the safe way.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/governance/management-groups/overview,
 *         https://learn.microsoft.com/rest/api/managementgroups/management-groups
 */
#pragma once
#include "ops/gate.h"

#define MGMT_GROUPS_PREFIX           "/providers/Microsoft.Management/managementGroups/"
#define MGMT_GROUPS_MAX_DEPTH        6 /* below the root, without the subscriptions */
#define MGMT_GROUPS_MAX              10000
#define MGMT_GROUP_MAX_DISPLAY_BYTES 512

struct mgmt_group_args {
    str             name;
    bool            must_exist; /* a PATCH */
    bool            gives_name, gives_parent;
    str             display_name;
    str             parent;       /* a name */
    subscription_id subscription; /* of the ops that move one */
};

struct mgmt_group_result {
    const struct mgmt_group *group; /* borrowed; after a delete what stood there, or NULL */
    bool                     was_created;
};

/* struct mgmt_group_args -> struct mgmt_group_result.
   Errors: ERR_NOT_FOUND, ERR_NAME_INVALID, ERR_PARAMETER_INVALID (a cycle, too deep), ERR_CONFLICT (not empty),
           ERR_SUBSCRIPTION_NOT_FOUND, ERR_LINKED_NOT_AUTHORIZED */
extern const struct op OP_MGMT_GROUP_WRITE;
extern const struct op OP_MGMT_GROUP_DELETE;
extern const struct op OP_MGMT_GROUP_MOVE_IN;  /* a subscription into the group */
extern const struct op OP_MGMT_GROUP_MOVE_OUT; /* and out of it, to the root */

/* The group's path as a scope. Lives: the call. */
str mgmt_group_path(struct call *c, str name);
/* The root group's name is the tenant's id. */
bool mgmt_group_is_root(const struct product *p, str name);
/* Where the permission for a write is asked for: at the group, or at the parent of one that is not there yet. */
str mgmt_group_write_scope(struct call *c, const struct work *w, const struct mgmt_group_args *args);
/* Errors: ERR_NOT_FOUND */
FALLIBLE mgmt_group_require(struct call *c, const struct work *w, str name, const struct mgmt_group **out);
/* The name of the group that holds a subscription, or another group; the root's where nothing is said. */
str mgmt_group_of_subscription(struct call *c, const struct work *w, const struct subscription *s);
