#include "ops/cascade.h"

#include "ops/vault_resource.h"
#include "test_product.h"

#define VM    TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/"
#define OTHER TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Shop2" // begins like the other's name
#define OWNED "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned\"}}"

static object_id put(struct test_product *s, const char *id, const char *body)
{
    struct test           *t = s->test;
    struct resource_result got = {0};
    CHECK_ERR(test_product_write(s, id, IDENTITY_PUT, body, &got), OK, id);
    return got.resource ? got.resource->identity.system_principal : (object_id){0};
}

// Everyone, or everyone but the caller.
static void deny_action(struct test_product *s, unsigned n, const char *action, const char *scope, bool spares_me)
{
    str                                actions[] = {str_of(action)};
    const struct role_permission       named = {.actions = actions, .action_n = 1};
    static const struct deny_principal EVERYONE = {.type = S_INIT("SystemDefined")};
    struct test                       *t = s->test;
    struct deny_assignment            *made, plain = {.id = test_product_guid(n),
                                                      .name = S("no"),
                                                      .scope = str_of(scope),
                                                      .permissions = &named,
                                                      .permission_n = 1,
                                                      .principals = &EVERYONE,
                                                      .principal_n = 1,
                                                      .excluded_n = spares_me};
    struct deny_principal              me = {.id = s->caller.id, .type = S("ServicePrincipal")};
    plain.excluded = &me;
    CHECK_OK(deny_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_DENY, NULL, &made->ref));
}

static void deny(struct test_product *s, unsigned n, const char *scope)
{
    deny_action(s, n, "*", scope, true);
}

static bool has_deny(const struct test_product *s, unsigned n)
{
    return rbac_find_deny(s->work.world->rules, test_product_guid(n)) != NULL;
}

static enum err delete_group(struct test_product *s, const char *id)
{
    struct group_args args = {.id = str_of(id)};
    return test_product_run(s, &OP_GROUP_DELETE, NULL, id, &args, NULL);
}

static bool count_one(const struct assignment *a, void *ctx)
{
    (void)a;
    ++*(size_t *)ctx;
    return true;
}

static size_t assignments_at(const struct test_product *s, const char *scope)
{
    size_t n = 0;
    rbac_each_at_scope(s->work.world->rules, str_of(scope), count_one, &n);
    return n;
}

static bool lives(const struct test_product *s, object_id who)
{
    return directory_find(s->work.world->directory, who) != NULL;
}

static bool stands(const struct test_product *s, const char *id)
{
    return tree_find(s->work.world->tree, str_of(id)) != NULL;
}

