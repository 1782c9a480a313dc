#include "ops/properties.h"

const struct property *property_find(const struct property_set *set, str name)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->rows[i].kinds & set->kind && str_eq_nocase(set->rows[i].name, name)) return &set->rows[i];
    return NULL;
}

enum err property_invalid(struct call *c, const struct property_set *set, str name)
{
    return FAIL(c, ERR_CONTENT_INVALID, "Invalid value specified for property '%.*s' of resource '%s'.", PSTR(name), set->resource);
}

static enum err check_texts(struct call *c, const struct property_set *set, const struct property *p, const struct json *list)
{
    for (size_t i = 0; i < json_n(list) && !p->is_opaque; i++)
        if (!json_is(json_at(list, i), JSON_IS_STRING) || json_str(json_at(list, i)).n > p->max_bytes) return property_invalid(c, set, p->name);
    return OK;
}

static enum err check_value(struct call *c, const struct property_set *set, const struct property *p, const struct json *value)
{
    if (json_is(value, JSON_IS_NULL)) return p->is_required ? property_invalid(c, set, p->name) : OK;
    if (!json_is(value, p->kind)) return property_invalid(c, set, p->name);
    if (p->kind == JSON_IS_ARRAY) return check_texts(c, set, p, value);
    if (p->kind != JSON_IS_STRING) return OK;
    if (str_empty(json_str(value)) || json_str(value).n > p->max_bytes) return property_invalid(c, set, p->name);
    return OK;
}

static bool is_annotation(str name)
{
    return str_find(name, '@') != STR_NOWHERE;
}

enum err properties_check(struct call *c, const struct property_set *set, const struct json *body, bool is_new)
{
    for (size_t i = 0; i < json_n(body); i++) {
        str                    name = body->u.list.names[i];
        const struct property *p = property_find(set, name);
        if (is_annotation(name)) continue;
        if (!p)
            return FAIL(c, ERR_CONTENT_INVALID, "The property '%.*s' does not exist on type 'microsoft.graph.%s' or cannot be set.",
                        PSTR(call_printable(c, name, 64)), set->type);
        if (p->is_fixed && !is_new) return FAIL(c, ERR_CONTENT_INVALID, "Property '%.*s' is read-only and cannot be set.", PSTR(p->name));
        TRY(check_value(c, set, p, json_at(body, i)));
    }
    for (size_t i = 0; is_new && i < set->n; i++) {
        const struct property *p = &set->rows[i];
        if (p->kinds & set->kind && p->is_required && !json_get_nocase(body, p->name))
            return FAIL(c, ERR_CONTENT_INVALID, "A value is required for property '%.*s' of resource '%s'.", PSTR(p->name), set->resource);
    }
    return OK;
}

enum err properties_document(struct call *c, const struct property_set *set, str before, const struct json *body, str *out)
{
    const struct json *old = NULL;
    struct buf         b;
    struct json_writer w;
    TRY(json_check_depth(c, body));
    if (!str_empty(before)) TRY(json_parse(c, before, &old));
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    for (size_t i = 0; i < set->n; i++) {
        const struct property *p = &set->rows[i];
        if (!(p->kinds & set->kind) || p->is_apart) continue;
        const struct json *value = json_get_nocase(body, p->name);
        if (!value) value = json_get(old, p->name);
        if (value && !json_is(value, JSON_IS_NULL)) json_put_value(&w, p->name, value);
    }
    json_write_end(&w);
    return buf_finish(c, &b, out);
}
