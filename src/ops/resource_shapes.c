#include "ops/resource_shapes.h"

#include "ops/cluster.h"
#include "ops/container_app.h"
#include "ops/cosmos_role.h"
#include "ops/site.h"
#include "ops/sql_server.h"

#define FILL SHAPE_FILL
#define OWN  SHAPE_OWN
#define ONCE SHAPE_ONCE
#define SUCCEEDED                                            \
    {                                                        \
        "properties.provisioningState", "\"Succeeded\"", OWN \
    }

// --- Microsoft.Compute ---
// Source: https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update

#define HARDWARE "{\"vmSize\":\"Standard_D2s_v5\"}"
#define OS_DISK                                                                                                          \
    "{\"osType\":\"Linux\",\"createOption\":\"FromImage\",\"caching\":\"ReadWrite\",\"diskSizeGB\":30,"                  \
    "\"managedDisk\":{\"storageAccountType\":\"Premium_LRS\"}}"
#define NAMED_OS_DISK                                                                                                    \
    "{\"osType\":\"Linux\",\"name\":\"{name}_OsDisk\",\"createOption\":\"FromImage\",\"caching\":\"ReadWrite\","         \
    "\"diskSizeGB\":30,\"deleteOption\":\"Delete\",\"managedDisk\":{\"storageAccountType\":\"Premium_LRS\"}}"
#define IMAGE           "{\"publisher\":\"Canonical\",\"offer\":\"ubuntu-24_04-lts\",\"sku\":\"server\",\"version\":\"latest\"}"
#define OS(name_member) "{\"" name_member "\":\"{name}\",\"adminUsername\":\"azureuser\",\"secrets\":[],\"allowExtensionOperations\":true}"
#define VM_PROFILE      "properties.virtualMachineProfile"

static const struct shape_row MACHINE[] = {
    {"properties.hardwareProfile", HARDWARE, FILL},
    {"properties.storageProfile", "{\"imageReference\":" IMAGE ",\"dataDisks\":[]}", FILL},
    {"properties.storageProfile.osDisk", NAMED_OS_DISK, FILL},
    {"properties.osProfile", OS("computerName"), FILL},
    {"properties.networkProfile", "{\"networkInterfaces\":[]}", FILL},
    {"properties.timeCreated", "\"{now}\"", ONCE},
    {"properties.vmId", "\"{uid}\"", OWN},
    SUCCEEDED,
};

static const struct shape_row SCALE_SET[] = {
    {"sku", "{\"name\":\"Standard_D2s_v5\",\"tier\":\"Standard\",\"capacity\":0}", FILL},
    {"properties.upgradePolicy", "{\"mode\":\"Manual\"}", FILL},
    {"properties.orchestrationMode", "\"Uniform\"", FILL},
    {VM_PROFILE, "{}", FILL},
    {VM_PROFILE ".storageProfile", "{\"imageReference\":" IMAGE "}", FILL},
    {VM_PROFILE ".storageProfile.osDisk", OS_DISK, FILL},
    {VM_PROFILE ".osProfile", OS("computerNamePrefix"), FILL},
    {VM_PROFILE ".networkProfile", "{\"networkInterfaceConfigurations\":[]}", FILL},
    {"properties.uniqueId", "\"{uid}\"", OWN},
    {"properties.timeCreated", "\"{now}\"", ONCE},
    SUCCEEDED,
};

// --- Microsoft.Network, as much as the template of a machine asks about ---
// Source: https://learn.microsoft.com/rest/api/virtualnetwork/public-ip-addresses/create-or-update

