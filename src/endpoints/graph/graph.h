/*
 * graph.h - what the files of Microsoft Graph share.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/use-the-api, https://learn.microsoft.com/graph/query-parameters
 */
#pragma once
#include "endpoints/graph/schema.h"
#include "endpoints/page.h"

extern const struct host HOST_GRAPH;

#define GRAPH_PAGE_ITEMS 100 /* unless $top says otherwise */
#define GRAPH_MAX_TOP    999
#define GRAPH_MAX_IDS    1000 /* of getByIds */
#define GRAPH_MAX_CHECKS 20   /* groups of checkMemberGroups */

/* "https://graph.microsoft.com/v1.0", in the version that was asked. */
str graph_base(struct call *c, const struct wire *q);

/* Errors: ERR_QUERY_UNSUPPORTED - a query option that nothing here answers; `but` is one that the caller answers, empty: none */
FALLIBLE graph_refuse_options(struct call *c, const struct wire *q, str but);

/* How many items a page has, from $top. Errors: ERR_PARAMETER_INVALID */
FALLIBLE graph_read_top(struct call *c, const struct wire *q, size_t usual, size_t most, size_t *out);

/* Begins an object with its "@odata.context"; `fragment`: "users/$entity". Ends like any other object. */
struct json_writer *graph_begin(struct call *c, const struct wire *q, struct answer *a, int status, str fragment);
void                graph_put_context(struct call *c, const struct wire *q, struct json_writer *j, str fragment);

/* The collection that a path is about: "/v1.0/users/..."; "me" is a user. */
struct graph_set {
    str         segment;
    const char *name; /* in contexts */
    unsigned    kinds;
};
const struct graph_set *graph_set_of(const struct wire *q); /* never NULL: of a path without one, all objects */
bool                    graph_is_me(const struct wire *q);

/* By its id; false: the directory holds no such object. */
MUST_USE bool graph_object_find(const struct world *w, guid id, struct graph_object *out);
/* The object that the path names: {id} of its collection, users also by their sign-in name, "applications(appId='...')" as {key}; /me is the
   caller. Errors: ERR_OBJECT_ID_INVALID, ERR_OBJECT_NOT_FOUND */
FALLIBLE graph_find_object(struct call *c, const struct work *w, const struct wire *q, struct graph_object *out);
/* The same where it must be a principal. */
FALLIBLE graph_find(struct call *c, const struct work *w, const struct wire *q, const struct principal **out);
/* The same where it must be a group. */
FALLIBLE graph_find_group(struct call *c, const struct work *w, const struct wire *q, const struct principal **out);
/* Errors: ERR_OBJECT_ID_INVALID */
FALLIBLE graph_read_id(struct call *c, str text, object_id *out);
/*
 * The id on the wire of what belongs to an object and has an id besides, an app-role assignment: it can be found by this id alone.
 * Errors: ERR_OBJECT_NOT_FOUND - it is none
 */
FALLIBLE graph_pair_id(struct call *c, object_id of, guid id, str *out);
FALLIBLE graph_read_pair_id(struct call *c, str text, object_id *out_of, guid *out_id);
/* What an array of the body holds. Errors: ERR_CONTENT_INVALID, ERR_OBJECT_ID_INVALID */
FALLIBLE graph_read_ids(struct call *c, const struct json *body, const char *name, size_t most, const object_id **out, size_t *out_n);
/* The object that "https://.../directoryObjects/{id}" names. Errors: ERR_CONTENT_INVALID */
FALLIBLE graph_read_reference(struct call *c, str url, object_id *out);

/* One object as the whole answer, with $select. `set`: "users". */
FALLIBLE graph_answer_object(struct call *c, const struct wire *q, struct answer *a, int status, const char *set, const struct graph_object *o);
/*
 * "members@odata.bind", "owners@odata.bind": the objects that a body names by their URLs. *out_n is 0 where there are none.
 * Errors: ERR_CONTENT_INVALID
 */
FALLIBLE graph_read_bound(struct call *c, const struct json *body, const char *name, const object_id **out, size_t *out_n);
/* Where an object is that was just made. */
void graph_add_location(struct call *c, const struct wire *q, struct answer *a, const struct graph_object *o);
/* {"value":["guid", ...]} */
FALLIBLE graph_answer_ids(struct call *c, const struct wire *q, struct answer *a, const object_id *ids, size_t n);
/* The "@odata.type" of an object in a collection of several kinds. */
void graph_put_type(struct call *c, struct json_writer *j, unsigned kind);

