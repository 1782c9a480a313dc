#include "rbac/explain.h"

#include "test.h"

#define SUB   "/subscriptions/11111111-1111-1111-1111-111111111111"
#define RG    SUB "/resourceGroups/rg1"
#define VAULT RG "/providers/Microsoft.KeyVault/vaults/v1"
#define GET   "Microsoft.KeyVault/vaults/secrets/getSecret/action"

static guid small(unsigned n)
{
    return (guid){{1, (uint8_t)n}};
}

static guid role_id(const struct rbac_rules *r, const char *name)
{
    const struct role *role = rbac_find_role_by_name(r, str_of(name));
    return role ? role->id : small(99);
}

static void assign(struct test *t, struct rbac_rules *r, const struct assignment *plain)
{
    struct assignment *a = NULL;
    CHECK_OK(assignment_new(t->call, plain, &a));
    CHECK(rbac_put_assignment(r, a));
    ref_drop(&a->ref);
}

struct asked {
    object_id            who[2];
    struct rbac_question q;
};

static void ask(struct test *t, struct asked *a, const char *action, enum rbac_plane plane, const char *scope)
{
    *a = (struct asked){.who = {{small(1)}, {small(2)}}, .q = {.who_n = 2, .action = str_of(action), .plane = plane, .now_ns = 100}};
    a->q.who = a->who;
    CHECK_ERR(scope_parse(t->call, str_of(scope), &a->q.at), OK, scope);
}

