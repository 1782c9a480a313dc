// Which groups somebody is in.
#include "endpoints/graph/graph.h"

struct meeting {
    const struct directory *directory;
    bool (*visit)(const struct principal *p, void *ctx);
    void *ctx;
};

static bool meet(const struct membership *m, void *ctx)
{
    const struct meeting   *x = ctx;
    const struct principal *group = directory_find(x->directory, m->group);
    return !group || x->visit(group, x->ctx);
}

static enum err walk_groups(const struct graph_list *list, const object_id *after, bool (*visit)(const struct principal *p, void *ctx), void *ctx,
                            const void *member)
{
    struct meeting x = {list->work->world->directory, visit, ctx};
    directory_each_group_of(x.directory, ((const struct principal *)member)->id, after, meet, &x);
    return OK;
}

enum err graph_member_of(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_list       list;
    const struct principal *p = NULL;
    TRY(graph_find(c, w, q, &p));
    TRY(graph_list_begin(c, w, q, "directoryObjects", GRAPH_GROUPS, &list));
    return graph_list_answer(&list, a, walk_groups, p);
}

// The groups alone: a closure begins with whom it is of.
static enum err groups_of(struct call *c, struct work *w, const struct wire *q, const object_id **out, size_t *out_n)
{
    const struct principal *p = NULL;
    const object_id        *ids = NULL;
    size_t                  n = 0;
    TRY(graph_find(c, w, q, &p));
    TRY(directory_closure(c, w->world->directory, p->id, DIRECTORY_AS_WRITTEN, &ids, &n));
    *out = ids + 1;
    *out_n = n - 1;
    return OK;
}

enum err graph_member_of_all(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const object_id *ids = NULL;
    size_t           n = 0;
    TRY(groups_of(c, w, q, &ids, &n));
    return graph_answer_list(c, w, q, a, GRAPH_GROUPS, ids, n);
}

// All groups here are security groups: securityEnabledOnly changes nothing, but must be said.
enum err graph_member_groups(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *body;
    const object_id   *ids = NULL;
    size_t             n = 0;
    TRY(wire_body(c, q, &body));
    if (!json_is(json_get_nocase(body, S("securityEnabledOnly")), JSON_IS_BOOL))
        return FAIL(c, ERR_CONTENT_INVALID, "A value is required for parameter 'securityEnabledOnly'.");
    TRY(groups_of(c, w, q, &ids, &n));
    return graph_answer_ids(c, q, a, ids, n);
}

static bool holds(const object_id *ids, size_t n, object_id id)
{
    for (size_t i = 0; i < n; i++)
        if (object_id_eq(ids[i], id)) return true;
    return false;
}

static enum err check(struct call *c, struct work *w, const struct wire *q, struct answer *a, const char *name)
{
    const struct json *body;
    const object_id   *asked = NULL, *ids = NULL;
    object_id          found[GRAPH_MAX_CHECKS];
    size_t             asked_n = 0, n = 0, found_n = 0;
    TRY(wire_body(c, q, &body));
    TRY(graph_read_ids(c, body, name, COUNT(found), &asked, &asked_n));
    TRY(groups_of(c, w, q, &ids, &n));
    for (size_t i = 0; i < asked_n; i++)
        if (holds(ids, n, asked[i]) && !holds(found, found_n, asked[i])) found[found_n++] = asked[i];
    return graph_answer_ids(c, q, a, found, found_n);
}

enum err graph_check_groups(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return check(c, w, q, a, "groupIds");
}

enum err graph_check_objects(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    return check(c, w, q, a, "ids");
}
