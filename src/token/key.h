/*
 * key.h - one signing key: an RSA key with its certificate, and how both are published.
 *
 * A key never changes once it is made; any number of threads may sign and verify with
 * it at once, and rings share it.
 *
 * Layer:  token (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc7517, https://www.rfc-editor.org/rfc/rfc7518#section-3.3 (RS256)
 */
#pragma once
#include <openssl/bio.h>

#include "core/json.h"
#include "core/ref.h"

#define KEY_CERTIFICATE_YEARS 5 /* verifiers go by the JWKS; the certificate's dates are for show */
#define KEY_SIGNATURE_BYTES   256

struct token_key;

/* A fresh key and its self-signed certificate, dated from c->now_s. Slow: 0.15 s on average. */
FALLIBLE token_key_new(struct call *c, struct token_key **out);
void     token_key_take(struct token_key *key);
void     token_key_drop(struct token_key *key); /* NULL is fine */

/* base64url of the certificate's SHA-1, as the service names its keys; lives as long as the key. */
str token_key_id(const struct token_key *key);

/* RS256. Errors: ERR_CRYPTO; for verifying ERR_TOKEN_SIGNATURE */
FALLIBLE token_key_sign(struct call *c, const struct token_key *key, str text, uint8_t out[KEY_SIGNATURE_BYTES]);
FALLIBLE token_key_verify(struct call *c, const struct token_key *key, str text, bytes signature);

/* "HEADER.CLAIMS.SIGNATURE" of these two documents. Lives: the call. Errors: ERR_CRYPTO */
FALLIBLE token_key_sign_jwt(struct call *c, const struct token_key *key, str header, str claims, str *out);

/* Writes the key's JWK object; `issuer` only when not empty. */
FALLIBLE token_key_write_jwk(struct call *c, const struct token_key *key, str issuer, struct json_writer *w);

/* Certificate and private key as PEM; reading checks that they belong together and are of our size. Errors: ERR_CRYPTO */
FALLIBLE token_key_write_pem(struct call *c, const struct token_key *key, BIO *to);
FALLIBLE token_key_read_pem(struct call *c, str pem, struct token_key **out);
