// The token service over sockets: what clients and verifiers read before they trust a token, and every refusal.
#include "core/b64.h"
#include "test_server.h"

#define LOGIN  "login.microsoftonline.com"
#define NOBODY "99999999-9999-9999-9999-999999999999"

static struct reply send_to(struct test_server *server, uint16_t port, const char *host, const char *request_line, const char *headers,
                            const char *body)
{
    struct test *t = server->t;
    return test_server_ask(
        server, port,
        call_format(t->call, "%s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n%s", request_line, host, headers, strlen(body), body));
}

static struct reply get(struct test_server *server, uint16_t port, const char *target)
{
    struct test *t = server->t;
    return test_server_ask(server, port, call_format(t->call, "GET %s HTTP/1.1\r\nHost: " LOGIN "\r\n\r\n", target));
}

static str text_of(const struct reply *r, const char *name)
{
    return json_get_str(r->json, str_of(name));
}

// F3 begins here: the documents of both versions, by every name of the tenant.
TEST(login_discovery_says_where_everything_is)
{
    static const struct { const char *target, *name, *want; } CASES[] = {
#define V2 "/v2.0/.well-known/openid-configuration"
#define V1 "/.well-known/openid-configuration"
#define AT "https://" LOGIN "/" TEST_SERVER_TENANT
        {"/" TEST_SERVER_TENANT V2, "issuer", AT "/v2.0"},
        {"/" TEST_SERVER_TENANT V2, "authorization_endpoint", AT "/oauth2/v2.0/authorize"},
        {"/" TEST_SERVER_TENANT V2, "token_endpoint", AT "/oauth2/v2.0/token"},
        {"/" TEST_SERVER_TENANT V2, "device_authorization_endpoint", AT "/oauth2/v2.0/devicecode"},
        {"/" TEST_SERVER_TENANT V2, "end_session_endpoint", AT "/oauth2/v2.0/logout"},
        {"/" TEST_SERVER_TENANT V2, "jwks_uri", AT "/discovery/v2.0/keys"},
        {"/" TEST_SERVER_TENANT V2, "cloud_instance_name", "microsoftonline.com"},
        {"/" TEST_SERVER_TENANT V2, "msgraph_host", "graph.microsoft.com"},
        {"/" TEST_SERVER_TENANT V1, "issuer", "https://sts.windows.net/" TEST_SERVER_TENANT "/"},
        {"/" TEST_SERVER_TENANT V1, "token_endpoint", AT "/oauth2/token"},
        {"/" TEST_SERVER_TENANT V1, "authorization_endpoint", AT "/oauth2/authorize"},
        {"/" TEST_SERVER_TENANT V1, "jwks_uri", AT "/discovery/keys"},
        {"/" TEST_SERVER_DOMAIN V2, "issuer", AT "/v2.0"},
        {"/" TEST_SERVER_DOMAIN V2, "token_endpoint", AT "/oauth2/v2.0/token"},
        {"/LANYARD.localhost" V1, "issuer", "https://sts.windows.net/" TEST_SERVER_TENANT "/"},
        {"/common" V2, "issuer", "https://" LOGIN "/{tenantid}/v2.0"},
        {"/common" V2, "token_endpoint", "https://" LOGIN "/common/oauth2/v2.0/token"},
        {"/organizations" V2, "jwks_uri", "https://" LOGIN "/organizations/discovery/v2.0/keys"},
        {"/common" V1, "issuer", "https://sts.windows.net/{tenantid}/"},
        {"/Common/V2.0/.well-known/OpenID-Configuration", "token_endpoint", "https://" LOGIN "/common/oauth2/v2.0/token"},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct reply r = get(&server, port, CASES[i].target);
        CHECK_INT(r.status, 200, CASES[i].target);
        CHECK_STR(text_of(&r, CASES[i].name), str_of(CASES[i].want), CASES[i].target);
        CHECK_STR(reply_header(&r, "Cache-Control"), S("max-age=86400, private"), CASES[i].target);
        CHECK_STR(json_str(json_at(json_get(r.json, S("id_token_signing_alg_values_supported")), 0)), S("RS256"), CASES[i].target);
    }
    test_server_end(&server);
}