TEST(a_group_goes_with_all_that_is_in_it_and_nothing_else)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_put_group(&s, OTHER);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    object_id inside = put(&s, VM "web", OWNED), child = put(&s, VM "web/extensions/x", "{\"identity\":{\"type\":\"SystemAssigned\"}}");
    object_id outside = put(&s, OTHER "/providers/Microsoft.Compute/virtualMachines/web", OWNED);
    put(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1",
        "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"00000000-0000-0000-0000-000000000010\"}}");
    put(&s, TEST_PRODUCT_SUBSCRIPTION "/providers/Contoso.Things/widgets/w", "{}");
    static const char *const INSIDE[] = {TEST_PRODUCT_GROUP, VM "web", VM "web/extensions/x",
                                         TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1/secrets/a"};
    static const char *const OUTSIDE[] = {TEST_PRODUCT_SUBSCRIPTION, OTHER, OTHER "/providers/Microsoft.Compute/virtualMachines/web", "/"};
    for (size_t i = 0; i < COUNT(INSIDE); i++) test_product_assign(&s, outside, "Reader", INSIDE[i]);
    for (size_t i = 0; i < COUNT(OUTSIDE); i++) test_product_assign(&s, inside, "Reader", OUTSIDE[i]);
    deny(&s, 0xD1, VM "web");
    deny(&s, 0xD2, OTHER);

    struct group_args args = {.id = S(TEST_PRODUCT_SUBSCRIPTION "/resourcegroups/SHOP")};
    CHECK_OK(test_product_run(&s, &OP_GROUP_DELETE, NULL, TEST_PRODUCT_GROUP, &args, NULL));
    CHECK(!tree_find_group(s.work.world->tree, S(TEST_PRODUCT_GROUP)) && tree_find_group(s.work.world->tree, S(OTHER)));
    CHECK(!stands(&s, VM "web") && !stands(&s, VM "web/extensions/x") && !stands(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1"));
    CHECK(stands(&s, OTHER "/providers/Microsoft.Compute/virtualMachines/web") &&
          stands(&s, TEST_PRODUCT_SUBSCRIPTION "/providers/Contoso.Things/widgets/w"));
    CHECK(!lives(&s, inside) && !lives(&s, child) && lives(&s, outside));
    for (size_t i = 0; i < COUNT(INSIDE); i++) CHECK_ROW(assignments_at(&s, INSIDE[i]) == 0, INSIDE[i]);
    for (size_t i = 0; i < COUNT(OUTSIDE); i++) CHECK_ROW(assignments_at(&s, OUTSIDE[i]) > 0, OUTSIDE[i]); // R9: orphans stay
    CHECK(!rbac_find_deny(s.work.world->rules, test_product_guid(0xD1)) && rbac_find_deny(s.work.world->rules, test_product_guid(0xD2)));
    CHECK(tree_find_global(s.work.world->tree, S("Microsoft.KeyVault/vaults"), S("shop-1"), true)); // a vault is only soft-deleted
}

TEST(a_resource_goes_with_its_children_and_what_is_assigned_below_it)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    object_id who = put(&s, VM "web", OWNED);
    put(&s, VM "web2", OWNED);
    put(&s, VM "web/extensions/x", "{}");
    test_product_assign(&s, who, "Reader", VM "web");
    test_product_assign(&s, who, "Reader", VM "web/extensions/x");
    test_product_assign(&s, who, "Reader", VM "web2");
    test_product_assign(&s, who, "Reader", TEST_PRODUCT_GROUP);
    CHECK_OK(test_product_delete(&s, VM "WEB"));
    CHECK(!stands(&s, VM "web") && !stands(&s, VM "web/extensions/x") && stands(&s, VM "web2"));
    CHECK_INT(assignments_at(&s, VM "web") + assignments_at(&s, VM "web/extensions/x"), 0, "below it");
    CHECK_INT(assignments_at(&s, VM "web2") + assignments_at(&s, TEST_PRODUCT_GROUP), 2, "beside and above it");
}

// What lies in no subscription has its assignments looked for everywhere.
TEST(a_tenant_s_resource_takes_its_assignments_along)
{
    static const char *const                        ID = "/providers/Contoso.Things/widgets/w";
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    put(&s, ID, "{}");
    test_product_assign(&s, s.caller.id, "Reader", ID);
    test_product_assign(&s, s.caller.id, "Reader", "/providers/Contoso.Things/widgets/w2");
    CHECK_OK(test_product_delete(&s, ID));
    CHECK(!stands(&s, ID) && assignments_at(&s, ID) == 0 && assignments_at(&s, "/providers/Contoso.Things/widgets/w2") == 1);
}

TEST(who_may_not_delete_leaves_everything)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_put(&s, VM "web", "{}");
    test_product_assign(&s, s.caller.id, "Reader", TEST_PRODUCT_GROUP);
    struct group_args args = {.id = S(TEST_PRODUCT_GROUP)};
    CHECK_ERR(test_product_run(&s, &OP_GROUP_DELETE, NULL, TEST_PRODUCT_GROUP, &args, NULL), ERR_NOT_AUTHORIZED, "a group");
    CHECK_ERR(test_product_delete(&s, VM "web"), ERR_NOT_AUTHORIZED, "a resource");
    CHECK(stands(&s, VM "web") && tree_find_group(s.work.world->tree, S(TEST_PRODUCT_GROUP)));
}

// Nothing is deleted then: neither what the deny names nor what lies beside it.
TEST(a_deny_on_a_resource_stops_the_deletion_of_its_group)
{
    static const struct { const char *row, *action, *scope; bool spares_me; enum err want; } CASES[] = {
        {"by its own action", "Microsoft.Compute/virtualMachines/delete", VM "web", false, ERR_DENIED},
        {"in another casing", "MICROSOFT.COMPUTE/*/DELETE", TEST_PRODUCT_SUBSCRIPTION "/RESOURCEGROUPS/SHOP/providers/microsoft.compute/virtualmachines/WEB", false, ERR_DENIED},
        {"by everything", "*", VM "web", false, ERR_DENIED},
        {"on a child", "*/delete", VM "web/extensions/x", false, ERR_DENIED},
        {"on a vault, which would be recoverable", "Microsoft.KeyVault/vaults/delete", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1", false, ERR_DENIED},
        {"for others", "*", VM "web", true, OK},
        {"of another action", "Microsoft.Compute/virtualMachines/read", VM "web", false, OK},
        {"of another type", "Microsoft.Web/sites/delete", VM "web", false, OK},
        {"beside it", "*/delete", OTHER "/providers/Microsoft.Compute/virtualMachines/web", false, OK},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        test_product_open(&s, t);
        test_product_put_group(&s, TEST_PRODUCT_GROUP);
        test_product_put_group(&s, OTHER);
        test_product_assign(&s, s.caller.id, "Owner", "/");
        put(&s, VM "web", OWNED);
        put(&s, VM "web/extensions/x", "{}");
        put(&s, VM "aside", OWNED);
        put(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1",
            "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"00000000-0000-0000-0000-000000000010\"}}");
        deny_action(&s, 0xD1, CASES[i].action, CASES[i].scope, CASES[i].spares_me);
        CHECK_ERR(delete_group(&s, TEST_PRODUCT_SUBSCRIPTION "/resourcegroups/SHOP"), CASES[i].want, CASES[i].row);
        bool stopped = CASES[i].want != OK;
        CHECK_ROW(stands(&s, VM "web") == stopped && stands(&s, VM "aside") == stopped && stands(&s, VM "web/extensions/x") == stopped, CASES[i].row);
        CHECK_ROW((tree_find_group(s.work.world->tree, S(TEST_PRODUCT_GROUP)) != NULL) == stopped, CASES[i].row);
        if (stopped) CHECK_ROW(has_deny(&s, 0xD1) && guid_eq(s.work.refusal.answer.decided_by, test_product_guid(0xD1)), CASES[i].row);
    }
}

TEST(a_deny_on_a_child_stops_the_deletion_of_its_parent)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    put(&s, VM "web", OWNED);
    put(&s, VM "web/extensions/x", "{}");
    deny_action(&s, 0xD1, "Microsoft.Compute/virtualMachines/extensions/delete", VM "web/extensions/x", false);
    CHECK_ERR(test_product_delete(&s, VM "WEB"), ERR_DENIED, "the parent");
    CHECK(stands(&s, VM "web") && stands(&s, VM "web/extensions/x"));
    deny_action(&s, 0xD1, "Microsoft.Compute/virtualMachines/extensions/delete", VM "web/extensions/x", true);
    CHECK_OK(test_product_delete(&s, VM "WEB"));
    CHECK(!stands(&s, VM "web") && !stands(&s, VM "web/extensions/x") && !has_deny(&s, 0xD1));
}

