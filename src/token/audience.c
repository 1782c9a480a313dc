#include "token/audience.h"

#define MAX_URIS 6

// A URI that begins with "https://*." stands for any one label in front of the rest: an account's or a store's own host.
static const struct row {
    str                app;
    str                name;
    enum token_version version;
    str                uris[MAX_URIS];
} SERVICES[] = {
    {S_INIT("797f4846-ba00-4fd7-ba43-dac1f8f63013"), S_INIT("Azure Resource Manager"), TOKEN_V1,
     {S_INIT("https://management.azure.com"), S_INIT("https://management.core.windows.net")}},
    {S_INIT("00000003-0000-0000-c000-000000000000"), S_INIT("Microsoft Graph"), TOKEN_V1, {S_INIT("https://graph.microsoft.com")}},
    {S_INIT("cfa8b339-82a2-471a-a3c9-0fc0be7a4093"), S_INIT("Azure Key Vault"), TOKEN_V1,
     {S_INIT("https://vault.azure.net"), S_INIT("https://managedhsm.azure.net")}},
    {S_INIT("e406a681-f3d4-42a8-90b6-c2b029497af1"), S_INIT("Azure Storage"), TOKEN_V1,
     {S_INIT("https://storage.azure.com"), S_INIT("https://*.blob.core.windows.net"), S_INIT("https://*.queue.core.windows.net"),
      S_INIT("https://*.table.core.windows.net"), S_INIT("https://*.file.core.windows.net"), S_INIT("https://*.dfs.core.windows.net")}},
    {S_INIT("80a10ef9-8168-493d-abf9-3297c4ef6e3c"), S_INIT("Microsoft.ServiceBus"), TOKEN_V1, {S_INIT("https://servicebus.azure.net")}},
    {S_INIT("80369ed6-5f11-4dd9-bef3-692475845e77"), S_INIT("Microsoft.EventHubs"), TOKEN_V1, {S_INIT("https://eventhubs.azure.net")}},
    {S_INIT("35ffadb3-7fc1-497e-b61b-381d28e744cc"), S_INIT("Azure App Configuration"), TOKEN_V1,
     {S_INIT("https://azconfig.io"), S_INIT("https://appconfig.azure.com"), S_INIT("https://*.azconfig.io")}},
    {S_INIT("a232010e-820c-4083-83bb-3ace5fc29d0b"), S_INIT("Azure Cosmos DB"), TOKEN_V1,
     {S_INIT("https://cosmos.azure.com"), S_INIT("https://*.documents.azure.com")}},
    {S_INIT("022907d3-0f1b-48f7-badc-1ba6abab6d66"), S_INIT("Azure SQL Database"), TOKEN_V1, {S_INIT("https://database.windows.net")}},
    {S_INIT("123cd850-d9df-40bd-94d5-c9f07b7fa203"), S_INIT("Azure OSSRDBMS Database"), TOKEN_V1,
     {S_INIT("https://ossrdbms-aad.database.windows.net")}},
    // What a federated credential trusts: the one service here that takes version 2.
    {S_INIT("fb60f99c-7a34-4190-8149-302f77469936"), S_INIT("AAD Token Exchange"), TOKEN_V2, {S_INIT("api://AzureADTokenExchange")}},
};

// Services with a name of the operator's own, when there is one (names.h).
static const struct {
    enum name_kind kind;
    const char    *app;
} OWN_NAMES[] = {
    {NAME_MANAGEMENT, "797f4846-ba00-4fd7-ba43-dac1f8f63013"},
    {NAME_GRAPH, "00000003-0000-0000-c000-000000000000"},
    {NAME_VAULT_SUFFIX, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"},
};

static bool is_label(str s)
{
    if (str_empty(s) || s.n > 63) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = char_lower(s.at[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    }
    return true;
}

static bool is_uri(str uri, str asked)
{
    static const str SCHEME = S_INIT("https://"), ANY = S_INIT("https://*");
    if (!str_starts(uri, ANY)) return str_eq_nocase(uri, asked);
    str rest = str_from(uri, ANY.n);
    if (!str_starts_nocase(asked, SCHEME) || !str_ends_nocase(asked, rest) || asked.n <= SCHEME.n + rest.n) return false;
    return is_label((str){asked.at + SCHEME.n, asked.n - SCHEME.n - rest.n});
}

static const struct row *find_app(str app)
{
    for (size_t i = 0; i < COUNT(SERVICES); i++)
        if (str_eq_nocase(SERVICES[i].app, app)) return &SERVICES[i];
    return NULL;
}

// With or without the port: clients make audiences of URLs as well as of challenges.
static bool is_own_name(struct call *c, const struct names *names, enum name_kind kind, str asked)
{
    static const str SCHEME = S_INIT("https://");
    if (str_eq_nocase(names_url(c, names, kind), asked)) return true;
    return str_starts_nocase(asked, SCHEME) && str_eq_nocase(str_from(asked, SCHEME.n), names->hosts[kind]);
}

static const struct row *find_service(struct call *c, const struct names *names, str asked)
{
    for (size_t i = 0; i < COUNT(SERVICES); i++)
        for (size_t k = 0; k < MAX_URIS && SERVICES[i].uris[k].n; k++)
            if (is_uri(SERVICES[i].uris[k], asked)) return &SERVICES[i];
    for (size_t i = 0; i < COUNT(OWN_NAMES); i++)
        if (is_own_name(c, names, OWN_NAMES[i].kind, asked)) return find_app(str_of(OWN_NAMES[i].app));
    return find_app(asked);
}

// A registered application answers to its id, and to the URI made of it.
static const struct principal *find_registered(const struct directory *directory, str asked)
{
    static const str        SCHEME = S_INIT("api://");
    client_id               app;
    const struct principal *p;
    if (str_starts_nocase(asked, SCHEME)) asked = str_from(asked, SCHEME.n);
    if (!guid_parse(asked, &app.g)) return NULL;
    p = directory_find_app(directory, app);
    return p && p->kind == PRINCIPAL_APP ? p : NULL;
}

bool audience_find(struct call *c, const struct names *names, const struct directory *directory, str asked, struct audience *out)
{
    str bare = str_ends(asked, S("/")) ? str_upto(asked, asked.n - 1) : asked;
    if (asked.n > AUDIENCE_MAX_BYTES) return false;
    const struct row *service = find_service(c, names, bare);
    if (service) {
        *out = (struct audience){.name = service->name, .version = service->version};
        out->claim = service->version == TOKEN_V2 ? service->app : asked;
        return guid_parse(service->app, &out->app.g);
    }
    const struct principal *app = find_registered(directory, bare);
    if (!app) return false;
    *out = (struct audience){.app = app->app, .name = app->name, .version = TOKEN_V1, .claim = asked};
    return true;
}
