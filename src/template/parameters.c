// The parameters of a template: declared, given, by default.
#include "core/buf.h"
#include "core/random.h"
#include "template/inside.h"
#include "template/value.h"

#define AKA_PARAMETERS "Please see https://aka.ms/arm-syntax-parameters for usage details."

static struct parameter *find(const struct template *t, str name)
{
    for (size_t i = 0; i < t->parameter_n; i++)
        if (str_eq_nocase(t->parameters[i].name, name)) return &t->parameters[i];
    return NULL;
}

str template_parameter_place(struct evaluation *e, str name)
{
    const struct parameter *p = find(e->t, name);
    return p ? template_place(e->t, e->c, p->declaration, STR_NONE) : STR_NONE;
}

static enum err declare(struct evaluation *e, str name, const struct json *declaration)
{
    struct parameter  *p = &e->t->parameters[e->t->parameter_n++];
    const struct json *resolved, *fallback = json_get_nocase(declaration, S("defaultValue"));
    *p = (struct parameter){.name = name, .declaration = declaration, .has_fallback = fallback != NULL};
    TRY(schema_resolve(e, declaration, &resolved));
    if (!schema_type(json_str(json_get_nocase(resolved, S("type"))), &p->type))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The type '%.*s' is not one of 'string, securestring, int, bool, object, secureObject, array'.",
                    PSTR(call_printable(e->c, json_str(json_get_nocase(resolved, S("type"))), 64)));
    return fallback ? form_read(e->c, fallback, IN_DEFAULT, NULL, &p->fallback) : OK;
}

static enum err declare_all(struct evaluation *e)
{
    const struct json *section;
    TRY(template_section(e, "parameters", &section));
    size_t n = json_n(section);
    TRY(template_check_count(e, "parameters", "arm-syntax-parameters", n, TEMPLATE_MAX_PARAMETERS));
    TRY(NEW(e->c, &e->t->parameters, n));
    for (size_t i = 0; i < n; i++) {
        str      name = section->u.list.names[i];
        enum err got = declare(e, name, json_at(section, i));
        if (got)
            return template_wrap(e->c, got, "The template parameter '%.*s'%.*s is not valid:", PSTR(call_printable(e->c, name, 64)),
                                 PSTR(template_place(e->t, e->c, json_at(section, i), STR_NONE)));
    }
    return OK;
}

static enum err refuse_unknown(struct evaluation *e, str names)
{
    struct buf known;
    str        text;
    buf_init(&known, &e->c->arena);
    for (size_t i = 0; i < e->t->parameter_n && known.n < 500; i++) {
        if (i) buf_add(&known, S(", "));
        buf_add(&known, call_printable(e->c, e->t->parameters[i].name, 64));
    }
    TRY(buf_finish(e->c, &known, &text));
    return FAIL(
        e->c, ERR_TEMPLATE_INVALID,
        "Deployment template validation failed: 'The template parameters '%.*s' in the parameters file are not valid; they are not present in the "
        "original "
        "template and can therefore not be provided at deployment time. The only supported parameters for this template are '%.*s'. Please see "
        "https://aka.ms/arm-pass-parameter-values for usage details.'.",
        PSTR(names), PSTR(text));
}

// Takes what the deployment gives; names that the template does not have are said all at once.
static enum err take_given(struct evaluation *e, const struct json *given)
{
    struct buf unknown;
    str        names;
    buf_init(&unknown, &e->c->arena);
    if (given && given->kind != JSON_IS_NULL && given->kind != JSON_IS_OBJECT)
        return FAIL(e->c, ERR_TEMPLATE_PARAMETER_VALUE, "The parameters of a deployment must be an object, and are of type '%s'.", value_kind(given));
    for (size_t i = 0; i < json_n(given); i++) {
        struct parameter  *p = find(e->t, given->u.list.names[i]);
        const struct json *value = json_get_nocase(json_at(given, i), S("value"));
        if (!p) {
            if (unknown.n) buf_add(&unknown, S(", "));
            if (unknown.n < 400) buf_add(&unknown, call_printable(e->c, given->u.list.names[i], 64));
            continue;
        }
        if (!value)
            return FAIL(e->c, ERR_TEMPLATE_PARAMETER_VALUE,
                        "The value of deployment parameter '%.*s' is null. Please specify the value or use the parameter reference. See "
                        "https://aka.ms/arm-create-parameter-file for details.",
                        PSTR(call_printable(e->c, p->name, 64)));
        if (p->given)
            return FAIL(e->c, ERR_TEMPLATE_PARAMETER_VALUE, "The deployment parameter '%.*s' is given twice, in different cases.",
                        PSTR(call_printable(e->c, p->name, 64)));
        if (value->kind != JSON_IS_NULL || !p->has_fallback) p->given = value;
    }
    TRY(buf_finish(e->c, &unknown, &names));
    return str_empty(names) ? OK : refuse_unknown(e, names);
}

