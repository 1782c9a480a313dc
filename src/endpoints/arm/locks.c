// Management locks.
#include "ops/locks.h"

#include "endpoints/arm/arm.h"

#define TYPE "Microsoft.Authorization/locks"

static enum err write_lock(struct call *c, struct json_writer *j, const struct lock *l)
{
    const struct json *owners = NULL;
    if (!str_empty(l->owners)) TRY(json_parse(c, l->owners, &owners));
    json_write_object(j);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("level"), lock_level_text(l->level));
    if (!str_empty(l->notes)) json_put_string(j, S("notes"), l->notes);
    if (owners) json_put_value(j, S("owners"), owners);
    json_write_end(j);
    json_put_string(j, S("id"), l->id);
    json_put_string(j, S("type"), S(TYPE));
    json_put_string(j, S("name"), l->name);
    json_write_end(j);
    return OK;
}

enum err arm_at_lock(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct lock_args *args;
    (void)w;
    if (q->route->method == HTTP_PUT) TRY(wire_read_body(c, q));
    TRY(NEW(c, &args, 1));
    *args = (struct lock_args){.scope = arm_scope_of(q), .name = wire_param(q, "name"), .body = q->body};
    q->object = args;
    out->scope = call_format(c, "%.*s" LOCK_PATH "%.*s", PSTR(wire_param(q, "scope")), PSTR(args->name));
    return OK;
}

static enum err answer(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct lock_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    TRY(write_lock(c, answer_json(a, result.was_created ? 201 : 200), result.lock));
    return arm_tag_answer(c, a);
}

enum err arm_lock_put(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return answer(c, w, q, a);
}

enum err arm_lock_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return answer(c, w, q, a);
}

enum err arm_lock_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct lock_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    a->status = result.lock ? 200 : 204;
    return OK;
}

struct lock_list {
    struct call    *c;
    struct arm_page page;
    struct scope    at;
    bool            at_scope; /* none from below */
    enum err        failed;
};

static bool offer(const struct lock *l, void *ctx)
{
    struct lock_list *list = ctx;
    bool              above = scope_path_contains(lock_scope(l), list->at.path);
    bool              below = !list->at_scope && scope_path_contains(list->at.path, lock_scope(l));
    if (arm_page_takes(&list->page, l->id, above || below)) list->failed = write_lock(list->c, list->page.json, l);
    return list->failed == OK && arm_page_goes_on(&list->page);
}

static enum err read_filter(struct call *c, const struct wire *q, bool *out_at_scope)
{
    str filter = str_trim(wire_query(q, "$filter"));
    *out_at_scope = str_eq_nocase(filter, S("atScope()"));
    if (*out_at_scope || str_empty(filter)) return OK;
    return FAIL(c, ERR_FILTER_INVALID, "The filter '%.*s' of locks is not known; 'atScope()' is.", PSTR(call_printable(c, filter, 128)));
}

/*
 * Those at the scope, above and below it; with atScope() none from below.
 * Source: https://learn.microsoft.com/powershell/module/az.resources/get-azresourcelock
 */
enum err arm_locks_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct lock_list l = {.c = c};
    TRY(work_scope(c, w, arm_scope_of(q), &l.at));
    TRY(read_filter(c, q, &l.at_scope));
    if (!str_empty(l.at.subscription)) TRY(resources_require_holder(c, w, l.at.subscription, l.at.group));
    TRY(arm_page_begin(c, q, a, &l.page));
    str from = str_empty(l.at.subscription) ? S("/") : call_format(c, "/subscriptions/%.*s", PSTR(l.at.subscription));
    tree_each_lock(w->world->tree, from, l.page.p.after, offer, &l);
    TRY(l.failed);
    return arm_page_end(c, q, &l.page);
}
