// The types of parameters, and those that a template of language version 2.0 defines.
#include "core/buf.h"
#include "template/inside.h"
#include "template/value.h"

#define MAX_REFS 32 // a $ref that leads to a $ref, so many times

static const struct {
    const char *name, *shown, *expected;
    bool        is_secure;
} TYPES[] = {
    [PARAMETER_STRING] = {"string", "String", "String, Uri", false},
    [PARAMETER_INT] = {"int", "Int", "Integer", false},
    [PARAMETER_BOOL] = {"bool", "Bool", "Boolean", false},
    [PARAMETER_OBJECT] = {"object", "Object", "Object", false},
    [PARAMETER_ARRAY] = {"array", "Array", "Array", false},
    [PARAMETER_SECURE_STRING] = {"securestring", "SecureString", "String, Uri", true},
    [PARAMETER_SECURE_OBJECT] = {"secureobject", "SecureObject", "Object", true},
};

bool schema_type(str name, enum parameter_type *out)
{
    for (size_t i = 0; i < COUNT(TYPES); i++) {
        if (!str_eq_nocase(name, str_of(TYPES[i].name))) continue;
        *out = (enum parameter_type)i;
        return true;
    }
    return false;
}

bool schema_is_secure(enum parameter_type type)
{
    return TYPES[type].is_secure;
}

const char *schema_type_shown(enum parameter_type type)
{
    return TYPES[type].shown;
}

const char *schema_type_expected(enum parameter_type type)
{
    return TYPES[type].expected;
}

bool schema_type_fits(enum parameter_type type, const struct json *value)
{
    switch (type) {
    case PARAMETER_STRING:
    case PARAMETER_SECURE_STRING: return json_is(value, JSON_IS_STRING);
    case PARAMETER_INT: return json_is(value, JSON_IS_INT);
    case PARAMETER_BOOL: return json_is(value, JSON_IS_BOOL);
    case PARAMETER_OBJECT:
    case PARAMETER_SECURE_OBJECT: return json_is(value, JSON_IS_OBJECT);
    case PARAMETER_ARRAY: return json_is(value, JSON_IS_ARRAY);
    }
    return false;
}

static enum err refuse(struct evaluation *e, str name, const char *why)
{
    return FAIL(
        e->c, ERR_TEMPLATE_INVALID,
        "The provided value for the template parameter '%.*s' is not valid. %s Please see https://aka.ms/arm-syntax-parameters for usage details.",
        PSTR(call_printable(e->c, name, 128)), why);
}

static enum err refuse_length(struct evaluation *e, str name, const char *what, const char *relation, int64_t limit)
{
    str why = call_format(e->c, "%s should be %s than or equal to '%lld'.", what, relation, (long long)limit);
    return refuse(e, name, call_zstr(e->c, why) ? call_zstr(e->c, why) : "");
}

static enum err follow(struct evaluation *e, const struct json *declaration, const struct json **out)
{
    str ref = json_get_str(declaration, S("$ref")), prefix = S("#/definitions/");
    *out = NULL;
    if (str_empty(ref)) return OK;
    if (str_starts(ref, prefix)) *out = json_get_nocase(e->t->definitions, str_from(ref, prefix.n));
    if (*out) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "The definition '%.*s' is not found in the template. Please see https://aka.ms/arm-syntax for usage details.",
                PSTR(call_printable(e->c, ref, 128)));
}

enum err schema_resolve(struct evaluation *e, const struct json *declaration, const struct json **out)
{
    const struct json *next;
    for (size_t i = 0; i < MAX_REFS; i++) {
        TRY(follow(e, declaration, &next));
        if (!next) {
            *out = declaration;
            return OK;
        }
        declaration = next;
    }
    return FAIL(e->c, ERR_TEMPLATE_INVALID, "The definition '%.*s' comes to itself.",
                PSTR(call_printable(e->c, json_get_str(declaration, S("$ref")), 128)));
}

static enum err is_among(struct evaluation *e, const struct json *allowed, const struct json *value, bool *out)
{
    *out = false;
    for (size_t i = 0; i < json_n(allowed) && !*out; i++) TRY(value_equal(e, json_at(allowed, i), value, out));
    return OK;
}

