#include "ops/explain.h"
#include "test_product.h"

#define GET_SECRET "Microsoft.KeyVault/vaults/secrets/getSecret/action"
#define VAULT      TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "shop"
#define SECRET     VAULT "/secrets/app1-db"
#define RBAC       "{\"properties\":{\"enableRbacAuthorization\":true}}"
#define USER       "Key Vault Secrets User"

struct desk {
    struct test_product s;
    struct explanation  e;
};

static void desk_open(struct desk *d, struct test *t)
{
    *d = (struct desk){0};
    test_product_open(&d->s, t);
    d->s.caller.is_local_operator = true; // who sees all
    test_product_put_vault(&d->s, "shop", RBAC);
}

static void desk_close(struct desk *d)
{
    test_product_close(&d->s);
}

static void put_assignment(struct desk *d, const struct assignment *plain)
{
    struct test       *t = d->s.test;
    struct assignment *made;
    struct assignment  next = *plain;
    next.id = guid_new(d->s.call);
    CHECK_OK(assignment_new(d->s.call, &next, &made));
    CHECK_OK(work_change(d->s.call, &d->s.work, STORE_ASSIGNMENT, NULL, &made->ref));
}

static guid role_of(struct desk *d, const char *name)
{
    const struct role *r = rbac_find_role_by_name(d->s.work.world->rules, str_of(name));
    return r ? r->id : GUID_NONE;
}

static void ask(struct desk *d, object_id who, const char *action, enum rbac_plane plane, const char *scope)
{
    struct test            *t = d->s.test;
    struct explain_question q = {.who = who, .action = str_of(action), .plane = plane, .scope = str_of(scope)};
    CHECK_OK(explain(d->s.call, &d->s.work, &q, &d->e));
}

// The word of the reason, what the summary and the nearest item say, and whom it suggests.
static void expect(struct desk *d, const char *reason, const char *words)
{
    struct test *t = d->s.test;
    CHECK_STR(str_of(d->e.reason), str_of(reason), reason);
    bool said = str_find_str(d->e.summary, str_of(words)) != STR_NOWHERE;
    if (!said) test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\" does not say \"%s\"", reason, PSTR(d->e.summary), words);
    // The slow walk and the fast decision are of one mind; access policies are asked elsewhere.
    struct rbac_answer     answer;
    struct caller          who = {.id = d->e.asked.who};
    struct rbac_attributes own;
    struct scope           at;
    if (str_eq(str_of(reason), S("AccessPolicy"))) return;
    CHECK_OK(scope_parse(d->s.call, d->e.asked.scope, &at));
    CHECK_OK(explain_attributes(d->s.call, &d->s.work, &at, &own));
    CHECK_OK(work_decide(d->s.call, &d->s.work, &who, d->e.asked.action, d->e.asked.plane, d->e.asked.scope, &own, &answer));
    CHECK_ROW(answer.allowed == d->e.allowed, reason);
}

static void expect_least(struct desk *d, const char *role, const char *scope)
{
    struct test *t = d->s.test;
    CHECK_ROW(d->e.proposal_n > 0, role);
    if (d->e.proposal_n == 0) return;
    CHECK_STR(d->e.proposals[0].role->name, str_of(role), role);
    CHECK_STR(d->e.propose_at, str_of(scope), role);
}

TEST(O4_why_yes_names_the_assignment)
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    test_product_assign(&d.s, d.s.caller.id, USER, TEST_PRODUCT_GROUP);
    test_product_assign(&d.s, d.s.caller.id, "Reader", "/");
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Grants", "Yes: 'Key Vault Secrets User' at " TEST_PRODUCT_GROUP " allows it.");
    CHECK(d.e.allowed && d.e.proposal_n == 0 && d.e.item_n == 2);
}

TEST(O4_why_no_role_at_all_suggests_the_least_one_at_the_narrowest_scope)
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "NoRole", "has no role assignment at all");
    expect_least(&d, USER, SECRET);
    ask(&d, d.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL,
        TEST_PRODUCT_GROUP "/providers/Microsoft.Authorization/roleAssignments/x");
    expect(&d, "NoRole", "No:");
    CHECK_STR(d.e.propose_at, S(TEST_PRODUCT_GROUP), "an assignment is made at what it extends");
}

