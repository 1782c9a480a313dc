#include "core/random.h"
#include "endpoints/dialect/graph.h"
#include "endpoints/router.h"
#include "test_request.h"

extern const struct service SERVICE_GRAPH;

#define NOW_S   INT64_C(1741668435)
#define BASE    "https://graph.microsoft.com/v1.0"
#define ANNA    "00000000-0000-0000-0000-000000000020"
#define CREW    "00000000-0000-0000-0000-000000000022"
#define NOBODY  "00000000-0000-0000-0000-000000000099"
#define MACHINE "00000000-0000-0000-0000-0000000000a1"

static void fill_same(const struct random *r, uint8_t *out, size_t n)
{
    (void)r;
    memset(out, 0xAB, n);
}

static const struct random SAME = {fill_same};

struct graph_fixture {
    struct test_product s;
    struct test_request r;
};

static void put(struct graph_fixture *f, const struct principal *plain)
{
    struct test      *t = f->s.test;
    struct principal *made = NULL;
    CHECK_OK(principal_new(t->call, plain, &made));
    if (made) CHECK_OK(work_change(t->call, &f->s.work, STORE_PRINCIPAL, NULL, &made->ref));
}

static void graph_fixture_open(struct graph_fixture *f, struct test *t)
{
    *f = (struct graph_fixture){.r = {.service = &SERVICE_GRAPH, .host = S("graph.microsoft.com")}};
    test_product_open(&f->s, t);
    t->call->now_s = NOW_S;
    t->call->now_ns = NOW_S * NS_PER_S;
    t->call->random = &SAME;
    t->call->correlation_id = test_product_guid(0xCC);
    f->s.product.tenant_domain = S("test.example");
    put(f, &(struct principal){.id = {test_product_guid(0x20)},
                               .kind = PRINCIPAL_USER,
                               .name = S("Anna"),
                               .user_name = S("anna@test.example"),
                               .document = S("{\"jobTitle\":\"Cook\",\"businessPhones\":[\"1\"]}")});
    put(f, &(struct principal){.id = {test_product_guid(0x22)},
                               .kind = PRINCIPAL_GROUP,
                               .name = S("crew"),
                               .created_ns = NOW_S * NS_PER_S,
                               .document = S("{\"mailNickname\":\"crew\",\"description\":\"\\\"all\\\"\"}")});
    put(f, &(struct principal){.id = {test_product_guid(0x24)},
                               .kind = PRINCIPAL_MANAGED,
                               .name = S("vm"),
                               .app = {test_product_guid(0x25)},
                               .is_system_assigned = true,
                               .resource = S("/subscriptions/s/resourceGroups/g/providers/A.B/c/vm")});
    test_product_put_member(&f->s, (object_id){test_product_guid(0x22)}, (object_id){test_product_guid(0x20)});
    f->s.caller.id.g = test_product_guid(0x20);
    call_init(&f->r.x.call, NULL, NULL);
}

static void graph_fixture_close(struct graph_fixture *f)
{
    f->s.call->random = NULL;
    test_product_close(&f->s);
    test_request_clear(&f->r);
}

static int ask(struct graph_fixture *f, const char *line, const char *body)
{
    struct test_request *r = &f->r;
    if (test_request_run(f->s.call, &f->s, r, line, body) != OK) DIALECT_GRAPH.error(f->s.call, &f->s.work, &r->wire, &r->answer);
    DIALECT_GRAPH.headers(f->s.call, &r->wire, &r->answer);
    call_forgive(f->s.call);
    return r->answer.status;
}

// A request in a row of them: what it answers, to the letter. NULL: any body.
struct turn {
    const char *line, *body;
    int         status;
    const char *want;
};

static void play(struct graph_fixture *f, const struct turn *turns, size_t n)
{
    struct test *t = f->s.test;
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(ask(f, turns[i].line, turns[i].body), turns[i].status, turns[i].line);
        if (turns[i].want) CHECK_STR(buf_view(&f->r.answer.body), str_of(turns[i].want), turns[i].line);
    }
}

