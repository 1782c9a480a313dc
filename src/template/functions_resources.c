// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource
#include "resources/scope.h"
#include "template/function.h"
#include "template/ids.h"
#include "template/inside.h"
#include "template/value.h"

#define IN_RUNNING (IN_BODY | IN_OUTPUT)

struct target {
    str                    id, api_version;
    const struct instance *instance; /* of this template; NULL: another resource */
};

// What the first argument means: a resource of the template by its symbolic name, id or name, or any other by its id.
static enum err find_target(struct evaluation *e, const char *function, const struct json *reference, const struct json *api_version,
                            struct target *out)
{
    str s = json_str(reference);
    TRY(evaluation_spend_lookup(e, e->t->instance_n, s));
    *out = (struct target){.id = s, .api_version = json_str(api_version), .instance = template_instance_find(e->t, s)};
    if (out->instance) {
        // By its id, and for a list, the cloud calls it a circular dependency: that is found when the resources are sorted.
        if (out->instance == e->self && s.at[0] != '/' && str_eq(str_of(function), S("reference")))
            return FAIL(e->c, ERR_TEMPLATE_INVALID,
                        "The template resource '%.*s' cannot reference itself. Please see https://aka.ms/arm-function-reference for usage details.",
                        PSTR(call_printable(e->c, out->instance->r.name, 256)));
        template_need(e, out->instance);
        out->id = out->instance->r.id;
        if (str_empty(out->api_version)) out->api_version = out->instance->r.api_version;
        return OK;
    }
    if (str_find(s, '/') == STR_NOWHERE)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The resource '%.*s' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.",
                    PSTR(call_printable(e->c, s, 256)));
    if (s.at[0] != '/')
        out->id = call_format(e->c, "%.*s/providers/%.*s", PSTR(str_eq(e->t->site.scope, S("/")) ? STR_NONE : e->t->site.scope), PSTR(s));
    if (str_empty(out->api_version))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template function '%s' needs an API version for the resource '%.*s', which is not defined in the template. Please see "
                    "https://aka.ms/arm-function-reference for usage details.",
                    function, PSTR(call_printable(e->c, s, 256)));
    return OK;
}

static enum err add_text(struct evaluation *e, struct json *object, const char *name, str value)
{
    const struct json *text;
    TRY(value_text(e, value, &text));
    value_put(object, str_of(name), text);
    return OK;
}

// With 'Full': the resource but its id, name and type, and what the deployment knows of it.
static enum err full_object(struct evaluation *e, const struct target *target, const struct json *resource, const struct json **out)
{
    static const str   LEFT_OUT[] = {S_INIT("id"), S_INIT("name"), S_INIT("type"), S_INIT("systemData"), S_INIT("etag")};
    struct resource_id id;
    struct json       *full;
    bool               is_id = resource_id_parse(e->c, target->id, &id) == OK;
    if (!is_id) call_forgive(e->c);
    TRY(value_object_new(e, json_n(resource) + 12, &full));
    TRY(add_text(e, full, "apiVersion", target->api_version));
    for (size_t i = 0; i < json_n(resource); i++)
        if (str_index_nocase(LEFT_OUT, COUNT(LEFT_OUT), resource->u.list.names[i]) == STR_NOWHERE)
            value_put(full, resource->u.list.names[i], json_at(resource, i));
    TRY(add_text(e, full, "subscriptionId", is_id ? id.subscription : STR_NONE));
    TRY(add_text(e, full, "resourceGroupName", is_id ? id.group : STR_NONE));
    TRY(add_text(e, full, "scope", STR_NONE));
    TRY(add_text(e, full, "resourceId", is_id ? call_format(e->c, "%.*s/%.*s", PSTR(id.provider), PSTR(id.types)) : target->id));
    TRY(add_text(e, full, "referenceApiVersion", target->api_version));
    value_put(full, S("condition"), &VALUE_TRUE);
    value_put(full, S("isConditionTrue"), &VALUE_TRUE);
    value_put(full, S("isTemplateResource"), value_bool(target->instance != NULL));
    value_put(full, S("isAction"), &VALUE_FALSE);
    TRY(add_text(e, full, "provisioningOperation", S("Read")));
    return value_made(e, full, out);
}

