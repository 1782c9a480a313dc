/*
 * jwt.h - the compact form of a signed token: HEADER.CLAIMS.SIGNATURE, each base64url without padding.
 *
 * Layer:  token (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc7515#section-3.1, https://www.rfc-editor.org/rfc/rfc8725 (what to refuse)
 */
#pragma once
#include "core/json.h"

#define JWT_MAX_BYTES        (32u << 10)
#define JWT_MAX_HEADER_BYTES 1024

struct jwt {
    str                signed_text; /* HEADER.CLAIMS, what the signature is over */
    const struct json *header;      /* an object */
    const struct json *claims;      /* an object */
    bytes              signature;
};

/*
 * Takes a token apart; checks its form only. Exactly three parts, none empty, no padding,
 * nothing behind; header and claims are JSON objects in which no name stands twice.
 * Errors: ERR_TOKEN_MALFORMED
 */
FALLIBLE jwt_read(struct call *c, str text, struct jwt *out);
