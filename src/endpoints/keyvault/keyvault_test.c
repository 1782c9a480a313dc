#include "core/random.h"
#include "endpoints/dialect/keyvault.h"
#include "endpoints/guard.h"
#include "endpoints/router.h"
#include "ops/secrets.h"
#include "test_request.h"

extern const struct service SERVICE_KEYVAULT;

#define NOW_S INT64_C(1741668435)
// Versions begin with the time and end with what is random: here always the same.
#define VERSION(last) "182ba636c0af7e" last "abababababababab"
#define V1            VERSION("00")
#define V2            VERSION("01")
#define URL           "https://shop.vault.azure.net"
#define ATTRIBUTES(more, level, days) \
    "\"attributes\":{\"enabled\":true," more "\"created\":1741668435,\"updated\":1741668435,\"recoveryLevel\":\"" level "\",\"recoverableDays\":" days "}"
#define PLAIN   ATTRIBUTES("", "Recoverable+Purgeable", "90")
#define RBAC    "{\"properties\":{\"enableRbacAuthorization\":true}}"
#define OFFICER "Key Vault Secrets Officer"
#define LONG_BODY(value) \
    "{\"value\":\"" value "\",\"contentType\":\"text/plain\",\"attributes\":{\"enabled\":true,\"nbf\":1,\"exp\":2},\"tags\":{\"a\":\"b\"}}"

static void fill_same(const struct random *r, uint8_t *out, size_t n)
{
    (void)r;
    memset(out, 0xAB, n);
}

static const struct random SAME = {fill_same};

struct vault_fixture {
    struct test_product s;
    struct test_request r;
};

static void vault_fixture_open(struct vault_fixture *f, struct test *t, const char *vault_document, const char *role)
{
    *f = (struct vault_fixture){.r = {.service = &SERVICE_KEYVAULT, .label = S("shop")}};
    test_product_open(&f->s, t);
    t->call->now_s = NOW_S;
    t->call->now_ns = NOW_S * NS_PER_S;
    test_product_put_vault(&f->s, "Shop", vault_document);
    if (role) test_product_assign(&f->s, f->s.caller.id, role, TEST_PRODUCT_GROUP);
    test_product_commit(&f->s);
    call_init(&f->r.x.call, NULL, NULL);
    t->call->random = &SAME;
}

static void vault_fixture_close(struct vault_fixture *f)
{
    f->s.call->random = NULL;
    test_product_close(&f->s);
    test_request_clear(&f->r);
}

// "PUT /secrets/a?api-version=7.4"; gives the status. The body is then f->r.answer.body.
static int ask(struct vault_fixture *f, const char *line, const char *body)
{
    struct test_request *r = &f->r;
    if (test_request_run(f->s.call, &f->s, r, line, body) != OK) DIALECT_KEYVAULT.error(f->s.call, &f->s.work, &r->wire, &r->answer);
    DIALECT_KEYVAULT.headers(f->s.call, &r->wire, &r->answer);
    call_forgive(f->s.call);
    return r->answer.status;
}

// A request in a row of them: what it answers, to the letter. NULL: any body.
struct turn {
    const char *line, *body;
    int         status;
    const char *want;
};

static void play(struct vault_fixture *f, const struct turn *turns, size_t n)
{
    struct test *t = f->s.test;
    for (size_t i = 0; i < n; i++) {
        CHECK_INT(ask(f, turns[i].line, turns[i].body), turns[i].status, turns[i].line);
        if (turns[i].want) CHECK_STR(buf_view(&f->r.answer.body), str_of(turns[i].want), turns[i].line);
    }
}

#define PLAY(f, turns) play((f), (turns), COUNT(turns))
#define Q              "?api-version=7.4"

