/*
 * check.h - does a token count for an API?
 *
 * Checked are, in this order: form, RS256, key and signature; issuer, times and audience; the tenant; that the principal exists,
 * is enabled and had its tokens not revoked; that the application the token is for exists and is enabled; the rule's roles and scopes.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"
#include "endpoints/verify/rule.h"

/*
 * Lives:  *out until the next check on this thread.
 * Errors: ERR_TOKEN_* - which check failed, each with its words; ERR_ROLE_MISSING
 */
FALLIBLE check_token(struct call *c, const struct work *w, const struct wire *q, str text, const struct rule *r, struct token_claims *out);

/* "identity", "application" or "user". */
str check_kind(enum token_kind kind);
