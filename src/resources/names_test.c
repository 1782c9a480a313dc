#include "resources/names.h"

#include "test.h"

#define L63 "a23456789-a23456789-a23456789-a23456789-a23456789-a23456789-a23"

TEST(names_find_tells_the_services_apart)
{
    static const struct { const char *host; enum name_kind want; const char *label; } CASES[] = {
        {"login.microsoftonline.com", NAME_LOGIN, ""},
        {"LOGIN.MicrosoftOnline.com", NAME_LOGIN, ""},
        {"login.windows.net", NAME_LOGIN, ""},
        {"login.windows.net:8443", NAME_LOGIN, ""},
        {"login.microsoft.com", NAME_LOGIN, ""},
        {"LOGIN.microsoft.com:443", NAME_LOGIN, ""},
        {"xlogin.microsoft.com", NAME_N, ""},
        {"login.microsoft.com.evil.test", NAME_N, ""},
        {"microsoft.com", NAME_N, ""},
        {"sts.windows.net", NAME_ISSUER, ""},
        {"management.azure.com", NAME_MANAGEMENT, ""},
        {"management.core.windows.net:443", NAME_MANAGEMENT, ""},
        {"graph.microsoft.com", NAME_GRAPH, ""},
        {"v1.vault.azure.net", NAME_VAULT_SUFFIX, "v1"},
        {"My-Vault.VAULT.azure.net:8443", NAME_VAULT_SUFFIX, "My-Vault"},
        {L63 ".vault.azure.net", NAME_VAULT_SUFFIX, L63},
        {"vault.azure.net", NAME_N, ""},           // a suffix alone is no service
        {".vault.azure.net", NAME_N, ""},
        {"a.b.vault.azure.net", NAME_N, ""},       // one label, not two
        {"v_1.vault.azure.net", NAME_N, ""},
        {"-v.vault.azure.net", NAME_N, ""},
        {"v-.vault.azure.net", NAME_N, ""},
        {"v 1.vault.azure.net", NAME_N, ""},
        {L63 "b.vault.azure.net", NAME_N, ""},
        {"v1vault.azure.net", NAME_N, ""},
        {"v1.vault.azure.net.evil.test", NAME_N, ""},
        {"evil.test/v1.vault.azure.net", NAME_N, ""},
        {"xlogin.microsoftonline.com", NAME_N, ""},
        {"x.login.microsoftonline.com", NAME_N, ""},
        {"login.microsoftonline.com.", NAME_N, ""},
        {"login.microsoftonline.com:", NAME_N, ""},
        {"login.microsoftonline.com:0", NAME_N, ""},
        {"login.microsoftonline.com:65536", NAME_N, ""},
        {"login.microsoftonline.com:443:443", NAME_N, ""},
        {"login.microsoftonline.com:https", NAME_N, ""},
        {"login.microsoftonline.com@evil.test", NAME_N, ""},
        {" login.microsoftonline.com", NAME_N, ""},
        {"169.254.169.254", NAME_N, ""},
        {"[::1]:443", NAME_N, ""},
        {"localhost", NAME_N, ""},
        {":443", NAME_N, ""},
        {"", NAME_N, ""},
    };
    struct names n = names_azure();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str label = S("untouched");
        CHECK_INT(names_find(&n, str_of(CASES[i].host), &label), CASES[i].want, CASES[i].host);
        CHECK_STR(label, str_of(CASES[i].label), CASES[i].host);
        bool has_port = str_find(str_of(CASES[i].host), ':') != STR_NOWHERE;
        CHECK_ROW(names_serves(&n, str_of(CASES[i].host)) == (CASES[i].want != NAME_N && !has_port), CASES[i].host);
    }
}

TEST(names_urls_carry_the_port_unless_it_is_443)
{
    struct names n = names_azure();
    CHECK_STR(names_url(t->call, &n, NAME_LOGIN), S("https://login.microsoftonline.com"), "login");
    CHECK_STR(names_url(t->call, &n, NAME_ISSUER), S("https://sts.windows.net"), "issuer");
    CHECK_STR(names_url(t->call, &n, NAME_VAULT_SUFFIX), S("https://vault.azure.net"), "the vaults' audience");
    CHECK_STR(names_url_label(t->call, &n, NAME_VAULT_SUFFIX, S("v1")), S("https://v1.vault.azure.net"), "vault");
    n.port = 8443;
    CHECK_STR(names_url(t->call, &n, NAME_MANAGEMENT), S("https://management.azure.com:8443"), "with a port");
    CHECK_STR(names_url_label(t->call, &n, NAME_VAULT_SUFFIX, S("v1")), S("https://v1.vault.azure.net:8443"), "vault with a port");
}

TEST(names_own_puts_every_service_under_one_domain) // F3
{
    struct names n;
    str          label;
    CHECK_OK(names_own(t->call, S("ID.Example.com"), 8443, &n));
    CHECK_STR(names_url(t->call, &n, NAME_LOGIN), S("https://login.id.example.com:8443"), "login");
    CHECK_STR(names_url(t->call, &n, NAME_ISSUER), S("https://login.id.example.com:8443"), "who is asked for its keys must answer");
    CHECK_STR(names_url(t->call, &n, NAME_MANAGEMENT), S("https://management.id.example.com:8443"), "management");
    CHECK_STR(names_url_label(t->call, &n, NAME_VAULT_SUFFIX, S("v1")), S("https://v1.vault.id.example.com:8443"), "vault");
    CHECK(names_find(&n, S("login.ID.example.com:8443"), &label) == NAME_LOGIN);
    CHECK(names_find(&n, S("v1.vault.id.example.com"), &label) == NAME_VAULT_SUFFIX && str_eq(label, S("v1")));
    CHECK(names_serves(&n, S("graph.id.example.com")));
    CHECK(!names_serves(&n, S("login.microsoftonline.com"))); // Azure's own names are not ours then
    CHECK(!names_serves(&n, S("id.example.com")));
    CHECK(!names_serves(&n, S("")));
}

TEST(names_own_refuses_what_is_no_domain)
{
    static const struct { const char *domain; uint16_t port; enum err want; } CASES[] = {
        {"localhost", 443, OK},
        {"xn--bcher-kva.example", 1, OK},
        {"1and1.example", 65535, OK},
        {L63 "." L63 "." L63, 443, ERR_NAME_INVALID}, // no room for what stands in front
        {L63 "x.example", 443, ERR_NAME_INVALID},
        {"id.example.com", 0, ERR_NAME_INVALID},
        {"", 443, ERR_NAME_INVALID},
        {".", 443, ERR_NAME_INVALID},
        {".example.com", 443, ERR_NAME_INVALID},
        {"example.com.", 443, ERR_NAME_INVALID},
        {"example..com", 443, ERR_NAME_INVALID},
        {"-a.example", 443, ERR_NAME_INVALID},
        {"a-.example", 443, ERR_NAME_INVALID},
        {"a_b.example", 443, ERR_NAME_INVALID},
        {"a b.example", 443, ERR_NAME_INVALID},
        {"bücher.example", 443, ERR_NAME_INVALID},
        {"*.example", 443, ERR_NAME_INVALID},
        {"https://example.com", 443, ERR_NAME_INVALID},
        {"example.com:8443", 443, ERR_NAME_INVALID},
        {"192.0.2.1", 443, ERR_NAME_INVALID},
        {"[::1]", 443, ERR_NAME_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct names n;
        CHECK_ERR(names_own(t->call, str_of(CASES[i].domain), CASES[i].port, &n), CASES[i].want, CASES[i].domain);
    }
}