TEST(S1_wire_a_secret_is_answered_as_published)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    static const struct turn TURNS[] = {
        {"PUT /secrets/n" Q, LONG_BODY("x"), 200,
         "{\"value\":\"x\",\"contentType\":\"text/plain\",\"id\":\"" URL "/secrets/n/" V1 "\"," ATTRIBUTES("\"nbf\":1,\"exp\":2,", "Recoverable+Purgeable", "90")
         ",\"tags\":{\"a\":\"b\"}}"},
        {"PUT /secrets/N" Q, "{\"value\":\"\"}", 200, "{\"value\":\"\",\"id\":\"" URL "/secrets/n/" V2 "\"," PLAIN "}"},
        {"GET /secrets/n/" Q, NULL, 200, "{\"value\":\"\",\"id\":\"" URL "/secrets/n/" V2 "\"," PLAIN "}"},
        {"GET /secrets/n" Q, NULL, 200, NULL},
        {"GET //secrets/n/" V1 Q, NULL, 200,
         "{\"value\":\"x\",\"contentType\":\"text/plain\",\"id\":\"" URL "/secrets/n/" V1 "\"," ATTRIBUTES("\"nbf\":1,\"exp\":2,", "Recoverable+Purgeable", "90")
         ",\"tags\":{\"a\":\"b\"}}"},
        {"GET /secrets/n/" V1 "?api-version=2025-07-01&outContentType=PEM", NULL, 200, NULL},
        {"PATCH /secrets/n/" V1 Q, "{\"tags\":{},\"value\":\"never\",\"contentType\":null}", 200,
         "{\"contentType\":\"text/plain\",\"id\":\"" URL "/secrets/n/" V1 "\"," ATTRIBUTES("\"nbf\":1,\"exp\":2,", "Recoverable+Purgeable", "90") ",\"tags\":{}}"},
        {"PATCH /secrets/n/" Q, "{\"attributes\":{\"exp\":32503680000}}", 200,
         "{\"id\":\"" URL "/secrets/n/" V2 "\"," ATTRIBUTES("\"exp\":32503680000,", "Recoverable+Purgeable", "90") "}"},
        {"GET /secrets" Q, NULL, 200,
         "{\"value\":[{\"id\":\"" URL "/secrets/n\"," ATTRIBUTES("\"exp\":32503680000,", "Recoverable+Purgeable", "90") "}],\"nextLink\":null}"},
        {"GET /secrets/n/versions" Q "&maxresults=1", NULL, 200,
         "{\"value\":[{\"contentType\":\"text/plain\",\"id\":\"" URL "/secrets/n/" V1 "\"," ATTRIBUTES("\"nbf\":1,\"exp\":2,", "Recoverable+Purgeable", "90")
         ",\"tags\":{}}],\"nextLink\":\"" URL "/secrets/n/versions?api-version=7.4&$skiptoken=q6urq6urq6urq6urDKDLO0fF7xcuPEHGhF_GVqUi_EqwVbhvSDo-FZJm1GgTvjA5K5U-zFYzyR1VHW2g&maxresults=1\"}"},
        {"GET /secrets/n/versions" Q "&maxresults=1&%24skiptoken=q6urq6urq6urq6urDKDLO0fF7xcuPEHGhF_GVqUi_EqwVbhvSDo-FZJm1GgTvjA5K5U-zFYzyR1VHW2g", NULL, 200,
         "{\"value\":[{\"id\":\"" URL "/secrets/n/" V2 "\"," ATTRIBUTES("\"exp\":32503680000,", "Recoverable+Purgeable", "90") "}],\"nextLink\":null}"},
        {"GET /secrets/no-such/versions" Q, NULL, 200, "{\"value\":[],\"nextLink\":null}"},
    };
    vault_fixture_open(&f, t, RBAC, OFFICER);
    PLAY(&f, TURNS);
}

#define DELETED "\"recoveryId\":\"" URL "/deletedsecrets/n\",\"deletedDate\":1741668435,\"scheduledPurgeDate\":1749444435,"
#define GONE                                                                                                                                        \
    "{\"error\":{\"code\":\"SecretNotFound\",\"message\":\"A secret with (name/id) n was not found in this key vault. If you recently deleted this "  \
    "secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see "                            \
    "https://go.microsoft.com/fwlink/?linkid=2125182\"}}"

