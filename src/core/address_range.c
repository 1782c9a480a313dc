#include "core/address_range.h"

#include <arpa/inet.h>

static unsigned width(const struct address_range *r)
{
    return r->is_v6 ? 128 : 32;
}

bool address_read(str text, struct address_range *out)
{
    char                 z[ADDRESS_MAX_BYTES + 1] = {0};
    struct address_range v4 = {.bits = 32}, v6 = {.bits = 128, .is_v6 = true};
    if (str_empty(text) || text.n > ADDRESS_MAX_BYTES || str_find(text, '\0') != STR_NOWHERE) return false;
    memcpy(z, text.at, text.n);
    if (inet_pton(AF_INET, z, v4.address) == 1) *out = v4;
    else if (inet_pton(AF_INET6, z, v6.address) == 1) *out = v6;
    else return false;
    return true;
}

bool address_range_read(str text, struct address_range *out)
{
    struct address_range r;
    uint64_t             bits;
    size_t               slash = str_find(text, '/');
    str                  digits = slash == STR_NOWHERE ? STR_NONE : str_from(text, slash + 1);
    if (digits.n > 3 || !str_to_u64(digits, &bits) || !address_read(str_upto(text, slash), &r) || bits > width(&r)) return false;
    r.bits = (unsigned)bits;
    *out = r;
    return true;
}

// The byte with zeros behind the first `bits` of the address.
static uint8_t masked(const struct address_range *r, size_t i, unsigned bits)
{
    unsigned before = (unsigned)i * 8;
    if (bits <= before) return 0;
    unsigned here = bits - before >= 8 ? 8 : bits - before;
    return (uint8_t)(r->address[i] & (0xFFu << (8 - here)));
}

bool address_range_is_exact(const struct address_range *r)
{
    for (size_t i = 0; i < sizeof r->address; i++)
        if (masked(r, i, r->bits) != r->address[i]) return false;
    return true;
}

static str text_of(struct call *c, bool is_v6, const uint8_t *address)
{
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(is_v6 ? AF_INET6 : AF_INET, address, text, sizeof text) ? call_format(c, "%s", text) : STR_NONE;
}

str address_range_text(struct call *c, const struct address_range *r)
{
    uint8_t first[sizeof r->address];
    for (size_t i = 0; i < sizeof first; i++) first[i] = masked(r, i, r->bits);
    return call_format(c, "%.*s/%u", PSTR(text_of(c, r->is_v6, first)), r->bits);
}

static bool begin_alike(const struct address_range *a, const struct address_range *b, unsigned bits)
{
    for (size_t i = 0; i < sizeof a->address; i++)
        if (masked(a, i, bits) != masked(b, i, bits)) return false;
    return a->is_v6 == b->is_v6;
}

bool address_range_contains(const struct address_range *outer, const struct address_range *inner)
{
    return outer->bits <= inner->bits && begin_alike(outer, inner, outer->bits);
}

bool address_range_overlaps(const struct address_range *a, const struct address_range *b)
{
    return begin_alike(a, b, a->bits < b->bits ? a->bits : b->bits);
}

static uint32_t number_of(const uint8_t *address)
{
    return (uint32_t)address[0] << 24 | (uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 | address[3];
}

static uint32_t first_of(const struct address_range *r)
{
    return r->bits == 0 ? 0 : number_of(r->address) & (UINT32_MAX << (32 - r->bits));
}

uint32_t address_range_count(const struct address_range *r)
{
    if (r->is_v6) return 0;
    return (uint32_t)1 << (r->bits == 0 ? 31 : 32 - r->bits);
}

str address_range_at(struct call *c, const struct address_range *r, uint32_t n)
{
    uint32_t at = first_of(r) + n;
    uint8_t  address[4] = {(uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
    return text_of(c, false, address);
}

uint32_t address_range_index(const struct address_range *r, const struct address_range *address)
{
    return number_of(address->address) - first_of(r);
}
