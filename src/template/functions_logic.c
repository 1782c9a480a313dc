// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-logical,
//         https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-comparison
#include "template/function.h"
#include "template/value.h"

static enum err yes(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)args, (void)n;
    *out = &VALUE_TRUE;
    return OK;
}

static enum err no(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)args, (void)n;
    *out = &VALUE_FALSE;
    return OK;
}

static enum err null(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)args, (void)n;
    *out = &VALUE_NULL;
    return OK;
}

static enum err not(struct evaluation * e, const struct function *f, const struct json *const *args, size_t n, const struct json **out) {
    (void)e, (void)f, (void)n; *out = value_bool(!args[0]->u.boolean); return OK;
}

static enum err to_bool(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str s = json_str(args[0]);
    (void)n;
    if (json_is(args[0], JSON_IS_BOOL)) *out = args[0];
    else if (json_is(args[0], JSON_IS_INT)) *out = value_bool(args[0]->u.integer != 0);
    else if (str_eq_nocase(s, S("true")) || str_eq(s, S("1"))) *out = &VALUE_TRUE;
    else if (str_eq_nocase(s, S("false")) || str_eq(s, S("0"))) *out = &VALUE_FALSE;
    else return FAIL_FUNCTION(e, f, "the value of type '%s' cannot be converted to a boolean.", value_kind(args[0]));
    return OK;
}

static enum err refuse_kind(struct evaluation *e, const struct function *f, const struct json *v)
{
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "The template language function '%s' expects its parameter to be of type 'Boolean'. The provided value is of type '%s'. Please see "
                "https://aka.ms/arm-functions for usage details.",
                f->name, value_kind(v));
}

// What a call for dependencies' sake meets: not known yet, then the rest of the arguments is looked at all the same.
static enum err see_all(struct evaluation *e, const struct expression *from)
{
    call_forgive(e->c);
    for (; from; from = from->next) TRY(evaluate_unused(e, from));
    return evaluation_not_yet(e);
}

static enum err choose(struct evaluation *e, const struct expression *call, const struct json **out)
{
    const struct expression *condition = call->args, *if_true = condition->next, *if_false = if_true->next;
    const struct json       *v;
    enum err                 got = evaluate(e, condition, &v);
    if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) return see_all(e, if_true);
    if (got) return got;
    if (!json_is(v, JSON_IS_BOOL)) return refuse_kind(e, call->function, v);
    return evaluate(e, v->u.boolean ? if_true : if_false, out);
}

// and(), or(): the first argument that settles it ends the evaluation.
static enum err settle(struct evaluation *e, const struct expression *call, bool settling, const struct json **out)
{
    for (const struct expression *arg = call->args; arg; arg = arg->next) {
        const struct json *v;
        enum err           got = evaluate(e, arg, &v);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) return see_all(e, arg->next);
        if (got) return got;
        if (!json_is(v, JSON_IS_BOOL)) return refuse_kind(e, call->function, v);
        *out = v;
        if (v->u.boolean == settling) return OK;
    }
    return OK;
}

static enum err and (struct evaluation * e, const struct expression *call, const struct json **out) { return settle(e, call, false, out); }

static enum err or (struct evaluation * e, const struct expression *call, const struct json **out) { return settle(e, call, true, out); }

static enum err coalesce(struct evaluation *e, const struct expression *call, const struct json **out)
{
    for (const struct expression *arg = call->args; arg; arg = arg->next) {
        enum err got = evaluate(e, arg, out);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) return see_all(e, arg->next);
        if (got) return got;
        if (!value_is_null(*out)) return OK;
    }
    return OK;
}

static enum err equals(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    bool same;
    (void)f, (void)n;
    TRY(value_equal(e, args[0], args[1], &same));
    *out = value_bool(same);
    return OK;
}

static enum err compare(struct evaluation *e, const struct function *f, const struct json *const *args, int *out)
{
    const struct json *a = args[0], *b = args[1];
    if (a->kind != b->kind)
        return FAIL_FUNCTION(e, f, "the arguments must be of the same type; they are of type '%s' and '%s'.", value_kind(a), value_kind(b));
    *out = a->kind == JSON_IS_STRING ? str_cmp(a->u.string, b->u.string) : (a->u.integer > b->u.integer) - (a->u.integer < b->u.integer);
    return OK;
}

static enum err less(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int order;
    (void)n;
    TRY(compare(e, f, args, &order));
    *out = value_bool(order < 0);
    return OK;
}

static enum err less_or_equals(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int order;
    (void)n;
    TRY(compare(e, f, args, &order));
    *out = value_bool(order <= 0);
    return OK;
}

static enum err greater(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int order;
    (void)n;
    TRY(compare(e, f, args, &order));
    *out = value_bool(order > 0);
    return OK;
}

static enum err greater_or_equals(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int order;
    (void)n;
    TRY(compare(e, f, args, &order));
    *out = value_bool(order >= 0);
    return OK;
}

static const struct function ROWS[] = {
    {"true",            "v", 0, 0,              IN_ANY, yes},
    {"false",           "v", 0, 0,              IN_ANY, no},
    {"null",            "v", 0, 0,              IN_ANY, null},
    {"not",             "b", 1, 1,              IN_ANY, not},
    {"bool",            "v", 1, 1,              IN_ANY, to_bool},
    {"if",              "v", 3, 3,              IN_ANY, .run_form = choose},
    {"and",             "v", 1, ARGUMENTS_MANY, IN_ANY, .run_form = and},
    {"or",              "v", 1, ARGUMENTS_MANY, IN_ANY, .run_form = or},
    {"coalesce",        "v", 1, ARGUMENTS_MANY, IN_ANY, .run_form = coalesce},
    {"equals",          "v", 2, 2,              IN_ANY, equals},
    {"less",            "n", 2, 2,              IN_ANY, less},
    {"lessOrEquals",    "n", 2, 2,              IN_ANY, less_or_equals},
    {"greater",         "n", 2, 2,              IN_ANY, greater},
    {"greaterOrEquals", "n", 2, 2,              IN_ANY, greater_or_equals},
};
const struct function_table FUNCTIONS_LOGIC = {ROWS, COUNT(ROWS)};
