// Resource groups.
#include "endpoints/arm/arm.h"
#include "endpoints/arm/operations.h"
#include "endpoints/arm/visibility.h"

#define GROUP_READ "Microsoft.Resources/subscriptions/resourceGroups/read"

static enum err write_group(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(arm_write_group(c, answer_json(a, result.was_created ? 201 : 200), result.group));
    return arm_tag_answer(c, a);
}

enum err arm_group_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return write_group(c, w, q, a);
}

enum err arm_group_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return write_group(c, w, q, a);
}

enum err arm_group_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(arm_write_group(c, answer_json(a, 200), result.group));
    return arm_tag_answer(c, a);
}

enum err arm_group_head(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = 204;
    return OK;
}

// It is done when this goes out; the answer is the cloud's, which takes its time.
enum err arm_group_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct group_args     *args = q->object;
    const struct resource_group *group = tree_find_group(w->world->tree, args->id);
    str                          location = STR_NONE;
    if (group) TRY(call_copy_str(c, group->location, &location)); // the record goes with the deed
    TRY(wire_run(c, w, q, args, NULL));
    return operation_accept(c, q, wire_param(q, "subscription"), location, 200, a);
}

struct resource_group_list {
    struct call              *c;
    struct work              *w;
    struct arm_page           page;
    const struct arm_filter  *filter;
    const struct list_reader *reader;
    enum err                  failed;
};

enum err arm_may_list_groups(struct call *c, struct work *w, struct wire *q)
{
    struct op_target    target = {0};
    struct list_reader *reader;
    TRY(arm_at_subscription(c, w, q, &target));
    q->scope = target.scope;
    TRY(list_reader_begin(c, w, S(GROUP_READ), q->scope, false, &reader));
    q->object = reader;
    return OK;
}

static bool offer(const struct resource_group *g, void *ctx)
{
    struct resource_group_list *l = ctx;
    bool                        belongs = false;
    l->failed = list_reader_sees(l->c, l->w, l->reader, g->id, STR_NONE, &belongs); // first: the filter reads the document
    if (belongs && l->failed == OK && l->filter) l->failed = arm_filter_passes(l->c, l->filter, NULL, g->document, &belongs);
    if (l->failed != OK) return false;
    if (arm_page_takes(&l->page, g->id, belongs)) l->failed = arm_write_group(l->c, l->page.json, g);
    return l->failed == OK && arm_page_goes_on(&l->page);
}

enum err arm_groups_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct resource_group_list l = {.c = c, .w = w, .reader = q->object};
    subscription_id            s;
    str                        subscription = wire_param(q, "subscription"), filter = wire_query(q, "$filter");
    if (!guid_parse(subscription, &s.g)) return FAIL_PLAIN(c, ERR_SUBSCRIPTION_INVALID);
    if (!str_empty(filter)) TRY(arm_filter_read_tags(c, filter, &l.filter));
    TRY(arm_page_begin(c, q, a, &l.page));
    tree_each_group(w->world->tree, s, l.page.p.after, offer, &l);
    TRY(l.failed);
    return arm_page_end(c, q, &l.page);
}
