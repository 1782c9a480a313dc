// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
#include "core/buf.h"
#include "template/characters.h"
#include "template/format.h"
#include "template/function.h"
#include "template/value.h"

static enum err string(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str text;
    (void)f, (void)n;
    TRY(value_string(e, args[0], &text));
    return value_text(e, text, out);
}

static enum err concat_arrays(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct json *all;
    size_t       room = 0;
    for (size_t i = 0; i < n; i++) {
        if (!json_is(args[i], JSON_IS_ARRAY)) return FAIL_FUNCTION(e, f, "the arguments must be all arrays or all texts.");
        room += json_n(args[i]);
    }
    TRY(value_array_new(e, room, &all));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < json_n(args[i]); k++) value_add(all, json_at(args[i], k));
    return value_made(e, all, out);
}

static enum err concat(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct buf b;
    str        piece;
    if (json_is(args[0], JSON_IS_ARRAY)) return concat_arrays(e, f, args, n, out);
    buf_init(&b, &e->c->arena);
    for (size_t i = 0; i < n; i++) {
        if (json_is(args[i], JSON_IS_ARRAY) || json_is(args[i], JSON_IS_OBJECT))
            return FAIL_FUNCTION(e, f, "the arguments must be all arrays or all texts.");
        if (value_is_null(args[i])) continue;
        TRY(value_string(e, args[i], &piece));
        buf_add(&b, piece);
        if (b.n > TEMPLATE_MAX_TEXT_BYTES) break;
    }
    return value_built(e, &b, out);
}

static enum err format(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str text;
    TRY(format_composite(e, f, json_str(args[0]), args + 1, n - 1, &text));
    return value_text(e, text, out);
}

static enum err to_case(struct evaluation *e, const struct json *v, char from, char to, const struct json **out)
{
    str   s = json_str(v);
    char *copy;
    TRY(NEW(e->c, &copy, s.n + 1));
    for (size_t i = 0; i < s.n; i++) copy[i] = s.at[i] >= from && s.at[i] <= from + 25 ? (char)(s.at[i] - from + to) : s.at[i];
    return value_text(e, (str){copy, s.n}, out);
}

static enum err to_lower(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)f, (void)n;
    return to_case(e, args[0], 'A', 'a', out);
}

static enum err to_upper(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)f, (void)n;
    return to_case(e, args[0], 'a', 'A', out);
}

static enum err trim(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str s = json_str(args[0]);
    (void)f, (void)n;
    while (s.n && memchr(" \t\r\n\v\f", s.at[0], 6)) s = str_from(s, 1);
    while (s.n && memchr(" \t\r\n\v\f", s.at[s.n - 1], 6)) s.n--;
    return value_text(e, s, out);
}

static enum err replace(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str        rest = json_str(args[0]), old = json_str(args[1]), fresh = json_str(args[2]);
    struct buf b;
    (void)n;
    if (str_empty(old)) return FAIL_FUNCTION(e, f, "the text to replace is empty.");
    buf_init(&b, &e->c->arena);
    for (size_t at; (at = str_find_str(rest, old)) != STR_NOWHERE && b.n <= TEMPLATE_MAX_TEXT_BYTES; rest = str_from(rest, at + old.n)) {
        buf_add(&b, str_upto(rest, at));
        buf_add(&b, fresh);
    }
    buf_add(&b, rest);
    return value_built(e, &b, out);
}

// The longest of the separators that stands at the front of `s`; 0: none.
static size_t separator_at(str s, const struct json *separators)
{
    size_t longest = 0;
    if (json_is(separators, JSON_IS_STRING)) return str_starts(s, separators->u.string) ? separators->u.string.n : 0;
    for (size_t i = 0; i < json_n(separators); i++) {
        str one = json_str(json_at(separators, i));
        if (one.n > longest && str_starts(s, one)) longest = one.n;
    }
    return longest;
}

static size_t separator_bytes(const struct json *separators)
{
    size_t n = 1 + json_str(separators).n + json_n(separators);
    for (size_t i = 0; i < json_n(separators); i++) n += json_str(json_at(separators, i)).n;
    return n;
}

static enum err add_piece(struct evaluation *e, struct json *pieces, str piece)
{
    const struct json *text;
    TRY(value_text(e, piece, &text));
    value_add(pieces, text);
    return OK;
}

