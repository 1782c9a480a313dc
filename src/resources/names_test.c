#include "resources/names.h"

#include "test.h"

// The hosts of the services that are built in, from the rooms above.
extern const struct host HOST_LOGIN, HOST_ISSUER, HOST_MANAGEMENT, HOST_GRAPH, HOST_VAULT;

#define L63 "a23456789-a23456789-a23456789-a23456789-a23456789-a23456789-a23"

TEST(names_find_tells_the_services_apart)
{
    static const struct { const char *host; const struct host *want; const char *label; } CASES[] = {
        {"login.microsoftonline.com", &HOST_LOGIN, ""},
        {"LOGIN.MicrosoftOnline.com", &HOST_LOGIN, ""},
        {"login.windows.net", &HOST_LOGIN, ""},
        {"login.windows.net:8443", &HOST_LOGIN, ""},
        {"login.microsoft.com", &HOST_LOGIN, ""},
        {"LOGIN.microsoft.com:443", &HOST_LOGIN, ""},
        {"xlogin.microsoft.com", NULL, ""},
        {"login.microsoft.com.evil.test", NULL, ""},
        {"microsoft.com", NULL, ""},
        {"sts.windows.net", &HOST_ISSUER, ""},
        {"management.azure.com", &HOST_MANAGEMENT, ""},
        {"management.core.windows.net:443", &HOST_MANAGEMENT, ""},
        {"graph.microsoft.com", &HOST_GRAPH, ""},
        {"v1.vault.azure.net", &HOST_VAULT, "v1"},
        {"My-Vault.VAULT.azure.net:8443", &HOST_VAULT, "My-Vault"},
        {L63 ".vault.azure.net", &HOST_VAULT, L63},
        {"vault.azure.net", NULL, ""},           // a suffix alone is no service
        {".vault.azure.net", NULL, ""},
        {"a.b.vault.azure.net", NULL, ""},       // one label, not two
        {"v_1.vault.azure.net", NULL, ""},
        {"-v.vault.azure.net", NULL, ""},
        {"v-.vault.azure.net", NULL, ""},
        {"v 1.vault.azure.net", NULL, ""},
        {L63 "b.vault.azure.net", NULL, ""},
        {"v1vault.azure.net", NULL, ""},
        {"v1.vault.azure.net.evil.test", NULL, ""},
        {"evil.test/v1.vault.azure.net", NULL, ""},
        {"xlogin.microsoftonline.com", NULL, ""},
        {"x.login.microsoftonline.com", NULL, ""},
        {"login.microsoftonline.com.", NULL, ""},
        {"login.microsoftonline.com:", NULL, ""},
        {"login.microsoftonline.com:0", NULL, ""},
        {"login.microsoftonline.com:65536", NULL, ""},
        {"login.microsoftonline.com:443:443", NULL, ""},
        {"login.microsoftonline.com:https", NULL, ""},
        {"login.microsoftonline.com@evil.test", NULL, ""},
        {" login.microsoftonline.com", NULL, ""},
        {"169.254.169.254", NULL, ""},
        {"[::1]:443", NULL, ""},
        {"localhost", NULL, ""},
        {":443", NULL, ""},
        {"", NULL, ""},
    };
    struct names n = names_azure();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str label = S("untouched");
        CHECK_INT(names_find(&n, str_of(CASES[i].host), &label), CASES[i].want, CASES[i].host);
        CHECK_STR(label, str_of(CASES[i].label), CASES[i].host);
        bool has_port = str_find(str_of(CASES[i].host), ':') != STR_NOWHERE;
        CHECK_ROW(names_serves(&n, str_of(CASES[i].host)) == (CASES[i].want != NULL && !has_port), CASES[i].host);
    }
}

TEST(names_urls_carry_the_port_unless_it_is_443)
{
    struct names n = names_azure();
    CHECK_STR(names_url(t->call, &n, &HOST_LOGIN), S("https://login.microsoftonline.com"), "login");
    CHECK_STR(names_url(t->call, &n, &HOST_ISSUER), S("https://sts.windows.net"), "issuer");
    CHECK_STR(names_url(t->call, &n, &HOST_VAULT), S("https://vault.azure.net"), "the vaults' audience");
    CHECK_STR(names_url_label(t->call, &n, &HOST_VAULT, S("v1")), S("https://v1.vault.azure.net"), "vault");
    n.port = 8443;
    CHECK_STR(names_url(t->call, &n, &HOST_MANAGEMENT), S("https://management.azure.com:8443"), "with a port");
    CHECK_STR(names_url_label(t->call, &n, &HOST_VAULT, S("v1")), S("https://v1.vault.azure.net:8443"), "vault with a port");
}

TEST(names_own_puts_every_service_under_one_domain) // F3
{
    struct names n;
    str          label;
    CHECK_OK(names_own(t->call, S("ID.Example.com"), 8443, &n));
    CHECK_STR(names_url(t->call, &n, &HOST_LOGIN), S("https://login.id.example.com:8443"), "login");
    CHECK_STR(names_url(t->call, &n, &HOST_ISSUER), S("https://login.id.example.com:8443"), "who is asked for its keys must answer");
    CHECK_STR(names_url(t->call, &n, &HOST_MANAGEMENT), S("https://management.id.example.com:8443"), "management");
    CHECK_STR(names_url_label(t->call, &n, &HOST_VAULT, S("v1")), S("https://v1.vault.id.example.com:8443"), "vault");
    CHECK(names_find(&n, S("login.ID.example.com:8443"), &label) == &HOST_LOGIN);
    CHECK(names_find(&n, S("v1.vault.id.example.com"), &label) == &HOST_VAULT && str_eq(label, S("v1")));
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
