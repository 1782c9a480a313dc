// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource,
//         https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-scope
#include "template/function.h"
#include "template/ids.h"
#include "template/inside.h"
#include "template/value.h"

// A type and its names, from argument `from` on.
static enum err join(struct evaluation *e, const struct function *f, str base, const struct json *const *args, size_t n, size_t from,
                     const struct json **out)
{
    str type = from < n ? json_str(args[from]) : STR_NONE, names[ID_MAX_NAMES];
    while (str_ends(type, S("/"))) type.n--; // published templates write it so: resourceId('Microsoft.Network/networkInterfaces/', 'nic')
    size_t wanted = id_type_names(type), given = n - from - 1;
    if (wanted == 0)
        return FAIL_FUNCTION(e, f, "the first argument must be a fully qualified resource type. It is '%.*s'.",
                             PSTR(call_printable(e->c, type, 128)));
    if (wanted != given || given > ID_MAX_NAMES)
        return FAIL_FUNCTION(e, f, "the type '%.*s' requires '%zu' resource name argument(s) while '%zu' were provided.",
                             PSTR(call_printable(e->c, type, 128)), wanted, given);
    for (size_t i = 0; i < given; i++) {
        names[i] = json_str(args[from + 1 + i]);
        if (str_empty(names[i])) return FAIL_FUNCTION(e, f, "the argument at index '%zu', a name, is empty.", from + 1 + i);
    }
    return value_text(e, id_join(e->c, base, type, names, given), out);
}

// How many arguments stand before the type: the first one with a slash.
static size_t leading(const struct json *const *args, size_t n, size_t most)
{
    size_t i = 0;
    while (i < most && i + 1 < n && str_find(json_str(args[i]), '/') == STR_NOWHERE) i++;
    return i;
}

static bool is_guid(str s)
{
    guid g;
    return guid_parse(s, &g);
}

static enum err resource_id(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    const struct template_site *site = &e->t->site;
    size_t                      lead = leading(args, n, 2);
    str                         subscription = site->subscription, group = site->group, base = site->scope;
    if (lead == 2) subscription = json_str(args[0]), group = json_str(args[1]);
    else if (lead == 1 && is_guid(json_str(args[0])) && site->level != TEMPLATE_AT_GROUP) subscription = json_str(args[0]), group = STR_NONE;
    else if (lead == 1) group = json_str(args[0]);
    if (lead > 0 && str_empty(subscription)) return FAIL_FUNCTION(e, f, "a resource group needs the id of its subscription here.");
    // At a management group and at the tenant a resource id without a scope is the tenant's.
    if (lead > 0 || site->level == TEMPLATE_AT_MGMT_GROUP) base = id_scope(e->c, lead > 0 ? subscription : STR_NONE, group);
    return join(e, f, base, args, n, lead, out);
}

static enum err subscription_resource_id(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n,
                                         const struct json **out)
{
    size_t lead = leading(args, n, 1);
    str    subscription = lead ? json_str(args[0]) : e->t->site.subscription;
    if (str_empty(subscription)) return FAIL_FUNCTION(e, f, "the deployment has no subscription: its id must be the first argument.");
    return join(e, f, id_scope(e->c, subscription, STR_NONE), args, n, lead, out);
}

static enum err tenant_resource_id(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    return join(e, f, S("/"), args, n, 0, out);
}

static enum err mgmt_group_resource_id(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n,
                                       const struct json **out)
{
    size_t lead = leading(args, n, 1);
    str    base = e->t->site.level == TEMPLATE_AT_MGMT_GROUP ? e->t->site.scope : json_get_str(e->t->site.management_group, S("id"));
    if (lead) base = call_format(e->c, "/providers/Microsoft.Management/managementGroups/%.*s", PSTR(json_str(args[0])));
    if (str_empty(base)) return FAIL_FUNCTION(e, f, "the deployment has no management group: its name must be the first argument.");
    return join(e, f, base, args, n, lead, out);
}

// The resource that is extended may be told relative to the deployment, "Microsoft.Web/sites/app": Bicep does so for scopes.
static enum err extension_resource_id(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n,
                                      const struct json **out)
{
    str base = json_str(args[0]);
    if (base.n > 1 && str_ends(base, S("/"))) base.n--;
    if (str_find(base, '/') == STR_NOWHERE) return FAIL_FUNCTION(e, f, "the first argument must be the id of a resource.");
    return join(e, f, base, args, n, 1, out);
}

// What the site says; refused where it says nothing.
static enum err told(struct evaluation *e, const struct function *f, const struct json *v, const struct json **out)
{
    if (!v)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template function '%s' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.",
                    f->name);
    *out = v;
    return OK;
}

#define TOLD(function_, member_)                                                                                                                             \
    static enum err function_(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out) \
    {                                                                                                                                                        \
        (void)args, (void)n;                                                                                                                                 \
        return told(e, f, e->t->site.member_, out);                                                                                                          \
    }

TOLD(resource_group, resource_group)
TOLD(subscription, subscription_object)
TOLD(tenant, tenant)
TOLD(management_group, management_group)
TOLD(deployment, deployment)
TOLD(environment, environment)
TOLD(deployer, deployer)

static const struct function ROWS[] = {
    {"resourceId",                "s", 2, ARGUMENTS_MANY, IN_ANY, resource_id},
    {"subscriptionResourceId",    "s", 2, ARGUMENTS_MANY, IN_ANY, subscription_resource_id},
    {"tenantResourceId",          "s", 2, ARGUMENTS_MANY, IN_ANY, tenant_resource_id},
    {"managementGroupResourceId", "s", 2, ARGUMENTS_MANY, IN_ANY, mgmt_group_resource_id},
    {"extensionResourceId",       "s", 3, ARGUMENTS_MANY, IN_ANY, extension_resource_id},
    {"resourceGroup",             "v", 0, 0,              IN_ANY, resource_group},
    {"subscription",              "v", 0, 0,              IN_ANY, subscription},
    {"tenant",                    "v", 0, 0,              IN_ANY, tenant},
    {"managementGroup",           "v", 0, 0,              IN_ANY, management_group},
    {"deployment",                "v", 0, 0,              IN_ANY, deployment},
    {"environment",               "v", 0, 0,              IN_ANY, environment},
    {"deployer",                  "v", 0, 0,              IN_ANY, deployer},
};
const struct function_table FUNCTIONS_SCOPES = {ROWS, COUNT(ROWS)};
