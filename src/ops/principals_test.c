#include "ops/principals.h"

#include "log/activity.h"
#include "ops/applications.h"
#include "ops/directory_rights.h"
#include "ops/groups_members.h"
#include "ops/system_identity.h"
#include "test_product.h"
#include "token/first_party.h"

#define USER                                                                                                                    \
    "{\"accountEnabled\":true,\"displayName\":\"Anna\",\"mailNickname\":\"anna\",\"userPrincipalName\":\"anna@test.example\"," \
    "\"passwordProfile\":{\"password\":\"LANYARD-SECRET-x1\"}}"
#define GROUP "{\"displayName\":\"crew\",\"mailEnabled\":false,\"mailNickname\":\"crew\",\"securityEnabled\":true}"

static void open_as_operator(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    s->product.tenant_domain = S("test.example");
    s->product.operator_id = test_product_put_principal(s, 0x0F, PRINCIPAL_USER);
    s->caller.is_local_operator = true;
}

static const struct json *read(struct test *t, const char *text)
{
    const struct json *v = NULL;
    CHECK_ERR(json_parse(t->call, str_of(text), &v), OK, text);
    return v;
}

static enum err make(struct test_product *s, enum principal_kind kind, const char *body, const struct principal **out)
{
    struct principal_args   args = {.kind = kind, .body = read(s->test, body)};
    struct principal_result result = {0};
    TRY(op_run(s->call, &s->work, &OP_PRINCIPAL_CREATE, NULL, &args, &result));
    *out = result.principal;
    return OK;
}

static enum err change(struct test_product *s, object_id id, enum principal_kind kind, const char *body)
{
    struct principal_args   args = {.id = id, .kind = kind, .body = read(s->test, body)};
    struct principal_result result = {0};
    return op_run(s->call, &s->work, &OP_PRINCIPAL_UPDATE, NULL, &args, &result);
}

static enum err remove_it(struct test_product *s, object_id id, enum principal_kind kind)
{
    struct principal_args args = {.id = id, .kind = kind};
    return op_run(s->call, &s->work, &OP_PRINCIPAL_DELETE, NULL, &args, NULL);
}

static enum err join(struct test_product *s, object_id group, object_id member)
{
    struct member_args args = {.group = group, .member = member};
    return op_run(s->call, &s->work, &OP_MEMBER_ADD, NULL, &args, NULL);
}

static enum err leave(struct test_product *s, object_id group, object_id member)
{
    struct member_args args = {.group = group, .member = member};
    return op_run(s->call, &s->work, &OP_MEMBER_REMOVE, NULL, &args, NULL);
}

TEST(principals_are_written_by_the_operator_alone)
{
    CLEANUP(test_product_close) struct test_product s;
    open_as_operator(&s, t);
    object_id user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER), group = test_product_put_principal(&s, 0x22, PRINCIPAL_GROUP);
    object_id app = test_product_put_principal(&s, 0x24, PRINCIPAL_APP), other = test_product_put_principal(&s, 0x26, PRINCIPAL_GROUP);
    const struct principal *made;
    test_product_assign(&s, user, "Owner", "/"); // roles on resources say nothing about the directory
    test_product_assign(&s, app, "Owner", "/");
    test_product_put_member(&s, group, user);
    const struct { const char *row; object_id id; bool is_operator; enum err reads, writes; } CASES[] = {
        {"a user", user, false, OK, ERR_NOT_AUTHORIZED},
        {"the operator's user, by a program that is none of the cloud's own", s.product.operator_id, false, OK, ERR_NOT_AUTHORIZED},
        {"a managed identity", s.caller.id, false, ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED},
        {"an application", app, false, ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED},
        {"a group", group, false, ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED},
        {"somebody unknown", {test_product_guid(0x99)}, false, ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED},
        {"the operator", s.product.operator_id, true, OK, OK},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        s.caller = (struct caller){.id = CASES[i].id, .is_local_operator = CASES[i].is_operator};
        CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, NULL, NULL), CASES[i].reads, CASES[i].row);
        CHECK_ERR(make(&s, PRINCIPAL_USER, USER, &made), CASES[i].writes, CASES[i].row);
        CHECK_ERR(make(&s, PRINCIPAL_GROUP, GROUP, &made), CASES[i].writes, CASES[i].row);
        CHECK_ERR(change(&s, user, PRINCIPAL_USER, "{}"), CASES[i].writes, CASES[i].row);
        CHECK_ERR(join(&s, other, user), CASES[i].writes, CASES[i].row);
        CHECK_ERR(leave(&s, group, user), CASES[i].writes, CASES[i].row);
        CHECK_ERR(remove_it(&s, group, PRINCIPAL_GROUP), CASES[i].writes, CASES[i].row);
    }
    t->call->caller = NULL;
    CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, NULL, NULL), ERR_CALLER_UNKNOWN, "no caller");
    CHECK_ERR(make(&s, PRINCIPAL_GROUP, GROUP, &made), ERR_CALLER_UNKNOWN, "no caller");
}

