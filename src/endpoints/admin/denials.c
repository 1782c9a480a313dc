// Why requests were refused: for the operator.
#include "ops/denials.h"

#include "endpoints/admin/operator.h"

#define MOST_LISTED 100

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
