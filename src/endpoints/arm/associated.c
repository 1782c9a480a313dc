// Which resources use a user-assigned identity (contract I8): filtered, in an order, in pages.
// Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities/list-associated-resources
#include <stdlib.h>

#include "endpoints/arm/arm.h"

// By which a list can be ordered, and what of a user each is.
enum column { BY_ID, BY_NAME, BY_TYPE, BY_GROUP, BY_SUBSCRIPTION, BY_SUBSCRIPTION_NAME };

static const str COLUMNS[] = {[BY_ID] = S_INIT("id"),
                              [BY_NAME] = S_INIT("name"),
                              [BY_TYPE] = S_INIT("type"),
                              [BY_GROUP] = S_INIT("resourceGroup"),
                              [BY_SUBSCRIPTION] = S_INIT("subscriptionId"),
                              [BY_SUBSCRIPTION_NAME] = S_INIT("subscriptionDisplayName")};

struct user {
    const struct resource *resource;
    str                    column; // of the order
};

struct users {
    struct call             *c;
    const struct work       *w;
    const struct arm_filter *filter; // NULL: all
    enum column              order;
    bool                     descends;
    str                      identity;
    struct user             *at;
    size_t                   n, room;
    enum err                 failed;
};

static str subscription_name(const struct work *w, str subscription)
{
    subscription_id            id;
    const struct subscription *s = guid_parse(subscription, &id.g) ? tree_find_subscription(w->world->tree, id) : NULL;
    return s ? s->name : S("");
}

static str column_of(const struct work *w, const struct resource *r, const struct resource_id *id, enum column column)
{
    switch (column) {
    case BY_ID: return r->id;
    case BY_NAME: return r->name;
    case BY_TYPE: return r->type;
    case BY_GROUP: return id->group;
    case BY_SUBSCRIPTION: return id->subscription;
    case BY_SUBSCRIPTION_NAME: return subscription_name(w, id->subscription);
    }
    return STR_NONE;
}

static bool gather(const struct resource *r, void *context)
{
    struct users      *u = context;
    struct resource_id id;
    bool               passes = true;
    if (str_index_nocase(r->identity.user_assigned, r->identity.user_assigned_n, u->identity) == STR_NOWHERE) return true; // names it in its body
    u->failed = resource_id_parse(u->c, r->id, &id);
    if (u->failed == OK && u->filter) u->failed = arm_filter_passes(u->c, u->filter, r, r->document, &passes);
    if (u->failed != OK) return false;
    if (passes && u->n < u->room) u->at[u->n++] = (struct user){.resource = r, .column = column_of(u->w, r, &id, u->order)};
    return true;
}

// "name", "name asc", "type desc".
static enum err read_order(struct call *c, str text, struct users *out)
{
    str    rest = str_trim(text), name = STR_NONE;
    size_t column;
    if (str_empty(rest)) return OK; // by id
    (void)str_cut(&rest, ' ', &name);
    rest = str_trim(rest);
    column = str_index_nocase(COLUMNS, COUNT(COLUMNS), name);
    out->descends = str_eq_nocase(rest, S("desc"));
    if (column == STR_NOWHERE || (!str_empty(rest) && !out->descends && !str_eq_nocase(rest, S("asc"))))
        return FAIL(c, ERR_PARAMETER_INVALID,
                    "$orderby must be one of id, name, type, resourceGroup, subscriptionId and subscriptionDisplayName, with asc or desc behind it.");
    out->order = (enum column)column;
    return OK;
}

static enum err read_skip(struct call *c, str text, uint64_t *out)
{
    *out = 0;
    return str_empty(text) || str_to_u64(text, out) ? OK : FAIL(c, ERR_PARAMETER_INVALID, "$skip must be a number.");
}

static int compare(const struct user *a, str column, str id)
{
    int order = str_cmp_nocase(a->column, column);
    return order ? order : str_cmp_nocase(a->resource->id, id);
}

static int ascending(const void *a, const void *b)
{
    const struct user *y = b;
    return compare(a, y->column, y->resource->id);
}

static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

// A cursor is the column and the id of the last user: the list goes on behind it, whether it is still there or not.
static size_t first_behind(const struct users *u, str cursor)
{
    size_t cut = str_find(cursor, '\n'), i = 0;
    str    column = str_upto(cursor, cut), id = cut == STR_NOWHERE ? STR_NONE : str_from(cursor, cut + 1);
    while (i < u->n && (u->descends ? compare(&u->at[i], column, id) >= 0 : compare(&u->at[i], column, id) <= 0)) i++;
    return i;
}

static enum err write_user(const struct users *u, struct json_writer *j, const struct resource *r)
{
    struct resource_id id;
    TRY(resource_id_parse(u->c, r->id, &id));
    json_write_object(j);
    json_put_string(j, S("id"), r->id);
    json_put_string(j, S("name"), r->name);
    json_put_string(j, S("type"), r->type);
    json_put_string(j, S("resourceGroup"), id.group);
    json_put_string(j, S("subscriptionId"), id.subscription);
    json_put_string(j, S("subscriptionDisplayName"), subscription_name(u->w, id.subscription));
    json_write_end(j);
    return OK;
}

static enum err list_users(struct call *c, const struct work *w, const struct wire *q, str identity, struct users *out)
{
    str filter = wire_query(q, "$filter");
    *out = (struct users){.c = c, .w = w, .identity = identity, .room = tree_count_users_of(w->world->tree, identity)};
    if (!str_empty(filter)) TRY(arm_filter_read(c, filter, &out->filter));
    TRY(read_order(c, wire_query(q, "$orderby"), out));
    TRY(NEW(c, &out->at, out->room));
    tree_each_user_of(w->world->tree, identity, STR_NONE, gather, out);
    TRY(out->failed);
    if (out->n) qsort(out->at, out->n, sizeof *out->at, out->descends ? descending : ascending);
    return OK;
}

enum err arm_associated_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct resource *identity;
    struct users           u;
    struct arm_page        page;
    uint64_t               skip;
    TRY(resources_require(c, w, q->scope, &identity));
    TRY(read_skip(c, wire_query(q, "$skip"), &skip));
    TRY(list_users(c, w, q, identity->id, &u));
    TRY(arm_page_begin(c, q, a, &page));
    size_t first = str_empty(page.p.after) ? skip : first_behind(&u, page.p.after);
    for (size_t i = first; i < u.n && arm_page_goes_on(&page); i++) {
        str key = call_format(c, "%.*s\n%.*s", PSTR(u.at[i].column), PSTR(u.at[i].resource->id));
        if (arm_page_takes(&page, key, true)) TRY(write_user(&u, page.json, u.at[i].resource));
    }
    TRY(arm_page_end_list(c, q, &page));
    json_put_int(page.json, S("totalCount"), (int64_t)u.n);
    json_write_end(page.json);
    return OK;
}
