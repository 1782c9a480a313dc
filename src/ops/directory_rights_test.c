#include "ops/directory_rights.h"

#include "ops/app_access.h"
#include "ops/applications.h"
#include "ops/ownership.h"
#include "ops/principals.h"
#include "test_product.h"

#define AZ    "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
#define GROUP "{\"displayName\":\"crew\",\"mailEnabled\":false,\"mailNickname\":\"crew\",\"securityEnabled\":true}"
#define USER                                                                                                                     \
    "{\"accountEnabled\":true,\"displayName\":\"Eve\",\"mailNickname\":\"eve\",\"userPrincipalName\":\"eve@test.example\"," \
    "\"passwordProfile\":{\"password\":\"LANYARD-SECRET-x1\"}}"

static const struct json *parsed(struct test *t, const char *text)
{
    const struct json *body = NULL;
    CHECK_OK(json_parse(t->call, str_of(text), &body));
    return body;
}

// Two users of az, Ada and Bob, and whoever acts.
struct stage {
    struct test_product s;
    object_id           ada, bob;
};

static void stage_close(struct stage *x)
{
    test_product_close(&x->s);
}

static void act_as(struct stage *x, object_id who, const char *client)
{
    x->s.caller = (struct caller){.id = who};
    if (client) (void)!guid_parse(str_of(client), &x->s.caller.app.g);
}

static void act_as_operator(struct stage *x)
{
    x->s.caller = (struct caller){.id = x->s.product.operator_id, .is_local_operator = true};
}

static void open_stage(struct stage *x, struct test *t)
{
    test_product_open(&x->s, t);
    x->s.product.tenant_domain = S("test.example");
    x->s.product.operator_id = test_product_put_principal(&x->s, 0x0F, PRINCIPAL_USER);
    x->ada = test_product_put_principal(&x->s, 0x20, PRINCIPAL_USER);
    x->bob = test_product_put_principal(&x->s, 0x21, PRINCIPAL_USER);
}

static enum err make(struct stage *x, enum principal_kind kind, const char *body, object_id *out)
{
    struct test            *t = x->s.test;
    struct principal_args   args = {.kind = kind, .body = parsed(t, body)};
    struct principal_result made = {0};
    TRY(op_run(t->call, &x->s.work, &OP_PRINCIPAL_CREATE, NULL, &args, &made));
    *out = made.principal->id;
    return OK;
}

static enum err make_service(struct stage *x, client_id app, object_id *out)
{
    return make(x, PRINCIPAL_APP, call_zstr(x->s.call, call_format(x->s.call, "{\"appId\":\"%s\"}", guid_text(app.g).s)), out);
}

static enum err drop(struct stage *x, enum principal_kind kind, object_id id)
{
    return op_run(x->s.call, &x->s.work, &OP_PRINCIPAL_DELETE, NULL, &(struct principal_args){.kind = kind, .id = id}, NULL);
}

static enum err make_application(struct stage *x, const char *body, struct application *out)
{
    struct test              *t = x->s.test;
    struct application_args   args = {.body = parsed(t, body)};
    struct application_result made = {0};
    TRY(op_run(t->call, &x->s.work, &OP_APPLICATION_CREATE, NULL, &args, &made));
    *out = *made.application;
    return OK;
}

static enum err change(struct stage *x, application_id id, const char *body)
{
    struct test              *t = x->s.test;
    struct application_args   args = {.id = id, .body = parsed(t, body)};
    struct application_result made = {0};
    return op_run(t->call, &x->s.work, &OP_APPLICATION_UPDATE, NULL, &args, &made);
}

static enum err own(struct stage *x, const struct op *op, guid object, object_id owner)
{
    return op_run(x->s.call, &x->s.work, op, NULL, &(struct owner_args){object, owner}, NULL);
}

