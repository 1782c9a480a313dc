#include "ops/resource_references.h"

#include "ops/resources.h"
#include "resources/records.h"
#include "test_product.h"

#define FAR        TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/far"
#define NET        TEST_PRODUCT_GROUP "/providers/Microsoft.Network/"
#define SUBNET     NET "virtualNetworks/net/subnets/main"
#define NIC(name)  NET "networkInterfaces/" name
#define VM(name)   TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/" name
#define PLAN       TEST_PRODUCT_GROUP "/providers/Microsoft.Web/serverfarms/plan"
#define SITE(name) TEST_PRODUCT_GROUP "/providers/Microsoft.Web/sites/" name
#define STAGE      TEST_PRODUCT_GROUP "/providers/Microsoft.App/managedEnvironments/stage"
#define APP        TEST_PRODUCT_GROUP "/providers/Microsoft.App/containerApps/front"

#define PLAIN            "{\"location\":\"westus\"}"
#define WITH(properties) "{\"location\":\"westus\",\"properties\":{" properties "}}"
#define IP(name, parts)  "{\"name\":\"" name "\",\"properties\":{" parts "}}"
#define IPS(ip)          "\"ipConfigurations\":[" ip "]"
#define IN(subnet)       "\"subnet\":{\"id\":\"" subnet "\"}"
#define AT(address)      "\"publicIPAddress\":{\"id\":\"" address "\"}"
#define CARD(subnet)     WITH(IPS(IP("one", IN(subnet))))
#define CARDS(nic)       WITH("\"networkProfile\":{\"networkInterfaces\":[{\"id\":\"" nic "\"}]}")
#define ADDRESS          NET "publicIPAddresses/address"
#define NETWORK          NET "virtualNetworks/net"
#define NETWORK_BODY                                                                                                                              \
    WITH("\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[{\"name\":\"main\",\"properties\":{\"addressPrefix\":\"10.0.0.0/" \
         "24\"}}]")
#define NETWORK_EMPTY WITH("\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[]")

static guid open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put_group(s, FAR);
    return test_product_assign(s, s->caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
}

// Fails with that kind and those words.
static void check(struct test_product *s, enum err got, enum err want, const char *words, const char *row)
{
    struct test *t = s->test;
    bool         says = got == OK || str_contains_nocase(str_of(s->call->failure.text), str_of(words));
    CHECK_ROW(says, s->call->failure.text);
    CHECK_ERR(got, want, row);
}

static enum err put(struct test_product *s, const char *id, const char *body)
{
    return test_product_write(s, id, IDENTITY_PUT, body, NULL);
}

static enum err drop(struct test_product *s, const char *id)
{
    return test_product_delete(s, id);
}

