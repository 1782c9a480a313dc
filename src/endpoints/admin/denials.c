// Why requests were refused, and assignments that nobody holds any more: for the operator.
#include "ops/denials.h"

#include "endpoints/admin/operator.h"
#include "endpoints/page.h"
#include "ops/assignments.h"

#define ORPHANS_PAGE 1000
#define MOST_LISTED  100

static void write_facts(struct json_writer *j, const struct denial *d)
{
    json_put_guid(j, S("id"), d->id);
    json_put_string(j, S("time"), str_of(time_iso(d->time_ns).s));
    json_put_guid(j, S("principal"), d->who.g);
    json_put_string(j, S("client"), d->who_name);
    json_put_string(j, S("action"), d->action);
    json_put_bool(j, S("isDataAction"), d->is_data);
    json_put_string(j, S("scope"), d->scope);
}

enum err operator_denials_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct denial *list;
    size_t         n;
    (void)q;
    TRY(denials_list(c, w->store, MOST_LISTED, &list, &n));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < n; i++) {
        json_write_object(j);
        write_facts(j, &list[i]);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err operator_denial_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    guid          id;
    struct denial d;
    str           name = wire_param(q, "name");
    if (!guid_parse(name, &id))
        return FAIL(c, ERR_GUID_INVALID, "The id of a refused request is a GUID, and '%.*s' is none.", PSTR(call_printable(c, name, 128)));
    TRY(denials_find(c, w->store, id, &d));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    write_facts(j, &d);
    json_write_key(j, S("explanation"));
    json_write_raw(j, d.explained);
    json_write_end(j);
    return OK;
}

struct orphans {
    struct call        *c;
    const struct work  *w;
    struct json_writer *j;
    struct page         page;
};

static void write_orphan(const struct orphans *o, const struct assignment *x)
{
    const struct role *role = rbac_find_role(o->w->world->rules, x->role);
    str                at = str_eq(x->scope, S("/")) ? S("") : x->scope;
    json_write_object(o->j);
    json_put_string(o->j, S("id"), call_format(o->c, "%.*s/providers/Microsoft.Authorization/roleAssignments/%s", PSTR(at), guid_text(x->id).s));
    json_put_string(o->j, S("roleName"), role ? role->name : S("(no such role)"));
    json_put_string(o->j, S("scope"), x->scope);
    json_put_guid(o->j, S("principalId"), x->principal.g);
    json_put_string(o->j, S("principalType"), principal_type_text(x->principal_type));
    json_put_string(o->j, S("createdOn"), str_of(time_iso(x->created_ns).s));
    json_write_end(o->j);
}

static bool offer_orphan(const struct assignment *x, void *ctx)
{
    struct orphans *o = ctx;
    bool            is_orphan = !directory_find(o->w->world->directory, x->principal);
    if (page_takes(&o->page, guid_key(&x->id), is_orphan)) write_orphan(o, x);
    return !o->page.is_full;
}

// Those whose principal the directory does not have: deleted, or never there.
enum err operator_orphans_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct orphans o = {.c = c, .w = w};
    const guid    *after;
    str            link;
    TRY(page_begin_guids(c, q, ORPHANS_PAGE, &o.page, &after));
    o.j = answer_json(a, 200);
    json_write_object(o.j);
    json_write_key(o.j, S("value"));
    json_write_array(o.j);
    rbac_each_assignment(w->world->rules, after, offer_orphan, &o);
    json_write_end(o.j);
    if (o.page.is_full) {
        TRY(page_link(c, q, &o.page, false, &link));
        json_put_string(o.j, S("nextLink"), link);
    }
    json_write_end(o.j);
    return OK;
}
