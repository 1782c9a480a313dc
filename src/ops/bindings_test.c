#include "ops/bindings.h"

#include "log/activity.h"
#include "test_product.h"

#define MACHINE     TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/web"
#define OTHER       TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/job"
#define DISK        TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/disks/d"
#define VM_WRITE    "Microsoft.Compute/virtualMachines/write"
#define CONTRIBUTOR "Virtual Machine Contributor"

static enum err bind_to(struct test_product *s, const char *name, const char *resource, struct binding_result *out)
{
    struct binding_wish wish = {.name = str_of(name), .resource = str_of(resource)};
    return test_product_run(s, &OP_BINDING_WRITE, VM_WRITE, resource, &wish, out);
}

static enum err unbind(struct test_product *s, const char *name, struct binding_result *out)
{
    str text = str_of(name);
    return test_product_run(s, &OP_BINDING_DELETE, NULL, "/", &text, out);
}

static void open_machines(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put(s, MACHINE, "{}");
    test_product_put(s, OTHER, "{}");
}

TEST(T5_a_binding_is_the_operators_and_needs_write_on_the_resource)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    open_machines(&s, t);
    CHECK_ERR(bind_to(&s, "uid:5", MACHINE, &got), ERR_NOT_AUTHORIZED, "nobody");
    test_product_assign(&s, s.caller.id, CONTRIBUTOR, TEST_PRODUCT_GROUP);
    CHECK_ERR(bind_to(&s, "uid:5", MACHINE, &got), ERR_NOT_AUTHORIZED, "who may write the machine and is not the operator");
    CHECK(bindings_n(s.work.world->bindings) == 0);
    s.caller.is_local_operator = true;
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got));
    CHECK(got.was_created && binding_is_live(s.work.world, got.binding));
    s.caller.is_local_operator = false;
    CHECK_ERR(unbind(&s, "uid:5", &got), ERR_NOT_AUTHORIZED, "taking away can give another one's: it is the operator's too");
}

TEST(T5_an_operator_without_write_on_the_resource_binds_nothing)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    open_machines(&s, t);
    s.caller.is_local_operator = true;
    CHECK_ERR(bind_to(&s, "uid:5", MACHINE, &got), ERR_NOT_AUTHORIZED, "no role");
    test_product_assign(&s, s.caller.id, "Reader", TEST_PRODUCT_GROUP);
    CHECK_ERR(bind_to(&s, "uid:5", MACHINE, &got), ERR_NOT_AUTHORIZED, "a Reader");
}

TEST(T5_what_is_bound_stays_bound_until_it_is_unbound)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    open_machines(&s, t);
    s.caller.is_local_operator = true;
    test_product_assign(&s, s.caller.id, CONTRIBUTOR, TEST_PRODUCT_GROUP);
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got));
    got.was_created = false;
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got));
    CHECK(!got.was_created && got.binding);
    enum err failed = bind_to(&s, "uid:5", OTHER, &got);
    CHECK(strstr(t->call->failure.text, MACHINE) && strstr(t->call->failure.text, "lanyard unbind uid:5"));
    CHECK_ERR(failed, ERR_CONFLICT, "another resource");
    CHECK_ERR(bind_to(&s, "5", MACHINE, &got), ERR_BINDING_INVALID, "no kind");
    CHECK_ERR(bind_to(&s, "uid:6", TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/none", &got), ERR_RESOURCE_NOT_FOUND,
              "not there");
    CHECK_OK(unbind(&s, "uid:5", &got));
    CHECK(got.binding && bindings_n(s.work.world->bindings) == 0);
    CHECK_OK(unbind(&s, "uid:5", &got));
    CHECK(!got.binding);
    CHECK_OK(bind_to(&s, "uid:5", OTHER, &got));
    CHECK_STR(got.binding->resource, S(OTHER), "and bound to another one");
}

TEST(I3_a_binding_is_not_inherited_by_a_resource_that_is_made_again)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    struct resource_result                          made = {0};
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    s.caller.is_local_operator = true;
    test_product_assign(&s, s.caller.id, CONTRIBUTOR, TEST_PRODUCT_GROUP);
    CHECK_OK(test_product_write(&s, MACHINE, IDENTITY_PUT, "{\"location\":\"westus\"}", &made));
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got));
    CHECK_OK(test_product_delete(&s, MACHINE));
    CHECK(!binding_is_live(s.work.world, bindings_find(s.work.world->bindings, S("uid:5"))));
    CHECK_OK(test_product_write(&s, MACHINE, IDENTITY_PUT, "{\"location\":\"westus\"}", &made));
    CHECK(!binding_is_live(s.work.world, bindings_find(s.work.world->bindings, S("uid:5"))));
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got)); // in place of the dead one
    CHECK(got.was_created && binding_is_live(s.work.world, got.binding));
}

TEST(I7_bindings_are_in_the_activity_log)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    struct activity                                *list;
    size_t                                          n = 0;
    open_machines(&s, t);
    s.caller.is_local_operator = true;
    test_product_assign(&s, s.caller.id, CONTRIBUTOR, TEST_PRODUCT_GROUP);
    CHECK_OK(bind_to(&s, "uid:5", MACHINE, &got));
    CHECK_OK(unbind(&s, "uid:5", &got));
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 10}, &list, &n, NULL));
    CHECK_INT(n, 2, "one for each");
    for (size_t i = 0; i < n; i++) CHECK(object_id_eq(list[i].caller, s.caller.id) && str_eq(list[i].scope, S(MACHINE)));
}

TEST(bindings_are_of_resources_that_carry_identities)
{
    CLEANUP(test_product_close) struct test_product s;
    struct binding_result                           got = {0};
    struct binding_wish                             wish = {.name = S("uid:5"), .resource = S(DISK)};
    open_machines(&s, t);
    s.caller.is_local_operator = true;
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    test_product_put(&s, DISK, "{}");
    bool     carries = types_of(S("Microsoft.Compute/disks"))->takes_system;
    enum err failed = test_product_run(&s, &OP_BINDING_WRITE, "Microsoft.Compute/disks/write", DISK, &wish, &got);
    CHECK_ERR(failed, carries ? OK : ERR_IDENTITY_OPERATION, "a disk");
}
