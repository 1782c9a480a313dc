/*
 * ring.h - the part of the key ring that only the token room sees: the keys themselves.
 *
 * Layer:  token (uses core)
 */
#pragma once
#include "token/key.h"
#include "token/keyring.h"

/* Both live as long as the ring. NULL: the ring is empty; no key of that name. */
const struct token_key *keyring_current(const struct keyring *ring);
const struct token_key *keyring_find(const struct keyring *ring, str kid);
