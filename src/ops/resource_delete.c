// Reading and deleting resources of any type.
#include "ops/cascade.h"
#include "ops/resource_children.h"
#include "ops/resource_references.h"
#include "ops/resources.h"

enum err resources_require(struct call *c, const struct work *w, str id, const struct resource **out)
{
    struct resource_id parts;
    TRY(resource_id_parse(c, id, &parts));
    if (!str_empty(parts.subscription)) TRY(resources_require_holder(c, w, parts.subscription, parts.group));
    *out = tree_find(w->world->tree, id);
    if (*out) return OK;
    return FAIL(
        c, ERR_RESOURCE_NOT_FOUND,
        "The Resource '%.*s/%.*s' under resource group '%.*s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        PSTR(parts.provider), PSTR(parts.types), PSTR(str_empty(parts.group) ? S("<null>") : parts.group));
}

static enum err read_resource(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct resource_args *args = args_;
    struct resource_result     *out = out_;
    return resources_require(c, w, args->id, &out->resource);
}

static enum err delete_resource(struct call *c, struct work *w, const void *args_, void *out_)
{
    const struct resource_args *args = args_;
    struct resource_result     *out = out_;
    struct resource_id          id;
    TRY(resource_id_parse(c, args->id, &id));
    if (id.is_list) return FAIL(c, ERR_METHOD_NOT_ALLOWED, "A list of resources cannot be deleted: name one.");
    if (!str_empty(id.subscription)) TRY(resources_require_holder(c, w, id.subscription, id.group));
    out->resource = tree_find(w->world->tree, id.text);
    if (!out->resource) return OK;
    if (resource_children_is_fixed(out->resource->type, out->resource->name))
        return FAIL(c, ERR_METHOD_NOT_ALLOWED, "'%.*s' belongs to what it lies in, and goes with that.", PSTR(out->resource->id));
    TRY(references_ask_unused(c, w, id.text));
    TRY(cascade_resources(c, w, id.text));
    TRY(cascade_resource(c, w, out->resource));
    return cascade_assignments(c, w, id.text);
}

static enum err find_cascade(struct call *c, struct work *w, const struct effect *e, const void *args_, struct effect_sites *out)
{
    const struct resource_args *args = args_;
    struct resource_id          id;
    (void)e;
    TRY(resource_id_parse(c, args->id, &id));
    return cascade_sites(c, w, id.text, out);
}

static const struct effect EFFECT_RESOURCE_CASCADE = {.name = "cascade", .rule = EFFECT_NOT_DENIED, .find = find_cascade};

const struct op OP_RESOURCE_READ = {.name = "resource_read", .by_target = true, .run = read_resource};
const struct op OP_RESOURCE_DELETE = {
    .name = "resource_delete", .by_target = true, .effects = {&EFFECT_RESOURCE_CASCADE}, .writes = true, .run = delete_resource};
