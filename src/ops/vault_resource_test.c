#include "ops/vault_resource.h"

#include "ops/secrets.h"
#include "test_product.h"

#define VAULT      TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop-1"
#define TENANT     "\"tenantId\":\"00000000-0000-0000-0000-000000000010\""
#define BODY(more) "{\"location\":\"westus\",\"properties\":{" TENANT more "}}"
#define DAY_S      (24 * 3600)

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_assign(s, s->caller.id, "Owner", "/");
}

static const struct resource *put(struct test_product *s, const char *id, const char *body)
{
    struct test                 *t = s->test;
    struct resource_result       got = {0};
    static const struct resource NOTHING = {0};
    CHECK_ERR(test_product_write(s, id, IDENTITY_PUT, body, &got), OK, body);
    return got.resource ? got.resource : &NOTHING;
}

static const struct json *property(struct test_product *s, const char *id, const char *name)
{
    const struct json     *document = NULL;
    struct test           *t = s->test;
    const struct resource *r = tree_find(s->work.world->tree, str_of(id));
    CHECK_ROW(r && json_parse(t->call, r->document, &document) == OK, id);
    return json_get(json_get(document, S("properties")), str_of(name));
}

static enum err run_deleted(struct test_product *s, const struct op *op, const char *location, const char *name, const struct resource **out)
{
    struct deleted_vault_args args = {.subscription.g = test_product_guid(0x51), .location = str_of(location), .name = str_of(name)};
    return test_product_run(s, op, NULL, TEST_PRODUCT_SUBSCRIPTION, &args, out);
}

TEST(a_vault_says_of_itself_what_nobody_else_said)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "Shop-1",
        BODY(",\"vaultUri\":\"https://evil.example/\",\"provisioningState\":\"Failed\",\"enableSoftDelete\":false"));
    CHECK_STR(json_str(property(&s, VAULT, "vaultUri")), S("https://shop-1.vault.azure.net/"), "its own address");
    CHECK_STR(json_str(property(&s, VAULT, "provisioningState")), S("Succeeded"), "done");
    CHECK(property(&s, VAULT, "enableSoftDelete")->u.boolean && property(&s, VAULT, "enableRbacAuthorization")->u.boolean);
    CHECK_INT(property(&s, VAULT, "softDeleteRetentionInDays")->u.integer, 90, "days");
    CHECK_STR(json_get_str(property(&s, VAULT, "sku"), S("name")), S("standard"), "sku");
}

TEST(a_vault_s_properties_are_checked)
{
    static const struct { const char *body; enum err fresh, again; } CASES[] = {
        {"{\"location\":\"westus\"}", ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {"{\"location\":\"westus\",\"properties\":{}}", ERR_VAULT_INVALID, OK}, // the tenant is known by then
        {"{\"location\":\"westus\",\"properties\":{\"tenantId\":\"x\"}}", ERR_VAULT_INVALID, OK},
        {"{\"location\":\"westus\",\"properties\":{\"tenantId\":\"00000000-0000-0000-0000-000000000011\"}}", ERR_VAULT_INVALID, OK},
        {BODY(",\"softDeleteRetentionInDays\":6"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"softDeleteRetentionInDays\":91"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"softDeleteRetentionInDays\":\"7\""), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"softDeleteRetentionInDays\":7.5"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"softDeleteRetentionInDays\":7"), OK, ERR_VAULT_INVALID}, // set once
        {BODY(",\"enablePurgeProtection\":false"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"enableSoftDelete\":false"), OK, ERR_VAULT_INVALID},
        {BODY(",\"softDeleteRetentionInDays\":null"), OK, OK},
        {BODY(",\"accessPolicies\":{}"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"accessPolicies\":[{}]"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"accessPolicies\":[{" TENANT ",\"objectId\":\"me\",\"permissions\":{}}]"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"accessPolicies\":[{" TENANT ",\"objectId\":\"00000000-0000-0000-0000-0000000000a1\"}]"), ERR_VAULT_INVALID, ERR_VAULT_INVALID},
        {BODY(",\"createMode\":\"recover\""), ERR_VAULT_NOT_DELETED, OK}, // nothing to recover; an existing one is just written
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, VAULT, BODY(""));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str fresh = call_format(t->call, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "fresh-%zu", i);
        CHECK_ERR(test_product_write(&s, call_zstr(t->call, fresh), IDENTITY_PUT, CASES[i].body, NULL), CASES[i].fresh, CASES[i].body);
        CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PUT, CASES[i].body, NULL), CASES[i].again, CASES[i].body);
    }
    CHECK_STR(json_str(property(&s, VAULT, "tenantId")), guid_str(t->call, test_product_guid(0x10)), "the tenant stays ours");
}

