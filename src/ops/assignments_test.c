#include "ops/assignments.h"

#include "ops/system_identity.h"
#include "test_product.h"

#define VM        TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines/web"
#define MGMT_ROOT "/providers/Microsoft.Management/managementGroups/00000000-0000-0000-0000-000000000010"
#define CONDITION "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'"

static const guid READER = {{0xac, 0xdd, 0x72, 0xa7, 0x33, 0x85, 0x48, 0xef, 0xbd, 0x42, 0xf6, 0x06, 0xfb, 0xa8, 0x1a, 0xe7}};
static const guid OWNER = {{0x8e, 0x3a, 0xf6, 0x57, 0xa8, 0xff, 0x44, 0x3c, 0xa7, 0x5c, 0x2f, 0xe8, 0xc4, 0xbc, 0xb6, 0x35}};

static void put_mgmt_group(struct test_product *s)
{
    struct test       *t = s->test;
    struct mgmt_group *made, plain = {.name = guid_str(t->call, s->product.tenant.g), .display_name = S("Root")};
    CHECK_OK(mgmt_group_new(t->call, &plain, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_MGMT_GROUP, NULL, &made->ref));
}

static void open_owned(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    put_mgmt_group(s);
    test_product_put_group(s, TEST_PRODUCT_GROUP);
    test_product_put(s, VM, "{}");
    test_product_put(s, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v", "{}");
    test_product_assign(s, s->caller.id, "Owner", "/");
    test_product_put_principal(s, 0xB1, PRINCIPAL_USER);
    test_product_put_principal(s, 0xB2, PRINCIPAL_GROUP);
    test_product_put_principal(s, 0xB4, PRINCIPAL_APP);
}

// 0xB1's Reader at a scope, under the name 0xE1: what a row does not say is this.
static struct assignment_args plain(const char *scope)
{
    return (struct assignment_args){.scope = str_of(scope), .id = test_product_guid(0xE1), .role = READER, .principal.g = test_product_guid(0xB1)};
}

static enum err run(struct test_product *s, const struct op *op, const struct assignment_args *args, struct assignment_result *out)
{
    struct assignment_result unwanted = {0};
    return test_product_run(s, op, NULL, call_zstr(s->call, args->scope), args, out ? out : &unwanted);
}

static enum err write(struct test_product *s, const struct assignment_args *args)
{
    return run(s, &OP_ASSIGNMENT_WRITE, args, NULL);
}

static const struct assignment *find(const struct test_product *s, unsigned n)
{
    return rbac_find_assignment(s->work.world->rules, test_product_guid(n));
}

TEST(an_assignment_is_made_at_any_level_and_keeps_who_made_it)
{
    static const char *const SCOPES[] = {
        "/", MGMT_ROOT, TEST_PRODUCT_SUBSCRIPTION, TEST_PRODUCT_GROUP, VM, TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "v/secrets/s"};
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    for (unsigned i = 0; i < COUNT(SCOPES); i++) {
        struct assignment_args   args = plain(SCOPES[i]);
        struct assignment_result got = {0};
        args.id = test_product_guid(0xE1 + i);
        CHECK_ERR(run(&s, &OP_ASSIGNMENT_WRITE, &args, &got), OK, SCOPES[i]);
        CHECK_ROW(got.was_created && got.assignment == find(&s, 0xE1 + i), SCOPES[i]);
        CHECK_STR(got.assignment->scope, str_of(SCOPES[i]), "its scope");
        CHECK_ROW(object_id_eq(got.assignment->created_by, s.caller.id) && got.assignment->created_ns == t->call->now_ns, SCOPES[i]);
        CHECK_ROW(got.assignment->principal_type == PRINCIPAL_TYPE_USER, SCOPES[i]);
        CHECK_ROW(run(&s, &OP_ASSIGNMENT_READ, &args, &got) == OK, SCOPES[i]);
    }
}

// The rows of the published errors.
TEST(assignments_that_cannot_be_are_refused)
{
    static const char *const NOWHERE = "/subscriptions/00000000-0000-0000-0000-0000000000ff";
    struct assignment_args rows[] = {
        plain("subscriptions/x"), plain(NOWHERE), plain(TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/none"), plain(TEST_PRODUCT_OTHER_SUBSCRIPTION "/resourceGroups/Shop"),
        plain("/providers/Microsoft.Management/managementGroups/none"), plain(TEST_PRODUCT_GROUP "/providers/Microsoft.Compute/virtualMachines"),
        plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP),
        plain(TEST_PRODUCT_GROUP), plain(TEST_PRODUCT_GROUP),
    };
    static const struct { const char *what; enum err want; } WANT[] = {
        {"a scope that is none", ERR_SCOPE_INVALID}, {"an unknown subscription", ERR_SUBSCRIPTION_NOT_FOUND},
        {"an unknown group", ERR_GROUP_NOT_FOUND}, {"another subscription's group", ERR_GROUP_NOT_FOUND},
        {"an unknown management group", ERR_NOT_FOUND}, {"a list", ERR_SCOPE_INVALID},
        {"PrincipalNotFound", ERR_PRINCIPAL_NOT_FOUND}, {"UnmatchedPrincipalType", ERR_PRINCIPAL_TYPE_MISMATCH},
        {"a group is no user", ERR_PRINCIPAL_TYPE_MISMATCH}, {"RoleDefinitionDoesNotExist", ERR_ROLE_NOT_FOUND},
        {"a condition that is none", ERR_CONDITION_INVALID}, {"a version alone", ERR_CONDITION_INVALID},
        {"version 1.0", ERR_CONDITION_INVALID}, {"a long description", ERR_CONTENT_INVALID}, {"a long condition", ERR_CONDITION_INVALID},
    };
    _Static_assert(COUNT(WANT) == COUNT(rows), "each row has its error");
    CLEANUP(test_product_close) struct test_product s;
    open_owned(&s, t);
    rows[6].principal.g = test_product_guid(0xFF);
    rows[7].gives_type = true;
    rows[7].type = PRINCIPAL_TYPE_SERVICE;
    rows[8].principal.g = test_product_guid(0xB2);
    rows[8].gives_type = true;
    rows[8].type = PRINCIPAL_TYPE_USER;
    rows[9].role = test_product_guid(0xFF);
    rows[10].condition = S("@Resource[x");
    rows[11].condition_version = S("2.0");
    rows[12].condition = S(CONDITION);
    rows[12].condition_version = S("1.0");
    rows[13].description = call_format(t->call, "%0*d", ASSIGNMENT_MAX_DESCRIPTION_BYTES + 1, 0);
    rows[14].condition = call_format(t->call, "@Resource[x] StringEquals '%0*d'", ASSIGNMENT_MAX_CONDITION_BYTES, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_ERR(write(&s, &rows[i]), WANT[i].want, WANT[i].what);
        CHECK_ROW(!find(&s, 0xE1), WANT[i].what);
    }
}

TEST(a_principal_that_is_not_known_yet_needs_its_type)
{
    CLEANUP(test_product_close) struct test_product s;
    struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
    open_owned(&s, t);
    args.principal.g = test_product_guid(0xFF);
    CHECK_ERR(write(&s, &args), ERR_PRINCIPAL_NOT_FOUND, "replication delay");
    args.gives_type = true;
    args.type = PRINCIPAL_TYPE_SERVICE;
    CHECK_OK(write(&s, &args));
    CHECK(find(&s, 0xE1)->principal_type == PRINCIPAL_TYPE_SERVICE);
}

TEST(an_assignment_s_grant_does_not_change)
{
    CLEANUP(test_product_close) struct test_product s;
    struct assignment_args                          args = plain(TEST_PRODUCT_GROUP), other;
    struct assignment_result                        got = {0};
    open_owned(&s, t);
    CHECK_OK(write(&s, &args));
    test_product_pass(&s, 5);
    int64_t made_ns = find(&s, 0xE1)->created_ns;
    other = args, other.role = OWNER;
    CHECK_ERR(write(&s, &other), ERR_ASSIGNMENT_IMMUTABLE, "another role");
    other = args, other.principal.g = test_product_guid(0xB4);
    CHECK_ERR(write(&s, &other), ERR_ASSIGNMENT_IMMUTABLE, "another principal");
    other = args, other.scope = S(TEST_PRODUCT_SUBSCRIPTION);
    CHECK_ERR(write(&s, &other), ERR_ASSIGNMENT_IMMUTABLE, "another scope");
    other = args, other.id = test_product_guid(0xE2);
    CHECK_ERR(write(&s, &other), ERR_ASSIGNMENT_EXISTS, "the same under another name");
    other.scope = S(TEST_PRODUCT_SUBSCRIPTION "/RESOURCEGROUPS/shop");
    CHECK_ERR(write(&s, &other), ERR_ASSIGNMENT_EXISTS, "in another case");
    CHECK(!find(&s, 0xE2));
    args.description = S("why");
    args.condition = S(CONDITION);
    CHECK_OK(run(&s, &OP_ASSIGNMENT_WRITE, &args, &got));
    CHECK(!got.was_created && got.assignment->created_ns == made_ns && assignment_updated_ns(got.assignment) == t->call->now_ns);
    CHECK_STR(assignment_notes_of(got.assignment).condition_version, S("2.0"), "the version that is meant");
    args.scope = S(TEST_PRODUCT_SUBSCRIPTION "/resourcegroups/SHOP");
    CHECK_OK(write(&s, &args));
}

TEST(an_assignment_is_found_and_deleted_at_its_own_scope_only)
{
    static const char *const                        ELSEWHERE[] = {"/", TEST_PRODUCT_SUBSCRIPTION, VM, TEST_PRODUCT_OTHER_SUBSCRIPTION};
    CLEANUP(test_product_close) struct test_product s;
    struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
    struct assignment_result                        got = {0};
    open_owned(&s, t);
    CHECK_OK(write(&s, &args));
    for (size_t i = 0; i < COUNT(ELSEWHERE); i++) {
        args.scope = str_of(ELSEWHERE[i]);
        CHECK_ERR(run(&s, &OP_ASSIGNMENT_READ, &args, &got), ERR_ASSIGNMENT_NOT_FOUND, ELSEWHERE[i]);
        CHECK_ERR(run(&s, &OP_ASSIGNMENT_DELETE, &args, &got), OK, ELSEWHERE[i]);
        CHECK_ROW(!got.assignment && find(&s, 0xE1), ELSEWHERE[i]);
    }
    args.scope = S(TEST_PRODUCT_SUBSCRIPTION "/resourcegroups/shop");
    CHECK_OK(run(&s, &OP_ASSIGNMENT_DELETE, &args, &got));
    CHECK(got.assignment && !find(&s, 0xE1));
    CHECK_ERR(run(&s, &OP_ASSIGNMENT_READ, &args, &got), ERR_ASSIGNMENT_NOT_FOUND, "gone");
}

TEST(R9_a_principal_that_goes_leaves_its_assignments_as_orphans)
{
    CLEANUP(test_product_close) struct test_product s;
    struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
    struct assignment_result                        got = {0};
    open_owned(&s, t);
    CHECK_OK(write(&s, &args));
    CHECK_OK(managed_principal_delete(t->call, &s.work, args.principal));
    CHECK(!directory_find(s.work.world->directory, args.principal));
    CHECK_OK(run(&s, &OP_ASSIGNMENT_READ, &args, &got));
    CHECK_OK(run(&s, &OP_ASSIGNMENT_DELETE, &args, &got));
    CHECK(got.assignment && !find(&s, 0xE1));
}

TEST(only_who_may_assign_assigns)
{
    static const struct { const char *role; bool may; } CASES[] = {
        {NULL, false}, {"Reader", false}, {"Contributor", false}, {"Key Vault Administrator", false}, {"User Access Administrator", true},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
        const char                                     *row = CASES[i].role ? CASES[i].role : "nobody";
        test_product_open(&s, t);
        test_product_put_group(&s, TEST_PRODUCT_GROUP);
        test_product_put_principal(&s, 0xB1, PRINCIPAL_USER);
        if (CASES[i].role) test_product_assign(&s, s.caller.id, CASES[i].role, TEST_PRODUCT_GROUP);
        CHECK_ERR(write(&s, &args), CASES[i].may ? OK : ERR_NOT_AUTHORIZED, row);
        args.scope = S(TEST_PRODUCT_SUBSCRIPTION); // R2: nothing above its own scope
        CHECK_ERR(write(&s, &args), ERR_NOT_AUTHORIZED, row);
        args.scope = S("/");
        CHECK_ERR(write(&s, &args), ERR_NOT_AUTHORIZED, row);
        args.scope = S(TEST_PRODUCT_GROUP "2");
        CHECK_ERR(write(&s, &args), ERR_NOT_AUTHORIZED, row);
    }
}

#define RA "Microsoft.Authorization/roleAssignments"
#define ONLY_SERVICES(source, verb) \
    "((!(ActionMatches{'" RA "/" verb "'})) OR (@" source "[" RA ":PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"

static void put_assignment(struct test_product *s, unsigned n, struct assignment made_of)
{
    struct test       *t = s->test;
    struct assignment *made;
    made_of.id = test_product_guid(n);
    made_of.scope = S(TEST_PRODUCT_GROUP);
    CHECK_OK(assignment_new(t->call, &made_of, &made));
    CHECK_OK(work_change(t->call, &s->work, STORE_ASSIGNMENT, NULL, &made->ref));
}

// As the endpoint does it: what the request says, then the decision.
static enum err attempt(struct test_product *s, const struct op *op, const struct assignment_args *args)
{
    struct rbac_attributes   said;
    struct assignment_result unwanted = {0};
    struct op_target         target = {.scope = args->scope, .attributes = &said};
    TRY(assignment_attributes(s->call, &s->work, args, op == &OP_ASSIGNMENT_DELETE, &said));
    return op_run(s->call, &s->work, op, &target, args, &unwanted);
}

// R5: the caller may give and take roles of service principals only; what it tries, and what comes of it.
TEST(a_delegate_does_not_escape_its_condition)
{
    enum { NO_TYPE = -1, USER = PRINCIPAL_TYPE_USER, GROUP = PRINCIPAL_TYPE_GROUP, SERVICE = PRINCIPAL_TYPE_SERVICE };
    static const struct { const char *what; unsigned id, principal; int type; enum err want; } WRITES[] = {
        {"an app, said in full", 0xE1, 0xB4, SERVICE, OK},
        {"an app, the type left out", 0xE1, 0xB4, NO_TYPE, ERR_NOT_AUTHORIZED},
        {"an app, said to be a user", 0xE1, 0xB4, USER, ERR_NOT_AUTHORIZED},
        {"a user, said in full", 0xE1, 0xB3, USER, ERR_NOT_AUTHORIZED},
        {"a user, the type left out", 0xE1, 0xB3, NO_TYPE, ERR_NOT_AUTHORIZED},
        {"a user, said to be an app", 0xE1, 0xB3, SERVICE, ERR_PRINCIPAL_TYPE_MISMATCH},
        {"a group, said to be an app", 0xE1, 0xB2, SERVICE, ERR_PRINCIPAL_TYPE_MISMATCH},
        {"a user that does not count yet, said to be an app", 0xE1, 0xB8, SERVICE, ERR_PRINCIPAL_TYPE_MISMATCH},
        {"nobody the directory knows, the type left out", 0xE1, 0xFF, NO_TYPE, ERR_NOT_AUTHORIZED},
        {"an app's assignment again, nothing changed", 0xE4, 0xB4, SERVICE, OK},
        {"an app's assignment again, the type left out", 0xE4, 0xB4, NO_TYPE, ERR_NOT_AUTHORIZED},
        {"a user's assignment again", 0xE2, 0xB1, SERVICE, ERR_PRINCIPAL_TYPE_MISMATCH},
        {"a user's assignment for an app", 0xE2, 0xB4, SERVICE, ERR_ASSIGNMENT_IMMUTABLE},
        {"a deleted user's assignment again, said to be an app's", 0xE3, 0xBF, SERVICE, ERR_PRINCIPAL_TYPE_MISMATCH},
        {"its own assignment, without the condition", 0xE0, 0xA1, SERVICE, ERR_ASSIGNMENT_IMMUTABLE},
    };
    static const struct { const char *what; unsigned id; enum err want; } DELETES[] = {
        {"an app's", 0xE4, OK}, {"a user's", 0xE2, ERR_NOT_AUTHORIZED}, {"a deleted user's", 0xE3, ERR_NOT_AUTHORIZED},
        {"none: nothing tells what it would be", 0xE9, ERR_NOT_AUTHORIZED},
    };
    for (size_t i = 0; i < COUNT(WRITES) + COUNT(DELETES); i++) {
        CLEANUP(test_product_close) struct test_product s;
        bool                                            is_write = i < COUNT(WRITES);
        size_t                                          d = is_write ? 0 : i - COUNT(WRITES);
        struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
        test_product_open(&s, t);
        test_product_put_group(&s, TEST_PRODUCT_GROUP);
        test_product_put_principal(&s, 0xB1, PRINCIPAL_USER);
        test_product_put_principal(&s, 0xB2, PRINCIPAL_GROUP);
        test_product_put_principal(&s, 0xB3, PRINCIPAL_USER);
        test_product_put_principal(&s, 0xB4, PRINCIPAL_APP);
        struct principal *late,
            user = {.id = {test_product_guid(0xB8)}, .kind = PRINCIPAL_USER, .name = S("late"), .counts_from_ns = t->call->now_ns + NS_PER_S};
        CHECK_OK(principal_new(t->call, &user, &late));
        CHECK_OK(work_change(t->call, &s.work, STORE_PRINCIPAL, NULL, &late->ref));
        put_assignment(&s, 0xE0,
                       (struct assignment){.role = rbac_find_role_by_name(s.work.world->rules, S("User Access Administrator"))->id,
                                           .principal = s.caller.id,
                                           .principal_type = PRINCIPAL_TYPE_SERVICE,
                                           .notes = &(struct assignment_notes){
                                               .condition = S(ONLY_SERVICES("Request", "write") " AND " ONLY_SERVICES("Resource", "delete"))}});
        put_assignment(&s, 0xE2, (struct assignment){.role = READER, .principal.g = test_product_guid(0xB1), .principal_type = PRINCIPAL_TYPE_USER});
        put_assignment(&s, 0xE3, (struct assignment){.role = READER, .principal.g = test_product_guid(0xBF), .principal_type = PRINCIPAL_TYPE_USER});
        if (!is_write || WRITES[i].id == 0xE4)
            put_assignment(&s, 0xE4,
                           (struct assignment){.role = READER, .principal.g = test_product_guid(0xB4), .principal_type = PRINCIPAL_TYPE_SERVICE});
        args.id = test_product_guid(is_write ? WRITES[i].id : DELETES[d].id);
        if (is_write) args.principal.g = test_product_guid(WRITES[i].principal);
        args.gives_type = is_write && WRITES[i].type != NO_TYPE;
        if (args.gives_type) args.type = (enum principal_type)WRITES[i].type;
        CHECK_ERR(attempt(&s, is_write ? &OP_ASSIGNMENT_WRITE : &OP_ASSIGNMENT_DELETE, &args), is_write ? WRITES[i].want : DELETES[d].want,
                  is_write ? WRITES[i].what : DELETES[d].what);
        CHECK(find(&s, 0xE3) && find(&s, 0xE3)->principal_type == PRINCIPAL_TYPE_USER);
    }
}

static void fill(struct test_product *s, unsigned n, const char *scope)
{
    struct test *t = s->test;
    for (unsigned i = 0; i < n; i++) {
        struct assignment *made,
            one = {.id = test_product_guid(0x2000 + i), .principal.g = test_product_guid(0x4000 + i), .role = READER, .scope = str_of(scope)};
        one.id.b[0] = (uint8_t)str_of(scope).n; // another scope's are others
        CHECK_OK(assignment_new(t->call, &one, &made));
        CHECK_OK(work_change(t->call, &s->work, STORE_ASSIGNMENT, NULL, &made->ref));
    }
}

// I10: 4000 in a subscription, at it and below it together; 500 at a management group.
TEST(assignments_have_the_published_limits)
{
    CLEANUP(test_product_close) struct test_product s;
    struct assignment_args                          args = plain(TEST_PRODUCT_GROUP);
    open_owned(&s, t);
    fill(&s, ASSIGNMENT_MAX_PER_SUBSCRIPTION / 2, TEST_PRODUCT_SUBSCRIPTION);
    fill(&s, ASSIGNMENT_MAX_PER_SUBSCRIPTION / 2 - 1, VM);
    CHECK_OK(write(&s, &args));
    args.description = S("a change is no new one");
    CHECK_OK(write(&s, &args));
    args = plain(TEST_PRODUCT_SUBSCRIPTION), args.id = test_product_guid(0xE2);
    CHECK_ERR(write(&s, &args), ERR_ASSIGNMENT_LIMIT, "one more");
    args.scope = S(TEST_PRODUCT_OTHER_SUBSCRIPTION);
    CHECK_OK(write(&s, &args));
    fill(&s, ASSIGNMENT_MAX_PER_MGMT_GROUP - 1, MGMT_ROOT);
    args = plain(MGMT_ROOT), args.id = test_product_guid(0xE3);
    CHECK_OK(write(&s, &args));
    args.principal.g = test_product_guid(0xB4), args.id = test_product_guid(0xE4);
    CHECK_ERR(write(&s, &args), ERR_ASSIGNMENT_LIMIT, "at a management group");
    args.scope = S("/");
    CHECK_OK(write(&s, &args));
}
