#include "cli/verify/checks.h"

#include "test.h"

#define SUB   "/subscriptions/22222222-2222-2222-2222-222222222222"
#define VAULT SUB "/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/my-shop"

TEST(D2_a_target_is_known_by_its_id)
{
    static const struct { const char *id, *type, *name; } CASES[] = {
        {"/", "", "/"},
        {SUB, "Microsoft.Resources/subscriptions", "subscription"},
        {SUB "/resourceGroups/shop", "Microsoft.Resources/subscriptions/resourceGroups", "shop"},
        {VAULT, "Microsoft.KeyVault/vaults", "my-shop"},
        {VAULT "/secrets/db", "Microsoft.KeyVault/vaults/secrets", "my-shop/secrets/db"},
        {"/providers/Microsoft.Management/managementGroups/root", "Microsoft.Management/managementGroups", "root"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct target found = target_of(t->call, str_of(CASES[i].id));
        CHECK_STR(found.type, str_of(CASES[i].type), CASES[i].id);
        CHECK_STR(found.short_name, str_of(CASES[i].name), CASES[i].id);
    }
}

TEST(D2_a_scope_holds_what_is_below_it)
{
    CHECK(target_contains(S("/"), S(VAULT)));
    CHECK(target_contains(S(SUB), S(VAULT)));
    CHECK(target_contains(S(VAULT), S(VAULT)));
    CHECK(!target_contains(S(VAULT), S(SUB)));
    CHECK(!target_contains(S(VAULT), S(VAULT "2")));
}
