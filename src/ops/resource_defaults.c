#include "ops/resource_defaults.h"

#include "core/time.h"
#include "ops/resource_shapes.h"

// A slot's name is joined to its site's.
static str host_label(struct call *c, const struct resource_id *id)
{
    str names = id->types, site = STR_NONE, slot = STR_NONE, word;
    for (size_t i = 0; str_cut(&names, '/', &word); i++) {
        if (i == 1) site = word;
        if (i == 3) slot = word;
    }
    return call_lower(c, str_empty(slot) ? site : call_format(c, "%.*s-%.*s", PSTR(site), PSTR(slot)));
}

struct filling {
    const struct work            *w;
    const struct resource_id     *id;
    const struct resource_change *change;
};

// A mark's value; false: it is none.
static bool value_of(struct call *c, const struct filling *f, str mark, str *out)
{
    const struct resource *r = f->change->next;
    if (str_eq(mark, S("name"))) *out = r->name;
    else if (str_eq(mark, S("id"))) *out = r->id;
    else if (str_eq(mark, S("parent"))) (void)scope_parent(r->id, out);
    else if (str_eq(mark, S("uid"))) *out = guid_str(c, r->uid);
    else if (str_eq(mark, S("short"))) *out = str_upto(guid_str(c, r->uid), 8);
    else if (str_eq(mark, S("location"))) *out = r->location;
    else if (str_eq(mark, S("group"))) *out = f->id->group;
    else if (str_eq(mark, S("subscription"))) *out = f->id->subscription;
    else if (str_eq(mark, S("tenant"))) *out = guid_str(c, f->w->product->tenant.g);
    else if (str_eq(mark, S("now"))) *out = call_format(c, "%s", time_iso_s(c->now_s).s);
    else if (str_eq(mark, S("host"))) *out = host_label(c, f->id);
    else if (str_eq(mark, S("dns-label"))) *out = json_str(json_path(f->change->document, "properties.dnsSettings.domainNameLabel"));
    else return false;
    return true;
}

// A text as it stands inside of a JSON string.
static enum err add_escaped(struct call *c, struct buf *b, str text)
{
    str quoted;
    TRY(json_text(c, &(struct json){.kind = JSON_IS_STRING, .u.string = text}, &quoted));
    buf_add(b, (str){quoted.at + 1, quoted.n - 2});
    return OK;
}

static enum err fill_in(struct call *c, const struct filling *f, str text, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t at; (at = str_find(text, '{')) != STR_NOWHERE;) {
        str rest = str_from(text, at + 1), mark = str_upto(rest, str_find(rest, '}')), value = STR_NONE;
        buf_add(&b, str_upto(text, at));
        bool is_mark = value_of(c, f, mark, &value);
        if (is_mark) TRY(add_escaped(c, &b, value));
        else buf_add_char(&b, '{');
        text = is_mark ? str_from(rest, mark.n + 1) : rest;
    }
    buf_add(&b, text);
    return buf_finish(c, &b, out);
}

// A member that is absent, or null; of the service's own, whatever it is. One inside of something that is no object is
// nobody's business: that stays as it is.
static enum err set(struct call *c, const struct json *object, str path, enum shape_rule rule, const struct json *value, const struct json **out)
{
    size_t             dot = str_find(path, '.');
    str                name = str_upto(path, dot);
    const struct json *member = json_get(object, name);
    bool               absent = !member || json_is(member, JSON_IS_NULL);
    *out = object;
    if (!json_is(object, JSON_IS_OBJECT) || (dot == STR_NOWHERE && !absent && rule == SHAPE_FILL)) return OK;
    if (dot == STR_NOWHERE) return json_with(c, object, name, value, out);
    static const struct json EMPTY = {.kind = JSON_IS_OBJECT};
    if (absent && rule == SHAPE_IN) return OK;
    TRY(set(c, absent ? &EMPTY : member, str_from(path, dot + 1), rule, value, &member));
    return json_with(c, object, name, member, out);
}

static enum err check_needs(struct call *c, const struct resource_change *change)
{
    const struct shape_need *need;
    for (size_t i = 0; (need = resource_shape_need_at(i)) != NULL; i++)
        if (str_eq_nocase(change->next->type, str_of(need->type)) && str_empty(json_str(json_path(change->document, need->path))))
            return FAIL(c, ERR_CONTENT_INVALID, "The property '%s' is required for the type '%s'.", need->path, need->type);
    return OK;
}

enum err resource_defaults_apply(struct call *c, const struct work *w, const struct resource_id *id, struct resource_change *change)
{
    const struct resource_shape *shape = resource_shape_of(change->next->type);
    const struct json           *old = NULL;
    struct filling               f = {.w = w, .id = id, .change = change};
    if (!shape) return OK;
    TRY(check_needs(c, change));
    if (change->before) TRY(resource_document(c, change->before, &old));
    for (size_t i = 0; i < shape->row_n; i++) {
        const struct shape_row *row = &shape->rows[i];
        const struct json      *value = row->rule == SHAPE_ONCE ? json_path(old, row->path) : NULL;
        str                     text;
        if (!value) TRY(fill_in(c, &f, str_of(row->json), &text));
        if (!value) TRY(json_parse(c, text, &value));
        TRY(set(c, change->document, str_of(row->path), row->rule, value, &change->document));
    }
    return OK;
}
