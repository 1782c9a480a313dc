#include "rbac/condition_reach.h"

#include "rbac/condition.h"
#include "test.h"

#define ACCOUNTS   "Microsoft.Storage/storageAccounts"
#define CONTAINERS ACCOUNTS "/blobServices/containers"
#define QUEUES     ACCOUNTS "/queueServices/queues"
#define RA         "Microsoft.Authorization/roleAssignments"

#define BLOB_PATH  "@Resource[" CONTAINERS "/blobs:path] StringLike 'a/*'"
#define QUEUE_NAME "@Resource[" QUEUES ":name] StringEquals 'q'"
#define SECRET     "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 's'"
#define TO_WRITE   "@Request[" RA ":PrincipalType] StringEqualsIgnoreCase 'User'"
#define LOG_TABLE  "@Resource[Microsoft.OperationalInsights/workspaces/tables:name] StringEquals 'Heartbeat'"
#define IMAGE      "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'web'"

static const struct role *builtin(const char *name)
{
    size_t             n;
    const struct role *all = role_builtins(&n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].name, str_of(name))) return &all[i];
    return NULL;
}

// A1: a condition on a role none of whose actions carries what it asks for. Every such row has its control.
TEST(condition_reach_tells_conditions_that_no_action_of_a_role_carries)
{
    static const struct { const char *role, *condition; bool met; const char *attribute; } CASES[] = {
        {"Storage Blob Data Reader", BLOB_PATH, true, NULL},
        {"Storage Blob Data Reader", QUEUE_NAME, false, "@Resource[" QUEUES ":name]"},
        {"Storage Queue Data Reader", QUEUE_NAME, true, NULL},
        {"Storage Queue Data Reader", BLOB_PATH, false, "@Resource[" CONTAINERS "/blobs:path]"},
        {"Key Vault Secrets User", SECRET, true, NULL},
        {"Key Vault Crypto User", SECRET, false, "@Resource[Microsoft.KeyVault/vaults/secrets:name]"},
        // what an account, a container or an encryption scope is called goes along with each of its blobs
        {"Storage Blob Data Reader", "@Resource[" ACCOUNTS ":name] StringEquals 'x'", true, NULL},
        {"Storage Queue Data Reader", "@Resource[" ACCOUNTS ":name] StringEquals 'x'", true, NULL},
        {"Storage Blob Data Reader", "@Resource[" CONTAINERS ":name] StringEquals 'x'", true, NULL},
        {"Storage Blob Data Contributor", "@Resource[" ACCOUNTS "/encryptionScopes:name] StringEquals 'x'", true, NULL},
        {"Storage Queue Data Reader", "@Resource[" ACCOUNTS "/encryptionScopes:name] StringEquals 'x'", false, "@Resource[" ACCOUNTS "/encryptionScopes:name]"},
        {"Storage Blob Data Reader", "@Resource[" CONTAINERS "/blobs/tags&$keys$&] ForAllOfAnyValues:StringEquals {'a'}", true, NULL},
        {"Key Vault Reader", "@Resource[" CONTAINERS "/blobs/tags:Project<$key_case_sensitive$>] StringEquals 'x'", false, "@Resource[" CONTAINERS "/blobs/tags:Project]"},
        {"Key Vault Reader", "Exists @Request[" CONTAINERS "/blobs:versionId]", false, "@Request[" CONTAINERS "/blobs:versionId]"},
        {"Key Vault Reader", "'x' StringEquals @Resource[" CONTAINERS ":name]", false, "@Resource[" CONTAINERS ":name]"},
        // a star stands for what it matches, on its own plane only: Owner's is for management
        {"Owner", TO_WRITE, true, NULL},
        {"Owner", BLOB_PATH, false, "@Resource[" CONTAINERS "/blobs:path]"},
        {"User Access Administrator", TO_WRITE, true, NULL},
        {"Reader", TO_WRITE, false, "@Request[" RA ":PrincipalType]"},
        {"Contributor", TO_WRITE, false, "@Request[" RA ":PrincipalType]"}, // its NotActions take both away
        {"Contributor", LOG_TABLE, false, "@Resource[Microsoft.OperationalInsights/workspaces/tables:name]"},
        {"Log Analytics Data Reader", LOG_TABLE, true, NULL},
        {"Container Registry Repository Reader", IMAGE, true, NULL},
        {"AcrPull", IMAGE, false, "@Request[Microsoft.ContainerRegistry/registries/repositories:name]"},
        // one that is carried is enough: the others may be there for other roles
        {"Storage Blob Data Reader", BLOB_PATH " OR " QUEUE_NAME, true, NULL},
        {"Storage Blob Data Reader", "(!(ActionMatches{'" QUEUES "/messages/read'})) OR " QUEUE_NAME, false, "@Resource[" QUEUES ":name]"},
        // what belongs to the caller or the connection goes with every action
        {"Reader", "@Environment[isPrivateLink] BoolEquals true", true, NULL},
        {"Reader", "@Environment[UtcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z' AND " QUEUE_NAME, false, "@Resource[" QUEUES ":name]"},
        {"Reader", "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Team] StringEquals 'a'", true, NULL},
        {"Reader", "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Team] StringEquals @Resource[" CONTAINERS ":name]", false, "@Resource[" CONTAINERS ":name]"},
        {"Reader", "'a' StringEquals 'b'", true, NULL},
        {"Reader", "ActionMatches{'Microsoft.KeyVault/vaults/read'}", true, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct condition_reach out = {0};
        const char            *row = call_zstr(t->call, call_format(t->call, "%s: %s", CASES[i].role, CASES[i].condition));
        const struct role     *role = builtin(CASES[i].role);
        CHECK_ROW(role != NULL, row);
        CHECK_ERR(condition_check(t->call, str_of(CASES[i].condition), S("2.0")), OK, row);
        if (!role) continue;
        CHECK_ERR(condition_reach(t->call, str_of(CASES[i].condition), role, &out), OK, row);
        CHECK_ROW(out.is_met == CASES[i].met, row);
        CHECK_INT(out.need_n, CASES[i].met ? 0 : 1, row);
        if (!CASES[i].met) CHECK_STR(out.needs[0].attribute, str_of(CASES[i].attribute), row);
    }
}

TEST(condition_reach_of_custom_roles_is_by_pattern_plane_and_exception)
{
    static const struct { const char *action, *data, *not_data, *condition; bool met; } CASES[] = {
        {NULL, "Microsoft.Storage/*/read", NULL, BLOB_PATH, true},
        {NULL, "Microsoft.Storage/*/read", NULL, QUEUE_NAME, true},
        {NULL, "*", NULL, SECRET, true},
        {NULL, "*/messages/read", NULL, QUEUE_NAME, true},
        {NULL, "*/messages/read", NULL, BLOB_PATH, false},
        {NULL, "MICROSOFT.STORAGE/storageaccounts/QueueServices/queues/messages/READ", NULL, QUEUE_NAME, true},
        {NULL, "Microsoft.KeyVault/vaults/secrets*", NULL, SECRET, true},
        {NULL, "Microsoft.KeyVault/vaults/*", "Microsoft.KeyVault/vaults/secrets/*", SECRET, false},
        {NULL, "Microsoft.KeyVault/vaults/*", "Microsoft.KeyVault/vaults/secrets/getSecret/action", SECRET, true},
        {"Microsoft.KeyVault/vaults/secrets/*", NULL, NULL, SECRET, false}, // management does not tell the name
        {"*", NULL, NULL, QUEUE_NAME, false},
        {"Microsoft.Authorization/*/write", NULL, NULL, TO_WRITE, true},
        {"Microsoft.Authorization/roleAssignments/read", NULL, NULL, TO_WRITE, false},
        {NULL, NULL, NULL, SECRET, false}, // a role that allows nothing
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str                    action = str_of(CASES[i].action), data = str_of(CASES[i].data), not_data = str_of(CASES[i].not_data);
        struct role_permission block = {.actions = &action,
                                        .action_n = CASES[i].action != NULL,
                                        .data_actions = &data,
                                        .data_action_n = CASES[i].data != NULL,
                                        .not_data_actions = &not_data,
                                        .not_data_action_n = CASES[i].not_data != NULL};
        struct role            role = {.permissions = &block, .permission_n = 1};
        struct condition_reach out = {0};
        CHECK_ERR(condition_reach(t->call, str_of(CASES[i].condition), &role, &out), OK, CASES[i].condition);
        CHECK_ROW(out.is_met == CASES[i].met, call_zstr(t->call, call_format(t->call, "row %zu: %s", i, CASES[i].condition)));
    }
}

TEST(condition_reach_tells_each_kind_of_attribute_once_and_what_would_carry_it)
{
    struct condition_reach out = {0};
    const char            *condition = BLOB_PATH " OR @Resource[" CONTAINERS ":name] StringEquals 'c' OR " QUEUE_NAME " OR " TO_WRITE;
    CHECK_OK(condition_reach(t->call, str_of(condition), builtin("Key Vault Reader"), &out));
    CHECK(!out.is_met);
    CHECK_INT(out.need_n, 3, "kinds");
    CHECK_STR(out.needs[0].carriers, S("the data actions " ACCOUNTS "/blobServices/*"), "blobs");
    CHECK_STR(out.needs[1].carriers, S("the data actions " QUEUES "/*"), "queues");
    CHECK_STR(out.needs[2].carriers, S("the actions " RA "/write and " RA "/delete"), "assignments");
    CHECK_ERR(condition_reach(t->call, S("not well formed"), builtin("Reader"), &out), ERR_CONDITION_INVALID, "what cannot be read");
}
