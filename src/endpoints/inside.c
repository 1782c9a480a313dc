#include "endpoints/inside.h"

#include "endpoints/activities.h"
#include "endpoints/router.h"
#include "ops/denials.h"

// Handlers write into an exchange: this one has no connection, and its call has the memory of the answer alone.
struct inside {
    struct http_exchange x;
    struct http_field    version;
    struct wire          wire;
    struct answer        answer;
};

static enum err escape_path(struct call *c, str path, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    if (str_starts(path, S("/"))) path = str_from(path, 1);
    for (str piece; str_cut(&path, '/', &piece);) {
        buf_add_char(&b, '/');
        http_escape(&b, piece);
    }
    return buf_finish(c, &b, out);
}

// All that the words of a refusal need, before anything can fail.
static void init(struct call *c, const struct work *w, const struct inside_request *r, struct inside *i)
{
    static const str NAMES[] = {[HTTP_GET] = S_INIT("GET"), [HTTP_HEAD] = S_INIT("HEAD"),   [HTTP_POST] = S_INIT("POST"),
                                [HTTP_PUT] = S_INIT("PUT"), [HTTP_PATCH] = S_INIT("PATCH"), [HTTP_DELETE] = S_INIT("DELETE")};
    i->x.request = (struct http_request){.method = r->method, .method_text = NAMES[r->method], .secure = true};
    i->version = (struct http_field){.name = S("api-version"), .value = r->api_version};
    i->wire = (struct wire){.http = &i->x.request, .service = r->service, .product = w->product, .row = w->row, .api_version = r->api_version};
    i->wire.origin = r->origin;
    i->wire.query = &i->version;
    i->wire.query_n = str_empty(r->api_version) ? 0 : 1;
    i->wire.is_local_operator = c->caller && c->caller->is_local_operator;
    i->answer = (struct answer){.x = &i->x, .body = {.arena = &i->x.call.arena}};
    buf_init(&i->x.response.head, &i->x.call.arena);
}

static enum err begin(struct call *c, struct work *w, const struct inside_request *r, struct inside *i)
{
    struct http_request *http = &i->x.request;
    TRY(escape_path(c, r->path, &http->path));
    http->target = http->path;
    http->host = names_of(&w->product->names, r->service->audience.host)->text;
    if (r->body) TRY(json_text(c, r->body, &http->body));
    return route_find(c, r->service, r->method, http->path, &i->wire, &i->wire.route);
}

static enum err run(struct call *c, struct work *w, const struct inside_request *r, struct inside *i)
{
    TRY(begin(c, w, r, i));
    const struct route *route = i->wire.route;
    if ((route->writes || (route->op && route->op->writes)) && !w->writes)
        return FAIL(c, ERR_METHOD_NOT_ALLOWED, "'%.*s' changes something, and cannot be asked for here.", PSTR(r->path));
    if (r->service->needs_api_version && !route->any_version && str_empty(r->api_version)) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    if (activities_has(route)) activities_describe(c, &i->wire);
    return router_run_row(c, w, &i->wire, &i->answer, NULL);
}

// A refusal is recorded, logged and explained as one of a request from outside.
static void word(struct call *c, struct work *w, const struct inside_request *r, struct inside *i)
{
    if (r->hide) r->hide(c, r->hides);
    w->refusal.record = denials_keep(c, w);
    i->answer.status = 0;
    answer_failure(c, w, &i->wire, &i->answer);
    activities_record(c, &i->wire, &i->answer);
}

enum err inside_run(struct call *c, struct work *w, const struct inside_request *r, struct inside_answer *out)
{
    struct inside *i;
    struct work    own = *w; // what is decided and refused in this request is not the other work's
    own.decided.op = NULL;
    own.asked = (struct scope){0};
    own.refusal = (struct refusal){0};
    work_log_as(&own, STR_NONE, STR_NONE);
    TRY(NEW(c, &i, 1));
    init(c, w, r, i);
    enum err failed = run(c, &own, r, i);
    if (failed != OK) word(c, &own, r, i);
    out->status = i->answer.status ? i->answer.status : 200;
    enum err copied = call_copy_str(c, buf_view(&i->answer.body), &out->body);
    call_clear(&i->x.call);
    return failed != OK ? failed : copied;
}
