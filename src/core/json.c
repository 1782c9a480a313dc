#include "core/json.h"

#include <math.h>
#include <stdio.h>

#include "core/json_text.h"
#include "core/map.h"

struct reading {
    struct call *c;
    size_t       values;
};

static enum err convert(struct reading *r, json_t *from, unsigned depth, struct json *to);

static enum err convert_array(struct reading *r, json_t *from, unsigned depth, struct json *to)
{
    size_t n = json_array_size(from);
    to->kind = JSON_IS_ARRAY;
    TRY(NEW(r->c, &to->u.list.items, n));
    for (size_t i = 0; i < n; i++) TRY(convert(r, json_array_get(from, i), depth + 1, &to->u.list.items[i]));
    to->u.list.n = n;
    return OK;
}

static enum err convert_object(struct reading *r, json_t *from, unsigned depth, struct json *to)
{
    const char *name;
    json_t     *value;
    size_t      n = json_object_size(from), i = 0;
    to->kind = JSON_IS_OBJECT;
    TRY(NEW(r->c, &to->u.list.items, n));
    TRY(NEW(r->c, &to->u.list.names, n));
    json_object_foreach(from, name, value)
    {
        TRY(call_copy_str(r->c, str_of(name), &to->u.list.names[i]));
        TRY(convert(r, value, depth + 1, &to->u.list.items[i]));
        i++;
    }
    to->u.list.n = n;
    return OK;
}

static enum err convert(struct reading *r, json_t *from, unsigned depth, struct json *to)
{
    if (depth > JSON_MAX_DEPTH) return FAIL(r->c, ERR_JSON_INVALID, "The JSON is nested deeper than %d levels.", JSON_MAX_DEPTH);
    if (++r->values > JSON_MAX_VALUES) return FAIL(r->c, ERR_TOO_LARGE, "The JSON has more than %d values.", JSON_MAX_VALUES);
    switch (json_typeof(from)) {
    case JSON_NULL: to->kind = JSON_IS_NULL; return OK;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = JSON_IS_BOOL;
        to->u.boolean = json_is_true(from);
        return OK;
    case JSON_INTEGER:
        to->kind = JSON_IS_INT;
        to->u.integer = json_integer_value(from);
        return OK;
    case JSON_REAL:
        to->kind = JSON_IS_REAL;
        to->u.real = json_real_value(from);
        return OK;
    case JSON_STRING: to->kind = JSON_IS_STRING; return call_copy_str(r->c, (str){json_string_value(from), json_string_length(from)}, &to->u.string);
    case JSON_ARRAY: return convert_array(r, from, depth, to);
    case JSON_OBJECT: return convert_object(r, from, depth, to);
    }
    return FAIL_PLAIN(r->c, ERR_INTERNAL);
}

enum err json_parse(struct call *c, str text, const struct json **out)
{
    return json_parse_within(c, text, JSON_MAX_HEAP_BYTES, out);
}

static enum err convert_root(struct call *c, json_t *root, void *context)
{
    const struct json **out = context;
    struct json        *tree;
    struct reading      r = {.c = c};
    TRY(NEW(c, &tree, 1));
    TRY(convert(&r, root, 0, tree));
    *out = tree;
    return OK;
}

enum err json_parse_within(struct call *c, str text, size_t heap_bytes, const struct json **out)
{
    if (text.n > JSON_MAX_BYTES) return FAIL(c, ERR_TOO_LARGE, "The JSON is larger than %zu bytes.", JSON_MAX_BYTES);
    return json_text_load(c, text, heap_bytes, convert_root, out);
}

bool json_is(const struct json *v, enum json_kind kind)
{
    return v && v->kind == kind;
}

static const struct json *find(const struct json *object, str name, bool (*same)(str, str))
{
    if (!json_is(object, JSON_IS_OBJECT)) return NULL;
    for (size_t i = 0; i < object->u.list.n; i++)
        if (same(object->u.list.names[i], name)) return &object->u.list.items[i];
    return NULL;
}

static bool exactly(str a, str b)
{
    return str_eq(a, b);
}

const struct json *json_get(const struct json *object, str name)
{
    return find(object, name, exactly);
}

const struct json *json_get_nocase(const struct json *object, str name)
{
    return find(object, name, str_eq_nocase);
}

