#include "ops/explain.h"
#include "test_product.h"

#define GET_SECRET "Microsoft.KeyVault/vaults/secrets/getSecret/action"
#define VAULT      TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop"
#define SECRET     VAULT "/secrets/app1-db"
#define RBAC       "{\"properties\":{\"enableRbacAuthorization\":true}}"
#define USER       "Key Vault Secrets User"

struct explain_fixture {
    struct test_product s;
    struct explanation  e;
};

static void explain_fixture_open(struct explain_fixture *f, struct test *t)
{
    *f = (struct explain_fixture){0};
    test_product_open(&f->s, t);
    f->s.caller.is_local_operator = true; // who sees all
    test_product_put_vault(&f->s, "shop", RBAC);
}

static void explain_fixture_close(struct explain_fixture *f)
{
    test_product_close(&f->s);
}

static void put_assignment(struct explain_fixture *f, const struct assignment *plain)
{
    struct test       *t = f->s.test;
    struct assignment *made;
    struct assignment  next = *plain;
    next.id = guid_new(f->s.call);
    CHECK_OK(assignment_new(f->s.call, &next, &made));
    CHECK_OK(work_change(f->s.call, &f->s.work, STORE_ASSIGNMENT, NULL, &made->ref));
}

static guid role_of(struct explain_fixture *f, const char *name)
{
    const struct role *r = rbac_find_role_by_name(f->s.work.world->rules, str_of(name));
    return r ? r->id : GUID_NONE;
}

static void ask(struct explain_fixture *f, object_id who, const char *action, enum rbac_plane plane, const char *scope)
{
    struct test            *t = f->s.test;
    struct explain_question q = {.who = who, .action = str_of(action), .plane = plane, .scope = str_of(scope)};
    CHECK_OK(explain(f->s.call, &f->s.work, &q, &f->e));
}

// The word of the reason, what the summary and the nearest item say, and whom it suggests.
static void expect(struct explain_fixture *f, const char *reason, const char *words)
{
    struct test *t = f->s.test;
    CHECK_STR(str_of(f->e.reason), str_of(reason), reason);
    bool said = str_find_str(f->e.summary, str_of(words)) != STR_NOWHERE;
    if (!said) test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\" does not say \"%s\"", reason, PSTR(f->e.summary), words);
    // The slow walk and the fast decision are of one mind; access policies are asked elsewhere.
    struct rbac_answer     answer;
    struct caller          who = {.id = f->e.asked.who};
    struct rbac_attributes own;
    struct scope           at;
    if (str_eq(str_of(reason), S("AccessPolicy"))) return;
    CHECK_OK(scope_parse(f->s.call, f->e.asked.scope, &at));
    CHECK_OK(explain_attributes(f->s.call, &f->s.work, &at, &own));
    CHECK_OK(work_decide(f->s.call, &f->s.work, &who, f->e.asked.action, f->e.asked.plane, f->e.asked.scope, &own, &answer));
    CHECK_ROW(answer.allowed == f->e.allowed, reason);
}

static void expect_least(struct explain_fixture *f, const char *role, const char *scope)
{
    struct test *t = f->s.test;
    CHECK_ROW(f->e.proposal_n > 0, role);
    if (f->e.proposal_n == 0) return;
    CHECK_STR(f->e.proposals[0].role->name, str_of(role), role);
    CHECK_STR(f->e.propose_at, str_of(scope), role);
}

TEST(O4_why_yes_names_the_assignment)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    test_product_assign(&f.s, f.s.caller.id, USER, TEST_PRODUCT_GROUP);
    test_product_assign(&f.s, f.s.caller.id, "Reader", "/");
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Grants", "Yes: 'Key Vault Secrets User' at " TEST_PRODUCT_GROUP " allows it.");
    CHECK(f.e.allowed && f.e.proposal_n == 0 && f.e.item_n == 2);
}

TEST(O4_why_no_role_at_all_suggests_the_least_one_at_the_narrowest_scope)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "NoRole", "has no role assignment at all");
    expect_least(&f, USER, SECRET);
    ask(&f, f.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL,
        TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments/x");
    expect(&f, "NoRole", "No:");
    CHECK_STR(f.e.propose_at, S(TEST_PRODUCT_GROUP), "an assignment is made at what it extends");
}

