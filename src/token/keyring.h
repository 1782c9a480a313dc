/*
 * keyring.h - the keys that sign tokens: the current one, the next, and those before.
 *
 * A key is published before it signs and kept after it has stopped, so that no
 * verifier ever meets a token whose key it cannot fetch. A ring never changes: rotating
 * makes a new one.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc7517, https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
 */
#pragma once
#include "core/json.h"
#include "core/ref.h"
#include "core/secret.h"

#define KEYRING_RSA_BITS 2048
#define KEYRING_MAX_KEYS 16

enum key_state { KEY_NEXT, KEY_CURRENT, KEY_RETIRED };

struct signing_key {
    str            kid; /* base64url of the certificate's SHA-1, as published keys have it */
    enum key_state state;
    int64_t        made_s;
    int64_t        retired_s; /* 0 unless KEY_RETIRED */
};

struct keyring; /* shared: see core/ref.h; freed with keyring_drop */

/* A ring of two fresh keys, current and next. Slow: makes RSA keys. */
FALLIBLE keyring_new(struct call *c, struct keyring **out);
/* The next key signs from now on, the current one retires, a fresh next is made; retired ones older than `keep_s` go. */
FALLIBLE keyring_rotate(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring **out);
void     keyring_take(struct keyring *ring);
void     keyring_drop(struct keyring *ring); /* NULL is fine */

size_t keyring_n(const struct keyring *ring);
const struct signing_key *keyring_at(const struct keyring *ring, size_t i); /* current first, then next, then retired */

/* All keys as PEM with their states, and back. The text is secret: seal it before it is stored. */
FALLIBLE keyring_save(struct call *c, const struct keyring *ring, struct secret *out);
FALLIBLE keyring_load(struct call *c, const struct secret *saved, struct keyring **out);

/* The JWKS document; `issuer` is written into each key when not empty (v2). */
FALLIBLE keyring_jwks(struct call *c, const struct keyring *ring, str issuer, str *out);
