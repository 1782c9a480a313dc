/*
 * existence.h - checks that the action, the scope and the principal of a question exist.
 *
 * Without the check a misspelt name would be answered with "no", as if only a role were missing.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

/*
 * The principal is in the directory, the action is published (or one of the scope's own provider), and the scope is
 * there: what lies inside a resource is its service's own and not looked for. `who` none and an empty
 * action are not asked about.
 * Errors: ERR_NOT_FOUND, ERR_PARAMETER_INVALID, ERR_SCOPE_INVALID - with what comes near, one a line
 */
FALLIBLE existence_check(struct call *c, const struct work *w, object_id who, str action, str scope);

/* Why there is no such principal: a sentence, which knows ids of other kinds. Lives: the call. */
str existence_unknown_principal(struct call *c, const struct work *w, object_id id);
