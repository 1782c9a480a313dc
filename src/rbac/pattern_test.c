#include "rbac/pattern.h"

#include "test.h"

TEST(pattern_match_takes_stars_anywhere_and_no_case)
{
    static const struct { const char *pattern, *action; bool want; } CASES[] = {
        {"*", "Microsoft.A/b/read", true},
        {"*/read", "Microsoft.A/b/c/READ", true},
        {"MICROSOFT.a/B/read", "microsoft.A/b/Read", true},
        {"Microsoft.A/*", "Microsoft.A/b/c/d/action", true},
        {"Microsoft.A/*/read", "Microsoft.A/b/c/read", true},
        {"Microsoft.A/*/read", "Microsoft.A/b/c/d/read", true},
        {"*/b/*/read", "Microsoft.A/b/c/read", true},
        {"*A/*c*", "Microsoft.A/b/c/read", true},
        {"Microsoft.A/b/read*", "Microsoft.A/b/read", true},
        {"*Microsoft.A/b/read", "Microsoft.A/b/read", true},
        {"**", "a/b", true},
        {"*a*a*", "xa/ay", true},
        {"a/*b", "a/bb", true},
        {"ab*ba", "aba/ba", true},
        // a star between slashes may be nothing and take one of them along
        {"Microsoft.A/*/read", "Microsoft.A/read", true},
        {"*/b/*/read", "Microsoft.A/b/read", true},
        {"Microsoft.A/*/*/read", "Microsoft.A/read", true},
        {"Microsoft.A/*/b/*/read", "Microsoft.A/b/read", true},
        {"Microsoft.A/*/b/*", "Microsoft.A/b/x", true},
        {"*/*/*", "a/b", true},
        {"Microsoft.A/b*/read", "Microsoft.A/b/read", true},

        {"Microsoft.A/*/read", "Microsoft.A/b/readMetadata/action", false},
        {"Microsoft.A/b/read", "Microsoft.A/b/read2", false},
        {"Microsoft.A/b/read2", "Microsoft.A/b/read", false},
        {"*/read", "Microsoft.A/b/write", false},
        {"Microsoft.A/b/*", "Microsoft.A/b", false},
        {"Microsoft.A/*read", "Microsoft.Aread/x", false},
        {"Microsoft.A/*/read", "Microsoft.Aread/read", false},
        {"Microsoft.A/*/b/*/c", "Microsoft.A/c/b", false},
        {"*/read", "Microsoft.A/b/read/action", false},
        {"a/ba*ba", "a/ba", false}, // head and tail may not overlap
        {"*a*b*a*", "a/ba/c", true},
        {"*a*b*c*", "a/c/b", false},
        {"Microsoft.Storage/*", "Microsoft.StorageSync/x/read", false},
        {"Microsoft?A/b", "Microsoft.A/b", false}, // only * is special
        {"Microsoft.A/b/[read]", "Microsoft.A/b/r", false},
        {"", "a/b", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        char           lower[64];
        struct pattern p = pattern_read(str_of(CASES[i].pattern), lower);
        struct action  a;
        CHECK_ROW(action_read(str_of(CASES[i].action), &a), CASES[i].action);
        CHECK_ROW(pattern_match(&p, &a) == CASES[i].want, CASES[i].pattern);
    }
}

// Both forms of a pattern with a star between slashes; the operations are published ones.
TEST(pattern_match_takes_a_star_between_slashes_for_something_or_nothing)
{
    static const struct { const char *pattern, *with, *without; } CASES[] = {
        {"Microsoft.A/*/read", "Microsoft.A/b/read", "Microsoft.A/read"},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", "Microsoft.ManagedIdentity/userAssignedIdentities/x/assign/action",
         "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
         "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", "Microsoft.ManagedIdentity/userAssignedIdentities/read"},
        {"Microsoft.Compute/virtualMachines/*/read", "Microsoft.Compute/virtualMachines/instanceView/read", "Microsoft.Compute/virtualMachines/read"},
        {"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/read", "Microsoft.KeyVault/vaults/read"},
    };
    static const struct { const char *pattern, *action; } NEVER[] = {
        {"Microsoft.A/*/read", "Microsoft.Ab/read"}, {"Microsoft.A/b/*", "Microsoft.A/b"}, {"Microsoft.A/*/read", "Microsoft.A/reads"},
    };
    struct action a;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        char           lower[ACTION_MAX_BYTES];
        struct pattern p = pattern_read(str_of(CASES[i].pattern), lower);
        CHECK_ROW(action_read(str_of(CASES[i].with), &a) && pattern_match(&p, &a), CASES[i].with);
        CHECK_ROW(action_read(str_of(CASES[i].without), &a) && pattern_match(&p, &a), CASES[i].without);
    }
    for (size_t i = 0; i < COUNT(NEVER); i++) {
        char           lower[ACTION_MAX_BYTES];
        struct pattern p = pattern_read(str_of(NEVER[i].pattern), lower);
        CHECK_ROW(action_read(str_of(NEVER[i].action), &a) && !pattern_match(&p, &a), NEVER[i].action);
    }
}