TEST(D1_references_to_what_is_not_there_are_refused)
{
    static const struct { const char *id, *body; enum err want; const char *words; } CASES[] = {
        {NIC("a"), CARD(NETWORK "/subnets/none"), ERR_REFERENCE_NOT_FOUND,
         "Resource " NETWORK "/subnets/none referenced by resource " NIC("a") " was not found. Please make sure that the referenced resource exists"},
        {NIC("a"), CARD(SUBNET), OK, ""},
        {NIC("b"), "{\"location\":\"eastus\",\"properties\":{" IPS(IP("one", IN(SUBNET))) "}}", ERR_REFERENCE_NOT_FOUND, "in the same region"},
        {NIC("b"), WITH("\"IPCONFIGURATIONS\":[{\"Properties\":{\"SUBNET\":{\"ID\":\"" NETWORK "/subnets/none\"}}}]"), ERR_REFERENCE_NOT_FOUND, ""},
        {NIC("b"), CARD("main"), ERR_LINKED_ID_INVALID, "at path 'properties.ipConfigurations[].properties.subnet.id' is invalid. Expect fully qualified resource Id"},
        {NIC("b"), CARD(NETWORK "/subnets"), ERR_LINKED_ID_INVALID, ""},
        {NIC("b"), CARD(NETWORK), ERR_LINKED_ID_INVALID, "Expect the id of a resource of the type 'Microsoft.Network/virtualNetworks/subnets'"},
        {NIC("b"), WITH("\"networkSecurityGroup\":{\"id\":7}"), ERR_LINKED_ID_INVALID, ""},
        {NIC("b"), WITH("\"networkSecurityGroup\":null,\"ipConfigurations\":null"), OK, ""},
        {NIC("b"), WITH("\"ipConfigurations\":{}"), ERR_CONTENT_INVALID, "'ipConfigurations' on the path"},
        {NIC("b"), WITH(IPS("{\"properties\":{\"subnet\":{\"id\":\"\"},\"Subnet\":{\"id\":\"" SUBNET "\"}}}")), ERR_JSON_INVALID, "'subnet' stands twice"},
        {SITE("shop") "/config/web", WITH("\"serverFarmId\":\"" PLAN "2\""), ERR_PARENT_NOT_FOUND, ""},
        {NIC("c"), WITH("\"networkSecurityGroup\":{\"id\":\"\"}"), OK, ""},
        {VM("vm"), CARDS(NIC("none")), ERR_REFERENCE_NOT_FOUND, "referenced by resource " VM("vm")},
        {VM("vm"), CARDS(NIC("a")), OK, ""},
        {VM("other"), CARDS(NIC("a")), ERR_NIC_IN_USE, "Network Interface " NIC("a") " is used by existing resource " VM("vm")},
        {VM("vm"), CARDS(NIC("a")), OK, ""},
        {SITE("shop"), WITH("\"serverFarmId\":\"" PLAN "2\""), ERR_NOT_FOUND, "Cannot find ServerFarm with name plan2."},
        {SITE("shop"), WITH("\"serverFarmId\":\"plan2\""), ERR_NOT_FOUND, "Cannot find ServerFarm with name plan2."},
        {SITE("shop"), WITH("\"serverFarmId\":\"plan\""), OK, ""},
        {SITE("shop"), WITH("\"serverFarmId\":\"" PLAN "\""), OK, ""},
        {SITE("shop") "/config/web", WITH("\"serverFarmId\":\"" PLAN "2\""), ERR_NOT_FOUND, ""},
        {SITE("shop") "/config/appsettings", WITH("\"serverFarmId\":\"" PLAN "2\""), OK, ""},
        {SITE("shop") "/networkConfig/virtualNetwork", WITH("\"subnetResourceId\":\"" NETWORK "/subnets/none\""), ERR_REFERENCE_NOT_FOUND, ""},
        {APP, WITH("\"managedEnvironmentId\":\"" STAGE "2\""), ERR_ENVIRONMENT_NOT_FOUND, "The Managed Environment '" STAGE "2' was not found."},
        {APP, WITH("\"environmentId\":\"" STAGE "\""), OK, ""},
        {TEST_PRODUCT_GROUP "/providers/Microsoft.Storage/storageAccounts/shop1", WITH("\"networkAcls\":{\"virtualNetworkRules\":[{\"id\":\"" SUBNET "\"}]}"), OK, ""},
        {TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/set",
         WITH("\"virtualMachineProfile\":{\"networkProfile\":{\"networkInterfaceConfigurations\":[{\"name\":\"n\",\"properties\":{" IPS(IP("i", IN(NETWORK "/subnets/none"))) "}}]}}"),
         ERR_REFERENCE_NOT_FOUND, ""},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(put(&s, PLAN, PLAIN));
    CHECK_OK(put(&s, STAGE, PLAIN));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        check(&s, put(&s, CASES[i].id, CASES[i].body), CASES[i].want, CASES[i].words, CASES[i].body);
    }
}

