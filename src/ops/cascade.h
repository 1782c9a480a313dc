/*
 * cascade.h - what goes along when something is deleted.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

/* Every resource below a path, children before parents, each by its type's rules. */
FALLIBLE cascade_resources(struct call *c, struct work *w, str path);
/* The role and deny assignments at a path or below it. Those of dead principals elsewhere stay: orphans. */
FALLIBLE cascade_assignments(struct call *c, struct work *w, str path);
/* One resource, by its type's rules: soft-deleted where the type says so; its principal goes with it. */
FALLIBLE cascade_resource(struct call *c, struct work *w, const struct resource *r);