// Both are needed: the token's role, and that it is still assigned.
TEST(an_application_reads_what_its_roles_at_graph_allow)
{
    CLEANUP(test_product_close) struct test_product s;
    open_as_operator(&s, t);
    const struct principal      *graph = directory_find_app(s.work.world->directory, first_party_graph());
    static const str             USERS_READ[] = {S_INIT(GRAPH_USER_READ)};
    const struct caller          machine = {.id = s.caller.id, .roles = {USERS_READ, 1}}, bare = {.id = s.caller.id};
    unsigned                     users = DIRECTORY_USERS, objects = DIRECTORY_OBJECTS;
    const struct app_assignment *made = NULL;
    CHECK(graph);
    if (!graph) return;
    struct app_assignment_args args = {
        .principal = machine.id, .resource = graph->id, .role = first_party_application(first_party_graph())->roles[0].id};
    const struct caller operator= {.id = s.product.operator_id, .is_local_operator = true};
    s.caller = machine;
    CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, &users, NULL), ERR_NOT_AUTHORIZED, "a token's role that is not assigned");
    CHECK_ERR(op_run(t->call, &s.work, &OP_APP_ROLE_ASSIGN, NULL, &args, &made), ERR_NOT_AUTHORIZED, "not its own to give");
    s.caller = operator;
    CHECK_OK(op_run(t->call, &s.work, &OP_APP_ROLE_ASSIGN, NULL, &args, &made));
    CHECK_ERR(remove_it(&s, graph->id, PRINCIPAL_APP), ERR_NOT_AUTHORIZED, "the cloud's");
    s.caller = bare;
    CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, &users, NULL), ERR_NOT_AUTHORIZED, "a token without the role");
    s.caller = machine;
    CHECK_OK(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, &users, NULL));
    CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, &objects, NULL), ERR_NOT_AUTHORIZED, "more than users");
    CHECK_ERR(op_run(t->call, &s.work, &OP_DIRECTORY_READ, NULL, NULL, NULL), ERR_NOT_AUTHORIZED, "what users alone read");
}

