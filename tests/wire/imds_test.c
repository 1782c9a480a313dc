// The metadata service over sockets: every row of its published behaviour, as clients meet it.
#include <sys/socket.h>
#include <unistd.h>

#include "endpoints/imds/imds.h"
#include "test_server.h"
#include "test_http.h"
#include "token/token.h"

#define TOKEN_PATH "/metadata/identity/oauth2/token"
#define VERSION    "api-version=2018-02-01"
#define VAULT      "resource=https%3A%2F%2Fvault.azure.net"
#define METADATA   "Metadata: true\r\n"

static struct reply send_to(struct test_server *server, uint16_t port, const char *method, const char *target, const char *headers)
{
    struct test *t = server->t;
    return test_server_ask(server, port, call_format(t->call, "%s %s HTTP/1.1\r\nHost: 169.254.169.254\r\n%s\r\n", method, target, headers));
}

static struct reply get(struct test_server *server, uint16_t port, const char *target)
{
    return send_to(server, port, "GET", target, METADATA);
}

static str text_of(const struct reply *r, const char *name)
{
    return json_get_str(r->json, str_of(name));
}

// The claims of the token in a reply, checked as a target would. Zero if it does not verify.
static struct token_claims claims_of(struct test_server *server, const struct reply *r, const char *audience)
{
    struct test        *t = server->t;
    struct token_claims claims = {0};
    str                 issuers[] = {product_issuer(t->call, &server->product, TOKEN_V1), product_issuer(t->call, &server->product, TOKEN_V2)},
        wanted = str_of(audience);
    struct token_policy policy = {.issuers = issuers, .issuer_n = COUNT(issuers), .audiences = &wanted, .audience_n = 1};
    t->call->now_s = clock_now_ns(&server->product.clock) / NS_PER_S;
    CHECK_ERR(token_verify(t->call, server->product.keyring, text_of(r, "access_token"), &policy, &claims), OK, audience);
    return claims;
}

static void check_who(struct test_server *server, const struct reply *r, enum test_server_who who, const char *row)
{
    struct test *t = server->t;
    CHECK_INT(r->status, 200, row);
    if (r->status != 200) return;
    struct token_claims claims = claims_of(server, r, "https://vault.azure.net");
    CHECK_STR(guid_str(t->call, claims.subject.g), str_of(TEST_SERVER_IDENTITIES[who].principal), row);
    CHECK_STR(guid_str(t->call, claims.app.g), str_of(TEST_SERVER_IDENTITIES[who].client), row);
    CHECK_STR(text_of(r, "client_id"), str_of(TEST_SERVER_IDENTITIES[who].client), row);
}

// A word is compared in any case; what is no such word is refused below.
TEST(imds_takes_the_metadata_word_in_any_case)
{
    static const char *const WORDS[] = {"true", "True", "TRUE", "tRuE", "  True "};
    struct test_server       server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        struct reply r = send_to(&server, port, "GET", TOKEN_PATH "?" VERSION "&" VAULT, call_format(t->call, "METADATA: %s\r\n", WORDS[i]).at);
        check_who(&server, &r, TEST_SERVER_ID1, WORDS[i]);
    }
    test_server_end(&server);
}

// T1, T6: the reply's fields, all texts, and what they have to do with each other.
TEST(imds_answers_with_the_published_fields)
{
    static const char *const FIELDS[] = {"access_token",   "client_id",  "expires_in", "expires_on",
                                         "ext_expires_in", "not_before", "resource",   "token_type"};
    struct test_server       server;
    test_server_start(t, &server, NULL);
    struct reply r = get(&server, test_server_imds(&server, "one", false, NULL), TOKEN_PATH "?" VERSION "&" VAULT);
    int64_t      in = 0, on = 0, ext = 0, before = 0, now_s = clock_now_ns(&server.product.clock) / NS_PER_S;
    CHECK_INT(r.status, 200, "status");
    CHECK_STR(reply_header(&r, "Content-Type"), S("application/json; charset=utf-8"), "type");
    CHECK(str_contains_nocase(reply_header(&r, "Server"), S("IMDS")));
    CHECK_INT(json_n(r.json), COUNT(FIELDS), "fields");
    for (size_t i = 0; i < COUNT(FIELDS); i++) CHECK_ROW(json_is(json_get(r.json, str_of(FIELDS[i])), JSON_IS_STRING), FIELDS[i]);
    CHECK(str_to_i64(text_of(&r, "expires_in"), &in) && str_to_i64(text_of(&r, "expires_on"), &on));
    CHECK(str_to_i64(text_of(&r, "ext_expires_in"), &ext) && str_to_i64(text_of(&r, "not_before"), &before));
    CHECK(in > TOKEN_LIFETIME_S - 60 && in <= TOKEN_LIFETIME_S && ext == in && on - in - now_s <= 1 && on - in - now_s >= -1 && before < now_s);
    CHECK_STR(text_of(&r, "resource"), S("https://vault.azure.net"), "as asked");
    CHECK_STR(text_of(&r, "token_type"), S("Bearer"), "type");
    struct token_claims claims = claims_of(&server, &r, "https://vault.azure.net");
    CHECK(claims.expires_s == on && claims.not_before_s == before);
    CHECK_STR(claims.issuer, S("https://sts.windows.net/" TEST_SERVER_TENANT "/"), "iss");
    CHECK(str_eq_nocase(claims.identity_resource, str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_ID1].resource)));
    test_server_end(&server);
}

