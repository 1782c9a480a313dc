/*
 * container_app.h - the addresses of container apps: a label in the domain of the environment that they run in.
 *
 * An app with ingress has the address NAME.DOMAIN, or NAME.internal.DOMAIN where it is not reached from outside. The domain
 * is the environment's; an app whose environment is not here has no address. Clients name the environment by either of two
 * properties, and read both.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/container-apps/ingress-overview#domain-names
 */
#pragma once
#include "ops/resource_hooks.h"

#define CONTAINER_APP_TYPE "Microsoft.App/containerApps"

/* A hook of resource_hooks.h. */
enum err container_app_write(struct call *c, struct work *w, struct resource_change *change);
