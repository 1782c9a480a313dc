#include "log/activity.h"

#include "core/pack.h"
#include "log/key.h"

#define ACTIVITY_VERSION 2

enum err activity_write(struct call *c, struct store_session *session, const struct activity *a)
{
    struct buf body;
    str        key, text;
    buf_init(&body, &c->arena);
    pack_begin(&body, ACTIVITY_VERSION);
    pack_guid(&body, a->correlation_id);
    pack_guid(&body, a->caller.g);
    pack_str(&body, a->caller_name);
    pack_str(&body, a->action);
    pack_str(&body, a->scope);
    pack_guid(&body, a->app.g);
    TRY(buf_finish(c, &body, &text));
    TRY(log_key(c, a->time_ns, a->id, &key));
    return store_put(c, session, STORE_ACTIVITY, key, str_bytes(text));
}

struct listing {
    struct activity *items;
    size_t           n;
};

static enum err read_one(struct call *c, str key, bytes body, void *context)
{
    struct listing  *l = context;
    struct activity *a = &l->items[l->n];
    struct unpack    u;
    TRY(log_key_read(c, key, &a->time_ns, &a->id));
    str kept;
    TRY(call_copy_str(c, bytes_str(body), &kept)); // the body is borrowed for the visit only
    unpack_begin(&u, str_bytes(kept));
    a->correlation_id = unpack_guid(&u);
    a->caller.g = unpack_guid(&u);
    a->caller_name = unpack_str(&u);
    a->action = unpack_str(&u);
    a->scope = unpack_str(&u);
    if (u.version >= 2) a->app.g = unpack_guid(&u); // a record of version 1 ends here
    TRY(unpack_end(c, &u));
    l->n++;
    return OK;
}

enum err activity_list(struct call *c, struct store_session *session, size_t limit, struct activity **out, size_t *out_n)
{
    struct listing l = {0};
    TRY(NEW(c, &l.items, limit));
    TRY(store_scan(c, session, STORE_ACTIVITY, &(struct store_range){.limit = limit, .backwards = true}, read_one, &l));
    *out = l.items;
    *out_n = l.n;
    return OK;
}