TEST(principals_that_belong_to_something_stay) // I1
{
    CLEANUP(test_product_close) struct test_product s;
    open_as_operator(&s, t);
    object_id app = test_product_put_principal(&s, 0x24, PRINCIPAL_APP), user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER);
    CHECK_ERR(remove_it(&s, s.caller.id, PRINCIPAL_MANAGED), ERR_NOT_AUTHORIZED, "a managed identity's");
    CHECK_ERR(change(&s, s.caller.id, PRINCIPAL_MANAGED, "{\"displayName\":\"x\"}"), ERR_NOT_AUTHORIZED, "a managed identity's");
    CHECK_ERR(change(&s, app, PRINCIPAL_APP, "{\"appId\":\"00000000-0000-0000-0000-000000000025\"}"), ERR_CONTENT_INVALID, "an application's id");
    CHECK_ERR(remove_it(&s, s.product.operator_id, PRINCIPAL_USER), ERR_NOT_AUTHORIZED, "the operator's");
    CHECK_ERR(remove_it(&s, user, PRINCIPAL_GROUP), ERR_OBJECT_NOT_FOUND, "of another kind");
    CHECK_ERR(remove_it(&s, (object_id){test_product_guid(0x99)}, PRINCIPAL_USER), ERR_OBJECT_NOT_FOUND, "nobody");
    CHECK_ERR(change(&s, (object_id){test_product_guid(0x99)}, PRINCIPAL_USER, "{}"), ERR_OBJECT_NOT_FOUND, "nobody");
    CHECK(directory_find(s.work.world->directory, s.caller.id) && directory_find(s.work.world->directory, s.product.operator_id));
}

static bool is_password(struct test_product *s, object_id user, const char *password)
{
    struct test                        *t = s->test;
    CLEANUP(secret_clear) struct secret shown = {0};
    bool                                is = false;
    CHECK_OK(secret_init(t->call, &shown, str_bytes(str_of(password))));
    CHECK_OK(password_match(t->call, applications_find_password(s->work.world->applications, user), &shown, &is));
    return is;
}

#define CHECK_PASSWORD(s, user, password) CHECK_ROW(is_password(s, user, password), password)

TEST(I10_a_password_that_is_short_or_simple_is_refused)
{
    static const struct { const char *password; enum err want; } CASES[] = {
        {"Short-1", ERR_CONTENT_INVALID},      {"all lower case", ERR_CONTENT_INVALID}, {"ALLUPPER1", ERR_CONTENT_INVALID},
        {"lowerand12345", ERR_CONTENT_INVALID}, {"Lower-and-upper", OK},                 {"Lower12345", OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    open_as_operator(&s, t);
    object_id user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body = call_format(t->call, "{\"passwordProfile\":{\"password\":\"%s\"}}", CASES[i].password);
        CHECK_ERR(change(&s, user, PRINCIPAL_USER, body.at), CASES[i].want, CASES[i].password);
        call_forgive(t->call);
    }
    CHECK_OK(
        change(&s, user, PRINCIPAL_USER, "{\"passwordPolicies\":\"DisableStrongPassword\",\"passwordProfile\":{\"password\":\"simplesimple\"}}"));
    CHECK_PASSWORD(&s, user, "simplesimple");
    CHECK_OK(remove_it(&s, user, PRINCIPAL_USER));
    CHECK(!applications_find_password(s.work.world->applications, user));
}

TEST(principals_keep_what_is_said_and_of_a_password_what_it_derives_to)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct principal                         *p = NULL;
    open_as_operator(&s, t);
    s.product.propagation.directory_object_s = 60;
    CHECK_OK(make(&s, PRINCIPAL_USER, USER, &p));
    if (!p) return;
    object_id id = p->id;
    CHECK_STR(p->name, S("Anna"), "name");
    CHECK_STR(p->user_name, S("anna@test.example"), "user name");
    CHECK_STR(p->document, S("{\"mailNickname\":\"anna\",\"accountEnabled\":true}"), "document");
    CHECK_INT(p->counts_from_ns - p->created_ns, 60 * NS_PER_S, "R8 others find it later");
    CHECK_PASSWORD(&s, id, "LANYARD-SECRET-x1");
    CHECK_OK(change(
        &s, id, PRINCIPAL_USER,
        "{\"JobTitle\":\"Cook\",\"mail\":\"a@b\",\"@odata.type\":\"#microsoft.graph.user\",\"passwordProfile\":{\"password\":\"Another-1\"}}"));
    CHECK_PASSWORD(&s, id, "Another-1");
    CHECK_OK(change(&s, id, PRINCIPAL_USER, "{\"mail\":null,\"displayName\":\"Berta\",\"userPrincipalName\":\"b@TEST.example\"}"));
    p = directory_find(s.work.world->directory, id);
    CHECK_STR(p->name, S("Berta"), "changed");
    CHECK_STR(p->document, S("{\"mailNickname\":\"anna\",\"accountEnabled\":true,\"jobTitle\":\"Cook\"}"), "changed");
    CHECK(directory_find_user(s.work.world->directory, S("B@test.example")) == p &&
          !directory_find_user(s.work.world->directory, S("anna@test.example")));
    CHECK_INT(p->counts_from_ns - p->created_ns, 60 * NS_PER_S, "a change makes nobody new");
}

