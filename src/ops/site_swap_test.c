#include "ops/site.h"

#include "ops/resources.h"
#include "test_product.h"

#define APP        TEST_PRODUCT_GROUP "/providers/Microsoft.Web/sites/shop"
#define NEXT       APP "/slots/next"
#define IDENTITIES TEST_PRODUCT_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"

static void put(struct test_product *s, const char *id, const char *body)
{
    struct test           *t = s->test;
    struct resource_result got = {0};
    CHECK_ERR(test_product_write(s, id, IDENTITY_PUT, body, &got), OK, body);
}

// An app and its slot, each with an identity, an image, a setting that moves and two that stay.
static void open_app(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", "/");
    put(s, APP,
        "{\"location\":\"westus\",\"tags\":{\"at\":\"app\"},\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{\"keyVaultReferenceIdentity\":"
        "\"app\","
        "\"siteConfig\":{\"linuxFxVersion\":\"v1\",\"alwaysOn\":true,\"acrUserManagedIdentityID\":\"app\",\"vnetName\":\"a\",\"appSettings\":[{"
        "\"name\":\"COLOR\","
        "\"value\":\"blue\"},{\"name\":\"Db\",\"value\":\"app\"},{\"name\":\"X_EXTENSION_VERSION\",\"value\":\"~4\"}],"
        "\"connectionStrings\":[{\"name\":\"main\",\"connectionString\":\"of app\",\"type\":\"SQLAzure\"}]}}}");
    put(s, NEXT,
        "{\"location\":\"westus\",\"tags\":{\"at\":\"slot\"},\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{\"siteConfig\":{"
        "\"linuxFxVersion\":\"v2\","
        "\"appSettings\":[{\"name\":\"COLOR\",\"value\":\"green\"},{\"name\":\"DB\",\"value\":\"slot\"}]}}}");
    put(s, APP "/config/slotConfigNames", "{\"properties\":{\"appSettingNames\":[\"DB\"],\"connectionStringNames\":null}}");
}

static enum err run(struct test_product *s, const struct op *op, const char *from, const char *target, bool moves_network)
{
    struct site_swap_result got = {0};
    struct site_swap_args   args = {.site = str_of(from), .target = str_of(target), .moves_network = moves_network};
    return test_product_run(s, op, "Microsoft.Web/sites/slotsswap/action", from, &args, &got);
}

static struct site at(struct test_product *s, const char *id)
{
    struct test *t = s->test;
    struct site  got = {0};
    CHECK_OK(site_read(t->call, tree_find(s->work.world->tree, str_of(id)), &got));
    return got;
}

static str setting(struct test_product *s, const char *id, const char *name)
{
    struct site site = at(s, id);
    return json_get_str(site_part(&site, SITE_APP_SETTINGS), str_of(name));
}

static str config(struct test_product *s, const char *id, const char *name)
{
    return json_get_str(at(s, id).config, str_of(name));
}

TEST(I9_a_swap_moves_content_and_settings_and_no_identity)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    struct site     before = at(&s, APP), slot = at(&s, NEXT);
    const object_id of_app = before.resource->identity.system_principal, of_slot = slot.resource->identity.system_principal;
    CHECK_OK(run(&s, &OP_SITE_SWAP, NEXT, "production", false));
    struct site app = at(&s, APP), next = at(&s, NEXT);
    CHECK(object_id_eq(app.resource->identity.system_principal, of_app) && object_id_eq(next.resource->identity.system_principal, of_slot));
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v2"), "content");
    CHECK_STR(config(&s, NEXT, "linuxFxVersion"), S("v1"), "content");
    CHECK_STR(setting(&s, APP, "COLOR"), S("green"), "a setting");
    CHECK_STR(setting(&s, APP, "Db"), S("app"), "a sticky setting, in another case");
    CHECK_STR(setting(&s, NEXT, "DB"), S("slot"), "a sticky setting");
    CHECK_STR(setting(&s, APP, "X_EXTENSION_VERSION"), S("~4"), "an extension's version");
    CHECK_STR(config(&s, APP, "acrUserManagedIdentityID"), S("app"), "which identity pulls");
    CHECK_STR(config(&s, APP, "vnetName"), S("a"), "the network");
    CHECK(json_get_bool(app.config, S("alwaysOn"), false) && !json_get(next.config, S("alwaysOn")));
    CHECK_STR(json_str(json_path(app.document, "tags.at")), S("app"), "tags");
    CHECK_STR(json_str(json_path(app.document, "properties.keyVaultReferenceIdentity")), S("app"), "which identity reads vaults");
    CHECK_STR(json_str(json_path(app.document, "properties.slotSwapStatus.sourceSlotName")), S("next"), "told on both");
    CHECK_STR(json_str(json_path(next.document, "properties.slotSwapStatus.destinationSlotName")), S("production"), "told on both");
    CHECK(json_n(site_part(&next, SITE_CONNECTION_STRINGS)) == 1 && json_n(site_part(&app, SITE_CONNECTION_STRINGS)) == 0);
    CHECK_OK(run(&s, &OP_SITE_SWAP, APP, "NEXT", true)); // and back, from the other side
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v1"), "back");
    CHECK_STR(setting(&s, APP, "COLOR"), S("blue"), "back");
    CHECK_STR(config(&s, NEXT, "vnetName"), S("a"), "the network moves when it is asked for");
}

