#include "core/random.h"
#include "endpoints/dialect/graph.h"
#include "endpoints/router.h"
#include "test_product.h"

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

// What the router does between a request and its answer, on a test product, without a connection. The caller is a user, Anna.
struct desk {
    struct test_product  s;
    struct http_exchange x;
    struct wire          wire;
    struct answer        answer;
};

static void put(struct desk *d, const struct principal *plain)
{
    struct test      *t = d->s.test;
    struct principal *made = NULL;
    CHECK_OK(principal_new(t->call, plain, &made));
    if (made) CHECK_OK(work_change(t->call, &d->s.work, STORE_PRINCIPAL, NULL, &made->ref));
}

static void desk_open(struct desk *d, struct test *t)
{
    *d = (struct desk){0};
    test_product_open(&d->s, t);
    t->call->now_s = NOW_S;
    t->call->now_ns = NOW_S * NS_PER_S;
    t->call->random = &SAME;
    t->call->correlation_id = test_product_guid(0xCC);
    d->s.product.tenant_domain = S("test.example");
    put(d, &(struct principal){.id = {test_product_guid(0x20)},
                               .kind = PRINCIPAL_USER,
                               .name = S("Anna"),
                               .user_name = S("anna@test.example"),
                               .document = S("{\"jobTitle\":\"Cook\",\"businessPhones\":[\"1\"]}")});
    put(d, &(struct principal){.id = {test_product_guid(0x22)},
                               .kind = PRINCIPAL_GROUP,
                               .name = S("crew"),
                               .created_ns = NOW_S * NS_PER_S,
                               .document = S("{\"mailNickname\":\"crew\",\"description\":\"\\\"all\\\"\"}")});
    put(d, &(struct principal){.id = {test_product_guid(0x24)},
                               .kind = PRINCIPAL_MANAGED,
                               .name = S("vm"),
                               .app = {test_product_guid(0x25)},
                               .is_system_assigned = true,
                               .resource = S("/subscriptions/s/resourceGroups/g/providers/A.B/c/vm")});
    test_product_put_member(&d->s, (object_id){test_product_guid(0x22)}, (object_id){test_product_guid(0x20)});
    d->s.caller.id.g = test_product_guid(0x20);
    call_init(&d->x.call, NULL, NULL);
}

static void desk_close(struct desk *d)
{
    d->s.call->random = NULL;
    test_product_close(&d->s);
    call_clear(&d->x.call);
}

static enum err handle(struct desk *d)
{
    struct call *c = d->s.call;
    TRY(route_find(c, &SERVICE_GRAPH, d->x.request.method, d->x.request.path, &d->wire, &d->wire.route));
    TRY(http_read_fields(c, d->x.request.query, &d->wire.query, &d->wire.query_n));
    TRY(SERVICE_GRAPH.before(c, &d->s.work, &d->wire));
    d->s.work.decided.op = NULL; // each request is a work of its own
    TRY(permit_ask(c, &d->s.work, &d->wire));
    return d->wire.route->handler(c, &d->s.work, &d->wire, &d->answer);
}

static enum http_method method_of(str text)
{
    static const str NAMES[] = {[HTTP_GET] = S_INIT("GET"), [HTTP_HEAD] = S_INIT("HEAD"),   [HTTP_POST] = S_INIT("POST"),
                                [HTTP_PUT] = S_INIT("PUT"), [HTTP_PATCH] = S_INIT("PATCH"), [HTTP_DELETE] = S_INIT("DELETE")};
    return (enum http_method)str_index_nocase(NAMES, COUNT(NAMES), text);
}

static int ask(struct desk *d, const char *line, const char *body)
{
    str target = str_of(line), method, path;
    str_cut(&target, ' ', &method);
    d->x.request = (struct http_request){
        .method = method_of(method), .method_text = method, .target = target, .body = str_of(body), .host = S("graph.microsoft.com"), .secure = true};
    str_cut(&target, '?', &path);
    d->x.request.path = path;
    d->x.request.query = target;
    d->wire = (struct wire){.http = &d->x.request, .service = &SERVICE_GRAPH, .product = &d->s.product, .row = 0};
    d->answer = (struct answer){.x = &d->x, .body = {.arena = &d->x.call.arena}};
    buf_init(&d->x.response.head, &d->x.call.arena);
    if (handle(d) != OK) DIALECT_GRAPH.error(d->s.call, &d->s.work, &d->wire, &d->answer);
    DIALECT_GRAPH.headers(d->s.call, &d->wire, &d->answer);
    call_forgive(d->s.call);
    return d->answer.status;
}

// A request in a row of them: what it answers, to the letter. NULL: any body.
struct turn {
    const char *line, *body;
    int         status;
    const char *want;
};

static void play(struct desk *d, const struct turn *turns, size_t n)
{
    struct test *t = d->s.test;
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(ask(d, turns[i].line, turns[i].body), turns[i].status, turns[i].line);
        if (turns[i].want) CHECK_STR(buf_view(&d->answer.body), str_of(turns[i].want), turns[i].line);
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
    CLEANUP(desk_close) struct desk d;
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
         "/servicePrincipals?$top=1&$select=appId&$skiptoken=89ZdVzd3Jk5uCZxgAAAAAAAAAAAAAAAAAAAAJA\",\"value\":[{\"appId\":\"00000000-0000-0000-0000-000000000025\"}]}"},
        {"GET /v1.0/servicePrincipals?$top=1&$select=appId&$skiptoken=89ZdVzd3Jk5uCZxgAAAAAAAAAAAAAAAAAAAAJA", NULL, 200,
         "{\"@odata.context\":\"" BASE "/$metadata#servicePrincipals(appId)\",\"value\":[{\"appId\":\"00000000-0000-0000-0000-0000000000a2\"}]}"},
    };
    desk_open(&d, t);
    play(&d, TURNS, COUNT(TURNS));
    CHECK_STR(d.answer.content_type, S("application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"), "type");
    CHECK(str_find_str(buf_view(&d.x.response.head), S("OData-Version: 4.0\r\n")) != STR_NOWHERE);
}

TEST(I1_graph_shows_a_managed_identity_as_published)
{
    CLEANUP(desk_close) struct desk d;
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
    desk_open(&d, t);
    play(&d, TURNS, COUNT(TURNS));
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
    CLEANUP(desk_close) struct desk d;
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
    desk_open(&d, t);
    play(&d, TURNS, COUNT(TURNS));
}

TEST(graph_tells_an_application_nothing)
{
    CLEANUP(desk_close) struct desk d;
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
    desk_open(&d, t);
    d.s.caller.id.g = test_product_guid(0xA1);
    play(&d, TURNS, COUNT(TURNS));
}

TEST(graph_obeys_the_operator)
{
    CLEANUP(desk_close) struct desk d;
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
    desk_open(&d, t);
    d.s.caller.is_local_operator = true;
    play(&d, TURNS, COUNT(TURNS));
    CHECK_INT(ask(&d, "POST /v1.0/groups", GROUP_BODY), 201, "made");
    CHECK(str_find_str(buf_view(&d.x.response.head),
                       S("Location: https://graph.microsoft.com/v2/00000000-0000-0000-0000-000000000010/directoryObjects/")) != STR_NOWHERE);
}
