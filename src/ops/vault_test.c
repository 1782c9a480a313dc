#include "ops/secrets.h"
#include "test_product.h"

#define TENANT  "00000000-0000-0000-0000-000000000010"
#define CALLER  "00000000-0000-0000-0000-0000000000a1"
#define APP     "00000000-0000-0000-0000-0000000000a2"
#define GROUP   "00000000-0000-0000-0000-0000000000b1"
#define HOLDING "00000000-0000-0000-0000-0000000000b2" // a group that holds the group
#define OTHER   "00000000-0000-0000-0000-0000000000c1"
#define ENTRY(tenant, object, more, given) \
    "{\"tenantId\":\"" tenant "\",\"objectId\":\"" object "\"" more ",\"permissions\":{\"keys\":[\"all\"],\"secrets\":[" given "]}}"
#define POLICIES(list) "{\"properties\":{\"enableRbacAuthorization\":false,\"accessPolicies\":[" list "]}}"

TEST(R7_access_policies_give_what_they_name_and_no_more)
{
    static const struct { const char *row, *document, *permission; bool want; } CASES[] = {
        {"the permission, by name", POLICIES(ENTRY(TENANT, CALLER, "", "\"get\"")), "get", true},
        {"in any case", POLICIES(ENTRY(TENANT, CALLER, "", "\"GeT\"")), "get", true},
        {"among others", POLICIES(ENTRY(TENANT, CALLER, "", "\"list\",\"set\",\"get\"")), "get", true},
        {"all", POLICIES(ENTRY(TENANT, CALLER, "", "\"All\"")), "restore", true},
        {"purge, by name", POLICIES(ENTRY(TENANT, CALLER, "", "\"all\",\"purge\"")), "purge", true},
        {"by a group", POLICIES(ENTRY(TENANT, GROUP, "", "\"get\"")), "get", true},
        {"by a group that holds the group", POLICIES(ENTRY(TENANT, HOLDING, "", "\"get\"")), "get", true},
        {"a later entry", POLICIES(ENTRY(TENANT, OTHER, "", "\"all\"") "," ENTRY(TENANT, CALLER, "", "\"get\"")), "get", true},
        {"through this application", POLICIES(ENTRY(TENANT, CALLER, ",\"applicationId\":\"" APP "\"", "\"get\"")), "get", true},
        {"through any application", POLICIES(ENTRY(TENANT, CALLER, ",\"applicationId\":null", "\"get\"")), "get", true},
        {"no document", "{}", "get", false},
        {"no policies", "{\"properties\":{}}", "get", false},
        {"an empty list", POLICIES(""), "get", false},
        {"policies that are no list", "{\"properties\":{\"accessPolicies\":\"all\"}}", "get", false},
        {"another permission", POLICIES(ENTRY(TENANT, CALLER, "", "\"list\"")), "get", false},
        {"a longer word", POLICIES(ENTRY(TENANT, CALLER, "", "\"getall\"")), "get", false},
        {"none", POLICIES(ENTRY(TENANT, CALLER, "", "")), "get", false},
        {"all is not purge", POLICIES(ENTRY(TENANT, CALLER, "", "\"all\"")), "purge", false},
        {"a permission that is no text", POLICIES(ENTRY(TENANT, CALLER, "", "1,null,{\"get\":1}")), "get", false},
        {"another principal", POLICIES(ENTRY(TENANT, OTHER, "", "\"all\"")), "get", false},
        {"the application's id for the principal's", POLICIES(ENTRY(TENANT, APP, "", "\"all\"")), "get", false},
        {"another tenant", POLICIES(ENTRY(OTHER, CALLER, "", "\"all\"")), "get", false},
        {"another application", POLICIES(ENTRY(TENANT, CALLER, ",\"applicationId\":\"" OTHER "\"", "\"all\"")), "get", false},
        {"an application that is none", POLICIES(ENTRY(TENANT, CALLER, ",\"applicationId\":\"\"", "\"all\"")), "get", false},
        {"a principal in braces", POLICIES(ENTRY(TENANT, "{" CALLER "}", "", "\"all\"")), "get", false},
        {"no permissions at all", "{\"properties\":{\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" CALLER "\"}]}}", "get", false},
        {"permissions of keys alone",
         "{\"properties\":{\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" CALLER "\",\"permissions\":{\"keys\":[\"get\"]}}]}}", "get",
         false},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    object_id group = test_product_put_principal(&s, 0xB1, PRINCIPAL_GROUP), holding = test_product_put_principal(&s, 0xB2, PRINCIPAL_GROUP);
    test_product_put_member(&s, group, s.caller.id);
    test_product_put_member(&s, holding, group);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct vault v;
        bool         got = !CASES[i].want;
        test_product_put_vault(&s, "v1", CASES[i].document);
        CHECK_ERR(vault_open(t->call, &s.work, S("V1"), &v), OK, CASES[i].row);
        CHECK_ERR(vault_policy_allows(t->call, &s.work, &v, S("secrets"), str_of(CASES[i].permission), &got), OK, CASES[i].row);
        CHECK_ROW(got == CASES[i].want, CASES[i].row);
    }
}