#define PROPERTIES(more) "{\"properties\":{" more "}}"

// Whatever is no boolean is refused by every verb; null and absence switch nothing.
TEST(a_vault_s_switches_are_true_or_false)
{
    static const char *const                        SWITCHES[] = {"enableRbacAuthorization", "enablePurgeProtection",    "enableSoftDelete",
                                                                  "enabledForDeployment",    "enabledForDiskEncryption", "enabledForTemplateDeployment"};
    static const char *const                        WRONG[] = {"\"false\"", "\"true\"", "0", "1", "0.0", "{}", "[]", "\"\""};
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, VAULT, BODY(",\"enablePurgeProtection\":true"));
    for (size_t i = 0; i < COUNT(SWITCHES); i++) {
        for (size_t k = 0; k < COUNT(WRONG); k++) {
            const char *body = call_zstr(t->call, call_format(t->call, BODY(",\"%s\":%s"), SWITCHES[i], WRONG[k]));
            CHECK_ERR(test_product_write(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "fresh-1", IDENTITY_PUT, body, NULL), ERR_VAULT_INVALID, body);
            CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PUT, body, NULL), ERR_VAULT_INVALID, body);
            CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PATCH, body, NULL), ERR_VAULT_INVALID, body);
        }
        const char *none = call_zstr(t->call, call_format(t->call, BODY(",\"%s\":null"), SWITCHES[i]));
        str         before, after;
        CHECK_OK(json_text(t->call, property(&s, VAULT, SWITCHES[i]), &before));
        CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PUT, none, NULL), OK, none);
        CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PATCH, none, NULL), OK, none);
        CHECK_OK(json_text(t->call, property(&s, VAULT, SWITCHES[i]), &after));
        CHECK_STR(after, before, none);
    }
    CHECK_OK(test_product_delete(&s, VAULT));
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "westus", "shop-1", NULL), ERR_PURGE_PROTECTED, "after all of these");
}

