/*
 * str.h - text and bytes as pointer and length: views that own nothing.
 *
 * A str is not NUL-terminated. Print one with "%.*s", PSTR(s). Case-insensitive
 * comparison folds ASCII only, as resource ids, host names and actions want it.
 *
 * Layer:  core
 */
#pragma once
#include <endian.h>
#include <string.h>

#include "core/base.h"

typedef struct {
    const char *at;
    size_t      n;
} str;

typedef struct {
    const uint8_t *at;
    size_t         n;
} bytes;

#define S(literal) ((str){"" literal, sizeof(literal) - 1})
#define S_INIT(literal)                 \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    } /* for static tables */
#define PSTR(s)     (int)(s).n, (s).at
#define STR_NONE    ((str){NULL, 0})
#define STR_NOWHERE SIZE_MAX /* what a search that finds nothing answers */

static inline str str_of(const char *z)
{
    return (str){z, z ? strlen(z) : 0};
}

static inline bytes str_bytes(str s)
{
    return (bytes){(const uint8_t *)s.at, s.n};
}

static inline str bytes_str(bytes b)
{
    return (str){(const char *)b.at, b.n};
}

static inline bool str_empty(str s)
{
    return s.n == 0;
}

static inline bool str_eq(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

static inline char char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* What a hexadecimal digit of either case stands for; -1 for anything else. */
static inline int char_hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Eight bytes at once: up to 8 loaded in the order of memory, the rest zero; and with every upper-case ASCII letter made lower.
 * The fewer than 8 are put together from loads of fixed sizes that overlap: a memcpy of a length that the compiler does not
 * know is a call, and what it wrote is waited for.
 */
static inline uint64_t word_load(const char *p, size_t n)
{
    uint64_t v = 0;
    uint32_t head, tail;
    if (n >= 8) {
        memcpy(&v, p, 8);
        return v;
    }
    if (n >= 4) {
        memcpy(&head, p, 4);
        memcpy(&tail, p + n - 4, 4);
        v = le32toh(head) | (uint64_t)le32toh(tail) << 8 * (n - 4);
    } else if (n > 0) {
        v = (uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 * (n / 2) | (uint64_t)(uint8_t)p[n - 1] << 8 * (n - 1);
    }
    return htole64(v);
}

static inline uint64_t word_lower(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t       ascii = ~v & (ones * 0x80);
    uint64_t       seven = v & (ones * 0x7f);
    uint64_t       from_a = seven + ones * (0x80 - 'A');
    uint64_t       past_z = seven + ones * (0x80 - 'Z' - 1);
    return v | ((from_a & ~past_z & ascii) >> 2); // bit 5 is what tells the cases apart
}

bool               str_same_letters(str a, str b); /* of equal length: what str_eq_nocase is made of */
static inline bool str_eq_nocase(str a, str b)
{
    return a.n == b.n && str_same_letters(a, b);
}
/* <0, 0, >0 as memcmp; a shorter text comes before a longer one it begins. */
int  str_cmp(str a, str b);
int  str_cmp_nocase(str a, str b);
bool str_starts(str s, str prefix);
bool str_starts_nocase(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_ends_nocase(str s, str suffix);
bool str_contains_nocase(str s, str part);

/* Where `c`, or `part`, first (last) stands in `s`; STR_NOWHERE if it does not. */
size_t str_find(str s, char c);
size_t str_find_last(str s, char c);
size_t str_find_str(str s, str part);

/* The text from byte `i` on, or before it; an index past the end is the end. */
str str_from(str s, size_t i);
str str_upto(str s, size_t i);
str str_trim(str s); /* without spaces and tabs at either end */

/*
 * Cuts the piece before the next `sep` off *rest, and the separator with it.
 * The last piece leaves *rest with a NULL `at`: loop with
 *     for (str rest = s, piece; str_cut(&rest, ',', &piece);)
 */
bool str_cut(str *rest, char sep, str *piece);

#define STR_DECIMAL_BYTES 20
/* The digits of a number, in `room`. */
str str_decimal(uint64_t v, char room[STR_DECIMAL_BYTES]);
/* A decimal number that fills all of `s`: false for anything else, overflow too. */
MUST_USE bool str_to_i64(str s, int64_t *out);
MUST_USE bool str_to_u64(str s, uint64_t *out);

/* Two hexadecimal digits for each byte, small letters: out has room for 2 * in.n characters and gets no NUL. */
void str_write_hex(bytes in, char *out);

/* One of the names in a table, case-insensitively; its index or STR_NOWHERE. */
size_t str_index_nocase(const str *table, size_t n, str s);

/* How many characters a well-formed UTF-8 text has. */
size_t str_characters(str utf8);
/* Takes one character off a UTF-8 text; false if what stands there is none, *rest is then untouched. */
MUST_USE bool str_take_character(str *rest, uint32_t *out);