TEST(I9_a_preview_lends_sticky_settings_until_it_ends)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    CHECK_OK(run(&s, &OP_SITE_PREVIEW, NEXT, "production", false));
    CHECK_STR(setting(&s, NEXT, "Db"), S("app"), "lent");
    CHECK_STR(setting(&s, NEXT, "DB"), S(""), "put aside");
    CHECK_STR(setting(&s, NEXT, "COLOR"), S("green"), "its own");
    CHECK_STR(setting(&s, APP, "COLOR"), S("blue"), "nothing has moved");
    CHECK_ERR(run(&s, &OP_SITE_PREVIEW, NEXT, "production", false), ERR_CONFLICT, "a second preview");
    CHECK_OK(run(&s, &OP_SITE_RESET, APP, "", false)); // by either of the two
    CHECK_STR(setting(&s, NEXT, "DB"), S("slot"), "given back");
    CHECK_STR(setting(&s, NEXT, "Db"), S(""), "taken back");
    CHECK_OK(run(&s, &OP_SITE_RESET, APP, "", false)); // nothing to end
    CHECK_OK(run(&s, &OP_SITE_PREVIEW, NEXT, "production", false));
    CHECK_OK(run(&s, &OP_SITE_SWAP, NEXT, "production", false));
    CHECK_STR(setting(&s, NEXT, "DB"), S("slot"), "its own stayed");
    CHECK_STR(setting(&s, APP, "Db"), S("app"), "its own stayed");
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v2"), "moved");
    CHECK(!json_path(at(&s, APP).document, "properties.targetSwapSlot"));
}

TEST(a_preview_with_a_slot_that_has_gone_can_be_ended)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    put(&s, APP "/slots/third", "{\"location\":\"westus\"}");
    CHECK_OK(run(&s, &OP_SITE_PREVIEW, NEXT, "third", false));
    CHECK_ERR(run(&s, &OP_SITE_SWAP, NEXT, "production", false), ERR_CONFLICT, "another swap is under way");
    CHECK_OK(test_product_delete(&s, APP "/slots/third"));
    CHECK_OK(run(&s, &OP_SITE_RESET, NEXT, "", false));
    CHECK_OK(run(&s, &OP_SITE_SWAP, NEXT, "production", false));
}

TEST(a_preview_with_a_slot_called_as_the_app_is_can_be_ended)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    put(&s, APP "/slots/production", "{\"location\":\"westus\"}");
    CHECK_OK(run(&s, &OP_SITE_PREVIEW, APP "/slots/production", "production", false));
    CHECK_OK(test_product_delete(&s, APP "/slots/production"));
    CHECK_OK(run(&s, &OP_SITE_RESET, APP, "", false));
    CHECK_OK(run(&s, &OP_SITE_SWAP, NEXT, "production", false));
}

TEST(I9_a_swap_is_refused_with_what_is_no_other_slot)
{
    static const struct {
        const char *from, *target;
        enum err    want;
    } CASES[] = {
        {APP, "production", ERR_CONFLICT},
        {NEXT, "next", ERR_CONFLICT},
        {NEXT, "NEXT", ERR_CONFLICT},
        {NEXT, "", ERR_CONTENT_INVALID},
        {APP, "none", ERR_RESOURCE_NOT_FOUND},
        {APP "/slots/none", "production", ERR_RESOURCE_NOT_FOUND},
        {APP, "../../other", ERR_RESOURCE_NOT_FOUND},
        {APP, "next/config/web", ERR_RESOURCE_NOT_FOUND},
        {APP, "next/providers/Microsoft.Insights/diagnosticSettings/d", ERR_RESOURCE_NOT_FOUND}, // it is there: its readers would see settings
    };
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    put(&s, APP "x", "{\"location\":\"westus\"}"); // another app is no slot of this one
    put(&s, NEXT "/providers/Microsoft.Insights/diagnosticSettings/d", "{}");
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(run(&s, &OP_SITE_SWAP, CASES[i].from, CASES[i].target, false), CASES[i].want, CASES[i].target);
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v1"), "nothing moved");
}

