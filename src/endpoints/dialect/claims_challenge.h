/*
 * claims_challenge.h - the demand for a fresher token, which a client that knows of such demands meets by itself.
 *
 * A token is refused although it has not expired: its principal's tokens were revoked (ops/revoke.h). A client that said "cp1" when it asked for the
 * token is told in WWW-Authenticate which claims the next one must have, and sends them to the token endpoint; others are told that the token
 * is not valid. The demand names the time of the refusal: that any token from then on will do is inferred, for the cloud names the time of
 * the event, and both are past the revocation.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge,
 *         https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation
 */
#pragma once
#include "core/call.h"

/* What a published service says in its body. */
#define CLAIMS_CHALLENGE_WORDS \
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"

/* The parameters that end the challenge of a refusal with ERR_CLAIMS_NEEDED, with a comma in front. Lives: the call. */
str claims_challenge(struct call *c);