TEST(S1_wire_a_deleted_secret_is_answered_as_published)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    static const struct turn TURNS[] = {
        {"PUT /secrets/n" Q, "{\"value\":\"x\"}", 200, NULL},
        {"DELETE /secrets/n" Q, NULL, 200, "{" DELETED "\"id\":\"" URL "/secrets/n/" V1 "\"," PLAIN "}"},
        {"GET /deletedsecrets/n" Q, NULL, 200, "{" DELETED "\"id\":\"" URL "/secrets/n/" V1 "\"," PLAIN "}"},
        {"GET /deletedsecrets" Q, NULL, 200, "{\"value\":[{" DELETED "\"id\":\"" URL "/secrets/n\"," PLAIN "}],\"nextLink\":null}"},
        {"GET /secrets" Q, NULL, 200, "{\"value\":[],\"nextLink\":null}"},
        {"GET /secrets/n/" Q, NULL, 404, GONE},
        {"DELETE /secrets/n" Q, NULL, 404, GONE},
        {"PUT /secrets/n" Q, "{\"value\":\"y\"}", 409,
         "{\"error\":{\"code\":\"Conflict\",\"message\":\"Secret n is currently in a deleted but recoverable state, and its name cannot be reused; in this "
         "state, the secret can only be recovered or purged.\",\"innererror\":{\"code\":\"ObjectIsDeletedButRecoverable\"}}}"},
        {"POST /deletedsecrets/n/recover" Q, NULL, 200, "{\"id\":\"" URL "/secrets/n/" V1 "\"," PLAIN "}"},
        {"POST /deletedsecrets/n/recover" Q, NULL, 404, GONE},
        {"GET /deletedsecrets/n" Q, NULL, 404, "{\"error\":{\"code\":\"SecretNotFound\",\"message\":\"Deleted Secret not found: n\"}}"},
        {"DELETE /deletedsecrets/n" Q, NULL, 404, GONE},
        {"DELETE /secrets/n" Q, NULL, 200, NULL},
        {"DELETE /deletedsecrets/n" Q, NULL, 204, ""},
        {"GET /deletedsecrets/n" Q, NULL, 404, NULL},
    };
    vault_fixture_open(&f, t, RBAC, OFFICER);
    PLAY(&f, TURNS);
}

TEST(S1_wire_the_recovery_level_is_the_vaults)
{
    static const struct { const char *document, *level, *days; } CASES[] = {
        {"", "Recoverable+Purgeable", "90"},
        {",\"enablePurgeProtection\":true", "Recoverable", "90"},
        {",\"softDeleteRetentionInDays\":7", "CustomizedRecoverable+Purgeable", "7"},
        {",\"softDeleteRetentionInDays\":89,\"enablePurgeProtection\":true", "CustomizedRecoverable", "89"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CLEANUP(vault_fixture_close) struct vault_fixture f;
        vault_fixture_open(
            &f, t, call_zstr(t->call, call_format(t->call, "{\"properties\":{\"enableRbacAuthorization\":true%s}}", CASES[i].document)), OFFICER);
        CHECK_INT(ask(&f, "PUT /secrets/n" Q, "{\"value\":\"x\"}"), 200, CASES[i].level);
        str want = call_format(t->call, "\"recoveryLevel\":\"%s\",\"recoverableDays\":%s}", CASES[i].level, CASES[i].days);
        CHECK_ROW(str_find_str(buf_view(&f.r.answer.body), want) != STR_NOWHERE, CASES[i].level);
    }
}

TEST(S1_wire_purge_protection_has_its_words)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    static const struct turn TURNS[] = {
        {"PUT /secrets/n" Q, "{\"value\":\"x\"}", 200, NULL},
        {"DELETE /secrets/n" Q, NULL, 200, NULL},
        {"DELETE /deletedsecrets/n" Q, NULL, 403,
         "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Operation \\\"purge\\\" is not allowed because purge protection is enabled for this vault. Key "
         "Vault service will automatically purge it after the retention period has passed.\\r\\nVault: Shop;location=westus\"}}"},
    };
    vault_fixture_open(&f, t, "{\"properties\":{\"enableRbacAuthorization\":true,\"enablePurgeProtection\":true}}", OFFICER);
    PLAY(&f, TURNS);
}

