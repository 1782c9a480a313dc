#include "token/audience.h"

#include "test.h"

#define APP     "33333333-3333-3333-3333-333333333333"
#define MANAGED "55555555-5555-5555-5555-555555555555"
#define NOBODY  "66666666-6666-6666-6666-666666666666"

static void add(struct test *t, struct directory *d, const char *app, enum principal_kind kind)
{
    struct principal *p = NULL;
    struct principal  plain = {
         .id = {guid_new(t->call)}, .kind = kind, .name = S("Orders API"), .resource = kind == PRINCIPAL_MANAGED ? S("/r") : STR_NONE};
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
    struct names           names = names_azure();
    struct directory      *d = directory_new();
    struct applications   *apps = applications_new();
    struct audience_places places = {&names, d, apps};
    add(t, d, APP, PRINCIPAL_APP);
    add(t, d, MANAGED, PRINCIPAL_MANAGED);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct audience found = {0};
        bool            known = audience_find(t->call, &places, str_of(CASES[i].asked), &found);
        CHECK_ROW(known == (CASES[i].app != NULL), CASES[i].asked);
        if (!known || !CASES[i].app) continue;
        CHECK_STR(guid_str(t->call, found.app.g), str_of(CASES[i].app), CASES[i].asked);
        CHECK_ROW(!str_empty(found.name), CASES[i].asked);
        CHECK_ROW(found.version == TOKEN_V2 || str_eq(found.claim, str_of(CASES[i].asked)), CASES[i].asked);
    }
    directory_free(d);
    applications_free(apps);
}

// The audiences that az, the SDKs, Terraform's provider and the agents on machines ask for; both slash forms of each, and the id.
TEST(audience_find_knows_what_clients_ask_for)
{
    static const struct { const char *uri, *app; } CASES[] = {
        {"https://graph.windows.net", "00000002-0000-0000-c000-000000000000"},
        {"https://cognitiveservices.azure.com", "7d312290-28c8-473c-a0ed-8e53749b6d6d"},
        {"https://ai.azure.com", "18a66f5f-dbdf-4c17-9dd7-1634712a9cbe"},
        {"https://ml.azure.com", "18a66f5f-dbdf-4c17-9dd7-1634712a9cbe"},
        {"https://api.loganalytics.io", "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5"},
        {"https://westeurope.api.loganalytics.io", "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5"},
        {"https://api.applicationinsights.io", "f5c26e74-f226-4ae8-85f0-b4af0080ac9e"},
        {"https://monitor.azure.com", "e933bd07-d2ee-4f1d-933c-3752b819567b"},
        {"https://batch.core.windows.net", "ddbf3205-c6bd-46ae-8127-60eb93363864"},
        {"https://containerregistry.azure.net", "76c92352-c057-4cc2-9b1e-f34c32bc58bd"},
        {"https://search.azure.com", "880da380-985e-4198-81b9-e05b1cc53158"},
        {"https://dev.azuresynapse.net", "1ac05c7e-12d2-4605-bf9d-549d7041c6b3"},
        {"https://datalake.azure.net", "e9f49c6b-5ce5-44c8-925d-015017e9f7ad"},
        {"https://redis.azure.com", "acca5fbb-b7e4-4009-81f1-37e38fd66d78"},
        {"https://digitaltwins.azure.net", "0b07f429-9f4b-4714-9392-cc5e8e80c8b0"},
        {"https://managedhsm.azure.net", "589d5083-6f11-4d30-a62a-a4b316a14abf"},
        {"https://confidential-ledger.azure.com", "4353526e-1c33-4fcf-9e82-9683edf52848"},
        {"https://attest.azure.net", "c61423b7-1d1f-430d-b444-0eee53298103"},
        {"https://rest.media.azure.net", "374b2a64-3b6b-436b-934c-b820eacca870"},
        {"https://iothubs.azure.net", "89d10474-74af-4874-99a7-c23c2f643083"},
        {"https://azure-devices-provisioning.net", "0cd79364-7a90-4354-9984-6e36c841418d"},
        {"https://eventgrid.azure.net", "823c0a78-5de0-4445-a7f5-c2f42d7dc89b"},
        {"https://webpubsub.azure.com", "cdad765c-f191-43ba-b9f5-7aef392f811d"},
        {"https://signalr.azure.com", "cdad765c-f191-43ba-b9f5-7aef392f811d"},
        {"https://purview.azure.net", "73c2949e-da2d-457a-9607-fcc665198967"},
        {"https://atlas.microsoft.com", "ba1ea022-5807-41d5-bbeb-292c7e1cf5f6"},
        {"https://communication.azure.com", "1fd5118e-2576-4263-8130-9503064c837a"},
        {"https://kusto.kusto.windows.net", "2746ea77-4702-4b45-80ca-3c97e680e8b7"},
        {"https://azuredatabricks.net", "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"},
        {"https://aks-aad-server.azure.com", "6dae42f8-4368-4678-94ff-3960e28e3630"},
        {"https://app.vssps.visualstudio.com", "499b84ac-1321-427f-aa17-267ca6975798"},
        {"https://appservice.azure.com", "abfa0a7c-a6b6-4736-8310-5855508787cd"},
        {"https://analysis.windows.net/powerbi/api", "00000009-0000-0000-c000-000000000000"},
    };
    struct names           names = names_azure();
    struct directory      *d = directory_new();
    struct applications   *apps = applications_new();
    struct audience_places places = {&names, d, apps};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str forms[] = {str_of(CASES[i].uri), call_format(t->call, "%s/", CASES[i].uri), str_of(CASES[i].app)};
        for (size_t k = 0; k < COUNT(forms); k++) {
            struct audience found = {0};
            CHECK_ROW(audience_find(t->call, &places, forms[k], &found), CASES[i].uri);
            CHECK_STR(guid_str(t->call, found.app.g), str_of(CASES[i].app), CASES[i].uri);
            CHECK_STR(found.claim, forms[k], "the claim is what was asked for");
        }
        struct audience none;
        str             wrong[] = {call_format(t->call, "%s//", CASES[i].uri), call_format(t->call, "%s.evil.test", CASES[i].uri),
                                   call_format(t->call, "https://x%s", CASES[i].uri + 8), str_from(str_of(CASES[i].uri), 8)};
        for (size_t k = 0; k < COUNT(wrong); k++) {
            bool other_label = str_ends(wrong[k], S("westeurope.api.loganalytics.io")) && k == 2; // any label may stand there
            CHECK_ROW(audience_find(t->call, &places, wrong[k], &none) == other_label, wrong[k].at);
        }
    }
    directory_free(d);
    applications_free(apps);
}

