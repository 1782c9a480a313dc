/*
 * jwks.h - the public keys of an outside issuer, as it publishes them.
 *
 * A stranger wrote the document, so it is read within limits, and only keys that can verify RS256 are kept: RSA of
 * JWKS_MIN_BITS to JWKS_MAX_BITS, named by a kid, for signatures. Other keys are left out. A document in which two of
 * the kept keys have one kid is refused: it does not say which one is meant.
 *
 * A set never changes once it is read; threads share it.
 *
 * Layer:  token (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc7517, https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1,
 *         https://www.rfc-editor.org/rfc/rfc8725#section-3 (what to refuse)
 */
#pragma once
#include "core/json.h"
#include "core/ref.h"

#define JWKS_MAX_BYTES     ((size_t)256 << 10)
#define JWKS_MAX_KEYS      100 /* in the document, those that are left out too */
#define JWKS_MAX_KID_BYTES 256
#define JWKS_MIN_BITS      2048
#define JWKS_MAX_BITS      8192
#define JWKS_MAX_EXPONENT  8 /* bytes */

struct jwk {
    str   kid;
    bytes modulus, exponent; /* big-endian, without leading zeros */
};

struct jwks; /* shared: see core/ref.h */

/* Errors: ERR_ISSUER_UNUSABLE, ERR_NO_MEMORY */
FALLIBLE jwks_read(struct call *c, str text, struct jwks **out);
void     jwks_take(struct jwks *set);
void     jwks_drop(struct jwks *set); /* NULL is fine */

static inline void jwks_dropp(struct jwks **set)
{
    jwks_drop(*set);
}

size_t            jwks_n(const struct jwks *set);
const struct jwk *jwks_at(const struct jwks *set, size_t i);
/* To the letter. NULL: it has none of that name. Lives: as long as the set. */
const struct jwk *jwks_find(const struct jwks *set, str kid);

/* RS256. Errors: ERR_TOKEN_SIGNATURE */
FALLIBLE jwk_verify(struct call *c, const struct jwk *key, str signed_text, bytes signature);
