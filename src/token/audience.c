#include "token/audience.h"

// Services that this product does not play, and clients of which ask it for tokens.
static const struct audience_row ELSEWHERE[] = {
    // The directory's older API is not served; clients ask for a token to learn the tenant (az up to 2.45, `keyvault create`).
    // Source: az, core/cloud.py (active_directory_graph_resource_id)
    {S_INIT("00000002-0000-0000-c000-000000000000"), S_INIT("Windows Azure Active Directory"), TOKEN_V1, {S_INIT("https://graph.windows.net")}},
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

    // The services below are none of this product's targets: their tokens go to services of the reader's own. That the
    // cloud issues a token for each is inferred from the client that asks for it, named in its row. The ids are from
    // https://github.com/maciejporebski/azure-ad-first-party-apps-permissions and
    // https://github.com/manicminer/hamilton (environments/published.go) unless a row says otherwise.
    // Source: @azure/ai-*, azure-ai-* (DEFAULT_COGNITIVE_SCOPE)
    {S_INIT("7d312290-28c8-473c-a0ed-8e53749b6d6d"), S_INIT("Microsoft Cognitive Services"), TOKEN_V1, {S_INIT("https://cognitiveservices.azure.com")}},
    // Source: azure-ai-projects (credential scopes), azure-ai-ml (ml.azure.com)
    {S_INIT("18a66f5f-dbdf-4c17-9dd7-1634712a9cbe"), S_INIT("Azure Machine Learning Services"), TOKEN_V1,
     {S_INIT("https://ai.azure.com"), S_INIT("https://ml.azure.com")}},
    // Source: az, core/cloud.py (log_analytics_resource_id); azure-monitor-query. Some regions have a host of their own.
    {S_INIT("ca7f3f0b-7d91-482c-8e09-c5d840d0eac5"), S_INIT("Log Analytics API"), TOKEN_V1,
     {S_INIT("https://api.loganalytics.io"), S_INIT("https://*.api.loganalytics.io")}},
    // Source: az, core/cloud.py (app_insights_resource_id)
    {S_INIT("f5c26e74-f226-4ae8-85f0-b4af0080ac9e"), S_INIT("Application Insights API"), TOKEN_V1, {S_INIT("https://api.applicationinsights.io")}},
    // Source: azure-monitor-ingestion, azure-monitor-opentelemetry-exporter; the Azure Monitor agent on Arc machines
    {S_INIT("e933bd07-d2ee-4f1d-933c-3752b819567b"), S_INIT("Azure Monitor Control Service"), TOKEN_V1, {S_INIT("https://monitor.azure.com")}},
    // Source: az, core/cloud.py (batch_resource_id)
    {S_INIT("ddbf3205-c6bd-46ae-8127-60eb93363864"), S_INIT("Microsoft Azure Batch"), TOKEN_V1, {S_INIT("https://batch.core.windows.net")}},
    // Source: azure-containerregistry (AZURE_PUBLIC_CLOUD audience); az acr login exchanges a token for management
    {S_INIT("76c92352-c057-4cc2-9b1e-f34c32bc58bd"), S_INIT("Azure Container Registry Application"), TOKEN_V1,
     {S_INIT("https://containerregistry.azure.net")}},
    {S_INIT("6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26"), S_INIT("Azure Container Registry"), TOKEN_V1, {{0}}},
    // Source: azure-search-documents (DEFAULT_AUDIENCE)
    {S_INIT("880da380-985e-4198-81b9-e05b1cc53158"), S_INIT("Azure Cognitive Search"), TOKEN_V1, {S_INIT("https://search.azure.com")}},
    // Source: az, core/cloud.py (synapse_analytics_resource_id)
    {S_INIT("1ac05c7e-12d2-4605-bf9d-549d7041c6b3"), S_INIT("Microsoft Azure Synapse Gateway"), TOKEN_V1, {S_INIT("https://dev.azuresynapse.net")}},
    // Source: az, core/cloud.py (active_directory_data_lake_resource_id)
    {S_INIT("e9f49c6b-5ce5-44c8-925d-015017e9f7ad"), S_INIT("Azure Data Lake"), TOKEN_V1, {S_INIT("https://datalake.azure.net")}},
    // Source: https://learn.microsoft.com/azure/azure-cache-for-redis/cache-azure-active-directory-for-authentication (URI and id)
    {S_INIT("acca5fbb-b7e4-4009-81f1-37e38fd66d78"), S_INIT("Azure Cache for Redis"), TOKEN_V1, {S_INIT("https://redis.azure.com")}},
    // Source: azure-digitaltwins-core; az iot (DIGITALTWINS_RESOURCE_ID)
    {S_INIT("0b07f429-9f4b-4714-9392-cc5e8e80c8b0"), S_INIT("Azure Digital Twins"), TOKEN_V1, {S_INIT("https://digitaltwins.azure.net")}},
    // Source: azure-keyvault-administration (.net); az, core/auth/util.py (.com)
    {S_INIT("589d5083-6f11-4d30-a62a-a4b316a14abf"), S_INIT("Azure Key Vault Managed HSM"), TOKEN_V1,
     {S_INIT("https://managedhsm.azure.net"), S_INIT("https://managedhsm.azure.com")}},
    // Source: azure-confidentialledger
    {S_INIT("4353526e-1c33-4fcf-9e82-9683edf52848"), S_INIT("ConfidentialLedger"), TOKEN_V1, {S_INIT("https://confidential-ledger.azure.com")}},
    // Source: az, core/cloud.py (attestation_resource_id); azure-security-attestation
    {S_INIT("c61423b7-1d1f-430d-b444-0eee53298103"), S_INIT("Attestation Service"), TOKEN_V1, {S_INIT("https://attest.azure.net")}},
    // Source: az, core/cloud.py (media_resource_id)
    {S_INIT("374b2a64-3b6b-436b-934c-b820eacca870"), S_INIT("Azure Media Services"), TOKEN_V1, {S_INIT("https://rest.media.azure.net")}},
    // Source: azure-iot-hub (IoT Hub audience); az iot (IOTHUB_RESOURCE_ID)
    {S_INIT("89d10474-74af-4874-99a7-c23c2f643083"), S_INIT("Azure IoT Hub"), TOKEN_V1, {S_INIT("https://iothubs.azure.net")}},
    // Source: az iot (IOTDPS_RESOURCE_ID)
    {S_INIT("0cd79364-7a90-4354-9984-6e36c841418d"), S_INIT("Access IoT Hub Device Provisioning Service"), TOKEN_V1,
     {S_INIT("https://azure-devices-provisioning.net")}},
    // Source: azure-eventgrid (DEFAULT_EVENTGRID_SCOPE)
    {S_INIT("823c0a78-5de0-4445-a7f5-c2f42d7dc89b"), S_INIT("EventGrid Data API"), TOKEN_V1, {S_INIT("https://eventgrid.azure.net")}},
    // Source: azure-messaging-webpubsubservice; the SignalR service's own SDK
    {S_INIT("cdad765c-f191-43ba-b9f5-7aef392f811d"), S_INIT("Azure SignalR Service Resource Provider"), TOKEN_V1,
     {S_INIT("https://webpubsub.azure.com"), S_INIT("https://signalr.azure.com")}},
    // Source: azure-purview-*
    {S_INIT("73c2949e-da2d-457a-9607-fcc665198967"), S_INIT("Azure Purview"), TOKEN_V1, {S_INIT("https://purview.azure.net")}},
    // Source: azure-maps-*
    {S_INIT("ba1ea022-5807-41d5-bbeb-292c7e1cf5f6"), S_INIT("Azure Maps"), TOKEN_V1, {S_INIT("https://atlas.microsoft.com")}},
    // Source: azure-communication-*
    {S_INIT("1fd5118e-2576-4263-8130-9503064c837a"), S_INIT("Azure Communication Services"), TOKEN_V1, {S_INIT("https://communication.azure.com")}},
    // Source: azure-kusto-data (the cloud's KustoServiceResourceId)
    {S_INIT("2746ea77-4702-4b45-80ca-3c97e680e8b7"), S_INIT("KustoService"), TOKEN_V1,
     {S_INIT("https://kusto.kusto.windows.net"), S_INIT("https://api.kusto.windows.net")}},
    // Source: Terraform's Databricks provider and databricks-sdk-* (by the id)
    {S_INIT("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"), S_INIT("AzureDatabricks"), TOKEN_V1, {S_INIT("https://azuredatabricks.net")}},
    // Source: kubelogin (by the id)
    {S_INIT("6dae42f8-4368-4678-94ff-3960e28e3630"), S_INIT("Azure Kubernetes Service AAD Server"), TOKEN_V1, {S_INIT("https://aks-aad-server.azure.com")}},
    // Source: az devops (by the id)
    {S_INIT("499b84ac-1321-427f-aa17-267ca6975798"), S_INIT("Azure DevOps"), TOKEN_V1, {S_INIT("https://app.vssps.visualstudio.com")}},
    // Source: az webapp; App Service's deployment endpoint
    {S_INIT("abfa0a7c-a6b6-4736-8310-5855508787cd"), S_INIT("Microsoft Azure App Service"), TOKEN_V1, {S_INIT("https://appservice.azure.com")}},
    // Source: msal, managed_identity for Cloud Shell (the audiences that its endpoint takes)
    {S_INIT("00000009-0000-0000-c000-000000000000"), S_INIT("Power BI Service"), TOKEN_V1, {S_INIT("https://analysis.windows.net/powerbi/api")}},
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

// With or without the port: clients make audiences of URLs as well as of challenges.
static bool is_own_name(struct call *c, const struct names *names, const struct host *host, str asked)
{
    static const str SCHEME = S_INIT("https://");
    if (str_eq_nocase(names_url(c, names, host), asked)) return true;
    return str_starts_nocase(asked, SCHEME) && str_eq_nocase(str_from(asked, SCHEME.n), names_text(names, host));
}

static bool is_named(struct call *c, const struct names *names, const struct audience_row *row, str asked)
{
    if (str_empty(row->app)) return false;
    for (size_t i = 0; i < AUDIENCE_MAX_URIS && row->uris[i].n; i++)
        if (is_uri(row->uris[i], asked)) return true;
    return str_eq_nocase(row->app, asked) || (row->host && is_own_name(c, names, row->host, asked));
}

static const struct audience_row *find_service(struct call *c, const struct names *names, str asked)
{
    for (size_t i = 0; i < AUDIENCES_OF_SERVICES_N; i++)
        if (is_named(c, names, AUDIENCES_OF_SERVICES[i], asked)) return AUDIENCES_OF_SERVICES[i];
    for (size_t i = 0; i < COUNT(ELSEWHERE); i++)
        if (is_named(c, names, &ELSEWHERE[i], asked)) return &ELSEWHERE[i];
    return NULL;
}

static str without_slash(str asked)
{
    return str_ends(asked, S("/")) ? str_upto(asked, asked.n - 1) : asked;
}

bool audience_find_service(struct call *c, const struct names *names, str asked, struct audience *out)
{
    const struct audience_row *service = asked.n <= AUDIENCE_MAX_BYTES ? find_service(c, names, without_slash(asked)) : NULL;
    if (!service) return false;
    *out = (struct audience){.name = service->name, .version = service->version};
    out->claim = service->version == TOKEN_V2 ? service->app : asked;
    return guid_parse(service->app, &out->app.g);
}

// An application answers to its App ID URIs, to its id, and to the URI made of that.
static const struct principal *find_registered(const struct audience_places *places, str asked)
{
    static const str          SCHEME = S_INIT("api://");
    const struct application *named = applications_find_uri(places->applications, asked);
    client_id                 app;
    if (str_starts_nocase(asked, SCHEME)) asked = str_from(asked, SCHEME.n);
    if (named) app = named->app;
    else if (!guid_parse(asked, &app.g)) return NULL;
    const struct principal *p = directory_find_app(places->directory, app);
    return p && p->kind == PRINCIPAL_APP ? p : NULL;
}

bool audience_find(struct call *c, const struct audience_places *places, str asked, struct audience *out)
{
    if (audience_find_service(c, places->names, asked, out)) return true;
    const struct principal *service = asked.n <= AUDIENCE_MAX_BYTES ? find_registered(places, without_slash(asked)) : NULL;
    if (!service) return false;
    *out = (struct audience){.app = service->app, .name = service->name, .version = TOKEN_V1, .claim = asked, .service = service};
    out->application = applications_find_app(places->applications, service->app);
    if (!out->application || out->application->token_version != 2) return true;
    out->version = TOKEN_V2;
    out->claim = guid_str(c, service->app.g);
    return !str_empty(out->claim);
}
