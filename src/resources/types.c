#include "resources/types.h"

#include <assert.h>

#include "core/time.h"
#include "resources/location.h"

// The rules of names; those without a source of their own are types.h's.
#define ENDS_PLAIN .not_first = S_INIT("-_."), .not_last = S_INIT("-_.") // in letters and digits
static const struct name_rule HYPHENS_AFTER_LETTER_1_60 = {1, 60, .others = S_INIT("-"), .not_last = S_INIT("-"), .letter_first = true};
static const struct name_rule HYPHENS_AFTER_LETTER_6_50 = {6, 50, .others = S_INIT("-"), .not_last = S_INIT("-"), .letter_first = true};
static const struct name_rule LOWER_HYPHENS_1_63 = {1, 63, .others = S_INIT("-"), ENDS_PLAIN, .is_lower = true};
static const struct name_rule LOWER_HYPHENS_3_63 = {3, 63, .others = S_INIT("-"), ENDS_PLAIN, .is_lower = true};

static const struct name_rule APP_NAMES = {
    2, 32, .others = S_INIT("-"), .not_last = S_INIT("-"), .letter_first = true, .is_lower = true, .no_double_hyphen = true};
static const struct name_rule STORE_NAMES = {5, 50, .others = S_INIT("-_")};
static const struct name_rule VM_NAMES = {
    1, 64, .others = S_INIT("-_."), .not_first = S_INIT("-_."), .not_last = S_INIT("-."), .takes_unicode = true};
static const struct name_rule CONTAINER_NAMES = {1, 63, .others = S_INIT("-"), ENDS_PLAIN, .is_lower = true, .no_double_hyphen = true};
static const struct name_rule CLUSTER_NAMES = {1, 63, .others = S_INIT("-_"), ENDS_PLAIN};
static const struct name_rule COSMOS_NAMES = {3, 44, .others = S_INIT("-"), .not_first = S_INIT("-"), .is_lower = true};
static const struct name_rule MACHINE_NAMES = {1, 54, .others = S_INIT("-_."), .not_first = S_INIT("-_."), .not_last = S_INIT("-.")};
static const struct name_rule ML_NAMES = {2, 33, .others = S_INIT("-_"), .not_first = S_INIT("-_")};
static const struct name_rule IDENTITY_NAMES = {3, 128, .others = S_INIT("-_"), .not_first = S_INIT("-_")};
// Source: @azure/arm-msi, which checks ^[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}$ before it sends
static const struct name_rule FEDERATED_NAMES = {3, 120, .others = S_INIT("-_"), .not_first = S_INIT("-_")};
static const struct name_rule STORAGE_NAMES = {3, 24, .is_lower = true};
static const struct name_rule PLAN_NAMES = {1, 60, .others = S_INIT("-"), .takes_unicode = true};
static const struct name_rule SITE_NAMES = {2, 60, .others = S_INIT("-"), ENDS_PLAIN, .takes_unicode = true};
static const struct name_rule SLOT_NAMES = {2, 59, .others = S_INIT("-"), ENDS_PLAIN, .takes_unicode = true};

// Source: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, microsoft.storage and microsoft.servicebus
static const struct name_rule BLOB_NAMES = {
    3, 63, .others = S_INIT("-$"), .not_last = S_INIT("-"), .not_first = S_INIT("-"), .is_lower = true, .no_double_hyphen = true};
static const struct name_rule QUEUE_NAMES = {3, 63, .others = S_INIT("-"), ENDS_PLAIN, .is_lower = true, .no_double_hyphen = true};
static const struct name_rule TABLE_NAMES = {3, 63, .letter_first = true};
static const struct name_rule BUS_NAMES = {1, 260, .others = S_INIT(".-_~"), ENDS_PLAIN}; // "~" stands for a slash
static const struct name_rule BUS_PART_NAMES = {1, 50, .others = S_INIT(".-_$"), ENDS_PLAIN};

static const struct name_rule GUID_NAMES = {36, 36, .others = S_INIT("-"), ENDS_PLAIN};
static const struct name_rule POOL_NAMES = {1, 12, .letter_first = true, .is_lower = true};
static const struct name_rule POSTGRES_NAMES = {1, 63, .others = S_INIT("-_")};

