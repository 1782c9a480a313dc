// The outputs of a template.
#include "template/inside.h"
#include "template/value.h"

struct output {
    str                 name;
    const struct json  *source;
    struct form         condition;
    enum parameter_type type;
    bool                has_loop;
    struct form_copy    copy; /* `input` is the value, of one without a loop too */
};

static enum err read_output(struct evaluation *e, struct output *o)
{
    const struct json *resolved, *copy = json_get_nocase(o->source, S("copy")), *value = json_get_nocase(o->source, S("value"));
    TRY(schema_resolve(e, o->source, &resolved));
    if (!schema_type(json_str(json_get_nocase(resolved, S("type"))), &o->type))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "It has no type that is one of those of parameters.");
    o->has_loop = json_is(copy, JSON_IS_OBJECT);
    if (o->has_loop) value = json_get_nocase(copy, S("input"));
    if (!value) return FAIL(e->c, ERR_TEMPLATE_INVALID, "It has no value.");
    TRY(form_read(e->c, value, IN_OUTPUT, NULL, &o->copy.input));
    TRY(form_read(e->c, json_get_nocase(o->source, S("condition")), IN_HEAD, NULL, &o->condition));
    return form_read(e->c, json_get_nocase(copy, S("count")), IN_HEAD, NULL, &o->copy.count);
}

// *out NULL: its condition is false.
static enum err evaluate_output(struct evaluation *e, const struct output *o, const struct json **out)
{
    const struct json *nullable = json_get_nocase(o->source, S("nullable"));
    bool               is_true = true;
    *out = NULL;
    if (!value_is_null(o->condition.source)) TRY(evaluate_bool(e, &o->condition, "condition", &is_true));
    if (!is_true) return OK;
    e->is_partial = false;
    TRY(o->has_loop ? evaluate_loop(e, &o->copy, false, out) : evaluate_form(e, &o->copy.input, out));
    e->met_secure = schema_is_secure(o->type);
    if (e->is_partial || (value_is_null(*out) && json_is(nullable, JSON_IS_BOOL) && nullable->u.boolean)) return OK;
    if (schema_type_fits(o->type, *out)) return schema_check(e, o->source, *out, o->name);
    return FAIL(
        e->c, ERR_TEMPLATE_INVALID,
        "Template output JToken type is not valid. Expected '%s'. Actual '%s'. Please see https://aka.ms/arm-syntax-outputs for usage details.",
        schema_type_expected(o->type), value_kind(*out));
}

// A value that is secure, or has a member that is, is not shown.
static enum err add_output(struct evaluation *e, struct json *all, const struct output *o, const struct json *value)
{
    struct json *one;
    TRY(json_object_new(e->c, 2, &one));
    json_object_add(one, S("type"), &(const struct json){.kind = JSON_IS_STRING, .u.string = str_of(schema_type_shown(o->type))});
    if (!e->met_secure) json_object_add(one, S("value"), value);
    json_object_add(all, o->name, one);
    return OK;
}

static enum err wrap(struct evaluation *e, enum err got, const struct output *o)
{
    str name = call_printable(e->c, o->name, 64);
    if (got != ERR_TEMPLATE_INVALID) return got;
    if (!e->outside)
        return template_wrap(e->c, got, "The template output '%.*s'%.*s is not valid:", PSTR(name),
                             PSTR(template_place(e->t, e->c, o->source, STR_NONE)));
    str why = call_text(e->c, str_of(e->c->failure.text));
    call_forgive(e->c);
    return FAIL(e->c, ERR_TEMPLATE_OUTPUT_INVALID, "The template output '%.*s' is not valid: %.*s.", PSTR(name), PSTR(why));
}

enum err template_outputs(struct call *c, struct template *t, const struct template_outside *outside, const struct json **out)
{
    const struct json *section, *value;
    struct evaluation  e;
    struct json       *all;
    evaluation_begin(&e, c, t);
    TRY(template_section(&e, "outputs", &section));
    size_t n = json_n(section);
    e.outside = outside;
    e.keeps_unresolved = !outside || !outside->get || !outside->list;
    TRY(template_check_count(&e, "outputs", "arm-syntax-outputs", n, TEMPLATE_MAX_OUTPUTS));
    TRY(json_object_new(c, n, &all));
    for (size_t i = 0; i < n; i++) {
        struct output o = {.name = section->u.list.names[i], .source = json_at(section, i)};
        enum err      got = read_output(&e, &o);
        if (!got) got = evaluate_output(&e, &o, &value);
        if (got) return template_told(c, t, wrap(&e, got, &o));
        if (value) TRY(add_output(&e, all, &o, value));
    }
    TRY(call_check_texts(c));
    *out = all;
    return OK;
}
