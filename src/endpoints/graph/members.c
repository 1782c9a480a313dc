// Who is in a group.
#include "ops/groups_members.h"

#include "endpoints/graph/graph.h"

struct meeting {
    const struct directory *directory;
    bool (*visit)(const struct principal *p, void *ctx);
    void *ctx;
};

static bool meet(const struct membership *m, void *ctx)
{
    const struct meeting   *x = ctx;
    const struct principal *p = directory_find(x->directory, m->member);
    return !p || x->visit(p, x->ctx);
}

static enum err walk_members(const struct graph_list *list, const object_id *after, bool (*visit)(const struct principal *p, void *ctx), void *ctx,
                             const void *group)
{
    struct meeting x = {list->work->world->directory, visit, ctx};
    directory_each_member(x.directory, ((const struct principal *)group)->id, after, meet, &x);
    return OK;
}

enum err graph_members_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_list       list;
    const struct principal *group = NULL;
    TRY(graph_find_group(c, w, q, &group));
    TRY(graph_list_begin(c, w, q, "directoryObjects", GRAPH_ALL, &list));
    return graph_list_answer(&list, a, walk_members, group);
}

enum err graph_members_all(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const object_id        *ids = NULL;
    size_t                  n = 0;
    const struct principal *group = NULL;
    TRY(graph_find_group(c, w, q, &group));
    TRY(directory_members(c, w->world->directory, group->id, DIRECTORY_AS_WRITTEN, &ids, &n));
    return graph_answer_list(c, w, q, a, GRAPH_ALL, ids, n);
}

// Nobody owns a group here: the operator is in charge of all.
enum err graph_owners_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    return graph_answer_list(c, w, q, a, GRAPH_ALL, NULL, 0);
}

enum err graph_member_add(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json      *body;
    const struct principal *group = NULL;
    struct member_args      args;
    TRY(graph_find_group(c, w, q, &group));
    TRY(wire_body(c, q, &body));
    TRY(graph_read_reference(c, json_get_str(body, S("@odata.id")), &args.member));
    args.group = group->id;
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}

enum err graph_member_remove(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct principal *group = NULL;
    struct member_args      args;
    TRY(graph_find_group(c, w, q, &group));
    TRY(graph_read_id(c, wire_param(q, "member"), &args.member));
    args.group = group->id;
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}
