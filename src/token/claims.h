/*
 * claims.h - what a token says, by its kind: one row for each claim.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
#pragma once
#include "core/json.h"
#include "token/token.h"

/* The name of the claim that holds the application's id. */
str claims_app(enum token_version version);

/* "1.0", "2.0"; false: no version has that name. */
MUST_USE bool claims_version(str name, enum token_version *out);

/* The claims object of a token with these times and this unique_id, as JSON. Errors: ERR_NO_MEMORY, ERR_CRYPTO */
FALLIBLE claims_write(struct call *c, const struct token_request *r, const struct token *made, str *out);

/* A list of texts, as roles is; NULL: none. Lives: the call. Errors: ERR_TOKEN_MALFORMED - it is no list, or not of texts */
FALLIBLE claims_read_texts(struct call *c, const struct json *list, struct token_texts *out);
