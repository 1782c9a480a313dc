#include "test_request.h"

static enum http_method method_of(str text)
{
    static const str NAMES[] = {[HTTP_GET] = S_INIT("GET"), [HTTP_HEAD] = S_INIT("HEAD"),   [HTTP_POST] = S_INIT("POST"),
                                [HTTP_PUT] = S_INIT("PUT"), [HTTP_PATCH] = S_INIT("PATCH"), [HTTP_DELETE] = S_INIT("DELETE")};
    return (enum http_method)str_index_nocase(NAMES, COUNT(NAMES), text);
}

static void begin(struct test_product *s, struct test_request *r, const char *line, const char *body)
{
    str target = str_of(line), method, path;
    str_cut(&target, ' ', &method);
    r->x.request = (struct http_request){
        .method = method_of(method), .method_text = method, .target = target, .body = str_of(body), .host = r->host, .secure = true};
    str_cut(&target, '?', &path);
    r->x.request.path = path;
    r->x.request.query = target;
    r->wire = (struct wire){.http = &r->x.request, .service = r->service, .product = &s->product, .label = r->label};
    r->answer = (struct answer){.x = &r->x, .body = {.arena = &r->x.call.arena}};
    buf_init(&r->x.response.head, &r->x.call.arena);
    // Each request is a work of its own: what the last one decided and read is of a call that may be gone.
    s->work.decided.op = NULL;
    s->work.asked = (struct scope){0};
}

enum err test_request_run(struct call *c, struct test_product *s, struct test_request *r, const char *line, const char *body)
{
    const struct service *service = r->service;
    begin(s, r, line, body);
    TRY(route_find(c, service, r->x.request.method, r->x.request.path, &r->wire, &r->wire.route));
    TRY(http_read_fields(c, r->x.request.query, &r->wire.query, &r->wire.query_n));
    r->wire.api_version = wire_query(&r->wire, "api-version");
    if (service->needs_api_version && !r->wire.route->any_version && str_empty(r->wire.api_version)) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    if (service->before) TRY(service->before(c, &s->work, &r->wire));
    TRY(permit_ask(c, &s->work, &r->wire));
    if (service->conditions) TRY(service->conditions(c, &s->work, &r->wire, &r->answer));
    return r->wire.route->handler(c, &s->work, &r->wire, &r->answer);
}

void test_request_clear(struct test_request *r)
{
    call_clear(&r->x.call);
}
