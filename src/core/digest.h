/*
 * digest.h - digests and sealed boxes, by OpenSSL.
 *
 * Layer:  core
 * Source: https://csrc.nist.gov/pubs/sp/800/38/d/final (AES-GCM)
 */
#pragma once
#include "core/secret.h"

#define SHA1_BYTES          20
#define SHA256_BYTES        32
#define SEAL_KEY_BYTES      32
#define SEAL_OVERHEAD_BYTES (12 + 16) /* a fresh nonce in front, the tag behind */

typedef struct {
    uint8_t b[SHA256_BYTES];
} sha256;

FALLIBLE digest_sha256(struct call *c, bytes of, sha256 *out);
/* HMAC-SHA-256 (RFC 2104). Errors: ERR_CRYPTO */
FALLIBLE digest_hmac(struct call *c, const struct secret *key, bytes of, sha256 *out);
FALLIBLE digest_sha1(struct call *c, bytes of, uint8_t out[SHA1_BYTES]);

/*
 * Seals with AES-256-GCM under a fresh random nonce. `bound` is not stored but must be
 * the same when the box is opened: what the box belongs to, so that none can be swapped.
 * Errors: ERR_CRYPTO - for opening: another key, another `bound`, or a changed box.
 */
FALLIBLE seal_close(struct call *c, const struct secret *key, bytes plain, str bound, bytes *out);
FALLIBLE seal_open(struct call *c, const struct secret *key, bytes box, str bound, struct secret *out);
