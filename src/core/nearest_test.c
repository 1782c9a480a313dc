#include "core/nearest.h"

#include "test.h"

TEST(nearest_slips_counts_what_a_hand_does_wrong)
{
    static const struct { const char *a, *b; size_t most, want; } CASES[] = {
        {"", "", 3, 0},           {"a", "a", 3, 0},         {"read", "READ", 3, 0},    {"raed", "read", 3, 1},
        {"rad", "read", 3, 1},    {"reead", "read", 3, 1},  {"rxad", "read", 3, 1},    {"", "abc", 3, 3},
        {"abc", "", 3, 3},        {"abc", "", 2, 3},        {"status", "shell", 3, 4}, {"getSecrte", "getSecret", 5, 1},
        {"kitten", "sitting", 5, 3}, {"abcdef", "ghijkl", 5, 6}, {"ab", "ba", 0, 1},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str a = str_of(CASES[i].a), b = str_of(CASES[i].b);
        CHECK_INT(nearest_slips(a, b, CASES[i].most), CASES[i].want, CASES[i].a);
        CHECK_INT(nearest_slips(b, a, CASES[i].most), CASES[i].want, CASES[i].a);
    }
    char long_one[NEAREST_MAX_BYTES + 1];
    memset(long_one, 'a', sizeof long_one);
    CHECK_INT(nearest_slips((str){long_one, NEAREST_MAX_BYTES}, (str){long_one, NEAREST_MAX_BYTES}, 3), 0, "as long as may be");
    CHECK_INT(nearest_slips((str){long_one, sizeof long_one}, (str){long_one, sizeof long_one}, 3), 4, "longer");
}