TEST(O4_why_the_wrong_scope_and_how_far_off) // R2
{
    CLEANUP(desk_close) struct desk d;
    static const struct { const char *at, *words; } CASES[] = {
        {TEST_PRODUCT_GROUP "0", "it stands elsewhere: 1 level up to " TEST_PRODUCT_SUBSCRIPTION},
        {SECRET "/x/y", "1 level below what was asked for"},
        {VAULT "/secrets/app1-db2", "elsewhere"},
        {TEST_PRODUCT_OTHER_SUBSCRIPTION, "elsewhere"},
        {"/providers/Microsoft.Management/managementGroups/none", "elsewhere"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        desk_open(&d, t);
        test_product_assign(&d.s, d.s.caller.id, USER, CASES[i].at);
        ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
        expect(&d, "WrongScope", CASES[i].words);
        expect_least(&d, USER, SECRET);
        if (i + 1 < COUNT(CASES)) desk_close(&d);
    }
}

TEST(O4_why_a_management_role_gives_no_data) // R4
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    test_product_assign(&d.s, d.s.caller.id, "Owner", "/");
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "WrongPlane", "this is a data action");
    test_product_assign(&d.s, d.s.caller.id, USER, TEST_PRODUCT_GROUP);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_CONTROL, TEST_PRODUCT_OTHER_SUBSCRIPTION);
    expect(&d, "Grants", "'Owner'");
}

TEST(O4_why_NotActions) // R4
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    test_product_assign(&d.s, d.s.caller.id, "Contributor", TEST_PRODUCT_SUBSCRIPTION);
    ask(&d, d.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, TEST_PRODUCT_GROUP);
    expect(&d, "NotActions", "the role takes the action away again");
    test_product_assign(&d.s, d.s.caller.id, "User Access Administrator", TEST_PRODUCT_GROUP);
    ask(&d, d.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, TEST_PRODUCT_GROUP);
    expect(&d, "Grants", "'User Access Administrator'"); // one role's NotActions are no deny
}

TEST(O4_why_the_action_is_in_no_role)
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    test_product_assign(&d.s, d.s.caller.id, "Key Vault Reader", TEST_PRODUCT_GROUP);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "ActionNotNamed", "the role does not name the data action");
    expect_least(&d, USER, SECRET);
}

TEST(O4_why_a_condition_is_false_names_the_clause) // R5
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    struct assignment a = {.principal = d.s.caller.id, .role = role_of(&d, USER), .scope = S(VAULT), .condition_version = S("2.0")};
    a.condition = S("((!(ActionMatches{'" GET_SECRET "'})) OR (@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app2-'))");
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "ConditionFalse", "its condition is not met: @Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app2-'");
    a.condition = S("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringNotEquals 'x'");
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, VAULT "/secrets/app2-db");
    expect(&d, "Grants", "Yes"); // by the first; the second is unknown and grants nothing
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "ConditionFalse", "No:");
}

static void deny(struct desk *d, object_id who, const char *scope, bool not_below)
{
    struct test                 *t = d->s.test;
    static const str             ACTIONS[] = {S_INIT("*")};
    const struct role_permission block = {.actions = ACTIONS, .action_n = 1, .data_actions = ACTIONS, .data_action_n = 1};
    const struct deny_principal  named = {.id = who, .type = S("Group")};
    struct deny_assignment      *made, plain = {.id = guid_new(d->s.call),
                                                .name = S("Hands off"),
                                                .scope = str_of(scope),
                                                .not_below = not_below,
                                                .permissions = &block,
                                                .permission_n = 1,
                                                .principals = &named,
                                                .principal_n = 1};
    CHECK_OK(deny_new(d->s.call, &plain, &made));
    CHECK_OK(work_change(d->s.call, &d->s.work, STORE_DENY, NULL, &made->ref));
}

