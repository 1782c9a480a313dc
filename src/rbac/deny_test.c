#include "rbac/deny.h"

#include "test.h"

#define SUB "/subscriptions/00000000-0000-0000-0000-000000000051"
#define MG  "/providers/Microsoft.Management/managementGroups/"

#define ALL 0xff // everyone

// Everyone is the id of zeros.
static object_id id(uint8_t n)
{
    return (object_id){.g.b[15] = n == ALL ? 0 : n};
}

static size_t fill(const uint8_t *from, size_t n, struct deny_principal *out)
{
    size_t filled = 0;
    for (; filled < n && from[filled]; filled++) out[filled] = (struct deny_principal){.id = id(from[filled])};
    return filled;
}

TEST(deny_means_the_named_and_everyone_but_the_excluded)
{
    static const struct { const char *row; uint8_t principals[3], excluded[2], who[3]; int want; } CASES[] = { // want: the id; -1: none
        {"named", {1}, {0}, {1}, 1},
        {"by a group", {2}, {0}, {1, 2}, 2},
        {"everyone", {ALL}, {0}, {1}, 0},
        {"named rather than everyone", {ALL, 1}, {0}, {1}, 1},
        {"another", {3}, {0}, {1, 2}, -1},
        {"excluded", {ALL}, {1}, {1}, -1},
        {"excluded by a group", {1}, {2}, {1, 2}, -1},
        {"another excluded", {1}, {3}, {1, 2}, 1},
        {"everyone excluded excludes nobody", {1}, {ALL}, {1}, 1},
        {"nobody asked", {1}, {0}, {0}, -1},
        {"nobody named", {0}, {0}, {1}, -1},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct deny_principal  principals[3], excluded[2];
        struct deny_assignment d = {.principals = principals, .excluded = excluded};
        object_id              who[3];
        size_t                 who_n = 0;
        d.principal_n = fill(CASES[i].principals, 3, principals);
        d.excluded_n = fill(CASES[i].excluded, 2, excluded);
        for (size_t k = 0; k < 3 && CASES[i].who[k]; k++) who[who_n++] = id(CASES[i].who[k]);
        const struct deny_principal *got = deny_means(&d, who, who_n);
        CHECK_INT(got ? got->id.g.b[15] : -1, CASES[i].want, CASES[i].row);
    }
}

TEST(deny_reaches_down_unless_it_does_not_apply_to_children)
{
    static const str ABOVE[] = {S_INIT(MG "near"), S_INIT(MG "far")};
    static const struct { const char *scope, *path; bool reaches, reaches_alone; } CASES[] = {
        {SUB, SUB, true, true},
        {SUB, SUB "/resourceGroups/g", true, false},
        {SUB "/resourceGroups/G", SUB "/RESOURCEGROUPS/g/providers/N.P/t/x", true, false},
        {SUB "/resourceGroups/g", SUB "/resourceGroups/g2", false, false},
        {SUB "/resourceGroups/g", SUB, false, false},
        {"/", SUB, true, false},
        {"/", "/", true, true},
        {MG "far", SUB, true, false},
        {MG "NEAR", SUB "/resourceGroups/g", true, false},
        {MG "other", SUB, false, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct deny_assignment d = {.scope = str_of(CASES[i].scope)};
        CHECK_ROW(deny_reaches(&d, str_of(CASES[i].path), ABOVE, COUNT(ABOVE)) == CASES[i].reaches, CASES[i].scope);
        d.not_below = true;
        CHECK_ROW(deny_reaches(&d, str_of(CASES[i].path), ABOVE, COUNT(ABOVE)) == CASES[i].reaches_alone, CASES[i].scope);
    }
}
