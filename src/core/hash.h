/*
 * hash.h - a fast seeded hash for tables.
 *
 * Keys come from callers, so every table has a secret random seed: without it
 * nobody can choose keys that collide. It is no cryptographic digest.
 *
 * Layer:  core
 */
#pragma once
#include "core/guid.h"
#include "core/str.h"

/* Multiplies to 128 bits and folds: one step of mixing. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/*
 * A word more into a hash. The word goes in beside the secret state, never alone as a
 * factor: nobody can choose one that makes the product zero.
 */
static inline uint64_t hash_word(uint64_t h, uint64_t word)
{
    return hash_mix(h ^ word, h << 32 | h >> 32);
}

uint64_t hash_str(uint64_t seed, str s);
uint64_t hash_str_nocase(uint64_t seed, str s); /* equal for texts that differ in ASCII case only */

static inline uint64_t hash_guid(uint64_t seed, guid g)
{
    uint64_t a, b;
    memcpy(&a, g.b, 8);
    memcpy(&b, g.b + 8, 8);
    return hash_word(hash_word(seed, a), b);
}

uint64_t hash_seed_new(void);
