#include "rbac/condition_form.h"

#define ACCOUNTS   "Microsoft.Storage/storageAccounts"
#define CONTAINERS ACCOUNTS "/blobServices/containers"
#define BLOBS      CONTAINERS "/blobs"
#define RA         "Microsoft.Authorization/roleAssignments"
#define TABLES     "Microsoft.OperationalInsights/workspaces/tables"

enum { REQUEST = 1 << RBAC_REQUEST, RESOURCE = 1 << RBAC_RESOURCE, PRINCIPAL = 1 << RBAC_PRINCIPAL, ENVIRONMENT = 1 << RBAC_ENVIRONMENT };
enum { STRING = 1 << CLASS_STRING, INTEGER = 1 << CLASS_INTEGER, TIME = 1 << CLASS_TIME, BOOL = 1 << CLASS_BOOL, GUID = 1 << CLASS_GUID };

// What carries an attribute: the operations of its type of resource, and below an account or a container those of all they hold.
static const struct condition_carriers ACCOUNT_DATA = {RBAC_DATA, {S_INIT(ACCOUNTS "/*")}, 1};
static const struct condition_carriers BLOB_DATA = {RBAC_DATA, {S_INIT(ACCOUNTS "/blobServices/*")}, 1};
static const struct condition_carriers QUEUE_DATA = {RBAC_DATA, {S_INIT(ACCOUNTS "/queueServices/queues/*")}, 1};
static const struct condition_carriers GRANTING = {RBAC_CONTROL, {S_INIT(RA "/write"), S_INIT(RA "/delete")}, 2};
static const struct condition_carriers SECRET_DATA = {RBAC_DATA, {S_INIT("Microsoft.KeyVault/vaults/secrets/*")}, 1};
static const struct condition_carriers REPOSITORY_DATA = {RBAC_DATA, {S_INIT("Microsoft.ContainerRegistry/registries/repositories/*")}, 1};
static const struct condition_carriers TABLE_DATA = {RBAC_DATA, {S_INIT(TABLES "/*")}, 1};

// `has_key`: the name ends in ":" and the writer's own key follows it. `carriers` NULL: of the caller or the connection, whatever the operation.
static const struct published {
    str                              name;
    unsigned                         sources, types;
    bool                             has_key;
    const struct condition_carriers *carriers;
} ATTRIBUTES[] = {
    {S_INIT(ACCOUNTS ":name"), RESOURCE, STRING, false, &ACCOUNT_DATA},
    {S_INIT(ACCOUNTS ":isHnsEnabled"), RESOURCE, BOOL, false, &BLOB_DATA},
    {S_INIT(ACCOUNTS "/encryptionScopes:name"), RESOURCE, STRING, false, &BLOB_DATA},
    {S_INIT(CONTAINERS ":name"), RESOURCE, STRING, false, &BLOB_DATA},
    {S_INIT(CONTAINERS "/metadata:"), RESOURCE, STRING, true, &BLOB_DATA},
    {S_INIT(BLOBS ":path"), RESOURCE, STRING, false, &BLOB_DATA},
    {S_INIT(BLOBS ":isCurrentVersion"), RESOURCE, BOOL, false, &BLOB_DATA},
    {S_INIT(BLOBS ":prefix"), REQUEST, STRING, false, &BLOB_DATA},
    {S_INIT(BLOBS ":snapshot"), REQUEST, TIME, false, &BLOB_DATA},
    {S_INIT(BLOBS ":versionId"), REQUEST, TIME, false, &BLOB_DATA},
    {S_INIT(BLOBS "/tags:"), REQUEST | RESOURCE, STRING, true, &BLOB_DATA},
    {S_INIT(ACCOUNTS "/queueServices/queues:name"), RESOURCE, STRING, false, &QUEUE_DATA},
    {S_INIT(RA ":RoleDefinitionId"), REQUEST | RESOURCE, GUID, false, &GRANTING},
    {S_INIT(RA ":PrincipalId"), REQUEST | RESOURCE, GUID, false, &GRANTING},
    {S_INIT(RA ":PrincipalType"), REQUEST | RESOURCE, STRING, false, &GRANTING},
    {S_INIT("Microsoft.KeyVault/vaults/secrets:name"), RESOURCE, STRING, false, &SECRET_DATA},
    {S_INIT("Microsoft.ContainerRegistry/registries/repositories:name"), REQUEST, STRING, false, &REPOSITORY_DATA},
    {S_INIT(TABLES ":name"), RESOURCE, STRING, false, &TABLE_DATA},
    {S_INIT(TABLES ":protectionLevel"), RESOURCE, STRING, false, &TABLE_DATA},
    {S_INIT(TABLES "/record:"), RESOURCE, STRING, true, &TABLE_DATA},
    {S_INIT("Microsoft.Directory/CustomSecurityAttributes/Id:"), PRINCIPAL, STRING | INTEGER | BOOL, true, NULL},
    {S_INIT("isPrivateLink"), ENVIRONMENT, BOOL, false, NULL},
    {S_INIT("UtcNow"), ENVIRONMENT, TIME, false, NULL},
    {S_INIT("Microsoft.Network/privateEndpoints"), ENVIRONMENT, STRING, false, NULL},
    {S_INIT("Microsoft.Network/virtualNetworks/subnets"), ENVIRONMENT, STRING, false, NULL},
    {S_INIT("subOperation"), REQUEST, STRING, false, NULL}, // the form of 2021: now SubOperationMatches
};