/* A page of the size that $top asks for, of keys that are guids. Errors: ERR_PARAMETER_INVALID */
FALLIBLE graph_page_begin(struct call *c, const struct wire *q, struct page *out, const guid **after);

/*
 * A list in pages (endpoints/page.h): the handler offers what it has, in the order of ids, from behind list.after on.
 *     graph_list_begin(...); for each: graph_list_offer(&list, p); graph_list_end(&list, a)
 * With $count=true the first page says how many there are in all, if that can be told by GRAPH_COUNT_LOOKS looks;
 * later pages do not.
 */
#define GRAPH_COUNT_LOOKS 50000
struct graph_list {
    struct call               *c;
    const struct work         *work;
    const struct wire         *wire;
    const char                *set;    /* for the context: "users" */
    unsigned                   kinds;  /* that it may hold; others are passed over */
    const struct graph_filter *filter; /* NULL: all */
    const struct graph_select *select;
    struct page                page;
    const object_id           *after; /* NULL: the first page */
    bool                       wants_count, names_types;
    struct buf                 items;
    struct json_writer         json;
    enum err                   failed; /* of an offer: told at the end */
};
FALLIBLE graph_list_begin(struct call *c, const struct work *w, const struct wire *q, const char *set, unsigned kinds, struct graph_list *out);
/* False: no more is wanted. */
bool graph_list_offer(struct graph_list *list, const struct graph_object *o);

/* What a list is made of, walked in the order of ids from the first past `after` (NULL: the beginning). */
typedef bool     graph_visit(const struct graph_object *o, void *ctx);
typedef enum err graph_walk(const struct graph_list *list, const object_id *after, graph_visit *visit, void *ctx, const void *of);
/* For walks over principals: visits the object that one is. */
struct graph_meeting {
    const struct world *world;
    graph_visit        *visit;
    void               *ctx;
};
bool graph_meet(const struct principal *p, void *meeting);
/* All that such a walk meets, as the answer. `of`: whatever the walk needs to know. */
FALLIBLE graph_list_answer(struct graph_list *list, struct answer *a, graph_walk *walk, const void *of);
/* How many of those belong to the list. Errors: ERR_QUERY_UNSUPPORTED - more than GRAPH_COUNT_LOOKS would have to be looked at */
FALLIBLE graph_list_count(struct graph_list *list, graph_walk *walk, const void *of, int64_t *out);
/* The page of these, which may stand in any order. */
FALLIBLE graph_answer_list(struct call *c, const struct work *w, const struct wire *q, struct answer *a, unsigned kinds, const object_id *ids,
                           size_t n);

/* Handlers, by file. */
route_preparer graph_prepare_password; /* of rows that may set a user's password */
route_handler  graph_list_all, graph_count, graph_create, graph_get, graph_patch, graph_delete, graph_get_by_ids;               /* objects.c */
route_handler  graph_patch_keyed, graph_delete_keyed;                                                                           /* objects.c */
route_handler  graph_members_list, graph_members_all, graph_member_add, graph_member_remove;                                    /* members.c */
route_handler  graph_owners_list, graph_owned_list, graph_owner_add, graph_owner_remove;                                        /* owners.c */
route_handler  graph_member_of, graph_member_of_all, graph_member_groups, graph_check_groups, graph_check_objects;              /* members.c */
route_handler  graph_app_create, graph_app_patch, graph_app_delete, graph_secret_add, graph_secret_remove;                      /* applications.c */
route_handler  graph_roles_of, graph_roles_at, graph_role_assign_of, graph_role_assign_at, graph_role_get, graph_role_unassign; /* app_roles.c */
route_handler  graph_grants_list, graph_grants_of, graph_grant_add, graph_grant_get, graph_grant_patch, graph_grant_remove; /* permission_grants.c */
route_handler  graph_signins_list, graph_signin_get;                                                                        /* signins.c */
route_handler  graph_federated_list, graph_federated_add, graph_federated_get, graph_federated_patch, graph_federated_remove; /* federated.c */
route_handler  graph_organizations_list, graph_organization_get, graph_domains_list, graph_domain_get;                        /* tenant.c */