TEST(who_decides_in_a_vault_changes_only_when_a_request_says_so)
{
    static const struct { enum identity_verb verb; const char *body; } CASES[] = {
        {IDENTITY_PUT, BODY("")},
        {IDENTITY_PUT, BODY(",\"enableRbacAuthorization\":null")},
        {IDENTITY_PATCH, PROPERTIES("\"enableRbacAuthorization\":null")},
        {IDENTITY_PATCH, PROPERTIES("\"enabledForDeployment\":true")},
        {IDENTITY_PATCH, "{\"tags\":{}}"},
        {IDENTITY_PATCH, PROPERTIES("\"EnableRbacAuthorization\":true,\"enablerbacauthorization\":false")},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (int uses_rbac = 0; uses_rbac < 2; uses_rbac++) {
        put(&s, VAULT, uses_rbac ? BODY(",\"enableRbacAuthorization\":true") : BODY(",\"enableRbacAuthorization\":false"));
        for (size_t i = 0; i < COUNT(CASES); i++) {
            struct vault v;
            CHECK_ERR(test_product_write(&s, VAULT, CASES[i].verb, CASES[i].body, NULL), OK, CASES[i].body);
            CHECK_OK(vault_open(t->call, &s.work, S("shop-1"), &v));
            CHECK_ROW(v.uses_rbac == uses_rbac, CASES[i].body);
        }
    }
}

TEST(a_contributor_does_not_switch_who_decides_in_a_vault)
{
    static const char *const THERE[] = {BODY(",\"enableRbacAuthorization\":false"), PROPERTIES("\"enableRbacAuthorization\":false")};
    static const char *const BACK[] = {BODY(",\"enableRbacAuthorization\":true"), PROPERTIES("\"enableRbacAuthorization\":true")};
    static const char *const ROLES[] = {"User Access Administrator", "Role Based Access Control Administrator"};
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    put(&s, VAULT, BODY(",\"enableRbacAuthorization\":true"));
    put(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "own-1", BODY(",\"enableRbacAuthorization\":false")); // a new one has nothing to protect
    for (enum identity_verb verb = IDENTITY_PUT; verb <= IDENTITY_PATCH; verb++) {
        CHECK_ERR(test_product_write(&s, VAULT, verb, THERE[verb == IDENTITY_PATCH], NULL), ERR_LINKED_NOT_AUTHORIZED, "to policies");
        CHECK_STR(s.work.refusal.action, S("Microsoft.Authorization/roleAssignments/write"), "what is missing");
        CHECK_STR(s.work.refusal.scope, S(VAULT), "and where");
        CHECK_ERR(test_product_write(&s, VAULT, verb, BACK[verb == IDENTITY_PATCH], NULL), OK, "as it is");
        CHECK_ERR(test_product_write(&s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "own-1", verb, BACK[verb == IDENTITY_PATCH], NULL),
                  ERR_LINKED_NOT_AUTHORIZED, "to roles");
    }
    for (size_t i = 0; i < COUNT(ROLES); i++) {
        test_product_assign(&s, s.caller.id, ROLES[i], TEST_PRODUCT_SUBSCRIPTION);
        CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PATCH, i ? BACK[1] : THERE[1], NULL), OK, ROLES[i]);
    }
}

TEST(a_deleted_vault_keeps_its_name_until_it_is_purged)
{
    static const char *const                        THERE = TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Far" TEST_PRODUCT_VAULTS "Shop-1";
    CLEANUP(test_product_close) struct test_product s;
    const struct resource                          *deleted = NULL;
    open_owned(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Far");
    put(&s, VAULT, BODY(",\"softDeleteRetentionInDays\":7"));
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PUT, BODY(""), NULL), ERR_VAULT_NAME_TAKEN, "names are the whole cloud's");
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_READ, "westus", "shop-1", &deleted), ERR_RESOURCE_NOT_FOUND, "it lives");
    CHECK_OK(test_product_delete(&s, VAULT));
    CHECK(!tree_find(s.work.world->tree, S(VAULT)));
    CHECK_OK(run_deleted(&s, &OP_DELETED_VAULT_READ, "West US", "SHOP-1", &deleted));
    CHECK(deleted && deleted->deleted_ns == t->call->now_ns && deleted->purge_due_ns == t->call->now_ns + 7 * DAY_S * NS_PER_S);
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_READ, "eastus", "shop-1", &deleted), ERR_RESOURCE_NOT_FOUND, "another location");
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "eastus", "shop-1", NULL), ERR_RESOURCE_NOT_FOUND, "another location");
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "westus", "shop-2", NULL), ERR_RESOURCE_NOT_FOUND, "another name");
    CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PUT, BODY(""), NULL), ERR_CONFLICT, "recover or purge first");
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PUT, BODY(""), NULL), ERR_CONFLICT, "from another subscription too");
    CHECK_ERR(test_product_write(&s, THERE, IDENTITY_PUT, BODY(",\"createMode\":\"recover\""), NULL), ERR_CONFLICT, "nobody recovers it elsewhere");
    CHECK_OK(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "westus", "shop-1", NULL));
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "westus", "shop-1", NULL), ERR_RESOURCE_NOT_FOUND, "once");
    put(&s, THERE, BODY(""));
}

