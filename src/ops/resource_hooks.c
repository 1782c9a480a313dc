#include "ops/resource_hooks.h"

#include "ops/cluster.h"
#include "ops/container_app.h"
#include "ops/cosmos_role.h"
#include "ops/identities.h"
#include "ops/resource_inline.h"
#include "ops/site.h"
#include "ops/sql_server.h"
#include "ops/virtual_network.h"

enum err resource_set_property(struct call *c, const struct json **document, str name, const struct json *value)
{
    const struct json *properties = json_get(*document, S("properties"));
    if (!value && !json_get(properties, name)) return OK;
    TRY(json_with(c, properties, name, value, &properties));
    return json_with(c, *document, S("properties"), properties, document);
}

enum err resource_set_property_text(struct call *c, const struct json **document, str name, str text)
{
    return resource_set_property(c, document, name, &(struct json){.kind = JSON_IS_STRING, .u.string = text});
}

static const struct resource_hooks HOOKS[] = {
    {CONTAINER_APP_TYPE, .write = container_app_write},
    {CLUSTER_TYPE, .write = cluster_write, .spell = cluster_spell},
    {COSMOS_ROLE_TYPE, .write = cosmos_role_write, .spell = cosmos_role_spell},
    {COSMOS_ASSIGNMENT_TYPE, .write = cosmos_assignment_write, .spell = cosmos_assignment_spell},
    {SQL_SERVER_TYPE, .write = sql_server_write, .spell = sql_server_spell},
    {NETWORK_TYPE, .kept = virtual_network_kept},
    {SUBNET_TYPE, .kept = subnet_kept},
    {SITE_TYPE, .write = site_write, .spell = site_spell},
    {SITE_SLOT_TYPE, .write = site_write, .spell = site_spell},
    {SITE_TYPE "/config", .write = site_config_write},
    {SITE_SLOT_TYPE "/config", .write = site_config_write},
    {"Microsoft.ManagedIdentity/userAssignedIdentities", .write = identity_resource_write, .remove = identity_resource_remove, .spell = identity_resource_spell},
    {"Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", .write = identity_federated_write, .spell = identity_federated_spell},
};

static const struct resource_hooks *find_among(const struct resource_hooks *rows, size_t n, str type)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(type, str_of(rows[i].type))) return &rows[i];
    return NULL;
}

const struct resource_hooks *resource_hooks_of(str type)
{
    const struct resource_hooks *found = find_among(HOOKS, COUNT(HOOKS), type);
    for (size_t i = 0; i < HOOKS_OF_SERVICES_N && !found; i++) found = find_among(HOOKS_OF_SERVICES[i]->at, HOOKS_OF_SERVICES[i]->n, type);
    return found;
}

static enum err spell_member(struct call *c, const struct json **body, str name, const struct json *spelled)
{
    return spelled ? json_with(c, *body, name, spelled, body) : OK;
}

enum err resource_spell(struct call *c, str type, const struct json *body, const struct json **out)
{
    static const str BESIDE[] = {S_INIT("id"),         S_INIT("name"), S_INIT("type"), S_INIT("location"), S_INIT("tags"),      S_INIT("identity"),
                                 S_INIT("properties"), S_INIT("kind"), S_INIT("sku"),  S_INIT("plan"),     S_INIT("systemData")};
    static const str IDENTITY[] = {S_INIT("type"), S_INIT("userAssignedIdentities")};
    const struct resource_hooks *hooks = resource_hooks_of(type);
    const struct json           *identity, *properties;
    TRY(json_spell(c, body, BESIDE, COUNT(BESIDE), out));
    identity = json_get(*out, S("identity"));
    properties = json_get(*out, S("properties"));
    TRY(json_spell(c, identity, IDENTITY, COUNT(IDENTITY), &identity));
    TRY(spell_member(c, out, S("identity"), identity));
    if (hooks && hooks->spell) TRY(hooks->spell(c, properties, &properties));
    TRY(resource_inline_spell(c, type, &properties));
    return spell_member(c, out, S("properties"), properties);
}
