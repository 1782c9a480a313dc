/*
 * resource_defaults.h - what a resource has that its maker left out.
 *
 * Here a machine needs a location and an identity only, and the cloud would refuse it. But
 * clients that list machines expect the parts that every one has there: a monitoring client
 * that found none crashed. So what is absent is filled in when the resource is written; what the caller
 * says is kept as it is. Which values a client can expect is inferred from what the portal
 * and az make when they are asked for nothing special.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update,
 *         https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update
 */
#pragma once
#include "ops/resource_hooks.h"

/* Fills change->document. */
FALLIBLE resource_defaults_apply(struct call *c, const struct resource_id *id, struct resource_change *change);
