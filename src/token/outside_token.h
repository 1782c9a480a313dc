/*
 * outside_token.h - a token of any issuer, judged by the keys that the issuer published.
 *
 * Unlike our own tokens it may have any claims and header; only those that a check asks about are read. A header that demands what
 * is not understood (crit) is refused.
 *
 * Layer:  token (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc7519#section-4.1, https://www.rfc-editor.org/rfc/rfc8725 (what to refuse)
 */
#pragma once
#include "token/jwks.h"
#include "token/token.h"

#define OUTSIDE_MAX_AUDIENCES 16

struct outside_token {
    str                 issuer, subject;
    str                 tenant; /* tid; empty: it has none */
    str                 audiences[OUTSIDE_MAX_AUDIENCES];
    size_t              audience_n;
    struct token_claims claims; /* issuer, times, roles and scopes; the rest is zero */
};

/*
 * Checks form, algorithm (RS256 only), key and signature.
 * Lives:  *out in the call.
 * Errors: ERR_TOKEN_MALFORMED, ERR_TOKEN_SIGNATURE
 */
FALLIBLE outside_token_verify(struct call *c, const struct jwks *keys, str text, struct outside_token *out);

/* Issuer, times and audience, as token_check does. On success the audience that fits is out->claims.audience. Errors: those of token_check */
FALLIBLE outside_token_check(struct call *c, struct outside_token *token, const struct token_policy *policy);
