// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array
#include "template/characters.h"
#include "template/function.h"
#include "template/value.h"

static enum err create_array(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *items;
    (void)f;
    TRY(value_array_new(e, n, &items));
    for (size_t i = 0; i < n; i++) value_add(items, args[i]);
    return value_made(e, items, out);
}

static enum err to_array(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    if (!json_is(args[0], JSON_IS_ARRAY)) return create_array(e, f, args, n, out);
    *out = args[0];
    return OK;
}

static enum err length(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)f, (void)n;
    return value_int(e, (int64_t)(json_is(args[0], JSON_IS_STRING) ? str_characters(json_str(args[0])) : json_n(args[0])), out);
}

static enum err empty(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)n;
    *out = value_bool(str_empty(json_str(args[0])) && json_n(args[0]) == 0);
    return OK;
}

// The index of the first (last) item that equals `wanted`; -1: none.
static enum err find_item(struct evaluation *e, const struct json *array, const struct json *wanted, bool last, int64_t *out)
{
    int64_t found = -1;
    for (size_t i = 0; i < json_n(array) && (last || found < 0); i++) {
        bool same;
        TRY(value_equal(e, json_at(array, i), wanted, &same));
        if (same) found = (int64_t)i;
    }
    *out = found;
    return OK;
}

static enum err contains(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t at;
    str     text;
    (void)n;
    if (json_is(args[0], JSON_IS_ARRAY)) {
        TRY(find_item(e, args[0], args[1], false, &at));
        *out = value_bool(at >= 0);
        return OK;
    }
    if (!json_is(args[1], JSON_IS_STRING) && !json_is(args[1], JSON_IS_INT))
        return FAIL_FUNCTION(e, f, "the value to find in a value of type '%s' is of type '%s'.", value_kind(args[0]), value_kind(args[1]));
    TRY(value_string(e, args[1], &text));
    *out =
        value_bool(json_is(args[0], JSON_IS_OBJECT) ? json_get_nocase(args[0], text) != NULL : str_find_str(json_str(args[0]), text) != STR_NOWHERE);
    return OK;
}

static enum err end_of(struct evaluation *e, const struct json *v, bool last, const struct json **out)
{
    str s = json_str(v);
    if (json_is(v, JSON_IS_ARRAY)) {
        *out = json_n(v) == 0 ? &VALUE_NULL : json_at(v, last ? json_n(v) - 1 : 0);
        return OK;
    }
    if (last && s.n) s = str_from(s, characters_offset(s, str_characters(s) - 1));
    return value_text(e, str_upto(s, characters_offset(s, 1)), out);
}

static enum err refuse_object(struct evaluation *e, const struct function *f)
{
    return FAIL_FUNCTION(e, f, "the argument must be an array or a text.");
}

static enum err first(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    if (json_is(args[0], JSON_IS_OBJECT)) return refuse_object(e, f);
    return end_of(e, args[0], false, out);
}

static enum err last(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    if (json_is(args[0], JSON_IS_OBJECT)) return refuse_object(e, f);
    return end_of(e, args[0], true, out);
}

static enum err piece(struct evaluation *e, const struct json *v, size_t from, size_t to, const struct json **out)
{
    struct json *items;
    if (json_is(v, JSON_IS_STRING)) {
        str    s = v->u.string;
        size_t start = characters_offset(s, from);
        return value_text(e, (str){s.at + start, characters_offset(s, to) - start}, out);
    }
    TRY(value_array_new(e, to - from, &items));
    for (size_t i = from; i < to; i++) value_add(items, json_at(v, i));
    return value_made(e, items, out);
}

static size_t size_of(const struct json *v)
{
    return json_is(v, JSON_IS_STRING) ? str_characters(v->u.string) : json_n(v);
}

static size_t clamp(int64_t n, size_t most)
{
    return n < 0 ? 0 : (uint64_t)n > most ? most : (size_t)n;
}

static enum err take(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    if (json_is(args[0], JSON_IS_OBJECT)) return refuse_object(e, f);
    return piece(e, args[0], 0, clamp(args[1]->u.integer, size_of(args[0])), out);
}

static enum err skip(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    size_t all = size_of(args[0]);
    (void)n;
    if (json_is(args[0], JSON_IS_OBJECT)) return refuse_object(e, f);
    return piece(e, args[0], clamp(args[1]->u.integer, all), all, out);
}

static enum err index_in(struct evaluation *e, const struct function *f, const struct json *const *args, bool is_last, const struct json **out)
{
    int64_t at;
    if (json_is(args[0], JSON_IS_ARRAY)) {
        TRY(find_item(e, args[0], args[1], is_last, &at));
        return value_int(e, at, out);
    }
    if (!json_is(args[0], JSON_IS_STRING) || !json_is(args[1], JSON_IS_STRING))
        return FAIL_FUNCTION(e, f, "the arguments must be two texts, or an array and a value.");
    TRY(evaluation_spend_search(e, json_str(args[0]).n, json_str(args[1]).n));
    return value_int(e, characters_find(json_str(args[0]), json_str(args[1]), true, is_last), out);
}

static enum err index_of(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    return index_in(e, f, args, false, out);
}

static enum err last_index_of(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    return index_in(e, f, args, true, out);
}

// The n-th from the end, from 1.
static enum err from_end(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t back = args[1]->u.integer;
    (void)n;
    if (back < 1 || (uint64_t)back > json_n(args[0]))
        return FAIL_FUNCTION(e, f, "the index '%lld' is out of bounds of the array of '%zu' items.", (long long)back, json_n(args[0]));
    *out = json_at(args[0], json_n(args[0]) - (size_t)back);
    return OK;
}

