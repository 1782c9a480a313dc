// Every row of every service over sockets: a principal with no roles is refused in the service's words, and one who may gets through.
#include "test_server.h"

#define SUBSCRIPTION    "/subscriptions/44444444-4444-4444-4444-444444444444"
#define GROUP           SUBSCRIPTION "/resourceGroups/rg1"
#define LOCKED          SUBSCRIPTION "/resourceGroups/locked"
#define VM              GROUP "/providers/Microsoft.Compute/virtualMachines/bare"
#define MOVERS          SUBSCRIPTION "/resourceGroups/movers" // no deny stands there
#define MOVER           MOVERS "/providers/Microsoft.Compute/virtualMachines/mover"
#define VAULT           GROUP "/providers/Microsoft.KeyVault/vaults/shop"
#define AUTHZ           "/providers/Microsoft.Authorization"
#define ASSIGNMENT      "70000000-0000-0000-0000-000000000001"
#define FRESH           "70000000-0000-0000-0000-000000000002"
#define ROLE            "70000000-0000-0000-0000-000000000003"
#define DENY            "70000000-0000-0000-0000-000000000004"
#define CONTROL         "a0000000-0000-0000-0000-000000000001" /* TEST_SERVER_SYSTEM_OF_SYSTEM */
#define OWNER           AUTHZ "/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
#define READER          AUTHZ "/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
#define KV_ADMIN        AUTHZ "/roleDefinitions/00482a5a-887f-4fb3-b363-3b7fe8e74483"
#define GRANT(role, to) "{\"properties\":{\"roleDefinitionId\":\"" role "\",\"principalId\":\"" to "\"}}"
#define SECRET          "of-this-workload"
#define SHOWN           "X-IDENTITY-HEADER: " SECRET "\r\nsecret: " SECRET "\r\n"
#define ANY             (-1)

// What stands for a param: the first row that fits. A value that begins with "$" is what the scene made.
static const struct { const char *service, *in; int method; const char *param, *value; } PARAMS[] = {
    {"arm", "/{group}/subscriptions", ANY, "group", "holder"},
    {"arm", "managementGroups/{group}", ANY, "group", "leaf"},
    {"arm", "roleAssignments", HTTP_PUT, "name", FRESH},
    {"arm", "roleAssignments", ANY, "name", ASSIGNMENT},
    {"arm", "roleDefinitions", ANY, "name", ROLE},
    {"arm", "denyAssignments", ANY, "name", DENY},
    {"arm", "oveResources", ANY, "group", "movers"},
    {"arm", "/locks", ANY, "name", "kept"},
    {"arm", "/locks", ANY, "scope", LOCKED}, // nothing else is there, lest the lock stop other rows
    {"arm", "identities/default", ANY, "scope", TEST_SERVER_MACHINES "system"},
    {"arm", "listAssociatedResources", ANY, "name", "id1"},
    {"arm", "revokeTokens", ANY, "name", "id1"},
    {"arm", "deletedVaults", ANY, "name", "gone-vault"},
    {"arm", "/secrets", ANY, "name", "one"},
    {"arm", "Resources/deployments", HTTP_PUT, "name", "fresh"},
    {"arm", "Resources/deployments", HTTP_DELETE, "name", "none"},
    {"arm", "Resources/deployments/{name}/cancel", ANY, "name", "canceled"},
    {"arm", "/deployments/{name}", ANY, "name", "waits"},
    {"arm", "", ANY, "site", "shop"},
    {"arm", "", ANY, "slot", "next"},
    {"arm", "{subscription}/operationresults", ANY, "operation", "$operation"},
    {"arm", "/operationStatuses", ANY, "operation", "$operation"},
    {"arm", "", ANY, "operation", "10000000-0000-0000-0000-000000000003"},
    {"arm", "", ANY, "subscription", "44444444-4444-4444-4444-444444444444"},
    {"arm", "", ANY, "group", "rg1"},
    {"arm", "", ANY, "vault", "shop"},
    {"arm", "", ANY, "kind", "add"},
    {"arm", "", ANY, "location", "westus"},
    {"arm", "/unregister", ANY, "namespace", "Microsoft.Search"}, // nothing of it is here
    {"arm", "/checkNameAvailability", ANY, "namespace", "Microsoft.Web"},
    {"arm", "/databaseAccountNames/", ANY, "name", "free"},
    {"arm", "", ANY, "namespace", "Microsoft.Compute"},
    {"arm", "", ANY, "scope", GROUP},
    {"arm", "", ANY, "id", VM},
    {"graph", "/auditLogs", ANY, "id", "$signin"},
    {"graph", "/organization", ANY, "id", TEST_SERVER_TENANT},
    {"graph", "/domains", ANY, "id", TEST_SERVER_DOMAIN},
    {"graph", "/groups", ANY, "id", "$group"},
    {"graph", "/servicePrincipals", ANY, "id", "$service"},
    {"graph", "/applications", ANY, "id", "$application"},
    {"graph", "/users/{id}/appRole", ANY, "assignment", "$given_user"},
    {"graph", "/me/appRole", ANY, "assignment", "$given_me"},
    {"graph", "/groups/{id}/appRole", ANY, "assignment", "$given_group"},
    {"graph", "/appRole", ANY, "assignment", "$given_service"},
    {"graph", "/oauth2PermissionGrants", HTTP_DELETE, "grant", "$granted_user"},
    {"graph", "/oauth2PermissionGrants", ANY, "grant", "$granted_all"},
    {"graph", "", ANY, "id", "$user"},
    {"graph", "", ANY, "member", "$user"},
    {"graph", "/owners/", HTTP_DELETE, "owner", "$user"},
    {"graph", "wners/{type}", ANY, "type", "microsoft.graph.user"},
    {"graph", "/ownedObjects/{type}", ANY, "type", "microsoft.graph.application"},
    {"graph", "embers/{type}", ANY, "type", "microsoft.graph.user"},
    {"graph", "", ANY, "type", "microsoft.graph.group"},
    {"graph", "/{key}/federated", ANY, "key", "$app_key"},
    {"graph", "/{key}/{named}", ANY, "key", "$app_key"},
    {"graph", "", ANY, "key", "$key"},
    {"graph", "", ANY, "credential", "main"},
    {"graph", "", ANY, "named", "federatedIdentityCredentials(name='main')"},
    {"keyvault", "/deletedsecrets", ANY, "name", "gone"},
    {"keyvault", "", ANY, "name", "one"},
    {"keyvault", "", ANY, "version", "$version"},
    {"login", "", ANY, "tenant", TEST_SERVER_TENANT},
    {"kubernetes", "", ANY, "tenant", TEST_SERVER_TENANT},
    {"kubernetes", "", ANY, "subscription", "44444444-4444-4444-4444-444444444444"},
    {"kubernetes", "", ANY, "cluster", "$cluster"},
    {"kubernetes", "", ANY, "uid", "$uid"},
    {"login", "", ANY, "user", TEST_SERVER_USER},
    {"imds", "", ANY, "rest", ""},
    {"verify", "", ANY, "rule", "audience=api:%2F%2Forders"},
    {"verify", "", ANY, "path", "/orders"},
    {"admin", "/denials", ANY, "name", "$denial"},
    {"admin", "/logs", ANY, "name", "activity"},
    {"admin", "", ANY, "code", "$device"},
    {"admin", "", ANY, "name", DENY},
};