TEST(O4_why_a_deny_names_the_deny_and_whom_it_means) // R5
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    object_id team = test_product_put_principal(&d.s, 0xB1, PRINCIPAL_GROUP);
    test_product_put_member(&d.s, team, d.s.caller.id);
    test_product_assign(&d.s, d.s.caller.id, USER, SECRET);
    deny(&d, team, TEST_PRODUCT_SUBSCRIPTION, true);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Grants", "Yes"); // that deny stops at its own scope
    deny(&d, team, TEST_PRODUCT_SUBSCRIPTION, false);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Denies", "No: the deny assignment 'Hands off' at " TEST_PRODUCT_SUBSCRIPTION " forbids it through the group 'principal 177'.");
    CHECK(d.e.proposal_n == 0); // no role would help
}

TEST(O4_why_not_yet_propagated_says_until_when) // R8
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    d.s.call->now_s = 1741668435;
    d.s.call->now_ns = d.s.call->now_s * NS_PER_S;
    struct assignment a = {
        .principal = d.s.caller.id, .role = role_of(&d, USER), .scope = S(VAULT), .counts_from_ns = (d.s.call->now_s + 600) * NS_PER_S};
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "NotYetCounting", "it counts from 2025-03-11T04:57:15");
    test_product_pass(&d.s, 601);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Grants", "Yes");
}

TEST(O4_why_a_membership_does_not_count_yet) // R8
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    object_id          team = test_product_put_principal(&d.s, 0xB1, PRINCIPAL_GROUP);
    struct membership *made, plain = {.group = team, .member = d.s.caller.id, .counts_from_ns = d.s.call->now_ns + 600 * NS_PER_S};
    CHECK_OK(membership_new(d.s.call, &plain, &made));
    CHECK_OK(work_change(d.s.call, &d.s.work, STORE_MEMBERSHIP, NULL, &made->ref));
    test_product_assign(&d.s, team, USER, VAULT);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "MembershipNotYetCounting", "through the group 'principal 177'");
    test_product_pass(&d.s, 601);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Grants", "through the group 'principal 177'");
}

TEST(O4_why_a_membership_does_not_count_for_an_older_token) // R8
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    object_id               team = test_product_put_principal(&d.s, 0xB1, PRINCIPAL_GROUP);
    struct membership      *made, plain = {.group = team, .member = d.s.caller.id, .counts_from_ns = d.s.call->now_ns};
    struct explain_question q = {.who = d.s.caller.id, .action = S(GET_SECRET), .plane = RBAC_DATA, .scope = S(SECRET)};
    CHECK_OK(membership_new(d.s.call, &plain, &made));
    CHECK_OK(work_change(d.s.call, &d.s.work, STORE_MEMBERSHIP, NULL, &made->ref));
    test_product_assign(&d.s, team, USER, VAULT);
    CHECK_OK(explain(d.s.call, &d.s.work, &q, &d.e));
    CHECK(d.e.allowed);
    q.groups_at_ns = d.s.call->now_ns - 1;
    CHECK_OK(explain(d.s.call, &d.s.work, &q, &d.e));
    CHECK(!d.e.allowed);
    CHECK_STR(str_of(d.e.reason), S("MembershipNotYetCounting"), "reason");
    CHECK(str_find_str(d.e.items[0].detail, S("a new token has it")) != STR_NOWHERE);
}

TEST(O4_why_a_removed_role_still_grants_and_when_it_ceased) // R8
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    d.s.call->now_s = 1741668435;
    d.s.call->now_ns = d.s.call->now_s * NS_PER_S;
    struct assignment a = {
        .principal = d.s.caller.id, .role = role_of(&d, USER), .scope = S(VAULT), .lingers_until_ns = (d.s.call->now_s + 600) * NS_PER_S};
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Grants", "Yes");
    CHECK_STR(d.e.items[0].detail, S("it was removed and allows this until 2025-03-11T04:57:15Z."), "until when");
    test_product_pass(&d.s, 600);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "Ended", "");
    CHECK(!d.e.allowed);
}

