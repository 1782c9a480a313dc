// What handlers use of a request and an answer.
#include <assert.h>

#include "endpoints/service.h"

str wire_param(const struct wire *q, const char *name)
{
    for (size_t i = 0; i < q->param_n; i++)
        if (str_eq(q->params[i].name, str_of(name))) return q->params[i].value;
    return STR_NONE;
}

str wire_client_request_id(struct call *c, const struct wire *q, const char *header)
{
    str given = http_header(q->http, str_of(header));
    return given.n <= WIRE_MAX_ECHO_BYTES ? call_printable(c, given, WIRE_MAX_ECHO_BYTES) : STR_NONE;
}

str wire_query(const struct wire *q, const char *name)
{
    return http_field(q->query, q->query_n, str_of(name));
}

enum err wire_body(struct call *c, const struct wire *q, const struct json **out)
{
    const struct json *body;
    if (q->body) {
        *out = q->body;
        return OK;
    }
    if (q->lacks_body) *q->lacks_body = true;
    if (str_empty(q->http->body)) return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid: a JSON body is needed.");
    enum err failed = json_parse(c, q->http->body, &body);
    if (failed == ERR_JSON_INVALID) {
        str why = call_format(c, "%s", c->failure.text);
        call_forgive(c);
        return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid and could not be deserialized: '%.*s'.", PSTR(why));
    }
    TRY(failed);
    if (!json_is(body, JSON_IS_OBJECT)) return FAIL(c, ERR_CONTENT_INVALID, "The request content was invalid: it must be a JSON object.");
    *out = body;
    return OK;
}

bool wire_has_body(const struct wire *q)
{
    return q->lacks_body || !str_empty(q->http->body);
}

enum err wire_read_body(struct call *c, struct wire *q)
{
    return wire_body(c, q, &q->body);
}

enum err wire_run(struct call *c, struct work *w, const struct wire *q, const void *args, void *out)
{
    return op_run(c, w, q->route->op, &w->decided.target, args, out);
}

struct json_writer *answer_json(struct answer *a, int status)
{
    a->status = status;
    buf_init(&a->body, &a->x->call.arena);
    json_begin(&a->json, &a->body);
    return &a->json;
}

enum err answer_check(struct call *c, const struct answer *a)
{
    if (a->body.failed == ERR_TOO_LARGE) return FAIL(c, ERR_TOO_LARGE, "The answer is too large to be built; ask for less with $top.");
    return a->body.failed ? FAIL_PLAIN(c, a->body.failed) : call_check_texts(c);
}

void answer_later(struct answer *a)
{
    assert(a->later);
    *a->later = true;
}

void answer_now(struct answer *a)
{
    *a->later = false;
}

void answer_header(struct answer *a, const char *name, str value)
{
    http_add_header(a->x, str_of(name), value);
}

// What dialects need to word a failure: ids, times and a text of at most FAILURE_TEXT_BYTES, escaped.
#define FAILURE_ROOM_BYTES (64u << 10)

void answer_failure(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static char NO_WORDS[] = "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"Out of memory.\"}}";
    c->arena.limit = ARENA_LIMIT_BYTES + FAILURE_ROOM_BYTES;
    a->body = (struct buf){.arena = &c->arena};
    q->service->dialect->error(c, w, q, a);
    if (!a->body.failed) return;
    a->content_type = STR_NONE;
    a->body = (struct buf){.at = NO_WORDS, .n = sizeof NO_WORDS - 1, .room = sizeof NO_WORDS - 1};
}

void answer_error_object(struct answer *a, int status, str code, str message)
{
    struct json_writer *w = answer_json(a, status);
    json_write_object(w);
    json_write_key(w, S("error"));
    json_write_object(w);
    json_put_string(w, S("code"), code);
    json_put_string(w, S("message"), message);
    json_write_end(w);
    json_write_end(w);
}
