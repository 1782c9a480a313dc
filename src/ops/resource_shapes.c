#include "ops/resource_shapes.h"

#include "ops/cluster.h"
#include "ops/site.h"

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
    {"properties.resourceGroup", "\"{group}\"", OWN},
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

#define SHAPE(type, rows)       \
    {                           \
        type, rows, COUNT(rows) \
    }
#define STORAGE "Microsoft.Storage/storageAccounts"
#define BUS     "Microsoft.ServiceBus/namespaces"
static const struct resource_shape SHAPES[] = {
    SHAPE("Microsoft.Compute/virtualMachines", MACHINE),
    SHAPE("Microsoft.Compute/virtualMachineScaleSets", SCALE_SET),
    SHAPE(SITE_TYPE, WEB_SITE),
    SHAPE(SITE_SLOT_TYPE, WEB_SITE),
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
};

const struct shape_child *resource_shape_child_at(size_t i)
{
    return i < COUNT(CHILDREN) ? &CHILDREN[i] : NULL;
}
