/*
 * keyring.h - the keys that sign tokens: the current one, the next, and those before.
 *
 * A key is published before it signs and kept after it has stopped, so that no
 * verifier ever meets a token whose key it cannot fetch. A ring never changes: rotating
 * makes a new one. A ring begins empty and grows by a key at a time, because keys are slow
 * to make: it signs as soon as it has the current one, and lacks its next one for a
 * moment after each rotation.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc7517, https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
 */
#pragma once
#include "core/json.h"
#include "core/ref.h"
#include "core/secret.h"

#define KEYRING_RSA_BITS 2048
#define KEYRING_MAX_KEYS 64 /* 100 KB of JWKS */

enum key_state { KEY_NEXT, KEY_CURRENT, KEY_RETIRED };

struct signing_key {
    str            kid; /* base64url of the certificate's SHA-1, as published keys have it */
    enum key_state state;
    int64_t        made_s;  /* published since then */
    int64_t        since_s; /* in this state since then */
};

struct token_key;
struct keyring; /* shared: see core/ref.h; freed with keyring_drop */

/* A ring of fresh keys: none yet, the current one, or that and the next. Slow: 0.15 s for each on average. */
FALLIBLE keyring_new(struct call *c, size_t keys, struct keyring **out);
/*
 * The ring that follows: the next key signs from now on and the current one retires. Retired ones older than `keep_s` go. It
 * lacks its next key. Errors: ERR_CONFLICT - there is no next key yet, or the ring is full of keys that may be in use
 */
FALLIBLE keyring_rotate(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring **out);
/* Has it a next key, and room without the keys that retired before `ended_s`? */
bool keyring_may_rotate(const struct keyring *ring, int64_t ended_s);
/* The same ring with the key that it lacks. Lives: the key's reference goes to the ring, also on failure. Errors: ERR_CONFLICT - it lacks none */
FALLIBLE keyring_fill_take(struct call *c, const struct keyring *ring, struct token_key *key, struct keyring **out);
/* The same ring without the keys that retired before `ended_s`. */
FALLIBLE keyring_trim(struct call *c, const struct keyring *ring, int64_t ended_s, struct keyring **out);
/* The same ring with a time at which it is to rotate; it is forgotten with the next rotation. */
FALLIBLE keyring_plan(struct call *c, const struct keyring *ring, int64_t at_s, struct keyring **out);
int64_t  keyring_planned_s(const struct keyring *ring); /* 0: none */

/* Does the ring lack its current or its next key? */
bool               keyring_lacks_keys(const struct keyring *ring);
void               keyring_take(struct keyring *ring);
void               keyring_drop(struct keyring *ring); /* NULL is fine */
static inline void keyring_dropp(struct keyring **ring)
{
    keyring_drop(*ring);
}

size_t                    keyring_n(const struct keyring *ring);
const struct signing_key *keyring_at(const struct keyring *ring, size_t i); /* current first, then next, then retired, the latest first */
/* The only one in that state, KEY_CURRENT or KEY_NEXT; NULL: it is not made yet. */
const struct signing_key *keyring_only(const struct keyring *ring, enum key_state state);

/* All keys as PEM with their states, and back. The text is secret: seal it before it is stored. */
FALLIBLE keyring_save(struct call *c, const struct keyring *ring, struct secret *out);
FALLIBLE keyring_load(struct call *c, const struct secret *saved, struct keyring **out);

/* The JWKS document; `issuer` is written into each key when not empty (v2). */
FALLIBLE keyring_jwks(struct call *c, const struct keyring *ring, str issuer, str *out);