TEST(R9_memberships_go_with_their_ends_and_assignments_stay)
{
    CLEANUP(test_product_close) struct test_product s;
    object_id                                       machine;
    client_id                                       app;
    open_as_operator(&s, t);
    object_id user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER), inner = test_product_put_principal(&s, 0x22, PRINCIPAL_GROUP),
              outer = test_product_put_principal(&s, 0x24, PRINCIPAL_GROUP);
    CHECK_OK(managed_principal_new(t->call, &s.work, S("vm"), S(TEST_PRODUCT_GROUP "/providers/A.B/c/vm"), true, &machine, &app));
    CHECK_OK(join(&s, inner, user));
    CHECK_OK(join(&s, inner, machine));
    CHECK_OK(join(&s, outer, inner));
    CHECK_OK(join(&s, inner, outer));          // a cycle is let be
    test_product_put_member(&s, inner, inner); // no op makes this one
    test_product_assign(&s, inner, "Reader", TEST_PRODUCT_GROUP);
    test_product_commit(&s);
    const struct directory *d = s.work.world->directory;
    CHECK_OK(managed_principal_delete(t->call, &s.work, machine));
    CHECK(!directory_is_member(d, inner, machine) && directory_is_member(d, inner, user));
    CHECK_OK(remove_it(&s, inner, PRINCIPAL_GROUP));
    CHECK(!directory_is_member(d, inner, user) && !directory_is_member(d, inner, inner));
    CHECK(!directory_is_member(d, outer, inner) && !directory_is_member(d, inner, outer));
    CHECK_INT(rbac_assignment_count(s.work.world->rules), 1, "an orphan");
}

TEST(R5_members_are_added_once_and_never_to_themselves)
{
    CLEANUP(test_product_close) struct test_product s;
    open_as_operator(&s, t);
    s.product.propagation.group_membership_s = 5;
    object_id user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER), group = test_product_put_principal(&s, 0x22, PRINCIPAL_GROUP),
              nobody = {test_product_guid(0x99)};
    const struct { const char *row; object_id group, member; enum err add, leave; } CASES[] = {
        {"a user", group, user, OK, OK},
        {"itself", group, group, ERR_MEMBER_INVALID, ERR_OBJECT_NOT_FOUND},
        {"nobody", group, nobody, ERR_OBJECT_NOT_FOUND, ERR_OBJECT_NOT_FOUND},
        {"to nothing", nobody, user, ERR_OBJECT_NOT_FOUND, ERR_OBJECT_NOT_FOUND},
        {"to a user", user, group, ERR_OBJECT_NOT_FOUND, ERR_OBJECT_NOT_FOUND},
        {"to a service", s.caller.id, user, ERR_OBJECT_NOT_FOUND, ERR_OBJECT_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(join(&s, CASES[i].group, CASES[i].member), CASES[i].add, CASES[i].row);
        if (CASES[i].add == OK) CHECK_ERR(join(&s, CASES[i].group, CASES[i].member), ERR_MEMBER_EXISTS, CASES[i].row);
        CHECK_ERR(leave(&s, CASES[i].group, CASES[i].member), CASES[i].leave, CASES[i].row);
        CHECK_ERR(leave(&s, CASES[i].group, CASES[i].member), ERR_OBJECT_NOT_FOUND, CASES[i].row);
    }
    const object_id *who;
    size_t           n;
    CHECK_OK(join(&s, group, user));
    CHECK_OK(directory_closure(t->call, s.work.world->directory, user, t->call->now_ns, &who, &n));
    CHECK_INT(n, 1, "R8 not yet");
    CHECK_OK(directory_closure(t->call, s.work.world->directory, user, t->call->now_ns + 5 * NS_PER_S, &who, &n));
    CHECK_INT(n, 2, "R8 when its time has come");
}

