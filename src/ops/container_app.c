#include "ops/container_app.h"

static enum err environment_domain(struct call *c, const struct work *w, str id, str *out)
{
    const struct resource *environment = str_empty(id) ? NULL : tree_find(w->world->tree, id);
    const struct json     *document;
    *out = STR_NONE;
    if (!environment) return OK;
    TRY(resource_document(c, environment, &document));
    *out = json_str(json_path(document, "properties.defaultDomain"));
    return OK;
}

// Both names of the environment say the same.
static enum err name_environment(struct call *c, struct resource_change *change, str *out)
{
    static const str NAMES[] = {S_INIT("managedEnvironmentId"), S_INIT("environmentId")};
    *out = STR_NONE;
    for (size_t i = 0; i < COUNT(NAMES) && str_empty(*out); i++) *out = json_get_str(json_get(change->document, S("properties")), NAMES[i]);
    for (size_t i = 0; i < COUNT(NAMES) && !str_empty(*out); i++) TRY(resource_set_property_text(c, &change->document, NAMES[i], *out));
    return OK;
}

enum err container_app_write(struct call *c, struct work *w, struct resource_change *change)
{
    str environment, domain;
    TRY(name_environment(c, change, &environment));
    TRY(environment_domain(c, w, environment, &domain));
    const struct json *configuration = json_path(change->document, "properties.configuration"), *ingress = json_get(configuration, S("ingress"));
    if (!json_is(ingress, JSON_IS_OBJECT)) return OK;
    const char *inside = json_get_bool(ingress, S("external"), false) ? "" : ".internal";
    struct json fqdn = {.kind = JSON_IS_STRING,
                        .u.string = call_format(c, "%.*s%s.%.*s", PSTR(call_lower(c, change->next->name)), inside, PSTR(domain))};
    TRY(json_with(c, ingress, S("fqdn"), str_empty(domain) ? NULL : &fqdn, &ingress));
    TRY(json_with(c, configuration, S("ingress"), ingress, &configuration));
    return resource_set_property(c, &change->document, S("configuration"), configuration);
}