#define MARK_MORE 16 // letters that a mark has beyond the text: a text may be empty, and its length is a secret too

// No letter stands where the text has it, so that no part of a mark is that part of the text.
static enum err mark_text(struct call *c, str text, str *out)
{
    char   *mark;
    size_t  n = text.n + MARK_MORE;
    uint8_t byte;
    TRY(NEW(c, &mark, n));
    for (size_t i = 0; i < n; i++) {
        random_fill(c->random, &byte, 1);
        mark[i] = (char)('a' + byte % 25);
        if (i < text.n && mark[i] == (text.at[i] | 0x20)) mark[i] = 'z';
    }
    *out = (str){.at = mark, .n = n};
    return OK;
}

// Depth is bounded by the reader of the parameters, and by value_made.
static enum err mark(struct call *c, const struct json *v, struct json *out)
{
    *out = *v;
    switch (v->kind) {
    case JSON_IS_NULL: return OK;
    case JSON_IS_BOOL: out->u.boolean = !v->u.boolean; return OK;
    case JSON_IS_INT: out->u.integer ^= 1; return OK;
    case JSON_IS_REAL: out->u.real = -v->u.real - 1; return OK;
    case JSON_IS_STRING: return mark_text(c, v->u.string, &out->u.string);
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: break;
    }
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) TRY(mark(c, json_at(v, i), &out->u.list.items[i]));
    return OK;
}

static enum err evaluate_parameter(struct evaluation *e, struct parameter *p)
{
    const struct json *nullable = json_get_nocase(p->declaration, S("nullable"));
    if (p->given) {
        p->value = p->given;
    } else if (p->has_fallback) {
        TRY(evaluate_form(e, &p->fallback, &p->value));
    } else if (json_is(nullable, JSON_IS_BOOL) && nullable->u.boolean) {
        p->value = &VALUE_NULL;
    } else {
        return FAIL(
            e->c, ERR_TEMPLATE_INVALID,
            "The value for the template parameter '%.*s'%.*s is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.",
            PSTR(call_printable(e->c, p->name, 64)), PSTR(template_parameter_place(e, p->name)));
    }
    TRY(value_made(e, p->value, &p->value));
    e->met_secure = schema_is_secure(p->type);
    TRY(schema_check(e, p->declaration, p->value, p->name));
    p->holds_secure = e->met_secure;
    if (!p->holds_secure || !e->t->site.marks_secure) return OK;
    struct json *marked;
    TRY(NEW(e->c, &marked, 1));
    TRY(mark(e->c, p->value, marked));
    p->value = marked;
    return OK;
}

enum err template_parameter_get(struct evaluation *e, str name, const struct json **out)
{
    struct parameter *p = find(e->t, name);
    TRY(evaluation_spend_lookup(e, e->t->parameter_n, name));
    if (!p)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The template parameter '%.*s' is not found. " AKA_PARAMETERS, PSTR(call_printable(e->c, name, 64)));
    if (p->state == LAZY_BUSY)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The template parameter '%.*s' comes to itself: circular dependency detected. " AKA_PARAMETERS,
                    PSTR(call_printable(e->c, p->name, 64)));
    if (p->state == LAZY_WAITING) {
        p->state = LAZY_BUSY;
        TRY(evaluate_parameter(e, p));
        p->state = LAZY_DONE;
    }
    *out = p->value;
    return OK;
}

enum err template_parameters_read(struct evaluation *e, const struct json *given)
{
    const struct json *ignored;
    TRY(declare_all(e));
    TRY(take_given(e, given));
    for (size_t i = 0; i < e->t->parameter_n; i++) {
        enum err got = template_parameter_get(e, e->t->parameters[i].name, &ignored);
        if (got) return template_wrap(e->c, got, "%s", "");
    }
    return OK;
}

enum err template_parameters_shown(struct call *c, const struct template *t, const struct json **out)
{
    struct json *all, *one;
    TRY(json_object_new(c, t->parameter_n, &all));
    for (size_t i = 0; i < t->parameter_n; i++) {
        const struct parameter *p = &t->parameters[i];
        TRY(json_object_new(c, 2, &one));
        json_object_add(one, S("type"), &(const struct json){.kind = JSON_IS_STRING, .u.string = str_of(schema_type_shown(p->type))});
        if (!p->holds_secure) json_object_add(one, S("value"), p->value);
        json_object_add(all, p->name, one);
    }
    *out = all;
    return OK;
}
