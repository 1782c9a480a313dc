#include "ops/resource_move.h"

#include "ops/bindings.h"
#include "ops/locks.h"
#include "test_product.h"

#define FROM  TEST_PRODUCT_GROUP
#define TO    TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Far"
#define VM    "/providers/Microsoft.Compute/virtualMachines/web"
#define USER  "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
#define SITE  "/providers/Microsoft.Web/sites/shop"
#define PLAN  "/providers/Microsoft.Web/serverfarms/plan"
#define VAULT "/providers/Microsoft.KeyVault/vaults/v1"

static void open_stage(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, FROM);
    test_product_put_group(s, TO);
    test_product_assign(s, s->caller.id, "Owner", "/");
}

static void put(struct test_product *s, const char *id, const char *body)
{
    struct test           *t = s->test;
    struct resource_result got;
    CHECK_ERR(test_product_write(s, id, IDENTITY_PUT, body, &got), OK, id);
}

// `ids`: their part behind the group, with blanks between.
static enum err run_move(struct test_product *s, const struct op *op, const char *source, const char *target, const char *ids)
{
    str              list[4];
    struct move_args args = {.source = str_of(source), .target = str_of(target), .resources = list};
    for (str rest = str_of(ids), one; args.n < COUNT(list) && str_cut(&rest, ' ', &one);)
        list[args.n++] = one.n && one.at[1] == 's' ? one : call_format(s->call, "%s%.*s", source, PSTR(one));
    return test_product_run(s, op, NULL, source, &args, NULL);
}

static enum err move(struct test_product *s, const char *ids)
{
    return run_move(s, &OP_RESOURCES_MOVE, FROM, TO, ids);
}

static const struct resource *at(struct test_product *s, const char *id)
{
    return tree_find(s->work.world->tree, str_of(id));
}

TEST(s8_i2_a_resource_that_moves_keeps_its_principal_and_its_incarnation)
{
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    put(&s, FROM VM, "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned\"},\"tags\":{\"a\":\"b\"}}");
    guid                  uid = at(&s, FROM VM)->uid;
    object_id             principal = at(&s, FROM VM)->identity.system_principal;
    struct binding_result bound;
    struct binding_wish   wish = {.name = S("uid:5"), .resource = S(FROM VM)};
    s.caller.is_local_operator = true;
    CHECK_OK(test_product_run(&s, &OP_BINDING_WRITE, "Microsoft.Compute/virtualMachines/write", FROM VM, &wish, &bound));
    s.caller.is_local_operator = false;
    CHECK_OK(move(&s, VM));
    const struct resource  *moved = at(&s, TO VM);
    const struct principal *p = directory_find(s.work.world->directory, principal);
    const struct binding   *b = bindings_find(s.work.world->bindings, S("uid:5"));
    CHECK(!at(&s, FROM VM));
    CHECK(moved && guid_eq(moved->uid, uid) && object_id_eq(moved->identity.system_principal, principal));
    CHECK(moved && str_contains_nocase(moved->document, S("\"a\":\"b\"")));
    CHECK_STR(p->resource, S(TO VM), "the principal");
    CHECK(directory_find_managed(s.work.world->directory, S(TO VM), true) == p);
    CHECK(!directory_find_managed(s.work.world->directory, S(FROM VM), true));
    CHECK(binding_is_live(s.work.world, b));
    CHECK_STR(b->resource, S(TO VM), "the binding");
}

TEST(s8_r9_what_lies_in_a_resource_moves_along_and_its_role_assignments_stay_as_orphans)
{
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    put(&s, FROM PLAN, "{\"location\":\"westus\"}");
    put(&s, FROM SITE, "{\"location\":\"westus\",\"properties\":{\"serverFarmId\":\"" FROM PLAN "\",\"other\":\"" FROM VM "\"}}");
    put(&s, FROM SITE "/slots/next", "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned\"}}");
    guid      given = test_product_assign(&s, s.caller.id, "Reader", FROM SITE);
    object_id slot = at(&s, FROM SITE "/slots/next")->identity.system_principal;
    CHECK_OK(move(&s, SITE " " PLAN " " SITE));
    CHECK(at(&s, TO SITE) && at(&s, TO PLAN) && at(&s, TO SITE "/slots/next"));
    CHECK(!at(&s, FROM SITE) && !at(&s, FROM SITE "/slots/next"));
    CHECK(str_contains_nocase(at(&s, TO SITE)->document, S("\"" TO PLAN "\""))); // moved too
    CHECK(str_contains_nocase(at(&s, TO SITE)->document, S("\"" FROM VM "\""))); // not moved
    CHECK_STR(directory_find(s.work.world->directory, slot)->resource, S(TO SITE "/slots/next"), "the slot's principal");
    const struct assignment *a = rbac_find_assignment(s.work.world->rules, given);
    CHECK(a && str_eq(a->scope, S(FROM SITE)));
}