// The document of the issuer's own host: whoever has only a token begins there.
TEST(login_discovery_answers_for_the_issuer)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t     port = test_server_router(&server);
    struct reply r = send_to(&server, port, "sts.windows.net", "GET /" TEST_SERVER_TENANT V1, "", "");
    CHECK_STR(text_of(&r, "issuer"), S("https://sts.windows.net/" TEST_SERVER_TENANT "/"), "issuer");
    r = send_to(&server, port, "login.windows.net", "GET /" TEST_SERVER_TENANT V2, "", "");
    CHECK_INT(r.status, 200, "the other name");
    r = send_to(&server, port, "localhost:8443", "GET /common" V2, "", "");
    CHECK_INT(r.status, 200, "this machine");
    r = send_to(&server, port, "login.microsoftonline.com.evil.test", "GET /common" V2, "", "");
    CHECK_INT(r.status, 421, "a name that is not ours");
    test_server_end(&server);
}

TEST(login_keys_are_those_of_the_ring)
{
    static const struct { const char *target; bool has_issuer; } CASES[] = {
        {"/" TEST_SERVER_TENANT "/discovery/v2.0/keys", true}, {"/common/discovery/v2.0/keys", true},     {"/" TEST_SERVER_DOMAIN "/discovery/v2.0/keys", true},
        {"/" TEST_SERVER_TENANT "/discovery/keys", false},     {"/organizations/discovery/keys", false},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t              port = test_server_router(&server);
    const struct keyring *ring = server.product.keyring;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct reply       r = get(&server, port, CASES[i].target);
        const struct json *keys = json_get(r.json, S("keys"));
        CHECK_INT(r.status, 200, CASES[i].target);
        CHECK_STR(reply_header(&r, "Cache-Control"), S("max-age=86400, private"), CASES[i].target);
        CHECK_INT(json_n(keys), keyring_n(ring), CASES[i].target);
        for (size_t k = 0; k < json_n(keys); k++) {
            CHECK_STR(json_get_str(json_at(keys, k), S("kid")), keyring_at(ring, k)->kid, CASES[i].target);
            CHECK_STR(json_get_str(json_at(keys, k), S("issuer")), CASES[i].has_issuer ? S("https://" LOGIN "/{tenantid}/v2.0") : STR_NONE,
                      CASES[i].target);
        }
        CHECK_ROW(str_find_str(r.body, S("PRIVATE")) == STR_NOWHERE && str_find_str(r.body, S("\"d\"")) == STR_NOWHERE, CASES[i].target);
    }
    test_server_end(&server);
}

// T8: a rotation is seen at the next fetch, the retired key still among the others.
TEST(login_keys_follow_a_rotation)
{
    struct test_server server;
    struct keyring    *before, *turned = NULL;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    before = server.product.keyring;
    keyring_take(before);
    CHECK_OK(keyring_rotate(t->call, before, TOKEN_LIFETIME_S, &turned));
    product_keyring_put(&server.product, turned);
    struct reply r = get(&server, port, "/common/discovery/v2.0/keys");
    CHECK_INT(json_n(json_get(r.json, S("keys"))), 2, "keys");
    CHECK(str_find_str(r.body, keyring_at(before, 0)->kid) != STR_NOWHERE);
    test_server_end(&server);
    keyring_drop(before);
}

#define INSTANCE "/common/discovery/instance?api-version=1.1&authorization_endpoint="

