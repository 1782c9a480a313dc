#include "ops/existence.h"

#include "test_product.h"

#define VM TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/web"

TEST(O4_what_does_not_exist_is_refused_with_what_comes_near)
{
    static const struct { const char *what; unsigned who; const char *action, *scope; enum err want; const char *words; } CASES[] = {
        {"all is there", 0xA1, "Microsoft.Compute/virtualMachines/read", VM, OK, ""},
        {"in another case", 0xA1, "microsoft.compute/VIRTUALMACHINES/READ", VM, OK, ""},
        {"the root", 0xA1, "Microsoft.Compute/virtualMachines/read", "/", OK, ""},
        {"an operation of data", 0xA1, "Microsoft.KeyVault/vaults/secrets/getSecret/action", TEST_PRODUCT_GROUP, OK, ""},
        {"inside of a resource", 0xA1, "Microsoft.KeyVault/vaults/secrets/getSecret/action", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop/secrets/x", OK, ""},
        {"an extension", 0xA1, "Microsoft.Authorization/roleAssignments/write", TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments/x", OK, ""},
        {"an unpublished provider's own resource", 0xA1, "Contoso.Widgets/things/read", TEST_PRODUCT_GROUP "/providers/Contoso.Widgets/things/one", OK, ""},
        {"no action asked", 0xA1, "", VM, OK, ""},
        {"no principal asked", 0, "Microsoft.Compute/virtualMachines/read", VM, OK, ""},

        {"a slip", 0xA1, "Microsoft.KeyVault/vaults/secrets/getSecrte/action", VM, ERR_PARAMETER_INVALID, "Microsoft.KeyVault/vaults/secrets/getSecret/action"},
        {"a slip in the provider", 0xA1, "Microsft.Compute/virtualMachines/start/action", VM, ERR_PARAMETER_INVALID, "did you mean"},
        {"several come near", 0xA1, "Microsoft.KeyVault/vaults/secrets/get/action", VM, ERR_PARAMETER_INVALID, "did you mean one of these?\n  Microsoft.KeyVault/"},
        {"nothing comes near", 0xA1, "Contoso.Widgets/things/read", VM, ERR_PARAMETER_INVALID, "No such action: no provider has 'Contoso.Widgets/things/read'."},
        {"a pattern", 0xA1, "*/read", VM, ERR_PARAMETER_INVALID, "is not an action"},
        {"no such principal", 0xFF, "Microsoft.Compute/virtualMachines/read", VM, ERR_NOT_FOUND, "No such principal: the directory has no principal"},
        {"an application's id", 0xA2, "", VM, ERR_NOT_FOUND, "role assignments name its principal"},
        {"no such resource", 0xA1, "", TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/wbe", ERR_NOT_FOUND, "No such resource"},
        {"no such group", 0xA1, "", TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/none", ERR_GROUP_NOT_FOUND, ""},
        {"no such subscription", 0xA1, "", "/subscriptions/00000000-0000-0000-0000-0000000000ff", ERR_SUBSCRIPTION_NOT_FOUND, ""},
        {"no such management group", 0xA1, "", "/providers/Microsoft.Management/managementGroups/none", ERR_NOT_FOUND, ""},
        {"below a resource that is not there", 0xA1, "", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "none/secrets/x", ERR_NOT_FOUND, "No such resource"},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_put(&s, VM, "{}");
    test_product_put(&s, TEST_PRODUCT_GROUP "/providers/Contoso.Widgets/things/one", "{}");
    test_product_put_vault(&s, "shop", "{}");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        object_id who = {CASES[i].who ? test_product_guid(CASES[i].who) : GUID_NONE};
        enum err  got = existence_check(t->call, &s.work, who, str_of(CASES[i].action), str_of(CASES[i].scope));
        CHECK_ROW(str_find_str(str_of(t->call->failure.text), str_of(CASES[i].words)) != STR_NOWHERE, t->call->failure.text);
        CHECK_ERR(got, CASES[i].want, CASES[i].what);
    }
}