// T2, T3 over the wire, in every spelling that clients use.
TEST(imds_gives_the_identity_that_was_meant)
{
    static const struct { const char *machine, *query; enum test_server_who who; } CASES[] = {
        {"system", VERSION "&" VAULT, TEST_SERVER_SYSTEM_OF_SYSTEM},
        {"both", VERSION "&" VAULT, TEST_SERVER_SYSTEM_OF_BOTH},
        {"one", VERSION "&" VAULT, TEST_SERVER_ID1},
        {"both", VERSION "&" VAULT "&client_id=c0000000-0000-0000-0000-000000000003", TEST_SERVER_ID1},
        {"both", "client_id=C0000000-0000-0000-0000-000000000004&" VAULT "&" VERSION, TEST_SERVER_ID2},
        {"both", VERSION "&" VAULT "&object_id=a0000000-0000-0000-0000-000000000003", TEST_SERVER_ID1},
        {"both", VERSION "&" VAULT "&principal_id=a0000000-0000-0000-0000-000000000004", TEST_SERVER_ID2},
        {"both", VERSION "&" VAULT "&msi_res_id=" TEST_SERVER_USER_ASSIGNED "id2", TEST_SERVER_ID2},
        {"two", VERSION "&" VAULT "&mi_res_id=" TEST_SERVER_USER_ASSIGNED "id1", TEST_SERVER_ID1},
        {"two", VERSION "&" VAULT
                "&msi_res_id=%2Fsubscriptions%2F44444444-4444-4444-4444-444444444444%2Fresourcegroups%2Frg1%2Fproviders%2FMicrosoft.ManagedIdentity"
                "%2FuserAssignedIdentities%2FID1",
         TEST_SERVER_ID1},
        {"one", VERSION "&resource=https://vault.azure.net", TEST_SERVER_ID1},                                        // not escaped
        {"one", VERSION "&" VAULT "&msi-res-id=/nonsense&bypass_cache=true&something=else", TEST_SERVER_ID1},         // not for us
        {"one", "api-version=2025-04-07&" VAULT, TEST_SERVER_ID1},
        {"one", "api-version=2019-08-15&" VAULT, TEST_SERVER_ID1},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        uint16_t     port = test_server_imds(&server, CASES[i].machine, false, NULL);
        str          target = call_format(t->call, TOKEN_PATH "?%s", CASES[i].query);
        struct reply r = get(&server, port, target.at);
        check_who(&server, &r, CASES[i].who, CASES[i].query);
    }
    test_server_end(&server);
}

// What the SDKs add to a request changes nothing.
TEST(imds_takes_requests_in_the_forms_that_clients_send)
{
    static const struct { const char *target, *headers; } CASES[] = {
        {TOKEN_PATH "/?" VERSION "&" VAULT, METADATA},
        {TOKEN_PATH "?" VERSION "&" VAULT, "metadata: true\r\n"},
        {TOKEN_PATH "?" VERSION "&" VAULT, METADATA "Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\n"},
        {TOKEN_PATH "?" VERSION "&" VAULT, METADATA "x-client-SKU: MSAL.JS\r\nx-client-Ver: 1\r\nx-ms-client-request-id: x\r\nUser-Agent: a\r\n"},
        {"http://169.254.169.254" TOKEN_PATH "?" VERSION "&" VAULT, METADATA},
        {TOKEN_PATH "?" VERSION "&" VAULT "&", METADATA},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct reply r = send_to(&server, port, "GET", CASES[i].target, CASES[i].headers);
        check_who(&server, &r, TEST_SERVER_ID1, CASES[i].target);
    }
    test_server_end(&server);
}

