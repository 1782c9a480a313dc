/*
 * state.h - opens the state in a data directory, or creates it at the first start.
 *
 * Layer:  server (uses core, store, ops)
 */
#pragma once
#include "ops/product.h"

/*
 * Opens the store and fills the product from it: tenant, subscription, operator (made at first start, the
 * operator Owner at the root), the key for values at rest, the world, the signing keys.
 *
 * Only a directory without a trace of a tenant gets a new one. The database belongs to the keys beside it: the file
 * "tenant" names the tenant that they are of, and where any of them is there a lost, empty or foreign database is refused.
 *
 * The product's data_dir, names and clock are set before. state_close undoes it, also half-way.
 * Errors: ERR_CONFLICT, ERR_IO, ERR_CRYPTO, ERR_STORE_* - nothing is changed then
 */
FALLIBLE state_open(struct call *c, struct product *p);
void     state_close(struct product *p);