// What was derived on a worker is kept as it is: the deed, which holds up all other changes, derives nothing.
TEST(a_password_that_was_derived_before_is_kept)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct principal                         *anna = NULL;
    const struct password                          *derived = NULL, *none = NULL;
    const struct json                              *body;
    struct principal_result                         result;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, PRINCIPAL_USER, USER, &anna));
    if (!anna) return;
    CHECK_OK(json_parse(t->call, S("{\"passwordProfile\":{\"password\":\"Another-Passw0rd\"}}"), &body));
    CHECK_OK(principal_derive_password(t->call, body, &derived));
    struct principal_args args = {.kind = PRINCIPAL_USER, .id = anna->id, .body = body, .derived = derived};
    CHECK_OK(test_product_run(&s, &OP_PRINCIPAL_UPDATE, NULL, "/", &args, &result));
    const struct password *kept = applications_find_password(s.work.world->applications, args.id);
    CHECK(derived && kept && memcmp(kept->kept.b, derived->kept.b, sizeof kept->kept.b) == 0 && object_id_eq(kept->user, args.id));
    CHECK_PASSWORD(&s, args.id, "Another-Passw0rd");
    CHECK_OK(json_parse(t->call, S("{\"passwordProfile\":{\"password\":\"short\"}}"), &body));
    CHECK_OK(principal_derive_password(t->call, body, &none));
    CHECK(!none); // the deed says why
    CHECK_OK(json_parse(t->call, S("{\"displayName\":\"a\"}"), &body));
    CHECK_OK(principal_derive_password(t->call, body, &none));
    CHECK(!none);
}

// O1: what changes in the directory is in the activity log, under the directory's own names.
TEST(directory_writes_are_recorded)
{
    static const char *const WANT[] = { // the newest first
        "microsoft.directory/users/delete",         "microsoft.directory/groups/members/update", "microsoft.directory/groups/members/update",
        "microsoft.directory/groups/basic/update",  "microsoft.directory/groups/create",         "microsoft.directory/users/create",
    };
    CLEANUP(test_product_close) struct test_product s;
    const struct principal                         *anna = NULL, *crew = NULL;
    struct activity                                *list = NULL;
    size_t                                          n = 0;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, PRINCIPAL_USER, USER, &anna));
    CHECK_OK(make(&s, PRINCIPAL_GROUP, GROUP, &crew));
    if (!anna || !crew) return;
    object_id user = anna->id, group = crew->id;
    CHECK_OK(change(&s, group, PRINCIPAL_GROUP, "{\"displayName\":\"hands\"}"));
    CHECK_OK(join(&s, group, user));
    CHECK_OK(leave(&s, group, user));
    CHECK_OK(remove_it(&s, user, PRINCIPAL_USER));
    CHECK_OK(activity_list(t->call, s.work.store, &(struct log_range){.limit = 100}, &list, &n, NULL));
    CHECK_INT(n, COUNT(WANT), "records");
    for (size_t i = 0; i < n && i < COUNT(WANT); i++) {
        CHECK_STR(list[i].action, str_of(WANT[i]), WANT[i]);
        CHECK(object_id_eq(list[i].caller, s.caller.id) && guid_eq(list[i].correlation_id, t->call->correlation_id));
    }
    if (n) CHECK_STR(list[0].scope, call_format(t->call, "/users/%s", guid_text(user.g).s), "whom");
    if (n > 2) CHECK_STR(list[2].scope, call_format(t->call, "/groups/%s/members/%s", guid_text(group.g).s, guid_text(user.g).s), "who joined what");
}
