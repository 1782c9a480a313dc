#include "ops/locks.h"

#include "ops/assignments.h"
#include "test_product.h"

#define VMS   TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/"
#define OTHER TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Shop2" // begins like the other's name
#define BODY  "{\"location\":\"westus\"}"

static const struct json *json_of(struct test *t, const char *text)
{
    const struct json *json = NULL;
    CHECK_OK(json_parse(t->call, str_of(text), &json));
    return json;
}

static enum err run_lock(struct test_product *s, const struct op *op, const char *scope, const char *name, const char *body, struct lock_result *out)
{
    struct test     *t = s->test;
    struct lock_args args = {.scope = str_of(scope), .name = str_of(name)};
    str              id = call_format(t->call, "%s" LOCK_PATH "%s", scope, name);
    if (body) args.body = json_of(t, body);
    return test_product_run(s, op, NULL, call_zstr(t->call, id), &args, out);
}

static void lock(struct test_product *s, const char *scope, const char *level)
{
    struct test       *t = s->test;
    struct lock_result got = {0};
    str                body = call_format(t->call, "{\"properties\":{\"level\":\"%s\"}}", level);
    CHECK_ERR(run_lock(s, &OP_LOCK_WRITE, scope, "l", call_zstr(t->call, body), &got), OK, scope);
    CHECK_ROW(got.lock && str_eq_nocase(lock_scope(got.lock), str_of(scope)), scope);
}

static void unlock(struct test_product *s, const char *scope)
{
    struct test       *t = s->test;
    struct lock_result got = {0};
    CHECK_ERR(run_lock(s, &OP_LOCK_DELETE, scope, "l", NULL, &got), OK, scope);
    CHECK_ROW(got.lock != NULL, scope);
}

static void open_stage(struct test_product *s, struct test *t)
{
    struct resource_result got;
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put_group(s, OTHER);
    test_product_assign(s, s->caller.id, "Owner", "/");
    CHECK_OK(test_product_write(s, VMS "web", IDENTITY_PUT, BODY, &got));
    CHECK_OK(test_product_write(s, VMS "web/extensions/x", IDENTITY_PUT, BODY, &got));
    CHECK_OK(test_product_write(s, VMS "web2", IDENTITY_PUT, BODY, &got));
}

