#include "template/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "template/value.h"

struct formatter {
    struct evaluation        *e;
    const struct function    *f;
    const struct json *const *args;
    size_t                    arg_n;
    struct buf                b;
};

struct item {
    size_t  index;
    int64_t width; /* negative: text to the left */
    str     form;
};

static double real_of(const struct json *v)
{
    return v->kind == JSON_IS_INT ? (double)v->u.integer : v->u.real;
}

// Digits with a comma between thousands: "1,234.50".
static void add_grouped(struct buf *b, str digits)
{
    size_t sign = str_starts(digits, S("-")) ? 1 : 0, point = str_find(digits, '.');
    size_t whole = point == STR_NOWHERE ? digits.n : point;
    buf_add(b, str_upto(digits, sign));
    for (size_t i = sign; i < whole; i++) {
        if (i > sign && (whole - i) % 3 == 0) buf_add_char(b, ',');
        buf_add_char(b, digits.at[i]);
    }
    buf_add(b, str_from(digits, whole));
}

static void add_fixed(struct buf *b, const struct json *v, int digits, bool is_grouped)
{
    char text[512];
    int  n;
    if (v->kind == JSON_IS_INT) {
        n = snprintf(text, sizeof text, "%lld%s", (long long)v->u.integer, digits ? "." : "");
        memset(text + n, '0', (size_t)digits);
        n += digits;
    } else {
        n = snprintf(text, sizeof text, "%.*f", digits, v->u.real);
    }
    str s = {text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1};
    if (is_grouped) add_grouped(b, s);
    else buf_add(b, s);
}

static enum err refuse_form(struct formatter *x, str form)
{
    return FAIL_FUNCTION(x->e, x->f, "the format specifier '%.*s' is not valid.", PSTR(call_printable(x->e->c, form, 32)));
}

static void add_zero_padded(struct buf *b, const char *digits, int n, int width)
{
    for (int i = n; i < width; i++) buf_add_char(b, '0');
    buf_add(b, (str){digits, (size_t)n});
}

static enum err add_standard(struct formatter *x, const struct json *v, str form, char letter, int digits)
{
    char text[64];
    int  n;
    bool is_int = v->kind == JSON_IS_INT;
    switch (char_lower(letter)) {
    case 'd':
        if (!is_int) return refuse_form(x, form);
        n = snprintf(text, sizeof text, "%llu", v->u.integer < 0 ? 0ULL - (unsigned long long)v->u.integer : (unsigned long long)v->u.integer);
        if (v->u.integer < 0) buf_add_char(&x->b, '-');
        add_zero_padded(&x->b, text, n, digits);
        return OK;
    case 'x':
        if (!is_int) return refuse_form(x, form);
        n = snprintf(text, sizeof text, letter == 'x' ? "%llx" : "%llX", (unsigned long long)v->u.integer);
        add_zero_padded(&x->b, text, n, digits);
        return OK;
    case 'n': add_fixed(&x->b, v, digits < 0 ? 2 : digits, true); return OK;
    case 'f': add_fixed(&x->b, v, digits < 0 ? 2 : digits, false); return OK;
    case 'c':
        buf_add(&x->b, S("\xc2\xa4"));
        add_fixed(&x->b, v, digits < 0 ? 2 : digits, true);
        return OK;
    case 'p': {
        const struct json percent = {.kind = JSON_IS_REAL, .u.real = real_of(v) * 100};
        add_fixed(&x->b, &percent, digits < 0 ? 2 : digits, true);
        buf_add(&x->b, S(" %"));
        return OK;
    }
    case 'e': {
        int exponent = real_of(v) == 0 ? 0 : (int)floor(log10(fabs(real_of(v)))); // .NET writes three digits of it
        buf_addf(&x->b, "%.*f%c%c%03d", digits < 0 ? 6 : digits, real_of(v) / pow(10, exponent), letter, exponent < 0 ? '-' : '+', abs(exponent));
        return OK;
    }
    case 'g':
        if (is_int) buf_add_i64(&x->b, v->u.integer);
        else buf_addf(&x->b, "%.*g", digits > 0 ? digits : 15, v->u.real);
        return OK;
    default: return refuse_form(x, form);
    }
}

