// The variables of a template and the functions that it defines.
#include "template/inside.h"
#include "template/value.h"

#define MAX_FUNCTIONS 512 // ours

enum err template_check_count(struct evaluation *e, const char *what, const char *page, size_t n, int limit)
{
    if (n <= (size_t)limit) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "Deployment template validation failed: 'The number of template %s limit exceeded. Limit: '%d' and actual: '%zu'. Please see "
                "https://aka.ms/%s for usage details.'.",
                what, limit, n, page);
}

static enum err read_variable(struct evaluation *e, str name, const struct json *source, bool is_loop)
{
    struct variable *v = &e->t->variables[e->t->variable_n++];
    v->name = name;
    v->is_loop = is_loop;
    enum err got = form_read(e->c, source, IN_VARIABLE, NULL, &v->form);
    if (!got) return OK;
    return template_wrap(e->c, got, "The template variable '%.*s' is not valid:", PSTR(call_printable(e->c, name, 64)));
}

// "copy" among the variables: each loop of it is a variable, made of an object with nothing but that loop.
static enum err read_looped(struct evaluation *e, const struct json *loop)
{
    struct json *array, *object;
    if (!json_get_nocase(loop, S("name")) || !json_get_nocase(loop, S("count")) || !json_get_nocase(loop, S("input")))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Deployment template validation failed: 'A copy loop of the variables needs a name, a count and an input. Please see "
                    "https://aka.ms/arm-copy for usage details.'.");
    TRY(NEW(e->c, &array, 1));
    *array = (struct json){.kind = JSON_IS_ARRAY, .u.list = {.items = (struct json *)loop, .n = 1}};
    TRY(json_object_new(e->c, 1, &object));
    json_object_add(object, S("copy"), array);
    return read_variable(e, json_get_str(loop, S("name")), object, true);
}

static bool is_looped(str name, const struct json *v)
{
    return str_eq_nocase(name, S("copy")) && json_is(v, JSON_IS_ARRAY);
}

enum err template_variables_read(struct evaluation *e)
{
    const struct json *section;
    size_t             n = 0;
    TRY(template_section(e, "variables", &section));
    for (size_t i = 0; i < json_n(section); i++) n += is_looped(section->u.list.names[i], json_at(section, i)) ? json_n(json_at(section, i)) : 1;
    TRY(template_check_count(e, "variables", "arm-syntax", n, TEMPLATE_MAX_VARIABLES));
    TRY(NEW(e->c, &e->t->variables, n));
    for (size_t i = 0; i < json_n(section); i++) {
        const struct json *v = json_at(section, i);
        if (!is_looped(section->u.list.names[i], v)) TRY(read_variable(e, section->u.list.names[i], v, false));
        else
            for (size_t k = 0; k < json_n(v); k++) TRY(read_looped(e, json_at(v, k)));
    }
    return OK;
}

static struct variable *find_variable(const struct template *t, str name)
{
    for (size_t i = 0; i < t->variable_n; i++)
        if (str_eq_nocase(t->variables[i].name, name)) return &t->variables[i];
    return NULL;
}

// A variable sees no loop, lambda or function of where it is asked for.
static enum err evaluate_alone(struct evaluation *e, const struct form *f, const struct json **out)
{
    const struct evaluation before = *e;
    e->loop = NULL;
    e->bound = NULL;
    e->arguments = NULL;
    e->is_in_function = false;
    enum err got = evaluate_form(e, f, out);
    e->loop = before.loop;
    e->bound = before.bound;
    e->arguments = before.arguments;
    e->is_in_function = before.is_in_function;
    return got;
}

enum err template_variable_get(struct evaluation *e, str name, const struct json **out)
{
    struct variable *v = find_variable(e->t, name);
    TRY(evaluation_spend_lookup(e, e->t->variable_n, name));
    if (!v)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template variable '%.*s' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.",
                    PSTR(call_printable(e->c, name, 64)));
    if (v->state == LAZY_BUSY)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template variable '%.*s' comes to itself: circular dependency detected. Please see https://aka.ms/arm-syntax-variables for "
                    "usage details.",
                    PSTR(call_printable(e->c, name, 64)));
    if (v->state == LAZY_WAITING) {
        v->state = LAZY_BUSY;
        enum err got = evaluate_alone(e, &v->form, out);
        v->state = LAZY_WAITING;
        if (got) return got;
        if (v->is_loop) *out = json_at(*out, 0);
        if (e->c != e->t->c) return OK; // the value lives in another call than the template, and is not kept
        v->state = LAZY_DONE;
        v->value = *out;
    }
    *out = v->value;
    return OK;
}

static enum err read_function(struct evaluation *e, str space, str name, const struct json *source)
{
    struct user_function *f = &e->t->functions[e->t->function_n++];
    const struct json    *output = json_get_nocase(json_get_nocase(source, S("output")), S("value"));
    enum err              got = OK;
    *f = (struct user_function){.space = space, .name = name, .parameters = json_get_nocase(source, S("parameters"))};
    if (!output) got = FAIL(e->c, ERR_TEMPLATE_INVALID, "It has no output value.");
    if (!got) got = form_read(e->c, output, IN_FUNCTION, NULL, &f->output);
    if (!got) return OK;
    return template_wrap(e->c, got, "The template function '%.*s.%.*s' is not valid:", PSTR(call_printable(e->c, space, 64)),
                         PSTR(call_printable(e->c, name, 64)));
}

enum err template_functions_read(struct evaluation *e)
{
    const struct json *section = json_get_nocase(e->t->document, S("functions"));
    size_t             n = 0;
    for (size_t i = 0; i < json_n(section); i++) n += json_n(json_get_nocase(json_at(section, i), S("members")));
    TRY(template_check_count(e, "functions", "arm-syntax", n, MAX_FUNCTIONS));
    TRY(NEW(e->c, &e->t->functions, n));
    for (size_t i = 0; i < json_n(section); i++) {
        const struct json *members = json_get_nocase(json_at(section, i), S("members"));
        str                space = json_str(json_get_nocase(json_at(section, i), S("namespace")));
        for (size_t k = 0; json_is(members, JSON_IS_OBJECT) && k < json_n(members); k++)
            TRY(read_function(e, space, members->u.list.names[k], json_at(members, k)));
    }
    return OK;
}

const struct user_function *template_function_find(const struct template *t, str space, str name)
{
    for (size_t i = 0; i < t->function_n; i++)
        if (str_eq_nocase(t->functions[i].space, space) && str_eq_nocase(t->functions[i].name, name)) return &t->functions[i];
    return NULL;
}
