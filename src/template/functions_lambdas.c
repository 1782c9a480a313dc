// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-lambda
#include "template/function.h"
#include "template/value.h"

#define LAMBDA_MAX_VARIABLES 3

// lambda('a', 'b', body): the names of its variables are texts that stand there.
struct lambda {
    const struct expression *body;
    str                      names[LAMBDA_MAX_VARIABLES];
    size_t                   n;
};

static enum err refuse(struct evaluation *e, const struct expression *call, const char *why)
{
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "Unable to evaluate template language function '%.*s': %s. Please see https://aka.ms/arm-functions for usage details.",
                PSTR(call->name), why);
}

static enum err read_lambda(struct evaluation *e, const struct expression *call, const struct expression *lambda, size_t least, size_t most,
                            struct lambda *out)
{
    const struct expression *arg = lambda->args;
    *out = (struct lambda){0};
    for (; arg->next; arg = arg->next) {
        if (arg->kind != EXPRESSION_LITERAL || arg->literal.kind != JSON_IS_STRING)
            return refuse(e, call, "the names of a lambda's variables must be texts");
        if (out->n == most) return refuse(e, call, "its lambda has more variables than it gives");
        out->names[out->n++] = arg->literal.u.string;
    }
    if (out->n < least) return refuse(e, call, "its lambda has fewer variables than it needs");
    out->body = arg;
    return OK;
}

static enum err run(struct evaluation *e, const struct lambda *lambda, const struct json *const *values, const struct json **out)
{
    const struct binding *outer = e->bound;
    struct binding        bound[LAMBDA_MAX_VARIABLES];
    for (size_t i = 0; i < lambda->n; i++) {
        bound[i] = (struct binding){lambda->names[i], values[i], e->bound};
        e->bound = &bound[i];
    }
    enum err got = evaluate(e, lambda->body, out);
    e->bound = outer;
    return got;
}

// An item, and its index for a lambda that wants it.
static enum err run_item(struct evaluation *e, const struct lambda *lambda, const struct json *item, size_t i, const struct json **out)
{
    const struct json index = {.kind = JSON_IS_INT, .u.integer = (int64_t)i}, *copy = &index;
    if (lambda->n > 1) TRY(value_int(e, (int64_t)i, &copy)); // it may become part of the result
    return run(e, lambda, (const struct json *const[]){item, copy}, out);
}

static enum err run_bool(struct evaluation *e, const struct expression *call, const struct lambda *lambda, const struct json *a, const struct json *b,
                         bool *out)
{
    const struct json *v;
    TRY(run(e, lambda, (const struct json *const[]){a, b}, &v));
    if (!json_is(v, JSON_IS_BOOL)) return refuse(e, call, "its lambda must give a boolean");
    *out = v->u.boolean;
    return OK;
}

static enum err read_array(struct evaluation *e, const struct expression *call, const struct json **out)
{
    TRY(evaluate(e, call->args, out));
    return json_is(*out, JSON_IS_ARRAY) ? OK : refuse(e, call, "its first argument must be an array");
}

// With what the lambda gives for each item, in an array. Where one is not known yet the others are still looked at.
static enum err run_all(struct evaluation *e, const struct lambda *lambda, const struct json *array, const struct json **out)
{
    struct json *results;
    bool         is_late = false;
    TRY(value_array_new(e, json_n(array), &results));
    for (size_t i = 0; i < json_n(array); i++) {
        const struct json *v;
        enum err           got = run_item(e, lambda, json_at(array, i), i, &v);
        if (got == ERR_TEMPLATE_NOT_YET && e->keeps_unresolved) {
            call_forgive(e->c);
            is_late = true;
            continue;
        }
        if (got) return got;
        value_add(results, v);
    }
    if (is_late) return evaluation_not_yet(e);
    return value_made(e, results, out);
}

static enum err map(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *array;
    TRY(read_array(e, call, &array));
    TRY(read_lambda(e, call, call->args->next, 1, 2, &lambda));
    return run_all(e, &lambda, array, out);
}

static enum err filter(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *array, *verdicts;
    struct json       *kept;
    TRY(read_array(e, call, &array));
    TRY(read_lambda(e, call, call->args->next, 1, 2, &lambda));
    TRY(run_all(e, &lambda, array, &verdicts));
    TRY(value_array_new(e, json_n(array), &kept));
    for (size_t i = 0; i < json_n(array); i++) {
        if (!json_is(json_at(verdicts, i), JSON_IS_BOOL)) return refuse(e, call, "its lambda must give a boolean");
        if (json_at(verdicts, i)->u.boolean) value_add(kept, json_at(array, i));
    }
    return value_made(e, kept, out);
}

static enum err reduce(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *array, *index, *so_far;
    TRY(read_array(e, call, &array));
    TRY(evaluate(e, call->args->next, &so_far));
    TRY(read_lambda(e, call, call->args->next->next, 2, 3, &lambda));
    for (size_t i = 0; i < json_n(array); i++) {
        TRY(value_int(e, (int64_t)i, &index));
        TRY(run(e, &lambda, (const struct json *const[]){so_far, json_at(array, i), index}, &so_far));
    }
    *out = so_far;
    return OK;
}

