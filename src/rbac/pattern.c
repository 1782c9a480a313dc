#include "rbac/pattern.h"

#include "core/lanes.h"

// Behind the text stands what is refused nowhere.
static lanes load_padded(str text, size_t at)
{
    return lanes_load_padded(text.at + at, text.n - at, 'a');
}

// Sixteen characters at once: lanes that are not printable, or that could end a string of a condition.
static lanes refused(lanes text, bool stars)
{
    lanes bad = (lanes)(text - '!' > '~' - '!') | (lanes)(text == '\'') | (lanes)(text == '"') | (lanes)(text == '\\');
    return stars ? bad : bad | (lanes)(text == '*');
}

// A provider, a slash, and something behind it.
static bool is_in_parts(str text)
{
    size_t slash = str_find(text, '/');
    return text.n <= ACTION_MAX_BYTES && slash != 0 && slash != STR_NOWHERE && slash != text.n - 1;
}

// A comparison of hashes spares most comparisons of texts; equal hashes decide nothing, so it is quick and has no seed.
static uint64_t hash_step(uint64_t h, lanes lower)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    return (h ^ lanes_half(lower, 0) * odd ^ lanes_half(lower, 1)) * odd;
}

static uint32_t hash_of(str lower)
{
    uint64_t h = lower.n;
    for (size_t at = 0; at < lower.n; at += LANES) h = hash_step(h, load_padded(lower, at));
    return (uint32_t)(h >> 32);
}

static uint64_t last_word(str text)
{
    if (text.n >= 8) return word_lower(word_load(text.at + text.n - 8, 8));
    return htole64(le64toh(word_lower(word_load(text.at, text.n))) << 8 * (8 - text.n));
}

bool action_read(str text, struct action *out)
{
    uint64_t h = text.n;
    lanes    bad = {0};
    if (!is_in_parts(text)) return false;
    for (size_t at = 0; at < text.n; at += LANES) { // the last block is padded: there is room for it
        lanes lower = lanes_lower(load_padded(text, at));
        bad |= refused(lower, false);
        memcpy(out->lower + at, &lower, sizeof lower);
        h = hash_step(h, lower);
    }
    out->last = last_word(text);
    out->text = text;
    out->n = (uint32_t)text.n;
    out->hash = (uint32_t)(h >> 32);
    return !lanes_any(bad);
}
_Static_assert(ACTION_MAX_BYTES % 16 == 0, "the longest action is read in whole blocks");

static bool has_form(str text)
{
    lanes bad = {0};
    if (!is_in_parts(text)) return false;
    for (size_t at = 0; at < text.n; at += LANES) bad |= refused(load_padded(text, at), true);
    return !lanes_any(bad);
}

bool pattern_is_valid(str text)
{
    return str_eq(text, S("*")) || has_form(text);
}

// The bytes before the first star as they would stand in an action, or those behind the last one in its last word.
static void set_probe(struct pattern *p)
{
    char   probe[8] = {0}, mask[8] = {0};
    size_t n = p->head ? p->head : p->tail, from = 0, to = 0;
    if (n > 8) n = 8;
    if (p->head) from = p->head - n;
    else from = p->n - n, to = 8 - n;
    memcpy(probe + to, p->lower + from, n);
    memset(mask + to, 0xff, n);
    p->probe = word_load(probe, 8);
    p->mask = word_load(mask, 8);
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
    set_probe(&p);
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

bool pattern_match_all(const struct pattern *p, const struct action *a)
{
    if (p->stars == 0) return p->hash == a->hash && p->n == a->n && memcmp(p->lower, a->lower, a->n) == 0;
    if ((size_t)p->head + p->tail > (size_t)a->n + p->joins) return false;
    if (p->head > a->n || memcmp(p->lower, a->lower, p->head) != 0) return false;
    if (p->tail > a->n || memcmp(p->lower + p->n - p->tail, a->lower + a->n - p->tail, p->tail) != 0) return false;
    return p->stars == 1 || pieces_match(p, a);
}
