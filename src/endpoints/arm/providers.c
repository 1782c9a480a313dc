// Resource providers, and the document that tells clients where everything is.
#include "endpoints/arm/arm.h"
#include "endpoints/graph/graph.h"
#include "ops/provider_names.h"
#include "ops/registrations.h"
#include "rbac/operations.h"
#include "resources/location.h"
#include "resources/types.h"

// That of a row whose namespace the catalogue does not have, the first of several.
static bool is_own_namespace(size_t i)
{
    str name = provider_of_type(types_at(i)->type);
    for (size_t k = 0; k < i; k++)
        if (str_eq_nocase(provider_of_type(types_at(k)->type), name)) return false;
    return str_empty(operations_provider_find(name));
}

// In the casing of answers.
static enum err find_namespace(struct call *c, const struct wire *q, str *out)
{
    str name = wire_param(q, "namespace");
    *out = provider_names_find(name);
    return str_empty(*out) ? FAIL(c, ERR_NAMESPACE_UNKNOWN, "The resource namespace '%.*s' is invalid.", PSTR(call_printable(c, name, 256))) : OK;
}

static void write_versions(struct json_writer *j, str versions)
{
    json_write_key(j, S("apiVersions"));
    json_write_array(j);
    for (str rest = versions, one; str_cut(&rest, ',', &one);)
        if (!str_empty(str_trim(one))) json_write_string(j, str_trim(one));
    json_write_end(j);
}

// The newest that is no preview, else the newest: rows have the newest first.
static str default_version(str versions)
{
    str first = STR_NONE;
    for (str rest = versions, one; str_cut(&rest, ',', &one);) {
        one = str_trim(one);
        if (one.n == sizeof "2026-01-01" - 1) return one;
        if (str_empty(first)) first = one;
    }
    return first;
}

static void write_types(struct json_writer *j, str name)
{
    json_write_key(j, S("resourceTypes"));
    json_write_array(j);
    for (size_t i = 0; i < types_count(); i++) {
        const struct resource_type *t = types_at(i);
        if (!str_eq_nocase(provider_of_type(t->type), name)) continue;
        json_write_object(j);
        json_put_string(j, S("resourceType"), str_from(t->type, name.n + 1));
        json_write_key(j, S("locations"));
        json_write_array(j);
        for (size_t k = 0; t->is_tracked && k < locations_count(); k++) json_write_string(j, locations_at(k)->display_name);
        json_write_end(j);
        write_versions(j, t->api_versions);
        if (!str_empty(default_version(t->api_versions))) json_put_string(j, S("defaultApiVersion"), default_version(t->api_versions));
        json_put_string(j, S("capabilities"),
                        t->takes_system ? S("SupportsTags, SupportsLocation, SystemAssignedResourceIdentity") : S("SupportsTags, SupportsLocation"));
        json_write_end(j);
    }
    json_write_end(j);
}

static void write_provider(struct call *c, struct json_writer *j, str subscription, const struct registrations *has, str name)
{
    bool is_free = registration_is_free(name), is_registered = is_free || registrations_has(has, name);
    str  at = str_empty(subscription) ? S("") : call_format(c, "/subscriptions/%.*s", PSTR(subscription));
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/providers/%.*s", PSTR(at), PSTR(name)));
    json_put_string(j, S("namespace"), name);
    json_put_string(j, S("registrationPolicy"), is_free ? S("RegistrationFree") : S("RegistrationRequired"));
    json_put_string(j, S("registrationState"), is_registered ? S("Registered") : S("Unregistered"));
    write_types(j, name);
    json_write_end(j);
}

// The subscription must be there, where the path has one.
static enum err read_registrations(struct call *c, const struct work *w, str subscription, struct registrations *out)
{
    subscription_id id;
    *out = (struct registrations){0};
    if (str_empty(subscription)) return OK;
    TRY(resources_require_holder(c, w, subscription, STR_NONE));
    return guid_parse(subscription, &id.g) ? registrations_read(c, w, id, out) : OK;
}

enum err arm_providers_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct registrations has;
    str                  subscription = wire_param(q, "subscription");
    TRY(read_registrations(c, w, subscription, &has));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < operations_provider_count(); i++) write_provider(c, j, subscription, &has, operations_provider_at(i));
    for (size_t i = 0; i < types_count(); i++)
        if (is_own_namespace(i)) write_provider(c, j, subscription, &has, provider_of_type(types_at(i)->type));
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err arm_provider_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct registrations has;
    str                  name, subscription = wire_param(q, "subscription");
    TRY(read_registrations(c, w, subscription, &has));
    TRY(find_namespace(c, q, &name));
    write_provider(c, answer_json(a, 200), subscription, &has, name);
    return OK;
}