// What a federated credential trusts is the one service that takes version 2, whose audience is its application.
TEST(audience_find_gives_the_token_exchange_version_2)
{
    struct names           names = names_azure();
    struct directory      *d = directory_new();
    struct applications   *apps = applications_new();
    struct audience_places places = {&names, d, apps};
    struct audience        found = {0};
    CHECK(audience_find(t->call, &places, S("api://AzureADTokenExchange"), &found));
    CHECK(found.version == TOKEN_V2);
    CHECK_STR(found.claim, S("fb60f99c-7a34-4190-8149-302f77469936"), "aud");
    directory_free(d);
    applications_free(apps);
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
    struct names           names;
    struct directory      *d = directory_new();
    struct applications   *apps = applications_new();
    struct audience_places places = {&names, d, apps};
    CHECK_OK(names_own(t->call, S("id.example.com"), 8443, &names));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct audience found = {0};
        bool            known = audience_find(t->call, &places, str_of(CASES[i].asked), &found);
        CHECK_ROW(known == (CASES[i].app != NULL), CASES[i].asked);
        if (known && CASES[i].app) CHECK_STR(guid_str(t->call, found.app.g), str_of(CASES[i].app), CASES[i].asked);
    }
    directory_free(d);
    applications_free(apps);
}

TEST(audience_find_refuses_what_is_too_long)
{
    struct names           names = names_azure();
    struct directory      *d = directory_new();
    struct applications   *apps = applications_new();
    struct audience_places places = {&names, d, apps};
    struct audience        found;
    char                   text[AUDIENCE_MAX_BYTES + 64];
    snprintf(text, sizeof text, "https://%0*d.blob.core.windows.net", AUDIENCE_MAX_BYTES, 1);
    CHECK(!audience_find(t->call, &places, str_of(text), &found));
    directory_free(d);
    applications_free(apps);
}