// Source: the same page, microsoft.network
static const struct name_rule NETWORK_NAMES = {2, 64, .others = S_INIT("-_."), .not_first = S_INIT("-_."), .not_last = S_INIT("-.")};
static const struct name_rule NETWORK_PART_NAMES = {1, 80, .others = S_INIT("-_."), .not_first = S_INIT("-_."), .not_last = S_INIT("-.")};

// What any resource may be called: all but <>%&:\?/ and control characters; nor what no id may hold (see scope.h).
// Source: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/resource-api-reference.md
static const struct name_rule ANY_NAMES = {
    1, 260, .others = S_INIT(" !\"$'()+,-.;=@[]^_`{|}~"), .not_first = S_INIT(" "), .not_last = S_INIT(" "), .takes_unicode = true};

// Source: https://learn.microsoft.com/rest/api/resources/resource-groups/create-or-update
const struct name_rule NAME_RULE_GROUP = {1, 90, .others = S_INIT("-_.()"), .not_last = S_INIT("."), .takes_unicode = true};
// Source: https://learn.microsoft.com/azure/governance/management-groups/create-management-group-portal
const struct name_rule NAME_RULE_MGMT_GROUP = {1, 90, .others = S_INIT("-_.()"), .not_first = S_INIT("-_.()"), .not_last = S_INIT(".")};

// Source: https://github.com/Azure/azure-rest-api-specs, the folders of each provider
#define FEDERATED_VERSIONS                                                                                   \
    "2026-05-31, 2026-04-30, 2025-05-31-preview, 2025-01-31-preview, 2024-11-30, 2023-07-31-preview, "       \
    "2023-01-31, 2022-01-31-preview"
#define IDENTITY_VERSIONS FEDERATED_VERSIONS ", 2021-09-30-preview, 2018-11-30, 2015-08-31-preview"
#define COMPUTE_VERSIONS                                                                                     \
    "2026-04-01, 2026-03-02, 2025-11-01, 2025-04-01, 2024-11-01, 2024-07-01, 2024-03-01, 2023-09-01, "       \
    "2023-07-01, 2023-03-01, 2022-11-01, 2022-08-01, 2022-03-01, 2021-11-01, 2021-07-01, 2021-04-01, "       \
    "2021-03-01, 2020-12-01, 2020-06-01, 2019-12-01, 2019-07-01, 2019-03-01, 2018-10-01, 2018-06-01, "       \
    "2018-04-01, 2017-12-01"
#define WEB_VERSIONS                                                                                         \
    "2025-05-01, 2025-03-01, 2024-11-01, 2024-04-01, 2023-12-01, 2023-01-01, 2022-09-01, 2022-03-01, "       \
    "2021-03-01, 2021-02-01, 2021-01-15, 2021-01-01, 2020-12-01, 2020-10-01, 2020-09-01, 2020-06-01, "       \
    "2019-08-01, 2018-11-01, 2018-02-01, 2016-08-01"

