// What may be written can be evaluated; NOT and parentheses mean what they say; the culprit is a piece of the text.
#include "fuzz.h"
#include "rbac/condition.h"

static const str NAMES[] = {S_INIT("red"), S_INIT("Blue")};
static const str NUMBER[] = {S_INIT("42")};
static const str TIME[] = {S_INIT("2026-03-01T10:00:00Z")};
static const struct rbac_attribute ITEMS[] = {
    {RBAC_REQUEST, S_INIT("a"), NAMES, 1}, {RBAC_RESOURCE, S_INIT("a:b"), NAMES, 2}, {RBAC_REQUEST, S_INIT("n"), NUMBER, 1},
    {RBAC_REQUEST, S_INIT("t"), TIME, 1},  {RBAC_RESOURCE, S_INIT("x/tags:Key"), NAMES, 1},
};
static const struct rbac_attributes SOME = {ITEMS, COUNT(ITEMS), S_INIT("Blob.List")};

static enum truth eval(str text, const struct condition_facts *facts)
{
    struct condition *k = condition_new(text);
    ASSERT(k);
    enum truth t = condition_eval(k, facts);
    str        culprit = condition_culprit(k, facts);
    ASSERT(str_empty(culprit) == (t == TRUTH_TRUE) || text.n == 0);
    ASSERT(str_empty(culprit) || str_find_str(text, culprit) != STR_NOWHERE);
    condition_free(k);
    return t;
}

FUZZ(condition)
{
    struct action a;
    str           in = fuzz_str(c, data, n);
    ASSERT(action_read(S("Microsoft.X/y/read"), &a));
    const struct condition_facts with = {.action = &a, .attributes = &SOME, .now_ns = c->now_ns}, without = {.action = &a, .now_ns = c->now_ns};
    bool well_formed = condition_check(c, in, S("2.0")) == OK;
    ASSERT(well_formed || c->failure.kind == ERR_CONDITION_INVALID);
    call_forgive(c);
    enum truth t = eval(in, &with);
    if (!well_formed) {
        ASSERT(t == TRUTH_UNKNOWN && eval(in, &without) == TRUTH_UNKNOWN);
        return 0;
    }
    ASSERT(in.n <= CONDITION_MAX_BYTES);
    (void)eval(in, &without);
    str twice = call_format(c, "NOT (%.*s)", PSTR(in));
    if (condition_check(c, twice, STR_NONE) != OK) return 0; // deeper or longer than may be
    enum truth negated = eval(twice, &with);
    ASSERT(negated == (t == TRUTH_UNKNOWN ? t : t == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE));
    return 0;
}
