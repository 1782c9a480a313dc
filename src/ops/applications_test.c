#include "ops/applications.h"

#include "ops/principals.h"
#include "ops/system_identity.h"
#include "test_product.h"

#define ROLE_ID  "10000000-0000-0000-0000-000000000001"
#define OTHER_ID "10000000-0000-0000-0000-000000000002"
#define ROLE     "{\"id\":\"" ROLE_ID "\",\"value\":\"Orders.Read\",\"displayName\":\"Read\",\"allowedMemberTypes\":[\"Application\"],\"isEnabled\":true}"

static void open_as_operator(struct test_product *s, struct test *t)
{
    test_product_open(s, t);
    s->product.tenant_domain = S("test.example");
    s->caller.is_local_operator = true;
}

static const struct json *read(struct test *t, const char *text)
{
    const struct json *v = NULL;
    CHECK_ERR(json_parse(t->call, str_of(text), &v), OK, text);
    return v;
}

static enum err make(struct test_product *s, const char *body, const struct application **out)
{
    struct application_args   args = {.body = read(s->test, body)};
    struct application_result result = {0};
    TRY(op_run(s->call, &s->work, &OP_APPLICATION_CREATE, NULL, &args, &result));
    *out = result.application;
    return OK;
}

static enum err change(struct test_product *s, application_id id, const char *body)
{
    struct application_args   args = {.id = id, .body = read(s->test, body)};
    struct application_result result = {0};
    return op_run(s->call, &s->work, &OP_APPLICATION_UPDATE, NULL, &args, &result);
}

static enum err make_service(struct test_product *s, client_id app, object_id *out)
{
    struct principal_args   args = {.kind = PRINCIPAL_APP};
    struct principal_result result = {0};
    args.body = read(s->test, call_format(s->call, "{\"appId\":\"%s\"}", guid_text(app.g).s).at);
    TRY(op_run(s->call, &s->work, &OP_PRINCIPAL_CREATE, NULL, &args, &result));
    *out = result.principal->id;
    return OK;
}

TEST(I10_an_application_that_breaks_a_rule_is_refused)
{
    static const struct { const char *body; enum err want; } CASES[] = {
        {"{}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"\"}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appId\":\"" ROLE_ID "\"}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"orders\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://a b\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://a/\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://a\",\"API://A\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"https://evil.example/a\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"https://eviltest.example/a\"]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://taken\"]}", ERR_OBJECT_EXISTS},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://AzureADTokenExchange\"]}", ERR_OBJECT_EXISTS},
        {"{\"displayName\":\"a\",\"appRoles\":[{}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appRoles\":[" ROLE "," ROLE "]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appRoles\":[{\"id\":\"" ROLE_ID "\",\"value\":\"a b\",\"displayName\":\"x\",\"allowedMemberTypes\":[\"User\"]}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appRoles\":[{\"id\":\"" ROLE_ID "\",\"value\":\".a\",\"displayName\":\"x\",\"allowedMemberTypes\":[\"User\"]}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appRoles\":[{\"id\":\"" ROLE_ID "\",\"value\":\"a\",\"displayName\":\"x\",\"allowedMemberTypes\":[\"Cat\"]}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"appRoles\":[{\"id\":\"" ROLE_ID "\",\"value\":\"a\",\"displayName\":\"x\",\"allowedMemberTypes\":[]}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"api\":{\"requestedAccessTokenVersion\":3}}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"passwordCredentials\":[{\"displayName\":\"mine\"}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"keyCredentials\":[{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\",\"key\":\"AAAA\"}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"keyCredentials\":[{\"type\":\"Symmetric\",\"usage\":\"Verify\",\"key\":\"AAAA\"}]}", ERR_CONTENT_INVALID},
        {"{\"displayName\":\"a\",\"identifierUris\":[\"api://mine\",\"https://shop.test.example/a\"],\"appRoles\":[" ROLE "]}", OK},
        {"{\"displayName\":\"a\",\"web\":{\"redirectUris\":[]},\"requiredResourceAccess\":[{\"resourceAppId\":\"x\"}]}", OK},
    };
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *a = NULL;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, "{\"displayName\":\"first\",\"identifierUris\":[\"api://taken\"]}", &a));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(make(&s, CASES[i].body, &a), CASES[i].want, CASES[i].body);
        call_forgive(t->call);
    }
}

