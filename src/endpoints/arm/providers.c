// Resource providers, and the document that tells clients where everything is.
#include "endpoints/arm/arm.h"
#include "endpoints/graph/graph.h"
#include "ops/vault.h"
#include "resources/location.h"
#include "resources/types.h"

static str namespace_of(str type)
{
    return str_upto(type, str_find(type, '/'));
}

// Providers that are registered although no type of theirs has a row: their resources follow the common rules.
static const str ALSO[] = {S_INIT("Microsoft.Authorization"), S_INIT("Microsoft.Resources"), S_INIT("Microsoft.Network"), S_INIT("Microsoft.Insights")};

static bool is_provider(str name)
{
    for (size_t i = 0; i < types_count(); i++)
        if (str_eq_nocase(namespace_of(types_at(i)->type), name)) return true;
    return str_index_nocase(ALSO, COUNT(ALSO), name) != STR_NOWHERE;
}

static void write_versions(struct json_writer *j, str versions)
{
    json_write_key(j, S("apiVersions"));
    json_write_array(j);
    for (str rest = versions, one; str_cut(&rest, ',', &one);)
        if (!str_empty(str_trim(one))) json_write_string(j, str_trim(one));
    json_write_end(j);
}

static void write_types(struct json_writer *j, str name)
{
    json_write_key(j, S("resourceTypes"));
    json_write_array(j);
    for (size_t i = 0; i < types_count(); i++) {
        const struct resource_type *t = types_at(i);
        if (!str_eq_nocase(namespace_of(t->type), name)) continue;
        json_write_object(j);
        json_put_string(j, S("resourceType"), str_from(t->type, name.n + 1));
        json_write_key(j, S("locations"));
        json_write_array(j);
        for (size_t k = 0; t->is_tracked && k < locations_count(); k++) json_write_string(j, locations_at(k)->display_name);
        json_write_end(j);
        write_versions(j, t->api_versions);
        json_put_string(j, S("capabilities"), t->takes_system ? S("SupportsTags, SupportsLocation, SystemAssignedResourceIdentity") : S("SupportsTags, SupportsLocation"));
        json_write_end(j);
    }
    json_write_end(j);
}

static void write_provider(struct call *c, struct json_writer *j, str subscription, str name)
{
    str at = str_empty(subscription) ? S("") : call_format(c, "/subscriptions/%.*s", PSTR(subscription));
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/providers/%.*s", PSTR(at), PSTR(name)));
    json_put_string(j, S("namespace"), name);
    json_put_string(j, S("registrationPolicy"), S("RegistrationRequired"));
    json_put_string(j, S("registrationState"), S("Registered"));
    write_types(j, name);
    json_write_end(j);
}

static enum err check_holder(struct call *c, struct work *w, str subscription)
{
    return str_empty(subscription) ? OK : resources_require_holder(c, w, subscription, STR_NONE);
}

static bool is_first_of_namespace(size_t i)
{
    str name = namespace_of(types_at(i)->type);
    for (size_t k = 0; k < i; k++)
        if (str_eq_nocase(namespace_of(types_at(k)->type), name)) return false;
    return true;
}

enum err arm_providers_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str subscription = wire_param(q, "subscription");
    TRY(check_holder(c, w, subscription));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < types_count(); i++)
        if (is_first_of_namespace(i)) write_provider(c, j, subscription, namespace_of(types_at(i)->type));
    for (size_t i = 0; i < COUNT(ALSO); i++) write_provider(c, j, subscription, ALSO[i]);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err arm_provider_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str name = wire_param(q, "namespace"), subscription = wire_param(q, "subscription");
    TRY(check_holder(c, w, subscription));
    if (!is_provider(name)) return FAIL(c, ERR_NAMESPACE_UNKNOWN, "The resource namespace '%.*s' is invalid.", PSTR(name));
    write_provider(c, answer_json(a, 200), subscription, name);
    return OK;
}

enum err arm_at_registration(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    out->action = call_format(c, "%.*s/register/action", PSTR(wire_param(q, "namespace")));
    return arm_at_subscription(c, w, q, out);
}

// Every provider is registered already.
enum err arm_provider_register(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return arm_provider_get(c, w, q, a);
}

struct operation {
    const char *name;
    bool        is_data;
};