TEST(directory_rights_let_users_register_and_owners_change) // T10
{
    CLEANUP(stage_close) struct stage x;
    struct application                a;
    object_id                         group, service, eve;
    open_stage(&x, t);
    act_as(&x, x.ada, AZ);
    CHECK_ERR(make_application(&x, "{\"displayName\":\"a\"}", &a), OK, "registers");
    CHECK_ERR(make_service(&x, a.app, &service), OK, "and its service principal");
    CHECK_ERR(make(&x, PRINCIPAL_GROUP, GROUP, &group), OK, "and a group");
    CHECK_ERR(change(&x, a.id, "{\"displayName\":\"b\"}"), OK, "and changes it");
    CHECK_ERR(make(&x, PRINCIPAL_USER, USER, &eve), ERR_NOT_AUTHORIZED, "but makes no user");
    CHECK_ERR(drop(&x, PRINCIPAL_USER, x.bob), ERR_NOT_AUTHORIZED, "and removes none");
    act_as(&x, x.bob, AZ);
    CHECK_ERR(change(&x, a.id, "{\"displayName\":\"c\"}"), ERR_NOT_AUTHORIZED, "another user");
    CHECK_ERR(drop(&x, PRINCIPAL_GROUP, group), ERR_NOT_AUTHORIZED, "another user's group");
    CHECK_ERR(drop(&x, PRINCIPAL_APP, service), ERR_NOT_AUTHORIZED, "another user's service principal");
    CHECK_ERR(own(&x, &OP_OWNER_ADD, a.id.g, x.bob), ERR_NOT_AUTHORIZED, "nobody makes himself an owner");
    act_as(&x, x.ada, AZ);
    CHECK_ERR(own(&x, &OP_OWNER_ADD, a.id.g, x.bob), OK, "an owner adds another");
    CHECK_ERR(own(&x, &OP_OWNER_ADD, a.id.g, x.bob), ERR_MEMBER_EXISTS, "once");
    CHECK_ERR(own(&x, &OP_OWNER_ADD, a.id.g, group), ERR_MEMBER_INVALID, "no group");
    CHECK_ERR(own(&x, &OP_OWNER_REMOVE, group.g, x.ada), ERR_MEMBER_INVALID, "the last of a group stays");
    act_as(&x, x.bob, AZ);
    CHECK_ERR(change(&x, a.id, "{\"displayName\":\"c\"}"), OK, "now an owner");
    CHECK_ERR(own(&x, &OP_OWNER_REMOVE, a.id.g, x.ada), OK, "removes the first");
    act_as(&x, x.ada, AZ);
    CHECK_ERR(change(&x, a.id, "{\"displayName\":\"d\"}"), ERR_NOT_AUTHORIZED, "no owner any more");
    act_as(&x, x.s.product.operator_id, AZ);
    CHECK_ERR(make(&x, PRINCIPAL_USER, USER, &eve), OK, "the operator's user may make users");
    act_as_operator(&x);
    CHECK_ERR(change(&x, a.id, "{\"displayName\":\"e\"}"), OK, "and the operator whatever there is");
    CHECK_ERR(drop(&x, PRINCIPAL_USER, x.bob), OK, "an owner goes");
    CHECK(!owners_find(x.s.work.world->owners, a.id.g, x.bob));
    CHECK_ERR(drop(&x, PRINCIPAL_GROUP, group), OK, "an object goes");
    CHECK(!owners_find(x.s.work.world->owners, group.g, x.ada));
}