// The slash at a resource's end is significant: it comes back in reply and token.
TEST(imds_echoes_the_resource_to_the_letter)
{
    static const char *const RESOURCES[] = {"https://vault.azure.net", "https://vault.azure.net/", "https://management.azure.com/",
                                            "https://Storage.Azure.com"};
    struct test_server       server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(RESOURCES); i++) {
        str          target = call_format(t->call, TOKEN_PATH "?" VERSION "&resource=%s", RESOURCES[i]);
        struct reply r = get(&server, port, target.at);
        CHECK_STR(text_of(&r, "resource"), str_of(RESOURCES[i]), "resource");
        CHECK_STR(claims_of(&server, &r, RESOURCES[i]).audience, str_of(RESOURCES[i]), "aud");
    }
    struct reply        r = get(&server, port, TOKEN_PATH "?" VERSION "&resource=api://AzureADTokenExchange");
    struct token_claims claims = claims_of(&server, &r, "fb60f99c-7a34-4190-8149-302f77469936");
    CHECK(claims.version == TOKEN_V2);
    CHECK_STR(text_of(&r, "resource"), S("api://AzureADTokenExchange"), "resource");
    test_server_end(&server);
}

#define ID "&client_id=c0000000-0000-0000-0000-000000000003"

// Every error row, with the status that decides what SDKs conclude.
TEST(imds_refuses_as_published)
{
    static const struct { const char *machine, *method, *target, *headers; int status; const char *error, *description; } CASES[] = {
        // the header, before anything else
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "Metadata: yes\r\n", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "Metadata: True, True\r\n", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "Metadata: false\r\n", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "Metadata:\r\n", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA METADATA, 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, "Metadata: false\r\n" METADATA, 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH, "", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "POST", TOKEN_PATH, "Content-Length: 0\r\n", 400, "bad_request_102", "Required metadata header not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "X-Forwarded-For: 10.0.0.1\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "x-forwarded-for:\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", "/metadata/instance?api-version=2021-02-01", METADATA "X-Forwarded-For: 1\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "X-Forwarded-Host: both\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "X-Real-IP: 10.0.0.1\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "Forwarded: for=10.0.0.1\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "Via: 1.1 proxy\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        {"one", "GET", "/metadata/versions", METADATA "vIA: 1.1 proxy\r\n", 400, "invalid_request", "Forwarded requests are refused."},
        // verbs
        {"one", "POST", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "Content-Length: 0\r\n", 405, "Method not allowed", NULL},
        {"one", "PUT", TOKEN_PATH "?" VERSION "&" VAULT, METADATA "Content-Length: 0\r\n", 405, "Method not allowed", NULL},
        {"one", "DELETE", TOKEN_PATH "?" VERSION "&" VAULT, METADATA, 405, "Method not allowed", NULL},
        {"one", "PATCH", "/metadata/instance?api-version=2021-02-01", METADATA "Content-Length: 0\r\n", 405, "Method not allowed", NULL},
        // the resource
        {"one", "GET", TOKEN_PATH "?" VERSION, METADATA, 400, "invalid_request", "Required audience parameter not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=", METADATA, 400, "invalid_request", "Required audience parameter not specified"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=https://example.com", METADATA, 400, "invalid_resource",
         "AADSTS500011: The resource principal named https://example.com was not found in the tenant named Lanyard. "},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=api://orders", METADATA, 400, "invalid_resource", "AADSTS500011: The resource principal named api://orders was"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=%ff%00x", METADATA, 400, "invalid_request", ""},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=%ff%22x", METADATA, 400, "invalid_resource", "AADSTS500011: The resource principal named ?\"x was"},
        // the identity: 400, never 404
        {"bare", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA, 400, "invalid_request", "Identity not found"},
        {"nowhere", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA, 400, "invalid_request", "Identity not found"},
        {"two", "GET", TOKEN_PATH "?" VERSION "&" VAULT, METADATA, 400, "invalid_request",
         "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&client_id=c0000000-0000-0000-0000-000000000005", METADATA, 400, "invalid_request", "Identity not found"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&client_id=c0000000-0000-0000-0000-000000000001", METADATA, 400, "invalid_request", "Identity not found"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&client_id=", METADATA, 400, "invalid_request", "Identity not found"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&msi_res_id=" TEST_SERVER_USER_ASSIGNED "id2", METADATA, 400, "invalid_request", "Identity not found"},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT ID "&object_id=a0000000-0000-0000-0000-000000000003", METADATA, 400, "invalid_request",
         "Only one of client_id, object_id and msi_res_id may be given."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&msi_res_id=x&mi_res_id=x", METADATA, 400, "invalid_request",
         "Only one of client_id, object_id and msi_res_id may be given."},
        // an unknown audience is known only to whom an identity belongs
        {"bare", "GET", TOKEN_PATH "?" VERSION "&resource=https://example.com", METADATA, 400, "invalid_request", "Identity not found"},
        // the query's form
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&" VAULT, METADATA, 400, "invalid_request", "A query parameter may be given only once."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&RESOURCE=x", METADATA, 400, "invalid_request", "A query parameter may be given only once."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&" VAULT "&unknown=1&unknown=2", METADATA, 400, "invalid_request", "A query parameter may be given only once."},
        {"one", "GET", TOKEN_PATH "?" VERSION "&resource=%zz", METADATA, 400, "invalid_request", ""},
        // places that are none
        {"one", "GET", "/metadata/identity/oauth2/authorize?" VERSION, METADATA, 401, "unknown_source", "Unknown Source /metadata/identity/oauth2/authorize"},
        {"one", "GET", TOKEN_PATH "/x?" VERSION "&" VAULT, METADATA, 401, "unknown_source", "Unknown Source " TOKEN_PATH "/x"},
        {"one", "GET", "/metadata/identity/info?" VERSION, METADATA, 404, "Not found", NULL},
        {"one", "GET", "/metadata/attested/document?api-version=2020-09-01", METADATA, 404, "Not found", NULL},
        {"one", "GET", "/metadata", METADATA, 404, "Not found", NULL},
        {"one", "GET", "/", METADATA, 404, "Not found", NULL},
        {"one", "GET", "/metadata/instances?api-version=2021-02-01", METADATA, 404, "Not found", NULL},
        {"one", "GET", "/metadata/identity/oauth2%2Ftoken?" VERSION "&" VAULT, METADATA, 404, "Not found", NULL},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char  *row = CASES[i].target, *says = CASES[i].description;
        uint16_t     port = test_server_imds(&server, CASES[i].machine, false, NULL);
        struct reply r = send_to(&server, port, CASES[i].method, row, CASES[i].headers);
        str          said = text_of(&r, "error_description");
        CHECK_INT(r.status, CASES[i].status, row);
        CHECK_STR(text_of(&r, "error"), str_of(CASES[i].error), row);
        CHECK_ROW(says ? str_starts(said, str_of(says)) : !said.at, row);
        CHECK_ROW(!text_of(&r, "access_token").at, row);
        CHECK_ROW(str_contains_nocase(reply_header(&r, "Server"), S("IMDS")), row);
        CHECK_STR(reply_header(&r, "Content-Type"), S("application/json; charset=utf-8"), row);
        CHECK_ROW((CASES[i].status == 405) == str_eq(reply_header(&r, "Allow"), S("GET")), row);
    }
    test_server_end(&server);
}