// O4: each kind of denial names its true cause. One assignment, one question, one reason.
TEST(explain_names_the_cause_of_each_kind_of_denial)
{
    static const struct {
        const char     *role, *scope, *condition;
        int64_t         from, until;
        const char     *action;
        enum rbac_plane plane;
        const char     *at;
        enum rbac_miss  miss;
        const char     *words;
    } CASES[] = {
        {"Key Vault Secrets User", VAULT, "", 0, 0, GET, RBAC_DATA, VAULT "/secrets/s", RBAC_MISS_GRANTS, "it allows the action"},
        {"Key Vault Secrets User", VAULT, "", 1000000000, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_NOT_YET, "counts from 1970-01-01T00:00:01"},
        {"Key Vault Secrets User", VAULT, "@Resource[a:b] StringEquals 'x'", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_CONDITION,
         "its condition is not met: @Resource[a:b] StringEquals 'x'"},
        {"Key Vault Secrets User", VAULT, "not well formed", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_CONDITION, "not met: not well formed"},
        {"Key Vault Data Access Administrator", RG, "", 0, 0, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, VAULT,
         RBAC_MISS_ROLE_CONDITION,
         "role's condition is not met: @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals"},
        {"Azure Sphere Owner", RG, "", 0, 0, "Microsoft.Authorization/roleAssignments/delete", RBAC_CONTROL, VAULT, RBAC_MISS_UNPUBLISHED,
         "not published"},
        {"Key Vault Secrets User", VAULT, "", 0, 50, GET, RBAC_DATA, VAULT, RBAC_MISS_ENDED, "it was removed"},
        {"Key Vault Secrets User", RG "/providers/Microsoft.KeyVault/vaults/v2", "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_WRONG_SCOPE,
         "elsewhere: 1 level up to " RG " and 1 down"},
        {"Key Vault Secrets User", SUB "/resourceGroups/rg2", "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_WRONG_SCOPE,
         "1 level up to " SUB " and 2 down"},
        {"Key Vault Secrets User", VAULT "/secrets/s", "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_WRONG_SCOPE, "1 level below what was asked for"},
        {"Key Vault Secrets User", "/subscriptions/22222222-2222-2222-2222-222222222222", "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_WRONG_SCOPE,
         "up to / and 3 down"},
        {"Contributor", RG, "", 0, 0, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, VAULT, RBAC_MISS_NOT_ACTIONS,
         "takes the action away again: Microsoft.Authorization/*/Write"},
        {"Owner", "/", "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_WRONG_PLANE, "other plane; this is a data action"},
        {"Storage Blob Data Reader", RG, "", 0, 0, "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", RBAC_CONTROL, VAULT,
         RBAC_MISS_WRONG_PLANE, "this is a management action"},
        {"no such role", RG, "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_ROLE_UNKNOWN, "does not exist"},
        {"Key Vault Crypto User", RG, "", 0, 0, GET, RBAC_DATA, VAULT, RBAC_MISS_ACTION_NOT_NAMED, "does not name the data action"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_rules      *r = rbac_rules_new();
        struct asked            a;
        struct rbac_explanation e = {0};
        assign(t, r,
               &(struct assignment){.id = small(10),
                                    .principal = {small(1)},
                                    .role = role_id(r, CASES[i].role),
                                    .scope = str_of(CASES[i].scope),
                                    .notes = &(struct assignment_notes){.condition = str_of(CASES[i].condition),
                                                                        .counts_from_ns = CASES[i].from,
                                                                        .lingers_until_ns = CASES[i].until}});
        ask(t, &a, CASES[i].action, CASES[i].plane, CASES[i].at);
        CHECK_ERR(rbac_explain(t->call, r, &a.q, NULL, &e), OK, CASES[i].words);
        CHECK_INT(e.step_n, 1, CASES[i].words);
        CHECK_INT(e.considered_n, 1, CASES[i].words);
        if (e.step_n == 1) {
            str words = rbac_step_reason(t->call, &a.q, &e.steps[0]);
            CHECK_STR(str_of(rbac_miss_name(e.steps[0].miss)), str_of(rbac_miss_name(CASES[i].miss)), CASES[i].words);
            CHECK_ROW(str_find_str(words, str_of(CASES[i].words)) != STR_NOWHERE, words.at);
        }
        CHECK_ROW(e.answer.allowed == (CASES[i].miss == RBAC_MISS_GRANTS), CASES[i].words);
        CHECK_ROW((e.proposal_n > 0) == !e.answer.allowed, CASES[i].words);
        rbac_rules_free(r);
    }
}

// Two causes, three: each is said, and the one that is farthest from a grant gives the name.
TEST(explain_says_every_cause_of_an_assignment)
{
    static const struct {
        const char     *role, *scope, *condition;
        int64_t         from, until;
        enum rbac_plane plane;
        enum rbac_miss  miss;
        unsigned        also; /* one more of the causes, by its bit */
        const char     *words[3];
    } CASES[] = {
        {"Owner",
         SUB "/resourceGroups/rg2",
         "",
         0,
         0,
         RBAC_DATA,
         RBAC_MISS_WRONG_PLANE,
         1u << RBAC_MISS_WRONG_SCOPE,
         {"the other plane; this is a data action; and it stands elsewhere"}},
        {"Key Vault Crypto User",
         VAULT "/secrets/s",
         "",
         0,
         0,
         RBAC_DATA,
         RBAC_MISS_ACTION_NOT_NAMED,
         1u << RBAC_MISS_WRONG_SCOPE,
         {"does not name", "; and it stands 1 level below"}},
        {"Key Vault Secrets User",
         SUB "/resourceGroups/rg2",
         "@Resource[a:b] StringEquals 'x'",
         0,
         0,
         RBAC_DATA,
         RBAC_MISS_WRONG_SCOPE,
         1u << RBAC_MISS_CONDITION,
         {"elsewhere", "; and its condition is not met: @Resource[a:b] StringEquals 'x'."}},
        {"Key Vault Secrets User",
         VAULT,
         "@Resource[a:b] StringEquals 'x'",
         1000,
         0,
         RBAC_DATA,
         RBAC_MISS_CONDITION,
         1u << RBAC_MISS_NOT_YET,
         {"its condition is not met", "; and it counts from"}},
        {"no such role",
         RG "0",
         "",
         0,
         50,
         RBAC_DATA,
         RBAC_MISS_ROLE_UNKNOWN,
         1u << RBAC_MISS_ENDED,
         {"does not exist", "; and it stands elsewhere", "; and it was removed."}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_rules      *r = rbac_rules_new();
        struct asked            a;
        struct rbac_explanation e = {0};
        assign(t, r,
               &(struct assignment){.id = small(10),
                                    .principal = {small(1)},
                                    .role = role_id(r, CASES[i].role),
                                    .scope = str_of(CASES[i].scope),
                                    .notes = &(struct assignment_notes){.condition = str_of(CASES[i].condition),
                                                                        .counts_from_ns = CASES[i].from,
                                                                        .lingers_until_ns = CASES[i].until}});
        ask(t, &a, GET, CASES[i].plane, VAULT);
        CHECK_ERR(rbac_explain(t->call, r, &a.q, NULL, &e), OK, CASES[i].role);
        CHECK_INT(e.step_n, 1, CASES[i].role);
        if (e.step_n == 1) {
            str words = rbac_step_reason(t->call, &a.q, &e.steps[0]);
            CHECK_STR(str_of(rbac_miss_name(e.steps[0].miss)), str_of(rbac_miss_name(CASES[i].miss)), CASES[i].role);
            CHECK_ROW(e.steps[0].causes & CASES[i].also, CASES[i].role);
            for (size_t k = 0; k < COUNT(CASES[i].words) && CASES[i].words[k]; k++)
                CHECK_ROW(str_find_str(words, str_of(CASES[i].words[k])) != STR_NOWHERE, call_zstr(t->call, words));
        }
        rbac_rules_free(r);
    }
}

TEST(explain_puts_the_nearest_first_and_counts_the_rest)
{
    struct rbac_rules      *r = rbac_rules_new();
    struct asked            a;
    struct rbac_explanation e = {0};
    char                    scope[128];
    assign(t, r, &(struct assignment){.id = small(10), .principal = {small(1)}, .role = role_id(r, "Owner"), .scope = S("/")});
    assign(t, r,
           &(struct assignment){
               .id = small(11), .principal = {small(2)}, .role = role_id(r, "Key Vault Secrets User"), .scope = S(SUB "/resourceGroups/rg2")});
    assign(t, r,
           &(struct assignment){.id = small(12),
                                .principal = {small(1)},
                                .role = role_id(r, "Key Vault Secrets User"),
                                .scope = S(RG "/providers/Microsoft.KeyVault/vaults/v2")});
    for (unsigned i = 0; i < 50; i++) {
        snprintf(scope, sizeof scope, SUB "/resourceGroups/g%u", i);
        assign(t, r, &(struct assignment){.id = small(20 + i), .principal = {small(1)}, .role = role_id(r, "AcrPull"), .scope = str_of(scope)});
    }
    assign(t, r, &(struct assignment){.id = small(200), .principal = {small(3)}, .role = role_id(r, "Key Vault Secrets User"), .scope = S(VAULT)});
    ask(t, &a, GET, RBAC_DATA, VAULT);
    CHECK_OK(rbac_explain(t->call, r, &a.q, NULL, &e));
    CHECK(!e.answer.allowed && e.answer.reason == RBAC_NO_ROLE);
    CHECK_INT(e.considered_n, 53, "considered");
    CHECK_INT(e.step_n, RBAC_EXPLAIN_MAX_STEPS, "kept");
    CHECK(guid_eq(e.steps[0].assignment->id, small(12)) && e.steps[0].holder == 0);
    CHECK(guid_eq(e.steps[1].assignment->id, small(11)) && e.steps[1].holder == 1);
    CHECK(guid_eq(e.steps[2].assignment->id, small(10)) && e.steps[2].miss == RBAC_MISS_WRONG_PLANE);
    rbac_rules_free(r);
}

TEST(explain_says_which_deny_it_was)
{
    static const str                   ALL = S_INIT("*");
    static const struct deny_principal EVERYONE = {.type = S_INIT("SystemDefined")};
    const struct role_permission       block = {.actions = &ALL, .action_n = 1};
    struct rbac_rules                 *r = rbac_rules_new();
    struct deny_assignment            *d = NULL;
    struct asked                       a;
    struct rbac_explanation            e = {0};
    const struct deny_assignment       plain = {
              .id = small(30), .name = S("locked"), .scope = S(RG), .permissions = &block, .permission_n = 1, .principals = &EVERYONE, .principal_n = 1};
    CHECK_OK(deny_new(t->call, &plain, &d));
    CHECK(rbac_put_deny(r, d));
    assign(t, r, &(struct assignment){.id = small(10), .principal = {small(1)}, .role = role_id(r, "Owner"), .scope = S("/")});
    ask(t, &a, "Microsoft.KeyVault/vaults/write", RBAC_CONTROL, VAULT);
    CHECK_OK(rbac_explain(t->call, r, &a.q, NULL, &e));
    CHECK(e.answer.reason == RBAC_DENIED && e.deny == d);
    CHECK(e.step_n == 1 && e.steps[0].miss == RBAC_MISS_GRANTS); // it would, but for the deny
    a.q.action = S("*/write");
    CHECK_ERR(rbac_explain(t->call, r, &a.q, NULL, &e), ERR_PARAMETER_INVALID, "no action");
    rbac_rules_free(r);
    ref_drop(&d->ref);
}