#define TYPE(name)      .type = S_INIT(name)
#define GLOBAL          .has_global_names = true
#define TRACKED         .is_tracked = true
#define SYSTEM          .takes_system = true
#define BOTH            .takes_system = true, .takes_user = true
#define COMPACT         .spelling = IDENTITY_COMPACT
#define ALWAYS          .spelling = IDENTITY_COMPACT_ALWAYS
#define LOWER           .has_lower_group = true
#define ENDPOINT(whose) .endpoint = ENDPOINT_##whose
#define JOINED          .has_joined_name = true
#define OK_200          .answers_200 = true
#define PART            .is_hidden = true
#define PART_200        .is_hidden = true, .answers_200 = true
#define STAYS           .stays = true
#define SINCE(csv)      .api_versions = S_INIT(csv)
// Those of services that this product plays stand in their descriptors. Which stay where they are:
// https://learn.microsoft.com/azure/azure-resource-manager/management/move-support-resources
static const struct resource_type TYPES[] = {
    {TYPE("Microsoft.App/containerApps"), &APP_NAMES, TRACKED, BOTH, ALWAYS, ENDPOINT(CONTAINER_APPS)},
    {TYPE("Microsoft.App/managedEnvironments"), &HYPHENS_AFTER_LETTER_1_60, TRACKED, BOTH, COMPACT},
    {TYPE("Microsoft.AppConfiguration/configurationStores"), &STORE_NAMES, GLOBAL, TRACKED, BOTH},
    {TYPE("Microsoft.Compute/virtualMachines"), &VM_NAMES, TRACKED, BOTH, SINCE(COMPUTE_VERSIONS)},
    {TYPE("Microsoft.Compute/virtualMachineScaleSets"), &VM_NAMES, TRACKED, BOTH, SINCE(COMPUTE_VERSIONS)},
    {TYPE("Microsoft.ContainerInstance/containerGroups"), &CONTAINER_NAMES, TRACKED, BOTH, STAYS},
    {TYPE("Microsoft.ContainerService/managedClusters"), &CLUSTER_NAMES, TRACKED, BOTH, COMPACT, STAYS, ENDPOINT(KUBERNETES)},
    {TYPE("Microsoft.ContainerService/managedClusters/agentPools"), &POOL_NAMES, PART},
    {TYPE("Microsoft.DBforPostgreSQL/flexibleServers"), &LOWER_HYPHENS_3_63, GLOBAL, TRACKED, BOTH, COMPACT},
    {TYPE("Microsoft.DBforPostgreSQL/flexibleServers/administrators"), &GUID_NAMES, PART},
    {TYPE("Microsoft.DBforPostgreSQL/flexibleServers/configurations"), &ANY_NAMES, PART},
    {TYPE("Microsoft.DBforPostgreSQL/flexibleServers/databases"), &POSTGRES_NAMES, PART},
    {TYPE("Microsoft.DBforPostgreSQL/flexibleServers/firewallRules"), &ANY_NAMES, PART},
    {TYPE("Microsoft.DocumentDB/databaseAccounts"), &COSMOS_NAMES, GLOBAL, TRACKED, BOTH, ALWAYS},
    {TYPE("Microsoft.DocumentDB/databaseAccounts/sqlDatabases"), &ANY_NAMES, PART},
    {TYPE("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"), &GUID_NAMES, PART},
    {TYPE("Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions"), &GUID_NAMES, PART},
    {TYPE("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"), &ANY_NAMES, PART},
    {TYPE("Microsoft.EventHub/namespaces"), &HYPHENS_AFTER_LETTER_6_50, GLOBAL, TRACKED, BOTH},
    {TYPE("Microsoft.HybridCompute/machines"), &MACHINE_NAMES, TRACKED, SYSTEM, ENDPOINT(ARC)},
    {TYPE("Microsoft.MachineLearningServices/workspaces"), &ML_NAMES, TRACKED, BOTH, STAYS, ENDPOINT(MACHINE_LEARNING)},
    {TYPE("Microsoft.MachineLearningServices/workspaces/computes"), &ML_NAMES, TRACKED, BOTH, ENDPOINT(MACHINE_LEARNING)},
    {TYPE("Microsoft.MachineLearningServices/workspaces/onlineEndpoints"), &ML_NAMES, TRACKED, BOTH, ENDPOINT(MACHINE_LEARNING)},
    {TYPE("Microsoft.ManagedIdentity/userAssignedIdentities"), &IDENTITY_NAMES, TRACKED, LOWER, STAYS, SINCE(IDENTITY_VERSIONS)},
    {TYPE("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"), &FEDERATED_NAMES, PART, LOWER, SINCE(FEDERATED_VERSIONS)},
    {TYPE("Microsoft.Network/networkInterfaces"), &NETWORK_PART_NAMES, TRACKED},
    {TYPE("Microsoft.Network/networkSecurityGroups"), &NETWORK_PART_NAMES, TRACKED},
    {TYPE("Microsoft.Network/networkSecurityGroups/securityRules"), &NETWORK_PART_NAMES, PART},
    {TYPE("Microsoft.Network/publicIPAddresses"), &NETWORK_PART_NAMES, TRACKED},
    {TYPE("Microsoft.Network/routeTables"), &NETWORK_PART_NAMES, TRACKED},
    {TYPE("Microsoft.Network/routeTables/routes"), &NETWORK_PART_NAMES, PART},
    {TYPE("Microsoft.Network/virtualNetworks"), &NETWORK_NAMES, TRACKED},
    {TYPE("Microsoft.Network/virtualNetworks/subnets"), &NETWORK_PART_NAMES, PART},
    {TYPE("Microsoft.Network/virtualNetworks/virtualNetworkPeerings"), &NETWORK_PART_NAMES, PART},
    {TYPE("Microsoft.Portal/consoles"), &ANY_NAMES, BOTH, STAYS, ENDPOINT(CLOUD_SHELL)},
    {TYPE("Microsoft.ServiceBus/namespaces"), &HYPHENS_AFTER_LETTER_6_50, GLOBAL, TRACKED, BOTH},
    {TYPE("Microsoft.ServiceBus/namespaces/authorizationRules"), &BUS_PART_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/networkRuleSets"), &ANY_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/queues"), &BUS_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/queues/authorizationRules"), &BUS_PART_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/topics"), &BUS_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/topics/authorizationRules"), &BUS_PART_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/topics/subscriptions"), &BUS_PART_NAMES, PART_200},
    {TYPE("Microsoft.ServiceBus/namespaces/topics/subscriptions/rules"), &BUS_PART_NAMES, PART_200},
    {TYPE("Microsoft.ServiceFabric/clusters/applications"), &ANY_NAMES, BOTH, ENDPOINT(SERVICE_FABRIC)},
    {TYPE("Microsoft.ServiceFabric/managedClusters/applications"), &ANY_NAMES, BOTH, ENDPOINT(SERVICE_FABRIC)},
    {TYPE("Microsoft.Sql/servers"), &LOWER_HYPHENS_1_63, GLOBAL, TRACKED, BOTH, COMPACT},
    {TYPE("Microsoft.Sql/servers/administrators"), &ANY_NAMES, PART},
    {TYPE("Microsoft.Sql/servers/azureADOnlyAuthentications"), &ANY_NAMES, PART},
    {TYPE("Microsoft.Sql/servers/databases"), &ANY_NAMES, TRACKED, .takes_user = true},
    {TYPE("Microsoft.Sql/servers/firewallRules"), &ANY_NAMES, PART},
    {TYPE("Microsoft.Storage/storageAccounts"), &STORAGE_NAMES, OK_200, GLOBAL, TRACKED, BOTH, COMPACT},
    {TYPE("Microsoft.Storage/storageAccounts/blobServices"), &ANY_NAMES, PART_200},
    {TYPE("Microsoft.Storage/storageAccounts/blobServices/containers"), &BLOB_NAMES, PART},
    {TYPE("Microsoft.Storage/storageAccounts/fileServices"), &ANY_NAMES, PART_200},
    {TYPE("Microsoft.Storage/storageAccounts/fileServices/shares"), &QUEUE_NAMES, PART},
    {TYPE("Microsoft.Storage/storageAccounts/queueServices"), &ANY_NAMES, PART_200},
    {TYPE("Microsoft.Storage/storageAccounts/queueServices/queues"), &QUEUE_NAMES, PART_200, .deletes_204 = true},
    {TYPE("Microsoft.Storage/storageAccounts/tableServices"), &ANY_NAMES, PART_200},
    {TYPE("Microsoft.Storage/storageAccounts/tableServices/tables"), &TABLE_NAMES, PART_200, .deletes_204 = true},
    {TYPE("Microsoft.Web/serverfarms"), &PLAN_NAMES, TRACKED, SINCE(WEB_VERSIONS)},
    {TYPE("Microsoft.Web/sites"), &SITE_NAMES, OK_200, GLOBAL, TRACKED, BOTH, SINCE(WEB_VERSIONS), ENDPOINT(APP_SERVICE)},
    {TYPE("Microsoft.Web/sites/config"), &ANY_NAMES, PART_200, SINCE(WEB_VERSIONS)},
    {TYPE("Microsoft.Web/sites/slots"), &SLOT_NAMES, OK_200, JOINED, TRACKED, BOTH, SINCE(WEB_VERSIONS), ENDPOINT(APP_SERVICE)},
    {TYPE("Microsoft.Web/sites/slots/config"), &ANY_NAMES, PART_200, SINCE(WEB_VERSIONS)},
};

