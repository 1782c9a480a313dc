// Resource groups.
#include "endpoints/arm/arm.h"

static str id_of(struct call *c, const struct wire *q)
{
    return call_format(c, "/subscriptions/%.*s/resourceGroups/%.*s", PSTR(wire_param(q, "subscription")), PSTR(wire_param(q, "group")));
}

static enum err run(struct call *c, struct work *w, const struct wire *q, const struct json *body, struct group_result *out)
{
    struct group_args args = {.id = id_of(c, q), .body = body};
    return op_run(c, w, q->route->op, &(struct op_target){.scope = args.id}, &args, out);
}

static enum err write_with_body(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    const struct json  *body;
    TRY(wire_body(c, q, &body));
    TRY(run(c, w, q, body, &result));
    return arm_write_group(c, answer_json(a, result.was_created ? 201 : 200), result.group);
}

enum err arm_group_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return write_with_body(c, w, q, a);
}

enum err arm_group_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return write_with_body(c, w, q, a);
}

enum err arm_group_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    TRY(run(c, w, q, NULL, &result));
    return arm_write_group(c, answer_json(a, 200), result.group);
}

enum err arm_group_head(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct group_result result = {0};
    TRY(run(c, w, q, NULL, &result));
    a->status = 204;
    return OK;
}

// Done at once; 200 is among what every client takes.
enum err arm_group_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    TRY(run(c, w, q, NULL, NULL));
    a->status = 200;
    return OK;
}

struct listing {
    struct call             *c;
    struct arm_page          page;
    const struct arm_filter *filter;
    enum err                 failed;
};

static bool offer(const struct resource_group *g, void *ctx)
{
    struct listing    *l = ctx;
    const struct json *document;
    l->failed = json_parse(l->c, g->document, &document);
    if (l->failed != OK) return false;
    if (l->filter && !arm_filter_allows_tags(l->filter, json_get(document, S("tags")))) return true;
    if (arm_page_wants(&l->page, g->id)) l->failed = arm_write_group(l->c, l->page.json, g);
    return l->failed == OK && !l->page.is_full;
}

enum err arm_groups_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct listing  l = {.c = c};
    subscription_id s;
    str             subscription = wire_param(q, "subscription"), filter = wire_query(q, "$filter");
    TRY(resources_require_holder(c, w, subscription, STR_NONE));
    TRY(arm_require(c, w, S("Microsoft.Resources/subscriptions/resourceGroups/read"), call_format(c, "/subscriptions/%.*s", PSTR(subscription))));
    if (!guid_parse(subscription, &s.g)) return FAIL_PLAIN(c, ERR_SUBSCRIPTION_INVALID);
    if (!str_empty(filter)) TRY(arm_filter_read_tags(c, filter, &l.filter));
    TRY(arm_page_begin(c, q, a, &l.page));
    tree_each_group(w->world->tree, s, offer, &l);
    TRY(l.failed);
    return arm_page_end(c, q, &l.page);
}
