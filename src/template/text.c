#include "template/text.h"

#include <math.h>
#include <stdlib.h>

#include "core/map.h"

// Where a value stands in the text. The colon is the one behind a member's name; an item of an array has none.
struct place {
    uint32_t colon, start, end;
};

// The values of one list, or the root: their places stand beside them, so that a tree stays what core/json.h says.
struct template_span {
    const struct json          *items;
    const struct place         *places;
    size_t                      n;
    const struct template_span *next;
};

// A member or an item whose list is not whole yet.
struct pending {
    str          name;
    struct json  value;
    struct place place;
};

struct reader {
    struct call          *c;
    str                   text;
    size_t                at;
    size_t                values;
    struct pending       *stack; // of all lists that are open, the innermost last
    size_t                n, room;
    struct template_span *spans;
};

static enum err read_value(struct reader *r, unsigned depth, struct json *out);

static void place_of(str text, size_t at, size_t *out_line, size_t *out_column)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at && i < text.n; i++)
        if (text.at[i] == '\n') line++, start = i + 1;
    *out_line = line;
    *out_column = str_characters((str){text.at + start, at - start}) + 1;
}

static enum err refuse(struct reader *r, size_t at, const char *why)
{
    size_t line, column;
    place_of(r->text, at, &line, &column);
    return FAIL(r->c, ERR_JSON_INVALID, "Line %zu, column %zu: %s", line, column, why);
}

static char peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->text.n ? r->text.at[r->at + ahead] : '\0';
}

static enum err skip_comment(struct reader *r)
{
    size_t start = r->at;
    if (peek(r, 1) == '/') {
        while (r->at < r->text.n && r->text.at[r->at] != '\n') r->at++;
        return OK;
    }
    size_t end = peek(r, 1) == '*' ? str_find_str(str_from(r->text, start + 2), S("*/")) : STR_NOWHERE;
    if (end == STR_NOWHERE) return refuse(r, start, "a comment begins with // or stands between /* and */");
    r->at = start + 2 + end + 2;
    return OK;
}

static enum err skip_blanks(struct reader *r)
{
    while (r->at < r->text.n) {
        char ch = r->text.at[r->at];
        if (ch == '/') TRY(skip_comment(r));
        else if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n') r->at++;
        else break;
    }
    return OK;
}

static enum err read_unit(struct reader *r, uint32_t *out)
{
    uint32_t unit = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = char_hex(peek(r, i));
        if (digit < 0) return refuse(r, r->at, "four hexadecimal digits stand behind \\u");
        unit = unit << 4 | (uint32_t)digit;
    }
    r->at += 4;
    *out = unit;
    return OK;
}

static enum err read_code_point(struct reader *r, struct buf *b)
{
    uint32_t point, low;
    size_t   start = r->at;
    TRY(read_unit(r, &point));
    if (point >= 0xd800 && point < 0xe000) {
        if (point >= 0xdc00 || peek(r, 0) != '\\' || peek(r, 1) != 'u') return refuse(r, start, "half of a surrogate pair");
        r->at += 2;
        TRY(read_unit(r, &low));
        if (low < 0xdc00 || low >= 0xe000) return refuse(r, start, "half of a surrogate pair");
        point = 0x10000 + ((point - 0xd800) << 10 | (low - 0xdc00));
    }
    if (point == 0) return refuse(r, start, "a text cannot hold the character NUL");
    buf_add_character(b, point);
    return OK;
}

static enum err read_escape(struct reader *r, struct buf *b)
{
    static const char NAMES[] = "\"\\/bfnrt", MEANINGS[] = "\"\\/\b\f\n\r\t";
    char              name = peek(r, 1);
    const char       *found = name ? strchr(NAMES, name) : NULL;
    if (!found && name != 'u') return refuse(r, r->at, "an escape that JSON does not know");
    r->at += 2;
    if (!found) return read_code_point(r, b);
    buf_add_char(b, MEANINGS[found - NAMES]);
    return OK;
}

// Characters up to the next quote or escape. Line ends and tabs may stand in a text; other control characters may not.
static enum err skip_plain(struct reader *r, size_t start)
{
    for (str rest = str_from(r->text, r->at); r->at < r->text.n; r->at = r->text.n - rest.n) {
        uint32_t      ch;
        unsigned char first = (unsigned char)rest.at[0];
        if (first == '"' || first == '\\') return OK;
        if (!str_take_character(&rest, &ch)) return refuse(r, r->at, "bytes that are not UTF-8");
        if (ch < ' ' && ch != '\n' && ch != '\r' && ch != '\t') return refuse(r, r->at, "a control character in a text");
    }
    return refuse(r, start, "the text has no end");
}

