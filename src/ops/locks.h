/*
 * locks.h - management locks: made, read, taken away, and asked before every management write.
 *
 * The gate asks the locks once the caller is allowed: the action that was decided says what it
 * does. "…/read" is always free. "…/delete" meets every lock at its scope, above and below it:
 * what is deleted takes along what lies below. Everything else - writes, and the POST actions,
 * among them those that only hand something out, as listing keys - meets read-only locks at its
 * scope and above. Locks themselves are exempt, or none could be taken away. An effect that
 * changes something elsewhere (effects.h) is asked there too.
 *
 * Inferred: that a POST action under a read-only lock is worded as a write; that a lock stands at
 * something that exists, and at no role assignment, lock or the like; the words of refusals
 * that have no published ones.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources,
 *         https://learn.microsoft.com/rest/api/resources/management-locks
 */
#pragma once
#include "ops/gate.h"
#include "resources/lock.h"

#define LOCKS_MAX_PER_SCOPE 20 /* published */
#define LOCKS_MAX_NAMED     16 /* in one refusal; ours */

struct lock_args {
    str                scope;
    str                name;
    const struct json *body; /* NULL for reading and deleting */
};
struct lock_result {
    const struct lock *lock; /* borrowed from the world; NULL after a delete of what was absent */
    bool               was_created;
};

/*
 * struct lock_args -> struct lock_result. The target is the lock's own id.
 * Errors: ERR_LOCK_NOT_FOUND, ERR_CONTENT_INVALID, ERR_NAME_INVALID, ERR_SCOPE_INVALID - no lock stands there,
 *         ERR_CONFLICT - the scope has LOCKS_MAX_PER_SCOPE; those of a scope that is not there
 */
extern const struct op OP_LOCK_WRITE;
extern const struct op OP_LOCK_READ;
extern const struct op OP_LOCK_DELETE;

/* Does a lock forbid this management action at the scope? Errors: ERR_SCOPE_LOCKED - names the locked scopes */
FALLIBLE locks_ask(struct call *c, const struct work *w, str action, str scope);
