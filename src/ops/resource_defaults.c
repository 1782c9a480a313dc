#include "ops/resource_defaults.h"

// In a value "{name}" stands for the resource's name and "{host}" for its place in App Service's domain: names of
// these types hold nothing that JSON would escape.
#define HARDWARE "{\"vmSize\":\"Standard_D2s_v5\"}"
#define OS_DISK                                                                                                          \
    "{\"osType\":\"Linux\",\"createOption\":\"FromImage\",\"caching\":\"ReadWrite\",\"diskSizeGB\":30,"                  \
    "\"managedDisk\":{\"storageAccountType\":\"Premium_LRS\"}}"
#define NAMED_OS_DISK                                                                                                    \
    "{\"osType\":\"Linux\",\"name\":\"{name}_OsDisk\",\"createOption\":\"FromImage\",\"caching\":\"ReadWrite\","         \
    "\"diskSizeGB\":30,\"deleteOption\":\"Delete\",\"managedDisk\":{\"storageAccountType\":\"Premium_LRS\"}}"
#define IMAGE           "{\"publisher\":\"Canonical\",\"offer\":\"ubuntu-24_04-lts\",\"sku\":\"server\",\"version\":\"latest\"}"
#define OS(name_member) "{\"" name_member "\":\"{name}\",\"adminUsername\":\"azureuser\",\"secrets\":[],\"allowExtensionOperations\":true}"
#define NO_INTERFACES   "{\"networkInterfaces\":[]}"
#define SITE(type)                                                                                                       \
    {type, "kind", "\"app\""}, {type, "properties.state", "\"Running\""}, {type, "properties.enabled", "true"},          \
    {type, "properties.defaultHostName", "\"{host}\""}, {type, "properties.hostNames", "[\"{host}\"]"},                  \
    {type, "properties.enabledHostNames", "[\"{host}\"]"}

// In this order: what stands inside another member comes behind it, and completes one that the caller gave.
static const struct row {
    const char *type, *path, *json;
} ROWS[] = {
    {"Microsoft.Compute/virtualMachines", "properties.hardwareProfile", HARDWARE},
    {"Microsoft.Compute/virtualMachines", "properties.storageProfile", "{\"imageReference\":" IMAGE ",\"dataDisks\":[]}"},
    {"Microsoft.Compute/virtualMachines", "properties.storageProfile.osDisk", NAMED_OS_DISK},
    {"Microsoft.Compute/virtualMachines", "properties.osProfile", OS("computerName")},
    {"Microsoft.Compute/virtualMachines", "properties.networkProfile", NO_INTERFACES},
    {"Microsoft.Compute/virtualMachineScaleSets", "sku", "{\"name\":\"Standard_D2s_v5\",\"tier\":\"Standard\",\"capacity\":0}"},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.upgradePolicy", "{\"mode\":\"Manual\"}"},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile", "{}"},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.storageProfile", "{\"imageReference\":" IMAGE "}"},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.storageProfile.osDisk", OS_DISK},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.osProfile", OS("computerNamePrefix")},
    {"Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.networkProfile", "{\"networkInterfaceConfigurations\":[]}"},
    SITE("Microsoft.Web/sites"),
    SITE("Microsoft.Web/sites/slots"),
};

static enum err fill_in(struct call *c, str text, str mark, str value, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t at; (at = str_find_str(text, mark)) != STR_NOWHERE; text = str_from(text, at + mark.n)) {
        buf_add(&b, str_upto(text, at));
        buf_add(&b, value);
    }
    buf_add(&b, text);
    return buf_finish(c, &b, out);
}

// A slot's name is joined to its site's.
static str host_of(struct call *c, const struct resource_id *id)
{
    str names = id->types, site = STR_NONE, slot = STR_NONE, word;
    for (size_t i = 0; str_cut(&names, '/', &word); i++) {
        if (i == 1) site = word;
        if (i == 3) slot = word;
    }
    str host = call_lower(c, str_empty(slot) ? site : call_format(c, "%.*s-%.*s", PSTR(site), PSTR(slot)));
    return call_format(c, "%.*s.azurewebsites.net", PSTR(host));
}

// A member that is absent, or null. One inside of something that is no object is nobody's business: that stays as it is.
static enum err set_if_absent(struct call *c, const struct json *object, str path, const struct json *value, const struct json **out)
{
    size_t             dot = str_find(path, '.');
    str                name = str_upto(path, dot);
    const struct json *member = json_get(object, name);
    bool               absent = !member || json_is(member, JSON_IS_NULL);
    *out = object;
    if (!json_is(object, JSON_IS_OBJECT) || (dot == STR_NOWHERE && !absent)) return OK;
    if (dot == STR_NOWHERE) return json_with(c, object, name, value, out);
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    TRY(set_if_absent(c, absent ? &EMPTY : member, str_from(path, dot + 1), value, &member));
    return json_with(c, object, name, member, out);
}

enum err resource_defaults_apply(struct call *c, const struct resource_id *id, struct resource_change *change)
{
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct json *value;
        str                text = str_of(ROWS[i].json);
        if (!str_eq_nocase(change->next->type, str_of(ROWS[i].type))) continue;
        TRY(fill_in(c, text, S("{name}"), change->next->name, &text));
        TRY(fill_in(c, text, S("{host}"), host_of(c, id), &text));
        TRY(json_parse(c, text, &value));
        TRY(set_if_absent(c, change->document, str_of(ROWS[i].path), value, &change->document));
    }
    return OK;
}
