#include "core/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

struct reader {
    struct call  *c;
    yaml_parser_t parser;
    size_t        value_n;
};

// The members of a mapping or sequence that is being read.
struct members {
    struct json *items;
    str         *names;
    size_t       n, room;
};

static enum err refuse(struct reader *r, const yaml_mark_t *at, const char *what)
{
    return FAIL(r->c, ERR_CONTENT_INVALID, "Line %zu: %s.", at->line + 1, what);
}

static enum err next_event(struct reader *r, yaml_event_t *out)
{
    if (yaml_parser_parse(&r->parser, out)) return OK;
    if (r->parser.error == YAML_MEMORY_ERROR) return FAIL_PLAIN(r->c, ERR_NO_MEMORY);
    return FAIL(r->c, ERR_CONTENT_INVALID, "Line %zu: this is no YAML: %s.", r->parser.problem_mark.line + 1,
                r->parser.problem ? r->parser.problem : "it cannot be read");
}

static bool is_one_of(str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(text, str_of(words[i]))) return true;
    return false;
}

static bool is_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] < '0' || s.at[i] > '9') return false;
    return s.n > 0;
}

static str without_sign(str s)
{
    return s.n && (*s.at == '-' || *s.at == '+') ? str_from(s, 1) : s;
}

// "1.5", "-0.25", "1e6": digits, then a fraction or an exponent or both.
static bool is_real(str s)
{
    s = without_sign(s);
    size_t e = str_find(s, 'e') != STR_NOWHERE ? str_find(s, 'e') : str_find(s, 'E');
    str    exponent = e == STR_NOWHERE ? STR_NONE : without_sign(str_from(s, e + 1)), number = e == STR_NOWHERE ? s : str_upto(s, e);
    size_t point = str_find(number, '.');
    if (e == STR_NOWHERE && point == STR_NOWHERE) return false;
    if (e != STR_NOWHERE && !is_digits(exponent)) return false;
    if (point == STR_NOWHERE) return is_digits(number);
    return is_digits(str_upto(number, point)) && is_digits(str_from(number, point + 1));
}

static enum err read_plain(struct reader *r, const yaml_event_t *e, str text, struct json *out)
{
    static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"}, *const YES[] = {"true", "True", "TRUE"},
                             *const NO[] = {"false", "False", "FALSE"};
    int64_t                         integer;
    if (is_one_of(text, NULLS, COUNT(NULLS))) {
        *out = (struct json){.kind = JSON_IS_NULL};
        return OK;
    }
    if (is_one_of(text, YES, COUNT(YES)) || is_one_of(text, NO, COUNT(NO))) {
        *out = (struct json){.kind = JSON_IS_BOOL, .u.boolean = char_lower(*text.at) == 't'};
        return OK;
    }
    if (is_digits(without_sign(text))) {
        if (!str_to_i64(*text.at == '+' ? str_from(text, 1) : text, &integer))
            return refuse(r, &e->start_mark, "the number is too large; quote it if it is text");
        *out = (struct json){.kind = JSON_IS_INT, .u.integer = integer};
        return OK;
    }
    if (is_real(text)) {
        const char *z = call_zstr(r->c, text);
        if (!z) return FAIL_PLAIN(r->c, ERR_NO_MEMORY);
        errno = 0;
        double real = strtod(z, NULL);
        if (errno == ERANGE) return refuse(r, &e->start_mark, "the number is out of range; quote it if it is text");
        *out = (struct json){.kind = JSON_IS_REAL, .u.real = real};
        return OK;
    }
    *out = (struct json){.kind = JSON_IS_STRING, .u.string = text};
    return OK;
}

static enum err read_scalar(struct reader *r, const yaml_event_t *e, struct json *out)
{
    str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    if (str_find(text, '\0') != STR_NOWHERE) return refuse(r, &e->start_mark, "a text holds a zero byte");
    TRY(call_copy_str(r->c, text, &text));
    if (!text.at) text = S("");
    if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) return read_plain(r, e, text, out);
    *out = (struct json){.kind = JSON_IS_STRING, .u.string = text};
    return OK;
}

static enum err make_room(struct reader *r, struct members *m, bool has_names)
{
    if (m->n < m->room) return OK;
    struct members more = {.n = m->n, .room = m->room ? m->room * 2 : 8};
    TRY(NEW(r->c, &more.items, more.room));
    if (has_names) TRY(NEW(r->c, &more.names, more.room));
    if (m->n) memcpy(more.items, m->items, m->n * sizeof *m->items);
    if (m->n && has_names) memcpy(more.names, m->names, m->n * sizeof *m->names);
    *m = more;
    return OK;
}

static enum err read_value(struct reader *r, const yaml_event_t *e, unsigned depth, struct json *out);

static enum err read_next_value(struct reader *r, unsigned depth, struct json *out)
{
    CLEANUP(yaml_event_delete) yaml_event_t e = {0};
    TRY(next_event(r, &e));
    return read_value(r, &e, depth, out);
}

