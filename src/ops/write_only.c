#include "ops/write_only.h"

static const struct {
    str within; /* the member that holds it, or holds the array of objects that do; empty: any */
    str name;
} ROWS[] = {
    {.name = S_INIT("adminPassword")},                                       // osProfile of machines and scale sets
    {.name = S_INIT("administratorLoginPassword")},                          // Microsoft.Sql/servers, Microsoft.DBforPostgreSQL/flexibleServers
    {.name = S_INIT("clientSecret")},                                        // sites/config/authsettings, and the like
    {.name = S_INIT("customData")},                                          // osProfile
    {.name = S_INIT("password")},                                            // registry credentials of container groups and apps, certificates
    {.name = S_INIT("protectedSettings")},                                   // virtualMachines/extensions
    {.name = S_INIT("sharedKey")},                                           // network connections
    {.name = S_INIT("storageAccountKey")},                                   // volumes of container groups
    {.name = S_INIT("workspaceKey")},                                        // diagnostics of container groups
    {.name = S_INIT("secureValue")},                                         // environment variables of container groups
    {.within = S_INIT("secrets"), .name = S_INIT("value")},                  // Microsoft.App/containerApps: configuration.secrets
    {.within = S_INIT("servicePrincipalProfile"), .name = S_INIT("secret")}, // Microsoft.ContainerService/managedClusters
};

static bool is_write_only(str within, str name)
{
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (str_eq_nocase(ROWS[i].name, name) && (str_empty(ROWS[i].within) || str_eq_nocase(ROWS[i].within, within))) return true;
    return false;
}

// json_parse limits the depth.
static enum err strip(struct call *c, const struct json *v, str within, struct json *out)
{
    *out = *v;
    if (!json_is(v, JSON_IS_OBJECT) && !json_is(v, JSON_IS_ARRAY)) return OK;
    bool   has_names = json_is(v, JSON_IS_OBJECT);
    size_t n = 0;
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    if (has_names) TRY(NEW(c, &out->u.list.names, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) {
        str name = has_names ? v->u.list.names[i] : within;
        if (has_names && is_write_only(within, name)) continue;
        if (has_names) out->u.list.names[n] = name;
        TRY(strip(c, json_at(v, i), name, &out->u.list.items[n++]));
    }
    out->u.list.n = n;
    return OK;
}

enum err write_only_strip(struct call *c, const struct json *document, const struct json **out)
{
    const struct json *properties = json_get(document, S("properties"));
    struct json       *copy;
    *out = document;
    if (!properties) return OK;
    TRY(NEW(c, &copy, 1));
    TRY(strip(c, properties, STR_NONE, copy));
    return json_with(c, document, S("properties"), copy, out);
}