TEST(a_recovered_vault_is_the_one_that_was)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    guid uid = put(&s, VAULT, BODY(",\"enableRbacAuthorization\":false,\"softDeleteRetentionInDays\":7"))->uid;
    CHECK_OK(test_product_delete(&s, VAULT));
    const struct resource *again =
        put(&s, VAULT, "{\"location\":\"eastus\",\"properties\":{\"createMode\":\"Recover\",\"enableRbacAuthorization\":true}}");
    CHECK(again && guid_eq(again->uid, uid) && !again->deleted_ns && !again->purge_due_ns);
    CHECK_STR(again->location, S("westus"), "where it was");
    CHECK(!property(&s, VAULT, "enableRbacAuthorization")->u.boolean);
    CHECK_INT(property(&s, VAULT, "softDeleteRetentionInDays")->u.integer, 7, "its days");
    CHECK(!tree_find_global(s.work.world->tree, S(VAULT_TYPE), S("shop-1"), true));
}

// Whoever may delete and write a vault switches nothing and lifts no deny by deleting and recovering it.
TEST(recovering_a_vault_raises_nobody)
{
    static const str                                ACTIONS[] = {S_INIT("Microsoft.KeyVault/vaults/secrets/getSecret/action")};
    static const struct role_permission             READ = {.data_actions = ACTIONS, .data_action_n = 1};
    static const struct deny_principal              EVERYONE = {.type = S_INIT("SystemDefined")};
    struct deny_assignment                         *made, plain = {.id = test_product_guid(0xD1),
                                                                   .name = S("no"),
                                                                   .scope = S(VAULT),
                                                                   .permissions = &READ,
                                                                   .permission_n = 1,
                                                                   .principals = &EVERYONE,
                                                                   .principal_n = 1};
    CLEANUP(test_product_close) struct test_product s;
    struct rbac_answer                              answer;
    struct vault                                    v;
    test_product_open(&s, t);
    test_product_put_group(&s, TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Contributor", TEST_PRODUCT_GROUP);
    test_product_assign(&s, s.caller.id, "Key Vault Secrets User", TEST_PRODUCT_SUBSCRIPTION);
    put(&s, VAULT, BODY(",\"enableRbacAuthorization\":true"));
    CHECK_OK(deny_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s.work, STORE_DENY, NULL, &made->ref));
    CHECK_OK(test_product_delete(&s, VAULT));
    put(&s, VAULT,
        BODY(",\"createMode\":\"recover\",\"enableRbacAuthorization\":false,\"accessPolicies\":[{" TENANT
             ",\"objectId\":\"00000000-0000-0000-0000-0000000000a1\",\"permissions\":{\"secrets\":[\"get\"]}}]"));
    CHECK_OK(vault_open(t->call, &s.work, S("shop-1"), &v));
    CHECK(v.uses_rbac && json_n(v.policies) == 0);
    CHECK_OK(work_decide(t->call, &s.work, NULL, ACTIONS[0], RBAC_DATA, S(VAULT "/secrets/a"), NULL, &answer));
    CHECK(!answer.allowed && answer.reason == RBAC_DENIED);
    CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PUT, BODY(",\"createMode\":\"recover\",\"enableRbacAuthorization\":false"), NULL),
              ERR_LINKED_NOT_AUTHORIZED, "of one that lives it is a write as any other");
}

TEST(purge_protection_goes_one_way)
{
    CLEANUP(test_product_close) struct test_product s;
    size_t                                          n;
    open_owned(&s, t);
    put(&s, VAULT, BODY(",\"enablePurgeProtection\":true,\"softDeleteRetentionInDays\":7"));
    put(&s, VAULT, BODY(""));                                                                   // not saying it does not take it back
    put(&s, VAULT, BODY(",\"enablePurgeProtection\":null,\"softDeleteRetentionInDays\":null")); // nor does saying nothing
    CHECK_INT(property(&s, VAULT, "softDeleteRetentionInDays")->u.integer, 7, "its days stay too");
    CHECK(json_is(property(&s, VAULT, "enablePurgeProtection"), JSON_IS_BOOL));
    CHECK_ERR(test_product_write(&s, VAULT, IDENTITY_PATCH, "{\"properties\":{\"enablePurgeProtection\":false}}", NULL), ERR_VAULT_INVALID, "PATCH");
    CHECK_OK(test_product_delete(&s, VAULT));
    CHECK_ERR(run_deleted(&s, &OP_DELETED_VAULT_PURGE, "westus", "shop-1", NULL), ERR_PURGE_PROTECTED, "not even its owner");
    test_product_pass(&s, 7 * DAY_S - 1);
    CHECK_OK(vault_resource_purge_due(t->call, &s.work, 10, &n));
    CHECK_INT(n, 0, "a second early");
    test_product_pass(&s, 1);
    CHECK_OK(vault_resource_purge_due(t->call, &s.work, 10, &n));
    CHECK_INT(n, 1, "on the day");
    put(&s, VAULT, BODY(""));
}

