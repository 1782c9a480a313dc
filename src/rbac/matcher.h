/*
 * matcher.h - the permission blocks of a role or a deny, compiled for deciding.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "rbac/condition.h"
#include "rbac/pattern.h"
#include "rbac/role.h"

struct matcher;

struct matcher *matcher_new(const struct role_permission *blocks, size_t n); /* NULL: no memory */
void            matcher_free(struct matcher *m);

/* A bit for each block whose actions of that plane, less its NotActions, hold the action. */
uint32_t matcher_match(const struct matcher *m, const struct action *a, enum rbac_plane plane);

/*
 * Is the condition of block `i` satisfied? `if_unknown` is the answer where that cannot be told,
 * because the condition is not published or not well formed: false for a grant, true for a deny.
 */
bool matcher_condition(const struct matcher *m, size_t i, const struct condition_facts *facts, bool if_unknown);

size_t matcher_bytes(const struct matcher *m);