static enum err split(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str          s = json_str(args[0]);
    size_t       count = 1, from = 0;
    struct json *pieces;
    (void)f, (void)n;
    TRY(evaluation_spend_search(e, s.n, separator_bytes(args[1])));
    for (size_t i = 0, skip; i < s.n; i += skip ? skip : 1)
        if ((skip = separator_at(str_from(s, i), args[1]))) count++;
    TRY(value_array_new(e, count, &pieces));
    for (size_t i = 0, skip; i < s.n; i += skip ? skip : 1) {
        if (!(skip = separator_at(str_from(s, i), args[1]))) continue;
        TRY(add_piece(e, pieces, (str){s.at + from, i - from}));
        from = i + skip;
    }
    TRY(add_piece(e, pieces, str_from(s, from)));
    return value_made(e, pieces, out);
}

static enum err join(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct buf b;
    str        piece;
    (void)f, (void)n;
    buf_init(&b, &e->c->arena);
    for (size_t i = 0; i < json_n(args[0]) && b.n <= TEMPLATE_MAX_TEXT_BYTES; i++) {
        if (i) buf_add(&b, json_str(args[1]));
        if (value_is_null(json_at(args[0], i))) continue;
        TRY(value_string(e, json_at(args[0], i), &piece));
        buf_add(&b, piece);
    }
    return value_built(e, &b, out);
}

static enum err substring(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str     s = json_str(args[0]);
    int64_t all = (int64_t)str_characters(s), start = args[1]->u.integer, count = n > 2 ? args[2]->u.integer : all - start;
    if (start < 0 || start > all)
        return FAIL_FUNCTION(e, f, "the index parameter '%lld' must be from '0' to the length of the text, '%lld'.", (long long)start,
                             (long long)all);
    if (count < 0 || count > all - start)
        return FAIL_FUNCTION(e, f,
                             "the index and length parameters must refer to a location within the text. The index is '%lld', the length '%lld', the "
                             "length of the text '%lld'.",
                             (long long)start, (long long)count, (long long)all);
    s = str_from(s, characters_offset(s, (size_t)start));
    return value_text(e, str_upto(s, characters_offset(s, (size_t)count)), out);
}

static enum err starts_with(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)n;
    *out = value_bool(str_starts_nocase(json_str(args[0]), json_str(args[1])));
    return OK;
}

static enum err ends_with(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    (void)e, (void)f, (void)n;
    *out = value_bool(str_ends_nocase(json_str(args[0]), json_str(args[1])));
    return OK;
}

static enum err pad_left(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    str        s, fill = n > 2 ? json_str(args[2]) : S(" ");
    int64_t    width = args[1]->u.integer;
    struct buf b;
    TRY(value_string(e, args[0], &s));
    if (str_characters(fill) != 1) return FAIL_FUNCTION(e, f, "the character to fill with must be one character.");
    if (width < 0 || width > FORMAT_MAX_WIDTH) return FAIL_FUNCTION(e, f, "the total length must be from '0' to '%d'.", FORMAT_MAX_WIDTH);
    buf_init(&b, &e->c->arena);
    for (int64_t missing = width - (int64_t)str_characters(s); missing > 0; missing--) buf_add(&b, fill);
    buf_add(&b, s);
    return value_built(e, &b, out);
}

static const struct function ROWS[] = {
    {"string",     "v",   1, 1,              IN_ANY, string},
    {"concat",     "v",   1, ARGUMENTS_MANY, IN_ANY, concat},
    {"format",     "sv",  1, ARGUMENTS_MANY, IN_ANY, format},
    {"toLower",    "s",   1, 1,              IN_ANY, to_lower},
    {"toUpper",    "s",   1, 1,              IN_ANY, to_upper},
    {"trim",       "s",   1, 1,              IN_ANY, trim},
    {"replace",    "s",   3, 3,              IN_ANY, replace},
    {"split",      "sv",  2, 2,              IN_ANY, split},
    {"join",       "as",  2, 2,              IN_ANY, join},
    {"substring",  "si",  2, 3,              IN_ANY, substring},
    {"startsWith", "s",   2, 2,              IN_ANY, starts_with},
    {"endsWith",   "s",   2, 2,              IN_ANY, ends_with},
    {"padLeft",    "nis", 2, 3,              IN_ANY, pad_left},
};
const struct function_table FUNCTIONS_TEXT = {ROWS, COUNT(ROWS)};