static enum err policies(struct test_product *s, enum policy_change kind, const char *entries)
{
    const struct resource *vault = NULL;
    struct policy_args     args = {.vault = S(VAULT), .kind = kind};
    struct test           *t = s->test;
    str                    body = call_format(t->call, "{\"properties\":{\"accessPolicies\":%s}}", entries);
    CHECK_ERR(json_parse(t->call, body, &args.body), OK, entries);
    return test_product_run(s, &OP_VAULT_POLICIES, NULL, VAULT, &args, &vault);
}

#define ENTRY(who, permissions) "{" TENANT ",\"objectId\":\"00000000-0000-0000-0000-0000000000" who "\",\"permissions\":{" permissions "}}"

TEST(access_policies_are_added_replaced_and_removed)
{
    static const struct { enum policy_change kind; const char *entries, *want; } STEPS[] = {
        {POLICY_ADD, "[" ENTRY("a1", "\"secrets\":[\"get\"]") "]", "[" ENTRY("a1", "\"secrets\":[\"get\"]") "]"},
        {POLICY_ADD, "[" ENTRY("A1", "\"secrets\":[\"Get\",\"list\"]") "]", "[" ENTRY("a1", "\"secrets\":[\"get\",\"list\"]") "]"},
        {POLICY_ADD, "[" ENTRY("a2", "\"keys\":[\"get\"]") "]",
         "[" ENTRY("a1", "\"secrets\":[\"get\",\"list\"]") "," ENTRY("a2", "\"keys\":[\"get\"]") "]"},
        {POLICY_REMOVE, "[" ENTRY("a1", "\"secrets\":[\"GET\"]") "]", "[" ENTRY("a1", "\"secrets\":[\"list\"]") "," ENTRY("a2", "\"keys\":[\"get\"]") "]"},
        {POLICY_REMOVE, "[" ENTRY("a1", "\"secrets\":[\"list\"]") "," ENTRY("a3", "\"secrets\":[\"list\"]") "]", "[" ENTRY("a2", "\"keys\":[\"get\"]") "]"},
        {POLICY_REPLACE, "[]", "[]"},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, VAULT, BODY(""));
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        str got;
        CHECK_ERR(policies(&s, STEPS[i].kind, STEPS[i].entries), OK, STEPS[i].entries);
        CHECK_OK(json_text(t->call, property(&s, VAULT, "accessPolicies"), &got));
        CHECK_STR(got, str_of(STEPS[i].want), STEPS[i].entries);
    }
    CHECK_ERR(policies(&s, POLICY_ADD, "{}"), ERR_VAULT_INVALID, "no list");
    CHECK_ERR(policies(&s, POLICY_ADD, "[{}]"), ERR_VAULT_INVALID, "nobody");
    CHECK_OK(test_product_delete(&s, VAULT));
    CHECK_ERR(policies(&s, POLICY_ADD, "[]"), ERR_RESOURCE_NOT_FOUND, "a deleted vault");
}

TEST(access_policies_have_a_limit_that_adding_keeps)
{
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    put(&s, VAULT, BODY(""));
    for (int half = 0; half < 2; half++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        for (int i = 0; i < VAULT_MAX_ACCESS_POLICIES / 2 + half; i++)
            buf_addf(&b, "%s{" TENANT ",\"objectId\":\"00000000-0000-0000-0000-00000000%d%03d\",\"permissions\":{\"secrets\":[\"get\"]}}",
                     i ? "," : "[", half + 1, i);
        buf_add_char(&b, ']');
        CHECK_ERR(policies(&s, POLICY_ADD, call_zstr(t->call, buf_view(&b))), half ? ERR_VAULT_INVALID : OK, "1024 together");
    }
}