#define DEPLOYMENT                                                                                                                  \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"$schema\":\"https://schema.management.azure.com/schemas/2019-04-01/" \
    "deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\",\"resources\":[]}}}"
#define DENY_BODY                        \
    "{\"name\":\"d\",\"scope\":\"" GROUP \
    "\",\"permissions\":[{\"actions\":[\"Microsoft.Network/virtualNetworks/delete\"]}],\"principals\":[{\"id\":\"" FRESH "\"}]}"
#define TRUST(name) "{\"name\":\"" name "\",\"issuer\":\"https://i\",\"subject\":\"" name "\",\"audiences\":[\"a\"]}"
static const struct { const char *service; int method; const char *ends, *body; } BODIES[] = {
    {"arm", HTTP_PUT, "managementGroups/{group}", "{\"properties\":{\"displayName\":\"x\"}}"},
    {"arm", HTTP_PATCH, "managementGroups/{group}", "{\"displayName\":\"x\"}"},
    {"arm", HTTP_PUT, "/resourceGroups/{group}", "{\"location\":\"westus\"}"},
    {"arm", HTTP_POST, "oveResources", "{\"resources\":[\"" MOVER "\"],\"targetResourceGroup\":\"" LOCKED "\"}"},
    {"arm", HTTP_PATCH, "/resourceGroups/{group}", "{\"tags\":{\"a\":\"b\"}}"},
    {"arm", HTTP_PUT, "/roleAssignments/{name}", GRANT(READER, "a0000000-0000-0000-0000-000000000002")},
    {"arm", HTTP_PUT, "/roleDefinitions/{name}",
     "{\"properties\":{\"roleName\":\"r\",\"permissions\":[{\"actions\":[\"Microsoft.Compute/*/read\"]}],\"assignableScopes\":[\"" GROUP "\"]}}"},
    {"arm", HTTP_PUT, "/tags/default", "{\"properties\":{\"tags\":{\"a\":\"b\"}}}"},
    {"arm", HTTP_PATCH, "/tags/default", "{\"operation\":\"Merge\",\"properties\":{\"tags\":{\"a\":\"b\"}}}"},
    {"arm", HTTP_PUT, "/locks/{name}", "{\"properties\":{\"level\":\"CanNotDelete\"}}"},
    {"arm", HTTP_POST, "/checkAccess", "{\"Subject\":{\"Attributes\":{\"ObjectId\":\"" CONTROL "\"}},\"Actions\":[{\"Id\":\"Microsoft.Compute/virtualMachines/read\"}]}"},
    {"arm", HTTP_POST, "/explain", "{\"principal\":\"" CONTROL "\",\"action\":\"Microsoft.Compute/virtualMachines/read\"}"},
    {"arm", HTTP_PUT, "deployments/{name}", DEPLOYMENT},
    {"arm", HTTP_POST, "deployments/{name}/validate", DEPLOYMENT},
    {"arm", HTTP_POST, "deployments/{name}/whatIf", DEPLOYMENT},
    {"arm", HTTP_POST, "/calculateTemplateHash", "{}"},
    {"arm", HTTP_POST, "/validate", "{\"principal\":\"" CONTROL "\"}"},
    {"arm", HTTP_POST, "/access", "{\"principal\":\"" CONTROL "\"}"},
    {"arm", HTTP_PUT, "/accessPolicies/{kind}", "{\"properties\":{\"accessPolicies\":[]}}"},
    {"arm", HTTP_POST, "/checkNameAvailability", "{\"name\":\"another-shop\",\"type\":\"Microsoft.KeyVault/vaults\"}"},
    {"arm", HTTP_PUT, "/secrets/{name}", "{\"properties\":{\"value\":\"x\"}}"},
    {"arm", HTTP_PATCH, "/secrets/{name}", "{\"tags\":{\"a\":\"b\"}}"},
    {"arm", HTTP_PUT, "/config/web", "{\"properties\":{\"alwaysOn\":true}}"},
    {"arm", HTTP_PATCH, "/config/web", "{\"properties\":{\"alwaysOn\":true}}"},
    {"arm", HTTP_PUT, "/config/appsettings", "{\"properties\":{}}"},
    {"arm", HTTP_PUT, "/config/connectionstrings", "{\"properties\":{}}"},
    {"arm", HTTP_PUT, "/config/azurestorageaccounts", "{\"properties\":{}}"},
    {"arm", HTTP_PUT, "/config/slotConfigNames", "{\"properties\":{}}"},
    {"arm", HTTP_POST, "{slot}/slotsswap", "{\"targetSlot\":\"production\"}"},
    {"arm", HTTP_POST, "{slot}/applySlotConfig", "{\"targetSlot\":\"production\"}"},
    {"arm", HTTP_POST, "/slotsswap", "{\"targetSlot\":\"next\"}"},
    {"arm", HTTP_POST, "/applySlotConfig", "{\"targetSlot\":\"next\"}"},
    {"arm", HTTP_PUT, "/{id*}", "{\"location\":\"westeurope\",\"properties\":{}}"},
    {"arm", HTTP_PATCH, "/{id*}", "{\"tags\":{\"a\":\"b\"}}"},
    {"graph", HTTP_POST, "/users",
     "{\"accountEnabled\":true,\"displayName\":\"New\",\"mailNickname\":\"new\",\"userPrincipalName\":\"new@" TEST_SERVER_DOMAIN "\",\"passwordProfile\":{\"password\":\"a long Passw0rd\"}}"},
    {"graph", HTTP_POST, "/applications", "{\"displayName\":\"new\"}"},
    {"graph", HTTP_POST, "/servicePrincipals", "$spare"},
    {"graph", HTTP_POST, "/oauth2PermissionGrants", "$grant"},
    {"graph", HTTP_PATCH, "/oauth2PermissionGrants/{grant}", "{\"scope\":\"Orders.Write\"}"},
    {"graph", HTTP_POST, "/addPassword", "{\"passwordCredential\":{\"displayName\":\"ci\"}}"},
    {"graph", HTTP_POST, "/removePassword", "$secret"},
    {"graph", HTTP_POST, "/users/{id}/appRoleAssignments", "$give_user"},
    {"graph", HTTP_POST, "/me/appRoleAssignments", "$give_me"},
    {"graph", HTTP_POST, "/groups/{id}/appRoleAssignments", "$give_group"},
    {"graph", HTTP_POST, "/appRoleAssignments", "$give_service"},
    {"graph", HTTP_POST, "/appRoleAssignedTo", "$give_service"},
    {"graph", HTTP_POST, "/groups", "{\"displayName\":\"new\",\"mailEnabled\":false,\"mailNickname\":\"new\",\"securityEnabled\":true}"},
    {"graph", HTTP_POST, "/owners/$ref", "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/" CONTROL "\"}"},
    {"graph", HTTP_POST, "/members/$ref", "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/" CONTROL "\"}"},
    {"graph", HTTP_POST, "/getMemberGroups", "{\"securityEnabledOnly\":false}"},
    {"graph", HTTP_POST, "/getMemberObjects", "{\"securityEnabledOnly\":false}"},
    {"graph", HTTP_POST, "/checkMemberGroups", "{\"groupIds\":[]}"},
    {"graph", HTTP_POST, "/checkMemberObjects", "{\"ids\":[]}"},
    {"graph", HTTP_POST, "/getByIds", "{\"ids\":[]}"},
    {"graph", HTTP_POST, "/federatedIdentityCredentials", TRUST("other")},
    {"graph", HTTP_PATCH, "/{credential}", "{\"subject\":\"t\"}"},
    {"graph", HTTP_PATCH, "/{named}", "{\"subject\":\"t\"}"},
    {"graph", HTTP_PATCH, "/{id}", "{\"displayName\":\"Other\"}"},
    {"graph", HTTP_PATCH, "/{key}", "{\"notes\":\"x\"}"},
    {"keyvault", HTTP_POST, "/secrets/restore", "$backup"},
    {"keyvault", HTTP_PUT, "/secrets/{name}", "{\"value\":\"x\"}"},
    {"keyvault", HTTP_PATCH, "", "{\"tags\":{\"a\":\"b\"}}"},
    {"cloudshell", HTTP_POST, "", "resource=https://vault.azure.net"},
    {"admin", HTTP_PUT, "/deny-assignments/{name}", DENY_BODY},
    {"admin", HTTP_POST, "/bindings", "{\"caller\":\"uid:5\",\"resource\":\"" VM "\"}"},
    {"admin", HTTP_POST, "/clock", "{\"advance_s\":60}"},
    {"admin", HTTP_POST, "/device-codes/{code}", "$end_device"},
    {"admin", HTTP_POST, "/verify-token", "{\"token\":\"x\"}"},
};

