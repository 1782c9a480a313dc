#include "core/hash.h"

#include "core/random.h"

uint64_t hash_str(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = hash_word(h, word_load(s.at, 8));
    return s.n ? hash_word(h, word_load(s.at, s.n)) : h;
}

uint64_t hash_str_nocase(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = hash_word(h, word_lower(word_load(s.at, 8)));
    return s.n ? hash_word(h, word_lower(word_load(s.at, s.n))) : h;
}

uint64_t hash_seed_new(void)
{
    uint64_t seed;
    random_fill(NULL, (uint8_t *)&seed, sizeof seed);
    return seed;
}