static enum err try_from_end(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t back = args[1]->u.integer;
    if (back >= 1 && (uint64_t)back <= json_n(args[0])) return from_end(e, f, args, n, out);
    *out = &VALUE_NULL;
    return OK;
}

static enum err flatten(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *all;
    size_t       room = 0;
    (void)n;
    for (size_t i = 0; i < json_n(args[0]); i++) {
        if (!json_is(json_at(args[0], i), JSON_IS_ARRAY)) return FAIL_FUNCTION(e, f, "the item at index '%zu' is not an array.", i);
        room += json_n(json_at(args[0], i));
    }
    TRY(value_array_new(e, room, &all));
    for (size_t i = 0; i < json_n(args[0]); i++)
        for (size_t k = 0; k < json_n(json_at(args[0], i)); k++) value_add(all, json_at(json_at(args[0], i), k));
    return value_made(e, all, out);
}

static enum err check_alike(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (args[i]->kind != args[0]->kind) return FAIL_FUNCTION(e, f, "the arguments must be all arrays or all objects.");
    return OK;
}

static enum err add_once(struct evaluation *e, struct json *items, const struct json *item)
{
    int64_t at;
    TRY(find_item(e, items, item, false, &at));
    if (at < 0) value_add(items, item);
    return OK;
}

// Members of the same name in both: objects are merged, anything else comes from the later one.
static enum err merge(struct evaluation *e, const struct json *a, const struct json *b, const struct json **out)
{
    struct json *all;
    TRY(value_object_new(e, json_n(a) + json_n(b), &all));
    for (size_t i = 0; i < json_n(a); i++) json_object_add(all, a->u.list.names[i], json_at(a, i));
    for (size_t i = 0; i < json_n(b); i++) {
        const struct json *old = json_get_nocase(a, b->u.list.names[i]), *next = json_at(b, i);
        TRY(evaluation_spend(e, 1 + json_n(all) / 16));
        if (json_is(old, JSON_IS_OBJECT) && json_is(next, JSON_IS_OBJECT)) TRY(merge(e, old, next, &next));
        value_put(all, b->u.list.names[i], next);
    }
    *out = all;
    return OK;
}

static enum err union_of(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    size_t room = 0;
    TRY(check_alike(e, f, args, n));
    if (json_is(args[0], JSON_IS_OBJECT)) {
        const struct json *all = args[0];
        for (size_t i = 1; i < n; i++) TRY(merge(e, all, args[i], &all));
        return value_made(e, all, out);
    }
    struct json *items;
    for (size_t i = 0; i < n; i++) room += json_n(args[i]);
    TRY(value_array_new(e, room, &items));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < json_n(args[i]); k++) TRY(add_once(e, items, json_at(args[i], k)));
    return value_made(e, items, out);
}

// Does every other argument have this item, or this member with an equal value?
static enum err all_have(struct evaluation *e, const struct json *const *others, size_t n, str name, const struct json *v, bool *out)
{
    *out = true;
    for (size_t i = 0; i < n && *out; i++) {
        if (json_is(others[i], JSON_IS_ARRAY)) {
            int64_t at;
            TRY(find_item(e, others[i], v, false, &at));
            *out = at >= 0;
        } else {
            TRY(evaluation_spend(e, json_n(others[i]) / 8));
            const struct json *member = json_get_nocase(others[i], name);
            *out = false;
            if (member) TRY(value_equal(e, member, v, out));
        }
    }
    return OK;
}

static enum err intersection(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *common;
    bool         is_object = json_is(args[0], JSON_IS_OBJECT), everywhere;
    TRY(check_alike(e, f, args, n));
    TRY(is_object ? value_object_new(e, json_n(args[0]), &common) : value_array_new(e, json_n(args[0]), &common));
    for (size_t i = 0; i < json_n(args[0]); i++) {
        str name = is_object ? args[0]->u.list.names[i] : STR_NONE;
        TRY(all_have(e, args + 1, n - 1, name, json_at(args[0], i), &everywhere));
        if (!everywhere) continue;
        if (is_object) json_object_add(common, name, json_at(args[0], i));
        else TRY(add_once(e, common, json_at(args[0], i)));
    }
    return value_made(e, common, out);
}

static const struct function ROWS[] = {
    {"createArray",     "v",  0, ARGUMENTS_MANY, IN_ANY, create_array},
    {"array",           "v",  1, 1,              IN_ANY, to_array},
    {"length",          "l",  1, 1,              IN_ANY, length},
    {"empty",           "z",  1, 1,              IN_ANY, empty},
    {"contains",        "lv", 2, 2,              IN_ANY, contains},
    {"first",           "l",  1, 1,              IN_ANY, first},
    {"last",            "l",  1, 1,              IN_ANY, last},
    {"take",            "li", 2, 2,              IN_ANY, take},
    {"skip",            "li", 2, 2,              IN_ANY, skip},
    {"indexOf",         "lv", 2, 2,              IN_ANY, index_of},
    {"lastIndexOf",     "lv", 2, 2,              IN_ANY, last_index_of},
    {"indexFromEnd",    "ai", 2, 2,              IN_ANY, from_end},
    {"tryIndexFromEnd", "ai", 2, 2,              IN_ANY, try_from_end},
    {"flatten",         "a",  1, 1,              IN_ANY, flatten},
    {"union",           "c",  1, ARGUMENTS_MANY, IN_ANY, union_of},
    {"intersection",    "c",  1, ARGUMENTS_MANY, IN_ANY, intersection},
};
const struct function_table FUNCTIONS_COLLECTIONS = {ROWS, COUNT(ROWS)};
