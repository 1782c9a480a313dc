// "pattern NEWLINE action": matching is what trying every way says, and an action matches itself in any case.
#include "fuzz.h"
#include "rbac/pattern.h"

enum { SLOW = 100 }; // what is tried in every way is bounded by the square of this

// What is known of matching the rest of the pattern with the rest of the action.
enum known { UNKNOWN, NO, YES };
struct tries {
    str        pattern, action;
    enum known known[SLOW + 1][SLOW + 1];
};

static bool rest_matches(struct tries *t, size_t at, size_t in);

// "*" with every length; between two slashes it may also be left out with one of them.
static bool try_all(struct tries *t, size_t at, size_t in)
{
    str p = str_from(t->pattern, at), a = str_from(t->action, in);
    if (p.n == 0) return a.n == 0;
    if (str_starts(p, S("/*/")) && rest_matches(t, at + 2, in)) return true;
    if (p.at[0] != '*') return a.n && char_lower(p.at[0]) == char_lower(a.at[0]) && rest_matches(t, at + 1, in + 1);
    for (size_t i = 0; i <= a.n; i++)
        if (rest_matches(t, at + 1, in + i)) return true;
    return false;
}

static bool rest_matches(struct tries *t, size_t at, size_t in)
{
    enum known *known = &t->known[at][in];
    if (*known == UNKNOWN) *known = try_all(t, at, in) ? YES : NO;
    return *known == YES;
}

static bool slow_action_match(str pattern, str action)
{
    static struct tries t;
    t = (struct tries){.pattern = pattern, .action = action};
    return rest_matches(&t, 0, 0);
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
    if (pattern.n > ACTION_MAX_BYTES) return 0;
    bool matched = matches(c, pattern, &a);
    if (pattern.n <= SLOW && text.n <= SLOW) ASSERT(matched == slow_action_match(pattern, text));
    return 0;
}
