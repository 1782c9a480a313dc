/*
 * value.h - the values that functions make.
 *
 * Layer:  template (uses core)
 */
#pragma once
#include "template/evaluate.h"

extern const struct json VALUE_NULL, VALUE_TRUE, VALUE_FALSE;

static inline const struct json *value_bool(bool b)
{
    return b ? &VALUE_TRUE : &VALUE_FALSE;
}

static inline bool value_is_null(const struct json *v)
{
    return !v || v->kind == JSON_IS_NULL;
}

FALLIBLE value_int(struct evaluation *e, int64_t i, const struct json **out);
FALLIBLE value_real(struct evaluation *e, double d, const struct json **out);
/* `s` is not copied. Errors: ERR_TEMPLATE_INVALID - longer than TEMPLATE_MAX_TEXT_BYTES */
FALLIBLE value_text(struct evaluation *e, str s, const struct json **out);
/* What was built in `b`. */
FALLIBLE value_built(struct evaluation *e, const struct buf *b, const struct json **out);

/* A list to fill, of at most `room`, and then value_made. */
FALLIBLE value_array_new(struct evaluation *e, size_t room, struct json **out);
FALLIBLE value_object_new(struct evaluation *e, size_t room, struct json **out);
void     value_add(struct json *array, const struct json *item);
/* Puts a member in place of one of the same name, in any case, or behind the last. */
void value_put(struct json *object, str name, const struct json *value);
/* The end of building: the value keeps the limits of size and depth. */
FALLIBLE value_made(struct evaluation *e, const struct json *list, const struct json **out);

/* "Integer", "String" and so on: how messages name kinds. */
const char *value_kind(const struct json *v);

/* Deep equality; texts with case, names of members without. */
FALLIBLE value_equal(struct evaluation *e, const struct json *a, const struct json *b, bool *out);
/* As string() writes it: a text as it is, anything else as JSON without blanks. */
FALLIBLE value_string(struct evaluation *e, const struct json *v, str *out);