static enum err at_provider(struct call *c, const struct work *w, struct wire *q, const char *verb, struct op_target *out)
{
    out->action = call_format(c, "%.*s/%s/action", PSTR(wire_param(q, "namespace")), verb);
    return arm_at_subscription(c, w, q, out);
}

enum err arm_at_registration(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    return at_provider(c, w, q, "register", out);
}

enum err arm_at_unregistration(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    return at_provider(c, w, q, "unregister", out);
}

// It is done when this goes out: nobody sees it on its way.
enum err arm_provider_register(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct registration_args args;
    TRY(resources_require_holder(c, w, wire_param(q, "subscription"), STR_NONE));
    TRY(find_namespace(c, q, &args.provider));
    if (!guid_parse(wire_param(q, "subscription"), &args.subscription.g)) return FAIL_PLAIN(c, ERR_SUBSCRIPTION_INVALID);
    TRY(wire_run(c, w, q, &args, NULL));
    return arm_provider_get(c, w, q, a);
}

// "Microsoft.Compute/virtualMachines/start/action": the words for people are not in the catalogue, so names stand for them.
static void write_display(struct json_writer *j, str operation)
{
    str provider = provider_of_type(operation), rest = str_from(operation, provider.n + 1);
    str verb = str_ends_nocase(rest, S("/action")) ? str_upto(rest, rest.n - sizeof "action") : rest;
    str resource = str_upto(verb, str_find_last(verb, '/'));
    json_write_key(j, S("display"));
    json_write_object(j);
    json_put_string(j, S("provider"), provider);
    json_put_string(j, S("resource"), resource);
    json_put_string(j, S("operation"), str_eq(resource, verb) ? verb : str_from(verb, resource.n + 1));
    json_put_string(j, S("description"), operation);
    json_write_end(j);
}

static bool write_operation(str operation, enum rbac_plane plane, void *context)
{
    struct json_writer *j = context;
    json_write_object(j);
    json_put_string(j, S("name"), operation);
    json_put_bool(j, S("isDataAction"), plane == RBAC_DATA);
    write_display(j, operation);
    json_write_end(j);
    return true;
}

enum err arm_operations_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str name;
    (void)w;
    TRY(find_namespace(c, q, &name));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    operations_each(name, write_operation, j);
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

// Suffixes of services that are only described here, not served: what resources' addresses are made with.
static const struct { str member, suffix; } SUFFIXES[] = {
    {S_INIT("storage"), S_INIT("core.windows.net")},
    {S_INIT("sqlServerHostname"), S_INIT("database.windows.net")},
    {S_INIT("acrLoginServer"), S_INIT("azurecr.io")},
    {S_INIT("azureDatalakeAnalyticsCatalogAndJob"), S_INIT("azuredatalakeanalytics.net")},
    {S_INIT("azureDatalakeStoreFileSystem"), S_INIT("azuredatalakestore.net")},
    {S_INIT("azureFrontDoorEndpointSuffix"), S_INIT("azurefd.net")},
    {S_INIT("storageSyncEndpointSuffix"), S_INIT("afs.azure.net")},
    {S_INIT("mhsmDns"), S_INIT("managedhsm.azure.net")},
    {S_INIT("mysqlServerEndpoint"), S_INIT("mysql.database.azure.com")},
    {S_INIT("postgresqlServerEndpoint"), S_INIT("postgres.database.azure.com")},
    {S_INIT("mariadbServerEndpoint"), S_INIT("mariadb.database.azure.com")},
    {S_INIT("synapseAnalytics"), S_INIT("dev.azuresynapse.net")},
    {S_INIT("attestationEndpoint"), S_INIT("attest.azure.net")},
};

static void write_suffixes(struct json_writer *j, const struct names *n)
{
    json_write_key(j, S("suffixes"));
    json_write_object(j);
    for (size_t i = 0; i < COUNT(SUFFIXES); i++) json_put_string(j, SUFFIXES[i].member, SUFFIXES[i].suffix);
    for (size_t i = 0; i < n->n; i++)
        if (!str_empty(n->at[i].host->in_metadata)) json_put_string(j, n->at[i].host->in_metadata, n->at[i].text);
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
    json_put_string(j, S("activeDirectoryDataLake"), S("https://datalake.azure.net/"));
    json_put_string(j, S("vmImageAliasDoc"),
                    S("https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json"));
    json_put_string(j, S("sqlManagement"), slash(c, management));
    json_put_string(j, S("ossrdbmsResourceId"), S("https://ossrdbms-aad.database.windows.net")); // az reads this spelling,
    json_put_string(j, S("ossrDbmsResourceId"), S("https://ossrdbms-aad.database.windows.net")); // Terraform that one
    write_suffixes(j, n);
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
