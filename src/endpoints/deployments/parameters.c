// Parameters whose values lie in a vault.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/key-vault-parameter; words of failures:
//         https://github.com/Azure/bicep/issues/4081, https://github.com/Azure/bicep/issues/6859,
//         https://github.com/Azure/azure-powershell/issues/28308
#include "endpoints/deployments/deployments.h"
#include "ops/secrets.h"

#define DEPLOY_ACTION "Microsoft.KeyVault/vaults/deploy/action"
#define AKA_VAULT     "Please see https://aka.ms/arm-keyvault for usage details."
#define ARM_CLIENT_ID "797f4846-ba00-4fd7-ba43-dac1f8f63013" // by which Resource Manager asks vaults, in every tenant

struct reference {
    str parameter, vault, secret, version;
};

static enum err refuse_secret(struct call *c, const struct reference *r, int status, str why)
{
    return FAIL(c, ERR_VAULT_REFERENCE_SECRET,
                "The secret of KeyVault parameter '%.*s' cannot be retrieved. Http status code: '%.*s'. Error message: '%.*s'. " AKA_VAULT,
                PSTR(call_printable(c, r->parameter, 256)), PSTR(deploy_status_word(status)), PSTR(why));
}

// The caller may deploy with the vault: its own roles for secrets are not asked.
static enum err require_deploy(struct call *c, struct work *w, const struct resource *vault)
{
    enum err failed = work_require(c, w, RBAC_CONTROL, S(DEPLOY_ACTION), &(struct op_target){.scope = vault->id});
    if (failed != ERR_NOT_AUTHORIZED && failed != ERR_DENIED) return failed;
    call_forgive(c);
    return FAIL(c, ERR_VAULT_REFERENCE_REFUSED,
                "The client '%.*s' with object id '%s' does not have permission to perform action 'MICROSOFT.KEYVAULT/VAULTS/DEPLOY/ACTION' on the "
                "specified KeyVault resource '%.*s'. " AKA_VAULT,
                PSTR(c->caller->name), guid_text(c->caller->id.g).s, PSTR(vault->id));
}

// The vault lets templates have its secrets, or refuses Resource Manager.
static enum err require_enabled(struct call *c, const struct work *w, const struct reference *r, const struct resource *vault)
{
    const struct json *document;
    TRY(resource_document(c, vault, &document));
    if (json_get_bool(json_get(document, S("properties")), S("enabledForTemplateDeployment"), false)) return OK;
    str why = call_format(
        c, "Access denied to first party service.\r\nCaller: name=ARM;tid=%s;appid=" ARM_CLIENT_ID ";iss=%.*s\r\nVault: %.*s;location=%.*s",
        guid_text(w->product->tenant.g).s, PSTR(product_issuer(c, w->product, TOKEN_V1)), PSTR(vault->name), PSTR(vault->location));
    return refuse_secret(c, r, 403, why);
}

static enum err read_secret(struct call *c, struct work *w, const struct reference *r, const struct vault *v, str *out)
{
    struct vault_item                   item;
    struct vault_item_args              args = {.kind = &VAULT_ITEM_SECRET, .vault = v, .name = r->secret, .version = r->version};
    CLEANUP(secret_clear) struct secret content = {0};
    TRY(vault_item_check_name(c, r->secret));
    TRY(vault_item_open(c, w, &args, "get", &item, &content));
    return call_copy_str(c, bytes_str(secret_reveal(&content)), out);
}

static enum err fetch(struct call *c, struct work *w, const struct reference *r, str *out)
{
    struct vault           v;
    const struct resource *vault = tree_find(w->world->tree, r->vault);
    if (!vault || !str_eq_nocase(vault->type, S(VAULT_TYPE)))
        return FAIL(c, ERR_VAULT_REFERENCE_NOT_FOUND, "The specified KeyVault '%.*s' could not be found. " AKA_VAULT,
                    PSTR(call_printable(c, r->vault, 512)));
    TRY(require_deploy(c, w, vault));
    TRY(require_enabled(c, w, r, vault));
    TRY(vault_open(c, w, vault->name, &v));
    enum err failed = read_secret(c, w, r, &v, out);
    int      status = failed == OK ? 200 : err_status(failed);
    if (status < 400 || status >= 500) return failed;
    str why = call_text(c, str_of(c->failure.text));
    call_forgive(c);
    return refuse_secret(c, r, status, why);
}

// {"reference":{...}} becomes {"value":"..."}.
static enum err replace(struct call *c, struct work *w, str parameter, const struct json *reference, const struct json **out)
{
    struct json           *wrapped, value = {.kind = JSON_IS_STRING};
    const struct reference r = {.parameter = parameter,
                                .vault = json_str(json_get_nocase(json_get_nocase(reference, S("keyVault")), S("id"))),
                                .secret = json_str(json_get_nocase(reference, S("secretName"))),
                                .version = json_str(json_get_nocase(reference, S("secretVersion")))};
    TRY(fetch(c, w, &r, &value.u.string));
    TRY(json_object_new(c, 1, &wrapped));
    json_object_add(wrapped, S("value"), &value);
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
        if (json_is(reference, JSON_IS_OBJECT)) TRY(replace(c, w, parameters->u.list.names[i], reference, &one));
        json_object_add(whole, parameters->u.list.names[i], one);
    }
    *out = whole;
    return OK;
}
