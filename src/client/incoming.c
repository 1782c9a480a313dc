#include "client/incoming.h"

#define WHY_MAX_BYTES 256

void incoming_init(struct lanyard_http_reply *reply, struct call *c, const struct patience *patience)
{
    *reply = (struct lanyard_http_reply){.call = c, .patience = patience};
    buf_init(&reply->head, &c->arena);
    buf_init(&reply->body, &c->arena);
}

bool lanyard_http_reply_status(struct lanyard_http_reply *reply, int status)
{
    if (status < 100 || status > 999) return false;
    // A status before the last one (100, or a proxy's) had headers of its own.
    buf_init(&reply->head, &reply->call->arena);
    reply->status = status;
    return true;
}

static bool fits(struct lanyard_http_reply *reply, const struct buf *b, size_t more, size_t most)
{
    if (more > most || b->n > most - more) reply->is_too_long = true;
    return !reply->is_too_long;
}

// Whatever a program's transport hands over.
static bool is_line(str s)
{
    return str_find(s, '\n') == STR_NOWHERE && str_find(s, '\r') == STR_NOWHERE;
}

bool lanyard_http_reply_header(struct lanyard_http_reply *reply, const char *name, const char *value)
{
    str n = str_trim(str_of(name)), v = str_trim(str_of(value));
    if (str_empty(n) || !is_line(n) || !is_line(v) || !fits(reply, &reply->head, n.n + v.n + 3, TRANSPORT_HEAD_MAX_BYTES)) return false;
    buf_add(&reply->head, n);
    buf_add(&reply->head, S(": "));
    buf_add(&reply->head, v);
    buf_add(&reply->head, S("\n"));
    return reply->head.failed == OK;
}

bool lanyard_http_reply_body(struct lanyard_http_reply *reply, const void *part, size_t n)
{
    if (!fits(reply, &reply->body, n, TRANSPORT_REPLY_MAX_BYTES)) return false;
    buf_add(&reply->body, (str){part, n});
    return reply->body.failed == OK;
}

void lanyard_http_reply_failed(struct lanyard_http_reply *reply, const char *why)
{
    reply->why = call_printable(reply->call, str_of(why), WHY_MAX_BYTES);
}

bool lanyard_http_reply_unwanted(const struct lanyard_http_reply *reply)
{
    return patience_left_ms(reply->patience, 1) == 0;
}