static enum err check_allowed(struct evaluation *e, const struct json *declaration, const struct json *value, bool is_secure, str name)
{
    const struct json *allowed = json_get_nocase(declaration, S("allowedValues"));
    bool               found = true;
    struct buf         list;
    str                one, text;
    if (!json_is(allowed, JSON_IS_ARRAY)) return OK;
    TRY(is_among(e, allowed, value, &found));
    if (!found && json_is(value, JSON_IS_ARRAY)) { // each item of it may be one of them
        found = true;
        for (size_t i = 0; i < json_n(value) && found; i++) TRY(is_among(e, allowed, json_at(value, i), &found));
    }
    if (found) return OK;
    buf_init(&list, &e->c->arena);
    for (size_t i = 0; i < json_n(allowed) && list.n < 400; i++) {
        if (i) buf_add_char(&list, ',');
        TRY(value_string(e, json_at(allowed, i), &one));
        buf_add(&list, call_printable(e->c, one, 64));
    }
    TRY(buf_finish(e->c, &list, &text));
    TRY(value_string(e, value, &one));
    str shown = is_secure ? STR_NONE : call_format(e->c, " '%.*s'", PSTR(call_printable(e->c, one, 128)));
    return FAIL(
        e->c, ERR_TEMPLATE_INVALID,
        "The provided value%.*s for the template parameter '%.*s'%.*s is not valid. The parameter value is not part of the allowed value(s): '%.*s'.",
        PSTR(shown), PSTR(call_printable(e->c, name, 128)), PSTR(template_parameter_place(e, name)), PSTR(text));
}

static bool get_limit(const struct json *declaration, const char *name, int64_t *out)
{
    const struct json *limit = json_get_nocase(declaration, str_of(name));
    if (!json_is(limit, JSON_IS_INT)) return false;
    *out = limit->u.integer;
    return true;
}

static enum err check_limits(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    int64_t limit, size = json_is(value, JSON_IS_STRING) ? (int64_t)str_characters(value->u.string) : (int64_t)json_n(value);
    bool    is_sized = json_is(value, JSON_IS_STRING) || json_is(value, JSON_IS_ARRAY), is_int = json_is(value, JSON_IS_INT);
    if (is_sized && get_limit(declaration, "minLength", &limit) && size < limit)
        return refuse_length(e, name, "Length of the value", "greater", limit);
    if (is_sized && get_limit(declaration, "maxLength", &limit) && size > limit) return refuse_length(e, name, "Length of the value", "less", limit);
    if (is_int && get_limit(declaration, "minValue", &limit) && value->u.integer < limit)
        return refuse_length(e, name, "The value", "greater", limit);
    if (is_int && get_limit(declaration, "maxValue", &limit) && value->u.integer > limit) return refuse_length(e, name, "The value", "less", limit);
    return OK;
}

static str member_name(struct evaluation *e, str name, str member)
{
    return call_format(e->c, "%.*s.%.*s", PSTR(name), PSTR(call_printable(e->c, member, 64)));
}

static enum err check_properties(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    const struct json *properties = json_get_nocase(declaration, S("properties")), *rest = json_get_nocase(declaration, S("additionalProperties"));
    for (size_t i = 0; i < json_n(properties) && json_is(properties, JSON_IS_OBJECT); i++) {
        str member = properties->u.list.names[i];
        TRY(evaluation_spend(e, json_n(value) / 8)); // it is looked for among all
        TRY(schema_check(e, json_at(properties, i), json_get_nocase(value, member), member_name(e, name, member)));
    }
    for (size_t i = 0; rest && i < json_n(value); i++) {
        str member = value->u.list.names[i];
        TRY(evaluation_spend(e, json_n(properties) / 8));
        if (json_get_nocase(properties, member)) continue;
        if (json_is(rest, JSON_IS_BOOL) && !rest->u.boolean) return refuse(e, member_name(e, name, member), "The property is not permitted.");
        if (json_is(rest, JSON_IS_OBJECT)) TRY(schema_check(e, rest, json_at(value, i), member_name(e, name, member)));
    }
    return OK;
}

// One of several object types, by the value of one of its properties.
static enum err check_discriminated(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    const struct json *discriminator = json_get_nocase(declaration, S("discriminator"));
    str                property = json_str(json_get_nocase(discriminator, S("propertyName")));
    if (!discriminator) return OK;
    const struct json *which = json_get_nocase(value, property), *variant = json_get(json_get_nocase(discriminator, S("mapping")), json_str(which));
    if (!variant) return refuse(e, member_name(e, name, property), "The value is none of those that tell the types apart.");
    return schema_check(e, variant, value, name);
}

