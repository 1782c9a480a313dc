#include "ops/resource_hooks.h"

#include "ops/identities.h"

// Properties with one more member, or with its value replaced.
static enum err set_property(struct call *c, struct resource_change *change, str name, const struct json *value)
{
    const struct json *properties;
    TRY(json_with(c, json_get(change->document, S("properties")), name, value, &properties));
    return json_with(c, change->document, S("properties"), properties, &change->document);
}

static enum err set_property_text(struct call *c, struct resource_change *change, str name, str text)
{
    return set_property(c, change, name, &(struct json){.kind = JSON_IS_STRING, .u.string = text});
}

// A virtual machine as much as carries an identity: its vmId is the incarnation's.
static enum err write_machine(struct call *c, struct work *w, struct resource_change *change)
{
    (void)w;
    TRY(set_property_text(c, change, S("vmId"), guid_str(c, change->next->uid)));
    return set_property_text(c, change, S("provisioningState"), S("Succeeded"));
}

static const struct resource_hooks HOOKS[] = {
    {"Microsoft.Compute/virtualMachines", .write = write_machine},
    {"Microsoft.ManagedIdentity/userAssignedIdentities", .write = identity_resource_write, .remove = identity_resource_remove},
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
