/*
 * known.h - tokens that were verified before, known again by their digest.
 *
 * Checking an RS256 signature costs 17 us, looking here 1. A table has a fixed size
 * and belongs to one thread; a token that comes after another one in the same place
 * takes it over. Issuer and audience were found right for one target, and are known with it: at
 * another one the token is not known. Times are checked anew for every request.
 *
 * Layer:  token (uses core, directory, resources)
 */
#pragma once
#include "core/digest.h"
#include "token/token.h"

#define KNOWN_TOKENS 1024 /* places in a table */

struct known_tokens;

struct known_tokens *known_new(void); /* NULL: no memory */
void                 known_free(struct known_tokens *known);

/*
 * NULL if it was not seen before at this target: an address that stands for one, whose policy never changes. Borrowed until
 * the next known_put.
 */
const struct token_claims *known_find(const struct known_tokens *known, const sha256 *digest, const void *target);
/* Remembers a copy of the claims of a token that was verified for a target; without memory it simply does not. */
void known_put(struct known_tokens *known, const sha256 *digest, const void *target, const struct token_claims *claims);
