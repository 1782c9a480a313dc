#include "template/unique.h"

#include "core/buf.h"
#include "core/digest.h"

#define C1 0x239b961bu
#define C2 0xab0e9789u

static uint32_t rotl(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

static uint32_t finish(uint32_t h)
{
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

static uint64_t hash(bytes name)
{
    uint32_t h1 = 0, h2 = 0, n = (uint32_t)name.n;
    size_t   at = 0;
    for (; name.n - at >= 8; at += 8) {
        uint64_t word = le64toh(word_load((const char *)name.at + at, 8));
        h1 = rotl(h1 ^ rotl((uint32_t)word * C1, 15) * C2, 19) + h2;
        h1 = h1 * 5 + 0x561ccd1bu;
        h2 = rotl(h2 ^ rotl((uint32_t)(word >> 32) * C2, 17) * C1, 13) + h1;
        h2 = h2 * 5 + 0x0bcaa747u;
    }
    if (name.n > at) {
        uint64_t word = le64toh(word_load((const char *)name.at + at, name.n - at));
        h1 ^= rotl((uint32_t)word * C1, 15) * C2;
        if (name.n - at > 4) h2 ^= rotl((uint32_t)(word >> 32) * C2, 17) * C1;
    }
    h1 ^= n;
    h2 ^= n;
    h1 += h2;
    h2 += h1;
    h1 = finish(h1);
    h2 = finish(h2);
    h1 += h2;
    h2 += h1;
    return (uint64_t)h2 << 32 | h1;
}

void unique_string_of(bytes name, char out[UNIQUE_TEXT_BYTES])
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t          v = hash(name);
    for (size_t i = 0; i < UNIQUE_TEXT_BYTES; i++, v <<= 5) out[i] = LETTERS[v >> 59];
}

enum err unique_guid_of(struct call *c, str name, guid *out)
{
    static const guid NAMESPACE = {{0x11, 0xfb, 0x06, 0xfb, 0x71, 0x2d, 0x4d, 0xdd, 0x98, 0xc7, 0xe7, 0x1b, 0xbd, 0x58, 0x88, 0x30}};
    uint8_t           digest[SHA1_BYTES];
    struct buf        b;
    str               of;
    buf_init(&b, &c->arena);
    buf_add(&b, guid_key(&NAMESPACE));
    buf_add(&b, name);
    TRY(buf_finish(c, &b, &of));
    TRY(digest_sha1(c, str_bytes(of), digest));
    memcpy(out->b, digest, sizeof out->b);
    out->b[6] = (uint8_t)((out->b[6] & 0x0f) | 0x50);
    out->b[8] = (uint8_t)((out->b[8] & 0x3f) | 0x80);
    return OK;
}