TEST(S1_wire_backup_and_restore)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, RBAC, OFFICER);
    CHECK_INT(ask(&f, "PUT /secrets/n" Q, "{\"value\":\"x\"}"), 200, "set");
    CHECK_INT(ask(&f, "POST /secrets/n/backup" Q, NULL), 200, "backup");
    str backup;
    CHECK_OK(call_copy_str(t->call, buf_view(&f.r.answer.body), &backup));
    CHECK_INT(ask(&f, "POST /secrets/restore" Q, call_zstr(t->call, backup)), 409, "while it is there");
    str conflict =
        S("{\"error\":{\"code\":\"Conflict\",\"message\":\"There was a conflict restoring the secret '" URL "/secrets/n/" V1 "'. This can");
    CHECK_ROW(str_starts(buf_view(&f.r.answer.body), conflict), "the conflict's words");
    CHECK_INT(ask(&f, "DELETE /secrets/n" Q, NULL), 200, "delete");
    CHECK_INT(ask(&f, "POST /secrets/restore" Q, call_zstr(t->call, backup)), 409, "while it is deleted");
    CHECK_INT(ask(&f, "DELETE /deletedsecrets/n" Q, NULL), 204, "purge");
    CHECK_INT(ask(&f, "POST /secrets/restore" Q, call_zstr(t->call, backup)), 200, "restore");
    CHECK_STR(buf_view(&f.r.answer.body), S("{\"id\":\"" URL "/secrets/n/" V1 "\"," PLAIN "}"), "restore");
}

#define BAD(text)      "{\"error\":{\"code\":\"BadParameter\",\"message\":\"" text "\"}}"
#define PROPERTY(name) BAD("Property " name " has invalid value\\r\\n")