TEST(R7_a_vault_asks_either_its_roles_or_its_policies)
{
    static const struct { const char *row, *document; bool has_role; enum err want; } CASES[] = {
        {"roles: a role", "{\"properties\":{\"enableRbacAuthorization\":true}}", true, OK},
        {"policies: a policy", POLICIES(ENTRY(TENANT, CALLER, "", "\"list\"")), false, OK},
        {"roles: none", "{\"properties\":{\"enableRbacAuthorization\":true}}", false, ERR_NOT_AUTHORIZED},
        {"roles: a policy does not help",
         "{\"properties\":{\"enableRbacAuthorization\":true,\"accessPolicies\":[" ENTRY(TENANT, CALLER, "", "\"list\"") "]}}", false, ERR_NOT_AUTHORIZED},
        {"policies: a role does not help", POLICIES(""), true, ERR_POLICY_NOT_AUTHORIZED},
        {"the mode left out means policies", "{\"properties\":{}}", true, ERR_POLICY_NOT_AUTHORIZED},
        {"a mode that is no boolean means policies", "{\"properties\":{\"enableRbacAuthorization\":\"true\"}}", true, ERR_POLICY_NOT_AUTHORIZED},
        {"policies: another permission", POLICIES(ENTRY(TENANT, CALLER, "", "\"get\"")), false, ERR_POLICY_NOT_AUTHORIZED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct vault                                    v;
        struct vault_item_page                          page;
        test_product_open(&s, t);
        test_product_put_vault(&s, "v1", CASES[i].document);
        if (CASES[i].has_role) test_product_assign(&s, s.caller.id, "Key Vault Administrator", TEST_PRODUCT_SUBSCRIPTION);
        CHECK_ERR(vault_open(t->call, &s.work, S("v1"), &v), OK, CASES[i].row);
        struct vault_item_args args = {.kind = &VAULT_ITEM_SECRET, .vault = &v, .limit = 5};
        CHECK_ERR(test_product_vault_run(&s, &v, &SECRETS_LIST, STR_NONE, &args, &page), CASES[i].want, CASES[i].row);
    }
}

TEST(R1_R4_a_role_counts_for_its_own_actions_and_where_it_is_given)
{
    static const struct { const char *row, *role, *scope; const struct vault_op *op; const char *name; enum err want; } CASES[] = {
        {"no role", NULL, NULL, &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
        {"Owner manages, it does not read", "Owner", TEST_PRODUCT_SUBSCRIPTION, &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
        {"Contributor", "Contributor", TEST_PRODUCT_SUBSCRIPTION, &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
        {"Key Vault Reader lists", "Key Vault Reader", TEST_PRODUCT_GROUP, &SECRETS_LIST, "", OK},
        {"Key Vault Reader does not read values", "Key Vault Reader", TEST_PRODUCT_GROUP, &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
        {"Secrets User does not delete", "Key Vault Secrets User", TEST_PRODUCT_GROUP, &SECRETS_DELETE, "a", ERR_NOT_AUTHORIZED},
        {"Secrets User does not back up", "Key Vault Secrets User", TEST_PRODUCT_GROUP, &SECRETS_BACKUP, "a", ERR_NOT_AUTHORIZED},
        {"Secrets User reads", "Key Vault Secrets User", TEST_PRODUCT_GROUP, &SECRETS_GET, "a", ERR_SECRET_NOT_FOUND},
        {"on one secret: it", "Key Vault Secrets User", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1/secrets/a", &SECRETS_GET, "a", ERR_SECRET_NOT_FOUND},
        {"on one secret: in any case", "Key Vault Secrets User", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "V1/Secrets/A", &SECRETS_GET, "a", ERR_SECRET_NOT_FOUND},
        {"on one secret: another", "Key Vault Secrets User", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1/secrets/a", &SECRETS_GET, "ab", ERR_NOT_AUTHORIZED},
        {"on one secret: not the list", "Key Vault Secrets User", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1/secrets/a", &SECRETS_LIST, "", ERR_NOT_AUTHORIZED},
        {"on another vault", "Key Vault Secrets User", TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v10", &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
        {"in another subscription", "Key Vault Secrets User", TEST_PRODUCT_OTHER_SUBSCRIPTION, &SECRETS_GET, "a", ERR_NOT_AUTHORIZED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct vault                                    v;
        union {
            struct vault_item_page   page;
            struct vault_secret_open open;
            bytes                    blob;
            struct vault_item        secret;
        } out;
        test_product_open(&s, t);
        test_product_put_vault(&s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
        if (CASES[i].role) test_product_assign(&s, s.caller.id, CASES[i].role, CASES[i].scope);
        CHECK_ERR(vault_open(t->call, &s.work, S("v1"), &v), OK, CASES[i].row);
        struct vault_item_args args = {.kind = &VAULT_ITEM_SECRET, .vault = &v, .name = str_of(CASES[i].name), .limit = 5};
        CHECK_ERR(test_product_vault_run(&s, &v, CASES[i].op, args.name, &args, &out), CASES[i].want, CASES[i].row);
    }
}

TEST(vault_open_reads_what_the_document_says_of_keeping)
{
    static const struct { const char *row, *document; int64_t days; bool is_protected; } CASES[] = {
        {"nothing", "{}", 90, false},
        {"seven days", "{\"properties\":{\"softDeleteRetentionInDays\":7}}", 7, false},
        {"too few days", "{\"properties\":{\"softDeleteRetentionInDays\":6}}", 90, false},
        {"too many days", "{\"properties\":{\"softDeleteRetentionInDays\":91}}", 90, false},
        {"days that are no number", "{\"properties\":{\"softDeleteRetentionInDays\":\"7\"}}", 90, false},
        {"purge protection", "{\"properties\":{\"enablePurgeProtection\":true}}", 90, true},
        {"none of it", "{\"properties\":{\"enablePurgeProtection\":null}}", 90, false},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct vault v;
        test_product_put_vault(&s, "MyVault", CASES[i].document);
        CHECK_ERR(vault_open(t->call, &s.work, S("myvault"), &v), OK, CASES[i].row);
        CHECK_INT(v.retention_days, CASES[i].days, CASES[i].row);
        CHECK_ROW(v.is_purge_protected == CASES[i].is_protected, CASES[i].row);
        CHECK_STR(v.url, S("https://myvault.vault.azure.net"), CASES[i].row);
    }
}

TEST(vault_open_refuses_what_is_no_vault)
{
    CLEANUP(test_product_close) struct test_product s;
    struct vault                                    v;
    test_product_open(&s, t);
    test_product_put(&s, TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/vm1", "{}");
    CHECK_ERR(vault_open(t->call, &s.work, S("v1"), &v), ERR_VAULT_NOT_FOUND, "a name that nobody has");
    CHECK_ERR(vault_open(t->call, &s.work, S("vm1"), &v), ERR_VAULT_NOT_FOUND, "a machine's name");
    CHECK_ERR(vault_open(t->call, &s.work, STR_NONE, &v), ERR_VAULT_NOT_FOUND, "no name");
}

// --- names are found in any case: what decides sees the one that is kept ---

#define VAULT      TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v1"
#define SPARES(op) "@Resource[Microsoft.KeyVault/vaults/secrets:name] " op " 'forbidden'"

// A vault in which the caller may do everything but what the condition takes away.
static void open_conditional(struct test_product *s, struct test *t, struct vault *v, const char *condition)
{
    struct assignment *made,
        plain = {.id = test_product_guid(0xE1), .scope = S(VAULT), .notes = &(struct assignment_notes){.condition = str_of(condition)}};
    test_product_open(s, t);
    test_product_put_vault(s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    plain.principal = s->caller.id;
    plain.role = rbac_find_role_by_name(s->work.world->rules, S("Key Vault Administrator"))->id;
    CHECK_OK(assignment_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_ASSIGNMENT, NULL, &made->ref));
    CHECK_OK(vault_open(t->call, &s->work, S("v1"), v));
}

static enum err use(struct test_product *s, const struct vault *v, const struct vault_op *op, const char *name)
{
    CLEANUP(secret_clear) struct secret value = {0};
    union {
        struct vault_item        secret;
        struct vault_secret_open open;
        bytes                    backup;
        struct vault_item_page   page;
    } got = {0};
    struct vault_item_args args = {.kind = &VAULT_ITEM_SECRET, .vault = v, .name = str_of(name), .content = &value, .limit = 1};
    TRY(secret_init(s->call, &value, str_bytes(S("x"))));
    TRY(test_product_vault_run(s, v, op, args.name, &args, &got));
    if (op == &SECRETS_GET) secret_clear(&got.open.value);
    return OK;
}

// As somebody whom nothing keeps from it.
static void keep_secret(struct test_product *s, const struct vault *v, const char *name)
{
    struct test  *t = s->test;
    struct caller before = s->caller;
    s->caller.id = test_product_put_principal(s, 0xD4, PRINCIPAL_USER);
    test_product_assign(s, s->caller.id, "Key Vault Administrator", "/");
    CHECK_ERR(use(s, v, &SECRETS_SET, name), OK, name);
    s->caller = before;
}

TEST(R5_a_condition_on_a_secret_s_name_sees_the_name_that_is_kept)
{
    static const struct { const char *condition, *kept, *asked; enum err want; } CASES[] = {
        {SPARES("StringNotEquals"), "forbidden", "forbidden", ERR_NOT_AUTHORIZED},
        {SPARES("StringNotEquals"), "forbidden", "FORBIDDEN", ERR_NOT_AUTHORIZED},
        {SPARES("StringNotEquals"), "forbidden", "Forbidden", ERR_NOT_AUTHORIZED},
        {SPARES("StringNotLike"), "forbidden", "fORBIDDEN", ERR_NOT_AUTHORIZED},
        {SPARES("StringNotStartsWith"), "forbidden", "FORBIDDEN", ERR_NOT_AUTHORIZED},
        {SPARES("StringEquals"), "forbidden", "FORBIDDEN", OK}, // it is that secret
        {SPARES("StringEquals"), "FORBIDDEN", "forbidden", ERR_NOT_AUTHORIZED}, // it is kept as another
        {SPARES("StringNotEquals"), "FORBIDDEN", "forbidden", OK},
        {SPARES("StringNotEquals"), "other", "OTHER", OK},
    };
    static const struct vault_op *const LIVE[] = {&SECRETS_GET, &SECRETS_SET, &SECRETS_UPDATE, &SECRETS_VERSIONS, &SECRETS_BACKUP, &SECRETS_DELETE};
    static const struct vault_op *const DELETED[] = {&SECRETS_GET_DELETED, &SECRETS_RECOVER, &SECRETS_DELETE, &SECRETS_PURGE};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct vault                                    v;
        open_conditional(&s, t, &v, CASES[i].condition);
        keep_secret(&s, &v, CASES[i].kept);
        for (size_t k = 0; k < COUNT(LIVE); k++)
            CHECK_ERR(use(&s, &v, LIVE[k], CASES[i].asked), CASES[i].want,
                      call_zstr(t->call, call_format(t->call, "%s: %s", LIVE[k]->op.name, CASES[i].condition)));
        if (CASES[i].want == OK)
            for (size_t k = 0; k < COUNT(DELETED); k++) CHECK_ERR(use(&s, &v, DELETED[k], CASES[i].asked), OK, DELETED[k]->op.name);
    }
}

// The deleted one's name is kept too.
TEST(R5_a_condition_sees_the_name_of_a_deleted_secret)
{
    static const struct vault_op *const             DELETED[] = {&SECRETS_GET_DELETED, &SECRETS_RECOVER, &SECRETS_PURGE};
    CLEANUP(test_product_close) struct test_product s;
    struct vault                                    v;
    open_conditional(&s, t, &v, SPARES("StringNotEquals"));
    keep_secret(&s, &v, "forbidden");
    object_id mighty = {test_product_guid(0xD4)}, me = s.caller.id;
    s.caller.id = mighty;
    CHECK_OK(use(&s, &v, &SECRETS_DELETE, "Forbidden"));
    s.caller.id = me;
    for (size_t i = 0; i < COUNT(DELETED); i++) CHECK_ERR(use(&s, &v, DELETED[i], "FORBIDDEN"), ERR_NOT_AUTHORIZED, DELETED[i]->op.name);
    s.caller.id = mighty;
    CHECK_OK(use(&s, &v, &SECRETS_PURGE, "FORBIDDEN"));
}

// A name that nothing is kept under: made as FORBIDDEN it would be read as "forbidden".
TEST(R5_a_new_secret_s_name_meets_the_condition_in_any_case)
{
    static const struct { const char *condition, *name; enum err want; } CASES[] = {
        {SPARES("StringNotEquals"), "forbidden", ERR_NOT_AUTHORIZED}, {SPARES("StringNotEquals"), "FORBIDDEN", ERR_NOT_AUTHORIZED},
        {SPARES("StringNotEquals"), "other", OK},                     {SPARES("StringNotEquals"), "Other", OK},
        {SPARES("StringEquals"), "forbidden", OK},                    {SPARES("StringEquals"), "Forbidden", ERR_NOT_AUTHORIZED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct vault                                    v;
        open_conditional(&s, t, &v, CASES[i].condition);
        CHECK_ERR(use(&s, &v, &SECRETS_SET, CASES[i].name), CASES[i].want, CASES[i].name);
    }
}

TEST(R5_roles_and_denies_at_a_secret_hold_in_any_case)
{
    static const str                    ACTIONS[] = {S_INIT("microsoft.keyvault/vaults/secrets/GETSECRET/action")};
    static const struct role_permission READ = {.data_actions = ACTIONS, .data_action_n = 1};
    static const struct deny_principal  EVERYONE = {.type = S_INIT("SystemDefined")};
    struct deny_assignment             *made,
        plain = {.id = test_product_guid(0xE2),
                 .name = S("no"),
                 .scope = S(TEST_PRODUCT_SUBSCRIPTION "/RESOURCEGROUPS/shop/PROVIDERS/microsoft.keyvault/VAULTS/V1/secrets/App"),
                 .permissions = &READ,
                 .permission_n = 1,
                 .principals = &EVERYONE,
                 .principal_n = 1};
    CLEANUP(test_product_close) struct test_product s;
    struct vault                                    v;
    test_product_open(&s, t);
    test_product_put_vault(&s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
    CHECK_OK(vault_open(t->call, &s.work, S("V1"), &v));
    keep_secret(&s, &v, "App");
    test_product_assign(&s, s.caller.id, "Key Vault Secrets User", VAULT "/SECRETS/aPP");
    CHECK_OK(use(&s, &v, &SECRETS_GET, "APP"));
    CHECK_OK(deny_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s.work, STORE_DENY, NULL, &made->ref));
    CHECK_ERR(use(&s, &v, &SECRETS_GET, "APP"), ERR_DENIED, "in another case");
    CHECK_ERR(use(&s, &v, &SECRETS_GET, "app"), ERR_DENIED, "in a third");
}