// T5: DNS rebinding. A web page under a name of its own that leads here may send any header but Host.
TEST(imds_answers_to_addresses_alone)
{
    static const struct { const char *host; int status; } CASES[] = {
        {"169.254.169.254", 200},      {"169.254.169.254:80", 200}, {"127.0.0.1:40342", 200},   {"localhost:40342", 200},
        {"LocalHost", 200},            {"[::1]:80", 200},           {"evil.example", 401},      {"evil.example:40342", 401},
        {"127.0.0.1.evil.example", 401}, {"localhost.evil.example", 401}, {"metadata", 401},    {"management.azure.com", 401},
        {"0x7f000001", 401},           {".", 401},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str          ask = call_format(t->call, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", TOKEN_PATH "?" VERSION "&" VAULT, CASES[i].host, METADATA);
        struct reply r = test_server_ask(&server, port, ask);
        CHECK_INT(r.status, CASES[i].status, CASES[i].host);
        CHECK_ROW((CASES[i].status == 200) == (text_of(&r, "access_token").at != NULL), CASES[i].host);
    }
    test_server_end(&server);
}

TEST(imds_answers_head_with_a_refusal)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    struct reply r = send_to(&server, test_server_imds(&server, "one", false, NULL), "HEAD", TOKEN_PATH "?" VERSION "&" VAULT, METADATA);
    CHECK_INT(r.status, 405, "HEAD");
    test_server_end(&server);
}