// R6: which locks forbid which action where. A lock binds the Owner too.
TEST(a_lock_forbids_deeds_at_its_scope_and_below)
{
    static const struct { const char *lock, *level, *scope, *action; bool forbids; } CASES[] = {
        {VMS "web", "CanNotDelete", VMS "web", "Microsoft.Compute/virtualMachines/delete", true},
        {VMS "web", "CanNotDelete", VMS "WEB", "microsoft.compute/virtualmachines/DELETE", true},
        {VMS "web", "CanNotDelete", VMS "web", "Microsoft.Compute/virtualMachines/write", false},
        {VMS "web", "CanNotDelete", VMS "web", "Microsoft.Compute/virtualMachines/start/action", false},
        {VMS "web", "CanNotDelete", VMS "web/extensions/x", "Microsoft.Compute/virtualMachines/extensions/delete", true},
        {VMS "web", "CanNotDelete", VMS "web2", "Microsoft.Compute/virtualMachines/delete", false},
        {VMS "web", "CanNotDelete", TEST_PRODUCT_GROUP, "Microsoft.Resources/subscriptions/resourceGroups/delete", true},
        {VMS "web", "CanNotDelete", OTHER, "Microsoft.Resources/subscriptions/resourceGroups/delete", false},
        {VMS "web/extensions/x", "CanNotDelete", VMS "web", "Microsoft.Compute/virtualMachines/delete", true},
        {VMS "web/extensions/x", "ReadOnly", VMS "web", "Microsoft.Compute/virtualMachines/delete", true},
        {VMS "web/extensions/x", "ReadOnly", VMS "web", "Microsoft.Compute/virtualMachines/write", false},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "web", "Microsoft.Compute/virtualMachines/read", false},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "web", "Microsoft.Compute/virtualMachines/write", true},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "web", "Microsoft.Compute/virtualMachines/start/action", true},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "new", "Microsoft.Compute/virtualMachines/write", true},
        {TEST_PRODUCT_GROUP, "ReadOnly", OTHER, "Microsoft.Resources/subscriptions/resourceGroups/write", false},
        {TEST_PRODUCT_SUBSCRIPTION, "ReadOnly", OTHER, "Microsoft.Resources/subscriptions/resourceGroups/write", true},
        {TEST_PRODUCT_SUBSCRIPTION, "CanNotDelete", VMS "web", "Microsoft.Compute/virtualMachines/delete", true},
        {TEST_PRODUCT_GROUP, "CanNotDelete", VMS "web/providers/Microsoft.Authorization/roleAssignments/1", "Microsoft.Authorization/roleAssignments/delete", true},
        {TEST_PRODUCT_GROUP, "CanNotDelete", VMS "web/providers/Microsoft.Authorization/roleAssignments/1", "Microsoft.Authorization/roleAssignments/write", false},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "web/providers/Microsoft.Authorization/roleAssignments/1", "Microsoft.Authorization/roleAssignments/write", true},
        {VMS "web", "CanNotDelete", TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments/1", "Microsoft.Authorization/roleAssignments/delete", false},
        {TEST_PRODUCT_GROUP, "ReadOnly", TEST_PRODUCT_GROUP LOCK_PATH "l", "Microsoft.Authorization/locks/delete", false},
        {TEST_PRODUCT_GROUP, "ReadOnly", VMS "web" LOCK_PATH "l", "Microsoft.Authorization/locks/write", false},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str what = call_format(t->call, "%s %s: %s", CASES[i].level, CASES[i].lock, CASES[i].action);
        lock(&s, CASES[i].lock, CASES[i].level);
        enum err got = locks_ask(t->call, &s.work, str_of(CASES[i].action), str_of(CASES[i].scope));
        CHECK_ERR(got, CASES[i].forbids ? ERR_SCOPE_LOCKED : OK, call_zstr(t->call, what));
        unlock(&s, CASES[i].lock);
        CHECK_OK(locks_ask(t->call, &s.work, str_of(CASES[i].action), str_of(CASES[i].scope)));
    }
}

TEST(ops_run_into_a_lock_after_the_permission_and_before_the_deed)
{
    CLEANUP(test_product_close) struct test_product s;
    struct resource_result                          got = {0};
    struct group_args                               group = {.id = S(TEST_PRODUCT_GROUP)};
    open_stage(&s, t);
    lock(&s, VMS "web", "CanNotDelete");
    CHECK_ERR(test_product_delete(&s, VMS "web"), ERR_SCOPE_LOCKED, "the resource");
    CHECK_ERR(test_product_run(&s, &OP_GROUP_DELETE, NULL, TEST_PRODUCT_GROUP, &group, NULL), ERR_SCOPE_LOCKED, "its group");
    CHECK(tree_find(s.work.world->tree, S(VMS "web2")) != NULL); // nothing went
    CHECK_OK(test_product_write(&s, VMS "web", IDENTITY_PUT, BODY, &got));
    lock(&s, TEST_PRODUCT_GROUP, "ReadOnly");
    CHECK_ERR(test_product_write(&s, VMS "web", IDENTITY_PUT, BODY, &got), ERR_SCOPE_LOCKED, "a write");
    enum err both = locks_ask(t->call, &s.work, S("Microsoft.Compute/virtualMachines/delete"), S(VMS "web"));
    CHECK_STR(str_of(t->call->failure.text),
              S("The scope '" VMS "web' cannot perform delete operation because following scope(s) are locked: '" VMS "web," TEST_PRODUCT_GROUP
                "'. Please remove the lock and try again."),
              "the words");
    CHECK_ERR(both, ERR_SCOPE_LOCKED, "both");
    s.caller.id = test_product_put_principal(&s, 0x77, PRINCIPAL_USER);
    CHECK_ERR(test_product_delete(&s, VMS "web"), ERR_NOT_AUTHORIZED, "whoever may not, is not told of locks");
}