static enum err check_items(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    const struct json *prefix = json_get_nocase(declaration, S("prefixItems")), *items = json_get_nocase(declaration, S("items"));
    for (size_t i = 0; i < json_n(value); i++) {
        const struct json *one = json_is(prefix, JSON_IS_ARRAY) && i < json_n(prefix) ? json_at(prefix, i) : items;
        str                item = call_format(e->c, "%.*s[%zu]", PSTR(name), i);
        if (json_is(one, JSON_IS_BOOL) && !one->u.boolean) return refuse(e, item, "The item is not permitted.");
        if (json_is(one, JSON_IS_OBJECT)) TRY(schema_check(e, one, json_at(value, i), item));
    }
    return OK;
}

static bool is_nested(str name)
{
    return str_find(name, '.') != STR_NOWHERE || str_find(name, '[') != STR_NOWHERE;
}

static enum err check_type(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    enum parameter_type type;
    const struct json  *named = json_get_nocase(declaration, S("type"));
    if (!named) return OK; // "any": a definition may leave it open
    if (!schema_type(json_str(named), &type))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The type '%.*s' of '%.*s' is not valid. Please see https://aka.ms/arm-syntax-parameters for usage details.",
                    PSTR(call_printable(e->c, json_str(named), 64)), PSTR(call_printable(e->c, name, 128)));
    if (schema_is_secure(type)) e->met_secure = true;
    if (schema_type_fits(type, value)) return OK;
    if (!is_nested(name))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Template parameter JToken type is not valid. Expected '%s'. Actual '%s'. The parameter is '%.*s'%.*s. Please see "
                    "https://aka.ms/arm-syntax-parameters for usage details.",
                    TYPES[type].expected, value_kind(value), PSTR(call_printable(e->c, name, 128)), PSTR(template_parameter_place(e, name)));
    str why = call_format(e->c, "Expected a value of type '%s', but received a value of type '%s'.", TYPES[type].expected, value_kind(value));
    return refuse(e, name, call_zstr(e->c, why) ? call_zstr(e->c, why) : "");
}

// Whether it says that null is allowed, or not; of a $ref and what it leads to the first that says anything counts.
static bool get_nullable(const struct json *declaration, bool *out)
{
    const struct json *nullable = json_get_nocase(declaration, S("nullable"));
    if (!json_is(nullable, JSON_IS_BOOL)) return false;
    *out = nullable->u.boolean;
    return true;
}

static enum err check(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    const struct json  *next = declaration;
    enum parameter_type type = PARAMETER_STRING;
    bool                is_said = false, allows_null = false;
    for (size_t i = 0; next && i < MAX_REFS; i++) {
        declaration = next;
        TRY(evaluation_spend(e, 1));
        if (!is_said) is_said = get_nullable(declaration, &allows_null);
        if (value_is_null(value) && allows_null) return OK;
        TRY(follow(e, declaration, &next));
        if (next && !value_is_null(value)) { // what stands beside a $ref counts too
            TRY(check_allowed(e, declaration, value, true, name));
            TRY(check_limits(e, declaration, value, name));
        }
    }
    if (next) return FAIL(e->c, ERR_TEMPLATE_INVALID, "The definition of '%.*s' comes to itself.", PSTR(call_printable(e->c, name, 128)));
    TRY(check_type(e, declaration, value, name));
    if (value_is_null(value)) return OK;
    bool is_secure = schema_type(json_str(json_get_nocase(declaration, S("type"))), &type) && schema_is_secure(type);
    TRY(check_allowed(e, declaration, value, is_secure || is_nested(name), name));
    TRY(check_limits(e, declaration, value, name));
    if (json_is(value, JSON_IS_ARRAY)) return check_items(e, declaration, value, name);
    if (!json_is(value, JSON_IS_OBJECT)) return OK;
    TRY(check_properties(e, declaration, value, name));
    return check_discriminated(e, declaration, value, name);
}

enum err schema_check(struct evaluation *e, const struct json *declaration, const struct json *value, str name)
{
    if (e->depth == EVALUATION_MAX_DEPTH)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The definition of '%.*s' is nested too deep.", PSTR(call_printable(e->c, name, 128)));
    e->depth++;
    enum err got = check(e, declaration, value, name);
    e->depth--;
    return got;
}
