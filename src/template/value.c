#include "template/value.h"

#include <stdio.h>

const struct json VALUE_NULL = {.kind = JSON_IS_NULL}, VALUE_TRUE = {.kind = JSON_IS_BOOL, .u.boolean = true}, VALUE_FALSE = {.kind = JSON_IS_BOOL};

static enum err new_value(struct evaluation *e, struct json **out)
{
    return NEW(e->c, out, 1);
}

enum err value_int(struct evaluation *e, int64_t i, const struct json **out)
{
    struct json *v;
    TRY(new_value(e, &v));
    *v = (struct json){.kind = JSON_IS_INT, .u.integer = i};
    *out = v;
    return OK;
}

enum err value_real(struct evaluation *e, double d, const struct json **out)
{
    struct json *v;
    TRY(new_value(e, &v));
    *v = (struct json){.kind = JSON_IS_REAL, .u.real = d};
    *out = v;
    return OK;
}

enum err value_text(struct evaluation *e, str s, const struct json **out)
{
    struct json *v;
    if (s.n > TEMPLATE_MAX_TEXT_BYTES)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "A text that a function makes has more than %zu bytes.", TEMPLATE_MAX_TEXT_BYTES);
    TRY(new_value(e, &v));
    *v = (struct json){.kind = JSON_IS_STRING, .u.string = s.at ? s : S("")};
    *out = v;
    return evaluation_spend(e, s.n / 64);
}

enum err value_built(struct evaluation *e, const struct buf *b, const struct json **out)
{
    str text;
    TRY(buf_finish(e->c, b, &text));
    return value_text(e, text, out);
}

static enum err list_new(struct evaluation *e, enum json_kind kind, size_t room, struct json **out)
{
    struct json *v;
    if (room > TEMPLATE_MAX_VALUES)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "A value that a function makes has more than %d values in it.", TEMPLATE_MAX_VALUES);
    TRY(evaluation_spend(e, room));
    TRY(new_value(e, &v));
    v->kind = kind;
    TRY(NEW(e->c, &v->u.list.items, room));
    if (kind == JSON_IS_OBJECT) TRY(NEW(e->c, &v->u.list.names, room));
    *out = v;
    return OK;
}

enum err value_array_new(struct evaluation *e, size_t room, struct json **out)
{
    return list_new(e, JSON_IS_ARRAY, room, out);
}

enum err value_object_new(struct evaluation *e, size_t room, struct json **out)
{
    return list_new(e, JSON_IS_OBJECT, room, out);
}

void value_add(struct json *array, const struct json *item)
{
    array->u.list.items[array->u.list.n++] = *item;
}

void value_put(struct json *object, str name, const struct json *value)
{
    for (size_t i = 0; i < object->u.list.n; i++) {
        if (!str_eq_nocase(object->u.list.names[i], name)) continue;
        object->u.list.items[i] = *value;
        return;
    }
    json_object_add(object, name, value);
}

// Counts the values in `v`; stops where there are too many or they are too deep.
static enum err measure(struct evaluation *e, const struct json *v, unsigned depth, size_t *n)
{
    if (depth > TEMPLATE_MAX_DEPTH)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "A value that an expression makes is nested deeper than %d levels.", TEMPLATE_MAX_DEPTH);
    if (++*n > TEMPLATE_MAX_VALUES)
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "A value that an expression makes has more than %d values in it.", TEMPLATE_MAX_VALUES);
    for (size_t i = 0; i < json_n(v); i++) TRY(measure(e, &v->u.list.items[i], depth + 1, n));
    return OK;
}

enum err value_made(struct evaluation *e, const struct json *list, const struct json **out)
{
    size_t n = 0;
    TRY(measure(e, list, 0, &n));
    TRY(evaluation_spend(e, n));
    *out = list;
    return OK;
}

const char *value_kind(const struct json *v)
{
    if (!v) return "Null";
    switch (v->kind) {
    case JSON_IS_NULL: return "Null";
    case JSON_IS_BOOL: return "Boolean";
    case JSON_IS_INT: return "Integer";
    case JSON_IS_REAL: return "Float";
    case JSON_IS_STRING: return "String";
    case JSON_IS_ARRAY: return "Array";
    case JSON_IS_OBJECT: return "Object";
    }
    return "Unknown";
}

static double number(const struct json *v)
{
    return v->kind == JSON_IS_INT ? (double)v->u.integer : v->u.real;
}

static enum err lists_equal(struct evaluation *e, const struct json *a, const struct json *b, bool *out)
{
    *out = false;
    if (a->u.list.n != b->u.list.n) return OK;
    for (size_t i = 0; i < a->u.list.n; i++) {
        const struct json *other = a->kind == JSON_IS_ARRAY ? &b->u.list.items[i] : json_get_nocase(b, a->u.list.names[i]);
        bool               same = false;
        TRY(evaluation_spend(e, a->kind == JSON_IS_OBJECT ? json_n(b) / 8 : 0));
        if (other) TRY(value_equal(e, &a->u.list.items[i], other, &same));
        if (!same) return OK;
    }
    *out = true;
    return OK;
}

enum err value_equal(struct evaluation *e, const struct json *a, const struct json *b, bool *out)
{
    TRY(evaluation_spend(e, 1 + json_str(a).n / EVALUATION_BYTES_A_STEP));
    if (value_is_null(a) || value_is_null(b)) {
        *out = value_is_null(a) && value_is_null(b);
        return OK;
    }
    if (a->kind != b->kind) {
        bool numbers = (a->kind == JSON_IS_INT || a->kind == JSON_IS_REAL) && (b->kind == JSON_IS_INT || b->kind == JSON_IS_REAL);
        *out = numbers && number(a) == number(b);
        return OK;
    }
    switch (a->kind) {
    case JSON_IS_NULL: *out = true; return OK;
    case JSON_IS_BOOL: *out = a->u.boolean == b->u.boolean; return OK;
    case JSON_IS_INT: *out = a->u.integer == b->u.integer; return OK;
    case JSON_IS_REAL: *out = a->u.real == b->u.real; return OK;
    case JSON_IS_STRING: *out = str_eq(a->u.string, b->u.string); return OK;
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: return lists_equal(e, a, b, out);
    }
    return FAIL_PLAIN(e->c, ERR_INTERNAL);
}

enum err value_string(struct evaluation *e, const struct json *v, str *out)
{
    if (json_is(v, JSON_IS_STRING)) {
        *out = v->u.string;
        return OK;
    }
    size_t n = 0;
    TRY(measure(e, v, 0, &n));
    TRY(evaluation_spend(e, n));
    if (json_is(v, JSON_IS_BOOL)) {
        *out = v->u.boolean ? S("True") : S("False"); // as .NET writes a boolean
        return OK;
    }
    return json_text(e->c, v, out);
}