// Merges two neighbouring runs of `items`, both in order, through `room`.
static enum err merge_runs(struct evaluation *e, const struct expression *call, const struct lambda *lambda, struct json *items, struct json *room,
                           size_t middle, size_t n)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < n; i++) {
        bool take_right = left == middle;
        if (!take_right && right < n) {
            bool left_first, right_first;
            TRY(run_bool(e, call, lambda, &items[left], &items[right], &left_first));
            if (!left_first) {
                TRY(run_bool(e, call, lambda, &items[right], &items[left], &right_first));
                take_right = right_first; // equal ones keep their order
            }
        }
        room[i] = items[take_right ? right++ : left++];
    }
    memcpy(items, room, n * sizeof *items);
    return OK;
}

static enum err sort(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *array;
    struct json       *sorted, *room;
    TRY(read_array(e, call, &array));
    TRY(read_lambda(e, call, call->args->next, 2, 2, &lambda));
    size_t n = json_n(array);
    TRY(value_array_new(e, n, &sorted));
    TRY(NEW(e->c, &room, n));
    for (size_t i = 0; i < n; i++) value_add(sorted, json_at(array, i));
    for (size_t width = 1; width < n; width *= 2)
        for (size_t from = 0; from + width < n; from += 2 * width) {
            size_t rest = n - from;
            TRY(merge_runs(e, call, &lambda, sorted->u.list.items + from, room, width, rest < 2 * width ? rest : 2 * width));
        }
    return value_made(e, sorted, out);
}

static enum err key_of(struct evaluation *e, const struct expression *call, const struct lambda *lambda, const struct json *item, size_t i, str *out)
{
    const struct json *key;
    TRY(run_item(e, lambda, item, i, &key));
    if (!json_is(key, JSON_IS_STRING)) return refuse(e, call, "its lambda for names must give a text");
    *out = key->u.string;
    return OK;
}

static enum err to_object(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda            names, values = {0};
    const struct expression *second = call->args->next->next;
    const struct json       *array, *v;
    struct json             *object;
    str                      name;
    TRY(read_array(e, call, &array));
    TRY(read_lambda(e, call, call->args->next, 1, 2, &names));
    if (second) TRY(read_lambda(e, call, second, 1, 2, &values));
    TRY(value_object_new(e, json_n(array), &object));
    for (size_t i = 0; i < json_n(array); i++) {
        v = json_at(array, i);
        TRY(evaluation_spend(e, 1 + json_n(object) / 16));
        TRY(key_of(e, call, &names, v, i, &name));
        if (second) TRY(run_item(e, &values, v, i, &v));
        value_put(object, name, v);
    }
    return value_made(e, object, out);
}

static enum err map_values(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *object, *v;
    struct json       *mapped;
    TRY(evaluate(e, call->args, &object));
    if (!json_is(object, JSON_IS_OBJECT)) return refuse(e, call, "its first argument must be an object");
    TRY(read_lambda(e, call, call->args->next, 1, 1, &lambda));
    TRY(value_object_new(e, json_n(object), &mapped));
    for (size_t i = 0; i < json_n(object); i++) {
        TRY(run_item(e, &lambda, json_at(object, i), i, &v));
        json_object_add(mapped, object->u.list.names[i], v);
    }
    return value_made(e, mapped, out);
}

static enum err group_by(struct evaluation *e, const struct expression *call, const struct json **out)
{
    struct lambda      lambda;
    const struct json *array;
    struct json       *groups, *one;
    str                name;
    TRY(read_array(e, call, &array));
    TRY(read_lambda(e, call, call->args->next, 1, 1, &lambda));
    TRY(value_object_new(e, json_n(array), &groups));
    for (size_t i = 0; i < json_n(array); i++) {
        TRY(evaluation_spend(e, 1 + json_n(groups) / 16));
        TRY(key_of(e, call, &lambda, json_at(array, i), i, &name));
        const struct json *old = json_get_nocase(groups, name);
        TRY(value_array_new(e, json_n(old) + 1, &one));
        for (size_t k = 0; k < json_n(old); k++) value_add(one, json_at(old, k));
        value_add(one, json_at(array, i));
        value_put(groups, name, one);
    }
    return value_made(e, groups, out);
}

// Those that take a lambda evaluate it; by itself it is nothing. The reader lets it stand nowhere else.
static enum err lambda_alone(struct evaluation *e, const struct expression *call, const struct json **out)
{
    (void)out;
    return refuse(e, call, "it is not expected at this location");
}

static enum err lambda_variable(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    for (const struct binding *b = e->bound; b; b = b->outer) {
        if (!str_eq_nocase(b->name, json_str(args[0]))) continue;
        *out = b->value;
        return OK;
    }
    return FAIL_FUNCTION(e, f, "there is no lambda variable '%.*s' here.", PSTR(call_printable(e->c, json_str(args[0]), 64)));
}

static const struct function ROWS[] = {
    {"lambda",          "v",   1, 1 + LAMBDA_MAX_VARIABLES, IN_ANY, .run_form = lambda_alone},
    {"lambdaVariables", "s",   1, 1,                        IN_ANY, lambda_variable},
    {"map",             "vf",  2, 2,                        IN_ANY, .run_form = map},
    {"mapValues",       "vf",  2, 2,                        IN_ANY, .run_form = map_values},
    {"filter",          "vf",  2, 2,                        IN_ANY, .run_form = filter},
    {"reduce",          "vvf", 3, 3,                        IN_ANY, .run_form = reduce},
    {"sort",            "vf",  2, 2,                        IN_ANY, .run_form = sort},
    {"toObject",        "vf",  2, 3,                        IN_ANY, .run_form = to_object},
    {"groupBy",         "vf",  2, 2,                        IN_ANY, .run_form = group_by},
};
const struct function_table FUNCTIONS_LAMBDAS = {ROWS, COUNT(ROWS)};
