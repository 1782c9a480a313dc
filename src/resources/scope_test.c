#include "resources/scope.h"

#include "test.h"

#define SUB   "/subscriptions/11111111-2222-3333-4444-555555555555"
#define RG    SUB "/resourceGroups/app"
#define VAULT RG "/providers/Microsoft.KeyVault/vaults/v1"
#define ACCT  RG "/providers/Microsoft.Storage/storageAccounts/acct"
#define MG    "/providers/Microsoft.Management/managementGroups/corp"

#define DEEP8  "/t/n/t/n/t/n/t/n/t/n/t/n/t/n/t/n"
#define DEEP29 DEEP8 DEEP8 DEEP8 "/t/n/t/n/t/n/t/n/t/n"

TEST(scope_parse_tells_the_kinds_apart)
{
    static const struct { const char *text; enum err want; enum scope_kind kind; } CASES[] = {
        {"/",                                                     OK, SCOPE_ROOT},
        {MG,                                                      OK, SCOPE_MGMT_GROUP},
        {"/PROVIDERS/microsoft.management/MANAGEMENTgroups/Corp", OK, SCOPE_MGMT_GROUP},
        {MG "/",                                                  OK, SCOPE_MGMT_GROUP},
        {SUB,                                                     OK, SCOPE_SUBSCRIPTION},
        {SUB "/",                                                 OK, SCOPE_SUBSCRIPTION},
        {"/SUBSCRIPTIONS/AAAAAAAA-bbbb-CCCC-dddd-EEEEEEEEEEEE",   OK, SCOPE_SUBSCRIPTION},
        {SUB "/RESOURCEGROUPS/app/",                              OK, SCOPE_GROUP},
        {SUB "/resourceGroups/providers",                         OK, SCOPE_GROUP},
        {SUB "/resourceGroups/a.b_c-(d)",                         OK, SCOPE_GROUP},
        {SUB "/resourceGroups/\xc3\xa4pfel",                      OK, SCOPE_GROUP},
        {VAULT,                                                   OK, SCOPE_RESOURCE},
        {VAULT "/secrets/s",                                      OK, SCOPE_RESOURCE},
        {ACCT "/blobServices/default/containers/c",               OK, SCOPE_RESOURCE},
        {ACCT "/blobServices/default/containers/providers",       OK, SCOPE_RESOURCE},
        {RG "/providers/Microsoft.KeyVault",                      OK, SCOPE_RESOURCE},
        {SUB "/providers/Microsoft.KeyVault",                     OK, SCOPE_RESOURCE},
        {"/providers/Microsoft.Authorization/roleDefinitions/x",  OK, SCOPE_RESOURCE},
        {VAULT "/providers/Microsoft.Insights/diagnosticSettings/d", OK, SCOPE_RESOURCE},
        {MG "/providers/Microsoft.Authorization/policyAssignments/p", OK, SCOPE_RESOURCE},
        {RG "/providers/A.B" DEEP29,                              OK, SCOPE_RESOURCE},

        {"",                                                      ERR_SCOPE_INVALID, 0},
        {"//",                                                    ERR_SCOPE_INVALID, 0},
        {"subscriptions/no-slash-first",                          ERR_SCOPE_INVALID, 0},
        {"/subscriptions",                                        ERR_SCOPE_INVALID, 0},
        {"/subscriptions/",                                       ERR_SCOPE_INVALID, 0},
        {"/subscriptions/not-a-guid",                             ERR_SCOPE_INVALID, 0},
        {"/subscriptions/{11111111-2222-3333-4444-555555555555}", ERR_SCOPE_INVALID, 0},
        {"/subscriptions/11111111222233334444555555555555",       ERR_SCOPE_INVALID, 0},
        {"/subscriptionz/11111111-2222-3333-4444-555555555555",   ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups",                                   ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/",                                  ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroup/app",                                ERR_SCOPE_INVALID, 0},
        {SUB "//resourceGroups/app",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups//app",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/app//",                             ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/.",                                 ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/..",                                ERR_SCOPE_INVALID, 0},
        {RG "/../other",                                          ERR_SCOPE_INVALID, 0},
        {RG "/providers/Microsoft.KeyVault/vaults/..",            ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/ap%70",                             ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/app%2f",                            ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a\\b",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a?b",                               ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a#b",                               ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/*",                                 ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/app ",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/ app",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a\tb",                              ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a\x7f",                             ERR_SCOPE_INVALID, 0},
        {SUB "/resourceGroups/a\n",                               ERR_SCOPE_INVALID, 0},
        {" " SUB,                                                 ERR_SCOPE_INVALID, 0},
        {SUB " ",                                                 ERR_SCOPE_INVALID, 0},
        {RG "/vaults/v1",                                         ERR_SCOPE_INVALID, 0},
        {RG "/providers",                                         ERR_SCOPE_INVALID, 0},
        {RG "/providers/",                                        ERR_SCOPE_INVALID, 0},
        {RG "/providers/Microsoft.KeyVault/vaults",               ERR_SCOPE_INVALID, 0}, // a list is no scope
        {VAULT "/secrets",                                        ERR_SCOPE_INVALID, 0},
        {RG "/providers/A.B/providers/C.D/t/n",                   ERR_SCOPE_INVALID, 0},
        {RG "/resourceGroups/inner",                              ERR_SCOPE_INVALID, 0},
        {SUB SUB,                                                 ERR_SCOPE_INVALID, 0},
        {"/providers",                                            ERR_SCOPE_INVALID, 0},
        {"/providers/Microsoft.Management/managementGroups",      ERR_SCOPE_INVALID, 0},
        {"/resourceGroups/app",                                   ERR_SCOPE_INVALID, 0},
        {RG "/providers/A.B" DEEP29 "/t/n",                       ERR_SCOPE_INVALID, 0}, // more than 64 segments
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct scope s = {.kind = SCOPE_ROOT, .path = S("untouched")};
        enum err     got = scope_parse(t->call, str_of(CASES[i].text), &s);
        CHECK_ERR(got, CASES[i].want, CASES[i].text);
        if (got == OK) CHECK_ROW(s.kind == CASES[i].kind, CASES[i].text);
        else CHECK_STR(s.path, S("untouched"), CASES[i].text);
    }
}

TEST(scope_parse_refuses_what_is_too_long_and_what_holds_a_nul)
{
    char         text[SCOPE_MAX_BYTES + 1];
    const str    head = S(SUB "/resourceGroups/");
    struct scope s;
    memset(text, 'a', sizeof text);
    memcpy(text, head.at, head.n);
    CHECK_ERR(scope_parse(t->call, (str){text, SCOPE_MAX_BYTES}, &s), OK, "2048 bytes");
    CHECK_ERR(scope_parse(t->call, (str){text, SCOPE_MAX_BYTES + 1}, &s), ERR_SCOPE_INVALID, "2049 bytes");
    CHECK_ERR(scope_parse(t->call, (str){SUB "/resourceGroups/a\0b", head.n + 3}, &s), ERR_SCOPE_INVALID, "NUL");
}

TEST(scope_parse_names_the_parts)
{
    static const struct { const char *text, *path, *mgmt_group, *subscription, *group; } CASES[] = {
        {"/",         "/",   "",     "",                                     ""},
        {MG "/",      MG,    "corp", "",                                     ""},
        {SUB "/",     SUB,   "",     "11111111-2222-3333-4444-555555555555", ""},
        {RG,          RG,    "",     "11111111-2222-3333-4444-555555555555", "app"},
        {VAULT "/",   VAULT, "",     "11111111-2222-3333-4444-555555555555", "app"},
        {MG "/providers/A.B/t/n", MG "/providers/A.B/t/n", "corp", "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct scope s = {0};
        CHECK_ERR(scope_parse(t->call, str_of(CASES[i].text), &s), OK, CASES[i].text);
        CHECK_STR(s.path, str_of(CASES[i].path), CASES[i].text);
        CHECK_STR(s.mgmt_group, str_of(CASES[i].mgmt_group), CASES[i].text);
        CHECK_STR(s.subscription, str_of(CASES[i].subscription), CASES[i].text);
        CHECK_STR(s.group, str_of(CASES[i].group), CASES[i].text);
    }
}

// R2: an assignment applies at its scope and below, on segment boundaries, whatever the case.
TEST(scope_contains_ends_at_segments)
{
    static const struct { const char *outer, *inner; bool want; } CASES[] = {
        {"/", "/", true},
        {"/", SUB, true},
        {"/", MG, true},
        {"/", VAULT "/secrets/s", true},
        {SUB, SUB, true},
        {SUB, RG, true},
        {"/SUBSCRIPTIONS/11111111-2222-3333-4444-555555555555", VAULT, true},
        {RG, VAULT, true},
        {SUB "/resourcegroups/APP", VAULT, true},
        {VAULT, VAULT "/secrets/s", true},
        {ACCT, ACCT "/blobServices/default/containers/c", true},
        {VAULT, VAULT "/providers/Microsoft.Insights/diagnosticSettings/d", true},
        {RG "/providers/Microsoft.KeyVault", VAULT, true},
        {MG, MG "/providers/A.B/t/n", true},

        {SUB "/resourceGroups/rg1", SUB "/resourceGroups/rg10", false},
        {SUB "/resourceGroups/rg1", SUB "/resourceGroups/rg10/providers/Microsoft.KeyVault/vaults/v", false},
        {SUB "/resourceGroups/rg10", SUB "/resourceGroups/rg1", false},
        {VAULT, RG "/providers/Microsoft.KeyVault/vaults/v10", false},
        {VAULT "/secrets/a", VAULT "/secrets/ab", false},
        {ACCT "/blobServices/default/containers/c", ACCT "/blobServices/default/containers/c2", false},
        {VAULT, RG, false},
        {RG, SUB, false},
        {SUB, "/", false},
        {MG, SUB, false}, // only the tree knows
        {MG, "/providers/Microsoft.Management/managementGroups/corp2", false},
        {SUB, "/subscriptions/11111111-2222-3333-4444-555555555556", false},
        {ACCT, VAULT, false},
        {RG "/providers/Microsoft.KeyVault", RG "/providers/Microsoft.KeyVault2/vaults/v", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct scope outer, inner;
        CHECK_ERR(scope_parse(t->call, str_of(CASES[i].outer), &outer), OK, CASES[i].outer);
        CHECK_ERR(scope_parse(t->call, str_of(CASES[i].inner), &inner), OK, CASES[i].inner);
        CHECK_ROW(scope_contains(&outer, &inner) == CASES[i].want, CASES[i].inner);
    }
}

TEST(scope_parent_climbs_level_by_level)
{
    static const struct { const char *path, *want; } CASES[] = {
        {ACCT "/blobServices/default/containers/c", ACCT "/blobServices/default"},
        {ACCT "/blobServices/default", ACCT},
        {ACCT, RG},
        {RG, SUB},
        {SUB, "/"},
        {MG, "/"},
        {RG "/providers/Microsoft.KeyVault", RG},
        {VAULT "/secrets", VAULT},
        {RG "/providers/Microsoft.KeyVault/vaults", RG},
        {VAULT "/providers/Microsoft.Insights/diagnosticSettings/d", VAULT},
        {MG "/providers/A.B/t/n", MG},
        {"/providers/Microsoft.Authorization/roleDefinitions/x", "/"},
        {"/providers/Microsoft.KeyVault", "/"},
        {SUB "/providers/Microsoft.Authorization/roleAssignments/x", SUB},
    };
    str up;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ROW(scope_parent(str_of(CASES[i].path), &up), CASES[i].path);
        CHECK_STR(up, str_of(CASES[i].want), CASES[i].path);
    }
    CHECK(!scope_parent(S("/"), &up));
}

TEST(resource_id_parse_takes_an_id_apart)
{
    static const struct { const char *text, *host, *provider, *types, *name, *type; bool is_list; } CASES[] = {
        {VAULT, RG, "Microsoft.KeyVault", "vaults/v1", "v1", "Microsoft.KeyVault/vaults", false},
        {VAULT "/", RG, "Microsoft.KeyVault", "vaults/v1", "v1", "Microsoft.KeyVault/vaults", false},
        {VAULT "/secrets/s", RG, "Microsoft.KeyVault", "vaults/v1/secrets/s", "s", "Microsoft.KeyVault/vaults/secrets", false},
        {VAULT "/secrets", RG, "Microsoft.KeyVault", "vaults/v1/secrets", "", "Microsoft.KeyVault/vaults/secrets", true},
        {RG "/providers/Microsoft.KeyVault/vaults", RG, "Microsoft.KeyVault", "vaults", "", "Microsoft.KeyVault/vaults", true},
        {SUB "/providers/Microsoft.KeyVault/vaults", SUB, "Microsoft.KeyVault", "vaults", "", "Microsoft.KeyVault/vaults", true},
        {VAULT "/providers/Microsoft.Authorization/roleAssignments/x", VAULT, "Microsoft.Authorization",
         "roleAssignments/x", "x", "Microsoft.Authorization/roleAssignments", false},
        {"/providers/Microsoft.Authorization/roleDefinitions", "/", "Microsoft.Authorization", "roleDefinitions", "",
         "Microsoft.Authorization/roleDefinitions", true},
        {MG, "/", "Microsoft.Management", "managementGroups/corp", "corp", "Microsoft.Management/managementGroups", false},
        {MG "/providers/A.B/t/n", MG, "A.B", "t/n", "n", "A.B/t", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct resource_id id = {0};
        str                type = STR_NONE;
        CHECK_ERR(resource_id_parse(t->call, str_of(CASES[i].text), &id), OK, CASES[i].text);
        CHECK_STR(id.host, str_of(CASES[i].host), CASES[i].text);
        CHECK_STR(id.provider, str_of(CASES[i].provider), CASES[i].text);
        CHECK_STR(id.types, str_of(CASES[i].types), CASES[i].text);
        CHECK_STR(id.name, str_of(CASES[i].name), CASES[i].text);
        CHECK_ROW(id.is_list == CASES[i].is_list, CASES[i].text);
        CHECK_ERR(resource_id_type(t->call, &id, &type), OK, CASES[i].text);
        CHECK_STR(type, str_of(CASES[i].type), CASES[i].text);
    }
}

TEST(resource_id_parse_refuses_what_is_no_resource)
{
    static const char *const CASES[] = {
        "", "/", SUB, RG, RG "/providers", RG "/providers/Microsoft.KeyVault", RG "/providers/Microsoft.KeyVault/",
        RG "/vaults/v1", VAULT "//", VAULT "/secrets//s", VAULT "/secrets/..", VAULT "/secrets/%2e",
        "Microsoft.KeyVault/vaults/v1", "/subscriptions/x/resourceGroups/app/providers/Microsoft.KeyVault/vaults/v1",
        "https://management.azure.com" VAULT, VAULT "?api-version=1",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct resource_id id;
        CHECK_ERR(resource_id_parse(t->call, str_of(CASES[i]), &id), ERR_SCOPE_INVALID, CASES[i]);
    }
}
