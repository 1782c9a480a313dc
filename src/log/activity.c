#include "log/activity.h"

#define ACTIVITY_VERSION 2

static enum err read_one(struct call *c, int64_t written_ns, guid id, bytes body, void *item)
{
    struct unpack   u;
    struct activity a = {.time_ns = written_ns, .id = id};
    unpack_begin(&u, body);
    a.correlation_id = unpack_guid(&u);
    a.caller.g = unpack_guid(&u);
    a.caller_name = unpack_str(&u);
    a.action = unpack_str(&u);
    a.scope = unpack_str(&u);
    if (u.version >= 2) a.app.g = unpack_guid(&u); // a record of version 1 ends here
    TRY(unpack_end(c, &u));
    *(struct activity *)item = a;
    return OK;
}

const struct log_kind LOG_ACTIVITY = {
    .store = STORE_ACTIVITY, .item_bytes = sizeof(struct activity), .correlation = offsetof(struct activity, correlation_id), .read = read_one};

enum err activity_write(struct call *c, struct store_session *session, const struct activity *a)
{
    struct buf b;
    str        body;
    buf_init(&b, &c->arena);
    pack_begin(&b, ACTIVITY_VERSION);
    pack_guid(&b, a->correlation_id);
    pack_guid(&b, a->caller.g);
    pack_str(&b, a->caller_name);
    pack_str(&b, a->action);
    pack_str(&b, a->scope);
    pack_guid(&b, a->app.g);
    TRY(buf_finish(c, &b, &body));
    return log_put(c, session, &LOG_ACTIVITY, a->time_ns, a->id, body);
}

enum err activity_list(struct call *c, struct store_session *session, const struct log_range *range, struct activity **out, size_t *out_n,
                       str *out_cursor)
{
    return log_list(c, session, &LOG_ACTIVITY, range, (void **)out, out_n, out_cursor);
}
