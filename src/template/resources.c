// The resources of a template: declared, and expanded into instances.
#include <stdio.h>

#include "template/ids.h"
#include "template/inside.h"
#include "template/value.h"

#define DEPLOYMENTS    "Microsoft.Resources/deployments"
#define RESOURCE_GROUP "Microsoft.Resources/resourceGroups"
#define MGMT_GROUPS    "Microsoft.Management/managementGroups/"

// What the template engine takes of a resource; all other members are the body.
static const str HEAD[] = {
    S_INIT("type"),      S_INIT("apiVersion"), S_INIT("name"),     S_INIT("condition"), S_INIT("scope"), S_INIT("copy"),   S_INIT("dependsOn"), S_INIT("comments"),
    S_INIT("metadata"),  S_INIT("resources"),  S_INIT("existing"), S_INIT("asserts"),   S_INIT("@options"),
};
// Of deployments and existing resources only: where they lie.
static const str PLACE[] = {S_INIT("resourceGroup"), S_INIT("subscriptionId")};

static enum err declare(struct evaluation *e, const struct json *source, str path, str symbol, const struct declaration *parent,
                        struct declaration *out);

static bool is_deployment(const struct declaration *d)
{
    return str_eq_nocase(d->type, S(DEPLOYMENTS));
}

static enum err body_of(struct evaluation *e, const struct declaration *d, const struct json **out)
{
    struct json *body;
    bool         has_place = is_deployment(d) || d->is_existing;
    TRY(json_object_new(e->c, json_n(d->source), &body));
    for (size_t i = 0; i < json_n(d->source); i++) {
        str name = d->source->u.list.names[i];
        if (str_index_nocase(HEAD, COUNT(HEAD), name) != STR_NOWHERE) continue;
        if (has_place && str_index_nocase(PLACE, COUNT(PLACE), name) != STR_NOWHERE) continue;
        json_object_add(body, name, json_at(d->source, i));
    }
    *out = body;
    return OK;
}

static enum err read_head(struct evaluation *e, const struct declaration *d, const char *member, struct form *out)
{
    return form_read(e->c, json_get_nocase(d->source, str_of(member)), IN_HEAD, NULL, out);
}

static enum err read_copy(struct evaluation *e, struct declaration *d)
{
    const struct json *copy = json_get_nocase(d->source, S("copy")), *mode = json_get_nocase(copy, S("mode")),
                      *batch = json_get_nocase(copy, S("batchSize"));
    if (!copy) return OK;
    d->loop_name = json_str(json_get_nocase(copy, S("name")));
    if (str_empty(d->loop_name) || !json_get_nocase(copy, S("count")))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The copy object of a resource needs a name and a count. Please see https://aka.ms/arm-copy for usage details.");
    d->has_loop = true;
    if (str_eq_nocase(json_str(mode), S("serial"))) d->batch = 1;
    else if (mode && !str_eq_nocase(json_str(mode), S("parallel")))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The mode of a copy object is 'Serial' or 'Parallel'.");
    if (d->batch && json_is(batch, JSON_IS_INT)) d->batch = batch->u.integer;
    if (d->batch < 0 || d->batch > TEMPLATE_MAX_RESOURCES || (d->batch == 0 && mode && !str_eq_nocase(json_str(mode), S("parallel"))))
        return FAIL(e->c, ERR_TEMPLATE_INVALID, "The batchSize of a copy object must be from '1' to '%d'.", TEMPLATE_MAX_RESOURCES);
    return form_read(e->c, json_get_nocase(copy, S("count")), IN_HEAD, NULL, &d->count);
}

// Bicep's resources of Kubernetes, Microsoft Graph and the like: they are made by others than the management API.
static enum err refuse_extension(struct evaluation *e, const struct declaration *d)
{
    const struct json *extension = json_get_nocase(d->source, S("extension"));
    if (!extension) extension = json_get_nocase(d->source, S("import"));
    if (!extension) return OK;
    return FAIL(e->c, ERR_TEMPLATE_INVALID,
                "It is a resource of the extension '%.*s'. Extensions are not supported here: deploy it without the template.",
                PSTR(call_printable(e->c, json_str(extension), 64)));
}