static const struct shape_row NETWORK_PART[] = {SUCCEEDED};
static const struct shape_row VIRTUAL_NETWORK[] = {{"properties.enableDdosProtection", "false", FILL}, SUCCEEDED};
static const struct shape_row SUBNET[] = {
    {"properties.delegations", "[]", FILL},
    {"properties.privateEndpointNetworkPolicies", "\"Disabled\"", FILL},
    {"properties.privateLinkServiceNetworkPolicies", "\"Enabled\"", FILL},
    SUCCEEDED,
};
static const struct shape_row PEERING[] = {{"properties.peeringState", "\"Initiated\"", FILL}, SUCCEEDED};
static const struct shape_row PUBLIC_ADDRESS[] = {
    {"properties.publicIPAllocationMethod", "\"Dynamic\"", FILL},
    {"properties.publicIPAddressVersion", "\"IPv4\"", FILL},
    {"properties.idleTimeoutInMinutes", "4", FILL},
    {"properties.dnsSettings.fqdn", "\"{dns-label}.{location}.cloudapp.azure.com\"", SHAPE_IN},
    SUCCEEDED,
};

// --- Microsoft.Web ---
// Source: https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update

#define SITE_HOST "{host}.azurewebsites.net"
static const struct shape_row WEB_SITE[] = {
    {"kind", "\"app\"", FILL},
    {"properties.state", "\"Running\"", FILL},
    {"properties.enabled", "true", FILL},
    {"properties.defaultHostName", "\"" SITE_HOST "\"", FILL},
    {"properties.hostNames", "[\"" SITE_HOST "\"]", FILL},
    {"properties.enabledHostNames", "[\"" SITE_HOST "\"]", FILL},
    {"properties.keyVaultReferenceIdentity", "\"SystemAssigned\"", FILL},
    {"properties.httpsOnly", "false", FILL},
    {"properties.usageState", "\"Normal\"", OWN},
    {"properties.availabilityState", "\"Normal\"", OWN},
    {"properties.lastModifiedTimeUtc", "\"{now}\"", OWN},
    {"properties.resourceGroup", "\"{group}\"", OWN},
};

static const struct shape_row WEB_PLAN[] = {
    {"kind", "\"app\"", FILL},
    {"sku", "{\"name\":\"B1\",\"tier\":\"Basic\",\"size\":\"B1\",\"family\":\"B\",\"capacity\":1}", FILL},
    {"properties.status", "\"Ready\"", OWN},
    {"properties.geoRegion", "\"{location}\"", OWN},
    {"properties.resourceGroup", "\"{group}\"", OWN},
    SUCCEEDED,
};

// --- Microsoft.Storage ---
// Source: https://learn.microsoft.com/rest/api/storagerp/storage-accounts

#define BLOB_HOST(service) "\"" service "\":\"https://{name}." service ".core.windows.net/\""
static const struct shape_row STORAGE_ACCOUNT[] = {
    {"sku", "{\"name\":\"Standard_LRS\",\"tier\":\"Standard\"}", FILL},
    {"kind", "\"StorageV2\"", FILL},
    {"properties.accessTier", "\"Hot\"", FILL},
    {"properties.allowBlobPublicAccess", "false", FILL},
    {"properties.minimumTlsVersion", "\"TLS1_2\"", FILL},
    {"properties.supportsHttpsTrafficOnly", "true", FILL},
    {"properties.networkAcls", "{\"bypass\":\"AzureServices\",\"virtualNetworkRules\":[],\"ipRules\":[],\"defaultAction\":\"Allow\"}", FILL},
    {"properties.encryption", "{\"keySource\":\"Microsoft.Storage\"}", FILL},
    {"properties.primaryLocation", "\"{location}\"", OWN},
    {"properties.statusOfPrimary", "\"available\"", OWN},
    {"properties.primaryEndpoints", "{" BLOB_HOST("dfs") "," BLOB_HOST("blob") "," BLOB_HOST("queue") "," BLOB_HOST("table") "," BLOB_HOST("file") "}", OWN},
    {"properties.creationTime", "\"{now}\"", ONCE},
    SUCCEEDED,
};

static const struct shape_row BLOB_SERVICE[] = {
    {"properties.cors", "{\"corsRules\":[]}", FILL},
    {"properties.deleteRetentionPolicy", "{\"enabled\":false}", FILL},
};
static const struct shape_row STORAGE_SERVICE[] = {{"properties.cors", "{\"corsRules\":[]}", FILL}};

