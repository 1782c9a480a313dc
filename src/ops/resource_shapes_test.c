#include "ops/resource_children.h"
#include "ops/resource_shapes.h"
#include "ops/sql_server.h"
#include "resources/types.h"
#include "test_product.h"

#define IN(type) TEST_PRODUCT_GROUP "/providers/" type "/"
#define STORAGE  IN("Microsoft.Storage/storageAccounts")
#define BUS      IN("Microsoft.ServiceBus/namespaces")
#define PLAIN    "{\"location\":\"westus\"}"

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION);
}

static const struct json *read(struct test_product *s, const char *id)
{
    const struct resource *r = tree_find(s->work.world->tree, str_of(id));
    const struct json     *document = NULL;
    if (!r || resource_document(s->call, r, &document) != OK) return NULL;
    return document;
}

static str text_of(struct test_product *s, const char *id, const char *path)
{
    const struct json *v = json_path(read(s, id), path);
    str                text = STR_NONE;
    if (json_is(v, JSON_IS_STRING)) return json_str(v);
    return v && json_text(s->call, v, &text) == OK ? text : S("(none)");
}

// What is made with as little as can be, and what is then there.
TEST(D1_types_have_the_shape_that_clients_read)
{
    static const struct { const char *id, *body, *path, *want; } CASES[] = {
        {STORAGE "shop1", PLAIN, "kind", "StorageV2"},
        {STORAGE "shop1", "", "sku.name", "Standard_LRS"},
        {STORAGE "shop1", "", "properties.primaryEndpoints.blob", "https://shop1.blob.core.windows.net/"},
        {STORAGE "shop1", "", "properties.provisioningState", "Succeeded"},
        {STORAGE "shop1", "", "properties.primaryLocation", "westus"},
        {STORAGE "shop1/blobServices/default", "", "properties.deleteRetentionPolicy", "{\"enabled\":false}"},
        {STORAGE "shop1/blobServices/default/containers/images", "{}", "properties.publicAccess", "None"},
        {STORAGE "shop1/blobServices/default/containers/open", "{\"properties\":{\"publicAccess\":\"Blob\",\"hasLegalHold\":true}}", "properties.publicAccess", "Blob"},
        {STORAGE "shop1/blobServices/default/containers/open", "", "properties.hasLegalHold", "false"},
        {STORAGE "shop1/queueServices/default/queues/orders", "{}", "properties", "(none)"},
        {STORAGE "shop1/tableServices/default/tables/Orders", "{}", "properties.tableName", "Orders"},
        {BUS "shop-bus", PLAIN, "properties.serviceBusEndpoint", "https://shop-bus.servicebus.windows.net:443/"},
        {BUS "shop-bus", "", "properties.status", "Active"},
        {BUS "shop-bus/authorizationRules/RootManageSharedAccessKey", "", "properties.rights", "[\"Listen\",\"Manage\",\"Send\"]"},
        {BUS "shop-bus/queues/orders", "{\"properties\":{\"lockDuration\":\"PT5M\"}}", "properties.lockDuration", "PT5M"},
        {BUS "shop-bus/queues/orders", "", "properties.maxDeliveryCount", "10"},
        {BUS "shop-bus/topics/news", "{}", "properties.maxSizeInMegabytes", "1024"},
        {BUS "shop-bus/topics/news/subscriptions/all", "{}", "properties.lockDuration", "PT1M"},
        {BUS "shop-bus/topics/news/subscriptions/all/rules/$Default", "", "properties.sqlFilter.sqlExpression", "1=1"},
        {IN("Microsoft.Web/serverfarms") "plan", PLAIN, "properties.status", "Ready"},
        {IN("Microsoft.Web/sites") "shop", PLAIN, "properties.usageState", "Normal"},
        {IN("Microsoft.AppConfiguration/configurationStores") "shop-settings", PLAIN, "properties.endpoint", "https://shop-settings.azconfig.io"},
        {IN("Microsoft.DocumentDB/databaseAccounts") "shop-data", PLAIN, "properties.documentEndpoint", "https://shop-data.documents.azure.com:443/"},
        {IN("Microsoft.DocumentDB/databaseAccounts") "shop-data/sqlDatabases/orders", "{}", "properties.resource.id", "orders"},
        {IN("Microsoft.Sql/servers") "shop-sql", PLAIN, "properties.fullyQualifiedDomainName", "shop-sql.database.windows.net"},
        {IN("Microsoft.Sql/servers") "shop-sql/azureADOnlyAuthentications/Default", "", "properties.azureADOnlyAuthentication", "false"},
        {IN("Microsoft.Sql/servers") "shop-sql/databases/orders", PLAIN, "properties.status", "Online"},
        {IN("Microsoft.Sql/servers") "shop-sql/administrators/ActiveDirectory", "{\"properties\":{\"login\":\"me\",\"sid\":\"x\"}}", "properties.administratorType", "ActiveDirectory"},
        {IN("Microsoft.DBforPostgreSQL/flexibleServers") "shop-pg", PLAIN, "properties.fullyQualifiedDomainName", "shop-pg.postgres.database.azure.com"},
        {IN("Microsoft.DBforPostgreSQL/flexibleServers") "shop-pg/databases/postgres", "", "properties.charset", "UTF8"},
        {IN("Microsoft.ContainerService/managedClusters") "pods", PLAIN, "properties.nodeResourceGroup", "MC_Shop_pods_westus"},
        {IN("Microsoft.App/managedEnvironments") "stage", PLAIN, "properties.provisioningState", "Succeeded"},
        {IN("Microsoft.App/containerApps") "front", PLAIN, "properties.configuration.ingress", "(none)"},
        {IN("Microsoft.App/containerApps") "back", "{\"location\":\"westus\",\"properties\":{\"environmentId\":\"" IN("Microsoft.App/managedEnvironments") "stage\"}}",
         "properties.managedEnvironmentId", IN("Microsoft.App/managedEnvironments") "stage"},
        {IN("Microsoft.Compute/virtualMachines") "vm", PLAIN, "properties.provisioningState", "Succeeded"},
        {IN("Microsoft.Compute/virtualMachineScaleSets") "set", "{\"location\":\"westus\",\"properties\":{\"provisioningState\":\"Failed\"}}", "properties.provisioningState", "Succeeded"},
        {IN("Microsoft.Compute/virtualMachineScaleSets") "set", "", "properties.orchestrationMode", "Uniform"},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        if (*CASES[i].body) CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, CASES[i].body, NULL), OK, CASES[i].id);
        CHECK_STR(text_of(&s, CASES[i].id, CASES[i].path), str_of(CASES[i].want), CASES[i].path);
    }
}