TEST(imds_names_its_newest_versions_to_who_got_it_wrong)
{
    static const char *const TARGETS[] = {
        TOKEN_PATH "?" VAULT, TOKEN_PATH "?api-version=&" VAULT, TOKEN_PATH "?api-version=2017-12-01&" VAULT, TOKEN_PATH "?api-version=2018-02-02&" VAULT,
        TOKEN_PATH "?api-version=9999-01-01&" VAULT, TOKEN_PATH "?api-version=2018-02-01%20&" VAULT, "/metadata/instance", "/metadata/instance/compute?format=json",
        "/metadata/instance?api-version=2017-02-30", "/metadata/instance/compute/name?api-version=latest&format=text",
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(TARGETS); i++) {
        struct reply       r = get(&server, port, TARGETS[i]);
        const struct json *newest = json_get(r.json, S("newest-versions"));
        CHECK_INT(r.status, 400, TARGETS[i]);
        CHECK_ROW(str_starts(text_of(&r, "error"), S("Bad request. api-version is invalid or was not specified")), TARGETS[i]);
        CHECK_ROW(!json_get(r.json, S("error_description")), TARGETS[i]);
        CHECK_INT(json_n(newest), 3, TARGETS[i]);
        CHECK_STR(json_str(json_at(newest, 0)), S("2025-04-07"), TARGETS[i]);
    }
    test_server_end(&server);
}

// How each SDK finds out whether there is a metadata service at all.
TEST(imds_answers_the_probes_of_the_sdks)
{
    static const struct { const char *sdk, *target; int status; } PROBES[] = {
        {"js", TOKEN_PATH, 400},
        {"go", TOKEN_PATH, 400},
        {"py", TOKEN_PATH "?" VERSION "&resource=https%3A%2F%2Fmanagement.azure.com%2F", 400},
        {"net", TOKEN_PATH "?" VERSION "&" VAULT "&client_id=c0000000-0000-0000-0000-000000000005", 400},
        {"net", TOKEN_PATH "?" VERSION "&" VAULT "&msi-res-id=" TEST_SERVER_USER_ASSIGNED "id9", 400},
        {"net discovery, version 2", "/metadata/identity/getplatformmetadata?cred-api-version=2.0", 404},
        {"net discovery, version 1", TOKEN_PATH "?" VERSION, 400},
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "bare", false, NULL);
    for (size_t i = 0; i < COUNT(PROBES); i++) {
        struct reply r = send_to(&server, port, "GET", PROBES[i].target, "");
        CHECK_INT(r.status, PROBES[i].status, PROBES[i].sdk);
        CHECK_ROW(r.json != NULL, PROBES[i].sdk);
        CHECK_ROW(!str_contains_nocase(r.body, S("Identity not found")), PROBES[i].sdk); // which .NET would take for the last word
        CHECK_ROW(!str_contains_nocase(r.body, S("unreachable")), PROBES[i].sdk);
    }
    test_server_end(&server);
}

// T6: the same token while it lasts, with less and less to live; then a new one.
TEST(imds_keeps_a_token_until_it_needs_another)
{
    struct test_server server;
    int64_t            first_in = 0, later_in = 0;
    test_server_start(t, &server, NULL);
    uint16_t     port = test_server_imds(&server, "one", false, NULL);
    struct reply first = get(&server, port, TOKEN_PATH "?" VERSION "&" VAULT),
                 again = get(&server, port, TOKEN_PATH "?" VERSION "&" VAULT "&bypass_cache=true");
    CHECK_STR(text_of(&again, "access_token"), text_of(&first, "access_token"), "at once");
    clock_advance(&server.product.clock, 7200 * NS_PER_S);
    again = get(&server, port, TOKEN_PATH "?" VERSION "&" VAULT);
    CHECK_STR(text_of(&again, "access_token"), text_of(&first, "access_token"), "two hours later");
    CHECK_STR(text_of(&again, "expires_on"), text_of(&first, "expires_on"), "two hours later");
    CHECK(str_to_i64(text_of(&first, "expires_in"), &first_in) && str_to_i64(text_of(&again, "expires_in"), &later_in));
    CHECK(first_in - later_in >= 7200 && first_in - later_in <= 7230);
    clock_advance(&server.product.clock, TOKEN_LIFETIME_S * NS_PER_S);
    again = get(&server, port, TOKEN_PATH "?" VERSION "&" VAULT);
    CHECK(again.status == 200 && !str_eq(text_of(&again, "access_token"), text_of(&first, "access_token")));
    CHECK(str_to_i64(text_of(&again, "expires_in"), &later_in) && later_in > TOKEN_LIFETIME_S - 60);
    test_server_end(&server);
}

