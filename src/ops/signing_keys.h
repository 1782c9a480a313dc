/*
 * signing_keys.h - the keys that sign tokens, as the product keeps them: sealed in the store, turned by age.
 *
 * The next key is published all the time that the current one is in use, and the one before stays
 * published until no token that it signed can live (contract T8). A turn is on disk before it counts.
 * A first start keeps an empty ring, so that it serves at once; the housekeeper then adds the keys.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover - keys roll over at any time, unannounced;
 *         when is ours
 */
#pragma once
#include "ops/product.h"

#define SIGNING_KEYS_TURN_S (45 * S_PER_DAY)
#define SIGNING_KEYS_KEEP_S S_PER_DAY /* beyond the life of the last token: verifiers keep what they fetched for a day */

/* A ring on its way: in neither the store nor the product yet. */
struct signing_turn {
    struct keyring *ring; /* NULL: none */
    bytes           sealed;
};

/* The empty ring of a first start; or the one that follows the product's, with one key made: slow. Lives: `sealed` in the call. */
FALLIBLE signing_keys_begin(struct call *c, const struct product *p, struct signing_turn *out);
FALLIBLE signing_keys_turn(struct call *c, struct product *p, struct signing_turn *out);
/* Into the transaction; then, once that is committed, into force; or away with it. */
FALLIBLE signing_keys_write(struct call *c, struct store_session *session, const struct signing_turn *turn);
void     signing_keys_publish(struct product *p, struct signing_turn *turn);
void     signing_keys_discard(struct signing_turn *turn);

/* Puts the ring of the store into force. Errors: ERR_NOT_FOUND, ERR_CRYPTO - sealed with another key, or damaged */
FALLIBLE signing_keys_load(struct call *c, struct store_session *session, struct product *p);

/* Does the ring lack a key, or has the current one been in use for its time? */
bool signing_keys_due(struct product *p, int64_t now_s);
