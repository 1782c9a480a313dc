/*
 * known.h - tokens that were verified before, known again by their digest.
 *
 * Checking an RS256 signature costs 17 us, looking here 1. A table has a fixed size
 * and belongs to one thread; a token that comes after another one in the same place
 * takes it over. Times and audience are checked anew for every request.
 *
 * Layer:  token (uses core, directory, resources)
 */
#pragma once
#include "core/digest.h"
#include "token/token.h"

#define KNOWN_TOKENS 1024 /* places in a table */

struct known_tokens;

struct known_tokens *known_new(void); /* NULL: no memory */
void                 known_free(struct known_tokens *k);

/* NULL if it was not seen before. Borrowed until the next known_put. */
const struct token_claims *known_find(const struct known_tokens *k, const sha256 *digest);
/* Remembers a copy of the claims; without memory it simply does not. */
void known_put(struct known_tokens *k, const sha256 *digest, const struct token_claims *claims);
