// O1: every request for a token leaves exactly the record that is true of it, granted or refused.
#include <time.h>

#include "ops/logs.h"
#include "test_server.h"
#include "token/token.h"

#define TOKEN_PATH  "/metadata/identity/oauth2/token"
#define ASK         "api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
#define CORRELATION "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
#define METADATA    "Metadata: true\r\n"

// What was recorded so far, the newest first.
static const struct json *records(struct test_server *server, uint16_t admin)
{
    struct test *t = server->t;
    struct reply r = test_server_ask(server, admin, S("GET /lanyard/logs/signin?$top=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    CHECK_INT(r.status, 200, "the log");
    return json_get(r.json, S("value"));
}

static str text_at(const struct json *record, const char *path)
{
    return json_str(json_path(record, path));
}

static int64_t number_at(const struct json *record, const char *path, const char *name)
{
    return json_get_int(json_path(record, path), str_of(name), -1);
}

static struct reply ask(struct test_server *server, uint16_t port, const char *target, const char *headers)
{
    struct test *t = server->t;
    return test_server_ask(server, port, call_format(t->call, "GET %s HTTP/1.1\r\nHost: 169.254.169.254\r\n%s\r\n", target, headers));
}

// The uti claim of the token in an answer, and its signature.
static str unique_id_of(struct test_server *server, const struct reply *r, str *out_signature)
{
    struct test        *t = server->t;
    struct token_claims claims = {0};
    str                 token = json_get_str(r->json, S("access_token")), audience = S("https://vault.azure.net");
    str                 issuer = product_issuer(t->call, &server->product, TOKEN_V1);
    struct token_policy policy = {.issuers = &issuer, .issuer_n = 1, .audiences = &audience, .audience_n = 1};
    t->call->now_s = clock_now_ns(&server->product.clock) / NS_PER_S;
    CHECK_OK(token_verify(t->call, server->product.keyring, token, &policy, &claims));
    *out_signature = str_from(token, str_find_last(token, '.') + 1);
    return claims.unique_id;
}

TEST(O1_a_granted_token_is_in_the_sign_in_log_and_so_are_its_answers_from_the_cache)
{
    struct test_server server;
    str                signature;
    uint64_t           cached = 0;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t     port = test_server_imds(&server, "both", false, NULL), admin = test_server_admin(&server);
    const char  *target = TOKEN_PATH "?" ASK "&client_id=c0000000-0000-0000-0000-000000000003";
    struct reply r = ask(&server, port, target, METADATA "User-Agent: the-sdk/1\r\nx-ms-client-request-id: " CORRELATION "\r\n");
    str          unique_id = unique_id_of(&server, &r, &signature);
    for (int i = 0; i < 5; i++) CHECK_INT(ask(&server, port, target, METADATA).status, 200, "from the cache");

    const struct json *list = records(&server, admin);
    for (size_t i = 0; i < json_n(list); i++) {
        const struct json *s = json_at(list, i), *lanyard = json_get(s, S("lanyard"));
        bool               is_cached = json_get_bool(lanyard, S("fromCache"), false);
        CHECK_STR(text_at(s, "uniqueTokenIdentifier"), unique_id, "the token");
        CHECK_STR(text_at(s, "servicePrincipalId"), str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_ID1].principal), "who");
        CHECK_STR(text_at(s, "appId"), str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_ID1].client), "its application");
        CHECK_STR(text_at(s, "servicePrincipalName"), S("identity"), "its name");
        CHECK_STR(json_str(json_at(json_get(s, S("signInEventTypes")), 0)), S("managedIdentity"), "type");
        CHECK_STR(text_at(s, "managedServiceIdentity.msiType"), S("userAssigned"), "kind");
        CHECK_STR(text_at(s, "managedServiceIdentity.associatedResourceId"), S(TEST_SERVER_MACHINES "both"), "whence");
        CHECK_STR(text_at(s, "resourceDisplayName"), S("Azure Key Vault"), "for what");
        CHECK_STR(text_at(s, "resourceId"), S("cfa8b339-82a2-471a-a3c9-0fc0be7a4093"), "its application");
        CHECK_STR(text_at(s, "lanyard.target"), S("https://vault.azure.net"), "as asked");
        CHECK_STR(text_at(s, "lanyard.callerKnownBy"), S("sandbox"), "known by");
        CHECK_STR(text_at(s, "lanyard.endpoint"), S("imds"), "where");
        CHECK_INT(number_at(s, "status", "errorCode"), 0, "granted");
        if (is_cached) cached += (uint64_t)json_get_int(lanyard, S("times"), 0);
        else CHECK_STR(text_at(s, "correlationId"), S(CORRELATION), "joined");
        if (!is_cached) CHECK_STR(text_at(s, "userAgent"), S("the-sdk/1"), "the program");
        str text;
        CHECK_OK(json_text(t->call, s, &text));
        CHECK(str_find_str(text, signature) == STR_NOWHERE); // T9
    }
    CHECK_INT(cached, 5, "answers from the cache, each counted once");
    CHECK_INT(json_n(list) >= 2 && json_n(list) <= 3, true, "one that was signed, and one for each loop that answered from its cache");
    test_server_end(&server);
}