static const struct shape_row BLOB_CONTAINER[] = {
    {"properties.publicAccess", "\"None\"", FILL},
    {"properties.defaultEncryptionScope", "\"$account-encryption-key\"", FILL},
    {"properties.denyEncryptionScopeOverride", "false", FILL},
    {"properties.hasImmutabilityPolicy", "false", OWN},
    {"properties.hasLegalHold", "false", OWN},
    {"properties.leaseState", "\"Available\"", OWN},
    {"properties.leaseStatus", "\"Unlocked\"", OWN},
    {"properties.deleted", "false", OWN},
    {"properties.lastModifiedTime", "\"{now}\"", OWN},
};

static const struct shape_row STORAGE_TABLE[] = {{"properties.tableName", "\"{name}\"", OWN}};

// --- Microsoft.ServiceBus ---
// Source: https://learn.microsoft.com/rest/api/servicebus/controlplane-stable/namespaces

#define FOREVER "\"P10675199DT2H48M5.4775807S\""
#define NO_MESSAGES                                                                                                      \
    "{\"activeMessageCount\":0,\"deadLetterMessageCount\":0,\"scheduledMessageCount\":0,\"transferMessageCount\":0,"     \
    "\"transferDeadLetterMessageCount\":0}"
#define ENTITY                                                                                                           \
    {"properties.status", "\"Active\"", FILL}, {"properties.enableBatchedOperations", "true", FILL},                     \
    {"properties.defaultMessageTimeToLive", FOREVER, FILL}, {"properties.autoDeleteOnIdle", FOREVER, FILL},              \
    {"properties.createdAt", "\"{now}\"", ONCE}, {"properties.updatedAt", "\"{now}\"", OWN},                             \
    {"properties.countDetails", NO_MESSAGES, FILL}
#define LARGE                                                                                                            \
    {"properties.maxSizeInMegabytes", "1024", FILL}, {"properties.enablePartitioning", "false", FILL},                   \
    {"properties.enableExpress", "false", FILL}, {"properties.requiresDuplicateDetection", "false", FILL},               \
    {"properties.duplicateDetectionHistoryTimeWindow", "\"PT10M\"", FILL}, {"properties.sizeInBytes", "0", FILL}
#define RECEIVED                                                                                                         \
    {"properties.lockDuration", "\"PT1M\"", FILL}, {"properties.maxDeliveryCount", "10", FILL},                          \
    {"properties.requiresSession", "false", FILL}, {"properties.deadLetteringOnMessageExpiration", "false", FILL},       \
    {"properties.messageCount", "0", FILL}

static const struct shape_row BUS_NAMESPACE[] = {
    {"sku", "{\"name\":\"Standard\",\"tier\":\"Standard\"}", FILL},
    {"properties.disableLocalAuth", "false", FILL},
    {"properties.publicNetworkAccess", "\"Enabled\"", FILL},
    {"properties.minimumTlsVersion", "\"1.2\"", FILL},
    {"properties.zoneRedundant", "false", FILL},
    {"properties.serviceBusEndpoint", "\"https://{name}.servicebus.windows.net:443/\"", OWN},
    {"properties.metricId", "\"{subscription}:{name}\"", OWN},
    {"properties.status", "\"Active\"", OWN},
    {"properties.createdAt", "\"{now}\"", ONCE},
    {"properties.updatedAt", "\"{now}\"", OWN},
    SUCCEEDED,
};

static const struct shape_row BUS_QUEUE[] = {LARGE, RECEIVED, ENTITY};
static const struct shape_row BUS_TOPIC[] = {
    LARGE, {"properties.supportOrdering", "true", FILL}, {"properties.subscriptionCount", "0", FILL}, ENTITY};
static const struct shape_row BUS_SUBSCRIPTION[] = {
    RECEIVED, {"properties.deadLetteringOnFilterEvaluationExceptions", "true", FILL}, {"properties.isClientAffine", "false", FILL}, ENTITY};
static const struct shape_row BUS_RULE[] = {
    {"properties.action", "{}", FILL},
    {"properties.filterType", "\"SqlFilter\"", FILL},
    {"properties.sqlFilter", "{\"sqlExpression\":\"1=1\",\"compatibilityLevel\":20}", FILL},
};
static const struct shape_row BUS_KEY_RULE[] = {{"properties.rights", "[\"Listen\",\"Manage\",\"Send\"]", FILL}};

