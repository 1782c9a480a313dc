#include "ops/resources.h"

#include "test_product.h"

#define VM         TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/"
#define IDENTITIES TEST_PRODUCT_GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
#define SITE       TEST_PRODUCT_GROUP "/providers/Microsoft.Web/sites/"
#define STORAGE    TEST_PRODUCT_GROUP "/providers/Microsoft.Storage/storageAccounts/"
#define SYSTEM     "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned\"}}"
#define PLAIN      "{\"location\":\"westus\"}"

// A group that is there, and a caller who owns everything.
static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", "/");
}

static const struct resource *made(struct test_product *s, const char *id, enum identity_verb verb, const char *body)
{
    struct test           *t = s->test;
    struct resource_result got = {0};
    CHECK_ERR(test_product_write(s, id, verb, body, &got), OK, body);
    static const struct resource NOTHING = {0};
    CHECK_ROW(got.resource != NULL, id);
    return got.resource ? got.resource : &NOTHING;
}

static const struct resource *put(struct test_product *s, const char *id, const char *body)
{
    return made(s, id, IDENTITY_PUT, body);
}

static const struct resource *patch(struct test_product *s, const char *id, const char *body)
{
    return made(s, id, IDENTITY_PATCH, body);
}

static bool lives(const struct test_product *s, object_id who)
{
    return directory_find(s->work.world->directory, who) != NULL;
}

static const struct resource *find(const struct test_product *s, const char *id)
{
    return tree_find(s->work.world->tree, str_of(id));
}

TEST(I2_a_system_assigned_identity_is_the_resource_s_own)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    const struct resource  *vm = put(&s, VM "web", SYSTEM);
    const struct principal *p = directory_find(s.work.world->directory, vm->identity.system_principal);
    CHECK(p && p->kind == PRINCIPAL_MANAGED && p->is_system_assigned);
    CHECK_STR(p->name, S("web"), "named after the resource");
    CHECK_STR(p->resource, vm->id, "of the resource");
    CHECK(guid_eq(p->app.g, vm->identity.system_app.g) && !guid_eq(p->app.g, p->id.g));
    const struct resource *other = put(&s, VM "web2", SYSTEM);
    CHECK(!object_id_eq(other->identity.system_principal, vm->identity.system_principal));
    const struct resource *any = put(&s, TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/w", "{\"identity\":{\"type\":\"systemassigned\"}}");
    CHECK(any->identity.has_system && lives(&s, any->identity.system_principal));
    CHECK_OK(test_product_delete(&s, VM "web"));
    CHECK(!lives(&s, vm->identity.system_principal) && lives(&s, other->identity.system_principal));
}

TEST(I9_a_slot_s_identity_is_a_principal_of_its_own)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    const struct resource *site = put(&s, SITE "shop", SYSTEM), *slot = put(&s, SITE "shop/slots/next", SYSTEM);
    CHECK(!object_id_eq(site->identity.system_principal, slot->identity.system_principal));
    CHECK_STR(directory_find(s.work.world->directory, slot->identity.system_principal)->name, S("shop/slots/next"), "the slot's");
    CHECK_OK(test_product_delete(&s, SITE "shop"));
    CHECK(!lives(&s, slot->identity.system_principal) && !find(&s, SITE "shop/slots/next"));
}

TEST(I3_what_is_made_again_under_a_name_is_somebody_else)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    object_id before = put(&s, VM "web", SYSTEM)->identity.system_principal;
    guid      uid = find(&s, VM "web")->uid;
    client_id app = find(&s, VM "web")->identity.system_app;
    test_product_assign(&s, before, "Reader", TEST_PRODUCT_SUBSCRIPTION);
    CHECK_OK(test_product_delete(&s, VM "web"));
    CHECK(!find(&s, VM "web"));
    const struct resource *again = put(&s, VM "WEB", SYSTEM);
    CHECK(!object_id_eq(again->identity.system_principal, before) && !guid_eq(again->identity.system_app.g, app.g) && !guid_eq(again->uid, uid));
    struct caller      who = {.id = again->identity.system_principal};
    struct rbac_answer answer;
    CHECK_OK(work_decide(t->call, &s.work, &who, S("Microsoft.Compute/virtualMachines/read"), RBAC_CONTROL, S(VM "web"), NULL, &answer));
    CHECK(!answer.allowed); // the old assignment does not come back to life

    put(&s, IDENTITIES "one", PLAIN);
    object_id user = directory_find_managed(s.work.world->directory, S(IDENTITIES "one"), false)->id;
    CHECK_OK(test_product_delete(&s, IDENTITIES "one"));
    CHECK(!lives(&s, user));
    put(&s, IDENTITIES "one", PLAIN);
    CHECK(!object_id_eq(directory_find_managed(s.work.world->directory, S(IDENTITIES "one"), false)->id, user));
}

