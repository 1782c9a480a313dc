#include "endpoints/dialect/graph.h"
#include "endpoints/graph/graph.h"
#include "ops/groups_members.h"
#include "ops/principals.h"

// Both versions of the API answer the same.
#define BOTH(method, path, handler, op) \
    {method, "/v1.0" path, GUARD_BEARER, handler, op}, {method, "/beta" path, GUARD_BEARER, handler, op}

// What every object can be asked about its groups.
#define MEMBERSHIP(object)                                                          \
    BOTH(HTTP_GET, object "/memberOf", graph_member_of, NULL),                      \
    BOTH(HTTP_GET, object "/memberOf/{type}", graph_member_of, NULL),               \
    BOTH(HTTP_GET, object "/transitiveMemberOf", graph_member_of_all, NULL),        \
    BOTH(HTTP_GET, object "/transitiveMemberOf/{type}", graph_member_of_all, NULL), \
    BOTH(HTTP_POST, object "/getMemberGroups", graph_member_groups, NULL),          \
    BOTH(HTTP_POST, object "/getMemberObjects", graph_member_groups, NULL),         \
    BOTH(HTTP_POST, object "/checkMemberGroups", graph_check_groups, NULL),         \
    BOTH(HTTP_POST, object "/checkMemberObjects", graph_check_objects, NULL)

// The first that fits is taken: what is named stands before what any id fits.
static const struct route ROUTES[] = {
    BOTH(HTTP_GET, "/users", graph_list_all, NULL),
    BOTH(HTTP_POST, "/users", graph_create, &OP_PRINCIPAL_CREATE),
    BOTH(HTTP_GET, "/users/$count", graph_count, NULL),
    BOTH(HTTP_GET, "/users/{id}", graph_get, NULL),
    BOTH(HTTP_PATCH, "/users/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    BOTH(HTTP_DELETE, "/users/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    MEMBERSHIP("/users/{id}"),

    BOTH(HTTP_GET, "/me", graph_get, NULL),
    MEMBERSHIP("/me"),

    BOTH(HTTP_GET, "/groups", graph_list_all, NULL),
    BOTH(HTTP_POST, "/groups", graph_create, &OP_PRINCIPAL_CREATE),
    BOTH(HTTP_GET, "/groups/$count", graph_count, NULL),
    BOTH(HTTP_GET, "/groups/{id}", graph_get, NULL),
    BOTH(HTTP_PATCH, "/groups/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    BOTH(HTTP_DELETE, "/groups/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    BOTH(HTTP_GET, "/groups/{id}/members", graph_members_list, NULL),
    BOTH(HTTP_GET, "/groups/{id}/members/{type}", graph_members_list, NULL),
    BOTH(HTTP_GET, "/groups/{id}/transitiveMembers", graph_members_all, NULL),
    BOTH(HTTP_GET, "/groups/{id}/transitiveMembers/{type}", graph_members_all, NULL),
    BOTH(HTTP_POST, "/groups/{id}/members/$ref", graph_member_add, &OP_MEMBER_ADD),
    BOTH(HTTP_DELETE, "/groups/{id}/members/{member}/$ref", graph_member_remove, &OP_MEMBER_REMOVE),
    BOTH(HTTP_GET, "/groups/{id}/owners", graph_owners_list, NULL),
    MEMBERSHIP("/groups/{id}"),

    BOTH(HTTP_GET, "/servicePrincipals", graph_list_all, NULL),
    BOTH(HTTP_GET, "/servicePrincipals/$count", graph_count, NULL),
    BOTH(HTTP_GET, "/servicePrincipals/{id}", graph_get, NULL),
    BOTH(HTTP_PATCH, "/servicePrincipals/{id}", graph_patch, &OP_PRINCIPAL_UPDATE),
    BOTH(HTTP_DELETE, "/servicePrincipals/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    BOTH(HTTP_GET, "/servicePrincipals/{id}/owners", graph_owners_list, NULL),
    MEMBERSHIP("/servicePrincipals/{id}"),

    BOTH(HTTP_POST, "/directoryObjects/getByIds", graph_get_by_ids, NULL),
    BOTH(HTTP_GET, "/directoryObjects/{id}", graph_get, NULL),
    BOTH(HTTP_DELETE, "/directoryObjects/{id}", graph_delete, &OP_PRINCIPAL_DELETE),
    MEMBERSHIP("/directoryObjects/{id}"),

    BOTH(HTTP_GET, "/{key}", graph_get_by_key, NULL),
};

// Graph's own name, its application id, and the endpoint as the operator names it.
static enum err audiences(struct call *c, const struct product *p, const struct wire *q, const str **out, size_t *out_n)
{
    str *list;
    (void)q;
    TRY(NEW(c, &list, 3));
    list[0] = names_url(c, &p->names, NAME_GRAPH);
    list[1] = call_format(c, "https://%.*s", PSTR(p->names.hosts[NAME_GRAPH]));
    list[2] = S("00000003-0000-0000-c000-000000000000");
    *out = list;
    *out_n = 3;
    return OK;
}

// Who may not read the directory learns nothing of it, whatever was asked.
static enum err before(struct call *c, struct work *w, const struct wire *q)
{
    const struct principal *caller = directory_find(w->world->directory, c->caller->id);
    if (graph_is_me(q) && (!caller || caller->kind != PRINCIPAL_USER)) return FAIL_PLAIN(c, ERR_USER_NEEDED);
    return op_run(c, w, &OP_DIRECTORY_READ, NULL, NULL, NULL);
}

const struct service SERVICE_GRAPH = {
    .name = "graph",
    .host = NAME_GRAPH,
    .dialect = &DIALECT_GRAPH,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths_nocase = true,
    .audiences = audiences,
    .before = before,
};
