#include "template/shape.h"

struct shape {
    const char *name;
    const str  *members;
    size_t      n;
    size_t      needed; /* so many of them, the first ones, must be there */
};

#define SHAPE(name_, members_, needed_)                                             \
    {                                                                               \
        .name = name_, .members = members_, .n = COUNT(members_), .needed = needed_ \
    }

static const str TEMPLATE_MEMBERS[] = {
    S_INIT("$schema"),   S_INIT("contentVersion"), S_INIT("resources"), S_INIT("parameters"),  S_INIT("variables"), S_INIT("functions"),  S_INIT("outputs"),
    S_INIT("metadata"),  S_INIT("apiProfile"),     S_INIT("languageVersion"), S_INIT("definitions"), S_INIT("imports"),   S_INIT("extensions"), S_INIT("asserts"),
};
static const str RESOURCE_MEMBERS[] = {
    S_INIT("type"),     S_INIT("apiVersion"), S_INIT("name"),          S_INIT("scope"),          S_INIT("location"),  S_INIT("tags"),
    S_INIT("properties"), S_INIT("dependsOn"), S_INIT("condition"),     S_INIT("copy"),           S_INIT("resources"), S_INIT("comments"),
    S_INIT("metadata"), S_INIT("identity"),   S_INIT("sku"),           S_INIT("kind"),           S_INIT("plan"),      S_INIT("zones"),
    S_INIT("placement"), S_INIT("managedBy"), S_INIT("managedByExtended"), S_INIT("extendedLocation"), S_INIT("etag"), S_INIT("resourceGroup"),
    S_INIT("subscriptionId"), S_INIT("existing"), S_INIT("import"),      S_INIT("extension"),      S_INIT("asserts"),   S_INIT("@options"),
};
/* Of parameters, definitions and outputs: what says the type of a value. */
#define TYPE_MEMBERS                                                                                                                                   \
    S_INIT("type"), S_INIT("metadata"), S_INIT("allowedValues"), S_INIT("minLength"), S_INIT("maxLength"), S_INIT("minValue"), S_INIT("maxValue"),     \
        S_INIT("$ref"), S_INIT("nullable"), S_INIT("items"), S_INIT("prefixItems"), S_INIT("properties"), S_INIT("additionalProperties"),              \
        S_INIT("discriminator")
static const str PARAMETER_MEMBERS[] = {TYPE_MEMBERS, S_INIT("defaultValue")};
static const str OUTPUT_MEMBERS[] = {TYPE_MEMBERS, S_INIT("value"), S_INIT("condition"), S_INIT("copy")};
static const str COPY_MEMBERS[] = {S_INIT("name"), S_INIT("count"), S_INIT("mode"), S_INIT("batchSize"), S_INIT("input")};
static const str VALUE_MEMBERS[] = {S_INIT("value"), S_INIT("reference"), S_INIT("metadata"), S_INIT("expression")};

static const struct shape TEMPLATE = SHAPE("Template", TEMPLATE_MEMBERS, 3), RESOURCE = SHAPE("TemplateResource", RESOURCE_MEMBERS, 0),
                          PARAMETER = SHAPE("TemplateInputParameter", PARAMETER_MEMBERS, 0),
                          OUTPUT = SHAPE("TemplateOutputParameter", OUTPUT_MEMBERS, 0), COPY = SHAPE("TemplateResourceCopy", COPY_MEMBERS, 0),
                          VALUE = SHAPE("DeploymentParameterDefinition", VALUE_MEMBERS, 0);

struct checker {
    struct call                *c;
    const struct template_text *text;
};

// Where a value stands: made into a path only if something is refused.
struct trail {
    const struct trail *outer; // NULL: `name` is the path of the document itself
    str                 name;
    size_t              index;
    bool                is_item;
};

static struct trail member_of(const struct trail *outer, str name)
{
    return (struct trail){.outer = outer, .name = name};
}

static struct trail one_of(const struct trail *outer, const struct json *list, size_t i)
{
    if (list->kind == JSON_IS_OBJECT) return member_of(outer, list->u.list.names[i]);
    return (struct trail){.outer = outer, .index = i, .is_item = true};
}

// As Json.NET writes paths: a name that has more than letters and the like in it stands in brackets.
static str path_of(struct call *c, const struct trail *t)
{
    static const str SPECIAL = S_INIT(". '/\"[]()\t\r\n\f\b\\");
    bool             is_plain = true;
    if (!t->outer) return t->name;
    str before = path_of(c, t->outer), name = call_printable(c, t->name, 64);
    if (t->is_item) return call_format(c, "%.*s[%zu]", PSTR(before), t->index);
    for (size_t i = 0; i < t->name.n; i++) is_plain &= str_find(SPECIAL, t->name.at[i]) == STR_NOWHERE;
    if (!is_plain) return call_format(c, "%.*s['%.*s']", PSTR(before), PSTR(name));
    return call_format(c, "%.*s%s%.*s", PSTR(before), str_empty(before) ? "" : ".", PSTR(name));
}

