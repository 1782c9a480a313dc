// Federated credentials of applications.
#include "endpoints/graph/graph.h"
#include "ops/applications.h"
#include "ops/groups_members.h"

static bool is_beta(const struct wire *q)
{
    return str_starts_nocase(q->path, S("/beta/"));
}

static enum err find_application(struct call *c, const struct work *w, const struct wire *q, const struct application **out)
{
    struct graph_object o;
    TRY(graph_find_object(c, w, q, &o));
    if (o.kind != GRAPH_APPLICATION) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    *out = o.application;
    return OK;
}

// The one that the path names: by its id or name behind a slash, or by its name in parentheses. Empty: it names none.
static str named(const struct wire *q)
{
    static const str BEFORE = S_INIT("federatedIdentityCredentials(name='"), BEHIND = S_INIT("')");
    str              segment = wire_param(q, "named");
    if (str_empty(segment)) return wire_param(q, "credential");
    if (segment.n <= BEFORE.n + BEHIND.n || !str_starts_nocase(segment, BEFORE) || !str_ends(segment, BEHIND)) return STR_NONE;
    return (str){segment.at + BEFORE.n, segment.n - BEFORE.n - BEHIND.n};
}

// *out NULL: the application has none of that name.
static enum err find_named(struct call *c, const struct work *w, const struct wire *q, const struct application **out_application,
                           const struct app_federated **out)
{
    str name = named(q);
    TRY(find_application(c, w, q, out_application));
    if (str_empty(name)) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    *out = app_federated_find(*out_application, name);
    return OK;
}

static enum err answer_one(struct call *c, const struct wire *q, struct answer *a, int status, const struct application *of,
                           const struct app_federated *f)
{
    str                 fragment = call_format(c, "applications('%s')/federatedIdentityCredentials/$entity", guid_text(of->id.g).s);
    struct json_writer *j = graph_begin(c, q, a, status, fragment);
    app_federated_write(j, f, is_beta(q));
    json_write_end(j);
    return OK;
}

enum err graph_federated_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct application *of;
    TRY(graph_refuse_options(c, q, STR_NONE));
    if (wire_query(q, "$filter").at) return FAIL(c, ERR_QUERY_UNSUPPORTED, "The query option '$filter' is not supported here.");
    TRY(find_application(c, w, q, &of));
    struct json_writer *j = graph_begin(c, q, a, 200, call_format(c, "applications('%s')/federatedIdentityCredentials", guid_text(of->id.g).s));
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < of->federated_n; i++) {
        json_write_object(j);
        app_federated_write(j, &of->federated[i], is_beta(q));
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err graph_federated_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct application   *of;
    const struct app_federated *f;
    TRY(find_named(c, w, q, &of, &f));
    return f ? answer_one(c, q, a, 200, of, f) : directory_absent(c, call_printable(c, named(q), 128));
}

static enum err add(struct call *c, struct work *w, const struct wire *q, struct answer *a, application_id id, const struct json *body)
{
    struct app_federated_args   args = {.id = id, .body = body, .takes_expression = is_beta(q)};
    const struct app_federated *made;
    TRY(wire_run(c, w, q, &args, &made));
    return answer_one(c, q, a, 201, applications_find(w->world->applications, id), made);
}

enum err graph_federated_add(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct application *of;
    const struct json        *body;
    TRY(find_application(c, w, q, &of));
    TRY(wire_body(c, q, &body));
    return add(c, w, q, a, of->id, body);
}

// "Prefer: create-if-missing" makes the one that is named in parentheses.
static enum err add_missing(struct call *c, struct work *w, const struct wire *q, struct answer *a, const struct application *of,
                            const struct json *body)
{
    struct json        name = {.kind = JSON_IS_STRING, .u.string = named(q)};
    const struct json *whole;
    bool               wanted = !str_empty(wire_param(q, "named")) && str_contains_nocase(http_header(q->http, S("Prefer")), S("create-if-missing"));
    if (!wanted) return directory_absent(c, call_printable(c, named(q), 128));
    if (json_get_nocase(body, S("name")) && !str_eq(json_str(json_get_nocase(body, S("name"))), name.u.string))
        return FAIL(c, ERR_CONTENT_INVALID, "The name in the body is not the one in the URL.");
    TRY(json_spell(c, body, (const str[]){S_INIT("name")}, 1, &whole));
    TRY(json_with(c, whole, S("name"), &name, &whole));
    return add(c, w, q, a, of->id, whole);
}

enum err graph_federated_patch(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct application   *of;
    const struct app_federated *f;
    struct app_federated_args   args = {.takes_expression = is_beta(q)};
    TRY(find_named(c, w, q, &of, &f));
    TRY(wire_body(c, q, &args.body));
    if (!f) return add_missing(c, w, q, a, of, args.body);
    args.id = of->id;
    args.credential = f->id;
    TRY(wire_run(c, w, q, &args, &f));
    a->status = 204;
    return OK;
}

enum err graph_federated_remove(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct application   *of;
    const struct app_federated *f;
    TRY(find_named(c, w, q, &of, &f));
    if (!f) return directory_absent(c, call_printable(c, named(q), 128));
    TRY(wire_run(c, w, q, &(struct app_federated_args){.id = of->id, .credential = f->id}, NULL));
    a->status = 204;
    return OK;
}
