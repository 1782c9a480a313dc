/*
 * keyring.h - the keys that sign tokens: the current one, the next, and those before.
 *
 * A key is published before it signs and kept after it has stopped, so that no
 * verifier ever meets a token whose key it cannot fetch. A ring never changes: rotating
 * makes a new one. A ring begins empty and grows by a key at a time, because keys are slow
 * to make: it signs as soon as it has the current one.
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

/* A ring of fresh keys: none yet, the current one, or that and the next. Slow: 0.15 s for each on average. */
FALLIBLE keyring_new(struct call *c, size_t keys, struct keyring **out);
/*
 * The ring that follows, with one fresh key. A ring that lacks its current or its next key gets that one. Of a whole
 * ring the next key signs from now on and the current one retires; retired ones older than `keep_s` go.
 */
FALLIBLE keyring_rotate(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring **out);
/* Does the ring lack its current or its next key? */
bool               keyring_lacks_keys(const struct keyring *ring);
void               keyring_take(struct keyring *ring);
void               keyring_drop(struct keyring *ring); /* NULL is fine */
static inline void keyring_dropp(struct keyring **ring)
{
    keyring_drop(*ring);
}

size_t                    keyring_n(const struct keyring *ring);
const struct signing_key *keyring_at(const struct keyring *ring, size_t i); /* current first, then next, then retired */

/* All keys as PEM with their states, and back. The text is secret: seal it before it is stored. */
FALLIBLE keyring_save(struct call *c, const struct keyring *ring, struct secret *out);
FALLIBLE keyring_load(struct call *c, const struct secret *saved, struct keyring **out);

/* The JWKS document; `issuer` is written into each key when not empty (v2). */
FALLIBLE keyring_jwks(struct call *c, const struct keyring *ring, str issuer, str *out);
