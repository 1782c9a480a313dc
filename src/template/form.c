#include "template/form.h"

#include "template/evaluate.h"
#include "template/value.h"

struct reader {
    struct call              *c;
    enum expression_place     place;
    const struct form_nested *nested;
    bool                      in_nested;
};

static enum err read(struct reader *r, const struct json *source, struct form *out);

static void keep(const struct json *source, struct form *out)
{
    if (!source) source = &VALUE_NULL;
    *out = (struct form){.source = source, .literal = source, .is_constant = true};
}

// "[[text]" stands for "[text]". In a nested template that is read once more the escape stays.
static bool is_escaped(const struct reader *r, str text)
{
    return !r->in_nested && str_starts(text, S("[[")) && str_ends(text, S("]"));
}

static enum err read_text(struct reader *r, const struct json *source, struct form *out)
{
    struct json *unescaped;
    str          text = source->u.string;
    if (expression_is(text)) {
        out->is_constant = false;
        return expression_read(r->c, text, r->place, &out->expression);
    }
    if (!is_escaped(r, text)) return OK;
    TRY(NEW(r->c, &unescaped, 1));
    *unescaped = (struct json){.kind = JSON_IS_STRING, .u.string = str_from(text, 1)};
    out->literal = unescaped;
    out->is_constant = false; // not the source itself: what holds it is made anew
    return OK;
}

static bool is_loop(const struct json *v)
{
    return json_get_nocase(v, S("name")) && json_get_nocase(v, S("count")) && json_get_nocase(v, S("input"));
}

static bool is_loops(str name, const struct json *v)
{
    if (!str_eq_nocase(name, S("copy")) || !json_is(v, JSON_IS_ARRAY) || json_n(v) == 0) return false;
    for (size_t i = 0; i < json_n(v); i++)
        if (!is_loop(json_at(v, i))) return false;
    return true;
}

static enum err read_count(struct reader *r, const struct json *loop, struct form_copy *out)
{
    struct reader head = *r;
    head.place = r->place == IN_VARIABLE ? IN_VARIABLE : IN_HEAD;
    out->name = json_str(json_get_nocase(loop, S("name")));
    if (str_empty(out->name))
        return FAIL(r->c, ERR_TEMPLATE_INVALID, "A copy loop has no name that is a text. Please see https://aka.ms/arm-copy for usage details.");
    return read(&head, json_get_nocase(loop, S("count")), &out->count);
}

static enum err read_copies(struct reader *r, const struct json *loops, struct form *out)
{
    struct form_copy *copies;
    TRY(NEW(r->c, &copies, json_n(loops)));
    for (size_t i = 0; i < json_n(loops); i++) {
        TRY(read_count(r, json_at(loops, i), &copies[i]));
        TRY(read(r, json_get_nocase(json_at(loops, i), S("input")), &copies[i].input));
    }
    out->copies = copies;
    out->copy_n = json_n(loops);
    out->is_constant = false;
    return OK;
}

// The name of a member: an expression, or a text that an escape keeps from being one; *out NULL: as it is written.
static enum err read_name(struct reader *r, str name, const struct expression **out)
{
    struct expression *literal;
    if (expression_is(name)) return expression_read(r->c, name, r->place, out);
    if (!is_escaped(r, name)) return OK;
    TRY(NEW(r->c, &literal, 1));
    *literal = (struct expression){.kind = EXPRESSION_LITERAL, .literal = {.kind = JSON_IS_STRING, .u.string = str_from(name, 1)}};
    *out = literal;
    return OK;
}

static enum err read_names(struct reader *r, const struct json *source, struct form *out)
{
    const struct expression **names = NULL;
    for (size_t i = 0; i < json_n(source); i++) {
        if (!str_starts(source->u.list.names[i], S("["))) continue;
        if (!names) TRY(NEW(r->c, &names, json_n(source)));
        TRY(read_name(r, source->u.list.names[i], &names[i]));
    }
    out->names = names;
    if (names) out->is_constant = false;
    return OK;
}

