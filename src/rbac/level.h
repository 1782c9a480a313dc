/*
 * level.h - the levels of a scope, from the subscription down, each with its hash.
 *
 * An assignment at any of them reaches the scope. One pass over the path gives all the
 * hashes: each is what level_hash gives for that level alone.
 *
 * Layer:  rbac (uses core, resources)
 */
#pragma once
#include "resources/scope.h"

#define LEVEL_MAX (SCOPE_MAX_SEGMENTS / 2)

struct level {
    uint64_t hash;
    str      path; /* a view into the path */
};

/* Without case; `seed` is a secret. `path` is as scope_parse gives it. */
uint64_t level_hash(uint64_t seed, str path);

/* All levels but the root, the highest first; `out` holds LEVEL_MAX. Gives their number: 0 for "/". */
size_t levels_of(uint64_t seed, str path, struct level *out);
