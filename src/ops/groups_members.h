/*
 * groups_members.h - adds, removes and lists members of groups.
 *
 * Members are users, service principals and groups. Groups may contain each other in a cycle, as
 * the published protocol allows; a transitive closure visits each group once (directory.h).
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/group-post-members, https://learn.microsoft.com/graph/api/group-delete-members
 */
#pragma once
#include "ops/gate.h"

struct member_args {
    object_id group, member;
};

/* struct member_args -> nothing.
   Errors: ERR_NOT_AUTHORIZED, ERR_OBJECT_NOT_FOUND, ERR_MEMBER_EXISTS, ERR_MEMBER_INVALID - a group in itself */
extern const struct op OP_MEMBER_ADD;
extern const struct op OP_MEMBER_REMOVE; /* ERR_OBJECT_NOT_FOUND too when it is no member */

/* The deed of adding alone, for ops that have asked already. */
FALLIBLE membership_add(struct call *c, struct work *w, object_id group, object_id member);
/* Removes every membership that a principal is an end of. */
FALLIBLE memberships_drop(struct call *c, struct work *w, object_id id);

/*
 * Removes the records of memberships that have ended, once they count for no token that is still good; at most `limit`.
 * In reading work it only counts them. Removing a member under propagation leaves such a record.
 */
FALLIBLE memberships_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n);

/* "Resource 'x' does not exist or one of its queried reference-property objects are not present." Gives ERR_OBJECT_NOT_FOUND. */
FALLIBLE directory_absent(struct call *c, str name);