// Bags of keys, as "path&$keys$&" asks for them.
static const str BAGS[] = {S_INIT(BLOBS "/tags")};

static const str SUBOPERATIONS[] = {S_INIT("Blob.List"), S_INIT("Blob.Read.WithTagConditions"), S_INIT("Blob.Write.Tier"),
                                    S_INIT("Blob.Write.WithTagHeaders")};

static bool is_row(const struct published *row, const struct operand *o, str name)
{
    if (row->has_key) return name.n > row->name.n && str_starts_nocase(name, row->name);
    return !o->exact_key && str_eq_nocase(name, row->name);
}

static const struct published *row_of(const struct operand *o, str name)
{
    static const struct published BAG = {.sources = REQUEST | RESOURCE, .types = STRING, .carriers = &BLOB_DATA};
    if (o->wants_keys) return str_index_nocase(BAGS, COUNT(BAGS), name) == STR_NOWHERE ? NULL : &BAG;
    for (size_t i = 0; i < COUNT(ATTRIBUTES); i++)
        if (is_row(&ATTRIBUTES[i], o, name)) return &ATTRIBUTES[i];
    return NULL;
}

// `op` NULL: any type will do.
static const char *fault_of(const struct operand *o, str name, const struct operator* op)
{
    static const char *const HOLDERS[] = {
        [CLASS_STRING] = "an attribute that holds a text, as its operator compares",
        [CLASS_INTEGER] = "an attribute that holds a number, as its operator compares",
        [CLASS_TIME] = "an attribute that holds a date and time, as its operator compares",
        [CLASS_BOOL] = "an attribute that holds true or false, as its operator compares",
        [CLASS_GUID] = "an attribute that holds a GUID, as its operator compares",
    };
    static const char *const SOURCES[] = {
        [RBAC_REQUEST] = "an attribute that @Request has",
        [RBAC_RESOURCE] = "an attribute that @Resource has",
        [RBAC_PRINCIPAL] = "an attribute that @Principal has: Microsoft.Directory/CustomSecurityAttributes/Id:SET_NAME",
        [RBAC_ENVIRONMENT] = ("an attribute that @Environment has: isPrivateLink, UtcNow, Microsoft.Network/privateEndpoints or "
                              "Microsoft.Network/virtualNetworks/subnets"),
    };
    const struct published *row = row_of(o, name);
    if (!row) return "the name of a published attribute";
    if (!(row->sources & 1u << o->source)) return SOURCES[o->source];
    return op && !(row->types & 1u << op->type) ? HOLDERS[op->type] : NULL;
}

static bool check_operand(const struct condition *condition, const struct node *node, const struct operand *o, struct condition_fault *out)
{
    const char *expected = o->is_attribute ? fault_of(o, condition_text(condition, o->name), node->op) : NULL;
    if (expected) *out = (struct condition_fault){o->name.at, expected};
    return !expected;
}

static bool check_suboperation(const struct condition *condition, const struct node *node, struct condition_fault *out)
{
    struct cut name = condition->literals[node->left.first].text;
    if (str_index_nocase(SUBOPERATIONS, COUNT(SUBOPERATIONS), condition_text(condition, name)) != STR_NOWHERE) return true;
    *out = (struct condition_fault){name.at, "a suboperation: Blob.List, Blob.Read.WithTagConditions, Blob.Write.Tier or Blob.Write.WithTagHeaders"};
    return false;
}

bool condition_names_check(const struct condition *condition, struct condition_fault *out)
{
    for (const struct node *node = condition->nodes; node < condition->nodes + condition->node_n; node++) {
        if (node->kind == NODE_SUBOPERATION && !check_suboperation(condition, node, out)) return false;
        if (node->kind != NODE_COMPARISON && node->kind != NODE_EXISTS) continue;
        if (!check_operand(condition, node, &node->left, out) || !check_operand(condition, node, &node->right, out)) return false;
    }
    return true;
}

const struct condition_carriers *condition_carriers_of(const struct condition *condition, const struct operand *o)
{
    const struct published *row = o->is_attribute ? row_of(o, condition_text(condition, o->name)) : NULL;
    return row ? row->carriers : NULL;
}
