#include "rbac/level.h"

#include "test.h"

#define SUB "/subscriptions/11111111-2222-3333-4444-555555555555"

TEST(levels_of_gives_each_level_and_its_own_hash)
{
    static const struct { const char *path; size_t n; const char *first; } CASES[] = {
        {"/", 0, ""},
        {SUB, 1, SUB},
        {SUB "/resourceGroups/app", 2, SUB},
        {SUB "/resourceGroups/a", 2, SUB},
        {SUB "/resourceGroups/app/providers/Microsoft.KeyVault/vaults/v1/secrets/s", 5, SUB},
        {SUB "/resourceGroups/app/providers/M/vaults/v1/secrets/s/providers/N/t/n", 7, SUB},
        {"/providers/Microsoft.Management/managementGroups/corp", 2, "/providers/Microsoft.Management"},
        {"/providers/A/t/n", 2, "/providers/A"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct level levels[LEVEL_MAX];
        size_t       n = levels_of(77, str_of(CASES[i].path), levels);
        CHECK_ROW(n == CASES[i].n, CASES[i].path);
        if (n) CHECK_STR(levels[0].path, str_of(CASES[i].first), CASES[i].path);
        if (n) CHECK_STR(levels[n - 1].path, str_of(CASES[i].path), CASES[i].path);
        for (size_t k = 0; k < n; k++) CHECK_ROW(levels[k].hash == level_hash(77, levels[k].path), CASES[i].path);
    }
}

TEST(levels_of_finds_boundaries_at_every_offset)
{
    // Names of every length move the slashes over every place of a block.
    for (size_t n = 1; n <= 40; n++) {
        char         text[256];
        struct level levels[LEVEL_MAX];
        int len = snprintf(text, sizeof text, SUB "/resourceGroups/%.*s/providers/X/t/%.*s", (int)n, "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmNo",
                           (int)(41 - n), "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmNo");
        str path = {text, (size_t)len};
        CHECK_INT(levels_of(5, path, levels), 4, text);
        for (size_t k = 0; k < 4; k++) {
            struct scope s;
            CHECK_ERR(scope_parse(t->call, levels[k].path, &s), OK, text);
            CHECK_ROW(levels[k].hash == level_hash(5, call_lower(t->call, levels[k].path)), text);
            CHECK_ROW(levels[k].hash != level_hash(6, levels[k].path), text);
        }
    }
}