// The operations of the providers that this product enforces. Source: reference of each provider's permissions at learn.microsoft.com
static const struct operation OPERATIONS[] = {
    {"Microsoft.KeyVault/vaults/read", false}, {"Microsoft.KeyVault/vaults/write", false}, {"Microsoft.KeyVault/vaults/delete", false},
    {"Microsoft.KeyVault/vaults/accessPolicies/write", false}, {"Microsoft.KeyVault/deletedVaults/read", false},
    {"Microsoft.KeyVault/locations/deletedVaults/read", false}, {"Microsoft.KeyVault/locations/deletedVaults/purge/action", false},
    {"Microsoft.KeyVault/checkNameAvailability/read", false}, {"Microsoft.KeyVault/vaults/secrets/getSecret/action", true},
    {"Microsoft.KeyVault/vaults/secrets/setSecret/action", true}, {"Microsoft.KeyVault/vaults/secrets/readMetadata/action", true},
    {"Microsoft.KeyVault/vaults/secrets/update/action", true}, {"Microsoft.KeyVault/vaults/secrets/delete", true},
    {"Microsoft.KeyVault/vaults/secrets/recover/action", true}, {"Microsoft.KeyVault/vaults/secrets/purge/action", true},
    {"Microsoft.KeyVault/vaults/secrets/backup/action", true}, {"Microsoft.KeyVault/vaults/secrets/restore/action", true},
    {"Microsoft.ManagedIdentity/identities/read", false}, {"Microsoft.ManagedIdentity/userAssignedIdentities/read", false},
    {"Microsoft.ManagedIdentity/userAssignedIdentities/write", false}, {"Microsoft.ManagedIdentity/userAssignedIdentities/delete", false},
    {"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", false},
    {"Microsoft.ManagedIdentity/userAssignedIdentities/listAssociatedResources/action", false},
    {"Microsoft.Authorization/roleAssignments/read", false}, {"Microsoft.Authorization/roleAssignments/write", false},
    {"Microsoft.Authorization/roleAssignments/delete", false}, {"Microsoft.Authorization/roleDefinitions/read", false},
    {"Microsoft.Authorization/denyAssignments/read", false}, {"Microsoft.Authorization/permissions/read", false},
    {"Microsoft.Resources/subscriptions/read", false}, {"Microsoft.Resources/subscriptions/resourceGroups/read", false},
    {"Microsoft.Resources/subscriptions/resourceGroups/write", false}, {"Microsoft.Resources/subscriptions/resourceGroups/delete", false},
    {"Microsoft.Compute/virtualMachines/read", false}, {"Microsoft.Compute/virtualMachines/write", false},
    {"Microsoft.Compute/virtualMachines/delete", false},
};

enum err arm_operations_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str name = wire_param(q, "namespace");
    (void)w;
    if (!is_provider(name)) return FAIL(c, ERR_NAMESPACE_UNKNOWN, "The resource namespace '%.*s' is invalid.", PSTR(name));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < COUNT(OPERATIONS); i++) {
        str operation = str_of(OPERATIONS[i].name);
        if (!str_eq_nocase(namespace_of(operation), name)) continue;
        json_write_object(j);
        json_put_string(j, S("name"), operation);
        json_put_bool(j, S("isDataAction"), OPERATIONS[i].is_data);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static str slash(struct call *c, str url)
{
    return call_format(c, "%.*s/", PSTR(url));
}

static void write_old_metadata(struct call *c, struct json_writer *j, const struct names *n)
{
    str management = slash(c, names_url(c, n, &HOST_MANAGEMENT));
    json_write_object(j);
    json_put_string(j, S("galleryEndpoint"), management);
    json_put_string(j, S("graphEndpoint"), slash(c, names_url(c, n, &HOST_GRAPH)));
    json_put_string(j, S("portalEndpoint"), management);
    json_write_key(j, S("authentication"));
    json_write_object(j);
    json_put_string(j, S("loginEndpoint"), slash(c, names_url(c, n, &HOST_LOGIN)));
    json_write_key(j, S("audiences"));
    json_write_array(j);
    json_write_string(j, management);
    json_write_end(j);
    json_write_end(j);
    json_write_end(j);
}

static void write_authentication(struct call *c, struct json_writer *j, const struct names *n)
{
    str management = names_url(c, n, &HOST_MANAGEMENT);
    json_write_key(j, S("authentication"));
    json_write_object(j);
    json_put_string(j, S("loginEndpoint"), names_url(c, n, &HOST_LOGIN)); // Terraform appends to it: no slash behind
    json_write_key(j, S("audiences"));
    json_write_array(j);
    json_write_string(j, slash(c, management));
    json_write_string(j, management);
    json_write_end(j);
    json_put_string(j, S("tenant"), S("common"));
    json_put_string(j, S("identityProvider"), S("AAD"));
    json_write_end(j);
}

static void write_new_metadata(struct call *c, struct json_writer *j, const struct names *n)
{
    str management = names_url(c, n, &HOST_MANAGEMENT), graph = slash(c, names_url(c, n, &HOST_GRAPH));
    json_write_object(j);
    json_put_string(j, S("name"), S("Lanyard"));
    json_put_string(j, S("portal"), management);
    json_put_string(j, S("resourceManager"), slash(c, management));
    json_put_string(j, S("graph"), graph);
    json_put_string(j, S("graphAudience"), graph);
    json_put_string(j, S("microsoftGraphResourceId"), graph);
    write_authentication(c, j, n);
    json_put_string(j, S("gallery"), slash(c, management));
    json_put_string(j, S("batch"), slash(c, management));
    json_put_string(j, S("media"), management);
    json_put_string(j, S("sqlManagement"), slash(c, management));
    json_put_string(j, S("ossrdbmsResourceId"), S("https://ossrdbms-aad.database.windows.net")); // az reads this spelling,
    json_put_string(j, S("ossrDbmsResourceId"), S("https://ossrdbms-aad.database.windows.net")); // Terraform that one
    json_write_key(j, S("suffixes"));
    json_write_object(j);
    json_put_string(j, S("keyVaultDns"), names_text(n, &HOST_VAULT));
    json_write_end(j);
    json_write_end(j);
}

// 2015: az up to 2.45. 2019: a list of clouds. From 2022 on: one object.
enum err arm_metadata_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct names *n = &w->product->names;
    struct json_writer *j = answer_json(a, 200);
    if (str_starts(q->api_version, S("2015"))) write_old_metadata(c, j, n);
    bool is_list = str_starts(q->api_version, S("2019"));
    if (is_list) json_write_array(j);
    if (!str_starts(q->api_version, S("2015"))) write_new_metadata(c, j, n);
    if (is_list) json_write_end(j);
    return OK;
}
