/*
 * lists.h - the permissions of a role or a deny assignment as a list of a record (core/lists.h).
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "core/lists.h"
#include "rbac/role.h"

const struct role_permission *lists_permissions(struct lists *l, const struct role_permission *from, size_t n);

/* Errors: ERR_ROLE_INVALID */
FALLIBLE lists_check(struct call *c, const struct role_permission *permissions, size_t n);

void pack_permissions(struct buf *b, const struct role_permission *items, size_t n);
/* Lives: in the call. More than the limits of role.h is damage. */
FALLIBLE unpack_permissions(struct call *c, struct unpack *u, const struct role_permission **out, size_t *out_n);