TEST(locks_are_refused_by_rule)
{
#define LEVEL(more) "{\"properties\":{\"level\":\"ReadOnly\"" more "}}"
    static const struct { const char *scope, *name, *body; enum err want; } CASES[] = {
        {TEST_PRODUCT_GROUP, "l", LEVEL(""), OK},
        {TEST_PRODUCT_GROUP, "l", "{\"PROPERTIES\":{\"Level\":\"readonly\",\"notes\":null,\"owners\":null}}", OK},
        {TEST_PRODUCT_GROUP, "l", LEVEL(",\"notes\":\"n\",\"owners\":[{\"applicationId\":\"a\"}]"), OK},
        {VMS "web", "l", LEVEL(""), OK},
        {VMS "web/anything/inside", "l", LEVEL(""), OK}, // a service's own
        {TEST_PRODUCT_SUBSCRIPTION, "l", LEVEL(""), OK},
        {TEST_PRODUCT_GROUP, "l", "{}", ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", "{\"properties\":{}}", ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", "{\"properties\":{\"level\":\"NotSpecified\"}}", ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", "{\"properties\":{\"level\":1}}", ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", LEVEL(",\"notes\":1"), ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", LEVEL(",\"owners\":{}"), ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", LEVEL(",\"owners\":[1]"), ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "l", LEVEL(",\"owners\":[{\"applicationId\":\"a\",\"b\":1}]"), ERR_CONTENT_INVALID},
        {TEST_PRODUCT_GROUP, "a:b", LEVEL(""), ERR_NAME_INVALID},
        {TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/none", "l", LEVEL(""), ERR_GROUP_NOT_FOUND},
        {VMS "none", "l", LEVEL(""), ERR_RESOURCE_NOT_FOUND},
        {VMS "web" LOCK_PATH "l", "l", LEVEL(""), ERR_SCOPE_INVALID},
        {"", "l", LEVEL(""), ERR_SCOPE_INVALID},
        {"/providers/Microsoft.Management/managementGroups/g", "l", LEVEL(""), ERR_SCOPE_INVALID},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lock_result got = {0};
        CHECK_ERR(run_lock(&s, &OP_LOCK_WRITE, CASES[i].scope, CASES[i].name, CASES[i].body, &got), CASES[i].want, CASES[i].body);
    }
}

TEST(a_scope_has_a_bounded_number_of_locks)
{
    CLEANUP(test_product_close) struct test_product s;
    struct lock_result                              got = {0};
    open_stage(&s, t);
    for (size_t i = 0; i < LOCKS_MAX_PER_SCOPE; i++) {
        str name = call_format(t->call, "l%zu", i);
        CHECK_OK(run_lock(&s, &OP_LOCK_WRITE, VMS "web", call_zstr(t->call, name), LEVEL(""), &got));
    }
    CHECK_ERR(run_lock(&s, &OP_LOCK_WRITE, VMS "web", "one-more", LEVEL(""), &got), ERR_CONFLICT, "one more");
    CHECK_OK(run_lock(&s, &OP_LOCK_WRITE, VMS "web", "l0", LEVEL(",\"notes\":\"again\""), &got));
    CHECK(!got.was_created);
    CHECK_OK(run_lock(&s, &OP_LOCK_WRITE, TEST_PRODUCT_GROUP, "one-more", LEVEL(""), &got)); // each scope for itself
    CHECK_ERR(run_lock(&s, &OP_LOCK_READ, VMS "web", "none", NULL, &got), ERR_LOCK_NOT_FOUND, "none");
    CHECK_OK(run_lock(&s, &OP_LOCK_DELETE, VMS "web", "none", NULL, &got));
    CHECK(got.lock == NULL);
}