TEST(login_instance_discovery_knows_its_own_names)
{
    static const struct { const char *endpoint, *discovery; } CASES[] = {
        {"https://" LOGIN "/common/oauth2/v2.0/authorize", "https://" LOGIN "/common/v2.0/.well-known/openid-configuration"},
        {"https%3A%2F%2F" LOGIN "%2F" TEST_SERVER_TENANT "%2Foauth2%2Fv2.0%2Fauthorize", "https://" LOGIN "/" TEST_SERVER_TENANT "/v2.0/.well-known/openid-configuration"},
        {"https://login.windows.net/common/oauth2/authorize", "https://login.windows.net/common/.well-known/openid-configuration"},
        {"https://login.microsoft.com/common/oauth2/v2.0/authorize", "https://login.microsoft.com/common/v2.0/.well-known/openid-configuration"},
        {"https://sts.windows.net/" TEST_SERVER_TENANT "/oauth2/authorize", "https://sts.windows.net/" TEST_SERVER_TENANT "/.well-known/openid-configuration"},
        {"https://localhost:8443/" TEST_SERVER_TENANT "/oauth2/v2.0/authorize", "https://localhost:8443/" TEST_SERVER_TENANT "/v2.0/.well-known/openid-configuration"},
    };
    static const char *const ALIASES[] = {LOGIN, "login.windows.net", "login.microsoft.com", "sts.windows.net"};
    struct test_server       server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str                target = call_format(t->call, INSTANCE "%s", CASES[i].endpoint);
        struct reply       r = get(&server, port, target.at);
        const struct json *first = json_at(json_get(r.json, S("metadata")), 0);
        CHECK_INT(r.status, 200, CASES[i].endpoint);
        CHECK_STR(text_of(&r, "tenant_discovery_endpoint"), str_of(CASES[i].discovery), CASES[i].endpoint);
        CHECK_STR(json_get_str(first, S("preferred_network")), S(LOGIN), CASES[i].endpoint);
        CHECK_INT(json_n(json_get(first, S("aliases"))), COUNT(ALIASES), CASES[i].endpoint);
        for (size_t k = 0; k < COUNT(ALIASES); k++)
            CHECK_STR(json_str(json_at(json_get(first, S("aliases")), k)), str_of(ALIASES[k]), CASES[i].endpoint);
        CHECK_ROW((json_n(json_get(r.json, S("metadata"))) == 2) == str_contains_nocase(target, S("localhost")), CASES[i].endpoint);
    }
    test_server_end(&server);
}

TEST(login_user_realm_tells_our_users_from_strangers)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t     port = test_server_router(&server);
    struct reply r = get(&server, port, "/common/userrealm/operator@" TEST_SERVER_DOMAIN "?api-version=1.0");
    CHECK_STR(text_of(&r, "account_type"), S("Managed"), "ours");
    CHECK_STR(text_of(&r, "domain_name"), S(TEST_SERVER_DOMAIN), "ours");
    CHECK_STR(text_of(&r, "cloud_audience_urn"), S("urn:federation:MicrosoftOnline"), "ours");
    CHECK_STR(text_of(&r, "cloud_instance_name"), S("microsoftonline.com"), "ours");
    r = get(&server, port, "/common/UserRealm/operator%40LANYARD.localhost?api-version=1.0");
    CHECK_STR(text_of(&r, "account_type"), S("Managed"), "escaped, in another case");
    r = get(&server, port, "/common/userrealm/a@example.com?api-version=1.0");
    CHECK_STR(text_of(&r, "account_type"), S("Unknown"), "a stranger");
    CHECK(!json_get(r.json, S("domain_name")));
    r = get(&server, port, "/common/userrealm/nobody?api-version=1.0");
    CHECK_STR(text_of(&r, "account_type"), S("Unknown"), "no address");
    test_server_end(&server);
}

// The whole shape of a refusal, as reference-error-codes has it.
static void check_refusal(struct test_server *server, const struct reply *r, int status, int code, const char *error, const char *row)
{
    struct test *t = server->t;
    str          description = text_of(r, "error_description"), trace = text_of(r, "trace_id");
    guid         id;
    CHECK_INT(r->status, status, row);
    CHECK_STR(text_of(r, "error"), str_of(error), row);
    CHECK_INT(json_n(json_get(r->json, S("error_codes"))), 1, row);
    CHECK_ROW(json_is(json_at(json_get(r->json, S("error_codes")), 0), JSON_IS_INT), row);
    CHECK_INT(json_at(json_get(r->json, S("error_codes")), 0) ? json_at(json_get(r->json, S("error_codes")), 0)->u.integer : 0, code, row);
    CHECK_ROW(str_starts(description, call_format(t->call, "AADSTS%d: ", code)), row);
    CHECK_ROW(guid_parse(trace, &id) && guid_parse(text_of(r, "correlation_id"), &id), row);
    CHECK_ROW(str_ends(description, call_format(t->call, " Trace ID: %.*s Correlation ID: %.*s Timestamp: %.*s", PSTR(trace),
                                                PSTR(text_of(r, "correlation_id")), PSTR(text_of(r, "timestamp")))),
              row);
    CHECK_STR(reply_header(r, "x-ms-request-id"), trace, row);
    CHECK_STR(reply_header(r, "Cache-Control"), S("no-store, no-cache"), row);
    CHECK_STR(reply_header(r, "Content-Type"), S("application/json; charset=utf-8"), row);
    CHECK_STR(text_of(r, "error_uri"), call_format(t->call, "https://" LOGIN "/error?code=%d", code), row);
    CHECK_INT(text_of(r, "timestamp").n, 20, row);
}