TEST(D1_what_others_refer_to_is_not_deleted)
{
    static const struct { const char *id; enum err want; const char *words; } CASES[] = {
        {SUBNET, ERR_SUBNET_IN_USE, "Subnet main is in use by " NIC("a") "/ipConfigurations/one and cannot be deleted."},
        {NETWORK, ERR_SUBNET_IN_USE, "Subnet main is in use by"},
        {NIC("a"), ERR_NIC_IN_USE, "Network Interface " NIC("a") " is used by existing resource " VM("vm") ". In order to delete"},
        {ADDRESS, ERR_PUBLIC_ADDRESS_IN_USE, "Public IP address " ADDRESS " can not be deleted since it is still allocated to resource " NIC("a") "/ipConfigurations/one."},
        {PLAN, ERR_CONFLICT, "Server farm 'plan' cannot be deleted because it has web app(s) shop assigned to it."},
        {STAGE, ERR_ENVIRONMENT_IN_USE, "The specified environment stage cannot be deleted because it still contains"},
        {VM("vm"), OK, ""},
        {SUBNET, ERR_SUBNET_IN_USE, ""},
        {NIC("a"), OK, ""},
        {ADDRESS, OK, ""},
        {SITE("shop"), OK, ""},
        {PLAN, OK, ""},
        {APP, OK, ""},
        {STAGE, OK, ""},
        {SUBNET, OK, ""}, // the rule of a storage account does not hold it
        {NETWORK, OK, ""},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(put(&s, ADDRESS, PLAIN));
    CHECK_OK(put(&s, NIC("a"), WITH(IPS(IP("one", IN(SUBNET) "," AT(ADDRESS))))));
    check(&s, put(&s, NIC("b"), WITH(IPS(IP("two", AT(ADDRESS))))), ERR_PUBLIC_ADDRESS_TAKEN,
          "Resource " NIC("b") "/ipConfigurations/two is referencing public IP address " ADDRESS
                               " that is already allocated to resource " NIC("a") "/ipConfigurations/one.",
          "an address for two");
    CHECK_OK(put(&s, VM("vm"), CARDS(NIC("a"))));
    CHECK_OK(put(&s, PLAN, PLAIN));
    CHECK_OK(put(&s, SITE("shop"), WITH("\"serverFarmId\":\"" PLAN "\"")));
    CHECK_OK(put(&s, STAGE, PLAIN));
    CHECK_OK(put(&s, APP, WITH("\"managedEnvironmentId\":\"" STAGE "\"")));
    CHECK_OK(put(&s, TEST_PRODUCT_GROUP "/providers/Microsoft.Storage/storageAccounts/shop1",
                 WITH("\"networkAcls\":{\"virtualNetworkRules\":[{\"id\":\"" SUBNET "\"}]}")));
    CHECK_ERR(put(&s, NETWORK, NETWORK_EMPTY), ERR_SUBNET_IN_USE, "left out of its network");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        check(&s, drop(&s, CASES[i].id), CASES[i].want, CASES[i].words, CASES[i].id);
    }
}

TEST(D1_a_group_goes_unless_something_outside_of_it_holds_a_part)
{
    CLEANUP(test_product_close) struct test_product s;
    struct group_args                               args = {.id = S(TEST_PRODUCT_GROUP)};
    struct op_target                                target = {.scope = args.id};
    open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(put(&s, NIC("a"), CARD(SUBNET)));
    CHECK_OK(put(&s, FAR "/providers/Microsoft.Network/networkInterfaces/b", CARD(SUBNET)));
    check(&s, op_run(t->call, &s.work, &OP_GROUP_DELETE, &target, &args, NULL), ERR_GROUP_IN_USE, SUBNET "' could not be deleted",
          "held from outside");
    CHECK_OK(drop(&s, FAR "/providers/Microsoft.Network/networkInterfaces/b"));
    CHECK_OK(op_run(t->call, &s.work, &OP_GROUP_DELETE, &target, &args, NULL));
    CHECK(!tree_find(s.work.world->tree, S(NIC("a"))));
}

// A reference that is there already is not looked at again; one that comes anew is.
TEST(D1_a_reference_that_dangles_stays)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(put(&s, NIC("a"), CARD(SUBNET)));
    const struct resource *subnet = tree_find(s.work.world->tree, S(SUBNET));
    CHECK_OK(work_change(t->call, &s.work, STORE_RESOURCE, &subnet->ref, NULL));
    CHECK_OK(test_product_write(&s, NIC("a"), IDENTITY_PATCH, "{\"tags\":{\"a\":\"b\"}}", NULL));
    CHECK_OK(put(&s, NIC("a"), CARD(SUBNET)));
    CHECK_ERR(put(&s, NIC("b"), CARD(SUBNET)), ERR_REFERENCE_NOT_FOUND, "anew");
    CHECK_INT(tree_count_users_of(s.work.world->tree, S(SUBNET)), 1, "those that name it");
}