TEST(S1_wire_bad_requests_get_the_published_words)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    static const struct turn TURNS[] = {
        {"PUT /secrets/bad_name" Q, "{\"value\":\"x\"}", 400, BAD("The request URI contains an invalid name: bad_name")},
        {"PUT /secrets/bad%20name" Q, "{\"value\":\"x\"}", 400, BAD("The request URI contains an invalid name: bad name")},
        {"GET /secrets/%00" Q, NULL, 400, NULL},
        {"GET /secrets/a%2Fb" Q, NULL, 400, NULL},
        {"GET /secrets/.." Q, NULL, 400, NULL},
        {"PUT /secrets/n" Q, NULL, 400, NULL},
        {"PUT /secrets/n" Q, "", 400, NULL},
        {"PUT /secrets/n" Q, "{\"value\":\"x\"", 400, NULL},
        {"PUT /secrets/n" Q, "[]", 400, NULL},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"value\":\"y\"}", 400, NULL},
        {"PUT /secrets/n" Q, "{\"value\":\"a\\u0000b\"}", 400, NULL},
        {"PUT /secrets/n" Q, "{}", 400, PROPERTY("value")},
        {"PUT /secrets/n" Q, "{\"value\":null}", 400, PROPERTY("value")},
        {"PUT /secrets/n" Q, "{\"value\":1}", 400, PROPERTY("value")},
        {"PUT /secrets/n" Q, "{\"Value\":\"x\"}", 400, PROPERTY("value")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"contentType\":1}", 400, PROPERTY("contentType")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":[]}", 400, PROPERTY("attributes")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":{\"enabled\":\"true\"}}", 400, PROPERTY("attributes.enabled")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":{\"exp\":\"2030-01-01\"}}", 400, PROPERTY("attributes.exp")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":{\"exp\":1.5}}", 400, PROPERTY("attributes.exp")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":{\"nbf\":-1}}", 400, PROPERTY("attributes.nbf")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"tags\":[]}", 400, PROPERTY("tags")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"tags\":{\"a\":1}}", 400, PROPERTY("tags")},
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"tags\":{\"a\":null}}", 400, PROPERTY("tags")},
        {"PATCH /secrets/n" Q, NULL, 400, NULL},
        {"PATCH /secrets/n" Q, "{\"tags\":1}", 400, PROPERTY("tags")},
        {"PATCH /secrets/n" Q, "{}", 404, GONE},
        {"GET /secrets" Q "&maxresults=26", NULL, 400, NULL},
        {"GET /secrets" Q "&maxresults=0", NULL, 400, NULL},
        {"GET /secrets" Q "&maxresults=", NULL, 400, NULL},
        {"GET /secrets" Q "&maxresults=-1", NULL, 400, NULL},
        {"GET /secrets" Q "&maxresults=5x", NULL, 400, NULL},
        {"GET /secrets" Q "&$skiptoken=", NULL, 400, NULL},
        {"GET /secrets" Q "&$skiptoken=?", NULL, 400, NULL},
        {"GET /secrets" Q "&$skiptoken=Li4vLi4", NULL, 400, NULL},
        {"GET /secrets/n/versions" Q "&$skiptoken=bm8tc3VjaA", NULL, 400, NULL},
        {"GET /deletedsecrets" Q "&maxresults=26", NULL, 400, NULL},
        {"POST /secrets/restore" Q, "{}", 400, PROPERTY("value")},
        {"POST /secrets/restore" Q, "{\"value\":\"\"}", 400, PROPERTY("value")},
        {"POST /secrets/restore" Q, "{\"value\":\"not base64url!\"}", 400, NULL},
        {"POST /secrets/restore" Q, "{\"value\":\"bm8gYmFja3VwIGF0IGFsbA\"}", 400,
         "{\"error\":{\"code\":\"Malformed backup blob\",\"message\":\"Backup blob contains invalid or corrupt version.\"}}"},
        {"GET /secrets/n?api-version=1.0", NULL, 400,
         BAD("The specified version (1.0) is not recognized. Consider using the latest supported version (2026-04-01).")},
        {"GET /secrets/n?api-version=7.10", NULL, 400, NULL},
        {"GET /secrets/n", NULL, 400, BAD("api-version must be specified")},
        {"PUT /secrets" Q, "{\"value\":\"x\"}", 405, "{\"error\":{\"code\":\"MethodNotAllowed\",\"message\":\"HTTP PUT not allowed\"}}"},
        {"POST /secrets/n" Q, "{}", 405, NULL},
        {"DELETE /secrets/n/" V1 Q, NULL, 405, NULL},
        {"GET /nothing" Q, NULL, 404, NULL},
        {"GET /secrets/n/a/b" Q, NULL, 404, NULL},
        {"GET /secrets/n/" V1 Q, NULL, 404, NULL},
    };
    vault_fixture_open(&f, t, RBAC, OFFICER);
    PLAY(&f, TURNS);
    CHECK_INT(ask(&f, "GET /secrets" Q, NULL), 200, "nothing came of it");
    CHECK_STR(buf_view(&f.r.answer.body), S("{\"value\":[],\"nextLink\":null}"), "nothing came of it");
}

TEST(S1_wire_a_disabled_secret_and_one_too_long_have_their_words)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    char                                             *body;
    size_t                                            n = SECRETS_MAX_VALUE_BYTES + 1;
    static const struct turn        TURNS[] = {
        {"PUT /secrets/n" Q, "{\"value\":\"x\",\"attributes\":{\"enabled\":false}}", 200, NULL},
        {"GET /secrets/n/" Q, NULL, 403,
         "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Operation get is not allowed on a disabled secret.\",\"innererror\":{\"code\":\"SecretDisabled\"}}}"},
    };
    vault_fixture_open(&f, t, RBAC, OFFICER);
    PLAY(&f, TURNS);
    CHECK_OK(NEW(t->call, &body, n + 32));
    memset(body, 'x', n + 32);
    memcpy(body, "{\"value\":\"", 10);
    memcpy(body + 10 + n, "\"}", 3);
    CHECK_INT(ask(&f, "PUT /secrets/long" Q, body), 400, "too long");
    CHECK_STR(buf_view(&f.r.answer.body),
              S("{\"error\":{\"code\":\"BadParameter\",\"message\":\"Secret is beyond the maximum permitted length of 25600 "
                "characters.\",\"innererror\":{\"code\":"
                "\"SecretTooLarge\"}}}"),
              "too long");
}