// The api-version by what the path is about: the first that it contains.
static const struct { const char *service, *in, *version; } VERSIONS[] = {
    {"arm", "Microsoft.Insights/eventtypes", "2015-04-01&$filter=eventTimestamp%20ge%202020-09-06T08:59:56Z"}, {"arm", "Microsoft.Insights/", "2015-04-01"},
    {"arm", "roleDefinitions", "2022-04-01&$top=3"}, {"arm", "Microsoft.Authorization", "2022-04-01"}, {"arm", "Microsoft.Management/", "2020-05-01"}, {"arm", "Microsoft.KeyVault/", "2023-07-01"},
    {"arm", "Microsoft.ManagedIdentity/", "2023-01-31"}, {"arm", "Microsoft.Web/", "2022-03-01"}, {"arm", "{id*}", "2024-07-01"}, {"arm", "", "2022-09-01"}, {"keyvault", "", "7.4"},
    {"appservice", "", "2019-08-01&resource=https://vault.azure.net"}, {"arc", "", "2020-06-01&resource=https://vault.azure.net"},
    {"servicefabric", "", "2019-07-01-preview&resource=https://vault.azure.net"}, {"cloudshell", "", NULL},
    {"imds", "oauth2", "2018-02-01&resource=https://vault.azure.net"}, {"imds", "", "2021-02-01"}, {"login", "", "1.1"}, {"graph", "", NULL}, {"admin", "", NULL},
};