const struct json *json_path(const struct json *object, const char *dotted)
{
    for (str rest = str_of(dotted), name; object && str_cut(&rest, '.', &name);) object = json_get(object, name);
    return object;
}

str json_str(const struct json *v)
{
    return json_is(v, JSON_IS_STRING) ? v->u.string : STR_NONE;
}

str json_get_str(const struct json *object, str name)
{
    return json_str(json_get(object, name));
}

int64_t json_get_int(const struct json *object, str name, int64_t fallback)
{
    const struct json *v = json_get(object, name);
    return json_is(v, JSON_IS_INT) ? v->u.integer : fallback;
}

bool json_get_bool(const struct json *object, str name, bool fallback)
{
    const struct json *v = json_get(object, name);
    return json_is(v, JSON_IS_BOOL) ? v->u.boolean : fallback;
}

size_t json_n(const struct json *list)
{
    return json_is(list, JSON_IS_ARRAY) || json_is(list, JSON_IS_OBJECT) ? list->u.list.n : 0;
}

const struct json *json_at(const struct json *list, size_t i)
{
    return i < json_n(list) ? &list->u.list.items[i] : NULL;
}

static bool is_deeper(const struct json *v, unsigned levels)
{
    for (size_t i = 0; i < json_n(v); i++)
        if (levels == 0 || is_deeper(json_at(v, i), levels - 1)) return true;
    return false;
}

enum err json_check_depth(struct call *c, const struct json *document)
{
    if (!is_deeper(document, JSON_MAX_KEPT_DEPTH)) return OK;
    return FAIL(c, ERR_JSON_INVALID, "The document is nested deeper than %d levels.", JSON_MAX_KEPT_DEPTH);
}

enum err json_object_new(struct call *c, size_t room, struct json **out)
{
    TRY(NEW(c, out, 1));
    (*out)->kind = JSON_IS_OBJECT;
    TRY(NEW(c, &(*out)->u.list.items, room));
    return NEW(c, &(*out)->u.list.names, room);
}

void json_object_add(struct json *object, str name, const struct json *value)
{
    object->u.list.names[object->u.list.n] = name;
    object->u.list.items[object->u.list.n++] = *value;
}

// The members of an object by name: a table where a search through all of them for each of another's would take long.
#define FEW_MEMBERS 16
struct members {
    const struct json *object;
    struct map         by_name;
};

static void members_close(struct members *m)
{
    map_clear(&m->by_name);
}

