// A key set of a stranger: what is kept keeps the limits, each kid finds its own key, and nothing verifies an empty signature.
#include "fuzz.h"
#include "token/jwks.h"

FUZZ(jwks)
{
    struct jwks *set;
    if (jwks_read(c, fuzz_str(c, data, n), &set) != OK) return 0;
    ASSERT(jwks_n(set) >= 1 && jwks_n(set) <= JWKS_MAX_KEYS);
    for (size_t i = 0; i < jwks_n(set); i++) {
        const struct jwk *key = jwks_at(set, i);
        ASSERT(key->kid.n >= 1 && key->kid.n <= JWKS_MAX_KID_BYTES && jwks_find(set, key->kid) == key);
        ASSERT(key->modulus.n * 8 >= JWKS_MIN_BITS && key->modulus.n * 8 <= JWKS_MAX_BITS && key->modulus.at[0]);
        ASSERT(key->exponent.n >= 1 && key->exponent.n <= JWKS_MAX_EXPONENT && key->exponent.at[0]);
    }
    ASSERT(jwk_verify(c, jwks_at(set, 0), S("a.b"), (bytes){0}) == ERR_TOKEN_SIGNATURE);
    jwks_drop(set);
    return 0;
}