#define USER_PROPERTIES                                                                                                                            \
    "\"businessPhones\":[\"1\"],\"displayName\":\"Anna\",\"givenName\":null,\"jobTitle\":\"Cook\",\"mail\":null,\"mobilePhone\":null,"             \
    "\"officeLocation\":null,\"preferredLanguage\":null,\"surname\":null,\"userPrincipalName\":\"anna@test.example\",\"id\":\"" ANNA "\"}"
#define GROUP_PROPERTIES                                                                                                                           \
    "\"id\":\"" CREW "\",\"deletedDateTime\":null,\"classification\":null,\"createdDateTime\":\"2025-03-11T04:47:15Z\",\"creationOptions\":[],"    \
    "\"description\":\"\\\"all\\\"\",\"displayName\":\"crew\",\"expirationDateTime\":null,\"groupTypes\":[],\"isAssignableToRole\":null,"          \
    "\"mail\":null,\"mailEnabled\":false,\"mailNickname\":\"crew\",\"membershipRule\":null,\"membershipRuleProcessingState\":null,"                \
    "\"onPremisesSyncEnabled\":null,\"preferredDataLocation\":null,\"preferredLanguage\":null,\"proxyAddresses\":[],"                              \
    "\"renewedDateTime\":\"2025-03-11T04:47:15Z\",\"resourceBehaviorOptions\":[],\"resourceProvisioningOptions\":[],\"securityEnabled\":true,"     \
    "\"securityIdentifier\":\"S-1-12-1-0-0-0-570425344\",\"theme\":null,\"uniqueName\":null,\"visibility\":null,\"onPremisesProvisioningErrors\":[]}"