static enum err read_sequence(struct reader *r, unsigned depth, struct members *m)
{
    for (;;) {
        CLEANUP(yaml_event_delete) yaml_event_t e = {0};
        TRY(next_event(r, &e));
        if (e.type == YAML_SEQUENCE_END_EVENT) return OK;
        TRY(make_room(r, m, false));
        TRY(read_value(r, &e, depth, &m->items[m->n++]));
    }
}

static enum err read_key(struct reader *r, const yaml_event_t *e, const struct members *m, str *out)
{
    if (e->type != YAML_SCALAR_EVENT) return refuse(r, &e->start_mark, "a key is neither a word nor a quoted text");
    str key = {(const char *)e->data.scalar.value, e->data.scalar.length};
    if (e->data.scalar.anchor || e->data.scalar.tag) return refuse(r, &e->start_mark, "anchors and tags are not read");
    if (str_find(key, '\0') != STR_NOWHERE) return refuse(r, &e->start_mark, "a key holds a zero byte");
    if (str_eq(key, S("<<"))) return refuse(r, &e->start_mark, "merge keys are not read");
    for (size_t i = 0; i < m->n; i++)
        if (str_eq(m->names[i], key)) return refuse(r, &e->start_mark, "the key stands twice");
    return call_copy_str(r->c, key, out);
}

static enum err read_mapping(struct reader *r, unsigned depth, struct members *m)
{
    for (;;) {
        CLEANUP(yaml_event_delete) yaml_event_t e = {0};
        str                                     key;
        TRY(next_event(r, &e));
        if (e.type == YAML_MAPPING_END_EVENT) return OK;
        TRY(read_key(r, &e, m, &key));
        TRY(make_room(r, m, true));
        m->names[m->n] = key;
        TRY(read_next_value(r, depth, &m->items[m->n++]));
    }
}

static enum err read_list(struct reader *r, const yaml_event_t *e, unsigned depth, struct json *out)
{
    struct members m = {0};
    bool           is_mapping = e->type == YAML_MAPPING_START_EVENT;
    if (depth == JSON_MAX_DEPTH) return refuse(r, &e->start_mark, "this is nested too deeply");
    if (is_mapping) TRY(read_mapping(r, depth + 1, &m));
    else TRY(read_sequence(r, depth + 1, &m));
    *out = (struct json){.kind = is_mapping ? JSON_IS_OBJECT : JSON_IS_ARRAY, .u.list = {.items = m.items, .names = m.names, .n = m.n}};
    return OK;
}

static bool has_mark(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default: return e->type == YAML_ALIAS_EVENT;
    }
}

static enum err read_value(struct reader *r, const yaml_event_t *e, unsigned depth, struct json *out)
{
    if (++r->value_n > JSON_MAX_VALUES) return FAIL(r->c, ERR_TOO_LARGE, "The file holds more than %d values.", JSON_MAX_VALUES);
    if (has_mark(e)) return refuse(r, &e->start_mark, "anchors, aliases and tags are not read");
    if (e->type == YAML_SCALAR_EVENT) return read_scalar(r, e, out);
    if (e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT) return read_list(r, e, depth, out);
    return refuse(r, &e->start_mark, "a value is missing");
}

static enum err expect_end(struct reader *r)
{
    CLEANUP(yaml_event_delete) yaml_event_t e = {0};
    TRY(next_event(r, &e));
    return e.type == YAML_STREAM_END_EVENT ? OK : refuse(r, &e.start_mark, "a second document begins");
}

static enum err expect(struct reader *r, yaml_event_type_t type)
{
    CLEANUP(yaml_event_delete) yaml_event_t e = {0};
    TRY(next_event(r, &e));
    return e.type == type ? OK : refuse(r, &e.start_mark, "this is no document");
}

static enum err read_stream(struct reader *r, struct json *out)
{
    TRY(expect(r, YAML_STREAM_START_EVENT));
    {
        CLEANUP(yaml_event_delete) yaml_event_t e = {0};
        TRY(next_event(r, &e));
        if (e.type == YAML_STREAM_END_EVENT) return OK;
        if (e.data.document_start.version_directive || e.data.document_start.tag_directives.start != e.data.document_start.tag_directives.end)
            return refuse(r, &e.start_mark, "directives are not read");
    }
    TRY(read_next_value(r, 0, out));
    TRY(expect(r, YAML_DOCUMENT_END_EVENT));
    return expect_end(r);
}

enum err yaml_parse(struct call *c, str text, const struct json **out)
{
    struct reader r = {.c = c};
    struct json  *root;
    if (text.n > YAML_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "The file is larger than %zu KiB.", YAML_MAX_BYTES >> 10);
    TRY(NEW(c, &root, 1)); // null
    if (!yaml_parser_initialize(&r.parser)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.at, text.n);
    enum err failed = read_stream(&r, root);
    yaml_parser_delete(&r.parser);
    if (failed == OK) *out = root;
    return failed;
}