TEST(O4_why_the_principal_is_not_who_the_caller_thinks)
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    object_id machine = test_product_put_principal(&d.s, 0xC1, PRINCIPAL_MANAGED); // its client id ends in c2
    ask(&d, (object_id){test_product_guid(0xC2)}, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "UnknownPrincipal",
           "is the application (client) id of 'principal 193'; role assignments name its principal, 00000000-0000-0000-0000-0000000000c1");
    ask(&d, (object_id){test_product_guid(0xDD)}, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "UnknownPrincipal", "the directory has no principal");
    ask(&d, machine, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "NoRole", "No:");
}

TEST(O4_why_a_vault_with_access_policies_takes_no_notice_of_roles) // R7
{
    CLEANUP(desk_close) struct desk d;
    desk_open(&d, t);
    const char *policies =
        "{\"properties\":{\"enableRbacAuthorization\":false,\"accessPolicies\":[{\"tenantId\":\"00000000-0000-0000-0000-000000000010\","
        "\"objectId\":\"00000000-0000-0000-0000-0000000000a1\",\"permissions\":{\"secrets\":[\"get\"]}}]}}";
    test_product_put_vault(&d.s, "old", "{\"properties\":{\"enableRbacAuthorization\":false}}");
    test_product_put_vault(&d.s, "policied", policies);
    test_product_assign(&d.s, d.s.caller.id, USER, TEST_PRODUCT_SUBSCRIPTION);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "old/secrets/s");
    expect(&d, "AccessPolicy",
           "No: the vault 'old' is in the mode of access policies, where roles do not count; none of its policies gives 'secrets get'.");
    CHECK(!d.e.allowed && d.e.proposal_n == 0);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "policied/secrets/s");
    expect(&d, "AccessPolicy", "Yes: the vault 'policied'");
    CHECK(d.e.allowed);
    ask(&d, d.s.caller.id, "Microsoft.KeyVault/vaults/secrets/setSecret/action", RBAC_DATA,
        TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "policied/secrets/s");
    expect(&d, "AccessPolicy", "none of its policies gives 'secrets set'");
}

TEST(O4_why_a_role_that_is_gone_and_a_condition_that_is_not_published)
{
    CLEANUP(desk_close) struct desk d;
    size_t                          n;
    const struct role              *roles = role_builtins(&n), *secret = NULL;
    desk_open(&d, t);
    struct assignment a = {.principal = d.s.caller.id, .role = test_product_guid(0xEE), .scope = S(VAULT)};
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, GET_SECRET, RBAC_DATA, SECRET);
    expect(&d, "RoleUnknown", "its role does not exist");
    for (size_t i = 0; i < n && !secret; i++)
        for (size_t k = 0; k < roles[i].permission_n && !secret; k++)
            if (roles[i].permissions[k].condition_unknown) secret = &roles[i];
    CHECK(secret != NULL);
    if (!secret) return;
    a.role = secret->id;
    put_assignment(&d, &a);
    ask(&d, d.s.caller.id, "Microsoft.Authorization/roleAssignments/write", RBAC_CONTROL, VAULT);
    expect(&d, "ConditionUnknown", "a condition that is not published");
}

TEST(explain_refuses_what_is_no_question)
{
    CLEANUP(desk_close) struct desk d;
    static const struct { const char *action, *scope; enum err want; } CASES[] = {
        {"", "/", ERR_PARAMETER_INVALID},
        {"*", "/", ERR_PARAMETER_INVALID},
        {"Microsoft.KeyVault/*", "/", ERR_PARAMETER_INVALID},
        {"no slash", "/", ERR_PARAMETER_INVALID},
        {GET_SECRET, "", ERR_SCOPE_INVALID},
        {GET_SECRET, "nowhere", ERR_SCOPE_INVALID},
        {GET_SECRET, TEST_PRODUCT_GROUP "/../x", ERR_SCOPE_INVALID},
    };
    desk_open(&d, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct explain_question q = {.who = d.s.caller.id, .action = str_of(CASES[i].action), .scope = str_of(CASES[i].scope)};
        CHECK_ERR(explain(t->call, &d.s.work, &q, &d.e), CASES[i].want, CASES[i].action);
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
