// Resources of any type, by their ids.
#include "endpoints/arm/arm.h"
#include "resources/types.h"

enum err arm_resource_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    // Clients of some services take only one of the two for a new resource, as their service answers.
    const struct resource_type *type = types_of(result.resource->type);
    int                         status = result.was_created && !type->answers_200 ? 201 : 200;
    if (status == 201 && type->has_lower_group) answer_header(a, "Location", result.resource->id); // relative, as that service has it
    TRY(arm_write_resource_at(c, w, answer_json(a, status), result.resource, q->api_version));
    return arm_tag_answer(c, a);
}

enum err arm_resource_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(arm_write_resource_at(c, w, answer_json(a, 200), result.resource, q->api_version));
    return arm_tag_answer(c, a);
}

struct resource_list {
    struct call             *c;
    struct work             *w;
    struct arm_page          page;
    const struct arm_filter *filter;
    str                      type; /* empty: all */
    str                      api_version;
    bool                     is_item;
    enum err                 failed;
};

static bool allowed_by(struct resource_list *l, const struct resource *r)
{
    bool allowed = true;
    if (!str_empty(l->type) && !str_eq_nocase(r->type, l->type)) return false;
    if (l->is_item && types_of(r->type)->is_hidden) return false;
    if (l->filter) l->failed = arm_filter_passes(l->c, l->filter, r, r->document, &allowed);
    return allowed;
}

static bool offer(const struct resource *r, void *ctx)
{
    struct resource_list *l = ctx;
    bool                  belongs = allowed_by(l, r);
    if (l->failed == OK && arm_page_takes(&l->page, r->id, belongs))
        l->failed =
            l->is_item ? arm_write_resource(l->c, l->w, l->page.json, r, true) : arm_write_resource_at(l->c, l->w, l->page.json, r, l->api_version);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

static enum err list(struct call *c, struct work *w, const struct wire *q, struct answer *a, str under, struct resource_list *l)
{
    str filter = wire_query(q, "$filter");
    l->c = c;
    l->w = w;
    l->api_version = q->api_version;
    if (!str_empty(filter)) TRY(arm_filter_read(c, filter, &l->filter));
    TRY(arm_page_begin(c, q, a, &l->page));
    tree_each_resource(w->world->tree, under, l->page.p.after, offer, l);
    TRY(l->failed);
    return arm_page_end(c, q, &l->page);
}

// "…/providers/NS/TYPE": the resources of one type in a group or a subscription, or the children of one resource.
static enum err list_of_type(struct call *c, struct work *w, const struct wire *q, struct answer *a, const struct resource_id *id)
{
    struct resource_list l = {0};
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
    TRY(arm_write_resource_at(c, w, answer_json(a, 200), result.resource, q->api_version));
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
    struct resource_list l = {.is_item = true};
    TRY(resources_require_holder(c, w, wire_param(q, "subscription"), wire_param(q, "group")));
    return list(c, w, q, a, q->scope, &l);
}