// --- Microsoft.App ---
// Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/create-or-update

static const struct shape_row CONTAINER_APP[] = {
    {"properties.configuration", "{\"activeRevisionsMode\":\"Single\"}", FILL},
    {"properties.template", "{}", FILL},
    {"properties.runningStatus", "\"Running\"", OWN},
    {"properties.latestRevisionName", "\"{name}--{short}\"", OWN},
    {"properties.latestReadyRevisionName", "\"{name}--{short}\"", OWN},
    {"properties.outboundIpAddresses", "[]", FILL},
    SUCCEEDED,
};

static const struct shape_row CONTAINER_ENVIRONMENT[] = {
    {"properties.defaultDomain", "\"{name}-{short}.{location}.azurecontainerapps.io\"", OWN},
    {"properties.zoneRedundant", "false", FILL},
    SUCCEEDED,
};

// --- Microsoft.ContainerService ---
// Source: https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update

static const struct shape_row CLUSTER[] = {
    {"sku", "{\"name\":\"Base\",\"tier\":\"Free\"}", FILL},
    {"properties.kubernetesVersion", "\"1.34\"", FILL},
    {"properties.dnsPrefix", "\"{name}-dns\"", FILL},
    {"properties.fqdn", "\"{name}-dns-{short}.hcp.{location}.azmk8s.io\"", OWN},
    {"properties.nodeResourceGroup", "\"MC_{group}_{name}_{location}\"", FILL},
    {"properties.enableRBAC", "true", FILL},
    {"properties.powerState", "{\"code\":\"Running\"}", FILL},
    {"properties.servicePrincipalProfile", "{\"clientId\":\"msi\"}", FILL},
    {"properties.agentPoolProfiles", "[]", FILL},
    SUCCEEDED,
};
static const struct shape_row AGENT_POOL[] = {
    {"properties.mode", "\"User\"", FILL},
    {"properties.osType", "\"Linux\"", FILL},
    {"properties.type", "\"VirtualMachineScaleSets\"", FILL},
    SUCCEEDED,
};

// --- Microsoft.AppConfiguration ---
// Source: https://learn.microsoft.com/rest/api/appconfiguration/stores

static const struct shape_row CONFIGURATION_STORE[] = {
    {"sku", "{\"name\":\"standard\"}", FILL},
    {"properties.endpoint", "\"https://{name}.azconfig.io\"", OWN},
    {"properties.disableLocalAuth", "false", FILL},
    {"properties.softDeleteRetentionInDays", "7", FILL},
    {"properties.enablePurgeProtection", "false", FILL},
    {"properties.creationDate", "\"{now}\"", ONCE},
    SUCCEEDED,
};

// --- Microsoft.DocumentDB ---
// Source: https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/create-or-update

#define COSMOS_HOST "\"https://{name}.documents.azure.com:443/\""
#define COSMOS_PLACE                                                                                                                     \
    "[{\"id\":\"{name}-{location}\",\"locationName\":\"{location}\",\"documentEndpoint\":" COSMOS_HOST ",\"provisioningState\":\"Succeeded\"," \
    "\"failoverPriority\":0,\"isZoneRedundant\":false}]"