TEST(graph_answers_a_user_of_the_tenant_as_published)
{
    CLEANUP(graph_fixture_close) struct graph_fixture f;
    static const struct turn TURNS[] = {
        {"GET /v1.0/me", NULL, 200, "{\"@odata.context\":\"" BASE "/$metadata#users/$entity\"," USER_PROPERTIES},
        {"GET /v1.0/Users/ANNA@test.example", NULL, 200, "{\"@odata.context\":\"" BASE "/$metadata#users/$entity\"," USER_PROPERTIES},
        {"GET /beta/users/" ANNA "?$select=id,%20DISPLAYNAME", NULL, 200,
         "{\"@odata.context\":\"https://graph.microsoft.com/beta/$metadata#users(id,displayName)/$entity\",\"displayName\":\"Anna\",\"id\":\"" ANNA "\"}"},
        {"GET /v1.0/groups/" CREW, NULL, 200, "{\"@odata.context\":\"" BASE "/$metadata#groups/$entity\"," GROUP_PROPERTIES},
        {"GET /v1.0/directoryObjects/" ANNA, NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#directoryObjects/$entity\",\"@odata.type\":\"#microsoft.graph.user\"," USER_PROPERTIES},
        {"GET /v1.0/me/memberOf", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#directoryObjects\",\"value\":[{\"@odata.type\":\"#microsoft.graph.group\"," GROUP_PROPERTIES "]}"},
        {"GET /v1.0/groups/" CREW "/transitiveMembers?$select=id", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#directoryObjects(id)\",\"value\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"" ANNA "\"}]}"},
        {"GET /v1.0/groups/" CREW "/members/microsoft.graph.user?$select=id", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#users(id)\",\"value\":[{\"id\":\"" ANNA "\"}]}"},
        {"GET /v1.0/groups/" CREW "/transitiveMembers/Microsoft.Graph.ServicePrincipal", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals\",\"value\":[]}"},
        {"GET /v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#groups(id)\",\"value\":[{\"id\":\"" CREW "\"}]}"},
        {"POST /v1.0/me/getMemberGroups", "{\"securityEnabledOnly\":false}", 200,
         "{\"@odata.context\":\"" BASE "/$metadata#Collection(Edm.String)\",\"value\":[\"" CREW "\"]}"},
        {"POST /v1.0/users/anna@test.example/checkMemberGroups", "{\"groupIds\":[\"" CREW "\",\"" NOBODY "\",\"" CREW "\"]}", 200,
         "{\"@odata.context\":\"" BASE "/$metadata#Collection(Edm.String)\",\"value\":[\"" CREW "\"]}"},
        {"GET /v1.0/groups/" CREW "/memberOf", NULL, 200, "{\"@odata.context\":\"" BASE "/$metadata#directoryObjects\",\"value\":[]}"},
        {"GET /v1.0/groups/" CREW "/owners", NULL, 200, "{\"@odata.context\":\"" BASE "/$metadata#directoryObjects\",\"value\":[]}"},
        {"GET /v1.0/servicePrincipals?$top=1&$select=appId", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals(appId)\",\"@odata.nextLink\":\"" BASE
         "/servicePrincipals?$top=1&$select=appId&$skiptoken=q6urq6urq6urq6urPZj5WSbz3CFNDCCgszr2Qq_eFiEsedHFi_Karztkt6g\",\"value\":[{\"appId\":\"00000000-0000-0000-0000-000000000025\"}]}"},
        {"GET /v1.0/servicePrincipals?$top=1&$select=appId&$skiptoken=q6urq6urq6urq6urPZj5WSbz3CFNDCCgszr2Qq_eFiEsedHFi_Karztkt6g", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals(appId)\",\"@odata.nextLink\":\"" BASE
         "/servicePrincipals?$top=1&$select=appId&$skiptoken=q6urq6urq6urq6urPZj5WSbz3CFNDCCgszr2x-H2a3SKwBVbDHZbjsvlbuI\",\"value\":[{\"appId\":\"00000000-0000-0000-0000-0000000000a2\"}]}"},
        {"GET /v1.0/servicePrincipals?$top=1&$select=appId&$skiptoken=q6urq6urq6urq6urPZj5WSbz3CFNDCCgszr2x-H2a3SKwBVbDHZbjsvlbuI", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals(appId)\",\"value\":[{\"appId\":\"00000003-0000-0000-c000-000000000000\"}]}"},
    };
    graph_fixture_open(&f, t);
    play(&f, TURNS, COUNT(TURNS));
    CHECK_STR(f.r.answer.content_type, S("application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"),
              "type");
    CHECK(str_find_str(buf_view(&f.r.x.response.head), S("OData-Version: 4.0\r\n")) != STR_NOWHERE);
}

TEST(I1_graph_shows_a_managed_identity_as_published)
{
    CLEANUP(graph_fixture_close) struct graph_fixture f;
    static const struct turn TURNS[] = {
        {"GET /v1.0/servicePrincipals(appId='00000000-0000-0000-0000-000000000025')"
         "?$select=id,appId,displayName,servicePrincipalType,alternativeNames,servicePrincipalNames,keyCredentials,passwordCredentials,tags",
         NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals(id,appId,displayName,servicePrincipalType,alternativeNames,servicePrincipalNames,"
         "keyCredentials,passwordCredentials,tags)/$entity\",\"id\":\"00000000-0000-0000-0000-000000000024\","
         "\"alternativeNames\":[\"isExplicit=False\",\"/subscriptions/s/resourceGroups/g/providers/A.B/c/vm\"],"
         "\"appId\":\"00000000-0000-0000-0000-000000000025\",\"displayName\":\"vm\",\"servicePrincipalNames\":[\"00000000-0000-0000-0000-000000000025\","
         "\"https://identity.azure.net/+VGcNiBpWZutgIcqN4VzSlPfrkUzD8Wmzjv/xpidSIk=\"],\"servicePrincipalType\":\"ManagedIdentity\",\"tags\":[],"
         "\"keyCredentials\":[],\"passwordCredentials\":[]}"},
    };
    graph_fixture_open(&f, t);
    play(&f, TURNS, COUNT(TURNS));
}

#define REFUSED(code, message)                                                                                                                   \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\",\"innerError\":{\"date\":\"2025-03-11T04:47:15\",\"request-id\":"               \
    "\"00000000-0000-0000-0000-0000000000cc\",\"client-request-id\":\"00000000-0000-0000-0000-0000000000cc\"}}}"
#define DENIED REFUSED("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
#define ABSENT(what) \
    REFUSED("Request_ResourceNotFound", "Resource '" what "' does not exist or one of its queried reference-property objects are not present.")
#define GROUP_BODY "{\"displayName\":\"g\",\"mailEnabled\":false,\"mailNickname\":\"g\",\"securityEnabled\":true}"
#define REFERENCE  "{\"@odata.id\":\"" BASE "/directoryObjects/" MACHINE "\"}"

TEST(graph_refuses_a_user_in_the_published_words)
{
    CLEANUP(graph_fixture_close) struct graph_fixture f;
    static const struct turn TURNS[] = {
        {"GET /v1.0/users/" NOBODY, NULL, 404, ABSENT(NOBODY)},
        {"GET /v1.0/users/nobody@test.example", NULL, 404, ABSENT("nobody@test.example")},
        {"GET /v1.0/users/" CREW, NULL, 404, ABSENT(CREW)},
        {"GET /v1.0/groups/" ANNA, NULL, 404, ABSENT(ANNA)},
        {"GET /v1.0/groups/" ANNA "/members", NULL, 404, ABSENT(ANNA)},
        {"GET /v1.0/groups/crew", NULL, 400, REFUSED("Request_BadRequest", "Invalid object identifier 'crew'.")},
        {"GET /v1.0/groups/%7B" CREW "%7D", NULL, 400, NULL},
        {"GET /v1.0/servicePrincipals/" ANNA, NULL, 404, ABSENT(ANNA)},
        {"GET /v1.0/servicePrincipals(appId='" NOBODY "')", NULL, 404, ABSENT(NOBODY)},
        {"GET /v1.0/servicePrincipals(appId='')", NULL, 400, REFUSED("Request_BadRequest", "Invalid object identifier ''.")},
        {"GET /v1.0/servicePrincipals(id='" ANNA "')", NULL, 400, NULL},
        {"GET /v1.0/nonsense", NULL, 400, REFUSED("BadRequest", "Resource not found for the segment 'nonsense'.")},
        {"GET /v1.0/users/" ANNA "/nonsense", NULL, 400, REFUSED("BadRequest", "Resource not found for the segment 'nonsense'.")},
        {"GET /v1.0/groups/" CREW "/members/nonsense", NULL, 400, REFUSED("BadRequest", "Resource not found for the segment 'nonsense'.")},
        {"GET /v1.0/me/memberOf/microsoft.graph.user", NULL, 400, NULL}, // only groups have members
        {"GET /v1.0/groups/" CREW "/members/microsoft.graph.group?$filter=userPrincipalName%20eq%20'x'", NULL, 400, NULL},
        {"GET /v2.0/users", NULL, 400, REFUSED("BadRequest", "Invalid version: v2.0.")},
        {"GET /", NULL, 400, NULL},
        {"PUT /v1.0/users", "{}", 405, NULL},
        {"GET /v1.0/users?$top=1000", NULL, 400, REFUSED("Request_BadRequest", "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.")},
        {"GET /v1.0/users?$filter=accountEnabled%20ne%20true", NULL, 400,
         REFUSED("Request_UnsupportedQuery", "Unsupported property filter clause operator 'NotEqualsMatch'.")},
        {"GET /v1.0/users?$filter=", NULL, 400, NULL},
        {"GET /v1.0/me?$expand=manager", NULL, 400, REFUSED("Request_UnsupportedQuery", "The query option '$expand' is not supported here.")},
        {"GET /v1.0/me?$select=nonsense", NULL, 400,
         REFUSED("Request_BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'nonsense'.")},
        {"GET /v1.0/users/$count", NULL, 400, REFUSED("Request_UnsupportedQuery", "$count is not currently supported.")},
        {"POST /v1.0/me/getMemberGroups", NULL, 400, NULL},
        {"POST /v1.0/me/getMemberGroups", "{\"securityEnabledOnly\":\"yes\"}", 400, NULL},
        {"POST /v1.0/me/checkMemberGroups", "{\"groupIds\":{}}", 400, NULL},
        {"POST /v1.0/directoryObjects/getByIds", "[]", 400, NULL},
        {"POST /v1.0/groups", GROUP_BODY, 403, DENIED},
        {"PATCH /v1.0/users/" ANNA, "{\"displayName\":\"Root\"}", 403, DENIED},
        {"DELETE /v1.0/users/" ANNA, NULL, 403, DENIED},
        {"DELETE /v1.0/directoryObjects/" CREW, NULL, 403, DENIED},
        {"POST /v1.0/groups/" CREW "/members/$ref", REFERENCE, 403, DENIED},
        {"DELETE /v1.0/groups/" CREW "/members/" ANNA "/$ref", NULL, 403, DENIED},
    };
    graph_fixture_open(&f, t);
    play(&f, TURNS, COUNT(TURNS));
}

TEST(graph_tells_an_application_nothing)
{
    CLEANUP(graph_fixture_close) struct graph_fixture f;
    static const struct turn TURNS[] = {
        {"GET /v1.0/users", NULL, 403, DENIED},
        {"GET /v1.0/users/" NOBODY, NULL, 403, DENIED},
        {"GET /v1.0/groups/" CREW "/members", NULL, 403, DENIED},
        {"GET /v1.0/servicePrincipals/" MACHINE, NULL, 403, DENIED}, // itself
        {"POST /v1.0/servicePrincipals/" MACHINE "/getMemberGroups", "{\"securityEnabledOnly\":true}", 403, DENIED},
        {"POST /v1.0/directoryObjects/getByIds", "{\"ids\":[]}", 403, DENIED},
        {"GET /v1.0/nonsense", NULL, 403, DENIED},
        {"POST /v1.0/groups", GROUP_BODY, 403, DENIED},
        {"DELETE /v1.0/users/" NOBODY, NULL, 403, DENIED},
        {"GET /v1.0/me", NULL, 400, REFUSED("BadRequest", "/me request is only valid with delegated authentication flow.")},
        {"GET /beta/me/memberOf", NULL, 400, NULL},
    };
    graph_fixture_open(&f, t);
    f.s.caller.id.g = test_product_guid(0xA1);
    play(&f, TURNS, COUNT(TURNS));
}

TEST(graph_obeys_the_operator)
{
    CLEANUP(graph_fixture_close) struct graph_fixture f;
    static const struct turn TURNS[] = {
        {"POST /v1.0/groups", GROUP_BODY, 201, NULL},
        {"POST /v1.0/groups/" CREW "/members/$ref", REFERENCE, 204, ""},
        {"POST /v1.0/groups/" CREW "/members/$ref", REFERENCE, 400,
         REFUSED("Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")},
        {"DELETE /v1.0/groups/" CREW "/members/" MACHINE "/$ref", NULL, 204, ""},
        {"DELETE /v1.0/groups/" CREW "/members/" MACHINE "/$ref", NULL, 404, ABSENT(MACHINE)},
        {"PATCH /v1.0/groups/" CREW, "{\"displayName\":\"new\"}", 204, ""},
        {"GET /v1.0/groups/" CREW "?$select=displayName", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#groups(displayName)/$entity\",\"displayName\":\"new\"}"},
        {"DELETE /v1.0/groups/" CREW, NULL, 204, ""},
        {"GET /v1.0/groups/" CREW, NULL, 404, ABSENT(CREW)},
        {"DELETE /v1.0/servicePrincipals/" MACHINE, NULL, 403, DENIED},
        {"PATCH /v1.0/servicePrincipals/" MACHINE, "{\"displayName\":\"x\"}", 403, DENIED},
    };
    graph_fixture_open(&f, t);
    f.s.caller.is_local_operator = true;
    play(&f, TURNS, COUNT(TURNS));
    CHECK_INT(ask(&f, "POST /v1.0/groups", GROUP_BODY), 201, "made");
    CHECK(str_find_str(buf_view(&f.r.x.response.head),
                       S("Location: https://graph.microsoft.com/v2/00000000-0000-0000-0000-000000000010/directoryObjects/")) != STR_NOWHERE);
}