// A form of 0 and # with at most one point, as "000" or "#,##0.00".
static enum err add_custom(struct formatter *x, const struct json *v, str form)
{
    size_t point = str_find(form, '.');
    str    whole = str_upto(form, point), part = point == STR_NOWHERE ? STR_NONE : str_from(form, point + 1);
    int    least = 0;
    for (size_t i = 0; i < form.n; i++)
        if (!memchr("0#,.", form.at[i], 4)) return refuse_form(x, form);
    if (str_find(part, '.') != STR_NOWHERE || part.n > FORMAT_MAX_DIGITS) return refuse_form(x, form);
    for (size_t i = 0; i < whole.n; i++)
        if (whole.at[i] == '0' || (least && whole.at[i] == '#')) least++;
    struct buf digits;
    str        text;
    buf_init(&digits, &x->e->c->arena);
    const struct json size = {.kind = JSON_IS_REAL, .u.real = fabs(real_of(v))};
    add_fixed(&digits, v->kind == JSON_IS_INT && v->u.integer >= 0 ? v : &size, (int)part.n, false);
    TRY(buf_finish(x->e->c, &digits, &text));
    for (size_t i = part.n; i > 0 && part.at[i - 1] == '#' && text.at[text.n - 1] == '0'; i--) text.n--;
    if (str_ends(text, S("."))) text.n--;
    if (real_of(v) < 0) buf_add_char(&x->b, '-');
    size_t n = str_find(text, '.') == STR_NOWHERE ? text.n : str_find(text, '.');
    for (int i = (int)n; i < least; i++) buf_add_char(&x->b, '0');
    if (str_find(whole, ',') == STR_NOWHERE) buf_add(&x->b, text);
    else add_grouped(&x->b, text);
    return OK;
}

static bool read_digits(str s, int *out)
{
    int64_t n = -1;
    if (!str_empty(s) && (!str_to_i64(s, &n) || n < 0 || n > FORMAT_MAX_DIGITS || s.at[0] == '-')) return false;
    *out = (int)n;
    return true;
}

static enum err add_value(struct formatter *x, const struct json *v, str form)
{
    int  digits;
    str  text;
    bool is_number = json_is(v, JSON_IS_INT) || json_is(v, JSON_IS_REAL);
    if (value_is_null(v)) return OK;
    if (!is_number || str_empty(form)) {
        TRY(value_string(x->e, v, &text));
        buf_add(&x->b, text);
        return OK;
    }
    if (memchr("0#.,", form.at[0], 4)) return add_custom(x, v, form);
    if (!read_digits(str_from(form, 1), &digits)) return refuse_form(x, form);
    return add_standard(x, v, form, form.at[0], digits);
}

static enum err add_item(struct formatter *x, const struct item *item)
{
    struct buf outer = x->b;
    str        text;
    if (item->width == 0) return add_value(x, x->args[item->index], item->form);
    buf_init(&x->b, &x->e->c->arena);
    enum err   got = add_value(x, x->args[item->index], item->form);
    struct buf inner = x->b;
    x->b = outer;
    if (got) return got;
    TRY(buf_finish(x->e->c, &inner, &text));
    int64_t missing = (item->width < 0 ? -item->width : item->width) - (int64_t)str_characters(text);
    if (item->width < 0) buf_add(&x->b, text);
    for (; missing > 0; missing--) buf_add_char(&x->b, ' ');
    if (item->width > 0) buf_add(&x->b, text);
    return OK;
}

static enum err refuse(struct formatter *x)
{
    return FAIL_FUNCTION(x->e, x->f, "the format is invalid: input string was not in a correct format.");
}

// What stands between the braces.
static enum err read_item(struct formatter *x, str s, struct item *out)
{
    size_t colon = str_find(s, ':');
    str    head = str_upto(s, colon);
    size_t comma = str_find(head, ',');
    str    index = str_trim(str_upto(head, comma));
    *out = (struct item){.form = colon == STR_NOWHERE ? STR_NONE : str_from(s, colon + 1)};
    uint64_t at;
    if (!str_to_u64(index, &at)) return refuse(x);
    if (comma != STR_NOWHERE && !str_to_i64(str_trim(str_from(head, comma + 1)), &out->width)) return refuse(x);
    if (out->width > FORMAT_MAX_WIDTH || out->width < -FORMAT_MAX_WIDTH)
        return FAIL_FUNCTION(x->e, x->f, "the width of an argument is more than '%d'.", FORMAT_MAX_WIDTH);
    if (at >= x->arg_n)
        return FAIL_FUNCTION(
            x->e, x->f,
            "the format is invalid: index (zero based) must be greater than or equal to zero and less than the size of the argument list.");
    out->index = (size_t)at;
    return OK;
}

enum err format_composite(struct evaluation *e, const struct function *f, str form, const struct json *const *args, size_t n, str *out)
{
    struct formatter x = {.e = e, .f = f, .args = args, .arg_n = n};
    struct item      item;
    buf_init(&x.b, &e->c->arena);
    for (size_t i = 0; i < form.n; i++) {
        char ch = form.at[i];
        if (x.b.n > TEMPLATE_MAX_TEXT_BYTES) break; // value_text refuses it
        bool is_double = i + 1 < form.n && form.at[i + 1] == ch;
        if ((ch != '{' && ch != '}') || is_double) {
            buf_add_char(&x.b, ch);
            if (ch == '{' || ch == '}') i++;
            continue;
        }
        size_t end = ch == '{' ? str_find(str_from(form, i), '}') : STR_NOWHERE;
        if (end == STR_NOWHERE) return refuse(&x);
        TRY(read_item(&x, (str){form.at + i + 1, end - 1}, &item));
        TRY(add_item(&x, &item));
        i += end;
    }
    return buf_finish(e->c, &x.b, out);
}
