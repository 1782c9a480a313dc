#include "core/b64.h"

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct buf *b, bytes s, const char *alphabet, bool padded)
{
    size_t whole = s.n / 3, rest = s.n % 3;
    size_t tail = rest == 0 ? 0 : padded ? 4 : rest + 1;
    char  *p = buf_extend(b, whole * 4 + tail);
    if (!p) return;
    for (size_t i = 0; i < whole * 3; i += 3, p += 4) {
        uint32_t v = (uint32_t)s.at[i] << 16 | (uint32_t)s.at[i + 1] << 8 | s.at[i + 2];
        for (int k = 0; k < 4; k++) p[k] = alphabet[v >> (18 - 6 * k) & 63];
    }
    if (rest == 0) return;
    uint32_t v = (uint32_t)s.at[whole * 3] << 16 | (rest == 2 ? (uint32_t)s.at[whole * 3 + 1] << 8 : 0);
    for (size_t k = 0; k < tail; k++) p[k] = k <= rest ? alphabet[v >> (18 - 6 * k) & 63] : '=';
}

void b64_add(struct buf *b, bytes s)
{
    encode(b, s, STANDARD, true);
}

void b64url_add(struct buf *b, bytes s)
{
    encode(b, s, URL_SAFE, false);
}

static int value_of(char c, bool url_safe)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (url_safe ? '-' : '+')) return 62;
    if (c == (url_safe ? '_' : '/')) return 63;
    return -1;
}

static enum err decode(struct call *c, str text, bool url_safe, bytes *out)
{
    uint8_t *room;
    uint32_t bits = 0;
    int      bit_n = 0;
    size_t   n = 0;
    if (text.n % 4 == 1) return FAIL_PLAIN(c, ERR_BASE64_INVALID);
    TRY(NEW(c, &room, text.n / 4 * 3 + 3));
    for (size_t i = 0; i < text.n; i++) {
        int v = value_of(text.at[i], url_safe);
        if (v < 0) return FAIL_PLAIN(c, ERR_BASE64_INVALID);
        bits = bits << 6 | (uint32_t)v;
        bit_n += 6;
        if (bit_n < 8) continue;
        bit_n -= 8;
        room[n++] = (uint8_t)(bits >> bit_n);
        bits &= (1u << bit_n) - 1;
    }
    if (bits) return FAIL_PLAIN(c, ERR_BASE64_INVALID);
    *out = (bytes){room, n};
    return OK;
}

enum err b64_decode(struct call *c, str text, bytes *out)
{
    if (text.n % 4) return FAIL_PLAIN(c, ERR_BASE64_INVALID);
    for (int pads = 0; pads < 2 && str_ends(text, S("=")); pads++) text.n--;
    return decode(c, text, false, out);
}

enum err b64url_decode(struct call *c, str text, bytes *out)
{
    return decode(c, text, true, out);
}