TEST(login_documents_refuse_unknown_tenants)
{
    static const struct { const char *target; int status, code; const char *error; } CASES[] = {
        {"/" NOBODY V2, 400, 90002, "invalid_tenant"},
        {"/" NOBODY V1, 400, 90002, "invalid_tenant"},
        {"/example.com" V2, 400, 90002, "invalid_tenant"},
        {"/consumers" V2, 400, 90002, "invalid_tenant"},
        {"/nonsense" V2, 400, 900023, "invalid_request"},
        {"/not%20a%20domain.com" V2, 400, 900023, "invalid_request"},
        {"/-%22.%3Cb%3E" V2, 400, 900023, "invalid_request"},
        {"/" NOBODY "/discovery/v2.0/keys", 400, 90002, "invalid_tenant"},
        {"/x/discovery/keys", 400, 900023, "invalid_request"},
        {"/common/discovery/instance?api-version=1.1", 400, 90014, "invalid_request"},
        {INSTANCE "https://login.evil.test/common/oauth2/v2.0/authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "https://" LOGIN ".evil.test/common/oauth2/v2.0/authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "http://" LOGIN "/common/oauth2/v2.0/authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "https://management.azure.com/common/oauth2/v2.0/authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "https://" LOGIN, 400, 50049, "invalid_instance"},
        {INSTANCE "https://" LOGIN "//authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "https://" LOGIN "/%22%3E/oauth2/authorize", 400, 50049, "invalid_instance"},
        {INSTANCE "nonsense", 400, 50049, "invalid_instance"},
        {INSTANCE "%zz", 400, 90013, "invalid_request"},
        {"/common/nothing/here", 404, 90013, "invalid_request"},
        {"/", 404, 90013, "invalid_request"},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct reply r = get(&server, port, CASES[i].target);
        check_refusal(&server, &r, CASES[i].status, CASES[i].code, CASES[i].error, CASES[i].target);
    }
    test_server_end(&server);
}

#define FORM    "Content-Type: application/x-www-form-urlencoded\r\n"
#define TOKEN_2 "POST /" TEST_SERVER_TENANT "/oauth2/v2.0/token"
#define TOKEN_1 "POST /" TEST_SERVER_TENANT "/oauth2/token"
#define GRANT   "grant_type=client_credentials"
#define SCOPE   "&scope=https%3A%2F%2Fvault.azure.net%2F.default"
#define APP     "&client_id=" TEST_SERVER_APP
#define ASSERT  "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c"

TEST(login_token_endpoints_say_what_is_wrong)
{
    static const struct { const char *request, *body; int status, code; const char *error, *says; } CASES[] = {
        {TOKEN_2, "", 400, 900144, "invalid_request", "'grant_type'"},
        {TOKEN_2, "grant_type=", 400, 900144, "invalid_request", "'grant_type'"},
        {TOKEN_2, "{\"grant_type\":\"client_credentials\"}", 400, 900144, "invalid_request", "'grant_type'"},
        {TOKEN_2, "grant_type=user_fic&client_id=x", 400, 70003, "unsupported_grant_type", "'user_fic'"},
        {TOKEN_2, "grant_type=Client_Credentials&client_id=x", 400, 70003, "unsupported_grant_type", "'Client_Credentials'"},
        {TOKEN_2, GRANT, 400, 900144, "invalid_request", "'client_id'"},
        {TOKEN_2, GRANT "&client_id=x", 400, 900144, "invalid_request", "'scope'"},
        {TOKEN_1, GRANT "&client_id=x" SCOPE, 400, 900144, "invalid_request", "'resource'"},
        {TOKEN_2, GRANT "&client_id=x&scope=https://vault.azure.net", 400, 1002012, "invalid_scope", "https://vault.azure.net"},
        {TOKEN_2, GRANT "&client_id=x&scope=/.default", 400, 1002012, "invalid_scope", "/.default"},
        {TOKEN_2, GRANT "&client_id=x&scope=openid+profile", 400, 70011, "invalid_scope", "openid profile"},
        {TOKEN_2, GRANT "&client_id=x&scope=https://a/.default+https://b/.default", 400, 70011, "invalid_scope", "https://a/.default"},
        {TOKEN_2, GRANT "&client_id=x&client_id=y" SCOPE, 400, 9000411, "invalid_request", "'client_id'"},
        {TOKEN_2, "grant_type=%zz", 400, 90013, "invalid_request", ""},
        // nobody we know: whatever they bring along
        {TOKEN_2, GRANT "&client_id=x" SCOPE, 400, 700016, "unauthorized_client", "'x' was not found in the directory 'Lanyard'"},
        {TOKEN_2, GRANT "&client_id=" NOBODY SCOPE "+openid+offline_access+profile", 400, 700016, "unauthorized_client", NOBODY},
        {TOKEN_1, GRANT "&client_id=" NOBODY "&resource=https://vault.azure.net&client_secret=s3cret", 400, 700016, "unauthorized_client", NOBODY},
        {TOKEN_2, GRANT "&client_id=" NOBODY SCOPE ASSERT, 400, 700016, "unauthorized_client", NOBODY},
        {TOKEN_2, "grant_type=refresh_token&refresh_token=r&client_id=" NOBODY, 400, 700016, "unauthorized_client", NOBODY},
        // I1: a managed identity cannot come here
        {TOKEN_2, GRANT "&client_id=c0000000-0000-0000-0000-000000000003&client_secret=x" SCOPE, 400, 700016, "unauthorized_client", "c0000000"},
        {TOKEN_2, GRANT "&client_id=c0000000-0000-0000-0000-000000000003" SCOPE ASSERT, 401, 50027, "invalid_client", ""},
        // an application that we know, and that has no credential
        {TOKEN_2, GRANT APP SCOPE, 401, 7000218, "invalid_client", "'client_assertion' or 'client_secret'"},
        {TOKEN_2, GRANT APP SCOPE "&client_secret=s3cret", 401, 7000215, "invalid_client", TEST_SERVER_APP},
        {TOKEN_1, GRANT APP "&resource=https://vault.azure.net&client_secret=s3cret", 401, 7000215, "invalid_client", TEST_SERVER_APP},
        {TOKEN_2, GRANT APP SCOPE ASSERT, 401, 50027, "invalid_client", ""},
        {TOKEN_2, GRANT APP SCOPE "&client_assertion=a.b.c", 401, 50027, "invalid_client", ""},
        {TOKEN_2, "grant_type=refresh_token" APP, 400, 900144, "invalid_request", "'refresh_token'"},
        {TOKEN_2, "grant_type=refresh_token&refresh_token=r" APP, 400, 70000, "invalid_grant", ""},
        {TOKEN_2, "grant_type=authorization_code&code=c" APP, 400, 70003, "unsupported_grant_type", "'authorization_code'"},
        {TOKEN_2, "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=d" APP, 400, 70018, "bad_verification_code", ""},
        {TOKEN_1, "grant_type=device_code&code=d" APP, 400, 70018, "bad_verification_code", ""},
        {TOKEN_2, "grant_type=device_code&device_code=d" APP, 400, 70018, "bad_verification_code", ""}, // as MSAL for Node.js sends it
        {TOKEN_1, "grant_type=device_code" APP, 400, 900144, "invalid_request", "'device_code'"},
        {TOKEN_2, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c" SCOPE APP, 400, 900144, "invalid_request", "'requested_token_use'"},
        {TOKEN_2, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&requested_token_use=on_behalf_of&assertion=a.b.c" SCOPE APP, 401, 7000218, "invalid_client", ""},
        {TOKEN_2, "grant_type=password&username=u" SCOPE APP, 400, 900144, "invalid_request", "'password'"},
        {TOKEN_2, "grant_type=password&username=u@x.y&password=p" SCOPE APP, 400, 50034, "invalid_grant", "the Lanyard directory"},
        {TOKEN_2, "grant_type=password&username=" TEST_SERVER_USER "&password=p" SCOPE APP, 400, 50126, "invalid_grant", ""},
        // the tenant
        {"POST /common/oauth2/v2.0/token", GRANT "&client_id=x" SCOPE, 400, 700016, "unauthorized_client", "'x'"},
        {"POST /" NOBODY "/oauth2/v2.0/token", GRANT "&client_id=x" SCOPE, 400, 90002, "invalid_request", NOBODY},
        {"POST /nonsense/oauth2/v2.0/token", GRANT "&client_id=x" SCOPE, 400, 900023, "invalid_request", "'nonsense'"},
        {TOKEN_2 "?client-request-id=" NOBODY, GRANT, 400, 900144, "invalid_request", NOBODY}, // the correlation id
        // the verb
        {"GET /" TEST_SERVER_TENANT "/oauth2/v2.0/token", "", 400, 900561, "invalid_request", "only accepts POST, OPTIONS requests. Received a GET request."},
        {"PUT /" TEST_SERVER_TENANT "/oauth2/token", "", 400, 900561, "invalid_request", "Received a PUT request."},
        {"POST /common" V2, "", 400, 900561, "invalid_request", "only accepts GET, OPTIONS requests."},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char  *row = CASES[i].body;
        struct reply r = send_to(&server, port, LOGIN, CASES[i].request, FORM, row);
        check_refusal(&server, &r, CASES[i].status, CASES[i].code, CASES[i].error, row);
        CHECK_ROW(str_find_str(text_of(&r, "error_description"), str_of(CASES[i].says)) != STR_NOWHERE, row);
        CHECK_ROW(str_find_str(r.body, S("s3cret")) == STR_NOWHERE && !json_get(r.json, S("access_token")), row); // T9
    }
    test_server_end(&server);
}

TEST(login_token_reads_basic_credentials)
{
    static const struct { const char *basic; int code; const char *error; int status; } CASES[] = {
        {TEST_SERVER_APP ":s3cret", 7000215, "invalid_client", 401},
        {NOBODY ":s3cret", 700016, "unauthorized_client", 400},
        {":", 900144, "invalid_request", 400},
        {"no colon", 900144, "invalid_request", 400},
        {"%zz:x", 900144, "invalid_request", 400},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buf b;
        buf_init(&b, &t->call->arena);
        buf_add(&b, S(FORM "Authorization: Basic "));
        b64_add(&b, str_bytes(str_of(CASES[i].basic)));
        buf_add(&b, S("\r\n"));
        struct reply r = send_to(&server, port, LOGIN, TOKEN_2, call_zstr(t->call, buf_view(&b)), GRANT SCOPE);
        check_refusal(&server, &r, CASES[i].status, CASES[i].code, CASES[i].error, CASES[i].basic);
    }
    struct reply r = send_to(&server, port, LOGIN, TOKEN_2, FORM "Authorization: Basic !!!\r\n", GRANT SCOPE);
    check_refusal(&server, &r, 400, 900144, "invalid_request", "not base64");
    test_server_end(&server);
}

TEST(login_echoes_the_clients_request_id_when_asked)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t     port = test_server_router(&server);
    struct reply r = send_to(&server, port, LOGIN, TOKEN_2, FORM "client-request-id: " NOBODY "\r\nreturn-client-request-id: true\r\n", GRANT);
    CHECK_STR(reply_header(&r, "client-request-id"), S(NOBODY), "echo");
    CHECK_STR(text_of(&r, "correlation_id"), S(NOBODY), "correlation");
    r = send_to(&server, port, LOGIN, TOKEN_2, FORM "client-request-id: " NOBODY "\r\n", GRANT);
    CHECK(!reply_header(&r, "client-request-id").at);
    r = send_to(&server, port, LOGIN, TOKEN_2, FORM "client-request-id: nonsense\r\nreturn-client-request-id: true\r\n", GRANT);
    guid id;
    CHECK(guid_parse(reply_header(&r, "client-request-id"), &id) && guid_parse(text_of(&r, "correlation_id"), &id));
    r = get(&server, port, "/common" V2);
    CHECK(guid_parse(reply_header(&r, "x-ms-request-id"), &id));
    test_server_end(&server);
}
