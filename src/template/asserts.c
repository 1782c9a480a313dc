// Bicep's assertions: {"name": "[expression]"}, of the template and of resources. One that is false fails the deployment before it begins.
// Source: https://github.com/Azure/bicep (the experimental feature "assertions"). The words of a failure are ours.
#include "template/inside.h"
#include "template/value.h"

static enum err check_one(struct evaluation *e, str name, const struct json *source)
{
    struct form condition;
    bool        holds;
    TRY(form_read(e->c, source, IN_HEAD, NULL, &condition));
    TRY(evaluate_bool(e, &condition, "assertion", &holds));
    return holds ? OK : FAIL(e->c, ERR_TEMPLATE_INVALID, "The assertion '%.*s' failed.", PSTR(call_printable(e->c, name, 64)));
}

static enum err check_all(struct evaluation *e, const struct json *asserts)
{
    for (size_t i = 0; json_is(asserts, JSON_IS_OBJECT) && i < json_n(asserts); i++) TRY(check_one(e, asserts->u.list.names[i], json_at(asserts, i)));
    return OK;
}

static enum err check_resource(struct evaluation *e, const struct instance *one)
{
    const struct json *asserts = json_get_nocase(one->d->source, S("asserts"));
    if (!asserts || one->r.is_skipped) return OK;
    e->loop = one->in_loop ? &one->loop : NULL;
    enum err got = check_all(e, asserts);
    e->loop = NULL;
    return template_wrap(e->c, got, "The template resource '%.*s'%.*s is not valid:", PSTR(call_printable(e->c, one->r.name, 256)),
                         PSTR(template_place(e->t, e->c, one->d->source, one->r.path)));
}

enum err template_asserts_check(struct evaluation *e)
{
    TRY(template_wrap(e->c, check_all(e, json_get_nocase(e->t->document, S("asserts"))), "%s", "The template is not valid:"));
    for (size_t i = 0; i < e->t->instance_n; i++) TRY(check_resource(e, e->t->instances[i]));
    return OK;
}
