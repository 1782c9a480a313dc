// Applications: registering, changing and removing them, and their secrets.
#include "ops/applications.h"

#include "endpoints/graph/application_json.h"
#include "endpoints/graph/graph.h"

enum err graph_app_create(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct application_args   args = {0};
    struct application_result result = {0};
    TRY(wire_body(c, q, &args.body));
    TRY(graph_read_bound(c, args.body, "owners@odata.bind", &args.owners, &args.owner_n));
    TRY(wire_run(c, w, q, &args, &result));
    struct graph_object o = graph_application(result.application);
    graph_add_location(c, q, a, &o);
    return graph_answer_object(c, q, a, 201, "applications", &o);
}

enum err graph_app_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct application_args   args = {0};
    struct application_result result = {0};
    struct graph_object       o;
    TRY(graph_find_object(c, w, q, &o));
    args.id = o.application->id;
    TRY(wire_body(c, q, &args.body));
    TRY(wire_run(c, w, q, &args, &result));
    a->status = 204;
    return OK;
}

enum err graph_app_delete(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    struct application_args args = {.id = o.application->id};
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}

// A service principal's secrets are its application's: it has none of its own here.
static enum err find_owner(struct call *c, const struct work *w, const struct wire *q, application_id *out)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    if (!o.application) return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED); // a managed identity has no secrets (I1)
    *out = o.application->id;
    return OK;
}

static enum err read_time(struct call *c, const struct json *object, const char *name, int64_t *out)
{
    const struct json *v = json_get_nocase(object, str_of(name));
    if (!v || json_is(v, JSON_IS_NULL) || time_parse_iso(json_str(v), out)) return OK;
    return FAIL(c, ERR_CONTENT_INVALID, "The value of '%s' is not a date and time.", name);
}

enum err graph_secret_add(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json       *body;
    struct app_secret_args   args = {0};
    struct app_secret_result result = {0};
    TRY(find_owner(c, w, q, &args.id));
    TRY(wire_body(c, q, &body));
    const struct json *wish = json_get_nocase(body, S("passwordCredential"));
    args.name = json_str(json_get_nocase(wish, S("displayName")));
    TRY(read_time(c, wish, "startDateTime", &args.from_ns));
    TRY(read_time(c, wish, "endDateTime", &args.until_ns));
    TRY(wire_run(c, w, q, &args, &result));
    struct json_writer *j = graph_begin(c, q, a, 200, S("microsoft.graph.passwordCredential"));
    app_secret_write(j, &result.secret, &result.shown);
    json_write_end(j);
    secret_clear(&result.shown);
    return OK;
}

enum err graph_secret_remove(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json     *body;
    struct app_secret_args args = {0};
    TRY(find_owner(c, w, q, &args.id));
    TRY(wire_body(c, q, &body));
    if (!guid_parse(json_str(json_get_nocase(body, S("keyId"))), &args.key))
        return FAIL(c, ERR_CONTENT_INVALID, "The parameter 'keyId' must be a GUID.");
    TRY(wire_run(c, w, q, &args, NULL));
    a->status = 204;
    return OK;
}
