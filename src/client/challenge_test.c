#include "lanyard/identity.h"
#include "core/buf.h"
#include "test.h"

#define TENANT "11111111-2222-3333-4444-555555555555"
#define LOGIN  "https://login.microsoftonline.com/"
#define JSON   "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1763913300\"}}}"
#define BASE64 "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzYzOTEzMzAwIn19fQ=="

// Headers as services send them.
TEST(client_challenge_reads_what_services_send)
{
    static const struct { const char *row, *header, *authority, *tenant, *scope, *error, *claims; } ROWS[] = {
        {"Key Vault", "Bearer authorization=\"" LOGIN TENANT "\", resource=\"https://vault.azure.net\"", LOGIN TENANT, TENANT, "https://vault.azure.net/.default", "", ""},
        {"Storage: no quotes, no commas", "Bearer authorization_uri=" LOGIN TENANT "/oauth2/authorize resource_id=https://storage.azure.com", LOGIN TENANT, TENANT, "https://storage.azure.com/.default", "", ""},
        {"the management API", "Bearer authorization_uri=\"" LOGIN TENANT "\", error=\"invalid_token\", error_description=\"The access token, is not \\\"valid\\\".\"", LOGIN TENANT, TENANT, "", "invalid_token", ""},
        {"Graph", "Bearer realm=\"\", authorization_uri=\"" LOGIN "common/oauth2/authorize\", client_id=\"x\", error=\"insufficient_claims\", claims=\"" BASE64 "\"", LOGIN "common", "", "", "insufficient_claims", JSON},
        {"without padding", "bearer error=insufficient_claims, claims=eyJhIjoxfQ", "", "", "", "insufficient_claims", "{\"a\":1}"},
        {"the other alphabet", "Bearer claims=\"eyJhIjoi_-_8In0\"", NULL, NULL, NULL, NULL, NULL}, // not UTF-8
        {"a scope", "Bearer scope=\"api://x/.default\"", "", "", "api://x/.default", "", ""},
        {"a second one with claims", "Bearer realm=\"a\", Basic realm=\"b\" , Negotiate YII==, Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"", "", "", "", "insufficient_claims", "{\"a\":1}"},
        {"a bare one", "Bearer", "", "", "", "", ""},
        {"after others", "Negotiate, NTLM, Bearer error=\"x\"", "", "", "", "x", ""},
        {"a comma and Bearer in quotes", "Basic realm=\"Bearer a=b, c\"", NULL, NULL, NULL, NULL, NULL},
        {"no Bearer", "Basic realm=\"/var/opt/azcmagent/tokens/x.key\"", NULL, NULL, NULL, NULL, NULL},
        {"empty", "", NULL, NULL, NULL, NULL, NULL},
        {"only commas", ", ,", NULL, NULL, NULL, NULL, NULL},
        {"an open quote", "Bearer error=\"x", NULL, NULL, NULL, NULL, NULL},
        {"a backslash at the end", "Bearer error=\"x\\", NULL, NULL, NULL, NULL, NULL},
        {"glued values", "Bearer error=\"x\"claims=\"eyJhIjoxfQ==\"", NULL, NULL, NULL, NULL, NULL},
        {"said twice", "Bearer error=a, error=b", NULL, NULL, NULL, NULL, NULL},
        {"claims that are none", "Bearer claims=\"%%%\"", NULL, NULL, NULL, NULL, NULL},
        {"claims that are a list", "Bearer claims=\"W10=\"", NULL, NULL, NULL, NULL, NULL},
        {"an authority without TLS", "Bearer authorization_uri=\"http://login.example/t\"", NULL, NULL, NULL, NULL, NULL},
        {"a tenant that is none", "Bearer authorization_uri=\"https://login.example/a%20b\"", NULL, NULL, NULL, NULL, NULL},
        {"a control character behind a backslash", "Bearer error=\"a\\\x0b\"", NULL, NULL, NULL, NULL, NULL},
        {"an authority with a blank", "Bearer authorization_uri=\"https://login.example b/t\"", NULL, NULL, NULL, NULL, NULL},
        {"a line break in quotes", "Bearer error=\"a\r\nb\"", NULL, NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct lanyard_challenge read = {.error = "untouched"};
        bool                     is_one = lanyard_challenge_read(ROWS[i].header, &read);
        CHECK_ROW(is_one == (ROWS[i].authority != NULL), ROWS[i].row);
        if (!is_one) CHECK_STR(str_of(read.error), S("untouched"), ROWS[i].row);
        if (!is_one || !ROWS[i].authority) continue;
        CHECK_STR(str_of(read.authority), str_of(ROWS[i].authority), ROWS[i].row);
        CHECK_STR(str_of(read.tenant_id), str_of(ROWS[i].tenant), ROWS[i].row);
        CHECK_STR(str_of(read.scope), str_of(ROWS[i].scope), ROWS[i].row);
        CHECK_STR(str_of(read.error), str_of(ROWS[i].error), ROWS[i].row);
        CHECK_STR(str_of(read.claims), str_of(ROWS[i].claims), ROWS[i].row);
    }
    CHECK(!lanyard_challenge_read(NULL, &(struct lanyard_challenge){0}));
}

TEST(client_challenge_keeps_to_its_limits)
{
    static const char *const FIELDS[] = {"error", "scope", "authorization_uri", "claims"};
    struct lanyard_challenge read;
    for (size_t i = 0; i < COUNT(FIELDS); i++) {
        struct buf b;
        str        text;
        buf_init(&b, &t->call->arena);
        buf_addf(&b, "Bearer %s=\"%s", FIELDS[i], i == 2 ? "https://" : "");
        for (size_t k = 0; k < 6000; k++) buf_add_char(&b, 'A');
        buf_add(&b, S("\""));
        CHECK_OK(buf_finish(t->call, &b, &text));
        CHECK_ROW(!lanyard_challenge_read(call_zstr(t->call, text), &read), FIELDS[i]);
    }
    char *huge = arena_alloc(&t->call->arena, 100001);
    memset(huge, ' ', 100000);
    memcpy(huge, "Bearer a=b", 10);
    CHECK(!lanyard_challenge_read(huge, &read));
    struct buf b;
    str        text;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("Bearer "));
    for (int i = 0; i < 40; i++) buf_addf(&b, "p%d=1,", i);
    CHECK_OK(buf_finish(t->call, &b, &text));
    CHECK(!lanyard_challenge_read(call_zstr(t->call, text), &read));
}