TEST(R1_wire_a_refusal_by_roles_names_caller_action_and_place)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, RBAC, NULL);
    f.s.caller.issuer = S("https://sts.windows.net/00000000-0000-0000-0000-000000000010/");
    CHECK_INT(ask(&f, "GET /secrets/PaymentApiKey/" Q, NULL), 403, "get");
    CHECK_STR(buf_view(&f.r.answer.body),
              S("{\"error\":{\"code\":\"Forbidden\",\"message\":\"Caller is not authorized to perform action on resource.\\r\\nIf role assignments, "
                "deny assignments "
                "or role definitions were changed recently, please observe propagation time.\\r\\nCaller: "
                "appid=00000000-0000-0000-0000-0000000000a2;oid=00000000-0000-0000-0000-0000000000a1;iss=https://sts.windows.net/"
                "00000000-0000-0000-0000-000000000010/\\r\\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\\r\\nResource: "
                "'/subscriptions/00000000-0000-0000-0000-000000000051/resourcegroups/shop/providers/microsoft.keyvault/vaults/shop/secrets/"
                "paymentapikey'\\r\\nAssignment: (not found)\\r\\nDenyAssignmentId: null\\r\\nDecisionReason: null \\r\\nVault: "
                "Shop;location=westus\\r\\n\",\"innererror\":{\"code\":\"ForbiddenByRbac\"}}}"),
              "get");
    static const struct turn TURNS[] = {
        {"GET /secrets" Q, NULL, 403, NULL},
        {"GET /secrets/n/versions" Q, NULL, 403, NULL},
        {"PUT /secrets/n" Q, "{\"value\":\"x\"}", 403, NULL},
        {"PATCH /secrets/n/" Q, "{}", 403, NULL},
        {"DELETE /secrets/n" Q, NULL, 403, NULL},
        {"GET /deletedsecrets" Q, NULL, 403, NULL},
        {"GET /deletedsecrets/n" Q, NULL, 403, NULL},
        {"DELETE /deletedsecrets/n" Q, NULL, 403, NULL},
        {"POST /deletedsecrets/n/recover" Q, NULL, 403, NULL},
        {"POST /secrets/n/backup" Q, NULL, 403, NULL},
        {"POST /secrets/restore" Q, "{\"value\":\"bm8gYmFja3VwIGF0IGFsbA\"}", 403, NULL},
    };
    PLAY(&f, TURNS);
}

TEST(R5_wire_a_refusal_names_what_decided_it)
{
#define BY "'00000000-0000-0000-0000-0000000000dd'"
    static const struct { enum rbac_reason reason; enum err kind; const char *want; } CASES[] = {
        {RBAC_NO_ROLE, ERR_NOT_AUTHORIZED, "\\r\\nAssignment: (not found)\\r\\nDenyAssignmentId: null\\r\\n"},
        {RBAC_NOT_YET, ERR_NOT_AUTHORIZED, "\\r\\nAssignment: (not found)\\r\\nDenyAssignmentId: null\\r\\n"},
        {RBAC_CONDITION_FALSE, ERR_NOT_AUTHORIZED, "\\r\\nAssignment: " BY "\\r\\nDenyAssignmentId: null\\r\\n"},
        {RBAC_DENIED, ERR_DENIED, "\\r\\nAssignment: (not found)\\r\\nDenyAssignmentId: " BY "\\r\\n"},
    };
#undef BY
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, RBAC, NULL);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_INT(ask(&f, "GET /secrets" Q, NULL), 403, "refused");
        f.s.work.refusal.answer = (struct rbac_answer){.reason = CASES[i].reason, .decided_by = test_product_guid(0xDD)};
        t->call->failure.kind = CASES[i].kind;
        DIALECT_KEYVAULT.error(t->call, &f.s.work, &f.r.wire, &f.r.answer);
        call_forgive(t->call);
        CHECK_INT(f.r.answer.status, 403, CASES[i].want);
        CHECK_ROW(str_find_str(buf_view(&f.r.answer.body), str_of(CASES[i].want)) != STR_NOWHERE, CASES[i].want);
        CHECK_ROW(str_find_str(buf_view(&f.r.answer.body), S("\"ForbiddenByRbac\"")) != STR_NOWHERE, CASES[i].want);
    }
}