// I6: at once, though a token lies in the cache. The other identities do not notice.
TEST(imds_refuses_a_deleted_identity_at_once)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t     one = test_server_imds(&server, "one", false, NULL), both = test_server_imds(&server, "both", false, NULL);
    struct reply r = get(&server, one, TOKEN_PATH "?" VERSION "&" VAULT);
    check_who(&server, &r, TEST_SERVER_ID1, "before");
    test_server_delete(&server, TEST_SERVER_ID1);
    r = get(&server, one, TOKEN_PATH "?" VERSION "&" VAULT);
    CHECK_INT(r.status, 400, "after");
    CHECK_STR(text_of(&r, "error_description"), S("Identity not found"), "after");
    r = get(&server, both, TOKEN_PATH "?" VERSION "&" VAULT ID);
    CHECK_INT(r.status, 400, "on another machine");
    r = get(&server, both, TOKEN_PATH "?" VERSION "&" VAULT);
    check_who(&server, &r, TEST_SERVER_SYSTEM_OF_BOTH, "its own identity");
    test_server_end(&server);
}

// T5: what a request says of itself changes nothing; the listener is who asks.
TEST(imds_goes_by_the_listener_alone)
{
    static const char *const HEADERS[] = {
        METADATA "X-Forwarded: both\r\n", METADATA "Authorization: Bearer x\r\n", METADATA "X-Resource: " TEST_SERVER_MACHINES "both\r\n",
        METADATA "X-IDENTITY-HEADER: x\r\nsecret: x\r\n",
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "system", false, NULL);
    for (size_t i = 0; i < COUNT(HEADERS); i++) {
        struct reply r = send_to(&server, port, "GET", TOKEN_PATH "?" VERSION "&" VAULT, HEADERS[i]);
        check_who(&server, &r, TEST_SERVER_SYSTEM_OF_SYSTEM, HEADERS[i]);
        r = send_to(&server, port, "GET", TOKEN_PATH "?" VERSION "&" VAULT ID, HEADERS[i]);
        CHECK_INT(r.status, 400, HEADERS[i]);
    }
    test_server_end(&server);
}

TEST(imds_keeps_to_the_published_limits_when_told)
{
    struct test_server server;
    unsigned           served = 0, refused = 0;
    test_server_start(t, &server, NULL);
    uint16_t     strict = test_server_imds(&server, "one", true, NULL), open = test_server_imds(&server, "one", false, NULL);
    struct reply r = {0};
    for (unsigned i = 0; i < 200 && refused == 0; i++) {
        r = get(&server, strict, TOKEN_PATH "?" VERSION "&" VAULT);
        served += r.status == 200;
        refused += r.status == 429;
    }
    CHECK(served >= IMDS_TOKENS_PER_S && refused == 1);
    CHECK_STR(text_of(&r, "error"), S("too_many_requests"), "error");
    CHECK_STR(reply_header(&r, "Retry-After"), S("1"), "retry");
    r = get(&server, strict, "/metadata/versions");
    CHECK_INT(r.status, 200, "other paths have a limit of their own");
    // Another socket of the same machine takes from the same count; one try may fall into the next second.
    uint16_t second = test_server_imds(&server, "one", true, NULL), other = test_server_imds(&server, "two", true, NULL);
    for (unsigned i = 0, last = 200; i < 200 && r.status != 429; i++) {
        last = (unsigned)get(&server, strict, TOKEN_PATH "?" VERSION "&" VAULT).status;
        if (last == 429) r = get(&server, second, TOKEN_PATH "?" VERSION "&" VAULT);
    }
    CHECK_INT(r.status, 429, "at another socket of the machine");
    CHECK(get(&server, other, TOKEN_PATH "?" VERSION "&" VAULT).status != 429); // another machine has its own
    clock_advance(&server.product.clock, NS_PER_S);
    r = get(&server, strict, TOKEN_PATH "?" VERSION "&" VAULT);
    CHECK_INT(r.status, 200, "a second later");
    for (unsigned i = 0; i < 3 * IMDS_TOKENS_PER_S; i++) r = get(&server, open, TOKEN_PATH "?" VERSION "&" VAULT);
    CHECK_INT(r.status, 200, "without the limits");
    test_server_end(&server);
}

static struct client *ask_and_wait(struct test_server *server, uint16_t port, unsigned account)
{
    struct test   *t = server->t;
    struct client *client = client_new(t, port);
    CHECK(client_sendf(client,
                       "GET " TOKEN_PATH "?" VERSION "&resource=https://a%u.blob.core.windows.net HTTP/1.1\r\nHost: 127.0.0.1\r\n" METADATA "\r\n",
                       account));
    return client;
}