TEST(O4_why_the_wrong_scope_and_how_far_off) // R2
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    static const struct { const char *at, *words; } CASES[] = {
        {TEST_PRODUCT_GROUP "0", "it stands elsewhere: 1 level up to " TEST_PRODUCT_SUBSCRIPTION},
        {SECRET "/x/y", "1 level below what was asked for"},
        {VAULT "/secrets/app1-db2", "elsewhere"},
        {TEST_PRODUCT_OTHER_SUBSCRIPTION, "elsewhere"},
        {"/providers/Microsoft.Management/managementGroups/none", "elsewhere"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        explain_fixture_open(&f, t);
        test_product_assign(&f.s, f.s.caller.id, USER, CASES[i].at);
        ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
        expect(&f, "WrongScope", CASES[i].words);
        expect_least(&f, USER, SECRET);
        if (i + 1 < COUNT(CASES)) explain_fixture_close(&f);
    }
}

TEST(O4_why_a_management_role_gives_no_data) // R4
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    test_product_assign(&f.s, f.s.caller.id, "Owner", "/");
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "WrongPlane", "this is a data action");
    test_product_assign(&f.s, f.s.caller.id, USER, TEST_PRODUCT_GROUP);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_CONTROL, TEST_PRODUCT_OTHER_SUBSCRIPTION);
    expect(&f, "Grants", "'Owner'");
}

TEST(O4_why_NotActions) // R4
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    test_product_assign(&f.s, f.s.caller.id, "Contributor", TEST_PRODUCT_SUBSCRIPTION);
    ask(&f, f.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, TEST_PRODUCT_GROUP);
    expect(&f, "NotActions", "the role takes the action away again");
    test_product_assign(&f.s, f.s.caller.id, "User Access Administrator", TEST_PRODUCT_GROUP);
    ask(&f, f.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, TEST_PRODUCT_GROUP);
    expect(&f, "Grants", "'User Access Administrator'"); // one role's NotActions are no deny
}

TEST(O4_why_the_action_is_in_no_role)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    test_product_assign(&f.s, f.s.caller.id, "Key Vault Reader", TEST_PRODUCT_GROUP);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "ActionNotNamed", "the role does not name the data action");
    expect_least(&f, USER, SECRET);
}

TEST(O4_why_a_condition_is_false_names_the_clause) // R5
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    struct assignment_notes notes = {.condition_version = S("2.0")};
    struct assignment       a = {.principal = f.s.caller.id, .role = role_of(&f, USER), .scope = S(VAULT), .notes = &notes};
    notes.condition = S("((!(ActionMatches{'" GET_SECRET "'})) OR (@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app2-'))");
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "ConditionFalse", "its condition is not met: @Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app2-'");
    notes.condition = S("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringNotEquals 'x'");
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, VAULT "/secrets/app2-db");
    expect(&f, "Grants", "Yes"); // by the first; the second is unknown and grants nothing
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "ConditionFalse", "No:");
}

static void deny(struct explain_fixture *f, object_id who, const char *scope, bool not_below)
{
    struct test                 *t = f->s.test;
    static const str             ACTIONS[] = {S_INIT("*")};
    const struct role_permission block = {.actions = ACTIONS, .action_n = 1, .data_actions = ACTIONS, .data_action_n = 1};
    const struct deny_principal  named = {.id = who, .type = S("Group")};
    struct deny_assignment      *made, plain = {.id = guid_new(f->s.call),
                                                .name = S("Hands off"),
                                                .scope = str_of(scope),
                                                .not_below = not_below,
                                                .permissions = &block,
                                                .permission_n = 1,
                                                .principals = &named,
                                                .principal_n = 1};
    CHECK_OK(deny_new(f->s.call, &plain, &made));
    CHECK_OK(work_change(f->s.call, &f->s.work, STORE_DENY, NULL, &made->ref));
}

TEST(O4_why_a_deny_names_the_deny_and_whom_it_means) // R5
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    object_id team = test_product_put_principal(&f.s, 0xB1, PRINCIPAL_GROUP);
    test_product_put_member(&f.s, team, f.s.caller.id);
    test_product_assign(&f.s, f.s.caller.id, USER, SECRET);
    deny(&f, team, TEST_PRODUCT_SUBSCRIPTION, true);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Grants", "Yes"); // that deny stops at its own scope
    deny(&f, team, TEST_PRODUCT_SUBSCRIPTION, false);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Denies", "No: the deny assignment 'Hands off' at " TEST_PRODUCT_SUBSCRIPTION " forbids it through the group 'principal 177'.");
    CHECK(f.e.proposal_n == 0); // no role would help
}