TEST(R7_wire_a_refusal_by_policies_names_the_permission)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, "{\"properties\":{}}", "Key Vault Administrator");
    CHECK_INT(ask(&f, "GET /secrets/n/" Q, NULL), 403, "get");
    CHECK_STR(
        buf_view(&f.r.answer.body),
        S("{\"error\":{\"code\":\"Forbidden\",\"message\":\"The user, group or application "
          "'appid=00000000-0000-0000-0000-0000000000a2;oid=00000000-0000-0000-0000-0000000000a1;iss=https://sts.windows.net/"
          "00000000-0000-0000-0000-000000000010/' does not have secrets get permission on key vault 'Shop;location=westus'. For help resolving this "
          "issue, please see https://go.microsoft.com/fwlink/?linkid=2125287\",\"innererror\":{\"code\":\"AccessDenied\"}}}"),
        "get");
    CHECK_INT(ask(&f, "GET /deletedsecrets" Q, NULL), 403, "list");
    CHECK(str_find_str(buf_view(&f.r.answer.body), S("does not have secrets list permission")) != STR_NOWHERE);
}

TEST(S1_wire_a_vault_that_is_not_there_says_so)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, RBAC, OFFICER);
    tree_remove_resource(f.s.work.world->tree, S(TEST_PRODUCT_GROUP TEST_PRODUCT_VAULTS "Shop"), false);
    CHECK_INT(ask(&f, "GET /secrets/n" Q, NULL), 404, "get");
    CHECK_STR(buf_view(&f.r.answer.body), S("{\"error\":{\"code\":\"VaultNotFound\",\"message\":\"There is no vault 'shop' here.\"}}"), "get");
}

TEST(S1_wire_every_answer_has_the_vaults_headers)
{
    static const char *const WANT[] = {
        "Cache-Control: no-cache\r\n", "Pragma: no-cache\r\n", "Expires: -1\r\n", "x-ms-keyvault-region: westus\r\n", "x-ms-request-id: ",
        "x-ms-keyvault-service-version: 1.9.", "x-ms-keyvault-network-info: conn_type=Ipv4;", "X-Content-Type-Options: nosniff\r\n",
        "Strict-Transport-Security: max-age=31536000;includeSubDomains\r\n",
    };
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    vault_fixture_open(&f, t, RBAC, OFFICER);
    for (int status = 200; status <= 404; status += 204) {
        CHECK_INT(ask(&f, status == 200 ? "GET /secrets" Q : "GET /secrets/n/" Q, NULL), status, "asked");
        for (size_t i = 0; i < COUNT(WANT); i++) CHECK_ROW(str_find_str(buf_view(&f.r.x.response.head), str_of(WANT[i])) != STR_NOWHERE, WANT[i]);
        CHECK(str_find_str(buf_view(&f.r.x.response.head), S("WWW-Authenticate")) == STR_NOWHERE);
    }
}

// --- who is asking ---

// The guard's answer to a token, or to none, in this dialect's words: the body; the status is *out_status.
static str knock(struct vault_fixture *f, const char *authorization, int *out_status)
{
    struct call       *c = f->s.call;
    struct caller      caller;
    struct http_header header = {S("Authorization"), str_of(authorization)};
    f->r.x.request = (struct http_request){
        .method = HTTP_PUT, .method_text = S("PUT"), .path = S("/secrets/n"), .headers = &header, .header_n = authorization != NULL};
    f->r.wire = (struct wire){.http = &f->r.x.request, .service = &SERVICE_KEYVAULT, .product = &f->s.product, .label = S("shop")};
    f->r.answer = (struct answer){.x = &f->r.x, .body = {.arena = &f->r.x.call.arena}};
    buf_init(&f->r.x.response.head, &f->r.x.call.arena);
    enum err failed = guard_bearer(c, &f->s.product, NULL, &f->r.wire, &caller);
    *out_status = 200;
    if (failed == OK) return STR_NONE;
    DIALECT_KEYVAULT.error(c, NULL, &f->r.wire, &f->r.answer);
    call_forgive(c);
    *out_status = f->r.answer.status;
    return buf_view(&f->r.answer.body);
}