// What is refused, and what its record says; NULL: nothing of that.
static const struct refusal_row {
    const char *machine, *target, *headers;
    int         status;
    int64_t     code;
    const char *error, *principal, *asked;
} REFUSALS[] = {
    {"both", TOKEN_PATH "?" ASK, "", 400, 400, "METADATA_MISSING", NULL, NULL},
    {"both", TOKEN_PATH "?" ASK, METADATA "X-Forwarded-For: 10.0.0.1\r\n", 400, 400, "FORWARDED", NULL, NULL},
    {"both", TOKEN_PATH "?resource=https://vault.azure.net", METADATA, 400, 400, "API_VERSION_MISSING", NULL, "https://vault.azure.net"},
    {"both", TOKEN_PATH "?api-version=2018-02-01", METADATA, 400, 400, "AUDIENCE_MISSING", NULL, NULL},
    {"both", TOKEN_PATH "?" ASK "&client_id=" TEST_SERVER_APP, METADATA, 400, 400, "IDENTITY_NOT_FOUND", NULL, "https://vault.azure.net"},
    {"both", TOKEN_PATH "?" ASK "&client_id=a&object_id=b", METADATA, 400, 400, "IDENTITY_SELECTORS", NULL, "https://vault.azure.net"},
    {"two", TOKEN_PATH "?" ASK, METADATA, 400, 400, "IDENTITY_AMBIGUOUS", NULL, "https://vault.azure.net"},
    {"bare", TOKEN_PATH "?" ASK, METADATA, 400, 400, "IDENTITY_NOT_FOUND", NULL, "https://vault.azure.net"},
    {"one", TOKEN_PATH "?api-version=2018-02-01&resource=https://nobody.test/secret%3Fkey=SECRET", METADATA, 400, 500011, "AUDIENCE_UNKNOWN",
     "a0000000-0000-0000-0000-000000000003", "https://nobody.test"},
    {"one", TOKEN_PATH "?api-version=2018-02-01&resource=SECRET", METADATA, 400, 500011, "AUDIENCE_UNKNOWN", "a0000000-0000-0000-0000-000000000003",
     NULL},
    {"one", TOKEN_PATH "?api-version=2018-02-01&resource=https://name:SECRET@nobody.test/", METADATA, 400, 500011, "AUDIENCE_UNKNOWN",
     "a0000000-0000-0000-0000-000000000003", NULL},
    {"one", TOKEN_PATH "?%zz", METADATA, 400, 400, "URL_INVALID", NULL, NULL},
};

