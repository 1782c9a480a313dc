/*
 * guard.h - who is asking: from a bearer token, or from the admin socket.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://www.rfc-editor.org/rfc/rfc6750
 */
#pragma once
#include "endpoints/service.h"
#include "token/known.h"

/*
 * Reads the Authorization header and fills the caller from a verified token.
 * `known` is the calling thread's own table; NULL: verify always.
 * Errors: ERR_TOKEN_MISSING, ERR_TOKEN_* (see token_verify)
 */
FALLIBLE guard_bearer(struct call *c, struct product *p, struct known_tokens *known, const struct wire *q, struct caller *out);

/* The token of the Authorization header, unverified. Errors: ERR_TOKEN_MISSING, ERR_TOKEN_MALFORMED - too long */
FALLIBLE guard_read_bearer(struct call *c, const struct http_request *http, str *out);
/*
 * Errors: ERR_TOKEN_EXPIRED - the tokens that its principal got up to then were revoked; ERR_CLAIMS_NEEDED - the same, of a client that
 * answers a claims challenge
 */
FALLIBLE guard_check_not_revoked(struct call *c, const struct world *world, const struct token_claims *claims);

/* The audiences that a service takes tokens for: its host by its names, with the port and without, and what its row says. Lives: the call. */
FALLIBLE guard_audiences(struct call *c, const struct product *p, const struct service *s, const str **out, size_t *out_n);

/* The operator, by the admin socket. */
FALLIBLE guard_operator(struct call *c, struct product *p, struct caller *out);