static const struct service_words { const char *service, *host, *code; } SERVICES_HERE[] = {
    {"arm", "management.azure.com", "AuthorizationFailed"}, {"graph", "graph.microsoft.com", "Authorization_RequestDenied"},
    {"keyvault", "shop.vault.azure.net", "Forbidden"},      {"login", "login.microsoftonline.com", NULL},
    {"issuer", "sts.windows.net", NULL},                    {"admin", "localhost", NULL},
    {"imds", "169.254.169.254", NULL},                      {"appservice", "169.254.129.2:8081", NULL},
    {"arc", "localhost:40342", NULL},                       {"cloudshell", "localhost:50342", NULL},
    {"kubernetes", "westus.oic.prod-aks.azure.com", NULL},  {"servicefabric", "localhost:2377", NULL},              {"verify", "localhost", NULL},
};

// Rows that are refused to everybody, and in which way.
static const struct { const char *service; int method; const char *ends; int status; } NOT_EVEN_CONTROL[] = {
    {"arm", HTTP_PUT, "/denyAssignments/{name}", 405},
    {"arm", HTTP_DELETE, "/denyAssignments/{name}", 405},
    {"arm", HTTP_DELETE, "/secrets/{name}", 405},
    {"arm", HTTP_GET, "{site}/operationresults/{operation}", 404}, // of a swap that nobody asked for
    {"arm", HTTP_GET, "{slot}/operationresults/{operation}", 404},
    {"arm", HTTP_HEAD, "/databaseAccountNames/{name}", 404}, // of an account that nobody has
    {"arm", HTTP_POST, "/listKeys", 405},                  // of a machine, which has none of these
    {"arm", HTTP_POST, "/readonlykeys", 405},
    {"arm", HTTP_POST, "/listConnectionStrings", 405},
    {"arm", HTTP_POST, "/listSecrets", 405},
    {"arm", HTTP_POST, "/listClusterAdminCredential", 405},
    {"arm", HTTP_POST, "/listClusterUserCredential", 405},
    {"arm", HTTP_POST, "/regenerateKey", 409},
    {"arm", HTTP_POST, "/regenerateKeys", 409},
    {"arm", HTTP_GET, "deployments/{name}/operationStatuses/{operation}", 404}, // of a deployment that has another number
    {"arm", HTTP_GET, "deployments/{name}/operations/{operation}", 404},     // of a deployment that has not begun
    {"login", HTTP_GET, "/discovery/instance", 400},       // without an endpoint
    {"login", HTTP_GET, "/authorize", 400},                // there is no sign-in in a browser
    {"login", HTTP_POST, "", 400},                         // without credentials
    {"arc", HTTP_GET, "", 401},                            // without a key
    {"imds", HTTP_GET, "oauth2/{rest*}", 401},             // a source that nobody has
    {"verify", ANY, "/{path*}", 401},                      // without a token
    {"verify", HTTP_GET, "", 400},                         // without a rule
    {"admin", HTTP_DELETE, "/bindings", 400},              // without saying which
    {"admin", HTTP_POST, "/clock", 403},                   // only on a test clock
    {"admin", HTTP_POST, "/verify-token", 400},            // without a rule
};

// A product with an object for every row.
struct scene {
    struct test_server server;
    uint16_t           port, admin;
    str                user, group, version, backup, denial, signin, cluster, uid;
    str                application, service, key, app_key, secret, spare, device, end_device, operation;
    str                granted[2], grant; // permission grants: for all, for the user; one for the operator is to be made
    str                given[4], give[4]; // assignments of an app role: of the user, the operator, the group, the service
    object_id          nobody, control;
};

static const struct service_words *words_of(struct test *t, const struct service *s)
{
    for (size_t i = 0; i < COUNT(SERVICES_HERE); i++)
        if (str_eq(str_of(SERVICES_HERE[i].service), str_of(s->name))) return &SERVICES_HERE[i];
    CHECK_ROW(false, s->name); // a new service gets a line above
    return NULL;
}

// The issuer answers by the token service's own rows.
static bool is_of(const struct service *s, const char *name)
{
    return str_eq(str_of(s->name), str_of(name)) || (str_eq(str_of(s->name), S("issuer")) && str_eq(str_of(name), S("login")));
}

static struct reply send_to(struct scene *x, uint16_t port, const char *host, const char *method, str target, str token, const char *body)
{
    struct test *t = x->server.t;
    str          bearer = str_empty(token) ? S("") : call_format(t->call, "Authorization: Bearer %.*s\r\n", PSTR(token));
    return test_server_ask(&x->server, port,
                           call_format(t->call,
                                       "%s %.*s HTTP/1.1\r\nHost: %s\r\n%.*sMetadata: true\r\n" SHOWN
                                       "ConsistencyLevel: eventual\r\nContent-Type: application/json\r\n"
                                       "Content-Length: %zu\r\n\r\n%s",
                                       method, PSTR(target), host, PSTR(bearer), strlen(body), body));
}

static struct reply seed(struct scene *x, const char *host, const char *method, const char *target, const char *body)
{
    struct test *t = x->server.t;
    struct reply r = send_to(x, x->admin, host, method, str_of(target), STR_NONE, body);
    if (r.status < 200 || r.status > 299) printf("# %s\n", call_zstr(t->call, r.body));
    CHECK_ROW(r.status >= 200 && r.status <= 299, target);
    return r;
}

