#include "token/service_account.h"

#include "test.h"
#include "token/token.h"

#define ISSUER "https://westus.oic.example/one/"

TEST(T7_a_service_account_is_a_namespace_and_a_name)
{
    static const struct {
        const char *text;
        enum err    want;
    } CASES[] = {
        {"prod/web", OK},
        {"a/b", OK},
        {"prod/web.v1", OK},
        {"kube-system/default-1", OK},
        {"", ERR_NAME_INVALID},
        {"prod", ERR_NAME_INVALID},
        {"/web", ERR_NAME_INVALID},
        {"prod/", ERR_NAME_INVALID},
        {"prod/web/x", ERR_NAME_INVALID},
        {"Prod/web", ERR_NAME_INVALID},
        {"prod.x/web", ERR_NAME_INVALID},
        {"-prod/web", ERR_NAME_INVALID},
        {"prod/web-", ERR_NAME_INVALID},
        {"prod/web..x", ERR_NAME_INVALID},
        {"prod/web.-x", ERR_NAME_INVALID},
        {"prod/we:b", ERR_NAME_INVALID},
        {"prod:x/web", ERR_NAME_INVALID},
        {"prod/w\xc3\xa9", ERR_NAME_INVALID},
        {"0123456789012345678901234567890123456789012345678901234567890123/x", ERR_NAME_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct service_account a;
        CHECK_ERR(service_account_parse(t->call, str_of(CASES[i].text), &a), CASES[i].want, CASES[i].text);
    }
}

TEST(T7_a_service_account_s_token_says_what_kubernetes_says)
{
    CLEANUP(keyring_dropp) struct keyring *keys = NULL, *others = NULL;
    struct service_account                 a;
    struct client_assertion                read;
    str                                    text;
    int64_t                                expires_s;
    CHECK_OK(keyring_new(t->call, 1, &keys));
    CHECK_OK(keyring_new(t->call, 1, &others));
    CHECK_OK(service_account_parse(t->call, S("prod/web"), &a));
    CHECK_OK(service_account_issue(t->call, keys, S(ISSUER), &a, &text, &expires_s));
    CHECK_OK(client_assertion_read(t->call, text, &read));
    CHECK_STR(read.issuer, S(ISSUER), "the cluster");
    CHECK_STR(read.subject, S("system:serviceaccount:prod:web"), "the account");
    CHECK(read.audience_n == 1 && client_assertion_is_for(&read, S("api://AzureADTokenExchange")));
    CHECK(read.expires_s == expires_s && expires_s == t->call->now_s + 3600 && read.not_before_s == t->call->now_s);
    const struct json *own = json_get(read.claims, S("kubernetes.io"));
    CHECK_STR(json_get_str(own, S("namespace")), S("prod"), "the namespace");
    CHECK_STR(json_get_str(json_get(own, S("serviceaccount")), S("name")), S("web"), "the name");
    CHECK_OK(service_account_verify(t->call, keys, &read));
    CHECK_ERR(service_account_verify(t->call, others, &read), ERR_TOKEN_SIGNATURE, "another server's key");
    call_forgive(t->call);
    CHECK_ERR(service_account_verify(t->call, NULL, &read), ERR_TOKEN_SIGNATURE, "no key");
    call_forgive(t->call);
    read.signature.n--;
    CHECK_ERR(service_account_verify(t->call, keys, &read), ERR_TOKEN_SIGNATURE, "a part of the signature");
}

// No service takes it for an access token, though the same keys sign both.
TEST(T7_a_service_account_s_token_is_no_access_token)
{
    CLEANUP(keyring_dropp) struct keyring *keys = NULL;
    struct service_account                 a;
    struct token_claims                    claims;
    str                                    text, issuer = S(ISSUER), audience = S(SERVICE_ACCOUNT_AUDIENCE);
    int64_t                                expires_s;
    const struct token_policy              policy = {.issuers = &issuer, .issuer_n = 1, .audiences = &audience, .audience_n = 1};
    CHECK_OK(keyring_new(t->call, 1, &keys));
    CHECK_OK(service_account_parse(t->call, S("prod/web"), &a));
    CHECK_OK(service_account_issue(t->call, keys, issuer, &a, &text, &expires_s));
    CHECK_ERR(token_verify(t->call, keys, text, &policy, &claims), ERR_TOKEN_MALFORMED, "even for its own issuer and audience");
}