static const struct shape_row COSMOS_ACCOUNT[] = {
    {"kind", "\"GlobalDocumentDB\"", FILL},
    {"properties.databaseAccountOfferType", "\"Standard\"", FILL},
    {"properties.consistencyPolicy", "{\"defaultConsistencyLevel\":\"Session\",\"maxIntervalInSeconds\":5,\"maxStalenessPrefix\":100}", FILL},
    {"properties.locations", COSMOS_PLACE, FILL},
    {"properties.writeLocations", COSMOS_PLACE, OWN},
    {"properties.readLocations", COSMOS_PLACE, OWN},
    {"properties.disableLocalAuth", "false", FILL},
    {"properties.publicNetworkAccess", "\"Enabled\"", FILL},
    {"properties.enableAutomaticFailover", "false", FILL},
    {"properties.enableMultipleWriteLocations", "false", FILL},
    {"properties.isVirtualNetworkFilterEnabled", "false", FILL},
    {"properties.virtualNetworkRules", "[]", FILL},
    {"properties.ipRules", "[]", FILL},
    {"properties.capabilities", "[]", FILL},
    {"properties.documentEndpoint", COSMOS_HOST, OWN},
    {"properties.instanceId", "\"{uid}\"", OWN},
    SUCCEEDED,
};
static const struct shape_row COSMOS_ROLE[] = {{"properties.type", "\"CustomRole\"", FILL}, {"properties.assignableScopes", "[\"{parent}\"]", FILL}};
#define COSMOS_BUILT_IN(name, actions)                                                                                   \
    "{\"properties\":{\"roleName\":\"" name "\",\"type\":\"BuiltInRole\",\"permissions\":[{\"dataActions\":[" actions      \
    "],\"notDataActions\":[]}]}}"
#define COSMOS_DATA(action) "\"Microsoft.DocumentDB/databaseAccounts/" action "\""
#define COSMOS_READER                                                                                                    \
    COSMOS_BUILT_IN("Cosmos DB Built-in Data Reader", COSMOS_DATA("readMetadata") "," COSMOS_DATA("sqlDatabases/containers/executeQuery") "," \
                    COSMOS_DATA("sqlDatabases/containers/readChangeFeed") "," COSMOS_DATA("sqlDatabases/containers/items/read"))
#define COSMOS_CONTRIBUTOR                                                                                               \
    COSMOS_BUILT_IN("Cosmos DB Built-in Data Contributor", COSMOS_DATA("readMetadata") "," COSMOS_DATA("sqlDatabases/containers/*") "," \
                    COSMOS_DATA("sqlDatabases/containers/items/*"))
static const struct shape_row COSMOS_PART[] = {{"properties.resource.id", "\"{name}\"", FILL}};

// --- Microsoft.Sql ---
// Source: https://learn.microsoft.com/rest/api/sql/servers/create-or-update

static const struct shape_row SQL_SERVER[] = {
    {"kind", "\"v12.0\"", OWN},
    {"properties.version", "\"12.0\"", FILL},
    {"properties.minimalTlsVersion", "\"1.2\"", FILL},
    {"properties.publicNetworkAccess", "\"Enabled\"", FILL},
    {"properties.restrictOutboundNetworkAccess", "\"Disabled\"", FILL},
    {"properties.fullyQualifiedDomainName", "\"{name}.database.windows.net\"", OWN},
    {"properties.state", "\"Ready\"", OWN},
};
static const struct shape_row SQL_DATABASE[] = {
    {"sku", "{\"name\":\"GP_S_Gen5\",\"tier\":\"GeneralPurpose\",\"family\":\"Gen5\",\"capacity\":1}", FILL},
    {"kind", "\"v12.0,user\"", OWN},
    {"properties.collation", "\"SQL_Latin1_General_CP1_CI_AS\"", FILL},
    {"properties.catalogCollation", "\"SQL_Latin1_General_CP1_CI_AS\"", FILL},
    {"properties.maxSizeBytes", "34359738368", FILL},
    {"properties.creationDate", "\"{now}\"", ONCE},
    {"properties.databaseId", "\"{uid}\"", OWN},
    {"properties.status", "\"Online\"", OWN},
};
static const struct shape_row SQL_ADMINISTRATOR[] = {
    {"properties.administratorType", "\"ActiveDirectory\"", FILL},
    {"properties.tenantId", "\"{tenant}\"", FILL},
};
static const struct shape_row SQL_TOKENS_ONLY[] = {{"properties.azureADOnlyAuthentication", "false", FILL}};

// --- Microsoft.DBforPostgreSQL ---
// Source: https://learn.microsoft.com/rest/api/postgresql/servers/create-or-update