TEST(I4_a_user_assigned_identity_keeps_its_ids)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    const struct resource  *one = put(&s, IDENTITIES "one", "{\"location\":\"westus\",\"properties\":{\"principalId\":\"x\",\"tenantId\":\"y\"}}");
    const struct principal *p = directory_find_managed(s.work.world->directory, one->id, false);
    CHECK(p && p->kind == PRINCIPAL_MANAGED && !p->is_system_assigned);
    CHECK(str_find_str(one->document, S("principalId")) == STR_NOWHERE); // nobody chooses its ids
    put(&s, IDENTITIES "ONE", "{\"location\":\"West US\",\"tags\":{\"a\":\"b\"}}");
    patch(&s, IDENTITIES "one", "{\"tags\":{\"c\":\"d\"}}");
    CHECK(directory_find_managed(s.work.world->directory, S(IDENTITIES "one"), false) == p);
    CHECK_STR(find(&s, IDENTITIES "one")->document, S("{\"tags\":{\"c\":\"d\"}}"), "tags are replaced as a whole");
    CHECK_ERR(test_product_write(&s, IDENTITIES "two", IDENTITY_PUT, "{\"location\":\"westus\",\"properties\":{\"isolationScope\":\"Zonal\"}}", NULL),
              ERR_CONTENT_INVALID, "isolationScope");
    CHECK(!directory_find_managed(s.work.world->directory, S(IDENTITIES "two"), false));
}

#define USERS(json) "{\"location\":\"westus\",\"identity\":{\"type\":\"UserAssigned\",\"userAssignedIdentities\":{" json "}}}"
#define KEY(name)   "\"" IDENTITIES name "\":{}"
#define GONE(name)  "\"" IDENTITIES name "\":null"

// Each step's block on the same resource, and what it then carries.
TEST(I5_the_identity_block_follows_each_verb)
{
    static const struct { enum identity_verb verb; const char *body; bool has_system; size_t users; } STEPS[] = {
        {IDENTITY_PUT, PLAIN, false, 0},
        {IDENTITY_PATCH, USERS(KEY("one")), false, 1},
        {IDENTITY_PATCH, USERS(KEY("two")), false, 2},   // PATCH adds
        {IDENTITY_PATCH, "{\"tags\":{}}", false, 2},      // no block: unchanged
        {IDENTITY_PUT, PLAIN, false, 2},
        {IDENTITY_PATCH, USERS(GONE("two")), false, 1},  // null detaches
        {IDENTITY_PATCH, USERS(GONE("two")), false, 1},  // what is not there is no error
        {IDENTITY_PATCH, "{\"identity\":{\"type\":\"SystemAssigned, UserAssigned\"}}", true, 1},
        {IDENTITY_PATCH, "{\"identity\":{\"type\":\"UserAssigned\"}}", false, 1}, // the type is absolute
        {IDENTITY_PUT, USERS(KEY("two")), false, 1},     // PUT replaces the set
        {IDENTITY_PUT, "{\"location\":\"westus\",\"identity\":{\"type\":\"SystemAssigned,UserAssigned\",\"userAssignedIdentities\":{" KEY("one") "," KEY("two") "}}}", true, 2},
        {IDENTITY_PATCH, "{\"identity\":{\"type\":\"SystemAssigned\",\"userAssignedIdentities\":null}}", true, 0},
        {IDENTITY_PATCH, USERS(KEY("one")), false, 1},
        {IDENTITY_PATCH, "{\"identity\":{\"type\":\"None\"}}", false, 0},         // detaches everything
    };
    CLEANUP(test_product_close) struct test_product s;
    object_id                                       system = {0};
    open_owned(&s, t);
    put(&s, IDENTITIES "one", PLAIN);
    put(&s, IDENTITIES "two", PLAIN);
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        const struct resource *r = made(&s, VM "web", STEPS[i].verb, STEPS[i].body);
        if (!r) continue;
        CHECK_ROW(r->identity.has_system == STEPS[i].has_system, STEPS[i].body);
        CHECK_INT(r->identity.user_assigned_n, STEPS[i].users, STEPS[i].body);
        if (!STEPS[i].has_system) CHECK_ROW(!lives(&s, system), STEPS[i].body);
        system = r->identity.system_principal;
        if (STEPS[i].has_system) CHECK_ROW(lives(&s, system), STEPS[i].body);
    }
}

