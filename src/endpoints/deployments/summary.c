// Which providers a deployment needs, and what stands before what: as a deployment shows it.
#include "endpoints/deployments/deployments.h"

static str namespace_of(const struct template_resource *r)
{
    return str_upto(r->type, str_find(r->type, '/'));
}

static str type_of(const struct template_resource *r)
{
    return str_from(r->type, str_find(r->type, '/') + 1);
}

static bool is_first(struct template *t, size_t i, bool by_type)
{
    const struct template_resource *r = template_at(t, i);
    for (size_t k = 0; k < i; k++) {
        const struct template_resource *before = template_at(t, k);
        if (before->is_skipped || before->is_existing) continue;
        if (by_type ? str_eq_nocase(before->type, r->type) : str_eq_nocase(namespace_of(before), namespace_of(r))) return false;
    }
    return true;
}

static bool counts(const struct template_resource *r)
{
    return !r->is_skipped && !r->is_existing;
}

// Expressions that cannot be evaluated yet stay as they are: a location may be one.
static enum err write_type(struct call *c, struct json_writer *j, struct template *t, size_t i)
{
    const struct json *body;
    TRY(template_body(c, t, i, NULL, &body));
    str location = json_str(json_get_nocase(body, S("location")));
    json_write_object(j);
    json_put_string(j, S("resourceType"), type_of(template_at(t, i)));
    json_write_key(j, S("locations"));
    json_write_array(j);
    if (str_empty(location)) json_write_null(j);
    else json_write_string(j, location);
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static enum err write_namespace(struct call *c, struct json_writer *j, struct template *t, size_t first)
{
    str name = namespace_of(template_at(t, first));
    json_write_object(j);
    json_put_string(j, S("namespace"), name);
    json_write_key(j, S("resourceTypes"));
    json_write_array(j);
    for (size_t i = first; i < template_count(t); i++) {
        const struct template_resource *r = template_at(t, i);
        if (counts(r) && str_eq_nocase(namespace_of(r), name) && is_first(t, i, true)) TRY(write_type(c, j, t, i));
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}

static void write_one(struct json_writer *j, const struct template_resource *r)
{
    json_put_string(j, S("id"), r->id);
    json_put_string(j, S("resourceType"), r->type);
    json_put_string(j, S("resourceName"), r->name);
}

static void write_dependency(struct json_writer *j, struct template *t, const struct template_resource *r)
{
    json_write_object(j);
    json_write_key(j, S("dependsOn"));
    json_write_array(j);
    for (size_t i = 0; i < r->depends_n; i++) {
        json_write_object(j);
        write_one(j, template_at(t, r->depends[i]));
        json_write_end(j);
    }
    json_write_end(j);
    write_one(j, r);
    json_write_end(j);
}

static enum err write_providers(struct call *c, struct template *t, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (size_t i = 0; i < template_count(t); i++)
        if (counts(template_at(t, i)) && is_first(t, i, false)) TRY(write_namespace(c, &j, t, i));
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

static enum err write_dependencies(struct call *c, struct template *t, str *out)
{
    struct buf         b;
    struct json_writer j;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_array(&j);
    for (size_t i = 0; i < template_count(t); i++)
        if (counts(template_at(t, i)) && template_at(t, i)->depends_n) write_dependency(&j, t, template_at(t, i));
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

enum err deploy_summary(struct call *c, struct template *t, struct deployment *out)
{
    TRY(write_providers(c, t, &out->providers));
    return write_dependencies(c, t, &out->dependencies);
}