static const struct shape_row POSTGRES_SERVER[] = {
    {"sku", "{\"name\":\"Standard_D2s_v3\",\"tier\":\"GeneralPurpose\"}", FILL},
    {"properties.version", "\"16\"", FILL},
    {"properties.storage", "{\"storageSizeGB\":32,\"autoGrow\":\"Disabled\",\"tier\":\"P4\"}", FILL},
    {"properties.authConfig", "{\"activeDirectoryAuth\":\"Disabled\",\"passwordAuth\":\"Enabled\"}", FILL},
    {"properties.network", "{\"publicNetworkAccess\":\"Enabled\"}", FILL},
    {"properties.backup", "{\"backupRetentionDays\":7,\"geoRedundantBackup\":\"Disabled\"}", FILL},
    {"properties.highAvailability", "{\"mode\":\"Disabled\",\"state\":\"NotEnabled\"}", FILL},
    {"properties.replicationRole", "\"Primary\"", FILL},
    {"properties.fullyQualifiedDomainName", "\"{name}.postgres.database.azure.com\"", OWN},
    {"properties.state", "\"Ready\"", OWN},
};
static const struct shape_row POSTGRES_ADMINISTRATOR[] = {
    {"properties.objectId", "\"{name}\"", OWN},
    {"properties.tenantId", "\"{tenant}\"", FILL},
};
static const struct shape_row POSTGRES_DATABASE[] = {
    {"properties.charset", "\"UTF8\"", FILL},
    {"properties.collation", "\"en_US.utf8\"", FILL},
};

#define SHAPE(type, rows)       \
    {                           \
        type, rows, COUNT(rows) \
    }
#define STORAGE  "Microsoft.Storage/storageAccounts"
#define BUS      "Microsoft.ServiceBus/namespaces"
#define COSMOS   COSMOS_TYPE
#define SQL      SQL_SERVER_TYPE
#define POSTGRES "Microsoft.DBforPostgreSQL/flexibleServers"
static const struct resource_shape SHAPES[] = {
    SHAPE("Microsoft.Compute/virtualMachines", MACHINE),
    SHAPE("Microsoft.Compute/virtualMachineScaleSets", SCALE_SET),
    SHAPE("Microsoft.Network/networkInterfaces", NETWORK_PART),
    SHAPE("Microsoft.Network/networkSecurityGroups", NETWORK_PART),
    SHAPE("Microsoft.Network/networkSecurityGroups/securityRules", NETWORK_PART),
    SHAPE("Microsoft.Network/publicIPAddresses", PUBLIC_ADDRESS),
    SHAPE("Microsoft.Network/routeTables", NETWORK_PART),
    SHAPE("Microsoft.Network/routeTables/routes", NETWORK_PART),
    SHAPE("Microsoft.Network/virtualNetworks", VIRTUAL_NETWORK),
    SHAPE("Microsoft.Network/virtualNetworks/subnets", SUBNET),
    SHAPE("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", PEERING),
    SHAPE(SITE_TYPE, WEB_SITE),
    SHAPE(SITE_SLOT_TYPE, WEB_SITE),
    SHAPE("Microsoft.Web/serverfarms", WEB_PLAN),
    SHAPE(CONTAINER_APP_TYPE, CONTAINER_APP),
    SHAPE("Microsoft.App/managedEnvironments", CONTAINER_ENVIRONMENT),
    SHAPE(CLUSTER_TYPE, CLUSTER),
    SHAPE(CLUSTER_TYPE "/agentPools", AGENT_POOL),
    SHAPE("Microsoft.AppConfiguration/configurationStores", CONFIGURATION_STORE),
    SHAPE(COSMOS, COSMOS_ACCOUNT),
    SHAPE(COSMOS_ROLE_TYPE, COSMOS_ROLE),
    SHAPE(COSMOS "/sqlDatabases", COSMOS_PART),
    SHAPE(COSMOS "/sqlDatabases/containers", COSMOS_PART),
    SHAPE(SQL, SQL_SERVER),
    SHAPE(SQL "/administrators", SQL_ADMINISTRATOR),
    SHAPE(SQL "/azureADOnlyAuthentications", SQL_TOKENS_ONLY),
    SHAPE(SQL "/databases", SQL_DATABASE),
    SHAPE(POSTGRES, POSTGRES_SERVER),
    SHAPE(POSTGRES "/administrators", POSTGRES_ADMINISTRATOR),
    SHAPE(POSTGRES "/databases", POSTGRES_DATABASE),
    SHAPE(STORAGE, STORAGE_ACCOUNT),
    SHAPE(STORAGE "/blobServices", BLOB_SERVICE),
    SHAPE(STORAGE "/blobServices/containers", BLOB_CONTAINER),
    SHAPE(STORAGE "/fileServices", STORAGE_SERVICE),
    SHAPE(STORAGE "/queueServices", STORAGE_SERVICE),
    SHAPE(STORAGE "/tableServices", STORAGE_SERVICE),
    SHAPE(STORAGE "/tableServices/tables", STORAGE_TABLE),
    SHAPE(BUS, BUS_NAMESPACE),
    SHAPE(BUS "/authorizationRules", BUS_KEY_RULE),
    SHAPE(BUS "/queues", BUS_QUEUE),
    SHAPE(BUS "/topics", BUS_TOPIC),
    SHAPE(BUS "/topics/subscriptions", BUS_SUBSCRIPTION),
    SHAPE(BUS "/topics/subscriptions/rules", BUS_RULE),
};

