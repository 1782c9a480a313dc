// T7, L1: what each platform's endpoint is asked, and what is concluded from what it answers.
#include "client/managed_identity/arc.h"
#include "client/managed_identity/source.h"
#include "fake_transport.h"
#include "test_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCOPE           "https://vault.azure.net/.default"
#define RESOURCE        "resource=https%3A%2F%2Fvault.azure.net"
#define GOOD            "{\"access_token\":\"a.b.c\",\"expires_on\":\"4000000000\",\"token_type\":\"Bearer\"}"
#define SHA256_OF_TOKEN "845e30448809e2bc8958eb025bfc795235d13b077a53d0c3abbd2385170dc9b8" /* of a.b.c */
#define CLIENT          "33333333-3333-3333-3333-333333333333"
#define THUMB           "0123456789abcdef0123456789ABCDEF01234567"
#define POD_HOST        "AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:8081"
#define APP             "IDENTITY_ENDPOINT=http://localhost:81/msi/token\nIDENTITY_HEADER=853b9a84"
#define FABRIC          "IDENTITY_ENDPOINT=https://localhost:2377/metadata/identity/oauth2/token\nIDENTITY_HEADER=853b9a84\nIDENTITY_SERVER_THUMBPRINT=" THUMB
#define LEARNING        "MSI_ENDPOINT=http://127.0.0.1:82/msi\nMSI_SECRET=s3cr3t"
#define SHELL           "MSI_ENDPOINT=http://localhost:50342/oauth2/token"
#define ARC             "IDENTITY_ENDPOINT=http://localhost:40342/metadata/identity/oauth2/token\nIMDS_ENDPOINT=http://localhost:40342"

static struct lanyard_token *ask(struct fake_transport *f, const char *environment, const struct lanyard_identity *which)
{
    fake_environment(environment);
    struct lanyard_credential *me = lanyard_managed_identity(which, &f->settings);
    struct lanyard_token      *token = lanyard_token_get(me, SCOPE);
    lanyard_credential_free(me);
    return token;
}