// Nobody signs here: requests wait, and the sixth at once is one too many.
TEST(imds_bounds_requests_at_once_when_told)
{
    struct test_server server;
    struct client     *waiting[IMDS_TOKENS_AT_ONCE];
    str                head, body;
    test_server_start(t, &server, &(struct test_server_options){.no_signers = true});
    uint16_t port = test_server_imds(&server, "one", true, NULL);
    for (unsigned i = 0; i < COUNT(waiting); i++) waiting[i] = ask_and_wait(&server, port, i);
    struct reply r = {0};
    for (unsigned i = 0; i < 100 && r.status != 429; i++) { // until all of them have been read
        struct client *client = ask_and_wait(&server, port, 100);
        struct timeval soon = {.tv_usec = 50000};
        setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
        r.status = client_read(client, false, &head, &body);
        client_free(client);
    }
    CHECK_INT(r.status, 429, "one too many");
    test_server_stop_signing(&server);
    for (unsigned i = 0; i < COUNT(waiting); i++) {
        CHECK_INT(client_read(waiting[i], false, &head, &body), 429, "told when the server stops");
        client_free(waiting[i]);
    }
    test_server_end(&server);
}

// Who goes away while it waits, and a listener that goes with its sandbox: the signature comes to nobody.
TEST(imds_outlives_those_who_wait)
{
    struct test_server    server;
    struct http_listener *listener = NULL;
    test_server_start(t, &server, &(struct test_server_options){.no_signers = true});
    uint16_t port = test_server_imds(&server, "one", false, NULL), going = test_server_imds(&server, "one", false, &listener);
    client_reset(ask_and_wait(&server, port, 1));
    struct client *left = ask_and_wait(&server, going, 2), *stays = ask_and_wait(&server, port, 3);
    struct reply   r = get(&server, going, "/metadata/versions"); // by now the loops have seen the others
    CHECK_INT(r.status, 200, "others are served meanwhile");
    usleep(50000);
    http_unlisten(listener);
    CHECK(client_sees_end(left));
    test_server_stop_signing(&server);
    str head, body;
    CHECK_INT(client_read(stays, false, &head, &body), 429, "told");
    client_free(left);
    client_free(stays);
    test_server_end(&server);
}

TEST(imds_versions_lists_what_it_speaks)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t           port = test_server_imds(&server, "one", false, NULL);
    struct reply       r = get(&server, port, "/metadata/versions");
    const struct json *versions = json_get(r.json, S("apiVersions"));
    CHECK(r.status == 200 && json_n(versions) > 30);
    for (size_t i = 0; i < json_n(versions); i++) {
        str target = call_format(t->call, "/metadata/instance?api-version=%.*s", PSTR(json_str(json_at(versions, i))));
        r = get(&server, port, target.at);
        CHECK_INT(r.status, 200, target.at);
    }
    r = send_to(&server, port, "GET", "/metadata/versions", "");
    CHECK_INT(r.status, 400, "without the header");
    test_server_end(&server);
}

#define V "api-version=2021-02-01"