const struct resource_shape *resource_shape_of(str type)
{
    for (size_t i = 0; i < COUNT(SHAPES); i++)
        if (str_eq_nocase(type, str_of(SHAPES[i].type))) return &SHAPES[i];
    return NULL;
}

static const struct shape_child CHILDREN[] = {
    {STORAGE, STORAGE "/blobServices", "default", .is_only = true},
    {STORAGE, STORAGE "/fileServices", "default", .is_only = true},
    {STORAGE, STORAGE "/queueServices", "default", .is_only = true},
    {STORAGE, STORAGE "/tableServices", "default", .is_only = true},
    {BUS, BUS "/authorizationRules", "RootManageSharedAccessKey"},
    {BUS "/topics/subscriptions", BUS "/topics/subscriptions/rules", "$Default"},
    {SQL, SQL "/azureADOnlyAuthentications", "Default", .is_only = true},
    {POSTGRES, POSTGRES "/databases", "postgres"},
    {COSMOS, COSMOS_ROLE_TYPE, "00000000-0000-0000-0000-000000000001", .stays = true, .json = COSMOS_READER},
    {COSMOS, COSMOS_ROLE_TYPE, "00000000-0000-0000-0000-000000000002", .stays = true, .json = COSMOS_CONTRIBUTOR},
};

const struct shape_child *resource_shape_child_at(size_t i)
{
    return i < COUNT(CHILDREN) ? &CHILDREN[i] : NULL;
}

// Without these the resource says nothing: the cloud refuses it, and every client sends them.
static const struct shape_need NEEDS[] = {
    {SQL "/administrators", "properties.login"},
    {SQL "/administrators", "properties.sid"},
    {POSTGRES "/administrators", "properties.principalName"},
    {POSTGRES "/administrators", "properties.principalType"},
};

const struct shape_need *resource_shape_need_at(size_t i)
{
    return i < COUNT(NEEDS) ? &NEEDS[i] : NULL;
}

// Machines that nobody can stop run.
static const struct shape_expansion EXPANSIONS[] = {
    {"Microsoft.Compute/virtualMachines", "instanceView",
     "{\"statuses\":[{\"code\":\"ProvisioningState/succeeded\",\"level\":\"Info\",\"displayStatus\":\"Provisioning succeeded\"},"
     "{\"code\":\"PowerState/running\",\"level\":\"Info\",\"displayStatus\":\"VM running\"}]}"},
};

const struct shape_expansion *resource_shape_expansion(str type, str expand)
{
    for (size_t i = 0; i < COUNT(EXPANSIONS); i++)
        if (str_eq_nocase(type, str_of(EXPANSIONS[i].type)) && str_contains_nocase(expand, str_of(EXPANSIONS[i].member))) return &EXPANSIONS[i];
    return NULL;
}