// Contract I2: any type may carry identities.
static const struct resource_type ANY_TYPE = {.names = &ANY_NAMES, BOTH};

const struct resource_type *types_at(size_t i)
{
    if (i < COUNT(TYPES)) return &TYPES[i];
    i -= COUNT(TYPES);
    for (size_t k = 0; k < TYPES_OF_SERVICES_N; k++) {
        if (i < TYPES_OF_SERVICES[k]->n) return &TYPES_OF_SERVICES[k]->at[i];
        i -= TYPES_OF_SERVICES[k]->n;
    }
    return NULL;
}

size_t types_count(void)
{
    size_t n = COUNT(TYPES);
    for (size_t k = 0; k < TYPES_OF_SERVICES_N; k++) n += TYPES_OF_SERVICES[k]->n;
    return n;
}

size_t types_index(const struct resource_type *row)
{
    size_t i = 0;
    while (i < types_count() && types_at(i) != row) i++;
    assert(i < types_count());
    return i;
}

static const struct resource_type *find_among(const struct resource_type *rows, size_t n, str type)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(rows[i].type, type)) return &rows[i];
    return NULL;
}

const struct resource_type *types_find(str type)
{
    const struct resource_type *found = find_among(TYPES, COUNT(TYPES), type);
    for (size_t k = 0; k < TYPES_OF_SERVICES_N && !found; k++) found = find_among(TYPES_OF_SERVICES[k]->at, TYPES_OF_SERVICES[k]->n, type);
    return found;
}