TEST(each_platform_is_asked_in_its_own_words)
{
    static const struct lanyard_identity BY_CLIENT = {LANYARD_IDENTITY_CLIENT_ID, CLIENT}, BY_OBJECT = {LANYARD_IDENTITY_OBJECT_ID, CLIENT},
                                         BY_RESOURCE = {LANYARD_IDENTITY_RESOURCE_ID, "/subscriptions/s/x"};
    static const struct {
        const char                    *environment;
        const struct lanyard_identity *which;
        const char                    *want[4]; // each stands in the request
    } CASES[] = {
        {POD_HOST, NULL, {"GET http://127.0.0.1:8081/metadata/identity/oauth2/token?api-version=2018-02-01&" RESOURCE "\n", "\nMetadata: true\n"}},
        {POD_HOST "/", NULL, {"GET http://127.0.0.1:8081/metadata/identity/oauth2/token?"}},
        {"", NULL, {"GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&" RESOURCE "\n"}},
        {"", &BY_CLIENT, {"&client_id=" CLIENT}},
        {"", &BY_OBJECT, {"&object_id=" CLIENT}},
        {"", &BY_RESOURCE, {"&msi_res_id=%2Fsubscriptions%2Fs%2Fx"}},
        {APP, NULL, {"GET http://localhost:81/msi/token?api-version=2019-08-01&" RESOURCE "\n", "\nX-IDENTITY-HEADER: 853b9a84\n"}},
        {APP, &BY_CLIENT, {"&client_id=" CLIENT}},
        {APP, &BY_OBJECT, {"&object_id=" CLIENT}},
        {APP, &BY_RESOURCE, {"&mi_res_id=%2Fsubscriptions%2Fs%2Fx"}},
        {APP "\nIDENTITY_SERVER_THUMBPRINT=", NULL, {"api-version=2019-08-01"}},
        {FABRIC,
         NULL,
         {"GET https://localhost:2377/metadata/identity/oauth2/token?api-version=2019-07-01-preview&" RESOURCE "\n", "\nsecret: 853b9a84\n",
          "\n" THUMB "\n"}},
        {LEARNING, NULL, {"GET http://127.0.0.1:82/msi?api-version=2017-09-01&" RESOURCE "\n", "\nsecret: s3cr3t\n", "\nMetadata: true\n"}},
        {LEARNING, &BY_CLIENT, {"&clientid=" CLIENT}},
        {LEARNING "\nDEFAULT_IDENTITY_CLIENT_ID=d1", NULL, {"&clientid=d1"}},
        {LEARNING "\nDEFAULT_IDENTITY_CLIENT_ID=d1", &BY_CLIENT, {"&clientid=" CLIENT "\n"}},
        {SHELL,
         NULL,
         {"POST http://localhost:50342/oauth2/token\n", "\nMetadata: true\n", "\n" RESOURCE "\n",
          "\nContent-Type: application/x-www-form-urlencoded\n"}},
        {APP "\n" SHELL, NULL, {"GET http://localhost:81/msi/token?"}},
        {ARC "\n" LEARNING, NULL, {"GET http://127.0.0.1:82/msi?"}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
        struct lanyard_token *token = ask(&f, CASES[i].environment, CASES[i].which);
        CHECK_ROW(lanyard_token_result(token) == LANYARD_OK, CASES[i].environment);
        CHECK_ROW(f.sent == 1, CASES[i].environment);
        CHECK_ROW(lanyard_token_expires_at(token) == 4000000000, CASES[i].environment);
        for (size_t k = 0; k < COUNT(CASES[i].want) && CASES[i].want[k]; k++) CHECK_ROW(fake_saw(&f, CASES[i].want[k]), CASES[i].want[k]);
        lanyard_token_free(token);
    }
}

// O3, L2: another credential may do where this one is not there; a refusal is a failure.
TEST(a_platform_s_reply_leads_to_one_conclusion)
{
    static const struct {
        const char         *environment;
        struct fake_reply   reply;
        enum lanyard_result want;
        const char         *word; // stands in the error
    } CASES[] = {
        {"", {.result = LANYARD_UNAVAILABLE}, LANYARD_TIMED_OUT, ""}, // it is asked again until the request's time is over
        {"",
         {.status = 400, .body = "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}"},
         LANYARD_UNAVAILABLE,
         "Identity not found"},
        {"", {.status = 400, .body = ""}, LANYARD_UNAVAILABLE, "400"},
        {"",
         {.status = 400, .body = "{\"error\":\"invalid_resource\",\"error_description\":\"AADSTS500011: no such\"}"},
         LANYARD_UNAVAILABLE,
         "Check the scope's spelling"},
        {APP, {.status = 401, .body = "{\"statusCode\":401,\"message\":\"header\"}"}, LANYARD_AUTHENTICATION_FAILED, "this process's own"},
        {"", {.status = 403, .body = "connecting to 169.254.169.254:80: network is unreachable"}, LANYARD_UNAVAILABLE, "403"},
        {"", {.status = 403, .body = "no"}, LANYARD_AUTHENTICATION_FAILED, "403"},
        {"",
         {.status = 401, .body = "{\"error\":\"unknown_source\",\"error_description\":\"Unknown Source x\"}"},
         LANYARD_AUTHENTICATION_FAILED,
         "Unknown Source"},
        {"", {.status = 200, .body = "<html>sign in</html>"}, LANYARD_UNAVAILABLE, "no JSON"},
        {"", {.status = 200, .body = "{}"}, LANYARD_AUTHENTICATION_FAILED, "access_token"},
        {"", {.status = 200, .body = "{\"access_token\":\"a.b\"}"}, LANYARD_AUTHENTICATION_FAILED, "expires_on"},
        {"", {.status = 302, .body = ""}, LANYARD_AUTHENTICATION_FAILED, "redirect"},
        {APP,
         {.status = 400, .body = "{\"statusCode\":400,\"message\":\"No MSI found for specified ClientId/ResourceId.\"}"},
         LANYARD_UNAVAILABLE,
         "No MSI found"},
        {FABRIC,
         {.status = 403, .body = "{\"error\":{\"code\":\"SecretHeaderNotFound\",\"message\":\"No header\"}}"},
         LANYARD_AUTHENTICATION_FAILED,
         "No header"},
        // A certificate that is not the pinned one: who answers is unknown, so a chain ends.
        {FABRIC, {.result = LANYARD_INVALID}, LANYARD_AUTHENTICATION_FAILED, "cannot be asked"},
        {APP, {.result = LANYARD_INVALID}, LANYARD_AUTHENTICATION_FAILED, "cannot be asked"},
        {"", {.result = LANYARD_INVALID}, LANYARD_AUTHENTICATION_FAILED, "cannot be asked"},
        {APP, {.status = 401, .body = "{\"statusCode\":401,\"message\":\"wrong: 853b9a84\"}"}, LANYARD_AUTHENTICATION_FAILED, "wrong: ***"},
        {FABRIC,
         {.status = 403, .body = "{\"error\":{\"code\":\"c\",\"message\":\"wrong: 853b9%614\"}}"},
         LANYARD_AUTHENTICATION_FAILED,
         "wrong: 853b9%614"}, // not an escape of it
        {FABRIC,
         {.status = 403, .body = "{\"error\":{\"code\":\"c\",\"message\":\"wrong: 853b9%6184\"}}"},
         LANYARD_AUTHENTICATION_FAILED,
         "wrong: ***"},
        {LEARNING, {.status = 401, .body = "{\"statusCode\":401,\"message\":\"wrong: s3cr3t\"}"}, LANYARD_AUTHENTICATION_FAILED, "wrong: ***"},
        {ARC, {.status = 200, .body = GOOD}, LANYARD_AUTHENTICATION_FAILED, "without the challenge"},
        {ARC, {.status = 401, .challenge = "Basic realm=/etc/shadow"}, LANYARD_AUTHENTICATION_FAILED, "not in /var/opt/azcmagent/tokens"},
        {ARC, {.status = 401}, LANYARD_AUTHENTICATION_FAILED, "challenge"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &CASES[i].reply, 1);
        fake_environment(CASES[i].environment);
        struct lanyard_credential   *me = lanyard_managed_identity(NULL, &f.settings);
        struct lanyard_token_request request = {.size = sizeof request, .scope = SCOPE, .timeout_ms = CASES[i].want == LANYARD_TIMED_OUT ? 20 : 0};
        struct lanyard_token        *token = lanyard_token_ask(me, &request);
        CHECK_ROW(lanyard_token_result(token) == CASES[i].want, CASES[i].word);
        CHECK_ROW(strstr(lanyard_token_error(token), CASES[i].word) != NULL, lanyard_token_error(token));
        CHECK_ROW(lanyard_token_value(token) == NULL, CASES[i].word);
        CHECK_ROW(!strstr(lanyard_token_error(token), "853b9a84"), CASES[i].word);
        const struct lanyard_attempt *a = lanyard_token_attempt(token, 0);
        CHECK_ROW(a && strcmp(a->credential, "ManagedIdentityCredential") == 0 && a->source[0] && a->http_status == CASES[i].reply.status,
                  CASES[i].word);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

// An endpoint has tokens of one tenant: whichever is named, the token that is kept is given.
TEST(a_platform_s_token_is_kept_whatever_tenant_is_asked_for)
{
    static const char *const TENANTS[] = {NULL, "other.example", "third.example"};
    struct fake_transport    f;
    fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
    fake_environment(APP);
    struct lanyard_credential *me = lanyard_managed_identity(NULL, &f.settings);
    for (size_t i = 0; i < COUNT(TENANTS); i++) {
        struct lanyard_token_request request = {.size = sizeof request, .scope = SCOPE, .tenant_id = TENANTS[i]};
        struct lanyard_token        *token = lanyard_token_ask(me, &request);
        CHECK_INT(lanyard_token_result(token), LANYARD_OK, TENANTS[i]);
        lanyard_token_free(token);
    }
    CHECK_INT(f.sent, 1, "requests");
    CHECK(!fake_saw(&f, "other.example"));
    lanyard_credential_free(me);
}

// Its endpoint is told which token a service refused, and never gives that one again.
TEST(service_fabric_is_told_the_digest_of_a_refused_token)
{
    struct fake_transport f;
    fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
    fake_environment(FABRIC);
    struct lanyard_credential   *me = lanyard_managed_identity(NULL, &f.settings);
    struct lanyard_token_request request = {.size = sizeof request, .scope = SCOPE, .enable_cae = true};
    lanyard_token_free(lanyard_token_ask(me, &request));
    CHECK(fake_saw(&f, "&xms_cc=cp1\n") && !fake_saw(&f, "token_sha256_to_refresh"));
    request.claims = "{\"access_token\":{\"nbf\":{\"value\":\"1\"}}}";
    lanyard_token_free(lanyard_token_ask(me, &request));
    CHECK(fake_saw(&f, "&token_sha256_to_refresh=" SHA256_OF_TOKEN "&xms_cc=cp1\n"));
    lanyard_credential_free(me);
}

// L2: the advice names the identity that was asked for.
TEST(an_identity_that_is_not_attached_is_named_in_the_advice)
{
    static const struct { const char *environment; struct lanyard_identity which; const char *word; } CASES[] = {
        {"", {LANYARD_IDENTITY_CLIENT_ID, CLIENT}, "No identity with the client id " CLIENT " is attached here"},
        {APP, {LANYARD_IDENTITY_OBJECT_ID, CLIENT}, "No identity with the object id " CLIENT " is attached here"},
        {"", {LANYARD_IDENTITY_RESOURCE_ID, "/subscriptions/s/x"}, "No identity with the resource id /subscriptions/s/x is attached here"},
        {"", {LANYARD_IDENTITY_DEFAULT, NULL}, "Enable a managed identity on this virtual machine"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        struct fake_reply     reply = {.status = 400, .body = "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}"};
        fake_transport_init(&f, &reply, 1);
        struct lanyard_token *token = ask(&f, CASES[i].environment, &CASES[i].which);
        CHECK_INT(lanyard_token_result(token), LANYARD_UNAVAILABLE, CASES[i].word);
        CHECK_ROW(strstr(lanyard_token_error(token), CASES[i].word) != NULL, lanyard_token_error(token));
        CHECK_ROW(strstr(lanyard_token_error(token), ": Identity not found (invalid_request). ") != NULL, lanyard_token_error(token));
        lanyard_token_free(token);
    }
}

// L1: a kind that was forgotten is not the system's identity.
TEST(an_identity_that_cannot_be_meant_is_invalid)
{
    static const struct { struct lanyard_identity which; const char *word; } CASES[] = {
        {{.id = CLIENT}, "not which kind it is"},
        {{LANYARD_IDENTITY_CLIENT_ID, NULL}, "missing"},
        {{LANYARD_IDENTITY_OBJECT_ID, ""}, "missing"},
        {{LANYARD_IDENTITY_RESOURCE_ID, "a b"}, "characters"},
        {{(enum lanyard_identity_kind)4, CLIENT}, "none of those"},
    };
    for (size_t i = 0; i < 2 * COUNT(CASES); i++) {
        struct fake_transport f;
        size_t                row = i / 2;
        fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
        fake_environment(APP);
        struct lanyard_credential *me =
            i % 2 ? lanyard_default(&CASES[row].which, &f.settings) : lanyard_managed_identity(&CASES[row].which, &f.settings);
        struct lanyard_token *token = lanyard_token_get(me, SCOPE);
        CHECK_INT(lanyard_token_result(token), LANYARD_INVALID, CASES[row].word);
        CHECK_ROW(strstr(lanyard_token_error(token), CASES[row].word) != NULL, lanyard_token_error(token));
        CHECK_ROW(lanyard_credential_error(me) && !strstr(lanyard_credential_error(me), "ManagedIdentityCredential"), CASES[row].word);
        CHECK_INT(f.sent, 0, CASES[row].word);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

TEST(a_platform_without_a_choice_of_identities_refuses_one)
{
    static const struct {
        const char                *environment;
        enum lanyard_identity_kind kind;
    } CASES[] = {
        {SHELL, LANYARD_IDENTITY_CLIENT_ID},    {SHELL, LANYARD_IDENTITY_RESOURCE_ID},    {FABRIC, LANYARD_IDENTITY_CLIENT_ID},
        {LEARNING, LANYARD_IDENTITY_OBJECT_ID}, {LEARNING, LANYARD_IDENTITY_RESOURCE_ID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport   f;
        struct lanyard_identity which = {CASES[i].kind, CLIENT};
        fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
        struct lanyard_token *token = ask(&f, CASES[i].environment, &which);
        CHECK_ROW(lanyard_token_result(token) == LANYARD_UNAVAILABLE && f.sent == 0, CASES[i].environment);
        lanyard_token_free(token);
    }
}

TEST(an_environment_that_cannot_be_used_is_told_and_nothing_is_asked)
{
    static const struct {
        const char *environment, *word;
    } CASES[] = {
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST=ftp://x", "AZURE_POD_IDENTITY_AUTHORITY_HOST"},
        {"IDENTITY_ENDPOINT=http://u:p@h/\nIDENTITY_HEADER=853b9a84", "IDENTITY_ENDPOINT"},
        {"IDENTITY_ENDPOINT=https://localhost:1\nIDENTITY_HEADER=853b9a84\nIDENTITY_SERVER_THUMBPRINT=00", "IDENTITY_SERVER_THUMBPRINT"},
        {"IDENTITY_ENDPOINT=http://localhost:1\nIDENTITY_HEADER=853b9a84\nIDENTITY_SERVER_THUMBPRINT=" THUMB, "https"},
        {"IDENTITY_ENDPOINT=http://localhost:1\nIDENTITY_HEADER=853b9a84\rX: 1", "X-IDENTITY-HEADER"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
        struct lanyard_token *token = ask(&f, CASES[i].environment, NULL);
        CHECK_ROW(lanyard_token_result(token) == LANYARD_INVALID && f.sent == 0, CASES[i].word);
        CHECK_ROW(strstr(lanyard_token_error(token), CASES[i].word) != NULL, lanyard_token_error(token));
        CHECK_ROW(!strstr(lanyard_token_error(token), "853b9a84"), CASES[i].word);
        lanyard_token_free(token);
    }
}

TEST(an_arc_challenge_names_a_file_of_one_directory)
{
    static const struct {
        const char *challenge, *name; // NULL: refused
    } CASES[] = {
        {"Basic realm=/t/5a-b_c.key", "5a-b_c.key"},
        {"basic realm=/t/a.key", "a.key"},
        {"", NULL},
        {"Bearer realm=/t/a.key", NULL},
        {"Basic realm=\"/t/a.key\"", NULL},
        {"Basic realm=/t/a.key, x=1", NULL},
        {"Basic realm=/t/../etc/a.key", NULL},
        {"Basic realm=/t/sub/a.key", NULL},
        {"Basic realm=/t//a.key", NULL},
        {"Basic realm=/t/..key", NULL},
        {"Basic realm=/t/.key", NULL},
        {"Basic realm=/tt/a.key", NULL},
        {"Basic realm=/t", NULL},
        {"Basic realm=/t/", NULL},
        {"Basic realm=t/a.key", NULL},
        {"Basic realm=/t/a.pem", NULL},
        {"Basic realm=/t/a\nb.key", NULL},
        {"Basic realm=/t/a.key=", NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str      name = STR_NONE;
        enum err got = arc_challenge_read(t->call, str_of(CASES[i].challenge), "/t", &name);
        CHECK_ERR(got, CASES[i].name ? OK : ERR_CONTENT_INVALID, CASES[i].challenge);
        CHECK_STR(name, str_of(CASES[i].name), CASES[i].challenge);
    }
}

// A machine of Arc whose key files are in the test's directory.
static enum err ask_arc(struct test *t, const struct fake_reply *replies, size_t n, enum lanyard_identity_kind kind, struct fake_transport *f)
{
    struct managed_identity me = {
        .source = &SOURCE_ARC, .kind = kind, .id = S("id-1"), .endpoint = S("http://127.0.0.1:40342/token"), .arc_directory = test_dir(t)};
    fake_transport_init(f, replies, n);
    fake_environment("");
    struct lanyard_credential *lender = lanyard_managed_identity(NULL, &f->settings); // of its settings
    struct attempts           *attempts;
    CHECK_OK(NEW(t->call, &attempts, 1));
    struct token_ask    a = {.attempts = attempts,
                             .scope = S(SCOPE),
                             .resource = S("https://vault.azure.net"),
                             .patience = {.until_ns = INT64_MAX},
                             .settings = credential_settings(lender)};
    struct trial        trial = {.ask = &a, .credential = "ManagedIdentityCredential", .source = SOURCE_ARC.title};
    struct access_token token = {0};
    enum err            got = SOURCE_ARC.acquire(t->call, &trial, &me, &token);
    for (size_t i = 0; i < attempts->n; i++) CHECK_ROW(!strstr(attempts->items[i].text, "k3y"), attempts->items[i].text);
    secret_clear(&token.value);
    lanyard_credential_free(lender);
    return got;
}

TEST(an_arc_challenge_is_answered_with_the_file_s_key)
{
    struct fake_transport f;
    const char           *path = test_file(t, "a.key", S("k3y\n"));
    const char           *challenge = call_zstr(t->call, call_format(t->call, "Basic realm=%s", path));
    const char           *link = call_zstr(t->call, call_format(t->call, "%s/link.key", test_dir(t)));
    const char           *to_link = call_zstr(t->call, call_format(t->call, "Basic realm=%s", link));
    CHECK(symlink("/etc/passwd", link) == 0);
    const struct fake_reply good[] = {{.status = 401, .challenge = challenge}, {.status = 200, .body = GOOD}};
    CHECK_OK(ask_arc(t, good, 2, LANYARD_IDENTITY_DEFAULT, &f));
    CHECK(f.sent == 2 && fake_saw(&f, "\nAuthorization: Basic k3y\n") && fake_saw(&f, "api-version=2020-06-01"));
    const struct fake_reply linked[] = {{.status = 401, .challenge = to_link}, {.status = 200, .body = GOOD}};
    CHECK_ERR(ask_arc(t, linked, 2, LANYARD_IDENTITY_DEFAULT, &f), ERR_AUTHENTICATION_FAILED, "link");
    CHECK(f.sent == 1);
    const struct fake_reply again[] = {{.status = 401, .challenge = challenge}, {.status = 401, .challenge = challenge}};
    CHECK_ERR(ask_arc(t, again, 2, LANYARD_IDENTITY_DEFAULT, &f), ERR_AUTHENTICATION_FAILED, "refused again");
    CHECK(f.sent == 2);
    const struct fake_reply told[] = {{.status = 401, .challenge = challenge},
                                      {.status = 401, .body = "{\"error\":\"e\",\"error_description\":\"wrong: k3y\"}"}};
    CHECK_ERR(ask_arc(t, told, 2, LANYARD_IDENTITY_DEFAULT, &f), ERR_AUTHENTICATION_FAILED, "refused with the key");
}

TEST(an_arc_agent_must_say_whose_token_it_gives_to_who_chose)
{
    static const struct {
        enum lanyard_identity_kind kind;
        const char                *echo;
        enum err                   want;
    } CASES[] = {
        {LANYARD_IDENTITY_CLIENT_ID, "\"client_id\":\"ID-1\"", OK},
        {LANYARD_IDENTITY_OBJECT_ID, "\"object_id\":\"id-1\"", OK},
        {LANYARD_IDENTITY_RESOURCE_ID, "\"msi_res_id\":\"id-1\"", OK},
        {LANYARD_IDENTITY_RESOURCE_ID, "\"mi_res_id\":\"id-1\"", OK},
        {LANYARD_IDENTITY_CLIENT_ID, "\"client_id\":\"id-2\"", ERR_AUTHENTICATION_FAILED},
        {LANYARD_IDENTITY_CLIENT_ID, "\"object_id\":\"id-1\"", ERR_AUTHENTICATION_FAILED},
        {LANYARD_IDENTITY_OBJECT_ID, "\"x\":1", ERR_AUTHENTICATION_FAILED},
    };
    const char *path = test_file(t, "a.key", S("k3y"));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport   f;
        const struct fake_reply replies[] = {
            {.status = 401, .challenge = call_zstr(t->call, call_format(t->call, "Basic realm=%s", path))},
            {.status = 200, .body = call_zstr(t->call, call_format(t->call, "{\"access_token\":\"a.b\",\"expires_in\":\"99\",%s}", CASES[i].echo))},
        };
        CHECK_ERR(ask_arc(t, replies, 2, CASES[i].kind, &f), CASES[i].want, CASES[i].echo);
    }
}

// In a chain the metadata endpoint is asked once whether it is there, and that is remembered.
TEST(a_chain_probes_the_metadata_endpoint_once)
{
    static const struct {
        struct fake_reply   probe;
        enum lanyard_result want;
        size_t              sent; // for two askings
    } CASES[] = {
        {{.result = LANYARD_UNAVAILABLE}, LANYARD_UNAVAILABLE, 1},
        {{.status = 403, .body = "network is unreachable"}, LANYARD_UNAVAILABLE, 2},
        {{.status = 404, .body = "another cloud's"}, LANYARD_UNAVAILABLE, 2}, // not remembered: it may be being updated
        {{.status = 401, .body = ""}, LANYARD_UNAVAILABLE, 2},
        {{.status = 302, .body = ""}, LANYARD_UNAVAILABLE, 2},
        {{.status = 200, .body = "<html>"}, LANYARD_UNAVAILABLE, 2},
        {{.status = 429, .body = ""}, LANYARD_OK, 2},
        {{.status = 400, .body = "{}"}, LANYARD_OK, 2},
        {{.status = 500, .body = "{}"}, LANYARD_OK, 2},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        bool                  is_here = CASES[i].want == LANYARD_OK;
        fake_transport_init(&f, (struct fake_reply[]){CASES[i].probe, {.status = 200, .body = GOOD}}, is_here ? 2 : 1);
        fake_environment("");
        struct lanyard_credential *members[] = {lanyard_environment(&f.settings), lanyard_managed_identity(NULL, &f.settings)};
        struct lanyard_credential *chain = lanyard_chain(members, COUNT(members), &f.settings);
        for (int k = 0; k < 2; k++) {
            struct lanyard_token *token = lanyard_token_get(chain, SCOPE);
            CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
            CHECK(CASES[i].want == LANYARD_OK || lanyard_token_attempt_n(token) == 2);
            lanyard_token_free(token);
        }
        CHECK(f.sent == CASES[i].sent);
        CHECK(fake_saw(&f, "GET http://169.254.169.254/metadata/identity/oauth2/token\n"));
        lanyard_credential_free(chain);
        for (size_t k = 0; k < COUNT(members); k++) lanyard_credential_free(members[k]);
    }
}

static enum err ask_imds_in_chain(struct call *c, struct managed_identity *me, const struct settings *settings)
{
    struct attempts *attempts;
    TRY(NEW(c, &attempts, 1));
    struct token_ask    a = {.attempts = attempts,
                             .scope = S(SCOPE),
                             .resource = S("https://vault.azure.net"),
                             .in_chain = true,
                             .patience = {.until_ns = INT64_MAX},
                             .settings = settings};
    struct trial        trial = {.ask = &a, .credential = "ManagedIdentityCredential", .source = SOURCE_IMDS.title};
    struct access_token token = {0};
    enum err            got = SOURCE_IMDS.acquire(c, &trial, me, &token);
    secret_clear(&token.value);
    call_forgive(c);
    return got;
}

// A network may come up after the program; and what fails here says nothing about the endpoint.
TEST(an_absent_metadata_endpoint_is_asked_again_after_a_minute)
{
    static const struct {
        enum lanyard_result probe;
        int                 later_s;
        size_t              sent; // for two askings
    } CASES[] = {
        {LANYARD_UNAVAILABLE, 0, 1},   {LANYARD_UNAVAILABLE, 59, 1}, {LANYARD_UNAVAILABLE, 60, 2}, {LANYARD_UNAVAILABLE, 3600, 2},
        {LANYARD_UNAVAILABLE, -10, 2}, {LANYARD_TIMED_OUT, 59, 1},   {LANYARD_NO_MEMORY, 0, 2},    {LANYARD_BROKEN, 0, 2},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport   f;
        struct managed_identity me = {.source = &SOURCE_IMDS, .endpoint = S("http://169.254.169.254/x")};
        char                    row[64];
        snprintf(row, sizeof row, "result %d, %d s later", CASES[i].probe, CASES[i].later_s);
        fake_transport_init(&f, &(struct fake_reply){.result = CASES[i].probe}, 1);
        fake_environment("");
        struct lanyard_credential *lender = lanyard_managed_identity(NULL, &f.settings); // of its settings
        CHECK_ROW(ask_imds_in_chain(t->call, &me, credential_settings(lender)) != OK, row);
        t->call->now_s += CASES[i].later_s;
        CHECK_ROW(ask_imds_in_chain(t->call, &me, credential_settings(lender)) != OK, row);
        CHECK_INT(f.sent, CASES[i].sent, row);
        lanyard_credential_free(lender);
    }
}
