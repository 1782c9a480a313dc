// Answers that were as long as there is something to say: what a principal can do, and what is below a management group.
#include "endpoints/arm/arm.h"
#include "ops/denies.h"
#include "ops/mgmt_groups.h"
#include "test_product.h"

#define GRANTS   450
#define DENIES   250
#define EXPANDED 5000 /* as many groups and subscriptions are shown */

struct asking {
    struct test_product  s;
    struct http_exchange x;
    struct http_request  http;
    struct http_field    query[2];
    struct wire          wire;
    object_id            who;
};

static void asking_open(struct asking *a, struct test *t, const char *path)
{
    *a = (struct asking){.http = {.host = S("management.azure.com"), .path = str_of(path)}};
    test_product_open(&a->s, t);
    test_product_assign(&a->s, a->s.caller.id, "Owner", "/");
    call_init(&a->x.call, NULL, NULL);
    a->wire = (struct wire){.http = &a->http, .product = &a->s.product, .path = str_of(path), .query = a->query};
}

static void asking_close(struct asking *a)
{
    test_product_close(&a->s);
    call_clear(&a->x.call);
}

static enum err ask(struct asking *a, route_handler *handler, const struct json **out)
{
    struct answer answer = {.x = &a->x, .body = {.arena = &a->x.call.arena}};
    str           text;
    buf_init(&a->x.response.head, &a->x.call.arena);
    TRY(handler(a->s.call, &a->s.work, &a->wire, &answer));
    TRY(buf_finish(a->s.call, &answer.body, &text));
    return json_parse(a->s.call, text, out);
}

static str cursor_of(const struct json *page)
{
    str    link = json_get_str(page, S("nextLink"));
    size_t at = str_find_str(link, S("skiptoken="));
    return at == STR_NOWHERE ? STR_NONE : str_from(link, at + strlen("skiptoken="));
}

static void deny(struct asking *a, unsigned n)
{
    struct test                 *t = a->s.test;
    static const str             ACTION[] = {S_INIT("Microsoft.Compute/virtualMachines/delete")};
    const struct role_permission block = {.actions = ACTION, .action_n = 1};
    const struct deny_principal  who = {.id = a->who, .type = S("User")};
    const struct deny_assignment plain = {.id = test_product_guid(n + 5000),
                                          .name = S("d"),
                                          .scope = S("/"),
                                          .permissions = &block,
                                          .permission_n = 1,
                                          .principals = &who,
                                          .principal_n = 1};
    struct deny_result           got;
    CHECK_OK(test_product_run(&a->s, &OP_DENY_WRITE, NULL, "/", &plain, &got));
}

TEST(O4_what_a_principal_can_do_comes_in_pages_each_grant_and_deny_once)
{
    CLEANUP(asking_close) struct asking a;
    const struct json                  *page;
    str                                 cursor = STR_NONE;
    size_t                              grants = 0, denies = 0, pages = 0;
    guid                                before = GUID_NONE, id;
    asking_open(&a, t, "/providers/Lanyard.Authorization/access");
    a.s.caller.is_local_operator = true;
    a.who = test_product_put_principal(&a.s, 900, PRINCIPAL_USER);
    for (unsigned i = 0; i < GRANTS; i++) test_product_assign(&a.s, a.who, "Reader", TEST_PRODUCT_GROUP);
    for (unsigned i = 0; i < DENIES; i++) deny(&a, i);
    test_product_assign(&a.s, a.s.caller.id, "Reader", TEST_PRODUCT_GROUP); // another's
    a.http.body = call_format(t->call, "{\"principal\":\"%s\"}", guid_text(a.who.g).s);
    do {
        a.query[0] = (struct http_field){S("$skiptoken"), cursor};
        a.wire.query_n = cursor.at ? 1 : 0;
        page = NULL;
        CHECK_OK(ask(&a, arm_access_list, &page));
        const struct json *items = json_get(page, S("grants"));
        for (size_t i = 0; i < json_n(items); i++, grants++) {
            str path = json_get_str(json_at(items, i), S("roleAssignment"));
            CHECK(guid_parse(str_from(path, str_find_last(path, '/') + 1), &id) && guid_cmp(before, id) < 0); // in order: each once
            before = id;
        }
        CHECK(json_n(items) + json_n(json_get(page, S("denies"))) <= 200);
        denies += json_n(json_get(page, S("denies")));
        cursor = cursor_of(page);
    } while (!str_empty(cursor) && ++pages < 20);
    CHECK_INT(grants, GRANTS, "grants");
    CHECK_INT(denies, DENIES, "denies");
    CHECK_INT(pages, 3, "pages before the last");
}

static void put_mgmt_group(struct asking *a, str name, str parent)
{
    struct test       *t = a->s.test;
    struct mgmt_group *made, plain = {.name = name, .display_name = name, .parent = parent};
    CHECK_OK(mgmt_group_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &a->s.work, STORE_MGMT_GROUP, NULL, &made->ref));
}

TEST(R4_a_tree_of_management_groups_that_is_too_large_for_one_answer_is_refused)
{
    CLEANUP(asking_close) struct asking a;
    const struct json                  *answer = NULL;
    asking_open(&a, t, "/providers/Microsoft.Management/managementGroups/top");
    put_mgmt_group(&a, S("top"), guid_str(t->call, a.s.product.tenant.g));
    for (unsigned i = 0; i < EXPANDED; i++) put_mgmt_group(&a, call_format(t->call, "g%u", i), S("top"));
    a.query[0] = (struct http_field){S("$expand"), S("children")};
    a.query[1] = (struct http_field){S("$recurse"), S("false")};
    a.wire.query_n = 2;
    a.wire.params[0].name = S("group");
    a.wire.params[0].value = S("top");
    a.wire.param_n = 1;
    CHECK_OK(ask(&a, arm_mgmt_group_get, &answer));
    CHECK_INT(json_n(json_path(answer, "properties.children")), EXPANDED, "as many as are shown");
    put_mgmt_group(&a, S("last"), S("top"));
    enum err failed = ask(&a, arm_mgmt_group_get, &answer);
    CHECK_ROW(str_find_str(str_of(t->call->failure.text), S("Ask for its descendants")) != STR_NOWHERE, "it says what to do");
    CHECK_ERR(failed, ERR_PARAMETER_INVALID, "one more");
    a.query[1].value = S("true");
    CHECK_ERR(ask(&a, arm_mgmt_group_get, &answer), ERR_PARAMETER_INVALID, "deep");
    a.wire.query_n = 0;
    CHECK_OK(ask(&a, arm_mgmt_group_get, &answer));
}
