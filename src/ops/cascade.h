/*
 * cascade.h - what goes along when something is deleted.
 *
 * A group's deletion deletes its resources one by one, so that a deny assignment that
 * forbids the deletion of one of them holds: nothing is deleted then. For a child that goes
 * with its parent (a slot with its site) nothing is published. Two related mechanisms
 * differ: a lock on a child stops the parent's deletion, the policy effect denyAction on a
 * child does not. Here a deny holds for children too, as a lock does: what a deny protects
 * is never deleted by somebody whom it names. Inferred, the safe way.
 *
 * Deny assignments that stand below what is deleted go along, unless something there can
 * be recovered: a deleted vault keeps those that reach it until it is purged. Else whoever
 * may delete and recover it could lift them. Inferred too.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/delete-resource-group,
 *         https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources,
 *         https://learn.microsoft.com/azure/governance/policy/concepts/effect-deny-action
 */
#pragma once
#include "ops/effects.h"

/* Every resource below a path, children before parents, each by its type's rules. */
FALLIBLE cascade_resources(struct call *c, struct work *w, str path);
/* The role and deny assignments at a path or below it, after its resources. Those of dead principals elsewhere stay: orphans. */
FALLIBLE cascade_assignments(struct call *c, struct work *w, str path);
/* One resource, by its type's rules: soft-deleted where the type says so; its principal goes with it. */
FALLIBLE cascade_resource(struct call *c, struct work *w, const struct resource *r);
/* The deny assignments that were kept for a deleted resource alone, once it is gone for good. */
FALLIBLE cascade_denies_purged(struct call *c, struct work *w, str path);

/* Adds a site for each resource below the path: its own deletion. For the effects of deleting ops, under the rule EFFECT_NOT_DENIED. */
FALLIBLE cascade_sites(struct call *c, struct work *w, str path, struct effect_sites *out);