TEST(imds_instance_walks_the_document)
{
    static const struct { const char *target; int status; const char *body; } CASES[] = { // body NULL: any JSON
        {"/metadata/instance?" V, 200, NULL},
        {"/metadata/instance/?" V, 200, NULL},
        {"/metadata/instance/compute?" V "&format=json", 200, NULL},
        {"/metadata/instance/network/interface/0?" V, 200, NULL},
        {"/metadata/instance/compute/location?" V "&format=text", 200, "westeurope"},
        {"/metadata/instance/compute/name?" V "&format=TEXT", 200, "one"},
        {"/metadata/instance/compute/vmId?" V "&format=text", 200, "e0000000-0000-0000-0000-000000000001"},
        {"/metadata/instance/compute/vmSize?" V "&format=text", 200, "Standard_D2s_v5"},
        {"/metadata/instance/compute/offer?" V "&format=text", 200, "debian"},
        {"/metadata/instance/compute/publisher?" V "&format=text", 200, ""},
        {"/metadata/instance/compute/zone?" V "&format=text", 200, "2"},
        {"/metadata/instance/compute/provider?" V "&format=text", 200, "Microsoft.Compute"},
        {"/metadata/instance/compute/resourceGroupName?" V "&format=text", 200, "rg1"},
        {"/metadata/instance/compute/subscriptionId?" V "&format=text", 200, "44444444-4444-4444-4444-444444444444"},
        {"/metadata/instance/compute/tags?" V "&format=text", 200, "env:test;team:a b"},
        {"/metadata/instance/compute/tagsList/1/value?" V "&format=text", 200, "a b"},
        {"/metadata/instance/compute/azEnvironment?" V "&format=text", 200, "AzurePublicCloud"},
        {"/metadata/instance/network/interface/0/ipv4/ipAddress/0/privateIpAddress?" V "&format=text", 200, "10.0.0.4"},
        {"/metadata/instance?" V "&format=text", 200, "compute/\nnetwork/"},
        {"/metadata/instance/network/interface?" V "&format=text", 200, "0/"},
        {"/metadata/instance/compute/name?" V, 400, NULL}, // a single value, as JSON
        {"/metadata/instance/compute/name?" V "&format=json", 400, NULL},
        {"/metadata/instance/compute?" V "&format=xml", 400, NULL},
        {"/metadata/instance/compute?" V "&format=json&format=text", 400, NULL},
        {"/metadata/instance/compute/none?" V, 404, NULL},
        {"/metadata/instance/network/interface/1?" V, 404, NULL},
        {"/metadata/instance/network/interface/x?" V, 404, NULL},
        {"/metadata/instance/compute/name/x?" V "&format=text", 404, NULL},
        {"/metadata/instance//nothing?" V, 404, NULL}, // a doubled slash is one, as in all services
    };
    struct test_server server;
    test_server_start(t, &server, NULL);
    uint16_t port = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct reply r = get(&server, port, CASES[i].target);
        CHECK_INT(r.status, CASES[i].status, CASES[i].target);
        if (CASES[i].body) CHECK_STR(r.body, str_of(CASES[i].body), CASES[i].target);
        else CHECK_ROW(r.json != NULL, CASES[i].target);
        CHECK_STR(reply_header(&r, "Content-Type"), CASES[i].body ? S("text/plain; charset=utf-8") : S("application/json; charset=utf-8"),
                  CASES[i].target);
    }
    struct reply gone = get(&server, test_server_imds(&server, "nowhere", false, NULL), "/metadata/instance?" V);
    CHECK_INT(gone.status, 404, "a machine that is not there");
    test_server_end(&server);
}

static bool only_texts(const struct json *v)
{
    if (!json_is(v, JSON_IS_OBJECT) && !json_is(v, JSON_IS_ARRAY)) return json_is(v, JSON_IS_STRING);
    for (size_t i = 0; i < json_n(v); i++)
        if (!only_texts(json_at(v, i))) return false;
    return true;
}

TEST(imds_instance_holds_texts_only)
{
    struct test_server server;
    test_server_start(t, &server, NULL);
    struct reply r = get(&server, test_server_imds(&server, "one", false, NULL), "/metadata/instance?" V);
    CHECK(r.json && only_texts(r.json));
    CHECK_STR(json_str(json_path(r.json, "compute.resourceId")), S(TEST_SERVER_MACHINES "one"), "resourceId");
    test_server_end(&server);
}

// Many programs of many machines at once: each gets its own identity's token and no other.
struct asking_thread {
    struct test_server *server;
    uint16_t            ports[2];
    unsigned            wrong;
};

static void *ask_repeatedly(void *context)
{
    struct asking_thread *w = context;
    struct test           mute = {.call = w->server->t->call};
    for (unsigned i = 0; i < 60; i++) {
        bool           is_one = i % 2;
        struct client *client = client_new(&mute, w->ports[is_one]);
        str            head = STR_NONE, body = STR_NONE;
        bool           sent = client_sendf(
                      client, "GET " TOKEN_PATH "?" VERSION "&resource=https://a%u.blob.core.windows.net HTTP/1.1\r\nHost: 127.0.0.1\r\n" METADATA "\r\n",
                      i / 6);
        int status = sent ? client_read(client, false, &head, &body) : 0;
        str wanted = str_of(TEST_SERVER_IDENTITIES[is_one ? TEST_SERVER_ID1 : TEST_SERVER_SYSTEM_OF_SYSTEM].client);
        w->wrong += status != 200 || str_find_str(body, wanted) == STR_NOWHERE;
        client_free(client);
    }
    return NULL;
}

TEST(imds_serves_many_at_once_without_a_mix_up)
{
    struct test_server   server;
    pthread_t            threads[4];
    struct asking_thread contexts[COUNT(threads)];
    test_server_start(t, &server, NULL);
    uint16_t system = test_server_imds(&server, "system", false, NULL), one = test_server_imds(&server, "one", false, NULL);
    for (size_t i = 0; i < COUNT(threads); i++) {
        contexts[i] = (struct asking_thread){.server = &server, .ports = {system, one}};
        CHECK(pthread_create(&threads[i], NULL, ask_repeatedly, &contexts[i]) == 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(contexts[i].wrong, 0, "answers for somebody else, or none");
    }
    test_server_end(&server);
}