static enum err read_string(struct reader *r, str *out)
{
    size_t     start = r->at++, from = r->at;
    bool       has_escapes = false;
    struct buf b;
    buf_init(&b, &r->c->arena);
    for (;;) {
        TRY(skip_plain(r, start));
        str piece = {r->text.at + from, r->at - from};
        if (peek(r, 0) == '"' && !has_escapes) {
            *out = piece;
            r->at++;
            return OK;
        }
        buf_add(&b, piece);
        if (peek(r, 0) == '"') break;
        has_escapes = true;
        TRY(read_escape(r, &b));
        from = r->at;
    }
    r->at++;
    return buf_finish(r->c, &b, out);
}

static bool is_word_char(char c)
{
    return (char_lower(c) >= 'a' && char_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

static str take_word(struct reader *r)
{
    size_t start = r->at;
    while (is_word_char(peek(r, 0))) r->at++;
    return (str){r->text.at + start, r->at - start};
}

static size_t take_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r, 0) >= '0' && peek(r, 0) <= '9') r->at++;
    return r->at - start;
}

static enum err read_number(struct reader *r, struct json *out)
{
    size_t start = r->at;
    bool   is_real = false;
    if (peek(r, 0) == '-') r->at++;
    bool starts_with_zero = peek(r, 0) == '0';
    bool is_number = starts_with_zero ? (r->at++, true) : take_digits(r) > 0;
    if (is_number && peek(r, 0) == '.') r->at++, is_real = true, is_number = take_digits(r) > 0;
    if (is_number && char_lower(peek(r, 0)) == 'e') {
        r->at++, is_real = true;
        if (peek(r, 0) == '+' || peek(r, 0) == '-') r->at++;
        is_number = take_digits(r) > 0;
    }
    if (!is_number || is_word_char(peek(r, 0))) return refuse(r, start, "a number that JSON does not know");
    str digits = {r->text.at + start, r->at - start};
    if (!is_real) {
        bool negative = digits.at[0] == '-';
        out->kind = JSON_IS_INT;
        if (!str_to_i64(digits, &out->u.integer) && !(negative && str_eq(digits, S("-0")))) return refuse(r, start, "a number beyond 64 bits");
        return OK;
    }
    const char *z = call_zstr(r->c, digits);
    if (!z) return FAIL_PLAIN(r->c, ERR_NO_MEMORY);
    out->kind = JSON_IS_REAL;
    out->u.real = strtod(z, NULL);
    return isfinite(out->u.real) ? OK : refuse(r, start, "a number beyond what a computer's fractions reach");
}

static enum err push(struct reader *r, struct pending p)
{
    if (r->n == r->room) {
        size_t          room = r->room ? r->room * 2 : 64;
        struct pending *fresh = realloc(r->stack, room * sizeof *fresh);
        if (!fresh) return FAIL_PLAIN(r->c, ERR_NO_MEMORY);
        r->stack = fresh;
        r->room = room;
    }
    r->stack[r->n++] = p;
    return OK;
}

static enum err add_span(struct reader *r, const struct json *items, const struct place *places, size_t n)
{
    struct template_span *span;
    TRY(NEW(r->c, &span, 1));
    *span = (struct template_span){.items = items, .places = places, .n = n, .next = r->spans};
    r->spans = span;
    return OK;
}

// Takes what stands in the stack from `first` on: the members of a list that has ended.
static enum err close_list(struct reader *r, size_t first, struct json *out)
{
    size_t        n = r->n - first;
    struct place *places;
    TRY(NEW(r->c, &out->u.list.items, n));
    TRY(NEW(r->c, &places, n));
    if (out->kind == JSON_IS_OBJECT) TRY(NEW(r->c, &out->u.list.names, n));
    for (size_t i = 0; i < n; i++) {
        const struct pending *p = &r->stack[first + i];
        out->u.list.items[i] = p->value;
        places[i] = p->place;
        if (out->kind == JSON_IS_OBJECT) out->u.list.names[i] = p->name;
    }
    out->u.list.n = n;
    r->n = first;
    return n ? add_span(r, out->u.list.items, places, n) : OK;
}

static enum err refuse_twice(struct reader *r, size_t at, str name)
{
    size_t line, column;
    place_of(r->text, at, &line, &column);
    return FAIL(r->c, ERR_JSON_INVALID, "Line %zu, column %zu: the name '%.*s' stands twice in this object", line, column,
                PSTR(call_printable(r->c, name, 64)));
}

#define FEW_NAMES 16 // beyond these a table finds a name that stands twice

static enum err check_names(struct reader *r, size_t at, const struct json *object)
{
    CLEANUP(map_clear) struct map seen = {0};
    const str                    *names = object->u.list.names;
    bool                          are_few = object->u.list.n <= FEW_NAMES;
    if (!are_few) map_init(&seen, false);
    for (size_t i = 0; i < object->u.list.n; i++) {
        void *old = NULL;
        for (size_t k = 0; are_few && k < i && !old; k++)
            if (str_eq(names[k], names[i])) old = &object->u.list.items[k];
        if (!are_few && !map_put(&seen, names[i], &object->u.list.items[i], &old)) return FAIL_PLAIN(r->c, ERR_NO_MEMORY);
        if (old) return refuse_twice(r, at, names[i]);
    }
    return OK;
}

