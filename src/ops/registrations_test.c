#include "ops/registrations.h"

#include "ops/provider_names.h"
#include "ops/tags.h"
#include "test_product.h"

#define VM TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/"

static enum err change(struct test_product *s, const struct op *op, const char *provider)
{
    struct registration_args args = {.subscription.g = test_product_guid(0x51), .provider = str_of(provider)};
    return test_product_run(s, op, "Microsoft.Compute/register/action", TEST_PRODUCT_SUBSCRIPTION, &args, NULL);
}

static bool has(struct test_product *s, const char *provider)
{
    struct test         *t = s->test;
    struct registrations r;
    CHECK_OK(registrations_read(t->call, &s->work, (subscription_id){test_product_guid(0x51)}, &r));
    return registrations_has(&r, str_of(provider));
}

static void open_stage(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", "/");
}

TEST(s8_a_provider_is_registered_until_it_is_unregistered)
{
    CLEANUP(test_product_close) struct test_product s;
    struct resource_result                          got;
    open_stage(&s, t);
    CHECK(has(&s, "Microsoft.Compute"));
    CHECK_OK(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Compute"));
    CHECK_OK(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Compute")); // it is already
    CHECK_OK(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Cache"));
    CHECK(!has(&s, "microsoft.compute") && !has(&s, "Microsoft.Cache") && has(&s, "Microsoft.Web"));
    CHECK_ERR(test_product_write(&s, VM "web", IDENTITY_PUT, "{\"location\":\"westus\"}", &got), ERR_NOT_REGISTERED, "a new resource");
    CHECK_OK(change(&s, &OP_PROVIDER_REGISTER, "microsoft.compute"));
    CHECK(has(&s, "Microsoft.Compute") && !has(&s, "Microsoft.Cache"));
    CHECK_OK(test_product_write(&s, VM "web", IDENTITY_PUT, "{\"location\":\"westus\"}", &got));
}

TEST(s8_what_cannot_be_unregistered)
{
    CLEANUP(test_product_close) struct test_product s;
    struct resource_result                          got;
    open_stage(&s, t);
    CHECK_OK(test_product_write(&s, VM "web", IDENTITY_PUT, "{\"location\":\"westus\"}", &got));
    CHECK_ERR(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Compute"), ERR_CONFLICT, "in use");
    CHECK_ERR(change(&s, &OP_PROVIDER_UNREGISTER, "microsoft.authorization"), ERR_CONFLICT, "every subscription has it");
    CHECK_OK(test_product_delete(&s, VM "web"));
    CHECK_OK(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Compute"));
}

TEST(s8_tags_and_registrations_of_a_subscription_keep_each_other)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct json                              *tags;
    struct tags_args                                args = {.scope = S(TEST_PRODUCT_SUBSCRIPTION), .verb = TAGS_REPLACE};
    open_stage(&s, t);
    CHECK_OK(json_parse(t->call, S("{\"a\":\"b\"}"), &args.tags));
    CHECK_OK(change(&s, &OP_PROVIDER_UNREGISTER, "Microsoft.Cache"));
    CHECK_OK(test_product_run(&s, &OP_TAGS_WRITE, NULL, TEST_PRODUCT_SUBSCRIPTION, &args, &tags));
    CHECK(!has(&s, "Microsoft.Cache"));
    CHECK_OK(change(&s, &OP_PROVIDER_REGISTER, "Microsoft.Cache"));
    CHECK_STR(tree_find_subscription(s.work.world->tree, (subscription_id){test_product_guid(0x51)})->document, S("{\"tags\":{\"a\":\"b\"}}"),
              "kept");
}

TEST(s8_which_types_there_are)
{
    static const struct { const char *type; enum err want; } CASES[] = {
        {"Microsoft.Compute/virtualMachines", OK},
        {"microsoft.compute/VIRTUALMACHINES", OK},
        {"Microsoft.Network/virtualNetworks/subnets", OK},
        {"Microsoft.KeyVault/vaults/secrets", OK}, // by its data operations
        {"Microsoft.Web/sites/config", OK},
        {"Microsoft.ServiceFabric/managedClusters/applications", OK}, // by its row
        {"Microsoft.Compute/virtualMachinez", ERR_TYPE_UNKNOWN},
        {"Microsoft.Compute/virtualMachine", ERR_TYPE_UNKNOWN}, // begins like one
        {"Microsoft.Web/sites/slotz", ERR_TYPE_UNKNOWN},
        {"Microsoft.Computer/virtualMachines", ERR_NAMESPACE_UNKNOWN},
        {"Microsoft/virtualMachines", ERR_NAMESPACE_UNKNOWN},
        {"*/virtualMachines", ERR_NAMESPACE_UNKNOWN},
        {"Microsoft.Compute/*", ERR_TYPE_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(provider_names_check_type(t->call, str_of(CASES[i].type), S("2024-01-01")), CASES[i].want, CASES[i].type);
        call_forgive(t->call);
    }
}
