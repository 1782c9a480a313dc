/*
 * permission_grants.h - grants a client delegated permissions: it may then act for users at a resource within these scopes.
 *
 * The operator alone grants, for all users or for one. What a grant does is told in ops/app_access.h. It goes with each of the
 * principals that it names. That a scope which the resource does not have may be granted is as published: it counts once it is there.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/oauth2permissiongrant-post, .../oauth2permissiongrant-update
 */
#pragma once
#include "ops/gate.h"

#define PERMISSION_GRANT_MAX_SCOPE_BYTES 3850 /* published */

struct permission_grant_args {
    object_id client;
    guid      id; /* the one to change or to remove; not for making one */
    object_id resource;
    object_id user; /* GUID_NONE: for all users */
    str       scope;
};

/* struct permission_grant_args -> const struct permission_grant *, borrowed. Errors: ERR_NOT_AUTHORIZED, ERR_CONTENT_INVALID, ERR_OBJECT_NOT_FOUND, ERR_CONFLICT - there is one */
extern const struct op OP_PERMISSION_GRANT_ADD;
/* Changes the scope alone. */
extern const struct op OP_PERMISSION_GRANT_UPDATE;
extern const struct op OP_PERMISSION_GRANT_REMOVE; /* no result */

/* For deeds that remove a principal: no grant is left that names it. */
FALLIBLE permission_grants_drop(struct call *c, struct work *w, object_id id);
/* May the client use that scope of the resource for the user, by a grant? */
bool permission_is_granted(const struct world *w, object_id client, object_id resource, object_id user, str scope);