TEST(O4_why_not_yet_propagated_says_until_when) // R8
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    f.s.call->now_s = 1741668435;
    f.s.call->now_ns = f.s.call->now_s * NS_PER_S;
    struct assignment a = {.principal = f.s.caller.id,
                           .role = role_of(&f, USER),
                           .scope = S(VAULT),
                           .notes = &(struct assignment_notes){.counts_from_ns = (f.s.call->now_s + 600) * NS_PER_S}};
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "NotYetCounting", "it counts from 2025-03-11T04:57:15");
    test_product_pass(&f.s, 601);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Grants", "Yes");
}

TEST(O4_why_a_membership_does_not_count_yet) // R8
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    object_id          team = test_product_put_principal(&f.s, 0xB1, PRINCIPAL_GROUP);
    struct membership *made, plain = {.group = team, .member = f.s.caller.id, .counts_from_ns = f.s.call->now_ns + 600 * NS_PER_S};
    CHECK_OK(membership_new(f.s.call, &plain, &made));
    CHECK_OK(work_change(f.s.call, &f.s.work, STORE_MEMBERSHIP, NULL, &made->ref));
    test_product_assign(&f.s, team, USER, VAULT);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "MembershipNotYetCounting", "through the group 'principal 177'");
    test_product_pass(&f.s, 601);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Grants", "through the group 'principal 177'");
}

TEST(O4_why_a_membership_does_not_count_for_an_older_token) // R8
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    object_id               team = test_product_put_principal(&f.s, 0xB1, PRINCIPAL_GROUP);
    struct membership      *made, plain = {.group = team, .member = f.s.caller.id, .counts_from_ns = f.s.call->now_ns};
    struct explain_question q = {.who = f.s.caller.id, .action = S(GET_SECRET), .plane = RBAC_DATA, .scope = S(SECRET)};
    CHECK_OK(membership_new(f.s.call, &plain, &made));
    CHECK_OK(work_change(f.s.call, &f.s.work, STORE_MEMBERSHIP, NULL, &made->ref));
    test_product_assign(&f.s, team, USER, VAULT);
    CHECK_OK(explain(f.s.call, &f.s.work, &q, &f.e));
    CHECK(f.e.allowed);
    q.groups_at_ns = f.s.call->now_ns - 1;
    CHECK_OK(explain(f.s.call, &f.s.work, &q, &f.e));
    CHECK(!f.e.allowed);
    CHECK_STR(str_of(f.e.reason), S("MembershipNotYetCounting"), "reason");
    CHECK(str_find_str(f.e.items[0].detail, S("a new token has it")) != STR_NOWHERE);
}

TEST(O4_why_a_removed_role_still_grants_and_when_it_ceased) // R8
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    f.s.call->now_s = 1741668435;
    f.s.call->now_ns = f.s.call->now_s * NS_PER_S;
    struct assignment a = {.principal = f.s.caller.id,
                           .role = role_of(&f, USER),
                           .scope = S(VAULT),
                           .notes = &(struct assignment_notes){.lingers_until_ns = (f.s.call->now_s + 600) * NS_PER_S}};
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Grants", "Yes");
    CHECK_STR(f.e.items[0].detail, S("it was removed and allows this until 2025-03-11T04:57:15Z."), "until when");
    test_product_pass(&f.s, 600);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "Ended", "");
    CHECK(!f.e.allowed);
}

TEST(O4_why_the_principal_is_not_who_the_caller_thinks)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    object_id machine = test_product_put_principal(&f.s, 0xC1, PRINCIPAL_MANAGED); // its client id ends in c2
    ask(&f, (object_id){test_product_guid(0xC2)}, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "UnknownPrincipal",
           "is the application (client) id of 'principal 193'; role assignments name its principal, 00000000-0000-0000-0000-0000000000c1");
    ask(&f, (object_id){test_product_guid(0xDD)}, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "UnknownPrincipal", "the directory has no principal");
    ask(&f, machine, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "NoRole", "No:");
}

TEST(O4_why_a_vault_with_access_policies_takes_no_notice_of_roles) // R7
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    explain_fixture_open(&f, t);
    const char *policies =
        "{\"properties\":{\"enableRbacAuthorization\":false,\"accessPolicies\":[{\"tenantId\":\"00000000-0000-0000-0000-000000000010\","
        "\"objectId\":\"00000000-0000-0000-0000-0000000000a1\",\"permissions\":{\"secrets\":[\"get\"]}}]}}";
    test_product_put_vault(&f.s, "old", "{\"properties\":{\"enableRbacAuthorization\":false}}");
    test_product_put_vault(&f.s, "policied", policies);
    test_product_assign(&f.s, f.s.caller.id, USER, TEST_PRODUCT_SUBSCRIPTION);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "old/secrets/s");
    expect(&f, "AccessPolicy",
           "No: the vault 'old' is in the mode of access policies, where roles do not count; none of its policies gives 'secrets get'.");
    CHECK(!f.e.allowed && f.e.proposal_n == 0);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "policied/secrets/s");
    expect(&f, "AccessPolicy", "Yes: the vault 'policied'");
    CHECK(f.e.allowed);
    ask(&f, f.s.caller.id, "Microsoft.KeyVault/vaults/secrets/setSecret/action", RBAC_DATA,
        TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "policied/secrets/s");
    expect(&f, "AccessPolicy", "none of its policies gives 'secrets set'");
}

