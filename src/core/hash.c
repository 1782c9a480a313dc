#include "core/hash.h"

#include "core/random.h"

// The word goes in beside the secret state, never alone as a factor: nobody can choose a word that makes the product zero.
static uint64_t step(uint64_t h, uint64_t word)
{
    return hash_mix(h ^ word, h << 32 | h >> 32);
}

uint64_t hash_str(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = step(h, word_load(s.at, 8));
    return s.n ? step(h, word_load(s.at, s.n)) : h;
}

uint64_t hash_str_nocase(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = step(h, word_lower(word_load(s.at, 8)));
    return s.n ? step(h, word_lower(word_load(s.at, s.n))) : h;
}

uint64_t hash_guid(uint64_t seed, guid g)
{
    uint64_t a, b;
    memcpy(&a, g.b, 8);
    memcpy(&b, g.b + 8, 8);
    return step(step(seed, a), b);
}

uint64_t hash_seed_new(void)
{
    uint64_t seed;
    random_fill(NULL, (uint8_t *)&seed, sizeof seed);
    return seed;
}