#define ARM(method, target, version, body) seed(x, "management.azure.com", method, target "?api-version=" version, body)
#define KV(method, target, body)           seed(x, "shop.vault.azure.net", method, target "?api-version=7.4", body)
#define GRAPH(method, target, body)        seed(x, "graph.microsoft.com", method, "/v1.0" target, body)

static void seed_resources(struct scene *x)
{
    struct test *t = x->server.t;
    ARM("PUT", GROUP, "2022-09-01", "{\"location\":\"westus\"}");
    ARM("PUT", LOCKED, "2022-09-01", "{\"location\":\"westus\"}");
    ARM("PUT", LOCKED AUTHZ "/locks/kept", "2020-05-01", "{\"properties\":{\"level\":\"CanNotDelete\"}}");
    str vault = call_format(t->call, "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"" TEST_SERVER_TENANT
                                     "\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
                                     "\"enableRbacAuthorization\":true}}");
    ARM("PUT", VAULT, "2023-07-01", vault.at);
    ARM("PUT", GROUP "/providers/Microsoft.KeyVault/vaults/gone-vault", "2023-07-01", vault.at);
    ARM("DELETE", GROUP "/providers/Microsoft.KeyVault/vaults/gone-vault", "2023-07-01", "");
    ARM("PUT", TEST_SERVER_USER_ASSIGNED "id1", "2023-01-31", "{\"location\":\"westus\"}");
    ARM("PUT", GROUP "/providers/Microsoft.Web/sites/shop", "2022-03-01", "{\"location\":\"westus\"}");
    ARM("PUT", GROUP "/providers/Microsoft.Web/sites/shop/slots/next", "2022-03-01", "{\"location\":\"westus\"}");
    ARM("PUT", MOVERS, "2022-09-01", "{\"location\":\"westus\"}");
    ARM("PUT", MOVER, "2024-07-01", "{\"location\":\"westus\"}");
    struct reply r = ARM("PUT", GROUP "/providers/Microsoft.ContainerService/managedClusters/prod", "2024-05-01", "{\"location\":\"westus\"}");
    str          issuer = json_str(json_path(r.json, "properties.oidcIssuerProfile.issuerURL")), part;
    for (str rest = issuer; str_cut(&rest, '/', &part) && rest.at; x->uid = part) x->cluster = x->uid;
    ARM("PUT", "/providers/Microsoft.Management/managementGroups/leaf", "2020-05-01", "{}");
    ARM("PUT", "/providers/Microsoft.Management/managementGroups/holder", "2020-05-01", "{}");
    ARM("PUT", "/providers/Microsoft.Management/managementGroups/holder" SUBSCRIPTION, "2020-05-01", "");
}

// Nobody carries them out here: they wait.
static void seed_deployments(struct scene *x)
{
    seed(x, "management.azure.com", "PUT", GROUP "/providers/Microsoft.Resources/deployments/waits?api-version=2021-04-01", DEPLOYMENT);
    seed(x, "management.azure.com", "PUT", GROUP "/providers/Microsoft.Resources/deployments/canceled?api-version=2021-04-01", DEPLOYMENT);
}

static void seed_roles(struct scene *x)
{
    ARM("PUT", AUTHZ "/roleAssignments/71000000-0000-0000-0000-000000000001", "2022-04-01", GRANT(OWNER, CONTROL));
    ARM("PUT", AUTHZ "/roleAssignments/71000000-0000-0000-0000-000000000002", "2022-04-01", GRANT(KV_ADMIN, CONTROL));
    ARM("PUT", GROUP AUTHZ "/roleAssignments/" ASSIGNMENT, "2022-04-01", GRANT(READER, CONTROL));
    ARM("PUT", GROUP AUTHZ "/roleDefinitions/" ROLE, "2022-04-01",
        "{\"properties\":{\"roleName\":\"r\",\"permissions\":[{\"actions\":[\"Microsoft.Compute/*/read\"]}],\"assignableScopes\":[\"" GROUP "\"]}}");
    seed(x, "localhost", "PUT", "/lanyard/deny-assignments/" DENY, DENY_BODY);
    str me = call_format(x->server.t->call, "{\"properties\":{\"roleDefinitionId\":\"" KV_ADMIN "\",\"principalId\":\"%s\"}}",
                         guid_text(x->server.product.operator_id.g).s);
    ARM("PUT", AUTHZ "/roleAssignments/71000000-0000-0000-0000-000000000003", "2022-04-01", me.at);
}

static void seed_secrets(struct scene *x)
{
    struct test *t = x->server.t;
    struct reply r = KV("PUT", "/secrets/one", "{\"value\":\"x\"}");
    str          id = json_get_str(r.json, S("id"));
    x->version = str_from(id, str_find_last(id, '/') + 1);
    KV("PUT", "/secrets/gone", "{\"value\":\"x\"}");
    KV("DELETE", "/secrets/gone", "");
    KV("PUT", "/secrets/saved", "{\"value\":\"x\"}");
    r = KV("POST", "/secrets/saved/backup", "");
    x->backup = call_format(t->call, "{\"value\":\"%.*s\"}", PSTR(json_get_str(r.json, S("value"))));
    KV("DELETE", "/secrets/saved", "");
    KV("DELETE", "/deletedsecrets/saved", "");
}

#define READ  "10000000-0000-0000-0000-000000000001"
#define WRITE "10000000-0000-0000-0000-000000000002"
#define APP_ROLE(id, value) \
    "{\"id\":\"" id "\",\"value\":\"" value "\",\"displayName\":\"" value "\",\"allowedMemberTypes\":[\"User\",\"Application\"],\"isEnabled\":true}"