TEST(O4_why_a_role_that_is_gone_and_a_condition_that_is_not_published)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    size_t                                                n;
    const struct role                                    *roles = role_builtins(&n), *secret = NULL;
    explain_fixture_open(&f, t);
    struct assignment a = {.principal = f.s.caller.id, .role = test_product_guid(0xEE), .scope = S(VAULT)};
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&f, "RoleUnknown", "its role does not exist");
    for (size_t i = 0; i < n && !secret; i++)
        for (size_t k = 0; k < roles[i].permission_n && !secret; k++)
            if (roles[i].permissions[k].condition_unknown) secret = &roles[i];
    CHECK(secret != NULL);
    if (!secret) return;
    a.role = secret->id;
    put_assignment(&f, &a);
    ask(&f, f.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, VAULT);
    expect(&f, "ConditionUnknown", "a condition that is not published");
}

TEST(explain_refuses_what_is_no_question)
{
    CLEANUP(explain_fixture_close) struct explain_fixture f;
    static const struct { const char *action, *scope; enum err want; } CASES[] = {
        {"", "/", ERR_PARAMETER_INVALID},
        {"*", "/", ERR_PARAMETER_INVALID},
        {"Microsoft.KeyVault/*", "/", ERR_PARAMETER_INVALID},
        {"no slash", "/", ERR_PARAMETER_INVALID},
        {GET_SECRET, "", ERR_SCOPE_INVALID},
        {GET_SECRET, "nowhere", ERR_SCOPE_INVALID},
        {GET_SECRET, TEST_PRODUCT_GROUP "/../x", ERR_SCOPE_INVALID},
    };
    explain_fixture_open(&f, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct explain_question q = {.who = f.s.caller.id, .action = str_of(CASES[i].action), .scope = str_of(CASES[i].scope)};
        CHECK_ERR(explain(t->call, &f.s.work, &q, &f.e), CASES[i].want, CASES[i].action);
    }
}

TEST(explain_tells_the_plane_of_an_action)
{
    static const struct { const char *action; enum rbac_plane plane; } CASES[] = {
        {GET_SECRET, RBAC_DATA},
        {"Microsoft.KeyVault/vaults/secrets/setSecret/action", RBAC_DATA},
        {"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", RBAC_DATA},
        {"Microsoft.Storage/storageAccounts/blobServices/containers/read", RBAC_CONTROL},
        {"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", RBAC_CONTROL},
        {"Microsoft.Nonsense/things/write", RBAC_CONTROL},
        {"Microsoft.KeyVault/vaults/read", RBAC_CONTROL},
        {"nonsense", RBAC_CONTROL},
        {"*", RBAC_CONTROL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(rbac_plane_of(str_of(CASES[i].action)) == CASES[i].plane, CASES[i].action);
}

// A condition asks for a secret's name; what lies behind it is its version.
TEST(explain_attributes_are_those_that_a_scope_tells)
{
    static const struct { const char *scope, *name; } CASES[] = {
        {SECRET, "app1-db"},
        {SECRET "/0123456789abcdef0123456789abcdef", "app1-db"},
        {VAULT "/SECRETS/app1-db", "app1-db"},
        {VAULT, NULL},
        {VAULT "/keys/app1", NULL},
        {TEST_PRODUCT_GROUP, NULL},
        {"/", NULL},
    };
    CLEANUP(test_product_close) struct test_product s;
    test_product_open(&s, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct rbac_attributes told;
        struct scope           at = {.path = str_of(CASES[i].scope)};
        CHECK_OK(explain_attributes(t->call, &s.work, &at, &told));
        CHECK_ROW(told.n == (CASES[i].name ? 1u : 0u), CASES[i].scope);
        if (told.n) CHECK_STR(told.items[0].values[0], str_of(CASES[i].name), CASES[i].scope);
    }
}