TEST(I5_a_block_that_cannot_be_is_refused)
{
    static const struct { const char *id, *body; enum err want; } CASES[] = {
        {VM "web", "{\"location\":\"westus\",\"identity\":{\"type\":\"UserAssigned\"}}", ERR_IDENTITY_VALUES},
        {VM "web", "{\"location\":\"westus\",\"identity\":{\"type\":\"Everything\"}}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":\"westus\",\"identity\":\"SystemAssigned\"}", ERR_CONTENT_INVALID},
        {VM "web", USERS("\"one\":{}"), ERR_LINKED_ID_INVALID},
        {VM "web", USERS("\"" VM "web\":{}"), ERR_IDENTITY_ID_INVALID},
        {VM "web", USERS(KEY("none")), ERR_IDENTITY_OPERATION},
        {VM "web", USERS(KEY("one") "," KEY("none")), ERR_IDENTITY_OPERATION},
        {IDENTITIES "two", SYSTEM, ERR_IDENTITY_VALUES},
        {IDENTITIES "two", USERS(KEY("one")), ERR_IDENTITY_VALUES},
        {TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v-1", SYSTEM, ERR_IDENTITY_VALUES},
        {TEST_PRODUCT_GROUP "/providers/Microsoft.HybridCompute/machines/m", USERS(KEY("one")), ERR_IDENTITY_VALUES},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, IDENTITIES "one", PLAIN);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].want, CASES[i].body);
        CHECK_ROW(!find(&s, CASES[i].id), CASES[i].body);
    }
}

static bool count_one(const struct resource *r, void *ctx)
{
    (void)r;
    ++*(size_t *)ctx;
    return true;
}

static size_t users_of(const struct test_product *s, const char *identity)
{
    size_t n = 0;
    tree_each_user_of(s->work.world->tree, str_of(identity), STR_NONE, count_one, &n);
    return n;
}

TEST(I6_I8_an_identity_outlives_its_users_and_leaves_a_dangling_key)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, IDENTITIES "one", PLAIN);
    object_id who = directory_find_managed(s.work.world->directory, S(IDENTITIES "one"), false)->id;
    put(&s, VM "a", USERS(KEY("one")));
    put(&s, VM "b", USERS("\"" IDENTITIES "ONE\":{\"clientId\":\"ignored\"}"));
    CHECK_INT(users_of(&s, IDENTITIES "one"), 2, "two users");
    CHECK_OK(test_product_delete(&s, VM "a"));
    CHECK(lives(&s, who) && users_of(&s, IDENTITIES "one") == 1);
    CHECK_OK(test_product_delete(&s, IDENTITIES "one"));
    CHECK(!lives(&s, who));
    CHECK_INT(find(&s, VM "b")->identity.user_assigned_n, 1, "the key stays");
    CHECK_INT(users_of(&s, IDENTITIES "one"), 1, "and is found");
    // What dangles does not hinder the resource, and can be taken off.
    patch(&s, VM "b", "{\"tags\":{\"a\":\"b\"}}");
    CHECK_INT(patch(&s, VM "b", "{\"identity\":{\"type\":\"None\"}}")->identity.user_assigned_n, 0, "detached");
}

