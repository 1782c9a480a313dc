// What may be written can be evaluated; NOT and parentheses mean what they say; the culprit is a piece of the text. A role
// that has every action meets every condition, and one that has none meets what a NOT around it meets.
#include "fuzz.h"
#include "rbac/condition_form.h"
#include "rbac/condition_reach.h"

#define BLOBS "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
#define RA    "Microsoft.Authorization/roleAssignments"

static const str                   NAMES[] = {S_INIT("red"), S_INIT("Blue")};
static const str                   NUMBER[] = {S_INIT("42")};
static const str                   TIME[] = {S_INIT("2026-03-01T10:00:00Z")};
static const str                   ROLE[] = {S_INIT("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1")};
static const struct rbac_attribute ITEMS[] = {
    {RBAC_REQUEST, S_INIT("a"), NAMES, 1},      {RBAC_RESOURCE, S_INIT("a:b"), NAMES, 2},
    {RBAC_REQUEST, S_INIT("n"), NUMBER, 1},     {RBAC_REQUEST, S_INIT(BLOBS ":snapshot"), TIME, 1},
    {RBAC_RESOURCE, S_INIT(BLOBS "/tags:Key"), NAMES, 1}, {RBAC_RESOURCE, S_INIT(BLOBS ":path"), NAMES, 1},
    {RBAC_REQUEST, S_INIT(RA ":RoleDefinitionId"), ROLE, 1},
};
static const struct rbac_attributes SOME = {ITEMS, COUNT(ITEMS), S_INIT("Blob.List")};

static bool is_well_formed(str text)
{
    struct condition          condition;
    struct condition_fault    fault;
    struct condition_scratch *scratch = malloc(sizeof *scratch);
    ASSERT(scratch);
    bool read = condition_read(text, scratch, &condition, &fault);
    free(scratch);
    return read;
}

static enum truth eval(str text, const struct condition_facts *facts)
{
    struct condition *condition = condition_new(text);
    ASSERT(condition);
    enum truth t = condition_eval(condition, facts);
    str        culprit = condition_culprit(condition, facts);
    ASSERT(str_empty(culprit) == (t == TRUTH_TRUE) || text.n == 0);
    ASSERT(str_empty(culprit) || str_find_str(text, culprit) != STR_NOWHERE);
    condition_free(condition);
    return t;
}

static bool is_met(struct call *c, str text, const struct role *role)
{
    struct condition_reach out;
    ASSERT(condition_reach(c, text, role, &out) == OK);
    ASSERT(!out.is_met || out.need_n == 0);
    return out.is_met;
}

static void check_reach(struct call *c, str text, str negated)
{
    static const str             STAR[] = {S_INIT("*")};
    const struct role_permission all = {.actions = STAR, .action_n = 1, .data_actions = STAR, .data_action_n = 1};
    const struct role            everything = {.permissions = &all, .permission_n = 1}, nothing = {0};
    ASSERT(is_met(c, text, &everything));
    ASSERT(is_met(c, text, &nothing) == is_met(c, negated, &nothing));
}

FUZZ(condition)
{
    struct action a;
    str           in = fuzz_str(c, data, n);
    ASSERT(action_read(S("Microsoft.X/y/read"), &a));
    const struct condition_facts with = {.action = &a, .attributes = &SOME, .now_ns = c->now_ns}, without = {.action = &a, .now_ns = c->now_ns};
    bool                         well_formed = is_well_formed(in), valid = condition_check(c, in, S("2.0")) == OK;
    ASSERT(valid || c->failure.kind == ERR_CONDITION_INVALID);
    ASSERT(well_formed || !valid);
    call_forgive(c);
    enum truth t = eval(in, &with);
    if (!well_formed) {
        ASSERT(t == TRUTH_UNKNOWN && eval(in, &without) == TRUTH_UNKNOWN);
        return 0;
    }
    ASSERT(in.n <= CONDITION_MAX_BYTES);
    (void)eval(in, &without);
    str twice = call_format(c, "NOT (%.*s)", PSTR(in));
    if (!is_well_formed(twice)) return 0; // deeper or longer than may be
    ASSERT((condition_check(c, twice, STR_NONE) == OK) == valid);
    call_forgive(c);
    check_reach(c, in, twice);
    enum truth negated = eval(twice, &with);
    ASSERT(negated == (t == TRUTH_UNKNOWN ? t : t == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE));
    return 0;
}