TEST(s8_a_vault_keeps_its_name_and_its_secrets_by_its_incarnation)
{
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    const struct resource *before = test_product_put_vault(&s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    guid                   uid = before->uid;
    CHECK_OK(move(&s, VAULT));
    const struct resource *moved = tree_find_global(s.work.world->tree, S("Microsoft.KeyVault/vaults"), S("v1"), false);
    CHECK(moved && guid_eq(moved->uid, uid));
    CHECK_STR(moved->id, S(TO VAULT), "found by its name");
}

TEST(s8_moves_that_are_refused)
{
    static const struct { const char *from, *to, *ids; enum err want; } CASES[] = {
        {FROM, TO, VM " /providers/Microsoft.Compute/virtualMachines/none", ERR_RESOURCE_NOT_FOUND},
        {FROM, TO, USER, ERR_MOVE_UNSUPPORTED},
        {FROM, TO, SITE "/slots/next", ERR_MOVE_INVALID},
        {FROM, TO, TO VM, ERR_MOVE_INVALID},
        {FROM, TO, VM "/providers/Microsoft.Authorization/locks/l", ERR_MOVE_INVALID},
        {FROM, FROM, VM, ERR_MOVE_INVALID},
        {FROM, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/None", VM, ERR_GROUP_NOT_FOUND},
        {FROM, "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/Far", VM, ERR_SUBSCRIPTION_NOT_FOUND},
        {FROM, TO, "/providers/Microsoft.Compute/virtualMachines/twin", ERR_MOVE_REFUSED},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    put(&s, FROM VM, "{\"location\":\"westus\"}");
    put(&s, FROM USER, "{\"location\":\"westus\"}");
    put(&s, FROM SITE, "{\"location\":\"westus\"}");
    put(&s, FROM SITE "/slots/next", "{\"location\":\"westus\"}");
    put(&s, FROM "/providers/Microsoft.Compute/virtualMachines/twin", "{\"location\":\"westus\"}");
    put(&s, TO "/providers/Microsoft.Compute/virtualMachines/Twin", "{\"location\":\"westus\"}");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(run_move(&s, &OP_RESOURCES_MOVE_CHECK, CASES[i].from, CASES[i].to, CASES[i].ids), CASES[i].want, CASES[i].ids);
        CHECK_ERR(run_move(&s, &OP_RESOURCES_MOVE, CASES[i].from, CASES[i].to, CASES[i].ids), CASES[i].want, CASES[i].ids);
    }
    CHECK(at(&s, FROM VM) && !at(&s, TO VM)); // of several, none has moved
}

#define NETWORK "/providers/Microsoft.Network/virtualNetworks/n1"
#define NIC     "/providers/Microsoft.Network/networkInterfaces/nic1"

TEST(s8_what_is_used_moves_with_its_users_alone)
{
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    put(&s, FROM NETWORK,
        "{\"location\":\"westus\",\"properties\":{\"addressSpace\":{\"addressPrefixes\":[\"10.0.0.0/16\"]},\"subnets\":[{\"name\":"
        "\"s1\",\"properties\":{\"addressPrefix\":\"10.0.0.0/24\"}}]}}");
    put(&s, FROM NIC,
        "{\"location\":\"westus\",\"properties\":{\"ipConfigurations\":[{\"name\":\"i\",\"properties\":{\"subnet\":{\"id\":\"" FROM NETWORK
        "/subnets/s1\"}}}]}}");
    CHECK_ERR(run_move(&s, &OP_RESOURCES_MOVE_CHECK, FROM, TO, NETWORK), ERR_MOVE_REFUSED, "asked beforehand");
    enum err got = move(&s, NETWORK);
    CHECK(str_contains_nocase(str_of(t->call->failure.text), S("is used by '" FROM NIC "'")));
    CHECK_ERR(got, ERR_MOVE_REFUSED, "its interface stays");
    CHECK_OK(move(&s, NIC " " NETWORK));
    CHECK_INT(tree_count_users_of(s.work.world->tree, S(TO NETWORK "/subnets/s1")), 1, "found where it is now");
}

TEST(s8_a_plan_that_a_bare_name_tells_is_found_after_a_move)
{
    CLEANUP(test_product_close) struct test_product s;
    open_stage(&s, t);
    put(&s, FROM PLAN, "{\"location\":\"westus\"}");
    put(&s, FROM SITE, "{\"location\":\"westus\",\"tags\":{\"t\":\"" FROM PLAN "\"},\"properties\":{\"serverFarmId\":\"plan\"}}");
    CHECK_OK(move(&s, SITE " " PLAN));
    CHECK_INT(tree_count_users_of(s.work.world->tree, S(TO PLAN)), 1, "the plan's");
    CHECK_INT(tree_count_users_of(s.work.world->tree, S(FROM PLAN)), 0, "of the old id");
    CHECK(at(&s, TO SITE) && str_contains_nocase(at(&s, TO SITE)->document, S("\"t\":\"" FROM PLAN "\""))); // a tag is a text
}

static void lock(struct test_product *s, const char *scope, const char *level)
{
    struct test       *t = s->test;
    struct lock_result got;
    struct lock_args   args = {.scope = str_of(scope), .name = S("l")};
    CHECK_OK(json_parse(t->call, call_format(t->call, "{\"properties\":{\"level\":\"%s\"}}", level), &args.body));
    CHECK_ERR(test_product_run(s, &OP_LOCK_WRITE, NULL, call_zstr(t->call, call_format(t->call, "%s" LOCK_PATH "l", scope)), &args, &got), OK, scope);
}

TEST(s8_locks_of_both_sides_stop_a_move)
{
    static const struct { const char *scope, *level; enum err want; } CASES[] = {
        {FROM, "ReadOnly", ERR_SCOPE_LOCKED},  {FROM, "CanNotDelete", ERR_SCOPE_LOCKED}, {FROM SITE "/slots/next", "CanNotDelete", ERR_SCOPE_LOCKED},
        {TO, "ReadOnly", ERR_SCOPE_LOCKED},    {TO, "CanNotDelete", OK},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        open_stage(&s, t);
        put(&s, FROM SITE, "{\"location\":\"westus\"}");
        put(&s, FROM SITE "/slots/next", "{\"location\":\"westus\"}");
        lock(&s, CASES[i].scope, CASES[i].level);
        CHECK_ERR(move(&s, SITE), CASES[i].want, CASES[i].level);
    }
}

TEST(s8_what_a_request_for_a_move_may_say)
{
    static const struct { const char *body; enum err want; } CASES[] = {
        {"{\"resources\":[\"" FROM VM "\"],\"targetResourceGroup\":\"" TO "\"}", OK},
        {"{\"Resources\":[\"" FROM VM "\"],\"TARGETRESOURCEGROUP\":\"" TO "/\"}", OK},
        {"{\"resources\":[],\"targetResourceGroup\":\"" TO "\"}", ERR_CONTENT_INVALID},
        {"{\"resources\":\"" FROM VM "\",\"targetResourceGroup\":\"" TO "\"}", ERR_CONTENT_INVALID},
        {"{\"targetResourceGroup\":\"" TO "\"}", ERR_CONTENT_INVALID},
        {"{\"resources\":[7],\"targetResourceGroup\":\"" TO "\"}", ERR_SCOPE_INVALID},
        {"{\"resources\":[\"web\"],\"targetResourceGroup\":\"" TO "\"}", ERR_SCOPE_INVALID},
        {"{\"resources\":[\"" FROM VM "\"],\"targetResourceGroup\":\"Far\"}", ERR_LINKED_ID_INVALID},
        {"{\"resources\":[\"" FROM VM "\"],\"targetResourceGroup\":\"" TEST_PRODUCT_SUBSCRIPTION "\"}", ERR_LINKED_ID_INVALID},
        {"{\"resources\":[\"" FROM VM "\"]}", ERR_LINKED_ID_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *body;
        struct move_args   got = {0};
        CHECK_OK(json_parse(t->call, str_of(CASES[i].body), &body));
        CHECK_ERR(move_read(t->call, body, &got), CASES[i].want, CASES[i].body);
        if (CASES[i].want == OK) CHECK_STR(got.target, S(TO), CASES[i].body);
        call_forgive(t->call);
    }
}