static enum err refuse(struct checker *k, str why, const struct trail *at, const struct json *value, enum template_point point)
{
    size_t line, column;
    str    place = STR_NONE;
    if (template_text_where(k->text, value, point, &line, &column)) place = call_format(k->c, ", line %zu, position %zu", line, column);
    return FAIL(k->c, ERR_TEMPLATE_INVALID, "%.*s Path '%.*s'%.*s.", PSTR(why), PSTR(call_printable(k->c, path_of(k->c, at), 512)), PSTR(place));
}

static enum err check_members(struct checker *k, const struct json *object, const struct shape *shape, const struct trail *at)
{
    for (size_t i = 0; i < json_n(object); i++) {
        str name = object->u.list.names[i];
        if (str_index_nocase(shape->members, shape->n, name) != STR_NOWHERE) continue;
        struct trail member = member_of(at, name);
        str why = call_format(k->c, "Could not find member '%.*s' on object of type '%s'.", PSTR(call_printable(k->c, name, 64)), shape->name);
        return refuse(k, why, &member, json_at(object, i), TEMPLATE_POINT_NAME);
    }
    return OK;
}

static enum err check_needed(struct checker *k, const struct json *object, const struct shape *shape, const struct trail *at)
{
    for (size_t i = 0; i < shape->needed; i++) {
        const struct json *v = json_get_nocase(object, shape->members[i]);
        if (v && v->kind != JSON_IS_NULL) continue;
        str why =
            call_format(k->c, "Required property '%.*s' %s.", PSTR(shape->members[i]), v ? "expects a value but got null" : "not found in JSON");
        return refuse(k, why, at, object, TEMPLATE_POINT_END);
    }
    return OK;
}

// Only objects are looked at: what is none is refused, in its own words, by whoever reads it.
static enum err check_object(struct checker *k, const struct json *v, const struct shape *shape, const struct trail *at)
{
    if (!json_is(v, JSON_IS_OBJECT)) return OK;
    TRY(check_members(k, v, shape, at));
    return check_needed(k, v, shape, at);
}

static enum err check_each(struct checker *k, const struct json *document, const char *name, const struct shape *shape, const struct trail *at)
{
    const struct json *section = json_get_nocase(document, str_of(name));
    struct trail       its = member_of(at, str_of(name));
    for (size_t i = 0; json_is(section, JSON_IS_OBJECT) && i < json_n(section); i++) {
        struct trail one = one_of(&its, section, i);
        TRY(check_object(k, json_at(section, i), shape, &one));
    }
    return OK;
}

// A resource may have resources in it. Depth is bounded by the reader of the document.
static enum err check_resources(struct checker *k, const struct json *document, const struct trail *at)
{
    const struct json *section = json_get_nocase(document, S("resources"));
    struct trail       its = member_of(at, S("resources"));
    for (size_t i = 0; i < json_n(section); i++) {
        const struct json *resource = json_at(section, i);
        struct trail       one = one_of(&its, section, i), copy = member_of(&one, S("copy"));
        TRY(check_object(k, resource, &RESOURCE, &one));
        TRY(check_object(k, json_get_nocase(resource, S("copy")), &COPY, &copy));
        TRY(check_resources(k, resource, &one));
    }
    return OK;
}

enum err template_shape_check(struct call *c, const struct json *document, const struct template_context *at)
{
    struct checker     k = {c, at->text};
    const struct trail root = {.name = at->path};
    TRY(check_object(&k, document, &TEMPLATE, &root));
    TRY(check_each(&k, document, "parameters", &PARAMETER, &root));
    TRY(check_resources(&k, document, &root));
    return check_each(&k, document, "outputs", &OUTPUT, &root);
}

enum err template_shape_check_values(struct call *c, const struct json *parameters, const struct template_context *at)
{
    struct checker     k = {c, at->text};
    const struct trail root = {.name = at->path};
    for (size_t i = 0; json_is(parameters, JSON_IS_OBJECT) && i < json_n(parameters); i++) {
        const struct json *value = json_at(parameters, i);
        struct trail       one = one_of(&root, parameters, i);
        if (value->kind != JSON_IS_OBJECT)
            return refuse(&k, S("Error converting value to type 'Azure.Deployments.Core.Definitions.DeploymentParameterDefinition'."), &one, value,
                          TEMPLATE_POINT_END);
        TRY(check_object(&k, value, &VALUE, &one));
    }
    return OK;
}