static str give_body(struct scene *x, str who, const char *role)
{
    return call_format(x->server.t->call, "{\"principalId\":\"%.*s\",\"resourceId\":\"%.*s\",\"appRoleId\":\"%s\"}", PSTR(who), PSTR(x->service),
                       role);
}

static str give(struct scene *x, str who)
{
    struct test *t = x->server.t;
    str          target = call_format(t->call, "/v1.0/servicePrincipals/%.*s/appRoleAssignedTo", PSTR(x->service));
    struct reply r = seed(x, "graph.microsoft.com", "POST", target.at, give_body(x, who, READ).at);
    return json_get_str(r.json, S("id"));
}

static str grant_body(struct scene *x, str who)
{
    struct call *c = x->server.t->call;
    str          whom =
        str_empty(who) ? S("\"consentType\":\"AllPrincipals\"") : call_format(c, "\"consentType\":\"Principal\",\"principalId\":\"%.*s\"", PSTR(who));
    return call_format(c, "{\"clientId\":\"%.*s\",\"resourceId\":\"%.*s\",%.*s,\"scope\":\"Orders.Read\"}", PSTR(x->service), PSTR(x->service),
                       PSTR(whom));
}

static str grant(struct scene *x, str who)
{
    struct reply r = seed(x, "graph.microsoft.com", "POST", "/v1.0/oauth2PermissionGrants", grant_body(x, who).at);
    return json_get_str(r.json, S("id"));
}

// An application with two roles, one of which everybody has; another one without a service principal.
static void seed_applications(struct scene *x)
{
    struct test *t = x->server.t;
    str          me = guid_str(t->call, x->server.product.operator_id.g);
    struct reply r =
        GRAPH("POST", "/applications", "{\"displayName\":\"Orders\",\"appRoles\":[" APP_ROLE(READ, "Read") "," APP_ROLE(WRITE, "Write") "]}");
    str app = json_get_str(r.json, S("appId"));
    x->application = json_get_str(r.json, S("id"));
    x->key = call_format(t->call, "servicePrincipals(appId='%.*s')", PSTR(app));
    x->app_key = call_format(t->call, "applications(appId='%.*s')", PSTR(app));
    seed(x, "graph.microsoft.com", "POST", call_format(t->call, "/v1.0/%.*s/federatedIdentityCredentials", PSTR(x->app_key)).at, TRUST("main"));
    r = seed(x, "graph.microsoft.com", "POST", "/v1.0/servicePrincipals", call_format(t->call, "{\"appId\":\"%.*s\"}", PSTR(app)).at);
    x->service = json_get_str(r.json, S("id"));
    r = seed(x, "graph.microsoft.com", "POST", call_format(t->call, "/v1.0/applications/%.*s/addPassword", PSTR(x->application)).at, "{}");
    x->secret = call_format(t->call, "{\"keyId\":\"%.*s\"}", PSTR(json_get_str(r.json, S("keyId"))));
    r = GRAPH("POST", "/applications", "{\"displayName\":\"Spare\"}");
    x->spare = call_format(t->call, "{\"appId\":\"%.*s\"}", PSTR(json_get_str(r.json, S("appId"))));
    x->granted[0] = grant(x, STR_NONE);
    x->granted[1] = grant(x, x->user);
    x->grant = grant_body(x, me);
    const str WHO[] = {x->user, me, x->group, x->service};
    for (size_t i = 0; i < COUNT(WHO); i++) {
        x->given[i] = give(x, WHO[i]);
        x->give[i] = give_body(x, WHO[i], WRITE);
    }
}

static void seed_directory(struct scene *x)
{
    struct test *t = x->server.t;
    struct reply r =
        GRAPH("POST", "/users",
              "{\"accountEnabled\":true,\"displayName\":\"Anna\",\"mailNickname\":\"anna\",\"userPrincipalName\":\"anna@" TEST_SERVER_DOMAIN
              "\",\"passwordProfile\":{\"password\":\"a long Passw0rd\"}}");
    x->user = json_get_str(r.json, S("id"));
    r = GRAPH("POST", "/groups", "{\"displayName\":\"crew\",\"mailEnabled\":false,\"mailNickname\":\"crew\",\"securityEnabled\":true}");
    x->group = json_get_str(r.json, S("id"));
    str reference = call_format(t->call, "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/%.*s\"}", PSTR(x->user));
    seed(x, "graph.microsoft.com", "POST", call_format(t->call, "/v1.0/groups/%.*s/members/$ref", PSTR(x->group)).at, reference.at);
    seed_applications(x);
    const str OWNED[] = {x->group, x->service, x->application}, SETS[] = {S("groups"), S("servicePrincipals"), S("applications")};
    for (size_t i = 0; i < COUNT(OWNED); i++) { // two owners each: the last one of a group stays
        str target = call_format(t->call, "/v1.0/%.*s/%.*s/owners/$ref", PSTR(SETS[i]), PSTR(OWNED[i]));
        str me = guid_str(t->call, x->server.product.operator_id.g);
        seed(x, "graph.microsoft.com", "POST", target.at, reference.at);
        seed(x, "graph.microsoft.com", "POST", target.at,
             call_format(t->call, "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/%.*s\"}", PSTR(me)).at);
    }
}