TEST(directory_rights_are_no_stranger_clients_nor_guests)
{
    CLEANUP(stage_close) struct stage x;
    object_id                         guest, disabled, made;
    open_stage(&x, t);
    act_as_operator(&x);
    CHECK_OK(make(&x, PRINCIPAL_USER, USER, &guest));
    struct principal_args   args = {.kind = PRINCIPAL_USER, .id = guest, .body = parsed(t, "{\"userType\":\"Guest\"}")};
    struct principal_result result = {0};
    CHECK_OK(op_run(t->call, &x.s.work, &OP_PRINCIPAL_UPDATE, NULL, &args, &result));
    args = (struct principal_args){.kind = PRINCIPAL_USER, .id = x.bob, .body = parsed(t, "{\"accountEnabled\":false}")};
    CHECK_OK(op_run(t->call, &x.s.work, &OP_PRINCIPAL_UPDATE, NULL, &args, &result));
    disabled = x.bob;
    const struct { const char *row; object_id who; const char *client; enum err want; } CASES[] = {
        {"a user by az", x.ada, AZ, OK},
        {"a user by a client of somebody's", x.ada, "10000000-0000-0000-0000-000000000001", ERR_NOT_AUTHORIZED},
        {"a user by no client", x.ada, NULL, ERR_NOT_AUTHORIZED},
        {"a guest", guest, AZ, ERR_NOT_AUTHORIZED},
        {"a disabled user", disabled, AZ, ERR_NOT_AUTHORIZED},
        {"the operator's user by a client of somebody's", x.s.product.operator_id, "10000000-0000-0000-0000-000000000001", ERR_NOT_AUTHORIZED},
        {"an application", test_product_put_principal(&x.s, 0x24, PRINCIPAL_APP), AZ, ERR_NOT_AUTHORIZED},
        {"nobody known", {test_product_guid(0x99)}, AZ, ERR_NOT_AUTHORIZED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        act_as(&x, CASES[i].who, CASES[i].client);
        CHECK_ERR(make(&x, PRINCIPAL_GROUP, GROUP, &made), CASES[i].want, CASES[i].row);
    }
}

TEST(directory_rights_end_at_the_quota)
{
    CLEANUP(stage_close) struct stage x;
    struct application                a;
    open_stage(&x, t);
    act_as(&x, x.ada, AZ);
    for (size_t i = 0; i < DIRECTORY_MAX_OWNED; i++) CHECK_ERR(make_application(&x, "{\"displayName\":\"a\"}", &a), OK, "so many");
    CHECK_ERR(make_application(&x, "{\"displayName\":\"a\"}", &a), ERR_DIRECTORY_QUOTA, "and no more");
    act_as(&x, x.bob, AZ);
    CHECK_ERR(make_application(&x, "{\"displayName\":\"a\"}", &a), OK, "another user has a quota of his own");
}

TEST(an_application_of_a_user_takes_no_name_of_others)
{
    CLEANUP(stage_close) struct stage x;
    struct application                a;
    open_stage(&x, t);
    act_as(&x, x.ada, AZ);
    CHECK_OK(make_application(&x, "{\"displayName\":\"a\"}", &a));
    const struct { const char *uri; enum err want; } CASES[] = {
        {call_format(t->call, "api://%s", guid_text(a.app.g).s).at, OK},
        {call_format(t->call, "api://%s/orders", guid_text(x.s.product.tenant.g).s).at, OK},
        {"api://orders", ERR_CONTENT_INVALID},
        {"https://test.example/orders", ERR_CONTENT_INVALID},
        {"api://10000000-0000-0000-0000-000000000001", ERR_CONTENT_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body = call_format(t->call, "{\"identifierUris\":[\"%s\"]}", CASES[i].uri);
        CHECK_ERR(change(&x, a.id, body.at), CASES[i].want, CASES[i].uri);
    }
    act_as_operator(&x);
    CHECK_OK(change(&x, a.id, "{\"identifierUris\":[\"api://orders\"]}"));
    act_as(&x, x.ada, AZ);
    CHECK_ERR(change(&x, a.id, "{\"identifierUris\":[\"api://orders\"]}"), OK, "it stays what the operator gave");
}

// What a user registered acts for no other user, whatever its registration asks for; only the operator consents for all.
TEST(an_application_of_a_user_acts_for_its_owners_alone)
{
    CLEANUP(stage_close) struct stage x;
    struct application                a;
    str                               scopes, about;
    enum app_scope_answer             answer;
    const struct audience             cloud = {0};
    open_stage(&x, t);
    const struct { const char *row; bool by_operator, changed_by_operator; enum app_scope_answer ada, bob; } CASES[] = {
        {"registered by the operator", true, false, APP_SCOPES_GRANTED, APP_SCOPES_GRANTED},
        {"registered by Ada", false, false, APP_SCOPES_GRANTED, APP_SCOPES_NOT_CONSENTED},
        {"registered by Ada, then written by the operator", false, true, APP_SCOPES_GRANTED, APP_SCOPES_GRANTED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        act_as(&x, x.ada, AZ);
        if (CASES[i].by_operator) act_as_operator(&x);
        CHECK_OK(make_application(&x, "{\"displayName\":\"a\",\"isFallbackPublicClient\":true}", &a));
        if (CASES[i].changed_by_operator) act_as_operator(&x);
        if (CASES[i].changed_by_operator) CHECK_OK(change(&x, a.id, "{\"requiredResourceAccess\":[]}"));
        const struct app_client client = {applications_find(x.s.work.world->applications, a.id), a.app};
        CHECK_OK(app_scopes_of(t->call, x.s.work.world, &client, x.ada, &cloud, STR_NONE, &answer, &scopes, &about));
        CHECK_INT(answer, CASES[i].ada, CASES[i].row);
        CHECK_OK(app_scopes_of(t->call, x.s.work.world, &client, x.bob, &cloud, STR_NONE, &answer, &scopes, &about));
        CHECK_INT(answer, CASES[i].bob, CASES[i].row);
    }
    // An owner of what the operator registered takes the consent back by asking for something else.
    act_as_operator(&x);
    CHECK_OK(make_application(&x, "{\"displayName\":\"a\"}", &a));
    CHECK_OK(own(&x, &OP_OWNER_ADD, a.id.g, x.ada));
    act_as(&x, x.ada, AZ);
    CHECK_OK(change(&x, a.id, "{\"requiredResourceAccess\":[]}"));
    CHECK(applications_find(x.s.work.world->applications, a.id)->for_owners_only);
}
