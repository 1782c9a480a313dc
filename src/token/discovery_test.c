#include "token/discovery.h"

#include "test.h"

TEST(F2_a_discovery_document_lies_below_an_https_issuer)
{
    static const struct { const char *issuer, *url; } CASES[] = {
        {"https://issuer.example", "https://issuer.example/.well-known/openid-configuration"},
        {"https://issuer.example/", "https://issuer.example/.well-known/openid-configuration"},
        {"https://issuer.example:8443/a/b/", "https://issuer.example:8443/a/b/.well-known/openid-configuration"},
        {"http://issuer.example", NULL},
        {"https://", NULL},
        {"https:///path", NULL},
        {"https://user@issuer.example", NULL},
        {"https://issuer.example?x=", NULL},
        {"https://issuer.example/#", NULL},
        {"https://issuer.example/a b", NULL},
        {"https://issuer.example\\@elsewhere.example", NULL},
        {"https://issuer.example/\n", NULL},
        {"https://\xc3\xbc.example", NULL},
        {"file:///etc/passwd", NULL},
        {"issuer.example", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str url = STR_NONE;
        CHECK_ERR(discovery_url(t->call, str_of(CASES[i].issuer), &url), CASES[i].url ? OK : ERR_URL_INVALID, CASES[i].issuer);
        CHECK_STR(url, str_of(CASES[i].url), CASES[i].issuer);
    }
}

#define ISSUER "https://issuer.example/a"

TEST(F2_a_discovery_document_names_its_issuer_to_the_letter)
{
    static const struct { const char *text; bool fits; } CASES[] = {
        {"{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://keys.example/k?v=1\"}", true},
        {"{\"issuer\":\"" ISSUER "/\",\"jwks_uri\":\"https://keys.example/k?v=1\"}", false},
        {"{\"issuer\":\"https://Issuer.example/a\",\"jwks_uri\":\"https://keys.example/k?v=1\"}", false},
        {"{\"issuer\":\"https://issuer.example\",\"jwks_uri\":\"https://keys.example/k?v=1\"}", false},
        {"{\"jwks_uri\":\"https://keys.example/k?v=1\"}", false},
        {"{\"issuer\":[\"" ISSUER "\"],\"jwks_uri\":\"https://keys.example/k?v=1\"}", false},
        {"{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"http://keys.example/k?v=1\"}", false},
        {"{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://a:b@keys.example/k?v=1\"}", false},
        {"{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"/k?v=1\"}", false},
        {"{\"issuer\":\"" ISSUER "\"}", false},
        {"[]", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str url = STR_NONE;
        CHECK_ERR(discovery_read(t->call, str_of(CASES[i].text), S(ISSUER), &url), CASES[i].fits ? OK : ERR_ISSUER_UNUSABLE, CASES[i].text);
        CHECK_STR(url, CASES[i].fits ? S("https://keys.example/k?v=1") : STR_NONE, CASES[i].text);
    }
    str         url = STR_NONE;
    const char *large =
        call_format(t->call, "{\"issuer\":\"" ISSUER "\",\"jwks_uri\":\"https://k.example\",\"x\":\"%*s\"}", (int)DISCOVERY_MAX_BYTES, "").at;
    CHECK_ERR(discovery_read(t->call, str_of(large), S(ISSUER), &url), ERR_ISSUER_UNUSABLE, "too long");
}

TEST(F2_the_host_of_an_issuer_is_told_with_its_port)
{
    static const struct { const char *a, *b; bool same; } CASES[] = {
        {"https://issuer.example:8443/a", "https://ISSUER.example:8443/keys?x", true},
        {"https://issuer.example", "https://issuer.example:443/keys", true},
        {"https://issuer.example:8443", "https://issuer.example:8444", false},
        {"https://issuer.example", "https://issuer.example.evil.example", false},
        {"https://issuer.example", "https://issuer.example@evil.example", false},
        {"https://issuer.example", "https://issuer.example\\.evil.example", false},
        {"https://issuer.example", "http://issuer.example", false},
        {"", "", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ROW(discovery_is_same_host(str_of(CASES[i].a), str_of(CASES[i].b)) == CASES[i].same, CASES[i].b);
}
