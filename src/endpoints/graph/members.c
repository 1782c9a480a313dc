// Who is in a group, and which groups somebody is in.
#include "ops/groups_members.h"

#include "endpoints/graph/graph.h"

// A walk over memberships visits the principals at their other ends: a group's members, or a member's groups.
struct membership_walk {
    struct graph_meeting meeting;
    bool                 to_groups;
};

static bool visit_other_end(const struct membership *m, void *ctx)
{
    struct membership_walk *walk = ctx;
    const struct principal *other = directory_find(walk->meeting.world->directory, walk->to_groups ? m->group : m->member);
    return !other || graph_meet(other, &walk->meeting);
}

static enum err walk_members(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *group)
{
    struct membership_walk walk = {{list->work->world, visit, ctx}, false};
    directory_each_member(list->work->world->directory, ((const struct principal *)group)->id, after, visit_other_end, &walk);
    return OK;
}

static enum err walk_groups(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *member)
{
    struct membership_walk walk = {{list->work->world, visit, ctx}, true};
    directory_each_group_of(list->work->world->directory, ((const struct principal *)member)->id, after, visit_other_end, &walk);
    return OK;
}

// --- a group's members ---

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

// --- a principal's groups ---

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