static enum err get(struct evaluation *e, const struct target *target, bool is_full, const struct json **out)
{
    const struct json *resource;
    if (!e->outside || !e->outside->get) return evaluation_not_yet(e);
    TRY(e->outside->get(e->c, e->outside->ctx, target->id, target->api_version, &resource));
    if (!json_is(resource, JSON_IS_OBJECT)) return FAIL_PLAIN(e->c, ERR_INTERNAL);
    if (is_full) return full_object(e, target, resource, out);
    static const struct json NOTHING = {.kind = JSON_IS_OBJECT};
    *out = json_get_nocase(resource, S("properties"));
    if (!*out) *out = &NOTHING;
    return OK;
}

static enum err read_full(struct evaluation *e, const struct function *f, const struct json *v, bool *out)
{
    *out = v != NULL;
    return !v || str_eq_nocase(json_str(v), S("full")) ? OK : FAIL_FUNCTION(e, f, "the third argument must be 'Full'.");
}

static enum err reference(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct target target;
    bool          is_full;
    TRY(read_full(e, f, n > 2 ? args[2] : NULL, &is_full));
    TRY(find_target(e, f->name, args[0], n > 1 ? args[1] : NULL, &target));
    return get(e, &target, is_full, out);
}

// All instances of a copy loop, by its symbolic name.
static enum err references(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    const struct declaration *d = template_loop_find(e->t, json_str(args[0]));
    struct json              *all;
    bool                      is_full, is_late = false;
    TRY(read_full(e, f, n > 2 ? args[2] : NULL, &is_full));
    if (!d) return FAIL_FUNCTION(e, f, "'%.*s' is no symbolic name of a copy loop.", PSTR(call_printable(e->c, json_str(args[0]), 64)));
    TRY(value_array_new(e, e->t->instance_n, &all));
    for (size_t i = 0; i < e->t->instance_n; i++) {
        const struct instance *one = e->t->instances[i];
        struct target          target = {one->r.id, n > 1 ? json_str(args[1]) : one->r.api_version, one};
        const struct json     *v;
        if (one->d != d) continue;
        template_need(e, one);
        enum err got = get(e, &target, is_full, &v);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
            call_forgive(e->c);
            is_late = true;
            continue;
        }
        if (got) return got;
        value_add(all, v);
    }
    if (is_late) return evaluation_not_yet(e);
    return value_made(e, all, out);
}

static enum err resource_info(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    const struct instance *one = template_instance_find(e->t, json_str(args[0]));
    struct json           *info;
    (void)n;
    if (!one) return FAIL_FUNCTION(e, f, "'%.*s' is no symbolic name of a resource.", PSTR(call_printable(e->c, json_str(args[0]), 64)));
    TRY(value_object_new(e, 4, &info));
    TRY(add_text(e, info, "id", one->r.id));
    TRY(add_text(e, info, "name", one->r.name));
    TRY(add_text(e, info, "type", one->r.type));
    TRY(add_text(e, info, "apiVersion", one->r.api_version));
    return value_made(e, info, out);
}

// listKeys, listSecrets and all others: the row tells how they are called, the call how they are named.
static enum err list(struct evaluation *e, const struct expression *call, const struct json **out)
{
    const struct json *values[3] = {NULL};
    struct target      target;
    size_t             n = 0;
    bool               is_late = false;
    for (const struct expression *arg = call->args; arg; arg = arg->next, n++) {
        enum err got = evaluate(e, arg, &values[n]);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
            call_forgive(e->c);
            is_late = true;
        } else if (got) {
            return got;
        }
    }
    if (is_late && !values[0]) return evaluation_not_yet(e);
    if (!json_is(values[0], JSON_IS_STRING) || (n > 1 && values[1] && !json_is(values[1], JSON_IS_STRING)))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template language function '%.*s' expects a resource and an API version, both texts. Please see "
                    "https://aka.ms/arm-functions for usage details.",
                    PSTR(call->name));
    TRY(find_target(e, "list*", values[0], values[1], &target));
    if (is_late || !e->outside || !e->outside->list) return evaluation_not_yet(e);
    return e->outside->list(e->c, e->outside->ctx, target.id, call->name, target.api_version, values[2], out);
}

static const struct function ROWS[] = {
    {"reference",    "s", 1, 3, IN_RUNNING, reference},
    {"references",   "s", 1, 3, IN_RUNNING, references},
    {"resourceInfo", "s", 1, 1, IN_RUNNING, resource_info},
    {"list*",        "v", 1, 3, IN_RUNNING, .run_form = list},
};
const struct function_table FUNCTIONS_RESOURCES = {ROWS, COUNT(ROWS)};