TEST(shapes_say_once_what_is_said_once)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(test_product_write(&s, STORAGE "shop1", IDENTITY_PUT, PLAIN, NULL));
    str made = text_of(&s, STORAGE "shop1", "properties.creationTime");
    test_product_pass(&s, 3600);
    CHECK_OK(test_product_write(&s, STORAGE "shop1", IDENTITY_PUT,
                                "{\"location\":\"westus\",\"properties\":{\"creationTime\":\"2001-01-01T00:00:00Z\"}}", NULL));
    CHECK_STR(text_of(&s, STORAGE "shop1", "properties.creationTime"), made, "creationTime");
}

TEST(children_come_with_their_parent_and_go_with_it)
{
    static const struct { const char *id; enum err put, del; } CASES[] = {
        {STORAGE "shop1/blobServices/default", OK, ERR_METHOD_NOT_ALLOWED},
        {STORAGE "shop1/blobServices/other", ERR_NAME_INVALID, OK},
        {STORAGE "shop1/blobServices/default/containers/UPPER", ERR_NAME_INVALID, OK},
        {STORAGE "shop1/blobServices/default/containers/images", OK, OK},
        {BUS "shop-bus/authorizationRules/RootManageSharedAccessKey", OK, OK},
        {BUS "shop-bus/authorizationRules/mine", OK, OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(test_product_write(&s, STORAGE "shop1", IDENTITY_PUT, PLAIN, NULL));
    CHECK_OK(test_product_write(&s, BUS "shop-bus", IDENTITY_PUT, PLAIN, NULL));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, "{}", NULL), CASES[i].put, CASES[i].id);
        CHECK_ERR(test_product_delete(&s, CASES[i].id), CASES[i].del, CASES[i].id);
    }
    CHECK_OK(test_product_delete(&s, STORAGE "shop1"));
    CHECK(!read(&s, STORAGE "shop1/blobServices/default") && !read(&s, STORAGE "shop1/queueServices/default"));
}

TEST(D1_a_container_app_has_its_address_in_its_environment_s_domain)
{
    static const char *const ENVIRONMENT = IN("Microsoft.App/managedEnvironments") "stage";
    static const struct { const char *ingress, *environment, *before; } CASES[] = {
        {"{\"external\":true}", IN("Microsoft.App/managedEnvironments") "stage", "front."},
        {"{\"external\":false}", IN("Microsoft.App/managedEnvironments") "STAGE", "front.internal."},
        {"{\"fqdn\":\"mine.example\"}", IN("Microsoft.App/managedEnvironments") "stage", "front.internal."},
        {"{\"external\":true,\"fqdn\":\"mine.example\"}", "", NULL},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(test_product_write(&s, ENVIRONMENT, IDENTITY_PUT, PLAIN, NULL));
    str domain = text_of(&s, ENVIRONMENT, "properties.defaultDomain");
    CHECK(str_ends_nocase(domain, S(".westus.azurecontainerapps.io")));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body =
            call_format(t->call, "{\"location\":\"westus\",\"properties\":{\"managedEnvironmentId\":\"%s\",\"configuration\":{\"ingress\":%s}}}",
                        CASES[i].environment, CASES[i].ingress);
        str want = CASES[i].before ? call_format(t->call, "%s%.*s", CASES[i].before, PSTR(domain)) : S("(none)");
        CHECK_OK(test_product_write(&s, IN("Microsoft.App/containerApps") "front", IDENTITY_PUT, call_zstr(t->call, body), NULL));
        CHECK_STR(text_of(&s, IN("Microsoft.App/containerApps") "front", "properties.configuration.ingress.fqdn"), want, CASES[i].ingress);
    }
}