TEST(configuration_is_laid_over_what_there_is)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    put(&s, APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":{\"appSettings\":null,\"linuxFxVersion\":null,\"http20Enabled\":true}}}");
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v1"), "null says nothing");
    CHECK_STR(setting(&s, APP, "COLOR"), S("blue"), "nor does it here");
    put(&s, APP "/config/web",
        "{\"properties\":{\"linuxFxVersion\":\"v3\",\"APPSETTINGS\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"A\",\"value\":\"2\"}]}}");
    CHECK_STR(config(&s, APP, "linuxFxVersion"), S("v3"), "by its own path");
    CHECK(json_get_bool(at(&s, APP).config, S("http20Enabled"), false) && json_n(at(&s, APP).config) == 5);
    CHECK_STR(setting(&s, APP, "A"), S("2"), "the last of two counts");
    CHECK_STR(setting(&s, APP, "COLOR"), S(""), "the list as a whole");
    put(&s, APP "/config/appsettings", "{\"properties\":{\"password\":\"kept\"}}");
    CHECK_STR(setting(&s, APP, "password"), S("kept"), "a setting may be called so");
    put(&s, APP "/config/appsettings", "{\"properties\":null}");
    CHECK_STR(setting(&s, APP, "password"), S(""), "none");
    CHECK(!tree_find(s.work.world->tree, S(APP "/config/appsettings"))); // it has no record of its own
    put(&s, APP "/config/authsettings", "{\"properties\":{}}");
    CHECK(tree_find(s.work.world->tree, S(APP "/config/authsettings")) != NULL);
}

TEST(configuration_that_is_none_is_refused)
{
    static const struct {
        const char *path, *body;
    } CASES[] = {
        {APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":7}}"},
        {APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":{\"appSettings\":{}}}}"},
        {APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":{\"appSettings\":[{\"value\":\"x\"}]}}}"},
        {APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":{\"appSettings\":[{\"name\":\"x\"}]}}}"},
        {APP, "{\"location\":\"westus\",\"properties\":{\"siteConfig\":{\"appSettings\":[{\"name\":\"x\",\"value\":{}}]}}}"},
        {APP "/config/appsettings", "{\"properties\":[]}"},
        {APP "/config/appsettings", "{\"properties\":{\"x\":{}}}"},
        {APP "/config/appsettings", "{\"properties\":{\"\":\"x\"}}"},
        {APP "/config/connectionstrings", "{\"properties\":{\"x\":\"y\"}}"},
        {APP "/config/azurestorageaccounts", "{\"properties\":{\"x\":\"y\"}}"},
        {APP "/config/slotConfigNames", "{\"properties\":{\"appSettingNames\":\"x\"}}"},
        {APP "/config/slotConfigNames", "{\"properties\":{\"appSettingNames\":[1]}}"},
        {NEXT "/config/slotConfigNames", "{\"properties\":{}}"},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct resource_result got = {0};
        CHECK_ERR(test_product_write(&s, CASES[i].path, IDENTITY_PUT, CASES[i].body, &got), ERR_CONTENT_INVALID, CASES[i].body);
    }
    CHECK_STR(setting(&s, APP, "COLOR"), S("blue"), "nothing has changed");
}

TEST(a_site_has_a_plan_and_a_slot_has_that_of_its_app)
{
    CLEANUP(test_product_close) struct test_product s;
    open_app(&s, t);
    CHECK_STR(json_str(json_path(at(&s, APP).document, "properties.serverFarmId")),
              S(TEST_PRODUCT_GROUP "/providers/Microsoft.Web/serverfarms/Default1"), "made up");
    put(&s, TEST_PRODUCT_GROUP "/providers/Microsoft.Web/serverfarms/mine", "{\"location\":\"westus\"}");
    put(&s, APP, "{\"location\":\"westus\",\"properties\":{\"serverFarmId\":\"mine\"}}");
    put(&s, APP "/slots/new", "{\"location\":\"westus\"}");
    CHECK_STR(json_str(json_path(at(&s, APP "/slots/new").document, "properties.serverFarmId")), S("mine"), "its app's");
}

TEST(only_the_latest_swaps_can_be_asked_about)
{
    CLEANUP(test_product_close) struct test_product s;
    str                                             first = STR_NONE, last = STR_NONE;
    open_app(&s, t);
    for (size_t i = 0; i <= SITE_MAX_OPERATIONS; i++) {
        struct site_swap_result got = {0};
        struct site_swap_args   args = {.site = S(NEXT), .target = S("production")};
        CHECK_OK(test_product_run(&s, &OP_SITE_SWAP, "Microsoft.Web/sites/slots/slotsswap/action", NEXT, &args, &got));
        if (i == 0) first = got.operation;
        last = got.operation;
    }
    struct site site = at(&s, NEXT);
    CHECK(site_has_operation(&site, last) && !site_has_operation(&site, first) && !site_has_operation(&site, STR_NONE));
}