// The look at one word refuses nothing that the whole pattern takes, however the lengths lie to the word's.
TEST(pattern_may_match_never_refuses_a_match)
{
    static const char TEXT[] = "Ab/cDeFgHiJk/lMnOpQrStU";
    for (size_t n = 3; n < sizeof TEXT + 2; n++) {
        struct action a;
        char          text[64], pattern[64], lower[64];
        snprintf(text, sizeof text, "a/%.*s", (int)n - 2, TEXT);
        CHECK_ROW(action_read(str_of(text), &a), text);
        for (size_t head = 0; head <= n; head++)
            for (size_t tail = 0; head + tail <= n; tail++) {
                snprintf(pattern, sizeof pattern, "%.*s*%s", (int)head, text, text + n - tail);
                struct pattern p = pattern_read(str_of(pattern), lower);
                CHECK_ROW(pattern_match_all(&p, &a) && pattern_may_match(&p, &a), pattern);
            }
    }
}

TEST(action_read_refuses_what_nobody_can_ask_for)
{
    static const struct { const char *text; bool action, pattern; } CASES[] = {
        {"Microsoft.A/b/read", true, true},
        {"Microsoft.CognitiveServices/accounts/faces:find/action", true, true},
        {"Microsoft.A/{serverName}/read", true, true},
        {"Microsoft.A/b/*", false, true},
        {"*/read", false, true},
        {"*", false, true},
        {"**", false, false},
        {"", false, false},
        {"read", false, false},
        {"/read", false, false},
        {"Microsoft.A/", false, false},
        {"Microsoft.A/b read", false, false},
        {" Microsoft.A/b", false, false},
        {"Microsoft.A/b\n", false, false},
        {"Microsoft.A/b'", false, false},
        {"Microsoft.A/b\"", false, false},
        {"Microsoft.A\\b/c", false, false},
        {"Microsoft.A/\xc3\xa4", false, false},
    };
    struct action a;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str text = {CASES[i].text, strlen(CASES[i].text)};
        CHECK_ROW(action_read(text, &a) == CASES[i].action, CASES[i].text);
        CHECK_ROW(pattern_is_valid(text) == CASES[i].pattern, CASES[i].text);
    }
    char text[ACTION_MAX_BYTES + 1];
    memset(text, '/', sizeof text);
    text[0] = text[sizeof text - 2] = text[sizeof text - 1] = 'a';
    CHECK(action_read((str){text, ACTION_MAX_BYTES}, &a));
    CHECK(!action_read((str){text, ACTION_MAX_BYTES + 1}, &a));
    CHECK(!pattern_is_valid((str){text, ACTION_MAX_BYTES + 1}));
}
