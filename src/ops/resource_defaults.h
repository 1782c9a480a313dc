/*
 * resource_defaults.h - what a resource has that its maker left out.
 *
 * Here a machine needs a location and an identity only, and the cloud would refuse it. But
 * clients that list machines expect the parts that every one has there: a monitoring client
 * that found none crashed. So what is absent is filled in when the resource is written; what the caller
 * says is kept as it is, but for what is the service's own to say. The values are rows of resource_shapes.h.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/resource_hooks.h"

/* Fills change->document. Errors: ERR_CONTENT_INVALID - it lacks what nobody else can say */
FALLIBLE resource_defaults_apply(struct call *c, const struct work *w, const struct resource_id *id, struct resource_change *change);