static str token_of(struct scene *x, const struct service *s, object_id who)
{
    struct test *t = x->server.t;
    const str   *audiences = NULL;
    size_t       n = 0;
    struct token token = {0};
    if (str_empty(s->audience.app)) return STR_NONE;
    CHECK_OK(guard_audiences(t->call, &x->server.product, s, &audiences, &n));
    struct token_request r = {.tenant = x->server.product.tenant,
                              .issuer = product_issuer(t->call, &x->server.product, TOKEN_V1),
                              .subject = who,
                              .app.g = who.g,
                              .lifetime_s = 3600,
                              .audience = audiences[0]};
    t->call->now_ns = clock_now_ns(&x->server.product.clock);
    t->call->now_s = t->call->now_ns / NS_PER_S;
    CHECK_OK(token_issue(t->call, x->server.product.keyring, &r, &token));
    return token.text;
}

extern const struct service SERVICE_ARM;

static void seed_denial(struct scene *x)
{
    struct reply r = send_to(x, x->port, "management.azure.com", "GET", S(GROUP "?api-version=2022-09-01"), token_of(x, &SERVICE_ARM, x->nobody), "");
    x->denial = reply_header(&r, "x-lanyard-denial");
}

// What the answer to a group's deletion says may be polled.
static void seed_operation(struct scene *x)
{
    struct test *t = x->server.t;
    ARM("PUT", SUBSCRIPTION "/resourceGroups/doomed", "2022-09-01", "{\"location\":\"westus\"}");
    struct reply r = ARM("DELETE", SUBSCRIPTION "/resourceGroups/doomed", "2022-09-01", "");
    str          url = str_upto(reply_header(&r, "Location"), str_find(reply_header(&r, "Location"), '?'));
    x->operation = call_format(t->call, "%.*s", PSTR(str_from(url, str_find_last(url, '/') + 1)));
}

// A refused request for a token; reading the log as the operator has its record written.
static void seed_signin(struct scene *x)
{
    uint16_t imds = test_server_imds(&x->server, "both", false, NULL);
    send_to(x, imds, "169.254.169.254", "GET", S("/metadata/identity/oauth2/token"), STR_NONE, "");
    struct reply r = seed(x, "localhost", "GET", "/lanyard/logs/signin", "");
    x->signin = json_get_str(json_at(json_get(r.json, S("value")), 0), S("id"));
}

static void seed_device(struct scene *x)
{
    struct test       *t = x->server.t;
    struct device_code code;
    t->call->now_s = clock_now_ns(&x->server.product.clock) / NS_PER_S;
    CHECK_OK(device_code_begin(t->call, &x->server.product.device_codes, (client_id){{{1}}}, S("openid"), S("127.0.0.1"), &code));
    x->device = call_format(t->call, "%s", code.user_code);
    x->end_device = call_format(t->call, "{\"user\":\"%.*s\",\"approve\":true}", PSTR(x->user));
}

static void scene_open(struct test *t, struct scene *x)
{
    *x = (struct scene){0};
    test_server_start(t, &x->server, &(struct test_server_options){.writes = true});
    x->port = test_server_router(&x->server);
    x->admin = test_server_admin(&x->server);
    CHECK(guid_parse(str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_STRANGER].principal), &x->nobody.g) && guid_parse(S(CONTROL), &x->control.g));
    seed_resources(x);
    seed_deployments(x);
    seed_roles(x);
    seed_secrets(x);
    seed_directory(x);
    seed_denial(x);
    seed_operation(x);
    seed_signin(x);
    seed_device(x);
}

static str made(const struct scene *x, const char *value)
{
    const struct { const char *name; str value; } MADE[] = {
        {"$user", x->user}, {"$group", x->group}, {"$version", x->version}, {"$backup", x->backup}, {"$denial", x->denial},
        {"$signin", x->signin}, {"$operation", x->operation}, {"$device", x->device}, {"$end_device", x->end_device}, {"$cluster", x->cluster}, {"$uid", x->uid},
        {"$application", x->application}, {"$service", x->service}, {"$key", x->key}, {"$app_key", x->app_key}, {"$secret", x->secret}, {"$spare", x->spare},
        {"$granted_all", x->granted[0]}, {"$granted_user", x->granted[1]}, {"$grant", x->grant},
        {"$given_user", x->given[0]}, {"$given_me", x->given[1]}, {"$given_group", x->given[2]}, {"$given_service", x->given[3]},
        {"$give_user", x->give[0]}, {"$give_me", x->give[1]}, {"$give_group", x->give[2]}, {"$give_service", x->give[3]},
    };
    for (size_t i = 0; i < COUNT(MADE); i++)
        if (str_eq(str_of(MADE[i].name), str_of(value))) return MADE[i].value;
    return str_of(value);
}

static str param_value(struct test *t, const struct scene *x, const struct service *s, const struct route *r, str param)
{
    for (size_t i = 0; i < COUNT(PARAMS); i++)
        if (is_of(s, PARAMS[i].service) && strstr(r->pattern, PARAMS[i].in) && (PARAMS[i].method == ANY || PARAMS[i].method == (int)r->method) &&
            str_eq(param, str_of(PARAMS[i].param)))
            return made(x, PARAMS[i].value);
    CHECK_ROW(false, r->pattern); // a new param gets a line above
    return S("x");
}

static str target_of(struct test *t, const struct scene *x, const struct service *s, const struct route *r)
{
    struct buf b;
    str        target = STR_NONE;
    buf_init(&b, &t->call->arena);
    for (str rest = str_of(r->pattern + 1), piece; str_cut(&rest, '/', &piece);) {
        bool is_star = str_ends(piece, S("*}"));
        if (!is_star) buf_add_char(&b, '/');
        if (!str_starts(piece, S("{"))) buf_add(&b, piece);
        else buf_add(&b, param_value(t, x, s, r, (str){piece.at + 1, piece.n - (is_star ? 3 : 2)}));
    }
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        if (!is_of(s, VERSIONS[i].service) || !strstr(r->pattern, VERSIONS[i].in)) continue;
        if (VERSIONS[i].version) buf_addf(&b, "?api-version=%s", VERSIONS[i].version);
        break;
    }
    CHECK_OK(buf_finish(t->call, &b, &target));
    return target;
}

