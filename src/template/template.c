#include "template/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/digest.h"
#include "template/ids.h"
#include "template/inside.h"
#include "template/shape.h"
#include "template/value.h"

str template_place(const struct template *t, struct call *c, const struct json *value, str path)
{
    size_t line, column;
    if (template_text_where(t->site.text, value, TEMPLATE_POINT_START, &line, &column))
        return call_format(c, " at line '%zu' and column '%zu'", line, column);
    return str_empty(path) ? STR_NONE : call_format(c, " at path '%.*s'", PSTR(call_printable(c, path, 128)));
}

enum err template_wrap(struct call *c, enum err failed, const char *format, ...)
{
    static const str WHOLE[] = {S_INIT("Deployment template validation failed: "), S_INIT("Deployment template parse failed: ")};
    char             before[512];
    va_list          args;
    if (failed != ERR_TEMPLATE_INVALID) return failed;
    str why = call_text(c, str_of(c->failure.text));
    for (size_t i = 0; i < COUNT(WHOLE); i++)
        if (str_starts(why, WHOLE[i])) return failed;
    va_start(args, format);
    vsnprintf(before, sizeof before, format, args);
    va_end(args);
    call_forgive(c);
    if (!*before) return FAIL(c, failed, "Deployment template validation failed: '%.*s'.", PSTR(why));
    const char *behind = str_ends(why, S("usage details.")) ? "" : " " AKA_EXPRESSIONS;
    return FAIL(c, failed, "Deployment template validation failed: '%s %.*s%s'.", before, PSTR(why), behind);
}

enum err template_section(struct evaluation *e, const char *name, const struct json **out)
{
    const struct json *section = json_get_nocase(e->t->document, str_of(name));
    *out = value_is_null(section) ? NULL : section;
    if (!*out || section->kind == JSON_IS_OBJECT) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "Deployment template parse failed: 'The property '%s' must be an object, and is of type '%s'. Path '%s'.'.", name,
                value_kind(section), name);
}

#define SCHEMAS         "://schema.management.azure.com/schemas/"
#define SCHEMA_VERSIONS "2014-04-01-preview,2015-01-01,2018-05-01,2019-04-01,2019-08-01"

// Source: https://github.com/microsoft/vscode-azurearmtools (the versions, and the words)
static enum err check_schema(struct call *c, const struct json *document)
{
    str    schema = json_str(json_get_nocase(document, S("$schema"))), known = S(SCHEMA_VERSIONS), version, its_version;
    size_t host = str_find_str(schema, S(SCHEMAS));
    str    rest = host == STR_NOWHERE ? STR_NONE : str_from(schema, host + S(SCHEMAS).n);
    if (str_cut(&rest, '/', &its_version))
        while (str_cut(&known, ',', &version))
            if (str_eq_nocase(version, its_version)) return OK;
    return FAIL(c, ERR_TEMPLATE_INVALID,
                "Deployment template validation failed: 'Template schema '%.*s' is not supported. Supported versions are '" SCHEMA_VERSIONS
                "'. Please see https://aka.ms/arm-template for usage details.'.",
                PSTR(call_printable(c, schema, 256)));
}

static enum err check_head(struct call *c, const struct json *document, const struct template_site *site)
{
    const struct template_context at = {.text = site->text};
    if (!json_is(document, JSON_IS_OBJECT))
        return FAIL(c, ERR_TEMPLATE_INVALID, "Deployment template parse failed: 'A template must be an object, and is of type '%s'.'.",
                    value_kind(document));
    enum err got = template_shape_check(c, document, &at);
    if (got != ERR_TEMPLATE_INVALID) return got ? got : check_schema(c, document);
    str why = call_text(c, str_of(c->failure.text));
    call_forgive(c);
    return FAIL(c, got, "Deployment template parse failed: '%.*s'.", PSTR(why));
}