TEST(I7_attaching_needs_the_identity_s_own_permission)
{
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_put_group(&s, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Other");
    test_product_assign(&s, s.caller.id, "Owner", TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Other");
    static const char *const THERE = TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Other/providers/Microsoft.Compute/virtualMachines/web";
    s.caller.who = NULL;
    put(&s, THERE, PLAIN);
    test_product_put(&s, IDENTITIES "one", "{}");
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PATCH, USERS(KEY("one")), NULL), ERR_LINKED_NOT_AUTHORIZED, "no assign/action");
    CHECK_STR(s.work.refusal.action, S("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"), "what was missing");
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PATCH, USERS(KEY("none")), NULL), ERR_LINKED_NOT_AUTHORIZED, "whether it exists is not told");
    test_product_assign(&s, s.caller.id, "Managed Identity Contributor", TEST_PRODUCT_GROUP);
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PATCH, USERS(KEY("one")), NULL), ERR_LINKED_NOT_AUTHORIZED, "making is not attaching");
    test_product_assign(&s, s.caller.id, "Contributor", IDENTITIES "one");
    CHECK_INT(patch(&s, THERE, USERS(KEY("one")))->identity.user_assigned_n, 1, "attached");
    CHECK_ERR(test_product_write(&s, VM "web", IDENTITY_PUT, PLAIN, NULL), ERR_NOT_AUTHORIZED, "in the other group");
}

