#include "ops/bindings.h"

#include "ops/effects.h"
#include "resources/types.h"

bool binding_is_live(const struct world *world, const struct binding *b)
{
    const struct resource *r = tree_find(world->tree, b->resource);
    return r && guid_eq(r->uid, b->uid);
}

static enum err find_resource(struct call *c, const struct world *world, str id, const struct resource **out)
{
    const struct resource *r = tree_find(world->tree, id);
    if (!r) return FAIL(c, ERR_RESOURCE_NOT_FOUND, "There is no resource %.*s.", PSTR(call_printable(c, id, SCOPE_MAX_BYTES)));
    const struct resource_type *type = types_of(r->type);
    if (!type->takes_system && !type->takes_user)
        return FAIL(c, ERR_IDENTITY_OPERATION, "Nothing can be bound to %.*s: its type carries no identity.", PSTR(r->id));
    *out = r;
    return OK;
}

static enum err write_binding(struct call *c, struct work *w, const void *args, void *out_)
{
    const struct binding_wish *wish = args;
    struct binding_result     *out = out_;
    const struct resource     *r;
    struct binding             next = {.created_ns = c->now_ns}, *fresh;
    TRY(binding_parse(c, wish->name, &next.kind, &next.name));
    TRY(find_resource(c, w->world, wish->resource, &r));
    work_log_as(w, S(BINDING_WRITE_ACTION), r->id);
    next.resource = r->id;
    next.uid = r->uid;
    const struct binding *before = bindings_find(w->world->bindings, next.name);
    *out = (struct binding_result){.binding = before};
    if (before && guid_eq(before->uid, next.uid)) return OK;
    if (before && binding_is_live(w->world, before))
        return FAIL(c, ERR_CONFLICT, "%.*s is bound to %.*s. Remove that first: lanyard unbind %.*s", PSTR(next.name), PSTR(before->resource),
                    PSTR(next.name));
    if (!before && bindings_n(w->world->bindings) >= BINDINGS_MAX)
        return FAIL(c, ERR_CONFLICT, "There are %d bindings: no more are kept.", BINDINGS_MAX);
    TRY(binding_new(c, &next, &fresh));
    TRY(work_change(c, w, STORE_BINDING, before ? &before->ref : NULL, &fresh->ref));
    *out = (struct binding_result){.binding = bindings_find(w->world->bindings, next.name), .was_created = true};
    return OK;
}

static enum err delete_binding(struct call *c, struct work *w, const void *args, void *out_)
{
    struct binding_result *out = out_;
    enum binding_kind      kind;
    str                    name;
    TRY(binding_parse(c, *(const str *)args, &kind, &name));
    out->binding = bindings_find(w->world->bindings, name);
    work_log_as(w, S(BINDING_DELETE_ACTION), out->binding ? out->binding->resource : S("/"));
    return out->binding ? work_change(c, w, STORE_BINDING, &out->binding->ref, NULL) : OK;
}

const struct op OP_BINDING_WRITE = {
    .name = "binding_write", .by_target = true, .writes = true, .effects = {&EFFECT_BINDING_WRITE}, .run = write_binding};
const struct op OP_BINDING_DELETE = {.name = "binding_delete", .writes = true, .effects = {&EFFECT_BINDING_WRITE}, .run = delete_binding};
