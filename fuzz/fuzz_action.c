// "pattern NEWLINE action": matching is what trying every way says, and an action matches itself in any case.
#include "fuzz.h"
#include "rbac/pattern.h"

enum { SLOW = 24 }; // beyond that trying every way takes too long

// "*" with every length; between two slashes it may also be left out with one of them.
static bool slow_match(str p, str a)
{
    if (p.n == 0) return a.n == 0;
    if (p.at[0] != '*') return a.n && char_lower(p.at[0]) == char_lower(a.at[0]) && slow_match(str_from(p, 1), str_from(a, 1));
    for (size_t i = 0; i <= a.n; i++)
        if (slow_match(str_from(p, 1), str_from(a, i))) return true;
    return false;
}

static bool slow_action_match(struct call *c, str p, str a)
{
    if (slow_match(p, a)) return true;
    for (size_t i = 0; i + 2 < p.n; i++) {
        if (!str_starts(str_from(p, i), S("/*/"))) continue;
        if (slow_action_match(c, call_format(c, "%.*s%.*s", PSTR(str_upto(p, i)), PSTR(str_from(p, i + 2))), a)) return true;
    }
    return false;
}

static bool matches(struct call *c, str text, const struct action *a)
{
    char *lower;
    if (call_new(c, text.n, 1, (void **)&lower, __FILE__, __LINE__) != OK) abort();
    struct pattern p = pattern_read(text, lower);
    return pattern_match(&p, a);
}

FUZZ(action)
{
    struct action a;
    str           in = fuzz_str(c, data, n);
    size_t        cut = str_find(in, '\n');
    str           pattern = str_upto(in, cut), text = cut == STR_NOWHERE ? STR_NONE : str_from(in, cut + 1);
    if (!action_read(text, &a)) return 0;
    ASSERT(pattern_is_valid(text) && matches(c, text, &a) && matches(c, call_lower(c, text), &a) && matches(c, S("*"), &a));
    ASSERT(matches(c, call_format(c, "%.*s*", PSTR(text)), &a) || text.n == ACTION_MAX_BYTES);
    if (pattern.n > ACTION_MAX_BYTES || str_find(pattern, '\0') != STR_NOWHERE) return 0; // what is written out below ends at a NUL
    bool matched = matches(c, pattern, &a);
    if (pattern.n <= SLOW && text.n <= SLOW) ASSERT(matched == slow_action_match(c, pattern, text));
    return 0;
}