static void check_refusal(struct test *t, const struct refusal_row *row, const struct json *s)
{
    str want = call_format(t->call, TEST_SERVER_MACHINES "%s", row->machine), text = STR_NONE;
    CHECK_INT(number_at(s, "status", "errorCode"), row->code, row->target);
    CHECK_STR(text_at(s, "lanyard.error"), str_of(row->error), row->target);
    CHECK_STR(text_at(s, "lanyard.callerKnownBy"), S("sandbox"), row->target);
    CHECK_STR(text_at(s, "lanyard.target"), str_of(row->asked), row->target);
    CHECK_STR(text_at(s, "servicePrincipalId"), str_of(row->principal), row->target);
    CHECK_STR(text_at(s, "managedServiceIdentity.associatedResourceId"), want, row->target);
    CHECK_ROW(text_at(s, "status.failureReason").n > 0, row->target);
    CHECK_ROW(json_is(json_get(s, S("uniqueTokenIdentifier")), JSON_IS_NULL), row->target);
    CHECK_OK(json_text(t->call, s, &text));
    CHECK_ROW(str_find_str(text, S("SECRET")) == STR_NOWHERE, row->target);
}

TEST(O1_each_refusal_of_the_metadata_endpoint_is_in_the_sign_in_log)
{
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t admin = test_server_admin(&server);
    for (size_t i = 0; i < COUNT(REFUSALS); i++) {
        const struct refusal_row *row = &REFUSALS[i];
        struct reply              r = ask(&server, test_server_imds(&server, row->machine, false, NULL), row->target, row->headers);
        CHECK_INT(r.status, row->status, row->target);
        const struct json *list = records(&server, admin);
        CHECK_INT(json_n(list), i + 1, row->target);
        check_refusal(t, row, json_at(list, 0));
    }
    test_server_end(&server);
}

// A page that has its own name lead here is refused, and seen; so is one request too many.
TEST(O1_a_rebound_name_and_a_throttled_request_are_in_the_sign_in_log)
{
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t     admin = test_server_admin(&server), port = test_server_imds(&server, "one", true, NULL);
    struct reply r = test_server_ask(&server, port, S("GET " TOKEN_PATH "?" ASK " HTTP/1.1\r\nHost: evil.test\r\n" METADATA "\r\n"));
    CHECK_INT(r.status, 401, "rebound");
    const struct json *s = json_at(records(&server, admin), 0);
    CHECK(number_at(s, "status", "errorCode") == 401 && str_eq(text_at(s, "lanyard.error"), S("CALLER_UNKNOWN")));
    int throttled = 0;
    for (int i = 0; i < 100 && !throttled; i++) throttled = ask(&server, port, TOKEN_PATH "?" ASK, METADATA).status == 429;
    s = json_at(records(&server, admin), 0);
    for (size_t i = 0; i < json_n(records(&server, admin)) && number_at(s, "status", "errorCode") != 429; i++)
        s = json_at(records(&server, admin), i);
    CHECK(throttled && number_at(s, "status", "errorCode") == 429 && str_eq(text_at(s, "lanyard.error"), S("BUSY")));
    test_server_end(&server);
}

// A token that could not be signed was given to nobody: the server stops while somebody waits for it.
static void *stop_signing(void *context)
{
    struct test_server *server = context;
    nanosleep(&(struct timespec){.tv_nsec = 50 * NS_PER_MS}, NULL);
    test_server_stop_signing(server);
    return NULL;
}

TEST(O1_a_token_that_is_not_signed_is_recorded_as_refused)
{
    struct test_server server;
    pthread_t          thread;
    test_server_start(t, &server, &(struct test_server_options){.writes = true, .no_signers = true});
    uint16_t admin = test_server_admin(&server), port = test_server_imds(&server, "one", false, NULL);
    CHECK(pthread_create(&thread, NULL, stop_signing, &server) == 0);
    struct reply r = ask(&server, port, TOKEN_PATH "?" ASK, METADATA);
    pthread_join(thread, NULL);
    CHECK_INT(r.status, 429, "refused");
    const struct json *s = json_at(records(&server, admin), 0);
    CHECK_INT(number_at(s, "status", "errorCode"), 429, "refused");
    CHECK_STR(text_at(s, "servicePrincipalId"), str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_ID1].principal), "who would have got it");
    CHECK(json_is(json_get(s, S("uniqueTokenIdentifier")), JSON_IS_NULL));
    test_server_end(&server);
}