static enum err read_type(struct evaluation *e, struct declaration *d)
{
    struct form              type;
    str                      own;
    static const char *const NEEDED[] = {"type", "apiVersion", "name"};
    TRY(refuse_extension(e, d));
    for (size_t i = 0; i < COUNT(NEEDED); i++)
        if (!json_get_nocase(d->source, str_of(NEEDED[i])))
            return FAIL(e->c, ERR_TEMPLATE_INVALID, "Required property '%s' not found in JSON.", NEEDED[i]);
    TRY(read_head(e, d, "type", &type));
    TRY(evaluate_text(e, &type, "type", &own));
    d->type = d->parent ? call_format(e->c, "%.*s/%.*s", PSTR(d->parent->type), PSTR(own)) : own;
    return id_type_names(d->type) > 0 ? OK
                                      : FAIL(e->c, ERR_TEMPLATE_INVALID, "The type '%.*s' is not a fully qualified resource type.",
                                             PSTR(call_printable(e->c, d->type, 128)));
}

static enum err read_forms(struct evaluation *e, struct declaration *d)
{
    const struct json *body;
    struct form_nested nested = {.document = is_deployment(d) ? json_path(d->source, "properties.template") : NULL};
    TRY(read_head(e, d, "name", &d->name));
    TRY(read_head(e, d, "apiVersion", &d->api_version));
    TRY(read_head(e, d, "condition", &d->condition));
    TRY(read_head(e, d, "scope", &d->scope));
    TRY(read_head(e, d, "dependsOn", &d->depends));
    TRY(read_head(e, d, "resourceGroup", &d->group));
    TRY(read_head(e, d, "subscriptionId", &d->subscription));
    TRY(read_copy(e, d));
    TRY(body_of(e, d, &body));
    nested.is_inner = str_eq_nocase(json_str(json_path(d->source, "properties.expressionEvaluationOptions.scope")), S("inner"));
    d->is_inner = nested.is_inner;
    return form_read(e->c, body, IN_BODY, &nested, &d->body);
}

static enum err declare_children(struct evaluation *e, struct declaration *d)
{
    const struct json *children = json_get_nocase(d->source, S("resources"));
    if (is_deployment(d) || !children) return OK;
    TRY(NEW(e->c, &d->children, json_n(children)));
    for (size_t i = 0; i < json_n(children); i++, d->child_n++) {
        str symbol = json_is(children, JSON_IS_OBJECT) ? children->u.list.names[i] : STR_NONE;
        str path = str_empty(symbol) ? call_format(e->c, "%.*s.resources[%zu]", PSTR(d->path), i)
                                     : call_format(e->c, "%.*s.resources.%.*s", PSTR(d->path), PSTR(symbol));
        TRY(declare(e, json_at(children, i), path, symbol, d, &d->children[i]));
    }
    return OK;
}

static str shown_name(struct evaluation *e, const struct declaration *d)
{
    str name = json_str(json_get_nocase(d->source, S("name")));
    return call_printable(e->c, str_empty(name) ? d->symbol : name, 256);
}

static enum err wrap(struct evaluation *e, enum err got, const struct declaration *d, str name)
{
    return template_wrap(e->c, got, "The template resource '%.*s'%.*s is not valid:", PSTR(name),
                         PSTR(template_place(e->t, e->c, d->source, d->path)));
}

static enum err declare(struct evaluation *e, const struct json *source, str path, str symbol, const struct declaration *parent,
                        struct declaration *out)
{
    const struct json *existing = json_get_nocase(source, S("existing"));
    enum err           got = OK;
    *out = (struct declaration){.source = source, .path = path, .symbol = symbol, .parent = parent, .next = e->t->declarations};
    e->t->declarations = out;
    out->is_existing = json_is(existing, JSON_IS_BOOL) && existing->u.boolean;
    if (!json_is(source, JSON_IS_OBJECT)) got = FAIL(e->c, ERR_TEMPLATE_INVALID, "It is of type '%s' and not an object.", value_kind(source));
    if (!got) got = read_type(e, out);
    if (!got) got = read_forms(e, out);
    if (got) return wrap(e, got, out, shown_name(e, out));
    return declare_children(e, out); // depth is bounded by the reader of the document
}

