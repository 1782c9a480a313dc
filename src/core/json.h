/*
 * json.h - JSON read into a tree that lives in the call, and written in one pass.
 *
 * Reading is strict (RFC 8259, UTF-8, no duplicate names) and bounded. A tree is
 * plain data: a caller may build one by hand or change a copy.
 *
 * Layer:  core
 * Source: https://www.rfc-editor.org/rfc/rfc8259, https://www.rfc-editor.org/rfc/rfc7396 (merge patch)
 */
#pragma once
#include "core/buf.h"

#define JSON_MAX_BYTES      ((size_t)4 << 20)
#define JSON_MAX_DEPTH      64                   /* of a text that is read */
#define JSON_MAX_KEPT_DEPTH (JSON_MAX_DEPTH - 8) /* of a document that is stored: who lists it puts it some levels deeper, and can be read yet */
#define JSON_MAX_VALUES     200000               /* in one document */
#define JSON_MAX_HEAP_BYTES ((size_t)64 << 20)   /* beside the call's arena, while one is read */

enum json_kind { JSON_IS_NULL, JSON_IS_BOOL, JSON_IS_INT, JSON_IS_REAL, JSON_IS_STRING, JSON_IS_ARRAY, JSON_IS_OBJECT };

struct json {
    enum json_kind kind;
    union {
        bool    boolean;
        int64_t integer;
        double  real;
        str     string; /* UTF-8, may hold any character but NUL */
        struct {
            struct json *items;
            str         *names; /* objects only: names[i] is the name of items[i], in the order read */
            size_t       n;
        } list;
    } u;
};

/* Errors: ERR_JSON_INVALID (what and where), ERR_TOO_LARGE, ERR_NO_MEMORY */
FALLIBLE json_parse(struct call *c, str text, const struct json **out);
/* The same with another limit than JSON_MAX_HEAP_BYTES for the memory that is taken while it is read. */
FALLIBLE json_parse_within(struct call *c, str text, size_t heap_bytes, const struct json **out);

/*
 * Reading a tree. Every function takes NULL and a value of another kind, and
 * answers the absence: NULL, an empty str, the fallback.
 */
const struct json *json_get(const struct json *object, str name); /* name by exact case */
const struct json *json_get_nocase(const struct json *object, str name);
const struct json *json_path(const struct json *object, const char *dotted); /* "properties.sku.name", exact case */
str                json_str(const struct json *v);
str                json_get_str(const struct json *object, str name);
int64_t            json_get_int(const struct json *object, str name, int64_t fallback);
bool               json_get_bool(const struct json *object, str name, bool fallback);
bool               json_is(const struct json *v, enum json_kind kind); /* absence is no JSON_IS_NULL */
size_t             json_n(const struct json *list);                    /* members of an object or array, else 0 */
const struct json *json_at(const struct json *list, size_t i);

/* The same value; the members of an object in any order. Absence is equal to absence alone. */
bool json_same(const struct json *a, const struct json *b);

/* For a document that is to be stored. Errors: ERR_JSON_INVALID - it is nested deeper than JSON_MAX_KEPT_DEPTH */
FALLIBLE json_check_depth(struct call *c, const struct json *document);

/* `patch` laid over `base` as RFC 7396 says; neither is changed. */
FALLIBLE json_merge(struct call *c, const struct json *base, const struct json *patch, const struct json **out);
/* `members` put into `base`, each as a whole in place of the one of its name; null takes it away. Neither is changed. */
FALLIBLE json_replace(struct call *c, const struct json *base, const struct json *members, const struct json **out);
/*
 * A copy of `object` in which each member that is one of `names` in any case is spelled as there; what is no object stays as it is.
 * For protocols whose names ignore case. Errors: ERR_JSON_INVALID - two members are the same name
 */
FALLIBLE json_spell(struct call *c, const struct json *object, const str *names, size_t n, const struct json **out);
/* A copy of `object` in which `name` has the value, or is absent when `value` is NULL. */
FALLIBLE json_with(struct call *c, const struct json *object, str name, const struct json *value, const struct json **out);

/* An object built member by member, of at most `room`; each name once is the caller's care. */
FALLIBLE json_object_new(struct call *c, size_t room, struct json **out);
void     json_object_add(struct json *object, str name, const struct json *value);

/*
 * Writing: append-only; commas and quotes come by themselves.
 *     json_begin(&w, &buf); json_write_object(&w); json_write_key(&w, S("id")); json_write_string(&w, id); json_write_end(&w);
 */
#define JSON_MAX_WRITE_DEPTH (JSON_MAX_DEPTH + 16) /* whatever can be read can be written, some levels deeper too */
struct json_writer {
    struct buf *buf;
    unsigned    depth;
    bool        need_comma;
    bool        after_key;
    char        closers[JSON_MAX_WRITE_DEPTH];
};

void json_begin(struct json_writer *w, struct buf *buf);
void json_write_object(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_end(struct json_writer *w); /* of the innermost object or array */
void json_write_key(struct json_writer *w, str name);
void json_write_string(struct json_writer *w, str s);
void json_write_int(struct json_writer *w, int64_t v);
void json_write_real(struct json_writer *w, double v);
void json_write_bool(struct json_writer *w, bool v);
void json_write_null(struct json_writer *w);
void json_write_guid(struct json_writer *w, guid g);
void json_write_value(struct json_writer *w, const struct json *v); /* NULL writes null */
void json_write_raw(struct json_writer *w, str document);           /* one value that is JSON already */

/* key and value in one line */
void json_put_string(struct json_writer *w, str name, str s);
void json_put_int(struct json_writer *w, str name, int64_t v);
void json_put_bool(struct json_writer *w, str name, bool v);
void json_put_null(struct json_writer *w, str name);
void json_put_guid(struct json_writer *w, str name, guid g);
void json_put_value(struct json_writer *w, str name, const struct json *v);

/* A tree as text, in the call. */
FALLIBLE json_text(struct call *c, const struct json *v, str *out);
