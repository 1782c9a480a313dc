/*
 * revoke.h - the tokens that a principal has got so far are refused from now on.
 *
 * A token is good until it expires, whatever becomes of its principal in the meantime; a deleted identity's too. Revoking is
 * the answer: a time is kept for the principal, every service refuses its tokens of that second and before, and the metadata
 * endpoint signs a new one. The principal need not exist any more. The time is kept as long as such tokens can live.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities (revokeTokens, 2023-07-31-preview). That a
 *         service refuses at once is inferred from the operation's purpose: the cloud's services learn of it within an hour.
 */
#pragma once
#include "ops/gate.h"

#define REVOKE_ACTION "Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action"

/* Arguments: the object_id. Result: the int64_t time, in seconds. */
extern const struct op OP_TOKENS_REVOKE;     /* of a user-assigned identity, with its permission */
extern const struct op OP_TOKENS_REVOKE_ANY; /* of any principal, also one that is gone; asks for no permission: for routes of the operator */

/* For the housekeeper: drops at most `limit` that no token can need any more; reading work counts how many that would be. */
FALLIBLE revocations_drop_ended(struct call *c, struct work *w, size_t limit, size_t *out_n);
