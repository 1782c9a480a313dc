// Who owns an application, a service principal or a group, and what somebody owns.
#include "ops/ownership.h"

#include "endpoints/graph/graph.h"

// A walk over ownerships visits the objects at their other ends: an object's owners, or what an owner owns.
struct ownership_walk {
    struct graph_meeting meeting;
    bool                 to_objects;
};

static bool visit_other_end(const struct ownership *o, void *ctx)
{
    struct ownership_walk *walk = ctx;
    struct graph_object    other;
    bool                   is_there = graph_object_find(walk->meeting.world, walk->to_objects ? o->object : o->owner.g, &other);
    return !is_there || walk->meeting.visit(&other, walk->meeting.ctx);
}

static enum err walk_owners(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *object)
{
    struct ownership_walk walk = {{list->work->world, visit, ctx}, false};
    owners_each_of(list->work->world->owners, *(const guid *)object, after ? &after->g : NULL, visit_other_end, &walk);
    return OK;
}

static enum err walk_owned(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *owner)
{
    struct ownership_walk walk = {{list->work->world, visit, ctx}, true};
    owners_each_owned(list->work->world->owners, *(const object_id *)owner, after ? &after->g : NULL, visit_other_end, &walk);
    return OK;
}

enum err graph_owners_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_list   list;
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    TRY(graph_list_begin(c, w, q, "directoryObjects", GRAPH_ALL, &list));
    return graph_list_answer(&list, a, walk_owners, &o.id);
}

enum err graph_owned_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_list       list;
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    TRY(graph_list_begin(c, w, q, "directoryObjects", GRAPH_ALL | GRAPH_APPLICATIONS, &list));
    return graph_list_answer(&list, a, walk_owned, &p->id);
}

enum err graph_owner_add(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json  *body;
    struct graph_object o;
    struct owner_args   args;
    TRY(graph_find_object(c, w, q, &o));
    TRY(wire_body(c, q, &body));
    TRY(graph_read_reference(c, json_get_str(body, S("@odata.id")), &args.owner));
    args.object = o.id;
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}

enum err graph_owner_remove(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_object o;
    struct owner_args   args;
    TRY(graph_find_object(c, w, q, &o));
    TRY(graph_read_id(c, wire_param(q, "owner"), &args.owner));
    args.object = o.id;
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}
