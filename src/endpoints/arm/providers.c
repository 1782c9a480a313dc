// Resource providers, and the document that tells clients where everything is.
#include "endpoints/arm/arm.h"
#include "endpoints/graph/graph.h"
#include "rbac/operations.h"
#include "resources/location.h"
#include "resources/types.h"

static str namespace_of(str type)
{
    return str_upto(type, str_find(type, '/'));
}

// A namespace is known if a provider publishes operations under it, or a type of it has a row.
static str find_known(str name)
{
    str published = operations_provider_find(name);
    for (size_t i = 0; str_empty(published) && i < types_count(); i++)
        if (str_eq_nocase(namespace_of(types_at(i)->type), name)) return namespace_of(types_at(i)->type);
    return published;
}

// That of a row whose namespace the catalogue does not have, the first of several.
static bool is_own_namespace(size_t i)
{
    str name = namespace_of(types_at(i)->type);
    for (size_t k = 0; k < i; k++)
        if (str_eq_nocase(namespace_of(types_at(k)->type), name)) return false;
    return str_empty(operations_provider_find(name));
}

// Namespaces that no provider publishes and that resources have all the same: a resource may be of any type.
struct in_use {
    struct call *c;
    str          wanted; /* only this one; empty: all */
    const str   *names;
    size_t       n;
    enum err     failed;
};

static bool note_namespace(const struct resource *r, void *context)
{
    struct in_use *u = context;
    str            name = namespace_of(r->type);
    if (!str_empty(u->wanted) && !str_eq_nocase(name, u->wanted)) return true;
    if (!str_empty(find_known(name)) || str_index_nocase(u->names, u->n, name) != STR_NOWHERE) return true;
    str *more;
    u->failed = NEW(u->c, &more, u->n + 1);
    if (u->failed != OK) return false;
    for (size_t i = 0; i < u->n; i++) more[i] = u->names[i];
    more[u->n++] = name;
    u->names = more;
    return str_empty(u->wanted);
}

// Told to whoever may list the subscription's resources. All others see what is published.
static enum err namespaces_in_use(struct call *c, struct work *w, const struct wire *q, str wanted, struct in_use *out)
{
    bool allowed = false;
    str  subscription = wire_param(q, "subscription"), at = call_format(c, "/subscriptions/%.*s", PSTR(subscription));
    *out = (struct in_use){.c = c, .wanted = wanted};
    if (str_empty(subscription)) return OK;
    TRY(permit_item(c, w, q, 0, at, &allowed));
    if (allowed) tree_each_resource(w->world->tree, at, STR_NONE, note_namespace, out);
    return out->failed;
}

// What resources may be made of is registered: the name in the casing of answers.
static enum err find_namespace(struct call *c, struct work *w, const struct wire *q, str *out)
{
    struct in_use used;
    str           name = wire_param(q, "namespace");
    *out = find_known(name);
    if (!str_empty(*out)) return OK;
    TRY(namespaces_in_use(c, w, q, name, &used));
    if (used.n == 0) return FAIL(c, ERR_NAMESPACE_UNKNOWN, "The resource namespace '%.*s' is invalid.", PSTR(call_printable(c, name, 256)));
    *out = used.names[0];
    return OK;
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
        if (!str_eq_nocase(namespace_of(t->type), name)) continue;
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

enum err arm_providers_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct in_use used;
    str           subscription = wire_param(q, "subscription");
    TRY(check_holder(c, w, subscription));
    TRY(namespaces_in_use(c, w, q, STR_NONE, &used));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < operations_provider_count(); i++) write_provider(c, j, subscription, operations_provider_at(i));
    for (size_t i = 0; i < types_count(); i++)
        if (is_own_namespace(i)) write_provider(c, j, subscription, namespace_of(types_at(i)->type));
    for (size_t i = 0; i < used.n; i++) write_provider(c, j, subscription, used.names[i]);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err arm_provider_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str name, subscription = wire_param(q, "subscription");
    TRY(check_holder(c, w, subscription));
    TRY(find_namespace(c, w, q, &name));
    write_provider(c, answer_json(a, 200), subscription, name);
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

// Every provider is registered already.
enum err arm_provider_register(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return arm_provider_get(c, w, q, a);
}

static bool write_operation(str operation, enum rbac_plane plane, void *context)
{
    struct json_writer *j = context;
    json_write_object(j);
    json_put_string(j, S("name"), operation);
    json_put_bool(j, S("isDataAction"), plane == RBAC_DATA);
    json_write_end(j);
    return true;
}

enum err arm_operations_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str name;
    TRY(find_namespace(c, w, q, &name));
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