// Of a record of the first form what it names is read out of its document when the state is loaded.
TEST(D1_references_of_an_earlier_version_are_found)
{
    static const struct { const char *what; const char *document; size_t want; } CASES[] = {
        {"an app of a plan", "{\"properties\":{\"serverFarmId\":\"" PLAN "\"}}", 1},
        {"by its bare name", "{\"properties\":{\"serverFarmId\":\"plan\"}}", 1},
        {"what is no id", "{\"properties\":{\"serverFarmId\":7}}", 0},
        {"what cannot be read", "{", 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct worlds                                  *again = NULL;
        struct buf                                      key, body;
        open_owned(&s, t);
        CHECK_OK(put(&s, PLAN, PLAIN));
        CHECK_OK(put(&s, SITE("shop"), PLAIN));
        struct resource old = *tree_find(s.work.world->tree, S(SITE("shop")));
        old.document = str_of(CASES[i].document);
        old.reference_n = 0;
        buf_init(&key, &t->call->arena);
        buf_init(&body, &t->call->arena);
        RECORD_RESOURCE.key(&key, &old.ref);
        resource_pack(&body, &old);
        body.at[0] = 1; // its last byte is the number of references, which that form lacks
        CHECK_OK(store_put(t->call, s.work.store, STORE_RESOURCE, buf_view(&key), (bytes){(const uint8_t *)body.at, body.n - 1}));
        CHECK_OK(worlds_load(t->call, s.work.store, &again));
        if (!again) continue;
        CHECK_INT(tree_count_users_of(world_enter(again, 0)->tree, S(PLAN)), CASES[i].want, CASES[i].what);
        world_leave(again, 0);
        worlds_free(again);
    }
}

// The permission at what is named is asked for whether or not that is there.
TEST(R6_references_ask_for_the_permission_to_join)
{
    static const struct { const char *id, *body; enum err want; } CASES[] = {
        {FAR "/providers/Microsoft.Network/networkInterfaces/b", CARD(SUBNET), ERR_LINKED_NOT_AUTHORIZED},
        {FAR "/providers/Microsoft.Network/networkInterfaces/b", CARD(NETWORK "/subnets/none"), ERR_LINKED_NOT_AUTHORIZED},
        {FAR "/providers/Microsoft.Network/networkInterfaces/b", PLAIN, OK},
        {FAR "/providers/Microsoft.Web/sites/shop", WITH("\"serverFarmId\":\"" PLAN "\""), ERR_LINKED_NOT_AUTHORIZED},
        {FAR "/providers/Microsoft.Compute/virtualMachines/vm", CARDS(NIC("a")), ERR_LINKED_NOT_AUTHORIZED},
        {FAR "/providers/Microsoft.Network/virtualNetworks/far",
         WITH("\"subnets\":[{\"name\":\"x\",\"properties\":{\"networkSecurityGroup\":{\"id\":\"" NET "networkSecurityGroups/wall\"}}}]"), ERR_LINKED_NOT_AUTHORIZED},
        {FAR "/providers/Microsoft.Storage/storageAccounts/shop1", WITH("\"networkAcls\":{\"virtualNetworkRules\":[{\"id\":\"" SUBNET "\"}]}"), ERR_LINKED_NOT_AUTHORIZED},
    };
    CLEANUP(test_product_close) struct test_product s;
    guid                                            owner = open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(put(&s, PLAN, PLAIN));
    CHECK_OK(put(&s, NET "networkSecurityGroups/wall", PLAIN));
    CHECK_OK(work_change(t->call, &s.work, STORE_ASSIGNMENT, &rbac_find_assignment(s.work.world->rules, owner)->ref, NULL));
    test_product_assign(&s, s.caller.id, "Owner", FAR);
    test_product_assign(&s, s.caller.id, "Reader", TEST_PRODUCT_GROUP);
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(put(&s, CASES[i].id, CASES[i].body), CASES[i].want, CASES[i].body);
    test_product_assign(&s, s.caller.id, "Virtual Machine Contributor", NETWORK);
    CHECK_OK(put(&s, FAR "/providers/Microsoft.Network/networkInterfaces/b", CARD(SUBNET)));
}

// What is noted under one path opens no other: each place asks for its own permission.
TEST(R6_a_reference_in_one_place_is_none_in_another)
{
#define LINK    FAR "/providers/Microsoft.Network/privateEndpoints/link"
#define SERVICE "\"privateLinkServiceConnections\":[{\"name\":\"c\",\"properties\":{\"privateLinkServiceId\":\"" SUBNET "\"}}]"
    CLEANUP(test_product_close) struct test_product s;
    guid                                            owner = open_owned(&s, t);
    CHECK_OK(put(&s, NETWORK, NETWORK_BODY));
    CHECK_OK(work_change(t->call, &s.work, STORE_ASSIGNMENT, &rbac_find_assignment(s.work.world->rules, owner)->ref, NULL));
    test_product_assign(&s, s.caller.id, "Owner", FAR);
    CHECK_OK(put(&s, LINK, WITH(SERVICE)));
    CHECK_ERR(put(&s, LINK, WITH(SERVICE "," IN(SUBNET))), ERR_LINKED_NOT_AUTHORIZED, "the same id in another place");
    CHECK_OK(put(&s, LINK, WITH(SERVICE)));
}
