/*
 * denies.h - deny assignments, made by the operator.
 *
 * The cloud's API only shows them: there its own platform makes them. Here the operator
 * does, over the admin socket. No permission is asked for, only the socket: a deny that
 * shuts out everybody must not shut out the one who can take it away.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
 */
#pragma once
#include "ops/gate.h"

#define DENY_MAX_NAME_BYTES        512
#define DENY_MAX_DESCRIPTION_BYTES 2048

struct deny_result {
    const struct deny_assignment *deny; /* borrowed; after a delete what stood there, or NULL */
    bool                          was_created;
};

/* struct deny_assignment (what shall stand, without times) -> struct deny_result. Under a name that exists it
   replaces. Errors: ERR_CONTENT_INVALID, ERR_ROLE_ACTION_UNKNOWN, ERR_SCOPE_INVALID, and those of a scope that is not there */
extern const struct op OP_DENY_WRITE;
/* guid -> struct deny_result */
extern const struct op OP_DENY_DELETE;