// Else whoever deletes a vault and recovers it would have lifted them.
TEST(what_can_be_recovered_keeps_its_denies)
{
    static const char *const SECRET_DENIES[] = {TEST_PRODUCT_GROUP, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1",
                                                TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1/secrets/a"};
    static const char *const VAULT = TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1";
    struct deleted_vault_args                       purge = {.subscription.g = test_product_guid(0x51), .location = S("westus"), .name = S("shop-1")};
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    put(&s, VAULT, "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"00000000-0000-0000-0000-000000000010\"}}");
    put(&s, VM "web", OWNED);
    for (unsigned i = 0; i < COUNT(SECRET_DENIES); i++) deny_action(&s, 0xD1 + i, "Microsoft.KeyVault/vaults/read", SECRET_DENIES[i], false);
    deny_action(&s, 0xD8, "Microsoft.KeyVault/vaults/read", VM "web", false);
    deny_action(&s, 0xD9, "Microsoft.KeyVault/vaults/read", TEST_PRODUCT_SUBSCRIPTION, false);
    CHECK_OK(test_product_delete(&s, VAULT));
    for (unsigned i = 0; i < COUNT(SECRET_DENIES); i++) CHECK_ROW(has_deny(&s, 0xD1 + i), "the vault alone");
    CHECK_OK(delete_group(&s, TEST_PRODUCT_GROUP));
    for (unsigned i = 0; i < COUNT(SECRET_DENIES); i++) CHECK_ROW(has_deny(&s, 0xD1 + i), "with its group");
    CHECK(!has_deny(&s, 0xD8)); // nothing that it reached is left
    CHECK_OK(test_product_run(&s, &OP_DELETED_VAULT_PURGE, NULL, TEST_PRODUCT_SUBSCRIPTION, &purge, NULL));
    for (unsigned i = 0; i < COUNT(SECRET_DENIES); i++) CHECK_ROW(!has_deny(&s, 0xD1 + i), "gone for good");
    CHECK(has_deny(&s, 0xD9));
}

TEST(a_purge_leaves_the_denies_of_a_group_that_stands)
{
    struct deleted_vault_args                       purge = {.subscription.g = test_product_guid(0x51), .location = S("westus"), .name = S("shop-1")};
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Owner", "/");
    put(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1",
        "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"00000000-0000-0000-0000-000000000010\"}}");
    deny_action(&s, 0xD1, "Microsoft.KeyVault/vaults/read", TEST_PRODUCT_GROUP, false);
    deny_action(&s, 0xD2, "Microsoft.KeyVault/vaults/read", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1", false);
    deny_action(&s, 0xD3, "Microsoft.KeyVault/locations/deletedVaults/purge/action", TEST_PRODUCT_GROUP, false);
    CHECK_OK(test_product_delete(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1"));
    CHECK_ERR(test_product_run(&s, &OP_DELETED_VAULT_PURGE, NULL, TEST_PRODUCT_SUBSCRIPTION, &purge, NULL), ERR_DENIED, "denied at the group");
    CHECK_OK(work_change(t->call, &s.work, STORE_DENY, &rbac_find_deny(s.work.world->rules, test_product_guid(0xD3))->ref, NULL));
    CHECK_OK(test_product_run(&s, &OP_DELETED_VAULT_PURGE, NULL, TEST_PRODUCT_SUBSCRIPTION, &purge, NULL));
    CHECK(has_deny(&s, 0xD1) && !has_deny(&s, 0xD2));
}
