// Requests that the product makes of itself: as a caller, with the words of a request from outside.
#include "endpoints/inside.h"

#include "endpoints/arm/arm.h"
#include "test_product.h"

#define SHOP TEST_PRODUCT_GROUP "/providers/Microsoft.Maps/accounts/one"

TEST(inside_asks_and_answers_as_a_request_from_outside)
{
    static const struct { enum http_method method; const char *path, *version, *body; enum err want; int status; const char *says; } CASES[] = {
        {HTTP_PUT, SHOP, "2023-01-01", "{\"location\":\"westus\",\"properties\":{\"a b\":\"%2f\"}}", OK, 201, "\"a b\":\"%2f\""},
        {HTTP_PUT, SHOP, "2023-01-01", "{\"location\":\"westus\",\"tags\":{\"x\":\"y\"}}", OK, 200, "\"tags\""},
        {HTTP_GET, SHOP, "2023-01-01", NULL, OK, 200, "\"name\":\"one\""},
        {HTTP_GET, SHOP, "", NULL, ERR_API_VERSION_MISSING, 400, "MissingApiVersionParameter"},
        {HTTP_GET, SHOP "2", "2023-01-01", NULL, ERR_RESOURCE_NOT_FOUND, 404, "ResourceNotFound"},
        {HTTP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Other", "2021-04-01", "{\"location\":\"westus\"}", ERR_NOT_AUTHORIZED, 403,
         "Microsoft.Resources/subscriptions/resourceGroups/write"},
        {HTTP_DELETE, SHOP, "2023-01-01", NULL, OK, 200, ""},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct inside_request r = {
            .service = &SERVICE_ARM, .method = CASES[i].method, .path = str_of(CASES[i].path), .api_version = str_of(CASES[i].version)};
        struct inside_answer a = {0};
        if (CASES[i].body) CHECK_OK(json_parse(t->call, str_of(CASES[i].body), &r.body));
        CHECK_ERR(inside_run(t->call, &s.work, &r, &a), CASES[i].want, CASES[i].path);
        CHECK_INT(a.status, CASES[i].status, CASES[i].path);
        CHECK_ROW(str_find_str(a.body, str_of(CASES[i].says)) != STR_NOWHERE, CASES[i].says);
        call_forgive(t->call);
    }
}

// Work that only reads changes nothing, whatever it asks for.
TEST(inside_writes_only_where_the_work_does)
{
    CLEANUP(test_product_close) struct test_product s;
    struct inside_answer                            a = {0};
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_DELETE, .path = S(SHOP), .api_version = S("2023-01-01")};
    test_product_open(&s, t);
    test_product_put(&s, SHOP, "{}");
    test_product_assign(&s, s.caller.id, "Owner", TEST_PRODUCT_GROUP);
    s.work.writes = false;
    CHECK_ERR(inside_run(t->call, &s.work, &r, &a), ERR_METHOD_NOT_ALLOWED, "a deletion");
    CHECK(tree_find(s.work.world->tree, S(SHOP)) != NULL);
}

// A body that cannot be written is refused in the service's words, as any other.
TEST(inside_refuses_a_request_that_cannot_be_begun)
{
    CLEANUP(test_product_close) struct test_product s;
    struct inside_answer                            a = {0};
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_PUT, .path = S(SHOP), .api_version = S("2023-01-01")};
    struct json           deep[JSON_MAX_DEPTH + 1];
    str                   name = S("x");
    test_product_open(&s, t);
    for (size_t i = 0; i < COUNT(deep); i++)
        deep[i] = (struct json){.kind = JSON_IS_OBJECT, .u.list = {.items = &deep[i + 1], .names = &name, .n = i + 1 < COUNT(deep) ? 1 : 0}};
    r.body = &deep[0];
    CHECK(inside_run(t->call, &s.work, &r, &a) != OK);
    CHECK(a.status >= 400);
    CHECK(str_find_str(a.body, S("\"error\"")) != STR_NOWHERE);
}