static enum err members_open(struct call *c, const struct json *object, struct members *out)
{
    out->object = object;
    for (size_t i = 0; json_n(object) > FEW_MEMBERS && i < json_n(object); i++)
        if (!map_put(&out->by_name, object->u.list.names[i], &object->u.list.items[i], NULL)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    return OK;
}

static const struct json *member(const struct members *m, str name)
{
    return m->by_name.n ? map_get(&m->by_name, name) : json_get(m->object, name);
}

static enum err merge(struct call *c, const struct json *base, const struct json *patch, bool is_deep, const struct json **out)
{
    CLEANUP(members_close) struct members old = {0}, next = {0};
    struct json                          *merged;
    if (!json_is(patch, JSON_IS_OBJECT)) {
        *out = patch;
        return OK;
    }
    if (!json_is(base, JSON_IS_OBJECT)) base = NULL;
    map_init(&old.by_name, false);
    map_init(&next.by_name, false);
    TRY(members_open(c, base, &old));
    TRY(members_open(c, patch, &next));
    TRY(json_object_new(c, json_n(base) + json_n(patch), &merged));
    for (size_t i = 0; i < json_n(base); i++)
        if (!member(&next, base->u.list.names[i])) json_object_add(merged, base->u.list.names[i], &base->u.list.items[i]);
    for (size_t i = 0; i < patch->u.list.n; i++) {
        str                name = patch->u.list.names[i];
        const struct json *value = &patch->u.list.items[i];
        if (value->kind == JSON_IS_NULL) continue;
        if (is_deep) TRY(merge(c, member(&old, name), value, true, &value)); // depth is bounded by the parser's
        json_object_add(merged, name, value);
    }
    *out = merged;
    return OK;
}

static bool lists_are_equal(const struct json *a, const struct json *b)
{
    if (a->u.list.n != b->u.list.n) return false;
    for (size_t i = 0; i < a->u.list.n; i++) {
        bool               has_names = a->kind == JSON_IS_OBJECT;
        bool               is_in_order = !has_names || str_eq(a->u.list.names[i], b->u.list.names[i]);
        const struct json *other = is_in_order ? &b->u.list.items[i] : json_get(b, a->u.list.names[i]);
        if (!json_same(&a->u.list.items[i], other)) return false; // depth is bounded by the parser's
    }
    return true;
}

bool json_same(const struct json *a, const struct json *b)
{
    if (!a || !b || a->kind != b->kind) return a == b;
    switch (a->kind) {
    case JSON_IS_NULL: return true;
    case JSON_IS_BOOL: return a->u.boolean == b->u.boolean;
    case JSON_IS_INT: return a->u.integer == b->u.integer;
    case JSON_IS_REAL: return a->u.real == b->u.real;
    case JSON_IS_STRING: return str_eq(a->u.string, b->u.string);
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: break;
    }
    return lists_are_equal(a, b);
}

enum err json_merge(struct call *c, const struct json *base, const struct json *patch, const struct json **out)
{
    return merge(c, base, patch, true, out);
}

enum err json_replace(struct call *c, const struct json *base, const struct json *members, const struct json **out)
{
    return merge(c, base, members, false, out);
}

enum err json_spell(struct call *c, const struct json *object, const str *names, size_t n, const struct json **out)
{
    struct json *copy;
    bool        *seen;
    *out = object;
    if (!json_is(object, JSON_IS_OBJECT)) return OK;
    TRY(json_object_new(c, json_n(object), &copy));
    TRY(NEW(c, &seen, n));
    for (size_t i = 0; i < json_n(object); i++) {
        size_t known = str_index_nocase(names, n, object->u.list.names[i]);
        if (known != STR_NOWHERE && seen[known])
            return FAIL(c, ERR_JSON_INVALID, "The name '%.*s' stands twice in an object, in different cases.", PSTR(names[known]));
        if (known != STR_NOWHERE) seen[known] = true;
        json_object_add(copy, known != STR_NOWHERE ? names[known] : object->u.list.names[i], &object->u.list.items[i]);
    }
    *out = copy;
    return OK;
}

enum err json_with(struct call *c, const struct json *object, str name, const struct json *value, const struct json **out)
{
    struct json *copy;
    bool         found = false;
    TRY(json_object_new(c, json_n(object) + 1, &copy));
    for (size_t i = 0; i < json_n(object); i++) {
        bool here = str_eq(object->u.list.names[i], name);
        found |= here;
        if (!here) json_object_add(copy, object->u.list.names[i], &object->u.list.items[i]);
        else if (value) json_object_add(copy, name, value);
    }
    if (!found && value) json_object_add(copy, name, value);
    *out = copy;
    return OK;
}

void json_begin(struct json_writer *w, struct buf *buf)
{
    *w = (struct json_writer){.buf = buf};
}

static void before_value(struct json_writer *w)
{
    if (w->need_comma && !w->after_key) buf_add_char(w->buf, ',');
    w->need_comma = true;
    w->after_key = false;
}

static void open_list(struct json_writer *w, char opener, char closer)
{
    before_value(w);
    if (w->depth >= COUNT(w->closers)) {
        w->buf->failed = ERR_INTERNAL;
        return;
    }
    buf_add_char(w->buf, opener);
    w->closers[w->depth++] = closer;
    w->need_comma = false;
}

void json_write_object(struct json_writer *w)
{
    open_list(w, '{', '}');
}

void json_write_array(struct json_writer *w)
{
    open_list(w, '[', ']');
}

void json_write_end(struct json_writer *w)
{
    if (w->depth == 0) {
        w->buf->failed = ERR_INTERNAL;
        return;
    }
    buf_add_char(w->buf, w->closers[--w->depth]);
    w->need_comma = true;
    w->after_key = false;
}

static void add_escaped(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"': buf_add(b, S("\\\"")); return;
    case '\\': buf_add(b, S("\\\\")); return;
    case '\n': buf_add(b, S("\\n")); return;
    case '\r': buf_add(b, S("\\r")); return;
    case '\t': buf_add(b, S("\\t")); return;
    default: buf_addf(b, "\\u%04x", c); return;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// Characters of more bytes as they are. A stranger's bytes that are none, or one cut in half, become U+FFFD: what goes out is JSON.
