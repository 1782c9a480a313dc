#include "rbac/pattern.h"

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

// A comparison of hashes spares most comparisons of texts; equal hashes decide nothing, so it is quick and has no seed.
static uint64_t hash_step(uint64_t h, uint64_t word)
{
    return (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t hash_of(str lower)
{
    uint64_t h = lower.n;
    for (size_t at = 0; at < lower.n; at += 8) h = hash_step(h, load_padded(lower, at));
    return (uint32_t)(h >> 32);
}

bool action_read(str text, struct action *out)
{
    if (!is_form(text, false)) return false;
    uint64_t h = text.n;
    for (size_t at = 0; at < text.n; at += 8) { // the last word is padded: there is room for it
        uint64_t word = word_lower(load_padded(text, at));
        memcpy(out->lower + at, &word, 8);
        h = hash_step(h, word);
    }
    out->text = text;
    out->n = (uint32_t)text.n;
    out->hash = (uint32_t)(h >> 32);
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
    bool slashed = p.head && p.tail && text.at[first - 1] == '/' && text.at[text.n - p.tail] == '/';
    p.joins = slashed || p.stars > 1; // several stars: pieces_match knows which of them
    return p;
}

// The pieces behind the first star, one after the other, each at the first place it fits: a later place never helps.
// The last one must end the action. One that begins with a slash may share that of the piece before.
static bool pieces_match(const struct pattern *p, const struct action *a)
{
    str    rest = {p->lower + p->head + 1, (size_t)p->n - p->head - 1};
    str    piece;
    size_t at = p->head;
    char   before = p->head ? p->lower[p->head - 1] : '\0';
    while (str_cut(&rest, '*', &piece)) {
        bool joins = before == '/' && piece.n && piece.at[0] == '/';
        before = piece.n ? piece.at[piece.n - 1] : '\0';
        at -= joins;
        if (!rest.at) return a->n - at >= piece.n && memcmp(a->lower + a->n - piece.n, piece.at, piece.n) == 0;
        const char *found = piece.n ? memmem(a->lower + at, a->n - at, piece.at, piece.n) : a->lower + at;
        if (!found) return false;
        at = (size_t)(found - a->lower) + piece.n;
    }
    return false;
}

bool pattern_match(const struct pattern *p, const struct action *a)
{
    if (p->stars == 0) return p->hash == a->hash && p->n == a->n && memcmp(p->lower, a->lower, a->n) == 0;
    if ((size_t)p->head + p->tail > (size_t)a->n + p->joins) return false;
    if (p->head > a->n || memcmp(p->lower, a->lower, p->head) != 0) return false;
    if (p->tail > a->n || memcmp(p->lower + p->n - p->tail, a->lower + a->n - p->tail, p->tail) != 0) return false;
    return p->stars == 1 || pieces_match(p, a);
}