// In a nested template another one may be nested, whose expressions are its own.
static bool is_inner_template(const struct reader *r, const struct json *object, str name)
{
    return r->in_nested && str_eq_nocase(name, S("template")) &&
           str_eq_nocase(json_str(json_path(object, "expressionEvaluationOptions.scope")), S("inner"));
}

static enum err read_object(struct reader *r, const struct json *source, struct form *out)
{
    TRY(NEW(r->c, &out->items, json_n(source)));
    TRY(read_names(r, source, out));
    for (size_t i = 0; i < json_n(source); i++) {
        const struct json *item = json_at(source, i);
        str                name = source->u.list.names[i];
        if (is_loops(name, item)) TRY(read_copies(r, item, out));
        else if (is_inner_template(r, source, name)) keep(item, &out->items[i]);
        else TRY(read(r, item, &out->items[i])); // depth is bounded by the reader of the document
        if (!out->items[i].is_constant) out->is_constant = false;
    }
    return OK;
}

// A resource of a nested template that is evaluated here is repeated here too.
static enum err read_repeated(struct reader *r, const struct json *item, struct form *out)
{
    struct form_copy  *repeat;
    const struct json *loop = json_get(item, S("copy")), *once;
    TRY(NEW(r->c, &repeat, 1));
    TRY(read_count(r, loop, repeat));
    TRY(json_with(r->c, item, S("copy"), NULL, &once));
    TRY(read(r, once, out));
    out->repeat = repeat;
    out->is_constant = false;
    return OK;
}

static enum err read_array(struct reader *r, const struct json *source, struct form *out)
{
    TRY(NEW(r->c, &out->items, json_n(source)));
    for (size_t i = 0; i < json_n(source); i++) {
        const struct json *item = json_at(source, i), *loop = json_get(item, S("copy"));
        if (r->in_nested && json_get_nocase(loop, S("count")) && json_get_nocase(item, S("type"))) TRY(read_repeated(r, item, &out->items[i]));
        else TRY(read(r, item, &out->items[i]));
        if (!out->items[i].is_constant) out->is_constant = false;
    }
    return OK;
}

// Most of a template has nothing to evaluate in it, and takes no memory here.
static bool has_texts(const struct json *v)
{
    if (json_is(v, JSON_IS_STRING)) return str_starts(v->u.string, S("["));
    for (size_t i = 0; i < json_n(v); i++)
        if ((v->kind == JSON_IS_OBJECT && (str_starts(v->u.list.names[i], S("[")) || str_eq_nocase(v->u.list.names[i], S("copy")))) ||
            has_texts(json_at(v, i)))
            return true;
    return false;
}

static enum err read(struct reader *r, const struct json *source, struct form *out)
{
    bool is_nested = source && r->nested && source == r->nested->document;
    keep(source, out);
    if ((is_nested && r->nested->is_inner) || !has_texts(source)) return OK;
    TRY(evaluation_room(r->c));
    struct reader inside = *r;
    inside.in_nested |= is_nested;
    out->is_nested = inside.in_nested;
    switch (out->source->kind) {
    case JSON_IS_STRING: return read_text(&inside, out->source, out);
    case JSON_IS_ARRAY: return read_array(&inside, out->source, out);
    case JSON_IS_OBJECT: return read_object(&inside, out->source, out);
    case JSON_IS_NULL:
    case JSON_IS_BOOL:
    case JSON_IS_INT:
    case JSON_IS_REAL: return OK;
    }
    return FAIL_PLAIN(r->c, ERR_INTERNAL);
}

enum err form_read(struct call *c, const struct json *source, enum expression_place place, const struct form_nested *nested, struct form *out)
{
    struct reader r = {.c = c, .place = place, .nested = nested};
    return read(&r, source, out);
}