// "api://ID" stands for the application of that id without being registered: tokens for it must not become another's.
TEST(I10_the_uri_made_of_an_application_s_id_is_nobody_else_s)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *first = NULL, *other = NULL;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, "{\"displayName\":\"first\"}", &first));
    if (!first) return;
    application_id id = first->id;
    str            body = call_format(t->call, "{\"displayName\":\"a\",\"identifierUris\":[\"api://%s\"]}", guid_text(first->app.g).s);
    CHECK_ERR(make(&s, body.at, &other), ERR_OBJECT_EXISTS, "another application");
    call_forgive(t->call);
    CHECK_OK(change(&s, id, body.at));
}

TEST(an_application_keeps_what_is_said_and_what_is_left_out_of_a_change)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *a = NULL;
    object_id                                       service = {GUID_NONE};
    open_as_operator(&s, t);
    CHECK_OK(make(&s,
                  "{\"displayName\":\"Orders\",\"tags\":[\"x\"],\"api\":{\"requestedAccessTokenVersion\":2,\"preAuthorizedApplications\":[]},"
                  "\"appRoles\":[" ROLE "]}",
                  &a));
    if (!a) return;
    application_id id = a->id;
    CHECK_OK(make_service(&s, a->app, &service));
    CHECK_ERR(make_service(&s, a->app, &service), ERR_OBJECT_EXISTS, "one service principal each");
    CHECK_ERR(make_service(&s, (client_id){test_product_guid(0x77)}, &service), ERR_CONTENT_INVALID, "no such application");
    call_forgive(t->call);
    CHECK_OK(change(&s, id, "{\"displayName\":\"Bills\",\"api\":{\"oauth2PermissionScopes\":[]},\"isFallbackPublicClient\":true}"));
    a = applications_find(s.work.world->applications, id);
    CHECK(a->token_version == 2 && a->role_n == 1 && a->is_public_client);
    CHECK_STR(a->document, S("{\"tags\":[\"x\"],\"api\":{\"preAuthorizedApplications\":[]}}"), "document");
    CHECK_STR(directory_find(s.work.world->directory, service)->name, S("Bills"), "the service principal is called the same");
    CHECK_ERR(change(&s, id, "{\"appRoles\":[]}"), ERR_CONTENT_INVALID, "an enabled role is not taken away");
    call_forgive(t->call);
    CHECK_OK(change(&s, id,
                    "{\"appRoles\":[{\"id\":\"" ROLE_ID
                    "\",\"value\":\"Orders.Read\",\"displayName\":\"Read\",\"allowedMemberTypes\":[\"Application\"],\"isEnabled\":false}]}"));
    CHECK_OK(change(&s, id, "{\"appRoles\":[]}"));
}

TEST(T9_a_client_secret_is_shown_once_and_kept_by_no_record)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *a = NULL;
    struct app_secret_result                        made = {0};
    enum app_secret_match                           match = APP_SECRET_WRONG;
    guid                                            which;
    struct buf                                      b;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, "{\"displayName\":\"Orders\"}", &a));
    if (!a) return;
    struct app_secret_args args = {.id = a->id, .name = S("ci")};
    CHECK_OK(op_run(t->call, &s.work, &OP_APP_SECRET_ADD, NULL, &args, &made));
    a = applications_find(s.work.world->applications, args.id);
    CHECK_OK(application_match_secret(t->call, a, &made.shown, &match, &which));
    CHECK(match == APP_SECRET_RIGHT && a->secret_n == 1);
    CHECK_INT(a->secrets[0].until_ns - a->secrets[0].from_ns, APP_SECRET_YEARS * 365 * S_PER_DAY * NS_PER_S, "its end");
    buf_init(&b, &t->call->arena);
    application_pack(&b, a);
    CHECK(str_find_str(buf_view(&b), bytes_str(secret_reveal(&made.shown))) == STR_NOWHERE);
    args.until_ns = 1;
    CHECK_ERR(op_run(t->call, &s.work, &OP_APP_SECRET_ADD, NULL, &args, &made), ERR_CONTENT_INVALID, "one that has ended");
    call_forgive(t->call);
    args.key = test_product_guid(0x99);
    CHECK_ERR(op_run(t->call, &s.work, &OP_APP_SECRET_REMOVE, NULL, &args, NULL), ERR_CONTENT_INVALID, "none of that id");
    call_forgive(t->call);
    args.key = made.secret.id;
    CHECK_OK(op_run(t->call, &s.work, &OP_APP_SECRET_REMOVE, NULL, &args, NULL));
    CHECK(applications_find(s.work.world->applications, args.id)->secret_n == 0);
    secret_clear(&made.shown);
}

