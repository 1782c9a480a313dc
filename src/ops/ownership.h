/*
 * ownership.h - gives objects of the directory owners, and takes them away.
 *
 * Owners are users and service principals; applications, their service principals and groups have owners. Who makes one with a
 * token owns it; what the operator makes over the admin socket has no owner.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/application-post-owners, https://learn.microsoft.com/graph/api/group-post-owners,
 *         https://learn.microsoft.com/graph/api/group-delete-owners (a group's last owner stays)
 */
#pragma once
#include "ops/gate.h"

#define OWNERS_MAX 100 /* of one object */

struct owner_args {
    guid      object;
    object_id owner;
};

/* struct owner_args -> nothing. Errors: ERR_NOT_AUTHORIZED, ERR_OBJECT_NOT_FOUND, ERR_MEMBER_EXISTS, ERR_MEMBER_INVALID, ERR_CONTENT_INVALID - too many */
extern const struct op OP_OWNER_ADD;
extern const struct op OP_OWNER_REMOVE; /* ERR_OBJECT_NOT_FOUND too when it is no owner; ERR_MEMBER_INVALID - the last of a group */

/* For deeds that make an object: its owners are whoever asks, with a token, and those besides. */
FALLIBLE owners_begin(struct call *c, struct work *w, guid object, const object_id *besides, size_t n);
/* For deeds that remove one: no ownership is left that it is an end of. */
FALLIBLE owners_drop(struct call *c, struct work *w, guid object);
