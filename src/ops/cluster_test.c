#include "ops/cluster.h"

#include "ops/resources.h"
#include "test_product.h"

#define CLUSTERS   TEST_PRODUCT_GROUP "/providers/" CLUSTER_TYPE "/"
#define IDENTITIES TEST_PRODUCT_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
#define SUBJECT    "system:serviceaccount:web:front"

static const struct resource *put(struct test_product *s, const char *id, const char *body)
{
    struct test           *t = s->test;
    struct resource_result got = {0};
    CHECK_ERR(test_product_write(s, id, IDENTITY_PUT, body, &got), OK, body);
    return got.resource;
}

static str made(struct test_product *s, const char *id, const char *body)
{
    struct test *t = s->test;
    str          issuer = STR_NONE;
    CHECK_OK(cluster_issuer(t->call, put(s, id, body), &issuer));
    return issuer;
}

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    s->product.names = names_azure();
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", "/");
}

static bool finds(struct test_product *s, str issuer, bool *out_is_ours)
{
    struct test           *t = s->test;
    const struct resource *found;
    CHECK_OK(cluster_find(t->call, &s->work, issuer, out_is_ours, &found));
    return found != NULL;
}

TEST(T7_a_cluster_is_found_by_its_issuer_and_by_nothing_near_it)
{
    CLEANUP(test_product_close) struct test_product s;
    bool                                            is_ours;
    open_owned(&s, t);
    str own = made(&s, CLUSTERS "Prod", "{\"location\":\"West US\"}"), other = made(&s, CLUSTERS "other", "{\"location\":\"westus\"}");
    CHECK(str_starts(own, S("https://westus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000010/")) && str_ends(own, S("/")));
    CHECK(finds(&s, own, &is_ours) && is_ours && finds(&s, other, &is_ours) && !str_eq(own, other));
    const struct { const char *what; str issuer; bool is_ours; } CASES[] = {
        {"no slash at the end", str_upto(own, own.n - 1), true},
        {"more at the end", call_format(t->call, "%.*sx", PSTR(own)), true},
        {"another region", call_format(t->call, "https://eastus%.*s", PSTR(str_from(own, S("https://westus").n))), true},
        {"another incarnation", call_format(t->call, "%.*s00000000-0000-0000-0000-000000000000/", PSTR(str_upto(own, own.n - 37))), true},
        {"in capitals", call_format(t->call, "%.*s", PSTR(str_upto(own, 8))), false},
        {"http", call_format(t->call, "http%.*s", PSTR(str_from(own, 5))), false},
        {"another tenant", S("https://westus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000011/a/YQ/b/"), false},
        {"no base64", S("https://westus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000010/a/%2F/b/"), false},
        {"one name", S("https://westus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000010/a/YQ/b/"), false},
        {"nothing", S(""), false},
        {"slashes", S("https:////////"), false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ROW(!finds(&s, CASES[i].issuer, &is_ours), CASES[i].what);
        CHECK_INT(is_ours, CASES[i].is_ours, CASES[i].what);
    }
    CHECK_OK(test_product_delete(&s, CLUSTERS "Prod"));
    CHECK(!finds(&s, own, &is_ours) && is_ours);
    CHECK(!str_eq(made(&s, CLUSTERS "prod", "{\"location\":\"westus\"}"), own) && !finds(&s, own, &is_ours));
}

TEST(T7_a_cluster_says_whether_it_has_an_issuer)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
#define BODY(profile) "{\"location\":\"westus\",\"properties\":{\"oidcIssuerProfile\":" profile "}}"
    CHECK(str_empty(made(&s, CLUSTERS "c", BODY("{\"enabled\":false,\"issuerURL\":\"https://mine\"}"))));
    str own = made(&s, CLUSTERS "c", BODY("{\"enabled\":true,\"issuerURL\":\"https://mine\"}"));
    CHECK(!str_empty(own) && !str_eq(own, S("https://mine")));
    CHECK_STR(made(&s, CLUSTERS "c", BODY("null")), own, "its own for its whole life");
    static const char *const WRONG[] = {BODY("7"), BODY("[]"), BODY("{\"enabled\":\"yes\"}")};
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        struct resource_result got = {0};
        CHECK_ERR(test_product_write(&s, CLUSTERS "c", IDENTITY_PUT, WRONG[i], &got), ERR_CONTENT_INVALID, WRONG[i]);
    }
}

