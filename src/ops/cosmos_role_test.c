#include "ops/cosmos_role.h"

#include "test_product.h"

#define ACCOUNT  TEST_PRODUCT_GROUP "/providers/" COSMOS_TYPE "/shop-data"
#define ROLE     ACCOUNT "/sqlRoleDefinitions/6f1b1f0e-0000-4000-8000-000000000001"
#define BUILT_IN ACCOUNT "/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001"
#define GRANT    ACCOUNT "/sqlRoleAssignments/6f1b1f0e-0000-4000-8000-000000000002"
#define READ     "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read"

#define DEFINITION(scope, permission) "{\"properties\":{\"roleName\":\"r\",\"assignableScopes\":[\"" scope "\"],\"permissions\":[" permission "]}}"
#define ALLOWS(action)                "{\"dataActions\":[\"" action "\"]}"
#define ASSIGNS(role, scope, who)     "{\"properties\":{\"roleDefinitionId\":\"" role "\",\"scope\":\"" scope "\",\"principalId\":\"" who "\"}}"
#define WHO                           "00000000-0000-0000-0000-0000000000b7"
#define NOBODY                        "00000000-0000-0000-0000-0000000000b8"

TEST(R7_roles_of_cosmos_accounts_are_checked)
{
    static const struct { const char *id, *body; enum err want; } CASES[] = {
        {ROLE, DEFINITION(ACCOUNT "/dbs/shop", ALLOWS(READ)), OK},
        {ROLE, DEFINITION(ACCOUNT, ALLOWS(READ)), OK},
        {ROLE, DEFINITION(ACCOUNT "/dbs/shop/colls/orders", ALLOWS(READ)), OK},
        {ROLE, DEFINITION(ACCOUNT "/dbs/shop", ALLOWS(READ)), OK},
        {ROLE, DEFINITION(ACCOUNT "2", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT "/dbs", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT "/dbs/", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT "/dbs//colls/x", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT "/colls/orders", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT "/dbs/shop/colls/orders/docs/x", ALLOWS(READ)), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT, ALLOWS("*")), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT, "{\"dataActions\":[]}"), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT, "{\"dataActions\":[\"" READ "\"],\"notDataActions\":[\"" READ "\"]}"), ERR_CONTENT_INVALID},
        {ROLE, DEFINITION(ACCOUNT, ""), ERR_CONTENT_INVALID},
        {ROLE, "{\"properties\":{\"roleName\":\"r\",\"type\":\"BuiltInRole\",\"permissions\":[" ALLOWS(READ) "]}}", ERR_CONTENT_INVALID},
        {ROLE, "{\"properties\":{\"permissions\":[" ALLOWS(READ) "]}}", ERR_CONTENT_INVALID},
        {BUILT_IN, DEFINITION(ACCOUNT, ALLOWS(READ)), ERR_METHOD_NOT_ALLOWED},
        {ACCOUNT "/sqlRoleDefinitions/zzzzzzzz-0000-4000-8000-000000000001", DEFINITION(ACCOUNT, ALLOWS(READ)), ERR_CONTENT_INVALID},
        {GRANT, ASSIGNS(BUILT_IN, ACCOUNT, WHO), OK},
        {GRANT, ASSIGNS(ROLE, ACCOUNT "/dbs/shop/colls/orders", WHO), OK},
        {GRANT, ASSIGNS(ROLE, ACCOUNT, WHO), ERR_CONTENT_INVALID},
        {GRANT, ASSIGNS(ROLE, ACCOUNT "/dbs/shop2", WHO), ERR_CONTENT_INVALID},
        {GRANT, ASSIGNS(ROLE, ACCOUNT "/dbs/shop", NOBODY), ERR_PRINCIPAL_NOT_FOUND},
        {GRANT, ASSIGNS(ROLE, ACCOUNT "/dbs/shop", "me"), ERR_PRINCIPAL_NOT_FOUND},
        {GRANT, ASSIGNS(ACCOUNT "/sqlRoleDefinitions/6f1b1f0e-0000-4000-8000-000000000009", ACCOUNT, WHO), ERR_REFERENCE_NOT_FOUND},
        {GRANT, ASSIGNS(ACCOUNT, ACCOUNT, WHO), ERR_LINKED_ID_INVALID},
        {GRANT, ASSIGNS("", ACCOUNT, WHO), ERR_CONTENT_INVALID},
        {GRANT, "{}", ERR_CONTENT_INVALID},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
    test_product_put_principal(&s, 0xB7, PRINCIPAL_MANAGED);
    CHECK_OK(test_product_write(&s, ACCOUNT, IDENTITY_PUT, "{\"location\":\"westus\"}", NULL));
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].want, CASES[i].body);
    CHECK_ERR(test_product_delete(&s, BUILT_IN), ERR_METHOD_NOT_ALLOWED, "built in");
    CHECK_ERR(test_product_delete(&s, ROLE), ERR_CONFLICT, "assigned");
    CHECK_OK(test_product_delete(&s, ACCOUNT));
    CHECK(!tree_find(s.work.world->tree, S(BUILT_IN)) && !tree_find(s.work.world->tree, S(GRANT)));
}
