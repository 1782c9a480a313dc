// Which programs of this machine get which resource's tokens: the operator's to say.
#include "ops/bindings.h"

#include "endpoints/admin/operator.h"
#include "endpoints/page.h"

#define BINDINGS_PAGE 1000

enum err operator_binding_at(struct call *c, const struct work *w, struct wire *q, struct op_target *out)
{
    struct resource_id   id;
    struct binding_wish *wish;
    str                  type;
    (void)w;
    TRY(wire_read_body(c, q));
    TRY(NEW(c, &wish, 1));
    *wish = (struct binding_wish){.name = json_get_str(q->body, S("caller")), .resource = json_get_str(q->body, S("resource"))};
    TRY(resource_id_parse(c, wish->resource, &id));
    TRY(resource_id_type(c, &id, &type));
    out->scope = wish->resource = id.text;
    out->action = call_format(c, "%.*s/write", PSTR(type));
    if (str_empty(out->action)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    q->object = wish;
    return OK;
}

static void write_binding(struct json_writer *j, const struct world *world, const struct binding *b)
{
    json_write_object(j);
    json_put_string(j, S("caller"), b->name);
    json_put_string(j, S("resource"), b->resource);
    json_put_bool(j, S("isLive"), binding_is_live(world, b));
    json_put_string(j, S("createdOn"), str_of(time_iso(b->created_ns).s));
    json_write_end(j);
}

enum err operator_binding_post(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct binding_result result = {0};
    TRY(wire_run(c, w, q, q->object, &result));
    write_binding(answer_json(a, result.was_created ? 201 : 200), w->world, result.binding);
    return OK;
}

enum err operator_binding_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct binding_result result = {0};
    str                   name = wire_query(q, "caller");
    TRY(wire_run(c, w, q, &name, &result));
    if (result.binding) write_binding(answer_json(a, 200), w->world, result.binding);
    else a->status = 204;
    return OK;
}

struct binding_list {
    const struct world *world;
    struct json_writer *j;
    struct page         page;
};

static bool offer_binding(const struct binding *b, void *context)
{
    struct binding_list *l = context;
    if (page_takes(&l->page, b->name, true)) write_binding(l->j, l->world, b);
    return !l->page.is_full;
}

enum err operator_bindings_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct binding_list l = {.world = w->world};
    str                 link;
    TRY(page_begin(c, q, BINDINGS_PAGE, &l.page));
    l.j = answer_json(a, 200);
    json_write_object(l.j);
    json_write_key(l.j, S("value"));
    json_write_array(l.j);
    bindings_each(w->world->bindings, l.page.after, offer_binding, &l);
    json_write_end(l.j);
    if (l.page.is_full) {
        TRY(page_link(c, q, &l.page, false, &link));
        json_put_string(l.j, S("nextLink"), link);
    }
    json_write_end(l.j);
    return OK;
}