// The scope that the id begins with: that of the deployment, unless the resource says another one.
static enum err find_base(struct evaluation *e, struct instance *one)
{
    const struct declaration   *d = one->d;
    const struct template_site *site = &e->t->site;
    str                         subscription = site->subscription, group = site->group, scope;
    one->base = one->parent ? one->parent->base : site->scope;
    if (is_deployment(d) || d->is_existing) {
        if (!value_is_null(d->subscription.source)) {
            TRY(evaluate_text(e, &d->subscription, "subscriptionId", &subscription));
            group = STR_NONE;
        }
        if (!value_is_null(d->group.source)) TRY(evaluate_text(e, &d->group, "resourceGroup", &group));
        if (!value_is_null(d->subscription.source) || !value_is_null(d->group.source)) one->base = id_scope(e->c, subscription, group);
    }
    if (value_is_null(d->scope.source)) return OK;
    TRY(evaluate_text(e, &d->scope, "scope", &scope));
    if (str_empty(scope)) return FAIL(e->c, ERR_TEMPLATE_INVALID, "The scope is empty.");
    if (scope.n > 1 && str_ends(scope, S("/"))) scope.n--;
    if (scope.at[0] == '/') one->base = scope;
    else if (str_starts_nocase(scope, S(MGMT_GROUPS))) one->base = call_format(e->c, "/providers/%.*s", PSTR(scope));
    else one->base = call_format(e->c, "%.*s/providers/%.*s", PSTR(str_eq(one->base, S("/")) ? STR_NONE : one->base), PSTR(scope));
    return OK;
}

static enum err find_id(struct evaluation *e, struct instance *one)
{
    const struct declaration *d = one->d;
    str                       name, names[ID_MAX_NAMES];
    size_t                    n = 0;
    TRY(evaluate_text(e, &d->name, "name", &name));
    one->r.name = one->parent ? call_format(e->c, "%.*s/%.*s", PSTR(one->parent->r.name), PSTR(name)) : name;
    TRY(evaluate_text(e, &d->api_version, "apiVersion", &one->r.api_version));
    TRY(find_base(e, one));
    if (!id_split_names(one->r.name, names, &n) || n != id_type_names(d->type))
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "The name '%.*s' for type '%.*s' has incorrect segment lengths. A nested resource type must have identical number of segments as "
                    "its resource name. "
                    "A root resource type must have segment length one greater than its resource name. Please see "
                    "https://aka.ms/arm-syntax-resources for usage details.",
                    PSTR(call_printable(e->c, one->r.name, 256)), PSTR(call_printable(e->c, d->type, 128)));
    one->r.own_type = id_own_type(e->c, d->type, names);
    bool is_group = str_eq_nocase(d->type, S(RESOURCE_GROUP)) && str_starts_nocase(one->base, S("/subscriptions/"));
    one->r.id = is_group ? call_format(e->c, "%.*s/resourceGroups/%.*s", PSTR(one->base), PSTR(name)) : id_join(e->c, one->base, d->type, names, n);
    return OK;
}

static enum err find_condition(struct evaluation *e, struct instance *one)
{
    bool is_true = true;
    if (!value_is_null(one->d->condition.source)) TRY(evaluate_bool(e, &one->d->condition, "condition", &is_true));
    one->r.is_skipped = !is_true || (one->parent && one->parent->r.is_skipped);
    enum err got = find_id(e, one);
    if (got != ERR_TEMPLATE_INVALID || !one->r.is_skipped) return got;
    call_forgive(e->c); // what is not deployed may have a name that is none
    return OK;
}

static enum err add_instance(struct evaluation *e, const struct declaration *d, const struct instance *parent, struct instance **out)
{
    struct instance *one;
    if (e->t->instance_n == TEMPLATE_MAX_RESOURCES)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Deployment template validation failed: 'The number of template resources limit exceeded. Limit: '%d' and actual: at least '%d'. "
                    "Please see "
                    "https://aka.ms/arm-syntax-resources for usage details.'.",
                    TEMPLATE_MAX_RESOURCES, TEMPLATE_MAX_RESOURCES + 1);
    TRY(NEW(e->c, &one, 1));
    TRY(NEW(e->c, &one->needs, TEMPLATE_NEED_WORDS));
    one->d = d;
    one->parent = parent;
    one->at = e->t->instance_n;
    one->r = (struct template_resource){
        .symbol = d->symbol, .type = d->type, .own_type = d->type, .path = d->path, .is_existing = d->is_existing, .is_deployment = is_deployment(d)};
    e->t->instances[e->t->instance_n++] = one;
    *out = one;
    return OK;
}

