#include "rbac/pattern.h"

#include "core/hash.h"

// The high bit of each byte that is `c`.
static uint64_t bytes_that_are(uint64_t word, char c)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), ones = UINT64_C(0x0101010101010101);
    uint64_t       x = word ^ ones * (unsigned char)c;
    return ~(((x & low) + low) | x | low);
}

// Eight characters at once: all of them printable, and none that could end a string of a condition.
static bool are_action_chars(uint64_t word, bool stars)
{
    const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);
    uint64_t       below = word - ones * '!', above = word + ones; // a borrow or a carry only where a byte is refused anyway
    uint64_t       refused = (word | below | above) & high;
    refused |= bytes_that_are(word, '\'') | bytes_that_are(word, '"') | bytes_that_are(word, '\\');
    return !refused && (stars || !bytes_that_are(word, '*'));
}

static uint64_t load_padded(str text, size_t at)
{
    size_t   left = text.n - at;
    uint64_t word = UINT64_C(0x6161616161616161); // 'a': refuses nothing
    if (left >= 8) return word_load(text.at + at, 8);
    memcpy(&word, text.at + at, left);
    return word;
}

static bool is_form(str text, bool stars)
{
    size_t slash = str_find(text, '/');
    if (text.n > ACTION_MAX_BYTES || slash == 0 || slash == STR_NOWHERE || slash == text.n - 1) return false;
    for (size_t at = 0; at < text.n; at += 8)
        if (!are_action_chars(load_padded(text, at), stars)) return false;
    return true;
}

// `to` has room for a multiple of eight.
static void lower_words(str text, char *to)
{
    for (size_t at = 0; at < text.n; at += 8) {
        uint64_t word = word_lower(load_padded(text, at));
        memcpy(to + at, &word, 8);
    }
}

// A comparison of hashes spares most comparisons of texts; equal hashes decide nothing, so no seed is needed.
static uint32_t hash_of(str lower)
{
    return (uint32_t)hash_str(0, lower);
}

bool action_read(str text, struct action *out)
{
    if (!is_form(text, false)) return false;
    out->text = text;
    out->n = (uint32_t)text.n;
    lower_words(text, out->lower);
    out->hash = hash_of((str){out->lower, text.n});
    return true;
}

bool pattern_is_valid(str text)
{
    return str_eq(text, S("*")) || is_form(text, true);
}

struct pattern pattern_read(str text, char *lower)
{
    for (size_t i = 0; i < text.n; i++) lower[i] = char_lower(text.at[i]);
    struct pattern p = {.lower = lower, .n = (uint16_t)text.n};
    size_t         first = str_find(text, '*');
    if (first == STR_NOWHERE) {
        p.hash = hash_of((str){lower, text.n});
        return p;
    }
    p.head = (uint16_t)first;
    p.tail = (uint16_t)(text.n - 1 - str_find_last(text, '*'));
    for (size_t i = 0; i < text.n; i++) p.stars = (uint16_t)(p.stars + (text.at[i] == '*'));
    return p;
}

// The pieces between the stars, one after the other, each at the first place it fits: a later place never helps.
static bool middle_matches(str pieces, str text)
{
    for (str piece; str_cut(&pieces, '*', &piece);) {
        if (piece.n == 0) continue;
        const char *found = memmem(text.at, text.n, piece.at, piece.n);
        if (!found) return false;
        text = str_from(text, (size_t)(found - text.at) + piece.n);
    }
    return true;
}

bool pattern_match(const struct pattern *p, const struct action *a)
{
    if (p->stars == 0) return p->hash == a->hash && p->n == a->n && memcmp(p->lower, a->lower, a->n) == 0;
    if ((size_t)p->head + p->tail > a->n) return false;
    if (memcmp(p->lower, a->lower, p->head) != 0) return false;
    if (memcmp(p->lower + p->n - p->tail, a->lower + a->n - p->tail, p->tail) != 0) return false;
    if (p->stars == 1) return true;
    str between = {p->lower + p->head + 1, (size_t)p->n - p->head - p->tail - 2};
    return middle_matches(between, (str){a->lower + p->head, (size_t)a->n - p->head - p->tail});
}
