#include "rbac/level.h"

#include <assert.h>

#include "core/hash.h"
#include "core/lanes.h"

#define BLOCKS_MAX (SCOPE_MAX_BYTES / LANES + 1) // the last one is not full; it may be empty

// What the seed is made into: a secret for each word of a block, and one for the blocks before it.
struct keys {
    uint64_t words[2];
    uint64_t before; // odd
};

// A block of the text in small letters, with the hash of all before it.
struct block {
    uint64_t state;
    uint64_t words[2];
};

static inline struct keys keys_of(uint64_t seed)
{
    return (struct keys){{seed, seed << 32 | seed >> 32}, (seed * UINT64_C(0x9e3779b97f4a7c15)) | 1};
}

// A secret goes in beside each word, so that no text can force the product. A block's own product does not wait for the
// block before it: from one to the next it takes an addition and a short multiplication.
static inline uint64_t mix_block(const struct keys *keys, uint64_t state, uint64_t w0, uint64_t w1)
{
    return (state + hash_mix(keys->words[0] ^ w0, keys->words[1] ^ w1)) * keys->before;
}

// The hash of the whole blocks before this one, then `n` bytes of it.
static inline uint64_t hash_at(const struct keys *keys, const struct block *b, size_t before, size_t n)
{
    uint64_t mask = (UINT64_C(1) << n % 8 * 8) - 1;
    uint64_t w0 = n < 8 ? b->words[0] & mask : b->words[0], w1 = n < 8 ? 0 : b->words[1] & mask;
    return hash_mix(mix_block(keys, b->state, w0, w1), before + n);
}

static inline struct block read_block(uint64_t state, lanes lower)
{
    return (struct block){state, {lanes_half(lower, 0), lanes_half(lower, 1)}};
}

uint64_t level_hash(uint64_t seed, str path)
{
    const struct keys keys = keys_of(seed);
    size_t            at = 0;
    struct block      b = {.state = seed};
    for (; path.n - at >= LANES; at += LANES) {
        b = read_block(b.state, lanes_lower(lanes_load(path.at + at, LANES)));
        b.state = mix_block(&keys, b.state, b.words[0], b.words[1]);
    }
    b = read_block(b.state, lanes_lower(lanes_load(path.at + at, path.n - at)));
    return hash_at(&keys, &b, at, path.n - at);
}

// A whole path, and a bit for each of its bytes that is a slash.
struct blocks {
    struct block at[BLOCKS_MAX];
    uint64_t     slashes[SCOPE_MAX_BYTES / 64 + 1];
};

// The block that begins at `at`: the state behind it. Its slashes go behind those of the blocks before.
static inline uint64_t add_block(struct blocks *b, const struct keys *keys, size_t at, uint64_t state, lanes text, uint64_t *slashes)
{
    text = lanes_lower(text);
    *slashes |= (uint64_t)lanes_bits((lanes)(text == '/')) << at % 64;
    struct block *x = &b->at[at / LANES];
    *x = read_block(state, text);
    return mix_block(keys, state, x->words[0], x->words[1]);
}

static void read_blocks(const struct keys *keys, uint64_t state, str path, struct blocks *b)
{
    size_t   at = 0;
    uint64_t slashes = 0;
    for (; path.n - at >= LANES; at += LANES) {
        state = add_block(b, keys, at, state, lanes_load(path.at + at, LANES), &slashes);
        b->slashes[at / 64] = slashes;
        if (at % 64 == 64 - LANES) slashes = 0;
    }
    add_block(b, keys, at, state, lanes_load(path.at + at, path.n - at), &slashes);
    b->slashes[at / 64] = slashes;
}

// Where pairs end: at every second slash after the one that opens the path, and at the end.
static size_t find_ends(str path, const struct blocks *b, uint16_t *ends)
{
    size_t n = 0, seen = 0;
    for (size_t at = 0; at <= path.n; at += 64)
        for (uint64_t found = b->slashes[at / 64]; found && n < LEVEL_MAX; found &= found - 1) {
            ends[n] = (uint16_t)(at + (size_t)__builtin_ctzll(found));
            n += seen > 0 && seen % 2 == 0; // what is no end is written over
            seen++;
        }
    if (n < LEVEL_MAX) ends[n++] = (uint16_t)path.n;
    return n;
}
_Static_assert(SCOPE_MAX_BYTES <= UINT16_MAX, "the end of a pair is a small number");

// Three loops rather than one: the processor foresees each of them, and loses no time at every slash.
size_t levels_of(uint64_t seed, str path, struct level *out)
{
    const struct keys keys = keys_of(seed);
    struct blocks     b;
    uint16_t          ends[LEVEL_MAX];
    assert(path.n <= SCOPE_MAX_BYTES);
    if (path.n < 2) return 0;
    read_blocks(&keys, seed, path, &b);
    size_t n = find_ends(path, &b, ends);
    for (size_t i = 0; i < n; i++) {
        size_t at = ends[i] / LANES * LANES;
        out[i] = (struct level){hash_at(&keys, &b.at[at / LANES], at, ends[i] - at), {path.at, ends[i]}};
    }
    return n;
}
