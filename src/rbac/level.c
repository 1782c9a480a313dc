#include "rbac/level.h"

#include <endian.h>

#include "core/hash.h"

#define BLOCK ((size_t)16)

// The secret state stands beside both words, so that no text can force the product.
static inline uint64_t mix_block(uint64_t state, uint64_t w0, uint64_t w1)
{
    return hash_mix(state ^ w0, (state << 32 | state >> 32) ^ w1);
}

static uint64_t finish(uint64_t state, uint64_t w0, uint64_t w1, size_t n)
{
    return hash_mix(mix_block(state, w0, w1), n);
}

static inline uint64_t first_bytes(uint64_t word, size_t n)
{
    return n >= 8 ? word : word & ((UINT64_C(1) << n * 8) - 1);
}

// The hash of the whole bytes before the block, then `n` bytes of the block.
static inline uint64_t hash_at(uint64_t state, uint64_t w0, uint64_t w1, size_t before, size_t n)
{
    return finish(state, first_bytes(w0, n), n > 8 ? first_bytes(w1, n - 8) : 0, before + n);
}

// The high bit of each byte that is "/".
static uint64_t slashes(uint64_t word)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t       x = word ^ UINT64_C(0x2f2f2f2f2f2f2f2f);
    return ~(((x & low) + low) | x | low);
}

static inline void load_block(str path, size_t at, uint64_t *w0, uint64_t *w1)
{
    size_t left = path.n - at;
    if (left >= BLOCK) { // the common case, without a copy of a length that the compiler does not know
        *w0 = word_lower(le64toh(word_load(path.at + at, 8)));
        *w1 = word_lower(le64toh(word_load(path.at + at + 8, 8)));
    } else {
        *w0 = word_lower(le64toh(word_load(path.at + at, left)));
        *w1 = left > 8 ? word_lower(le64toh(word_load(path.at + at + 8, left - 8))) : 0;
    }
}

uint64_t level_hash(uint64_t seed, str path)
{
    uint64_t state = seed, w0 = 0, w1 = 0;
    size_t   at = 0;
    for (; path.n - at >= BLOCK; at += BLOCK) {
        load_block(path, at, &w0, &w1);
        state = mix_block(state, w0, w1);
    }
    load_block(path, at, &w0, &w1);
    return hash_at(state, w0, w1, at, path.n - at);
}

size_t levels_of(uint64_t seed, str path, struct level *out)
{
    uint64_t state = seed;
    size_t   n = 0, slash_n = 0;
    if (path.n < 2) return 0;
    for (size_t at = 0; at < path.n; at += BLOCK) {
        uint64_t w[2];
        load_block(path, at, &w[0], &w[1]);
        for (size_t half = 0; half < 2; half++) {
            for (uint64_t found = slashes(w[half]); found; found &= found - 1) {
                // The first slash opens the path; every second one after it ends a pair.
                if (slash_n++ % 2 == 1 || slash_n == 1 || n == LEVEL_MAX) continue;
                size_t k = half * 8 + (size_t)__builtin_ctzll(found) / 8;
                out[n++] = (struct level){hash_at(state, w[0], w[1], at, k), {path.at, at + k}};
            }
        }
        if (path.n - at >= BLOCK) state = mix_block(state, w[0], w[1]);
        else if (n < LEVEL_MAX) out[n++] = (struct level){hash_at(state, w[0], w[1], at, path.n - at), path};
    }
    if (path.n % BLOCK == 0 && n < LEVEL_MAX) out[n++] = (struct level){hash_at(state, 0, 0, path.n, 0), path};
    return n;
}
