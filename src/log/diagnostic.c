#include "log/diagnostic.h"

enum err diagnostic_pack(struct call *c, const struct diagnostic *d, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_i64(&b, d->time_ns);
    pack_i64(&b, d->took_ns);
    pack_guid(&b, d->correlation_id);
    pack_u64(&b, d->dropped);
    log_pack_text(&b, d->category);
    log_pack_text(&b, d->operation);
    log_pack_text(&b, d->resource);
    log_pack_text(&b, d->scope);
    pack_guid(&b, d->caller.g);
    pack_guid(&b, d->app.g);
    pack_bool(&b, d->is_allowed);
    pack_bool(&b, d->by_roles);
    pack_guid(&b, d->decided_by);
    pack_i64(&b, d->status);
    log_pack_text(&b, d->result);
    log_pack_text(&b, d->client);
    return buf_finish(c, &b, out);
}

static enum err read_one(struct call *c, int64_t written_ns, guid id, bytes body, void *item)
{
    struct unpack     u;
    struct diagnostic d = {.written_ns = written_ns, .id = id};
    unpack_begin(&u, body);
    d.time_ns = unpack_i64(&u);
    d.took_ns = unpack_i64(&u);
    d.correlation_id = unpack_guid(&u);
    d.dropped = unpack_u64(&u);
    d.category = unpack_str(&u);
    d.operation = unpack_str(&u);
    d.resource = unpack_str(&u);
    d.scope = unpack_str(&u);
    d.caller.g = unpack_guid(&u);
    d.app.g = unpack_guid(&u);
    d.is_allowed = unpack_bool(&u);
    d.by_roles = unpack_bool(&u);
    d.decided_by = unpack_guid(&u);
    d.status = unpack_i64(&u);
    d.result = unpack_str(&u);
    d.client = unpack_str(&u);
    TRY(unpack_end(c, &u));
    *(struct diagnostic *)item = d;
    return OK;
}

// Refused requests that are kept with their explanation lie in the same table, under another prefix.
const struct log_kind LOG_DIAGNOSTIC = {.store = STORE_DIAGNOSTIC,
                                        .prefix = S_INIT("op/"),
                                        .item_bytes = sizeof(struct diagnostic),
                                        .correlation = offsetof(struct diagnostic, correlation_id),
                                        .read = read_one};

enum err diagnostic_list(struct call *c, struct store_session *session, const struct log_range *range, struct diagnostic **out, size_t *out_n,
                         str *out_cursor)
{
    return log_list(c, session, &LOG_DIAGNOSTIC, range, (void **)out, out_n, out_cursor);
}
