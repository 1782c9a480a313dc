/*
 * deny.h - to whom a deny assignment applies, and where.
 *
 * The decision, its explanation, the list of a principal's access and the moves of management groups
 * all use these functions, so that they agree.
 *
 * Layer:  rbac (uses core, directory, resources)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
 */
#pragma once
#include "rbac/assignment.h"

/*
 * The principal by which the deny means somebody: of `who`, the first that it names, else everyone (an id of zeros).
 * NULL: it means none of them, or it excludes one.
 */
const struct deny_principal *deny_means(const struct deny_assignment *d, const object_id *who, size_t who_n);

/*
 * Does it hold at that path? `above` are the management groups that hold it. A deny that does not apply to child scopes
 * holds at its own scope alone.
 */
bool deny_reaches(const struct deny_assignment *d, str path, const str *above, size_t above_n);
