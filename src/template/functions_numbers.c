// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-numeric
#include <math.h>
#include <stdlib.h>

#include "template/function.h"
#include "template/value.h"

#define RANGE_MAX_ITEMS 10000
#define RANGE_MAX_VALUE INT64_C(2147483647)

static enum err refuse_overflow(struct evaluation *e, const struct function *f)
{
    return FAIL_FUNCTION(e, f, "arithmetic operation resulted in an overflow.");
}

static enum err add(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t r;
    (void)n;
    if (__builtin_add_overflow(args[0]->u.integer, args[1]->u.integer, &r)) return refuse_overflow(e, f);
    return value_int(e, r, out);
}

static enum err sub(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t r;
    (void)n;
    if (__builtin_sub_overflow(args[0]->u.integer, args[1]->u.integer, &r)) return refuse_overflow(e, f);
    return value_int(e, r, out);
}

static enum err mul(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t r;
    (void)n;
    if (__builtin_mul_overflow(args[0]->u.integer, args[1]->u.integer, &r)) return refuse_overflow(e, f);
    return value_int(e, r, out);
}

static enum err check_divisor(struct evaluation *e, const struct function *f, const struct json *const *args)
{
    if (args[1]->u.integer == 0) return FAIL_FUNCTION(e, f, "attempted to divide by zero.");
    if (args[1]->u.integer == -1 && args[0]->u.integer == INT64_MIN) return refuse_overflow(e, f);
    return OK;
}

static enum err quotient(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    TRY(check_divisor(e, f, args));
    return value_int(e, args[0]->u.integer / args[1]->u.integer, out);
}

static enum err remainder_of(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    TRY(check_divisor(e, f, args));
    return value_int(e, args[0]->u.integer % args[1]->u.integer, out);
}

static str trimmed(const struct json *v)
{
    str s = str_trim(json_str(v));
    return str_starts(s, S("+")) ? str_from(s, 1) : s;
}

static enum err to_int(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t i;
    (void)n;
    if (json_is(args[0], JSON_IS_INT)) {
        *out = args[0];
        return OK;
    }
    if (json_is(args[0], JSON_IS_REAL) && fabs(args[0]->u.real) < 9.2e18) return value_int(e, llrint(args[0]->u.real), out);
    if (json_is(args[0], JSON_IS_STRING) && str_to_i64(trimmed(args[0]), &i)) return value_int(e, i, out);
    return FAIL_FUNCTION(e, f, "the value of type '%s' cannot be converted to an integer.", value_kind(args[0]));
}

static enum err to_float(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)n;
    if (json_is(args[0], JSON_IS_INT)) return value_real(e, (double)args[0]->u.integer, out);
    if (json_is(args[0], JSON_IS_REAL)) {
        *out = args[0];
        return OK;
    }
    str         s = trimmed(args[0]);
    const char *z = call_zstr(e->c, s);
    char       *end;
    if (!z) return FAIL_PLAIN(e->c, ERR_NO_MEMORY);
    double d = strtod(z, &end);
    if (s.n == 0 || *end || !isfinite(d) || strpbrk(z, "xXpP"))
        return FAIL_FUNCTION(e, f, "the value of type '%s' cannot be converted to a number.", value_kind(args[0]));
    return value_real(e, d, out);
}

static enum err extreme(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, bool most, const struct json **out)
{
    const struct json *best = NULL;
    bool               is_list = n == 1 && json_is(args[0], JSON_IS_ARRAY);
    for (size_t i = 0; i < (is_list ? json_n(args[0]) : n); i++) {
        const struct json *v = is_list ? json_at(args[0], i) : args[i];
        if (!json_is(v, JSON_IS_INT)) return FAIL_FUNCTION(e, f, "the arguments must be integers or an array of integers.");
        if (!best || (most ? v->u.integer > best->u.integer : v->u.integer < best->u.integer)) best = v;
    }
    if (!best) return FAIL_FUNCTION(e, f, "the array is empty.");
    *out = best;
    return OK;
}

static enum err min(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    return extreme(e, f, args, n, false, out);
}

static enum err max(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    return extreme(e, f, args, n, true, out);
}

static enum err range(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    int64_t      from = args[0]->u.integer, count = args[1]->u.integer;
    struct json *items;
    (void)n;
    if (count < 0 || count > RANGE_MAX_ITEMS)
        return FAIL_FUNCTION(e, f, "the count '%lld' must be from '0' to '%d'.", (long long)count, RANGE_MAX_ITEMS);
    if (from > RANGE_MAX_VALUE || from < -RANGE_MAX_VALUE || from + count > RANGE_MAX_VALUE)
        return FAIL_FUNCTION(e, f, "the sum of start index and count must not be more than '%lld'.", (long long)RANGE_MAX_VALUE);
    TRY(value_array_new(e, (size_t)count, &items));
    for (int64_t i = 0; i < count; i++) value_add(items, &(const struct json){.kind = JSON_IS_INT, .u.integer = from + i});
    return value_made(e, items, out);
}

static const struct function ROWS[] = {
    {"add",   "i", 2, 2,              IN_ANY, add},
    {"sub",   "i", 2, 2,              IN_ANY, sub},
    {"mul",   "i", 2, 2,              IN_ANY, mul},
    {"div",   "i", 2, 2,              IN_ANY, quotient},
    {"mod",   "i", 2, 2,              IN_ANY, remainder_of},
    {"int",   "v", 1, 1,              IN_ANY, to_int},
    {"float", "v", 1, 1,              IN_ANY, to_float},
    {"min",   "v", 1, ARGUMENTS_MANY, IN_ANY, min},
    {"max",   "v", 1, ARGUMENTS_MANY, IN_ANY, max},
    {"range", "i", 2, 2,              IN_ANY, range},
};
const struct function_table FUNCTIONS_NUMBERS = {ROWS, COUNT(ROWS)};
