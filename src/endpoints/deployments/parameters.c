// Parameters whose values lie in a vault.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/key-vault-parameter
#include "endpoints/deployments/deployments.h"
#include "ops/secrets.h"

#define DEPLOY_ACTION "Microsoft.KeyVault/vaults/deploy/action"

static enum err refuse(struct call *c, str parameter, str vault, const char *why)
{
    return FAIL(c, ERR_DEPLOYMENT_REFUSED, "The parameter '%.*s' cannot be read from the key vault '%.*s': %s.",
                PSTR(call_printable(c, parameter, 256)), PSTR(call_printable(c, vault, 512)), why);
}

// The vault lets templates have its secrets, and the caller may deploy with them: its own roles for secrets are not asked.
static enum err open_vault(struct call *c, struct work *w, str parameter, str id, struct vault *out)
{
    const struct resource *r = tree_find(w->world->tree, id);
    const struct json     *document;
    if (!r || !str_eq_nocase(r->type, S(VAULT_TYPE))) return refuse(c, parameter, id, "there is no such vault");
    TRY(work_require(c, w, RBAC_CONTROL, S(DEPLOY_ACTION), &(struct op_target){.scope = r->id}));
    TRY(resource_document(c, r, &document));
    if (!json_get_bool(json_get(document, S("properties")), S("enabledForTemplateDeployment"), false))
        return refuse(c, parameter, id, "it is not enabled for template deployment");
    return vault_open(c, w, r->name, out);
}

static enum err read_secret(struct call *c, struct work *w, const struct vault *v, str name, str version, const struct json **out)
{
    struct vault_item                   item;
    struct vault_item_args              args = {.kind = &VAULT_ITEM_SECRET, .vault = v, .name = name, .version = version};
    CLEANUP(secret_clear) struct secret content = {0};
    struct json                        *value;
    TRY(vault_item_check_name(c, name));
    TRY(vault_item_open(c, w, &args, "get", &item, &content));
    TRY(NEW(c, &value, 1));
    value->kind = JSON_IS_STRING;
    *out = value;
    return call_copy_str(c, bytes_str(secret_reveal(&content)), &value->u.string);
}

static enum err fetch(struct call *c, struct work *w, str parameter, const struct json *reference, const struct json **out)
{
    struct vault       v;
    const struct json *vault = json_get_nocase(reference, S("keyVault")), *value;
    str                id = json_str(json_get_nocase(vault, S("id"))), name = json_str(json_get_nocase(reference, S("secretName")));
    struct json       *wrapped;
    TRY(open_vault(c, w, parameter, id, &v));
    TRY(read_secret(c, w, &v, name, json_str(json_get_nocase(reference, S("secretVersion"))), &value));
    TRY(json_object_new(c, 1, &wrapped));
    json_object_add(wrapped, S("value"), value);
    *out = wrapped;
    return OK;
}

enum err deploy_parameters(struct call *c, struct work *w, const struct json *parameters, const struct json **out)
{
    struct json *whole;
    *out = parameters;
    if (!parameters) return OK;
    TRY(json_object_new(c, json_n(parameters), &whole));
    for (size_t i = 0; i < json_n(parameters); i++) {
        const struct json *one = json_at(parameters, i), *reference = json_get_nocase(one, S("reference"));
        if (json_is(reference, JSON_IS_OBJECT)) TRY(fetch(c, w, parameters->u.list.names[i], reference, &one));
        json_object_add(whole, parameters->u.list.names[i], one);
    }
    *out = whole;
    return OK;
}