static enum err read_all(struct evaluation *e, const struct json *parameters)
{
    const struct json *ignored;
    TRY(template_functions_read(e));
    TRY(template_variables_read(e));
    TRY(template_parameters_read(e, parameters));
    TRY(template_resources_read(e));
    TRY(template_dependencies_read(e));
    TRY(template_sort(e));
    TRY(template_asserts_check(e));
    TRY(template_outputs(e->c, e->t, NULL, &ignored));
    return call_check_texts(e->c);
}

enum err template_read(struct call *c, const struct json *document, const struct json *parameters, const struct template_site *site,
                       struct template **out)
{
    struct template  *t;
    struct evaluation e;
    TRY(check_head(c, document, site));
    TRY(NEW(c, &t, 1));
    *t = (struct template){.c = c, .document = document, .definitions = json_get_nocase(document, S("definitions")), .site = *site};
    evaluation_begin(&e, c, t);
    TRY(template_told(c, t, read_all(&e, parameters)));
    *out = t;
    return OK;
}

size_t template_count(const struct template *t)
{
    return t->instance_n;
}

const struct template_resource *template_at(const struct template *t, size_t i)
{
    return &t->order[i]->r;
}

static enum err evaluate_body(struct evaluation *e, const struct instance *one, const struct json **out)
{
    e->loop = one->in_loop ? &one->loop : NULL;
    enum err got = evaluate_form(e, &one->d->body, out);
    if (got != ERR_TEMPLATE_INVALID) return got;
    str why = call_text(e->c, str_of(e->c->failure.text));
    call_forgive(e->c);
    return FAIL(e->c, got, "Unable to process template language expressions for resource '%.*s'%.*s. '%.*s'",
                PSTR(call_printable(e->c, one->r.id, 400)), PSTR(template_place(e->t, e->c, one->d->source, one->r.path)), PSTR(why));
}

enum err template_body(struct call *c, struct template *t, size_t i, const struct template_outside *outside, const struct json **out)
{
    const struct instance *one = t->order[i];
    struct evaluation      e;
    bool                   keeps = !outside || !outside->get || !outside->list;
    if (one->body && (one->is_whole || !outside)) {
        *out = one->body;
        return OK;
    }
    evaluation_begin(&e, c, t);
    e.outside = outside;
    e.keeps_unresolved = keeps;
    TRY(template_told(c, t, evaluate_body(&e, one, out)));
    return call_check_texts(c);
}

struct member {
    str                name;
    const struct json *value;
};

static int compare_names(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

// With the members of each object in order of name. Depth is bounded by the reader of the document.
static enum err sort_members(struct call *c, const struct json *v, struct json *out)
{
    struct member *members;
    *out = *v;
    if (json_n(v) == 0) return OK;
    TRY(NEW(c, &members, json_n(v)));
    TRY(NEW(c, &out->u.list.items, json_n(v)));
    for (size_t i = 0; i < json_n(v); i++) members[i] = (struct member){v->kind == JSON_IS_OBJECT ? v->u.list.names[i] : STR_NONE, json_at(v, i)};
    if (v->kind == JSON_IS_OBJECT) {
        qsort(members, json_n(v), sizeof *members, compare_names);
        TRY(NEW(c, &out->u.list.names, json_n(v)));
        for (size_t i = 0; i < json_n(v); i++) out->u.list.names[i] = members[i].name;
    }
    for (size_t i = 0; i < json_n(v); i++) TRY(sort_members(c, members[i].value, &out->u.list.items[i]));
    return OK;
}

enum err template_hash(struct call *c, const struct json *document, str *out)
{
    struct json sorted;
    str         text;
    sha256      digest;
    uint64_t    number;
    TRY(sort_members(c, document, &sorted));
    TRY(json_text(c, &sorted, &text));
    TRY(digest_sha256(c, str_bytes(text), &digest));
    memcpy(&number, digest.b, sizeof number);
    *out = call_format(c, "%llu", (unsigned long long)be64toh(number));
    return call_check_texts(c);
}
