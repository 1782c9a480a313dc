#include "core/str.h"

#include "core/lanes.h"

static bool same_lanes(str a, str b, size_t i)
{
    return !lanes_any(lanes_lower(lanes_load(a.at + i, a.n - i)) ^ lanes_lower(lanes_load(b.at + i, b.n - i)));
}

bool str_same_letters(str a, str b)
{
    size_t i = 0;
    for (; a.n - i >= LANES; i += LANES)
        if (!same_lanes(a, b, i)) return false;
    return i == a.n || same_lanes(a, b, i);
}

int str_cmp(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int    d = n ? memcmp(a.at, b.at, n) : 0;
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

int str_cmp_nocase(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        int d = (unsigned char)char_lower(a.at[i]) - (unsigned char)char_lower(b.at[i]);
        if (d) return d;
    }
    return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
    return s.n >= prefix.n && str_eq(str_upto(s, prefix.n), prefix);
}

bool str_starts_nocase(str s, str prefix)
{
    return s.n >= prefix.n && str_eq_nocase(str_upto(s, prefix.n), prefix);
}

bool str_ends(str s, str suffix)
{
    return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool str_ends_nocase(str s, str suffix)
{
    return s.n >= suffix.n && str_eq_nocase(str_from(s, s.n - suffix.n), suffix);
}

bool str_contains_nocase(str s, str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (str_eq_nocase((str){s.at + i, part.n}, part)) return true;
    return false;
}

size_t str_find(str s, char c)
{
    const char *p = s.n ? memchr(s.at, c, s.n) : NULL;
    return p ? (size_t)(p - s.at) : STR_NOWHERE;
}

size_t str_find_last(str s, char c)
{
    for (size_t i = s.n; i-- > 0;)
        if (s.at[i] == c) return i;
    return STR_NOWHERE;
}

size_t str_find_str(str s, str part)
{
    if (!part.n) return 0;
    const char *p = s.n ? memmem(s.at, s.n, part.at, part.n) : NULL; // in time of both lengths together
    return p ? (size_t)(p - s.at) : STR_NOWHERE;
}

str str_from(str s, size_t i)
{
    if (i >= s.n) return (str){s.at ? s.at + s.n : NULL, 0};
    return (str){s.at + i, s.n - i};
}

str str_upto(str s, size_t i)
{
    return (str){s.at, i < s.n ? i : s.n};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

str str_trim(str s)
{
    while (s.n && is_blank(s.at[0])) s = str_from(s, 1);
    while (s.n && is_blank(s.at[s.n - 1])) s.n--;
    return s;
}

bool str_cut(str *rest, char sep, str *piece)
{
    if (!rest->at) return false;
    size_t at = str_find(*rest, sep);
    *piece = str_upto(*rest, at);
    *rest = at == STR_NOWHERE ? STR_NONE : str_from(*rest, at + 1);
    return true;
}

str str_decimal(uint64_t v, char room[STR_DECIMAL_BYTES])
{
    static const char PAIRS[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                                "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    char             *p = room + STR_DECIMAL_BYTES;
    for (; v >= 10; v /= 100) memcpy(p -= 2, PAIRS + v % 100 * 2, 2); // two digits for each division
    if (v > 0 || p == room + STR_DECIMAL_BYTES) *--p = (char)('0' + v);
    return (str){p, (size_t)(room + STR_DECIMAL_BYTES - p)};
}

bool str_to_u64(str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 20) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10, &v)) return false;
        if (__builtin_add_overflow(v, (uint64_t)(s.at[i] - '0'), &v)) return false;
    }
    *out = v;
    return true;
}

bool str_to_i64(str s, int64_t *out)
{
    bool     negative = s.n && s.at[0] == '-';
    uint64_t v;
    if (!str_to_u64(negative ? str_from(s, 1) : s, &v)) return false;
    if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

size_t str_index_nocase(const str *table, size_t n, str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(table[i], s)) return i;
    return STR_NOWHERE;
}

size_t str_characters(str utf8)
{
    size_t n = 0;
    for (size_t i = 0; i < utf8.n; i++) n += ((unsigned char)utf8.at[i] & 0xC0) != 0x80;
    return n;
}

bool str_take_character(str *rest, uint32_t *out)
{
    static const uint32_t SMALLEST[] = {0, 0x80, 0x800, 0x10000}; // a longer form than needed is refused
    if (rest->n == 0) return false;
    uint8_t lead = (uint8_t)rest->at[0];
    size_t  more = lead < 0x80 ? 0 : (lead & 0xe0) == 0xc0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : (lead & 0xf8) == 0xf0 ? 3 : 4;
    if (more == 4 || rest->n <= more) return false;
    uint32_t ch = more == 0 ? lead : lead & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
        uint8_t next = (uint8_t)rest->at[i];
        if ((next & 0xc0) != 0x80) return false;
        ch = ch << 6 | (next & 0x3f);
    }
    if (ch < SMALLEST[more] || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff)) return false;
    *rest = str_from(*rest, more + 1);
    *out = ch;
    return true;
}

void str_write_hex(bytes in, char *out)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * in.n; i++) out[i] = DIGITS[in.at[i / 2] >> (i % 2 ? 0 : 4) & 15];
}