static enum err expand(struct evaluation *e, const struct declaration *d, const struct instance *parent);

static enum err expand_one(struct evaluation *e, const struct declaration *d, const struct instance *parent, int64_t index)
{
    struct instance   *one;
    const struct loop *around = parent && parent->in_loop ? &parent->loop : NULL;
    TRY(add_instance(e, d, parent, &one));
    one->in_loop = d->has_loop || around;
    one->loop = d->has_loop ? (struct loop){.name = d->loop_name, .index = index, .outer = around} : around ? *around : (struct loop){0};
    if (d->has_loop && !str_empty(d->symbol)) one->r.symbol = call_format(e->c, "%.*s[%lld]", PSTR(d->symbol), (long long)index);
    e->loop = one->in_loop ? &one->loop : NULL;
    enum err got = find_condition(e, one);
    e->loop = NULL;
    if (got) return wrap(e, got, d, shown_name(e, d));
    for (size_t i = 0; i < d->child_n; i++) TRY(expand(e, &d->children[i], one));
    return OK;
}

static enum err expand(struct evaluation *e, const struct declaration *d, const struct instance *parent)
{
    int64_t count = 1;
    if (d->has_loop) {
        enum err got = evaluate_int(e, &d->count, "copy count", &count);
        if (!got && (count < 0 || count > TEMPLATE_MAX_RESOURCES))
            got = FAIL(e->c, ERR_TEMPLATE_INVALID,
                       "The copy count '%lld' must be from '0' to '%d'. Please see https://aka.ms/arm-copy for usage details.", (long long)count,
                       TEMPLATE_MAX_RESOURCES);
        if (got) return wrap(e, got, d, shown_name(e, d));
    }
    for (int64_t i = 0; i < count; i++) TRY(expand_one(e, d, parent, i));
    return OK;
}

// Two with one id would overwrite each other.
static enum err check_twins(struct evaluation *e)
{
    for (size_t i = 0; i < e->t->instance_n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct instance *a = e->t->instances[i], *b = e->t->instances[k];
            if (a->r.is_skipped || b->r.is_skipped || a->r.is_existing || b->r.is_existing || !str_eq_nocase(a->r.id, b->r.id)) continue;
            return FAIL(e->c, ERR_TEMPLATE_INVALID,
                        "Deployment template validation failed: 'The resource '%.*s'%.*s is defined multiple times in a template. Please see "
                        "https://aka.ms/arm-syntax-resources for usage details.'.",
                        PSTR(call_printable(e->c, str_from(a->r.id, 1), 400)), PSTR(template_place(e->t, e->c, a->d->source, a->d->path)));
        }
    return OK;
}

enum err template_resources_read(struct evaluation *e)
{
    const struct json  *section = json_get_nocase(e->t->document, S("resources"));
    struct declaration *declarations;
    size_t              n = json_n(section);
    if (section->kind != JSON_IS_ARRAY && section->kind != JSON_IS_OBJECT)
        return FAIL(e->c, ERR_TEMPLATE_INVALID,
                    "Deployment template parse failed: 'The property 'resources' must be an array or an object. Path 'resources'.'.");
    e->t->is_symbolic = section->kind == JSON_IS_OBJECT;
    TRY(NEW(e->c, &declarations, n));
    TRY(NEW(e->c, &e->t->instances, TEMPLATE_MAX_RESOURCES));
    for (size_t i = 0; i < n; i++) {
        str symbol = e->t->is_symbolic ? section->u.list.names[i] : STR_NONE;
        str path = e->t->is_symbolic ? call_format(e->c, "resources.%.*s", PSTR(symbol)) : call_format(e->c, "resources[%zu]", i);
        TRY(declare(e, json_at(section, i), path, symbol, NULL, &declarations[i]));
    }
    for (size_t i = 0; i < n; i++) TRY(expand(e, &declarations[i], NULL));
    TRY(call_check_texts(e->c));
    return check_twins(e);
}