static const struct login_row {
    const char *path, *body;
    int64_t     code;
    const char *error, *principal;
    const char *known_by; // NULL: nothing was shown that counts
} LOGINS[] = {
    {"/" TEST_SERVER_TENANT "/oauth2/v2.0/token",
     "grant_type=client_credentials&scope=https://vault.azure.net/.default&client_secret=SECRET&client_id=" TEST_SERVER_APP, 7000215, "SECRET_WRONG",
     TEST_SERVER_APP, "clientSecret"},
    {"/" TEST_SERVER_TENANT "/oauth2/token", "grant_type=client_credentials&resource=https://vault.azure.net&client_secret=SECRET&client_id=SECRET",
     700016, "APP_UNKNOWN", NULL},
    {"/nobody.test/oauth2/v2.0/token", "client_secret=SECRET", 90002, "TENANT_UNKNOWN", NULL},
    {"/common/oauth2/v2.0/token", "grant_type=SECRET&client_id=" TEST_SERVER_APP, 70003, "GRANT_UNKNOWN", NULL},
    {"/common/oauth2/v2.0/token", "", 900144, "PARAMETER_MISSING", NULL},
};

TEST(O1_each_refusal_of_the_token_service_is_in_the_sign_in_log)
{
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t admin = test_server_admin(&server), port = test_server_router(&server);
    for (size_t i = 0; i < COUNT(LOGINS); i++) {
        const struct login_row *row = &LOGINS[i];
        str                     text;
        struct reply            r = test_server_ask(&server, port,
                                                    call_format(t->call,
                                                                "POST %s HTTP/1.1\r\nHost: login.microsoftonline.com\r\nclient-request-id: " CORRELATION "\r\n"
                                                                           "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                                                                row->path, strlen(row->body), row->body));
        CHECK_ROW(r.status >= 400, row->path);
        const struct json *list = records(&server, admin), *s = json_at(list, 0);
        CHECK_INT(json_n(list), i + 1, row->path);
        CHECK_INT(number_at(s, "status", "errorCode"), row->code, row->path);
        CHECK_STR(text_at(s, "lanyard.error"), str_of(row->error), row->path);
        CHECK_STR(text_at(s, "lanyard.callerKnownBy"), str_of(row->known_by ? row->known_by : "unknown"), row->path);
        CHECK_STR(text_at(s, "lanyard.endpoint"), S("login"), row->path);
        CHECK_STR(text_at(s, "correlationId"), S(CORRELATION), row->path);
        CHECK_STR(text_at(s, "ipAddress"), S("127.0.0.1"), row->path);
        if (row->principal) CHECK_STR(text_at(s, "appId"), str_of(row->principal), row->path);
        CHECK_OK(json_text(t->call, s, &text));
        CHECK_ROW(str_find_str(text, S("SECRET\"")) == STR_NOWHERE && str_find_str(text, S("'SECRET'")) == STR_NOWHERE, row->path);
    }
    test_server_end(&server);
}

// Whoever floods an endpoint with requests that are refused makes few records, which say how many there were.
TEST(O1_a_flood_of_refusals_makes_few_records)
{
    enum { FLOOD = 300 };
    struct test_server server;
    int64_t            sum = 0;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t admin = test_server_admin(&server), port = test_server_imds(&server, "bare", false, NULL);
    for (int i = 0; i < FLOOD; i++) ask(&server, port, TOKEN_PATH "?" ASK, METADATA);
    const struct json *list = records(&server, admin);
    CHECK_AT_MOST(json_n(list), 40, "records");
    for (size_t i = 0; i < json_n(list); i++) sum += number_at(json_at(list, i), "lanyard", "times");
    CHECK_INT(sum, FLOOD, "refusals");
    test_server_end(&server);
}

// ---- as Microsoft Graph gives them ----

#define GRAPH_HOST "graph.microsoft.com"
#define SECOND_NS  (INT64_C(1790000000) * NS_PER_S) /* 2026-09-21T14:13:20Z */

static const struct json *graph(struct test_server *server, uint16_t admin, const char *target, int status)
{
    struct test *t = server->t;
    struct reply r = test_server_ask(server, admin, call_format(t->call, "GET %s HTTP/1.1\r\nHost: " GRAPH_HOST "\r\n\r\n", target));
    CHECK_INT(r.status, status, target);
    return r.json;
}

// Twelve records: of a managed identity, an application and a user by turns, every second one refused.
static void put_records(struct test_server *server, uint16_t admin)
{
    static const enum signin_type TYPES[] = {SIGNIN_MANAGED_IDENTITY, SIGNIN_SERVICE_PRINCIPAL, SIGNIN_USER};
    struct test                  *t = server->t;
    for (uint8_t i = 0; i < 12; i++) {
        struct signin s = {
            .time_ns = SECOND_NS + i * NS_PER_S, .type = TYPES[i % 3], .principal.g.b = {[0] = 0xaa, [15] = i}, .app.g.b = {[0] = 0xbb, [15] = i}};
        s.correlation_id = (guid){.b = {[0] = 0xcc, [15] = i}};
        s.name = i % 3 == 2 ? S("ann@lanyard.localhost") : S("web");
        s.host = i % 3 ? STR_NONE : S(TEST_SERVER_MACHINES "both");
        s.endpoint = S("imds");
        if (i % 2) s.error = S("IDENTITY_NOT_FOUND"), s.error_code = 400, s.reason = S("Identity not found");
        else s.unique_id = S("uti");
        logs_signin(t->call, &server->product, &s);
    }
    CHECK_INT(json_n(records(server, admin)), 12, "written");
}

static size_t listed(struct test_server *server, uint16_t admin, const char *filter)
{
    struct test *t = server->t;
    struct buf   b;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("/beta/auditLogs/signIns?$filter="));
    http_escape(&b, str_of(filter));
    return json_n(json_get(graph(server, admin, call_zstr(t->call, buf_view(&b)), 200), S("value")));
}

#define EVERY "signInEventTypes/any(t: t ne 'nothing')"

TEST(O1_graph_finds_sign_ins_by_all_published_filters)
{
    static const struct { const char *filter; size_t n; } CASES[] = {
        {EVERY, 12},
        {"signInEventTypes/any(t: t eq 'managedIdentity')", 4},
        {"signInEventTypes/any(t: t eq 'servicePrincipal')", 4},
        {"signInEventTypes/any(t: t eq 'interactiveUser')", 4},
        {"signInEventTypes/any(t: t eq 'managedIdentity' ) or signInEventTypes/any(t: t eq 'servicePrincipal')", 8},
        {"createdDateTime ge 2026-09-21T14:13:20Z", 4}, // without a type: interactive users only, as published
        {"createdDateTime ge 2026-09-21T14:13:30Z and " EVERY, 2},
        {"createdDateTime gt 2026-09-21T14:13:30Z and " EVERY, 1},
        {"createdDateTime le 2026-09-21T14:13:21Z and " EVERY, 2},
        {"createdDateTime lt 2026-09-21T14:13:21.000Z and " EVERY, 1},
        {"(createdDateTime ge 2026-09-21T14:13:30Z or createdDateTime lt 2026-09-21T14:13:21Z) and " EVERY, 3},
        {"createdDateTime eq 2026-09-21T14:13:21Z and " EVERY, 1},
        {"status/errorCode eq 0 and " EVERY, 6},
        {"status/errorCode ne 0 and " EVERY, 6},
        {"status/errorCode gt 399 and " EVERY, 6},
        {"status/errorCode in (0,400) and " EVERY, 12},
        {"appId eq 'bb000000-0000-0000-0000-000000000003' and " EVERY, 1},
        {"servicePrincipalId eq 'aa000000-0000-0000-0000-000000000003' and " EVERY, 1},
        {"servicePrincipalId eq 'aa000000-0000-0000-0000-000000000002' and " EVERY, 0}, // that is a user
        {"userId eq 'aa000000-0000-0000-0000-000000000002'", 1},
        {"userPrincipalName eq 'ANN@lanyard.localhost'", 4},
        {"startswith(userPrincipalName,'ann')", 4},
        {"correlationId eq 'cc000000-0000-0000-0000-000000000002'", 1},
        {"endswith(managedServiceIdentity/associatedResourceId,'/both') and " EVERY, 4},
        {"isInteractive eq true", 4},
        {"conditionalAccessStatus eq 'notApplied' and riskState eq 'none'", 4},
    };
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t admin = test_server_admin(&server);
    put_records(&server, admin);
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_INT(listed(&server, admin, CASES[i].filter), CASES[i].n, CASES[i].filter);
    CHECK_INT(json_n(json_get(graph(&server, admin, "/v1.0/auditLogs/signIns", 200), S("value"))), 4, "without a filter: users");
    test_server_end(&server);
}

TEST(graph_refuses_what_it_cannot_answer_of_sign_ins)
{
    static const char *const QUERIES[] = {
        "$filter=nobody%20eq%201",
        "$filter=status%20eq%20'x'",
        "$filter=status/errorCode%20eq%20'x'",
        "$filter=status/errorCode%20eq%2099999999999999999999",
        "$filter=createdDateTime%20ge%20yesterday",
        "$filter=createdDateTime%20ge",
        "$filter=appId%20ge%20'a'",
        "$filter=status/nobody%20eq%201",
        "$top=0",
        "$top=1001",
        "$skiptoken=x",
        "$select=nobody",
        "$select=status/errorCode",
        "$orderby=appId",
        "$search=x",
    };
    struct test_server server;
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t admin = test_server_admin(&server);
    for (size_t i = 0; i < COUNT(QUERIES); i++) graph(&server, admin, call_format(t->call, "/v1.0/auditLogs/signIns?%s", QUERIES[i]).at, 400);
    graph(&server, admin, "/v1.0/auditLogs/signIns/nobody", 400);
    graph(&server, admin, "/v1.0/auditLogs/signIns/" TEST_SERVER_APP, 404);
    test_server_end(&server);
}

TEST(O1_graph_pages_sign_ins_from_the_newest_and_finds_one_by_its_id)
{
    struct test_server server;
    size_t             seen = 0;
    str                last = S("z");
    test_server_start(t, &server, &(struct test_server_options){.writes = true});
    uint16_t    admin = test_server_admin(&server);
    const char *target = "/beta/auditLogs/signIns?$top=5&$orderby=createdDateTime%20desc&$select=id,createdDateTime,status&$filter="
                         "signInEventTypes/any(t:t%20ne%20'x')";
    put_records(&server, admin);
    while (target) {
        const struct json *page = graph(&server, admin, target, 200), *value = json_get(page, S("value"));
        str                link = json_get_str(page, S("@odata.nextLink"));
        CHECK_STR(json_get_str(page, S("@odata.context")),
                  S("https://graph.microsoft.com/beta/$metadata#auditLogs/signIns(id,createdDateTime,status)"), "context");
        for (size_t i = 0; i < json_n(value); i++, seen++) {
            const struct json *s = json_at(value, i);
            str                created = json_get_str(s, S("createdDateTime")), id = json_get_str(s, S("id"));
            CHECK_INT(json_n(s), 3, "what was selected");
            CHECK(str_cmp(created, last) < 0);
            last = created;
            const struct json *one = graph(&server, admin, call_format(t->call, "/v1.0/auditLogs/signIns/%.*s", PSTR(id)).at, 200);
            CHECK_STR(json_get_str(one, S("createdDateTime")), created, "the same by its id");
            CHECK(json_n(one) > 30);
        }
        target = str_empty(link) ? NULL : call_zstr(t->call, str_from(link, S("https://" GRAPH_HOST).n));
    }
    CHECK_INT(seen, 12, "each once");
    test_server_end(&server);
}

// A new endpoint cannot forget the log: what gives tokens says so in its row.
TEST(O1_each_row_at_which_tokens_are_asked_for_makes_sign_in_records)
{
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->route_n; k++) {
            const struct route *r = &SERVICES[i]->routes[k];
            bool                is_token = str_ends_nocase(str_of(r->pattern), S("/token")) || str_contains_nocase(str_of(r->pattern), S("/msi/"));
            if (is_token) CHECK_ROW(r->gives_tokens_to != SIGNIN_NONE, r->pattern);
        }
}