const struct resource_type *types_of(str type)
{
    const struct resource_type *t = types_find(type);
    return t ? t : &ANY_TYPE;
}

static enum err refuse_name(struct call *c, const char *what, str type, const struct name_rule *rule, str name)
{
    return FAIL(c, ERR_NAME_INVALID, "The %s name '%.*s' is invalid%s%.*s. %.*s", what, PSTR(str_upto(name, 300)), type.n ? " for the type " : "",
                PSTR(type), PSTR(name_rule_words(c, rule)));
}

enum err types_check_name(struct call *c, const struct resource_type *t, str name)
{
    return name_rule_allows(t->names, name) ? OK : refuse_name(c, "resource", t->type, t->names, name);
}

enum err types_check_group_name(struct call *c, str name)
{
    return name_rule_allows(&NAME_RULE_GROUP, name) ? OK : refuse_name(c, "resource group", STR_NONE, &NAME_RULE_GROUP, name);
}

static bool is_number_between(str digits, unsigned least, unsigned most)
{
    uint64_t n;
    return str_to_u64(digits, &n) && n >= least && n <= most;
}

bool api_version_is_well_formed(str version)
{
    static const str ENDS[] = {S_INIT(""), S_INIT("-preview"), S_INIT("-alpha"), S_INIT("-beta"), S_INIT("-rc"), S_INIT("-privatepreview")};
    if (version.n < 10 || version.at[4] != '-' || version.at[7] != '-') return false;
    if (str_index_nocase(ENDS, COUNT(ENDS), str_from(version, 10)) == STR_NOWHERE) return false;
    return is_number_between(str_upto(version, 4), 2000, 9999) && is_number_between((str){version.at + 5, 2}, 1, 12) &&
           is_number_between((str){version.at + 8, 2}, 1, 31);
}

static bool is_listed(str csv, str version)
{
    for (str rest = csv, one; str_cut(&rest, ',', &one);)
        if (str_eq_nocase(str_trim(one), version)) return true;
    return false;
}

// Dates in this form are in the order of their text.
bool api_version_is_newer(struct call *c, str newest, str version)
{
    struct time_text today = time_iso_s(c->now_s);
    str              day = str_upto(version, 10);
    return api_version_is_well_formed(version) && str_cmp(day, str_upto(newest, 10)) > 0 && str_cmp(day, str_upto(str_of(today.s), 10)) <= 0;
}

static enum err refuse_form(struct call *c, str versions, str version)
{
    return FAIL(c, ERR_API_VERSION_INVALID, "The api-version '%.*s' is invalid. The supported versions are '%.*s'.",
                PSTR(call_printable(c, version, 64)), PSTR(versions));
}

enum err api_version_check(struct call *c, str versions, str version)
{
    return is_listed(versions, version) || api_version_is_newer(c, versions, version) ? OK : refuse_form(c, versions, version);
}

enum err types_check_api_version(struct call *c, const struct resource_type *t, str name, str location, str version)
{
    static const str OLDEST = S_INIT(API_VERSION_OLDEST);
    str              known = str_empty(t->api_versions) ? OLDEST : t->api_versions;
    if (!api_version_is_well_formed(version)) return refuse_form(c, t->api_versions, version);
    if (is_listed(known, version) || api_version_is_newer(c, known, version)) return OK;
    str short_type = str_from(name, str_find(name, '/') + 1), regions = locations_csv(c);
    return FAIL(c, ERR_API_VERSION_UNKNOWN,
                "No registered resource provider found for location '%.*s' and API version '%.*s' for type '%.*s'. "
                "The supported api-versions are '%.*s'. The supported locations are '%.*s'.",
                PSTR(location), PSTR(version), PSTR(short_type), PSTR(known), PSTR(regions));
}