static const char *bearer(struct vault_fixture *f, const struct keyring *ring, str audience, str issuer)
{
    struct test         *t = f->s.test;
    struct token         token = {0};
    struct token_request r = {
        .tenant = f->s.product.tenant, .issuer = issuer, .subject = f->s.caller.id, .app = f->s.caller.app, .audience = audience, .lifetime_s = 3600};
    CHECK_OK(token_issue(t->call, ring, &r, &token));
    return call_zstr(t->call, call_format(t->call, "Bearer %.*s", PSTR(token.text)));
}

#define CHALLENGE                                                                                                          \
    "WWW-Authenticate: Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000010\", " \
    "resource=\"https://vault.azure.net\"\r\n"

TEST(S1_wire_a_stranger_is_told_where_to_get_which_token)
{
    CLEANUP(vault_fixture_close) struct vault_fixture f;
    struct keyring                                   *ring, *other;
    int                                               status;
    vault_fixture_open(&f, t, RBAC, NULL);
    t->call->random = NULL;
    CHECK_OK(keyring_new(t->call, 2, &ring));
    CHECK_OK(keyring_new(t->call, 2, &other));
    product_keyring_put(&f.s.product, ring);
    str ours = product_issuer(t->call, &f.s.product, TOKEN_V1);
    str foreign = S("https://sts.windows.net/00000000-0000-0000-0000-00000000000f/");
    const struct { const char *row, *authorization; int status; const char *message; } CASES[] = {
        {"a token", bearer(&f, ring, S("https://vault.azure.net"), ours), 200, NULL},
        {"with a slash behind the audience", bearer(&f, ring, S("https://vault.azure.net/"), ours), 200, NULL},
        {"for the service's application", bearer(&f, ring, S("cfa8b339-82a2-471a-a3c9-0fc0be7a4093"), ours), 200, NULL},
        {"no token", NULL, 401, "AKV10000: Request is missing a Bearer or PoP token."},
        {"another scheme", "Basic YTpi", 401, "AKV10000: Request is missing a Bearer or PoP token."},
        {"an empty token", "Bearer ", 401, "AKV10000: Request is missing a Bearer or PoP token."},
        {"no token at all", "Bearer abc", 401, "[BearerReadAccessTokenFailed] Error validating token: '"},
        {"for another audience", bearer(&f, ring, S("https://management.azure.com/"), ours), 401,
         "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/."},
        {"for the vault's own address", bearer(&f, ring, S("https://shop.vault.azure.net"), ours), 401,
         "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://shop.vault.azure.net."},
        {"from another tenant", bearer(&f, ring, S("https://vault.azure.net"), foreign), 401,
         "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/00000000-0000-0000-0000-000000000010/, found "
         "https://sts.windows.net/00000000-0000-0000-0000-00000000000f/."},
        {"signed by another", bearer(&f, other, S("https://vault.azure.net"), ours), 401, "AKV10046: Unable to resolve the key used for signature validation."},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str body = knock(&f, CASES[i].authorization, &status);
        CHECK_INT(status, CASES[i].status, CASES[i].row);
        if (status == 200) continue;
        CHECK_STR(buf_view(&f.r.x.response.head), S(CHALLENGE), CASES[i].row);
        str begin = call_format(t->call, "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"%s", CASES[i].message);
        CHECK_STR(str_upto(body, begin.n), begin, CASES[i].row);
    }
    const char *late = CASES[0].authorization;
    test_product_pass(&f.s, 3600 + TOKEN_SKEW_S);
    str body = knock(&f, late, &status);
    CHECK_STR(body, S("{\"error\":{\"code\":\"Unauthorized\",\"message\":\"[TokenExpired] Error validating token: 'S2S12086'.\"}}"), "expired");
    keyring_drop(other);
}
