#include "core/pack.h"

void pack_begin(struct buf *b, uint8_t version)
{
    buf_add_char(b, (char)version);
}

void pack_u64(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) buf_add_char(b, (char)(v | 0x80));
    buf_add_char(b, (char)v);
}

void pack_i64(struct buf *b, int64_t v)
{
    pack_u64(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0)); // small negative numbers stay short
}

void pack_str(struct buf *b, str s)
{
    pack_u64(b, s.n);
    buf_add(b, s);
}

void pack_guid(struct buf *b, guid g)
{
    buf_add(b, guid_key(&g));
}

void pack_bool(struct buf *b, bool v)
{
    buf_add_char(b, v ? 1 : 0);
}

static bytes take(struct unpack *u, size_t n)
{
    if (u->damaged || n > u->rest.n) {
        u->damaged = true;
        return (bytes){NULL, 0};
    }
    bytes piece = {u->rest.at, n};
    u->rest = (bytes){u->rest.at + n, u->rest.n - n};
    return piece;
}

void unpack_begin(struct unpack *u, bytes record)
{
    *u = (struct unpack){.rest = record};
    bytes version = take(u, 1);
    u->version = version.n ? version.at[0] : 0;
}

uint64_t unpack_u64(struct unpack *u)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        bytes b = take(u, 1);
        if (!b.n) return 0;
        v |= (uint64_t)(b.at[0] & 0x7f) << shift;
        if (b.at[0] < 0x80) return v;
    }
    u->damaged = true;
    return 0;
}

int64_t unpack_i64(struct unpack *u)
{
    uint64_t v = unpack_u64(u);
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

str unpack_str(struct unpack *u)
{
    return bytes_str(take(u, unpack_u64(u)));
}

guid unpack_guid(struct unpack *u)
{
    guid  g = GUID_NONE;
    bytes b = take(u, sizeof g.b);
    if (b.n) memcpy(g.b, b.at, sizeof g.b);
    return g;
}

bool unpack_bool(struct unpack *u)
{
    bytes b = take(u, 1);
    if (b.n && b.at[0] > 1) u->damaged = true;
    return b.n && b.at[0] == 1;
}

enum err unpack_end(struct call *c, const struct unpack *u)
{
    return u->damaged || u->rest.n ? FAIL_PLAIN(c, ERR_STORE_DAMAGED) : OK;
}
