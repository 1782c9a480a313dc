// L1: who is asked in which order, and when a chain ends.
#include "client/chain.h"
#include "core/buf.h"
#include "fake_transport.h"

#define SCOPE  "https://vault.azure.net/.default"
#define GOOD   "{\"access_token\":\"a.b.c\",\"expires_on\":\"4000000000\"}"
#define APP    "IDENTITY_ENDPOINT=http://localhost:81/msi/token\nIDENTITY_HEADER=853b9a84\n"
#define SECRET "AZURE_TENANT_ID=t.example\nAZURE_CLIENT_ID=app\nAZURE_CLIENT_SECRET=s3cr3t\n"

TEST(the_default_chain_has_the_members_that_the_environment_chooses)
{
    static const struct {
        const char         *variables;
        struct fake_reply   reply;
        enum lanyard_result want;
        const char         *tried; // the attempts, in order
    } CASES[] = {
        {"",
         {.result = LANYARD_UNAVAILABLE},
         LANYARD_UNAVAILABLE,
         "EnvironmentCredential WorkloadIdentityCredential ManagedIdentityCredential AzureCliCredential AzureDeveloperCliCredential "},
        {"AZURE_TOKEN_CREDENTIALS=prod",
         {.result = LANYARD_UNAVAILABLE},
         LANYARD_UNAVAILABLE,
         "EnvironmentCredential WorkloadIdentityCredential ManagedIdentityCredential "},
        {"AZURE_TOKEN_CREDENTIALS= Dev ", {.result = LANYARD_UNAVAILABLE}, LANYARD_UNAVAILABLE, "AzureCliCredential AzureDeveloperCliCredential "},
        {"AZURE_TOKEN_CREDENTIALS=azurecliCREDENTIAL", {.result = LANYARD_UNAVAILABLE}, LANYARD_UNAVAILABLE, "AzureCliCredential "},
        {APP, {.status = 200, .body = GOOD}, LANYARD_OK, "EnvironmentCredential WorkloadIdentityCredential ManagedIdentityCredential "},
        {APP SECRET, {.status = 200, .body = GOOD}, LANYARD_OK, "EnvironmentCredential "},
        {APP SECRET, {.status = 401, .body = "{\"error\":\"invalid_client\"}"}, LANYARD_AUTHENTICATION_FAILED, "EnvironmentCredential "},
        {APP SECRET "AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential", {.status = 200, .body = GOOD}, LANYARD_OK, "ManagedIdentityCredential "},
        {APP, {.status = 500, .body = "{}"}, LANYARD_TIMED_OUT, "EnvironmentCredential WorkloadIdentityCredential ManagedIdentityCredential "},
        {APP,
         {.status = 401, .body = "{}"},
         LANYARD_AUTHENTICATION_FAILED,
         "EnvironmentCredential WorkloadIdentityCredential ManagedIdentityCredential "},
        {"AZURE_TOKEN_CREDENTIALS=VisualStudioCodeCredential", {.status = 200, .body = GOOD}, LANYARD_INVALID, "DefaultAzureCredential "},
        {"AZURE_TOKEN_CREDENTIALS=nonsense", {.status = 200, .body = GOOD}, LANYARD_INVALID, "DefaultAzureCredential "},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        struct buf            tried;
        fake_transport_init(&f, &CASES[i].reply, 1);
        fake_environment(CASES[i].variables);
        buf_init(&tried, &t->call->arena);
        struct lanyard_credential   *me = lanyard_default(NULL, &f.settings);
        struct lanyard_token_request request = {
            .size = sizeof request, .scope = SCOPE, .timeout_ms = CASES[i].want == LANYARD_TIMED_OUT ? 50 : 60000};
        struct lanyard_token *token = lanyard_token_ask(me, &request);
        for (size_t k = 0; k < lanyard_token_attempt_n(token); k++) buf_addf(&tried, "%s ", lanyard_token_attempt(token, k)->credential);
        CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
        CHECK_STR(buf_text(t->call, &tried), str_of(CASES[i].tried), CASES[i].variables);
        CHECK_ROW(!strstr(lanyard_token_error(token), "s3cr3t"), CASES[i].variables);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

TEST(the_default_chain_s_managed_identity_is_named_by_the_program_or_by_a_variable)
{
    static const struct lanyard_identity BY_OBJECT = {LANYARD_IDENTITY_OBJECT_ID, "o1"};
    static const struct {
        const char                    *variables;
        const struct lanyard_identity *which;
        const char                    *want;
    } CASES[] = {
        {APP "AZURE_CLIENT_ID=c1", NULL, "&client_id=c1\n"},
        {APP "AZURE_CLIENT_ID=c1", &BY_OBJECT, "&object_id=o1\n"},
        {APP, NULL, "resource=https%3A%2F%2Fvault.azure.net\n"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
        fake_environment(CASES[i].variables);
        struct lanyard_credential *me = lanyard_default(CASES[i].which, &f.settings);
        struct lanyard_token      *token = lanyard_token_get(me, SCOPE);
        CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && fake_saw(&f, CASES[i].want), CASES[i].want);
        CHECK(strcmp(lanyard_token_credential(token), "ManagedIdentityCredential") == 0);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

TEST(a_chain_stays_with_the_member_that_first_had_a_token)
{
    struct fake_transport f;
    fake_transport_init(&f, &(struct fake_reply){.status = 200, .body = GOOD}, 1);
    fake_environment(APP);
    struct lanyard_credential *members[] = {lanyard_environment(&f.settings), lanyard_managed_identity(NULL, &f.settings)};
    struct lanyard_credential *chain = lanyard_chain(members, COUNT(members), &f.settings);
    for (size_t k = 0; k < COUNT(members); k++) lanyard_credential_free(members[k]); // the chain has its own references
    struct lanyard_token *first = lanyard_token_get(chain, SCOPE), *second = lanyard_token_get(chain, "https://other/.default");
    CHECK(lanyard_token_attempt_n(first) == 2 && lanyard_token_attempt_n(second) == 1);
    CHECK(strcmp(lanyard_token_credential(second), "ManagedIdentityCredential") == 0);
    lanyard_token_free(first);
    lanyard_token_free(second);
    lanyard_credential_free(chain);
}

TEST(a_chain_without_members_or_with_one_that_is_missing_says_so)
{
    struct lanyard_credential *missing[] = {NULL}, *many[CHAIN_MAX + 1];
    fake_environment("");
    struct lanyard_credential *one = lanyard_environment(NULL);
    for (size_t i = 0; i < COUNT(many); i++) many[i] = one;
    struct lanyard_credential *chains[] = {lanyard_chain(NULL, 0, NULL), lanyard_chain(NULL, 3, NULL), lanyard_chain(many, COUNT(many), NULL)};
    for (size_t i = 0; i < COUNT(chains); i++) {
        struct lanyard_token *token = lanyard_token_get(chains[i], SCOPE);
        CHECK(lanyard_credential_error(chains[i]) && lanyard_token_result(token) == LANYARD_INVALID);
        lanyard_token_free(token);
        lanyard_credential_free(chains[i]);
    }
    CHECK(lanyard_chain(missing, COUNT(missing), NULL) == NULL); // memory was short when the member was made
    lanyard_credential_free(one);
}
