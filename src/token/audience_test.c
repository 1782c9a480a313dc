#include "token/audience.h"

#include "test.h"

#define APP     "33333333-3333-3333-3333-333333333333"
#define MANAGED "55555555-5555-5555-5555-555555555555"
#define NOBODY  "66666666-6666-6666-6666-666666666666"

static void add(struct test *t, struct directory *d, const char *app, enum principal_kind kind)
{
    struct principal *p = NULL;
    struct principal  plain = {.id = {guid_new(t->call)}, .kind = kind, .name = S("Orders API"), .resource = kind == PRINCIPAL_MANAGED ? S("/r") : STR_NONE};
    CHECK(guid_parse(str_of(app), &plain.app.g));
    CHECK_OK(principal_new(t->call, &plain, &p));
    CHECK(p && directory_put(d, p));
    if (p) ref_drop(&p->ref);
}

#define VAULT   "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
#define STORAGE "e406a681-f3d4-42a8-90b6-c2b029497af1"
#define COSMOS  "a232010e-820c-4083-83bb-3ace5fc29d0b"
#define MANAGER "797f4846-ba00-4fd7-ba43-dac1f8f63013"

TEST(audience_find_knows_services_and_registered_applications)
{
    static const struct { const char *asked, *app; } CASES[] = { // app NULL: unknown
        {"https://vault.azure.net", VAULT},
        {"https://vault.azure.net/", VAULT},
        {"HTTPS://Vault.Azure.Net", VAULT},
        {VAULT, VAULT},
        {"CFA8B339-82a2-471a-a3c9-0fc0be7a4093", VAULT},
        {"https://management.azure.com/", MANAGER},
        {"https://management.core.windows.net/", MANAGER},
        {"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"},
        {"https://storage.azure.com/", STORAGE},
        {"https://acct1.blob.core.windows.net", STORAGE},
        {"https://acct1.queue.core.windows.net/", STORAGE},
        {"https://database.windows.net/", "022907d3-0f1b-48f7-badc-1ba6abab6d66"},
        {"https://ossrdbms-aad.database.windows.net", "123cd850-d9df-40bd-94d5-c9f07b7fa203"},
        {"https://servicebus.azure.net/", "80a10ef9-8168-493d-abf9-3297c4ef6e3c"},
        {"https://store1.azconfig.io", "35ffadb3-7fc1-497e-b61b-381d28e744cc"},
        {"https://cosmos.azure.com", COSMOS},
        {"https://acct1.documents.azure.com", COSMOS},
        {"api://AzureADTokenExchange", "fb60f99c-7a34-4190-8149-302f77469936"},
        {"api://" APP, APP},
        {APP, APP},
        {"", NULL},
        {"/", NULL},
        {"vault.azure.net", NULL},
        {"http://vault.azure.net", NULL},
        {"https://vault.azure.net//", NULL},
        {"https://vault.azure.net/.default", NULL},
        {"https://vault.azure.net:443", NULL},
        {"https://v1.vault.azure.net", NULL},
        {"https://vault.azure.net.evil.test", NULL},
        {"https://evil.test/https://vault.azure.net", NULL},
        {" https://vault.azure.net", NULL},
        {"https://vault.azure.net ", NULL},
        {"https://.blob.core.windows.net", NULL},
        {"https://a.b.blob.core.windows.net", NULL},
        {"https://evil.test/.blob.core.windows.net", NULL},
        {"https://evil.test#.blob.core.windows.net", NULL},
        {"https://blob.core.windows.net", NULL},
        {"https://example.com", NULL},
        {"api://orders", NULL},
        {"api://api://" APP, NULL},
        {"api://", NULL},
        {"api://" NOBODY, NULL},
        {NOBODY, NULL},
        {"api://" MANAGED, NULL}, // an identity is no audience
        {MANAGED, NULL},
        {"{" APP "}", NULL},
    };
    struct names      names = names_azure();
    struct directory *d = directory_new();
    add(t, d, APP, PRINCIPAL_APP);
    add(t, d, MANAGED, PRINCIPAL_MANAGED);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct audience found = {0};
        bool            known = audience_find(t->call, &names, d, str_of(CASES[i].asked), &found);
        CHECK_ROW(known == (CASES[i].app != NULL), CASES[i].asked);
        if (!known || !CASES[i].app) continue;
        CHECK_STR(guid_str(t->call, found.app.g), str_of(CASES[i].app), CASES[i].asked);
        CHECK_ROW(!str_empty(found.name), CASES[i].asked);
        CHECK_ROW(found.version == TOKEN_V2 || str_eq(found.claim, str_of(CASES[i].asked)), CASES[i].asked);
    }
    directory_free(d);
}

// What a federated credential trusts is the one service that takes version 2, whose audience is its application.
TEST(audience_find_gives_the_token_exchange_version_2)
{
    struct names      names = names_azure();
    struct directory *d = directory_new();
    struct audience   found = {0};
    CHECK(audience_find(t->call, &names, d, S("api://AzureADTokenExchange"), &found));
    CHECK(found.version == TOKEN_V2);
    CHECK_STR(found.claim, S("fb60f99c-7a34-4190-8149-302f77469936"), "aud");
    directory_free(d);
}

TEST(audience_find_knows_the_operators_own_names)
{
    static const struct { const char *asked, *app; } CASES[] = {
        {"https://management.id.example.com:8443", MANAGER}, {"https://management.id.example.com:8443/", MANAGER},
        {"https://vault.id.example.com:8443", VAULT},        {"https://vault.azure.net", VAULT},
        {"https://management.id.example.com", MANAGER},      {"https://vault.id.example.com/", VAULT},
        {"https://management.id.example.com:443", NULL},     {"https://login.id.example.com:8443", NULL},
        {"https://v1.vault.id.example.com", NULL},           {"http://vault.id.example.com", NULL},
        {"https://id.example.com:8443", NULL},
    };
    struct names      names;
    struct directory *d = directory_new();
    CHECK_OK(names_own(t->call, S("id.example.com"), 8443, &names));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct audience found = {0};
        bool            known = audience_find(t->call, &names, d, str_of(CASES[i].asked), &found);
        CHECK_ROW(known == (CASES[i].app != NULL), CASES[i].asked);
        if (known && CASES[i].app) CHECK_STR(guid_str(t->call, found.app.g), str_of(CASES[i].app), CASES[i].asked);
    }
    directory_free(d);
}

TEST(audience_find_refuses_what_is_too_long)
{
    struct names      names = names_azure();
    struct directory *d = directory_new();
    struct audience   found;
    char              text[AUDIENCE_MAX_BYTES + 64];
    snprintf(text, sizeof text, "https://%0*d.blob.core.windows.net", AUDIENCE_MAX_BYTES, 1);
    CHECK(!audience_find(t->call, &names, d, str_of(text), &found));
    directory_free(d);
}
