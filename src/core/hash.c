#include "core/hash.h"

#include "core/random.h"

static uint64_t load(const char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

// Sets bit 5 of every byte that is an upper-case ASCII letter.
static uint64_t lower8(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t       ascii = ~v & (ones * 0x80);
    uint64_t       seven = v & (ones * 0x7f);
    uint64_t       from_a = seven + ones * (0x80 - 'A');
    uint64_t       past_z = seven + ones * (0x80 - 'Z' - 1);
    return v | ((from_a & ~past_z & ascii) >> 2);
}

uint64_t hash_str(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = hash_mix(h, load(s.at, 8));
    return s.n ? hash_mix(h, load(s.at, s.n)) : h;
}

uint64_t hash_str_nocase(uint64_t seed, str s)
{
    uint64_t h = hash_mix(seed, s.n);
    for (; s.n > 8; s.at += 8, s.n -= 8) h = hash_mix(h, lower8(load(s.at, 8)));
    return s.n ? hash_mix(h, lower8(load(s.at, s.n))) : h;
}

uint64_t hash_seed_new(void)
{
    uint64_t seed;
    random_fill(NULL, (uint8_t *)&seed, sizeof seed);
    return seed;
}
