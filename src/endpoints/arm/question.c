#include "endpoints/arm/question.h"

#include "ops/explain.h"

static enum err text_of(struct call *c, str name, const struct json *value, str *out)
{
    switch (value->kind) {
    case JSON_IS_STRING: *out = value->u.string; return OK;
    case JSON_IS_BOOL: *out = value->u.boolean ? S("true") : S("false"); return OK;
    case JSON_IS_INT: *out = call_format(c, "%lld", (long long)value->u.integer); return OK;
    case JSON_IS_NULL:
    case JSON_IS_REAL:
    case JSON_IS_ARRAY:
    case JSON_IS_OBJECT: break;
    }
    return FAIL(c, ERR_CONTENT_INVALID, "The attribute '%.*s' must be a text, a whole number, true or false, or an array of those.",
                PSTR(str_upto(name, 128)));
}

static enum err values_of(struct call *c, str name, const struct json *value, struct rbac_attribute *out)
{
    bool   is_list = json_is(value, JSON_IS_ARRAY);
    size_t n = is_list ? json_n(value) : 1;
    str   *values;
    TRY(NEW(c, &values, n + 1));
    for (size_t i = 0; i < n; i++) TRY(text_of(c, name, is_list ? json_at(value, i) : value, &values[i]));
    out->values = values;
    out->value_n = n;
    return OK;
}

static bool is_told(const struct question_facts *facts, enum rbac_source source, str name)
{
    for (size_t i = 0; i < facts->set.n; i++)
        if (facts->items[i].source == source && str_eq_nocase(facts->items[i].name, name)) return true;
    return false;
}

static enum err append(struct call *c, struct question_facts *facts, struct rbac_attribute one)
{
    if (facts->set.n == QUESTION_MAX_ATTRIBUTES) return FAIL(c, ERR_CONTENT_INVALID, "There are more than %d attributes.", QUESTION_MAX_ATTRIBUTES);
    facts->items[facts->set.n++] = one;
    facts->set.items = facts->items;
    return OK;
}

enum err question_add(struct call *c, struct question_facts *facts, enum rbac_source source, str name, const struct json *value)
{
    static const str      EXACT = S_INIT("<$key_case_sensitive$>"), KEYS = S_INIT("&$keys$&");
    struct rbac_attribute one = {.source = source};
    if (str_ends_nocase(name, KEYS))
        return FAIL(c, ERR_CONTENT_INVALID, "The attribute '%.*s' is a set of keys: give each key by its own name.", PSTR(str_upto(name, 128)));
    if (str_ends_nocase(name, EXACT)) name.n -= EXACT.n;
    if (str_empty(name)) return FAIL(c, ERR_CONTENT_INVALID, "An attribute has no name.");
    one.name = name;
    TRY(values_of(c, name, value, &one));
    bool is_suboperation = source == RBAC_REQUEST && str_eq_nocase(name, S("subOperation"));
    if (is_told(facts, source, name) || (is_suboperation && !str_empty(facts->set.suboperation)))
        return FAIL(c, ERR_CONTENT_INVALID, "The attribute '%.*s' is given twice.", PSTR(str_upto(name, 128)));
    if (!is_suboperation) return append(c, facts, one);
    if (one.value_n != 1) return FAIL(c, ERR_CONTENT_INVALID, "A request has one subOperation.");
    facts->set.suboperation = one.values[0];
    return OK;
}

enum err question_add_all(struct call *c, struct question_facts *facts, enum rbac_source source, const struct json *object, const char *where)
{
    if (!object || json_is(object, JSON_IS_NULL)) return OK;
    if (!json_is(object, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "%s must be an object: attributes by their names.", where);
    for (size_t i = 0; i < json_n(object); i++) TRY(question_add(c, facts, source, object->u.list.names[i], json_at(object, i)));
    return OK;
}

enum err question_add_scope(struct call *c, const struct work *w, struct question_facts *facts, const struct scope *at)
{
    struct rbac_attributes own;
    TRY(explain_attributes(c, w, at, &own));
    for (size_t i = 0; i < own.n; i++)
        if (!is_told(facts, own.items[i].source, own.items[i].name)) TRY(append(c, facts, own.items[i]));
    return OK;
}

enum err question_plane(struct call *c, const struct json *object, str name, str action, enum rbac_plane *out)
{
    const struct json *is_data = json_get(object, name);
    *out = rbac_plane_of(action);
    if (!is_data || json_is(is_data, JSON_IS_NULL)) return OK;
    if (!json_is(is_data, JSON_IS_BOOL)) return FAIL(c, ERR_CONTENT_INVALID, "%.*s must be true or false.", PSTR(name));
    *out = is_data->u.boolean ? RBAC_DATA : RBAC_CONTROL;
    return OK;
}

enum err question_only(struct call *c, const struct json *object, const char *where, const str *names, size_t n)
{
    for (size_t i = 0; json_is(object, JSON_IS_OBJECT) && i < json_n(object); i++) {
        str  name = object->u.list.names[i];
        bool is_known = false;
        for (size_t k = 0; k < n && !is_known; k++) is_known = str_eq(names[k], name);
        if (!is_known) return FAIL(c, ERR_CONTENT_INVALID, "%s has no member '%.*s'.", where, PSTR(call_printable(c, name, 128)));
    }
    return OK;
}