static str take_beyond_ascii(str *rest)
{
    const char *from = rest->at;
    uint32_t    ch;
    if (str_take_character(rest, &ch)) return (str){from, (size_t)(rest->at - from)};
    *rest = str_from(*rest, 1);
    return S("\xef\xbf\xbd");
}

static void add_quoted(struct buf *b, str s)
{
    buf_add_char(b, '"');
    while (s.n > 0) {
        size_t plain = 0;
        while (plain < s.n && is_plain((unsigned char)s.at[plain])) plain++;
        buf_add(b, str_upto(s, plain));
        s = str_from(s, plain);
        if (s.n == 0) break;
        if ((unsigned char)s.at[0] >= 0x80) {
            buf_add(b, take_beyond_ascii(&s));
        } else {
            add_escaped(b, (unsigned char)s.at[0]);
            s = str_from(s, 1);
        }
    }
    buf_add_char(b, '"');
}

void json_write_key(struct json_writer *w, str name)
{
    before_value(w);
    add_quoted(w->buf, name);
    buf_add_char(w->buf, ':');
    w->after_key = true;
}

void json_write_string(struct json_writer *w, str s)
{
    before_value(w);
    add_quoted(w->buf, s);
}

void json_write_int(struct json_writer *w, int64_t v)
{
    before_value(w);
    buf_add_i64(w->buf, v);
}

void json_write_real(struct json_writer *w, double v)
{
    before_value(w);
    if (!isfinite(v)) {
        buf_add(w->buf, S("null"));
        return;
    }
    char text[40];
    int  n = snprintf(text, sizeof text, "%.17g", v);
    buf_add(w->buf, (str){text, (size_t)n});
    if (!strpbrk(text, ".e")) buf_add(w->buf, S(".0")); // so that it reads back as a real
}

void json_write_bool(struct json_writer *w, bool v)
{
    before_value(w);
    buf_add(w->buf, v ? S("true") : S("false"));
}

void json_write_null(struct json_writer *w)
{
    before_value(w);
    buf_add(w->buf, S("null"));
}

void json_write_guid(struct json_writer *w, guid g)
{
    struct guid_text t = guid_text(g);
    json_write_string(w, (str){t.s, GUID_TEXT_BYTES});
}

void json_write_raw(struct json_writer *w, str document)
{
    before_value(w);
    buf_add(w->buf, document);
}

static void write_list(struct json_writer *w, const struct json *v)
{
    for (size_t i = 0; i < v->u.list.n; i++) {
        if (v->kind == JSON_IS_OBJECT) json_write_key(w, v->u.list.names[i]);
        json_write_value(w, &v->u.list.items[i]);
    }
    json_write_end(w);
}

void json_write_value(struct json_writer *w, const struct json *v)
{
    switch (v ? v->kind : JSON_IS_NULL) {
    case JSON_IS_NULL: json_write_null(w); return;
    case JSON_IS_BOOL: json_write_bool(w, v->u.boolean); return;
    case JSON_IS_INT: json_write_int(w, v->u.integer); return;
    case JSON_IS_REAL: json_write_real(w, v->u.real); return;
    case JSON_IS_STRING: json_write_string(w, v->u.string); return;
    case JSON_IS_ARRAY:
        json_write_array(w);
        write_list(w, v);
        return;
    case JSON_IS_OBJECT:
        json_write_object(w);
        write_list(w, v);
        return;
    }
}

void json_put_string(struct json_writer *w, str name, str s)
{
    json_write_key(w, name);
    json_write_string(w, s);
}

void json_put_int(struct json_writer *w, str name, int64_t v)
{
    json_write_key(w, name);
    json_write_int(w, v);
}

void json_put_bool(struct json_writer *w, str name, bool v)
{
    json_write_key(w, name);
    json_write_bool(w, v);
}

void json_put_null(struct json_writer *w, str name)
{
    json_write_key(w, name);
    json_write_null(w);
}

void json_put_guid(struct json_writer *w, str name, guid g)
{
    json_write_key(w, name);
    json_write_guid(w, g);
}

void json_put_value(struct json_writer *w, str name, const struct json *v)
{
    json_write_key(w, name);
    json_write_value(w, v);
}

enum err json_text(struct call *c, const struct json *v, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_value(&w, v);
    return buf_finish(c, &b, out);
}
