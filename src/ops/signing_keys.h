/*
 * signing_keys.h - the keys that sign tokens, as the product keeps them: sealed in the store, rotated by age and on demand.
 *
 * The next key is published all the time that the current one is in use, and the one before stays
 * published until no token that it signed can live (contract T8). Only the writer changes the ring, and a change is on disk
 * before it counts. Keys are slow to make: the housekeeper makes them on its own thread. A first start keeps an empty
 * ring, so that it serves at once.
 *
 * Verifiers may keep what they fetched for a day. So a key signs once it has been published for a day; a rotation that is asked for
 * earlier is planned for then. In haste - a key may be known to others - it signs at once: verifiers that ask anew when they
 * meet a key that they do not know take it, others refuse it until their day is over.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover - keys roll over at any time, unannounced;
 *         when is ours
 */
#pragma once
#include "ops/gate.h"

#define SIGNING_KEYS_TURN_S     (45 * S_PER_DAY)
#define SIGNING_KEYS_ANNOUNCE_S S_PER_DAY /* a key is published so long before it signs, if there is no haste */
#define SIGNING_KEYS_KEEP_S     S_PER_DAY /* beyond the life of the last token: verifiers keep what they fetched for a day */
#define SIGNING_KEYS_ACTION     "Lanyard/signingKeys/rotate/action" /* what the activity log calls it */

struct token_key;

/* The empty ring of a first start, into the store and into force. */
FALLIBLE signing_keys_begin(struct call *c, struct store_session *session, struct product *p);
/* Puts the ring of the store into force. Errors: ERR_NOT_FOUND, ERR_CRYPTO - sealed with another key, or damaged */
FALLIBLE signing_keys_load(struct call *c, struct store_session *session, struct product *p);

/* What is to be done by now: a key to be made, or a change that needs no key (a rotation that is due, a key that has ended). */
struct signing_keys_due {
    bool lacks_key, is_due;
};
struct signing_keys_due signing_keys_due(struct product *p, int64_t now_s);
/* Does what is due, in writing work. Lives: `fresh`, the key that is lacking, or NULL, goes to the ring; also on failure. */
FALLIBLE signing_keys_keep_up_take(struct call *c, struct work *w, struct token_key *fresh);

/* When the current key is to retire; 0: there is none. */
int64_t signing_keys_rotates_s(const struct keyring *ring);
/* When a retired key is no longer published. */
int64_t signing_keys_ends_s(const struct product *p, const struct signing_key *retired);

struct signing_keys_rotation {
    bool    is_done; /* else it is planned */
    int64_t at_s;
};
/* Rotates, or plans to. Arguments: a bool, whether in haste. Result: struct signing_keys_rotation. Errors: ERR_CONFLICT */
extern const struct op OP_SIGNING_KEYS_ROTATE;

/*
 * For the committer: the ring as a job finds it, to be brought back if the job fails; and what has become of the transaction.
 * The mark is given back by one of the first two.
 */
struct keyring *signing_keys_mark(struct product *p);
void            signing_keys_keep(struct keyring *mark);
void            signing_keys_undo(struct product *p, struct keyring *mark);
void            signing_keys_settle(struct product *p, bool is_on_disk);
