/*
 * virtual_network.h - the addresses of virtual networks and their subnets.
 *
 * A subnet's prefixes are CIDR notation, lie inside of the network's address space and overlap with those of no other
 * subnet. That is checked of the network as a whole, after a write of the network or of a subnet, so that one request may
 * move several subnets.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet; the words of the refusals are
 *         those of https://github.com/MicrosoftDocs/azure-docs/pull/123869
 */
#pragma once
#include "ops/resource_hooks.h"

#define NETWORK_TYPE "Microsoft.Network/virtualNetworks"
#define SUBNET_TYPE  NETWORK_TYPE "/subnets"

/* Hooks of resource_hooks.h. Errors: ERR_PREFIX_FORMAT, ERR_PREFIX_NOTATION, ERR_SUBNET_OUTSIDE, ERR_SUBNET_OVERLAPS */
enum err virtual_network_kept(struct call *c, struct work *w, const struct resource *network);
enum err subnet_kept(struct call *c, struct work *w, const struct resource *subnet);