static client_id client_of(struct test_product *s, str issuer)
{
    struct test *t = s->test;
    client_id    client = {GUID_NONE};
    CHECK_OK(cluster_client(t->call, s->work.world, issuer, S(SUBJECT), &client));
    return client;
}

static void trust(struct test_product *s, const char *identity, str issuer, const char *subject)
{
    str id = call_format(s->call, IDENTITIES "%s", identity);
    put(s, call_zstr(s->call, id), "{\"location\":\"westus\"}");
    id = call_format(s->call, "%.*s/federatedIdentityCredentials/fff", PSTR(id));
    put(s, call_zstr(s->call, id),
        call_zstr(s->call,
                  call_format(s->call, "{\"properties\":{\"issuer\":\"%.*s\",\"subject\":\"%s\",\"audiences\":[\"a\"]}}", PSTR(issuer), subject)));
}

TEST(T7_the_client_is_the_one_identity_that_trusts_the_account)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    str issuer = made(&s, CLUSTERS "c", "{\"location\":\"westus\"}");
    CHECK(guid_is_none(client_of(&s, issuer).g));
    trust(&s, "another", issuer, "system:serviceaccount:web:other");
    trust(&s, "elsewhere", S("https://elsewhere"), SUBJECT);
    CHECK(guid_is_none(client_of(&s, issuer).g));
    trust(&s, "front", issuer, SUBJECT);
    const struct principal *p = directory_find_managed(s.work.world->directory, S(IDENTITIES "front"), false);
    CHECK(p && guid_eq(client_of(&s, issuer).g, p->app.g));
    trust(&s, "second", issuer, SUBJECT);
    CHECK(guid_is_none(client_of(&s, issuer).g)); // it is not guessed
}

#define NODES(id) \
    "{\"location\":\"westus\",\"properties\":{\"identityProfile\":{\"kubeletidentity\":{\"resourceId\":\"" id "\",\"objectId\":\"x\"}}}}"

TEST(I7_the_identity_of_a_cluster_s_nodes_is_one_that_the_caller_may_assign)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct json                              *document;
    open_owned(&s, t);
    put(&s, IDENTITIES "nodes", "{\"location\":\"westus\"}");
    const struct principal *p = directory_find_managed(s.work.world->directory, S(IDENTITIES "nodes"), false);
    CHECK_OK(resource_document(t->call, put(&s, CLUSTERS "pods", NODES(IDENTITIES "NODES")), &document));
    const struct json *kubelet = json_path(document, "properties.identityProfile.kubeletidentity");
    CHECK_STR(json_get_str(kubelet, S("objectId")), guid_str(t->call, p->id.g), "the principal's own");
    CHECK_STR(json_get_str(kubelet, S("clientId")), guid_str(t->call, p->app.g), "the application's own");
    CHECK_ERR(test_product_write(&s, CLUSTERS "other", IDENTITY_PUT, NODES(IDENTITIES "none"), NULL), ERR_IDENTITY_OPERATION, "it is not there");
    CHECK_ERR(test_product_write(&s, CLUSTERS "other", IDENTITY_PUT, NODES("none"), NULL), ERR_SCOPE_INVALID, "it is no id");
    s.caller.id = test_product_put_principal(&s, 77, PRINCIPAL_MANAGED);
    test_product_assign(&s, s.caller.id, "Azure Kubernetes Service Contributor Role", TEST_PRODUCT_GROUP);
    CHECK_ERR(test_product_write(&s, CLUSTERS "other", IDENTITY_PUT, NODES(IDENTITIES "nodes"), NULL), ERR_LINKED_NOT_AUTHORIZED,
              "not his to assign");
    CHECK_ERR(test_product_write(&s, CLUSTERS "pods", IDENTITY_PATCH, NODES(IDENTITIES "nodes"), NULL), OK, "it is there already");
    test_product_assign(&s, s.caller.id, "Managed Identity Operator", IDENTITIES "nodes");
    CHECK_OK(test_product_write(&s, CLUSTERS "other", IDENTITY_PUT, NODES(IDENTITIES "nodes"), NULL));
}