static enum err assign(struct test_product *s, object_id who, object_id at, const char *role, const struct app_assignment **out)
{
    struct app_assignment_args args = {.principal = who, .resource = at};
    struct test               *t = s->test;
    CHECK(guid_parse(str_of(role), &args.role));
    return op_run(s->call, &s->work, &OP_APP_ROLE_ASSIGN, NULL, &args, out);
}

TEST(S7_app_roles_are_assigned_once_to_those_whom_they_are_for)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *a = NULL;
    const struct app_assignment                    *given = NULL;
    object_id                                       service = {GUID_NONE}, machine = {GUID_NONE};
    client_id                                       app;
    open_as_operator(&s, t);
    CHECK_OK(make(&s,
                  "{\"displayName\":\"Orders\",\"appRoles\":[" ROLE ",{\"id\":\"" OTHER_ID
                  "\",\"value\":\"Off\",\"displayName\":\"x\",\"allowedMemberTypes\":[\"Application\"],\"isEnabled\":false}]}",
                  &a));
    if (!a) return;
    CHECK_OK(make_service(&s, a->app, &service));
    CHECK_OK(managed_principal_new(t->call, &s.work, S("vm"), S(TEST_PRODUCT_GROUP "/providers/A.B/c/vm"), true, &machine, &app));
    object_id user = test_product_put_principal(&s, 0x20, PRINCIPAL_USER);
    const struct { const char *row; object_id who, at; const char *role; enum err want; } CASES[] = {
        {"a machine", machine, service, ROLE_ID, OK},
        {"again", machine, service, ROLE_ID, ERR_OBJECT_EXISTS},
        {"not for users", user, service, ROLE_ID, ERR_CONTENT_INVALID},
        {"access without a role", user, service, "00000000-0000-0000-0000-000000000000", OK},
        {"no such role", machine, service, "10000000-0000-0000-0000-000000000009", ERR_CONTENT_INVALID},
        {"a disabled role", machine, service, OTHER_ID, ERR_CONTENT_INVALID},
        {"nobody", {test_product_guid(0x99)}, service, ROLE_ID, ERR_OBJECT_NOT_FOUND},
        {"at a machine", user, machine, ROLE_ID, ERR_OBJECT_NOT_FOUND},
        {"at a user", machine, user, ROLE_ID, ERR_OBJECT_NOT_FOUND},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_ERR(assign(&s, CASES[i].who, CASES[i].at, CASES[i].role, &given), CASES[i].want, CASES[i].row);
        call_forgive(t->call);
    }
}

static bool count(const struct app_assignment *a, void *ctx)
{
    (void)a;
    ++*(size_t *)ctx;
    return true;
}

TEST(I3_what_was_assigned_goes_with_either_end)
{
    CLEANUP(test_product_close) struct test_product s;
    const struct application                       *a = NULL;
    const struct app_assignment                    *given = NULL;
    object_id                                       service = {GUID_NONE}, one = {GUID_NONE}, two = {GUID_NONE};
    client_id                                       app;
    size_t                                          n = 0;
    open_as_operator(&s, t);
    CHECK_OK(make(&s, "{\"displayName\":\"Orders\",\"appRoles\":[" ROLE "]}", &a));
    if (!a) return;
    application_id id = a->id;
    CHECK_OK(make_service(&s, a->app, &service));
    CHECK_OK(managed_principal_new(t->call, &s.work, S("vm1"), S(TEST_PRODUCT_GROUP "/providers/A.B/c/vm1"), true, &one, &app));
    CHECK_OK(managed_principal_new(t->call, &s.work, S("vm2"), S(TEST_PRODUCT_GROUP "/providers/A.B/c/vm2"), true, &two, &app));
    CHECK_OK(assign(&s, one, service, ROLE_ID, &given));
    CHECK_OK(assign(&s, two, service, ROLE_ID, &given));
    CHECK_OK(managed_principal_delete(t->call, &s.work, one));
    applications_each_at(s.work.world->applications, service, NULL, count, &n);
    CHECK_INT(n, 1, "the identity's went with it");
    CHECK_OK(op_run(t->call, &s.work, &OP_APPLICATION_DELETE, NULL, &(struct application_args){.id = id}, NULL));
    n = 0;
    applications_each_of(s.work.world->applications, two, NULL, count, &n);
    CHECK_INT(n, 0, "the application's went with it");
    CHECK(!directory_find(s.work.world->directory, service));
}