TEST(I10_names_follow_the_type_s_rule)
{
    static const struct { const char *id; enum err want; } CASES[] = {
        {IDENTITIES "ab", ERR_NAME_INVALID},          {IDENTITIES "-ab", ERR_NAME_INVALID},       {IDENTITIES "a.b", ERR_NAME_INVALID},
        {IDENTITIES "a-_", OK},                       {VM "-vm", ERR_NAME_INVALID},               {VM "vm.", ERR_NAME_INVALID},
        {TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1", ERR_VAULT_NAME_INVALID}, {TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "1ab", ERR_VAULT_NAME_INVALID},
        {TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "a--b", ERR_VAULT_NAME_INVALID}, {STORAGE "Upper", ERR_NAME_INVALID}, {STORAGE "a-b", ERR_NAME_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/a*b", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/a?b", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/a%b", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/..", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things", ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP, ERR_SCOPE_INVALID},
        {TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/locks/l", ERR_TYPE_UNKNOWN},
        {TEST_PRODUCT_GROUP "/providers/microsoft.resources/deployments/d", ERR_TYPE_UNKNOWN},
        {"/providers/Microsoft.Management/managementGroups/g", ERR_TYPE_UNKNOWN},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, PLAIN, NULL), CASES[i].want, CASES[i].id);
}

TEST(resources_are_where_they_can_be)
{
    static const struct { const char *id, *body; enum err want; } CASES[] = {
        {VM "web", "{}", ERR_LOCATION_REQUIRED},
        {VM "web", "{\"location\":\"\"}", ERR_LOCATION_REQUIRED},
        {VM "web", "{\"location\":null}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":7}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":\"west/us\"}", ERR_LOCATION_INVALID},
        {VM "there", "{\"location\":\"eastus\"}", ERR_LOCATION_CONFLICT},
        {VM "there", "{\"location\":\"WEST us\"}", OK},
        {TEST_PRODUCT_GROUP "/providers/Contoso.Things/widgets/w", "{}", OK}, // has none of its own
        {"/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/Shop/providers/Microsoft.Compute/virtualMachines/w", PLAIN, ERR_SUBSCRIPTION_NOT_FOUND},
        {TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Shop/providers/Microsoft.Compute/virtualMachines/w", PLAIN, ERR_GROUP_NOT_FOUND},
        {SITE "none/slots/next", PLAIN, ERR_PARENT_NOT_FOUND},
        {IDENTITIES "none/federatedIdentityCredentials/fic", "{}", ERR_PARENT_NOT_FOUND},
        {VM "there/providers/Contoso.Things/widgets/w", "{}", OK},    // an extension of one that is there
        {VM "none/providers/Contoso.Things/widgets/w", "{}", ERR_PARENT_NOT_FOUND},
        {VM "web", "{\"location\":\"westus\",\"tags\":[]}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":\"westus\",\"tags\":{\"a\":1}}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":\"westus\",\"tags\":{\"\":\"a\"}}", ERR_CONTENT_INVALID},
        {VM "web", "{\"location\":\"westus\",\"tags\":null}", OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, VM "there", PLAIN);
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_ERR(test_product_write(&s, CASES[i].id, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].want, CASES[i].body);
    CHECK_ERR(test_product_write(&s, VM "none", IDENTITY_PATCH, "{\"tags\":{}}", NULL), ERR_RESOURCE_NOT_FOUND, "PATCH makes nothing");
    struct resource_args list = {.id = S(TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines")};
    CHECK_ERR(test_product_run(&s, &OP_RESOURCE_DELETE, "Microsoft.Compute/virtualMachines/delete", TEST_PRODUCT_GROUP, &list, NULL),
              ERR_METHOD_NOT_ALLOWED, "a list");
    CHECK_ERR(test_product_run(&s, &OP_RESOURCE_WRITE, "Microsoft.Compute/virtualMachines/write", TEST_PRODUCT_GROUP, &list, NULL),
              ERR_METHOD_NOT_ALLOWED, "a list");
    CHECK_ERR(test_product_delete(&s, TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Shop/providers/Microsoft.Compute/virtualMachines/w"),
              ERR_GROUP_NOT_FOUND, "a group");
    CHECK_ERR(test_product_delete(&s, VM "none"), OK, "absent is fine");
    CHECK(find(&s, VM "there"));
}

TEST(resources_have_published_ids_and_keep_their_column_names_out)
{
    static const struct { const char *asked, *answered; } CASES[] = {
        {"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000051/RESOURCEGROUPS/shop/PROVIDERS/microsoft.compute/VIRTUALMACHINES/Web",
         TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/Web"},
        {TEST_PRODUCT_GROUP "/providers/microsoft.managedidentity/userassignedidentities/One",
         TEST_PRODUCT_SUBSCRIPTION "/resourcegroups/Shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/One"},
        {TEST_PRODUCT_GROUP "/providers/contoso.things/Widgets/w", TEST_PRODUCT_GROUP "/providers/contoso.things/Widgets/w"}, // no row: as written
        {TEST_PRODUCT_GROUP "/providers/microsoft.compute/virtualmachines/WEB/providers/Contoso.Things/widgets/e",
         TEST_PRODUCT_GROUP "/providers/microsoft.compute/virtualmachines/WEB/providers/Contoso.Things/widgets/e"},
        {TEST_PRODUCT_SUBSCRIPTION "/Providers/Contoso.Things/widgets/s", TEST_PRODUCT_SUBSCRIPTION "/providers/Contoso.Things/widgets/s"},
        {"/Providers/Contoso.Things/widgets/t", "/providers/Contoso.Things/widgets/t"},
        {SITE "shop", SITE "shop"},
        {TEST_PRODUCT_GROUP "/providers/microsoft.web/SITES/shop/SLOTS/Next", SITE "shop/slots/Next"},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct resource *r =
            put(&s, CASES[i].asked, "{\"location\":\"westus\",\"id\":\"/x\",\"Name\":\"y\",\"TYPE\":\"z\",\"systemData\":{},\"kind\":\"k\"}");
        if (!r) continue;
        CHECK_STR(r->id, str_of(CASES[i].answered), CASES[i].asked);
        CHECK_ROW(str_find_str(r->document, S("\"k\"")) != STR_NOWHERE && str_find_str(r->document, S("/x")) == STR_NOWHERE, CASES[i].asked);
        CHECK_ROW(find(&s, CASES[i].asked) == r, CASES[i].asked);
    }
}

TEST(resources_with_global_names_do_not_meet)
{
    static const char *const THERE = TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Far/providers/Microsoft.Storage/storageAccounts/shopdata";
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Far");
    put(&s, STORAGE "shopdata", PLAIN);
    put(&s, STORAGE "shopdata", PLAIN); // the same once more
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PUT, PLAIN, NULL), ERR_CONFLICT, "another subscription");
    CHECK_OK(test_product_delete(&s, STORAGE "shopdata"));
    put(&s, THERE, PLAIN);
    put(&s, VM "web", PLAIN);
    put(&s, TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Far/providers/Microsoft.Compute/virtualMachines/web", PLAIN);
}

static const struct resource_group *group(struct test_product *s, const char *id)
{
    return tree_find_group(s->work.world->tree, str_of(id));
}

static enum err write_group(struct test_product *s, const struct op *op, const char *id, const char *body)
{
    struct group_result got = {0};
    struct group_args   args = {.id = str_of(id)};
    struct test        *t = s->test;
    if (body) CHECK_ERR(json_parse(t->call, str_of(body), &args.body), OK, body);
    return test_product_run(s, op, NULL, id, &args, &got);
}

TEST(resource_groups_follow_the_rules)
{
    static const struct { const struct op *op; const char *id, *body; enum err want; } CASES[] = {
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", "{}", ERR_LOCATION_REQUIRED},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", "{\"location\":\"west/us\"}", ERR_LOCATION_INVALID},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/dot.", PLAIN, ERR_NAME_INVALID},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/a*b", PLAIN, ERR_SCOPE_INVALID},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION, PLAIN, ERR_SCOPE_INVALID},
        {&OP_GROUP_PUT, VM "web", PLAIN, ERR_SCOPE_INVALID},
        {&OP_GROUP_PUT, "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/New", PLAIN, ERR_SUBSCRIPTION_NOT_FOUND},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", "{\"location\":\"westus\",\"tags\":{\"a\":1}}", ERR_CONTENT_INVALID},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", "{\"location\":\"westus\",\"tags\":\"a\"}", ERR_CONTENT_INVALID},
        {&OP_GROUP_PUT, TEST_PRODUCT_GROUP, "{\"location\":\"eastus\"}", ERR_GROUP_LOCATION_CONFLICT},
        {&OP_GROUP_PATCH, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", "{\"tags\":{}}", ERR_GROUP_NOT_FOUND},
        {&OP_GROUP_READ, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", NULL, ERR_GROUP_NOT_FOUND},
        {&OP_GROUP_DELETE, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New", NULL, ERR_GROUP_NOT_FOUND},
        {&OP_GROUP_PUT, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/\xc3\xa9t\xc3\xa9-(1)", PLAIN, OK},
        {&OP_GROUP_PUT, TEST_PRODUCT_GROUP, "{\"location\":\"WestUS\",\"tags\":{\"a\":\"b\"},\"managedBy\":\"x\"}", OK},
        {&OP_GROUP_PATCH, TEST_PRODUCT_GROUP, "{\"tags\":{\"c\":\"d\"}}", OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(write_group(&s, CASES[i].op, CASES[i].id, CASES[i].body), CASES[i].want, CASES[i].id);
    CHECK(!group(&s, TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/New"));
    CHECK_STR(group(&s, TEST_PRODUCT_GROUP)->document, S("{\"tags\":{\"c\":\"d\"},\"managedBy\":\"x\"}"), "what PATCH leaves");
}

TEST(tags_have_the_published_limits)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (size_t n = TAGS_MAX; n <= TAGS_MAX + 1; n++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        buf_add(&b, S("{\"location\":\"westus\",\"tags\":{"));
        for (size_t i = 0; i < n; i++) buf_addf(&b, "%s\"t%zu\":\"\"", i ? "," : "", i);
        buf_add(&b, S("}}"));
        CHECK_ERR(test_product_write(&s, VM "web", IDENTITY_PUT, call_zstr(t->call, buf_view(&b)), NULL), n > TAGS_MAX ? ERR_CONTENT_INVALID : OK,
                  "how many");
    }
    static const struct {
        int      name, value;
        enum err want;
    } CASES[] = {{512, 256, OK}, {513, 1, ERR_CONTENT_INVALID}, {1, 257, ERR_CONTENT_INVALID}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body = call_format(t->call, "{\"location\":\"westus\",\"tags\":{\"%0*d\":\"%0*d\"}}", CASES[i].name, 1, CASES[i].value, 1);
        CHECK_ERR(test_product_write(&s, VM "web", IDENTITY_PUT, call_zstr(t->call, body), NULL), CASES[i].want, "how long");
    }
}

TEST(T9_a_password_of_a_machine_is_not_kept)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    const char *body = "{\"location\":\"westus\",\"properties\":{\"osProfile\":{\"computerName\":\"web\",\"adminPassword\":\"LANYARD-SECRET\"}}}";
    const struct resource *vm = put(&s, VM "web", body);
    CHECK(str_contains_nocase(vm->document, S("computerName")) && !str_contains_nocase(vm->document, S("LANYARD-SECRET")));
    vm = patch(&s, VM "web", "{\"properties\":{\"osProfile\":{\"adminPassword\":\"LANYARD-SECRET\"}}}");
    CHECK(str_contains_nocase(vm->document, S("computerName")) && !str_contains_nocase(vm->document, S("LANYARD-SECRET")));
}

#define FEDERATED(issuer, subject) "{\"properties\":{\"issuer\":\"" issuer "\",\"subject\":\"" subject "\",\"audiences\":[\"a\"],\"more\":1}}"

TEST(F2_an_identity_has_federated_credentials)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, IDENTITIES "pipeline", PLAIN);
    const struct resource *made = put(&s, IDENTITIES "pipeline/federatedIdentityCredentials/main", FEDERATED("https://i", "main"));
    CHECK_STR(made->document, S("{\"properties\":{\"issuer\":\"https://i\",\"subject\":\"main\",\"audiences\":[\"a\"]}}"),
              "what counts, and nothing else");
    static const struct { const char *name, *body; enum err want; } CASES[] = {
        {"main", FEDERATED("https://i", "main"), OK}, // itself again
        {"twin", FEDERATED("https://i", "main"), ERR_FEDERATED_INVALID},
        {"case", FEDERATED("https://i", "Main"), OK},
        {"case", FEDERATED("https://i", "main"), ERR_FEDERATED_INVALID}, // becoming one
        {"none", "{\"properties\":{}}", ERR_FEDERATED_INVALID},
        {"none", "{}", ERR_FEDERATED_INVALID},
        {"x", FEDERATED("https://i", "x"), ERR_NAME_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *id = call_zstr(t->call, call_format(t->call, IDENTITIES "pipeline/federatedIdentityCredentials/%s", CASES[i].name));
        CHECK_ERR(test_product_write(&s, id, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].want, CASES[i].body);
    }
    put(&s, IDENTITIES "other", PLAIN);
    put(&s, IDENTITIES "other/federatedIdentityCredentials/main", FEDERATED("https://i", "main")); // another identity's is no twin
    CHECK_OK(test_product_delete(&s, IDENTITIES "pipeline"));
    CHECK(!find(&s, IDENTITIES "pipeline/federatedIdentityCredentials/main"));
    CHECK(find(&s, IDENTITIES "other/federatedIdentityCredentials/main"));
}

TEST(F2_an_identity_has_at_most_so_many_federated_credentials)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, IDENTITIES "pipeline", PLAIN);
    for (int i = 0; i <= 20; i++) {
        const char *id = call_zstr(t->call, call_format(t->call, IDENTITIES "pipeline/federatedIdentityCredentials/one-%d", i));
        const char *body = call_zstr(t->call, call_format(t->call, FEDERATED("https://i", "%d"), i));
        CHECK_ERR(test_product_write(&s, id, IDENTITY_PUT, body, NULL), i < 20 ? OK : ERR_FEDERATED_INVALID, id);
    }
    put(&s, IDENTITIES "pipeline/federatedIdentityCredentials/one-7", FEDERATED("https://i", "changed")); // a full one still changes
}