TEST(D1_what_a_resource_must_say_is_refused_when_it_lacks)
{
    static const struct { const char *id, *body; } CASES[] = {
        {IN("Microsoft.Sql/servers") "shop-sql/administrators/ActiveDirectory", "{\"properties\":{\"login\":\"me\"}}"},
        {IN("Microsoft.Sql/servers") "shop-sql/administrators/ActiveDirectory", "{\"properties\":{\"sid\":\"x\"}}"},
        {IN("Microsoft.DBforPostgreSQL/flexibleServers") "shop-pg/administrators/00000000-0000-0000-0000-000000000001", "{}"},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    CHECK_OK(test_product_write(&s, IN("Microsoft.Sql/servers") "shop-sql", IDENTITY_PUT, PLAIN, NULL));
    CHECK_OK(test_product_write(&s, IN("Microsoft.DBforPostgreSQL/flexibleServers") "shop-pg", IDENTITY_PUT, PLAIN, NULL));
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, CASES[i].body, NULL), ERR_CONTENT_INVALID, CASES[i].body);
}

#define ADMIN(m) "{\"location\":\"westus\",\"properties\":{\"administrators\":{" m "}}}"

TEST(R7_a_server_s_administrator_stands_in_its_child)
{
    static const char *const                        SERVER = IN("Microsoft.Sql/servers") "shop-sql";
    static const char *const                        CHILD = IN("Microsoft.Sql/servers") "shop-sql/administrators/ActiveDirectory";
    static const char *const                        BAD[] = {ADMIN(""), ADMIN("\"login\":\"me\""), ADMIN("\"sid\":\"x\""),
                                                             "{\"location\":\"westus\",\"properties\":{\"administrators\":[]}}"};
    CLEANUP(test_product_close) struct test_product s;
    const struct json                              *shown;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(BAD); i++) CHECK_ERR(test_product_write(&s, SERVER, IDENTITY_PUT, BAD[i], NULL), ERR_CONTENT_INVALID, BAD[i]);
    CHECK(!read(&s, SERVER) && !read(&s, CHILD));
    CHECK_OK(test_product_write(&s, SERVER, IDENTITY_PUT, ADMIN("\"login\":\"me\",\"sid\":\"x\",\"azureADOnlyAuthentication\":true"), NULL));
    CHECK_STR(text_of(&s, CHILD, "properties.sid"), S("x"), "the child");
    CHECK_STR(text_of(&s, IN("Microsoft.Sql/servers") "shop-sql/azureADOnlyAuthentications/Default", "properties.azureADOnlyAuthentication"),
              S("true"), "tokens only");
    CHECK_STR(text_of(&s, SERVER, "properties.administrators"), S("(none)"), "stands in one place");
    CHECK_OK(test_product_write(&s, CHILD, IDENTITY_PUT, "{\"properties\":{\"login\":\"other\",\"sid\":\"y\"}}", NULL));
    CHECK_OK(test_product_write(&s, SERVER, IDENTITY_PUT, PLAIN, NULL));                                     // keeps it
    CHECK_OK(test_product_write(&s, SERVER, IDENTITY_PUT, ADMIN("\"login\":\"mine\",\"sid\":\"z\""), NULL)); // appoints nobody
    CHECK_OK(test_product_write(&s, SERVER, IDENTITY_PATCH, ADMIN("\"login\":\"mine\",\"sid\":\"z\""), NULL));
    CHECK_OK(sql_server_show(t->call, &s.work, tree_find(s.work.world->tree, str_of(SERVER)), read(&s, SERVER), &shown));
    CHECK_STR(json_str(json_path(shown, "properties.administrators.sid")), S("y"), "shown from there");
    CHECK(json_is(json_path(shown, "properties.administrators.azureADOnlyAuthentication"), JSON_IS_BOOL));
    CHECK_OK(test_product_delete(&s, CHILD));
    CHECK_OK(sql_server_show(t->call, &s.work, tree_find(s.work.world->tree, str_of(SERVER)), read(&s, SERVER), &shown));
    CHECK(!json_path(shown, "properties.administrators"));
}

// Each child's row names types that have rows of their own, so that names are checked and casing is the published one.
TEST(shapes_are_of_known_types)
{
    const struct shape_child *child;
    for (size_t i = 0; (child = resource_shape_child_at(i)) != NULL; i++) {
        CHECK_ROW(types_find(str_of(child->parent)) && types_find(str_of(child->type)), child->type);
        CHECK_ROW(str_starts(str_of(child->type), str_of(child->parent)), child->type);
    }
}