static enum err read_name(struct reader *r, struct pending *out)
{
    if (peek(r, 0) == '"') {
        TRY(read_string(r, &out->name));
    } else {
        out->name = take_word(r);
        if (str_empty(out->name) || (out->name.at[0] >= '0' && out->name.at[0] <= '9')) return refuse(r, r->at, "the name of a member was expected");
    }
    TRY(skip_blanks(r));
    if (peek(r, 0) != ':') return refuse(r, r->at, "':' was expected behind the name of a member");
    out->place.colon = (uint32_t)r->at++;
    return skip_blanks(r);
}

static enum err read_list(struct reader *r, unsigned depth, struct json *out)
{
    char   closer = peek(r, 0) == '{' ? '}' : ']';
    size_t start = r->at++, first = r->n;
    out->kind = closer == '}' ? JSON_IS_OBJECT : JSON_IS_ARRAY;
    TRY(skip_blanks(r));
    while (peek(r, 0) != closer) {
        struct pending p = {0};
        if (out->kind == JSON_IS_OBJECT) TRY(read_name(r, &p));
        p.place.start = (uint32_t)r->at;
        TRY(read_value(r, depth + 1, &p.value));
        p.place.end = (uint32_t)r->at;
        TRY(push(r, p));
        TRY(skip_blanks(r));
        if (peek(r, 0) == closer) break;
        if (peek(r, 0) != ',') return refuse(r, r->at, closer == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        r->at++;
        TRY(skip_blanks(r));
        if (peek(r, 0) == closer) return refuse(r, r->at, "a value was expected behind ','");
    }
    r->at++;
    TRY(close_list(r, first, out));
    return out->kind == JSON_IS_OBJECT ? check_names(r, start, out) : OK;
}

static enum err read_constant(struct reader *r, struct json *out)
{
    size_t start = r->at;
    str    word = take_word(r);
    out->kind = JSON_IS_BOOL;
    if (str_eq(word, S("true"))) out->u.boolean = true;
    else if (str_eq(word, S("null"))) out->kind = JSON_IS_NULL;
    else if (!str_eq(word, S("false"))) return refuse(r, start, "a value was expected");
    return OK;
}

static enum err read_value(struct reader *r, unsigned depth, struct json *out)
{
    char first = peek(r, 0);
    if (depth > JSON_MAX_DEPTH) return FAIL(r->c, ERR_JSON_INVALID, "The JSON is nested deeper than %d levels.", JSON_MAX_DEPTH);
    if (++r->values > JSON_MAX_VALUES) return FAIL(r->c, ERR_TOO_LARGE, "The JSON has more than %d values.", JSON_MAX_VALUES);
    if (first == '{' || first == '[') return read_list(r, depth, out);
    if (first == '-' || (first >= '0' && first <= '9')) return read_number(r, out);
    if (first != '"') return read_constant(r, out);
    out->kind = JSON_IS_STRING;
    return read_string(r, &out->u.string);
}

static void free_stack(struct reader *r)
{
    free(r->stack);
}

enum err template_text_read(struct call *c, str text, struct template_text *out)
{
    CLEANUP(free_stack) struct reader r = {.c = c, .text = text.at ? text : S("")};
    struct json                      *root;
    struct place                     *place;
    if (text.n > JSON_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "The JSON is larger than %zu bytes.", JSON_MAX_BYTES);
    if (str_starts(text, S("\xef\xbb\xbf"))) r.at = 3;
    TRY(NEW(c, &root, 1));
    TRY(NEW(c, &place, 1));
    TRY(skip_blanks(&r));
    place->start = (uint32_t)r.at;
    TRY(read_value(&r, 0, root));
    place->end = (uint32_t)r.at;
    TRY(add_span(&r, root, place, 1));
    TRY(skip_blanks(&r));
    if (r.at < text.n) return refuse(&r, r.at, "nothing was expected behind the value");
    *out = (struct template_text){.text = text, .root = root, .spans = r.spans};
    return OK;
}

static const struct place *find(const struct template_text *t, const struct json *value)
{
    for (const struct template_span *s = t ? t->spans : NULL; s; s = s->next) {
        // Compared as numbers: the value need not belong to this list.
        uintptr_t from = (uintptr_t)s->items, at = (uintptr_t)value;
        if (at >= from && at < from + s->n * sizeof *s->items) return &s->places[(at - from) / sizeof *s->items];
    }
    return NULL;
}

bool template_text_where(const struct template_text *t, const struct json *value, enum template_point point, size_t *out_line, size_t *out_column)
{
    const struct place *p = find(t, value);
    if (!p) return false;
    place_of(t->text, point == TEMPLATE_POINT_NAME ? p->colon : point == TEMPLATE_POINT_END ? p->end - 1 : p->start, out_line, out_column);
    return true;
}
