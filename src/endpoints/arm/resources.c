// Resources of any type, by their ids.
#include "endpoints/arm/arm.h"
#include "endpoints/arm/visibility.h"
#include "ops/resource_inline.h"
#include "resources/types.h"

enum err arm_resource_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    // Clients of some services take only one of the two for a new resource, as their service answers.
    const struct resource_type *type = types_of(result.resource->type);
    int                         status = result.was_created && !type->answers_200 ? 201 : 200;
    if (status == 201 && type->has_lower_group) answer_header(a, "Location", result.resource->id); // relative, as that service has it
    TRY(arm_write_resource_as(c, w, q, answer_json(a, status), result.resource));
    return arm_tag_answer(c, a);
}

enum err arm_resource_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(arm_write_resource_as(c, w, q, answer_json(a, 200), result.resource));
    return arm_tag_answer(c, a);
}

struct resource_list {
    struct call              *c;
    struct work              *w;
    struct arm_page           page;
    const struct arm_filter  *filter;
    const struct list_reader *reader;
    str                       type; /* empty: all */
    const struct wire        *q;
    bool                      is_item;
    enum err                  failed;
};

static enum err belongs(struct resource_list *l, const struct resource *r, bool *out)
{
    *out = (str_empty(l->type) || str_eq_nocase(r->type, l->type)) && !(l->is_item && types_of(r->type)->is_hidden);
    if (*out) TRY(list_reader_sees(l->c, l->w, l->reader, r->id, r->type, out)); // first: the filter reads the document
    return *out && l->filter ? arm_filter_passes(l->c, l->filter, r, r->document, out) : OK;
}

static bool offer(const struct resource *r, void *ctx)
{
    struct resource_list *l = ctx;
    bool                  is_one = false;
    l->failed = belongs(l, r, &is_one);
    if (l->failed == OK && arm_page_takes(&l->page, r->id, is_one))
        l->failed = l->is_item ? arm_write_item(l->c, l->w, l->q, l->page.json, r) : arm_write_resource_as(l->c, l->w, l->q, l->page.json, r);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

bool arm_reads_much(struct call *c, const struct wire *q)
{
    struct resource_id id;
    str                type;
    bool               is_id = arm_read_id(c, wire_param(q, "id"), &id) == OK && resource_id_type(c, &id, &type) == OK;
    call_forgive(c);
    return is_id && (id.is_list || resource_inline_is_parent(type));
}

/*
 * Of one resource, its type's read permission. Of a list in a subscription or a group, what list_reader asks for; a list of
 * the children of a resource, or above the subscriptions, needs the permission at what holds it, and lacks what is denied.
 */
enum err arm_may_get_resource(struct call *c, struct work *w, struct wire *q)
{
    struct op_target    target = {0};
    struct resource_id  id;
    struct scope        holder;
    struct list_reader *reader;
    TRY(arm_read_id(c, wire_param(q, "id"), &id));
    TRY(arm_at_resource(c, w, q, &target));
    q->scope = target.scope;
    if (!id.is_list) return op_ask(c, w, q->route->op, &target);
    TRY(scope_parse(c, target.scope, &holder));
    if (str_empty(holder.subscription) || holder.kind == SCOPE_RESOURCE) TRY(op_ask(c, w, q->route->op, &target));
    TRY(list_reader_begin(c, w, target.action, target.scope, false, &reader));
    q->object = reader;
    return OK;
}

enum err arm_may_list_resources(struct call *c, struct work *w, struct wire *q)
{
    struct op_target    target = {0};
    struct list_reader *reader;
    TRY(arm_at_holder(c, w, q, &target));
    q->scope = target.scope;
    TRY(list_reader_begin(c, w, S("Microsoft.Resources/subscriptions/resources/read"), q->scope, true, &reader));
    q->object = reader;
    return OK;
}

static enum err list(struct call *c, struct work *w, const struct wire *q, struct answer *a, str under, struct resource_list *l)
{
    str filter = wire_query(q, "$filter");
    l->c = c;
    l->w = w;
    l->q = q;
    if (!str_empty(filter)) TRY(arm_filter_read(c, filter, &l->filter));
    TRY(arm_page_begin(c, q, a, &l->page));
    tree_each_resource(w->world->tree, under, l->page.p.after, offer, l);
    TRY(l->failed);
    return arm_page_end(c, q, &l->page);
}

// "…/providers/NS/TYPE": the resources of one type in a group or a subscription, or the children of one resource.
static enum err list_of_type(struct call *c, struct work *w, const struct wire *q, struct answer *a, const struct resource_id *id)
{
    struct resource_list l = {.reader = q->object};
    if (!str_empty(id->subscription)) TRY(resources_require_holder(c, w, id->subscription, id->group));
    TRY(resource_id_type(c, id, &l.type));
    return list(c, w, q, a, q->scope, &l);
}

enum err arm_resource_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    struct resource_id     id;
    TRY(arm_read_id(c, wire_param(q, "id"), &id));
    if (id.is_list) return list_of_type(c, w, q, a, &id);
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(arm_write_resource_as(c, w, q, answer_json(a, 200), result.resource));
    return arm_tag_answer(c, a);
}

enum err arm_resource_head(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = 204;
    return OK;
}

enum err arm_resource_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    struct resource_id     id;
    str                    type;
    TRY(arm_read_id(c, wire_param(q, "id"), &id));
    TRY(resource_id_type(c, &id, &type));
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = result.resource && !types_of(type)->deletes_204 ? 200 : 204;
    return OK;
}

// All resources of a subscription or a group, without their properties.
enum err arm_resources_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_list l = {.is_item = true, .reader = q->object};
    TRY(resources_require_holder(c, w, wire_param(q, "subscription"), wire_param(q, "group")));
    return list(c, w, q, a, q->scope, &l);
}
