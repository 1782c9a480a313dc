// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment
#include "template/function.h"
#include "template/inside.h"
#include "template/value.h"

static enum err parameters(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str name = json_str(args[0]);
    (void)n;
    if (!e->is_in_function) return template_parameter_get(e, name, out);
    for (const struct binding *b = e->arguments; b; b = b->outer) {
        if (!str_eq_nocase(b->name, name)) continue;
        *out = b->value;
        return OK;
    }
    return FAIL_FUNCTION(e, f, "the template function has no parameter '%.*s'.", PSTR(call_printable(e->c, name, 64)));
}

static enum err variables(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)f, (void)n;
    return template_variable_get(e, json_str(args[0]), out);
}

static const struct loop *find_loop(const struct loop *from, str name)
{
    for (; from; from = from->outer)
        if (str_empty(name) ? !from->is_property : str_eq_nocase(from->name, name)) return from;
    return NULL;
}

static enum err copy_index(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    bool               is_named = n > 0 && json_is(args[0], JSON_IS_STRING);
    const struct json *offset = n > (is_named ? 1 : 0) ? args[is_named ? 1 : 0] : NULL;
    const struct loop *loop = find_loop(e->loop, is_named ? json_str(args[0]) : STR_NONE);
    int64_t            index;
    if (n == 2 && !is_named) return FAIL_FUNCTION(e, f, "the first of two arguments must be the name of a loop.");
    if (offset && !json_is(offset, JSON_IS_INT)) return FAIL_FUNCTION(e, f, "the offset must be an integer.");
    if (!loop)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The template function 'copyIndex' is not expected at this location. The function can only be used in a resource with copy "
                    "specified, or with the "
                    "name of the copy loop that it stands in. Please see https://aka.ms/arm-copy for usage details.");
    if (__builtin_add_overflow(loop->index, offset ? offset->u.integer : 0, &index)) return FAIL_FUNCTION(e, f, "the offset is too large.");
    return value_int(e, index, out);
}

static enum err fail(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)f, (void)n, (void)out;
    return FAIL(e->c, ERR_TEMPLATE_INVALID, "%.*s", PSTR(call_printable(e->c, json_str(args[0]), 512)));
}

static const struct function ROWS[] = {
    {"parameters", "s",  1, 1, IN_ANY,                                           parameters},
    {"variables",  "s",  1, 1, IN_VARIABLE | IN_HEAD | IN_BODY | IN_OUTPUT,      variables},
    {"copyIndex",  "vi", 0, 2, IN_VARIABLE | IN_HEAD | IN_BODY | IN_OUTPUT,      copy_index},
    {"fail",       "s",  1, 1, IN_ANY,                                           fail},
};
const struct function_table FUNCTIONS_VALUES = {ROWS, COUNT(ROWS)};
