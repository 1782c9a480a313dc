#include "rbac/pattern.h"

#include "core/hash.h"

// Characters that some provider's operation has in its name; nothing that could end a string of a condition.
static bool is_action_char(char c)
{
    return c > ' ' && c < 0x7f && c != '\'' && c != '"' && c != '\\';
}

static bool is_form(str text, bool stars)
{
    size_t slash = str_find(text, '/');
    if (text.n > ACTION_MAX_BYTES || slash == 0 || slash == STR_NOWHERE || slash == text.n - 1) return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_action_char(text.at[i]) || (text.at[i] == '*' && !stars)) return false;
    return true;
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
    for (size_t i = 0; i < text.n; i++) out->lower[i] = char_lower(text.at[i]);
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