static const char *body_of(struct test *t, const struct scene *x, const struct service *s, const struct route *r)
{
    for (size_t i = 0; i < COUNT(BODIES); i++)
        if (is_of(s, BODIES[i].service) && BODIES[i].method == (int)r->method && str_ends(str_of(r->pattern), str_of(BODIES[i].ends)))
            return call_zstr(t->call, made(x, BODIES[i].body));
    return "";
}

static const char *method_text(enum http_method method)
{
    static const char *const NAMES[] = {
        [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS"};
    return NAMES[method];
}

static size_t items_of(const struct reply *r)
{
    return json_n(json_get(r->json, S("value")));
}

static bool is_about_me(const struct route *r)
{
    return strstr(r->pattern, "/me") == r->pattern + strlen("/v1.0") || strstr(r->pattern, "/me") == r->pattern + strlen("/beta");
}

static int control_status(const struct service *s, const struct route *r)
{
    for (size_t i = 0; i < COUNT(NOT_EVEN_CONTROL); i++)
        if (is_of(s, NOT_EVEN_CONTROL[i].service) && (NOT_EVEN_CONTROL[i].method == ANY || NOT_EVEN_CONTROL[i].method == (int)r->method) &&
            str_ends(str_of(r->pattern), str_of(NOT_EVEN_CONTROL[i].ends)))
            return NOT_EVEN_CONTROL[i].status;
    return 0;
}

static void check_nobody(struct test *t, const struct service_words *words, const struct route *r, const struct reply *got, int to_all,
                         const char *row)
{
    switch (r->permit.kind) {
    case PERMIT_MISSING: CHECK_ROW(false, row); break;
    case PERMIT_BY_ROLE:
    case PERMIT_BY_RULE:
        CHECK_INT(got->status, is_about_me(r) ? 400 : 403, row);
        if (r->method != HTTP_HEAD && !is_about_me(r)) CHECK_STR(json_str(json_path(got->json, "error.code")), str_of(words->code), row);
        break;
    case PERMIT_BY_ITEM:
        CHECK_INT(got->status, 200, row);
        CHECK_INT(items_of(got), 0, row);
        break;
    case PERMIT_NOTHING: CHECK_ROW(got->status == to_all || (got->status != 403 && got->status != 401 && got->status < 500), row); break;
    }
}

static void check_control(struct test *t, const struct service *s, const struct route *r, const struct reply *got, const char *row)
{
    int  wanted = control_status(s, r);
    bool is_fine = got->status >= 200 && got->status <= 299;
    if (wanted) CHECK_INT(got->status, wanted, row);
    else if (!is_fine) printf("# %s: %d %s\n", row, got->status, call_zstr(t->call, got->body));
    if (!wanted) CHECK_ROW(is_fine, row);
    if (r->permit.kind == PERMIT_BY_ITEM) CHECK_ROW(items_of(got) > 0, row);
}

static const struct socket_row *own_socket(const struct service *s)
{
    const struct socket_row *row = s->sockets.at;
    while (row->kind == SOCKET_DIRECTORY) row++;
    return row;
}

static uint16_t port_of(struct scene *x, const struct service *s)
{
    if (s->hosts.n || s->local == LOCAL_ADMIN) return x->port;
    return s->sockets.n ? test_server_socket(&x->server, own_socket(s), "both", SECRET) : test_server_only(&x->server, s);
}

static void check_row(struct test *t, struct scene *x, const struct service *s, const struct route *r)
{
    const struct service_words *words = words_of(t, s);
    str                         target = target_of(t, x, s, r);
    const char                 *body = body_of(t, x, s, r), *method = method_text(r->method);
    const char                 *row = call_zstr(t->call, call_format(t->call, "%s %s %s", s->name, method, r->pattern));
    bool                        by_operator = str_eq(str_of(s->name), S("graph")) || r->guard == GUARD_OPERATOR;
    if (!words) return;
    if (r->guard == GUARD_BEARER) {
        struct reply stranger = send_to(x, x->port, words->host, method, target, STR_NONE, body);
        CHECK_INT(stranger.status, 401, row);
    }
    uint16_t     port = port_of(x, s);
    struct reply nobody = send_to(x, port, words->host, method, target, token_of(x, s, x->nobody), body);
    if (r->guard == GUARD_OPERATOR) CHECK_ROW(nobody.status >= 400 && nobody.status < 500, row);
    else check_nobody(t, words, r, &nobody, control_status(s, r), row);
    struct reply control =
        send_to(x, by_operator ? x->admin : port, words->host, method, target, by_operator ? STR_NONE : token_of(x, s, x->control), body);
    check_control(t, s, r, &control, row);
}

static void stop_nothing(void *context)
{
    (void)context;
}

// A row that writes gets a product of its own: what it changes is no other row's trouble.
TEST(R1_every_row_of_every_service_refuses_a_principal_without_roles)
{
    struct scene shared;
    scene_open(t, &shared);
    for (size_t i = 0; i < SERVICE_N; i++)
        for (size_t k = 0; k < SERVICES[i]->route_n; k++) {
            const struct route *r = &SERVICES[i]->routes[k];
            struct scene        own;
            bool                writes = r->writes || (r->op && r->op->writes);
            if (writes) scene_open(t, &own);
            struct scene *x = writes ? &own : &shared;
            x->server.product.stop = stop_nothing;
            check_row(t, x, SERVICES[i], r);
            if (writes) test_server_end(&own.server);
        }
    test_server_end(&shared.server);
}
