/*
 * lanes.h - sixteen bytes of text at once.
 *
 * Written with the vector types of gcc and clang, which every processor has instructions for or is given
 * others in their place: nothing here depends on the machine.
 *
 * Layer:  core
 * Source: https://gcc.gnu.org/onlinedocs/gcc/Vector-Extensions.html
 */
#pragma once
#include "core/str.h"

#define LANES ((size_t)16)

typedef uint8_t lanes __attribute__((vector_size(16)));

/* Up to 16 bytes, the rest zero. */
static inline lanes lanes_load(const char *p, size_t n)
{
    typedef uint64_t words __attribute__((vector_size(16)));
    lanes            v;
    if (n >= LANES) {
        memcpy(&v, p, sizeof v);
        return v;
    }
    return (lanes)(words){word_load(p, n), n > 8 ? word_load(p + 8, n - 8) : 0}; // not by way of memory, which would be waited for
}

/* The same with `pad` behind what there is. */
static inline lanes lanes_load_padded(const char *p, size_t n, uint8_t pad)
{
    const lanes at = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    if (n >= LANES) return lanes_load(p, n);
    return lanes_load(p, n) | ((lanes)(at >= (uint8_t)n) & pad);
}

/* With every upper-case ASCII letter made lower. */
static inline lanes lanes_lower(lanes v)
{
    lanes is_upper = (lanes)(v - 'A' < 26);
    return v | (is_upper & 0x20);
}

/* The eight bytes from the first or from the ninth on, as a number whose lowest byte is the first. */
static inline uint64_t lanes_half(lanes v, int half)
{
    uint64_t words[2];
    memcpy(words, &v, sizeof words);
    return le64toh(words[half]);
}

/* A bit for each lane, from the lowest on. Each lane is 0 or 255, as a comparison makes them. */
static inline uint32_t lanes_bits(lanes v)
{
#ifdef __SSE2__
    return (uint32_t)__builtin_ia32_pmovmskb128((__attribute__((vector_size(16))) char)v); // one instruction in place of fourteen
#else
    // One bit of each byte, each another one; the product brings them together in the highest byte.
    const uint64_t one_of_each = UINT64_C(0x8040201008040201), sum = UINT64_C(0x0101010101010101);
    uint64_t       low = (lanes_half(v, 0) & one_of_each) * sum >> 56, high = (lanes_half(v, 1) & one_of_each) * sum >> 56;
    return (uint32_t)(low | high << 8);
#endif
}

static inline bool lanes_any(lanes v)
{
    return (lanes_half(v, 0) | lanes_half(v, 1)) != 0;
}
