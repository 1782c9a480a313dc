// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-object
#include <stdlib.h>

#include "template/function.h"
#include "template/value.h"

static enum err create_object(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *object;
    if (n % 2 != 0)
        return FAIL_FUNCTION(e, f, "function requires an even number of arguments, names and values in turn, while %zu were provided.", n);
    TRY(value_object_new(e, n / 2, &object));
    for (size_t i = 0; i < n; i += 2) {
        if (!json_is(args[i], JSON_IS_STRING)) return FAIL_FUNCTION(e, f, "the argument at index '%zu' must be a text, the name of a property.", i);
        value_put(object, args[i]->u.string, args[i + 1]);
    }
    return value_made(e, object, out);
}

struct member {
    str    name;
    size_t at;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int                  order = str_cmp_nocase(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static enum err sorted_members(struct evaluation *e, const struct json *object, struct member **out)
{
    TRY(NEW(e->c, out, json_n(object)));
    TRY(evaluation_spend(e, json_n(object)));
    for (size_t i = 0; i < json_n(object); i++) (*out)[i] = (struct member){object->u.list.names[i], i};
    if (json_n(object) > 1) qsort(*out, json_n(object), sizeof **out, compare_members);
    return OK;
}

static enum err items(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json   *pairs, *pair;
    struct member *members;
    (void)f, (void)n;
    TRY(sorted_members(e, args[0], &members));
    TRY(value_array_new(e, json_n(args[0]), &pairs));
    for (size_t i = 0; i < json_n(args[0]); i++) {
        TRY(value_object_new(e, 2, &pair));
        json_object_add(pair, S("key"), &(const struct json){.kind = JSON_IS_STRING, .u.string = members[i].name});
        json_object_add(pair, S("value"), json_at(args[0], members[i].at));
        value_add(pairs, pair);
    }
    return value_made(e, pairs, out);
}

static enum err object_keys(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json   *names;
    struct member *members;
    (void)f, (void)n;
    TRY(sorted_members(e, args[0], &members));
    TRY(value_array_new(e, json_n(args[0]), &names));
    for (size_t i = 0; i < json_n(args[0]); i++) value_add(names, &(const struct json){.kind = JSON_IS_STRING, .u.string = members[i].name});
    return value_made(e, names, out);
}

static enum err try_get(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    const struct json *v = args[0];
    (void)f;
    for (size_t i = 1; i < n && !value_is_null(v); i++) TRY(evaluate_access(e, v, args[i], &v));
    *out = v ? v : &VALUE_NULL;
    return OK;
}

static enum err shallow_merge(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *all;
    size_t       room = 0;
    (void)n;
    for (size_t i = 0; i < json_n(args[0]); i++) {
        if (!json_is(json_at(args[0], i), JSON_IS_OBJECT)) return FAIL_FUNCTION(e, f, "the item at index '%zu' is not an object.", i);
        room += json_n(json_at(args[0], i));
    }
    TRY(value_object_new(e, room, &all));
    for (size_t i = 0; i < json_n(args[0]); i++) {
        const struct json *one = json_at(args[0], i);
        for (size_t k = 0; k < json_n(one); k++) {
            TRY(evaluation_spend(e, 1 + json_n(all) / 16));
            value_put(all, one->u.list.names[k], json_at(one, k));
        }
    }
    return value_made(e, all, out);
}

static const struct function ROWS[] = {
    {"createObject", "v",  0, ARGUMENTS_MANY, IN_ANY, create_object},
    {"items",        "o",  1, 1,              IN_ANY, items},
    {"objectKeys",   "o",  1, 1,              IN_ANY, object_keys},
    {"tryGet",       "v",  2, ARGUMENTS_MANY, IN_ANY, try_get},
    {"shallowMerge", "a",  1, 1,              IN_ANY, shallow_merge},
};
const struct function_table FUNCTIONS_OBJECTS = {ROWS, COUNT(ROWS)};
