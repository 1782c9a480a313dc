#include "log/activity.h"

#define ACTIVITY_VERSION 3

// The numbers are in the store.
enum part { PART_BEFORE_LEFT_OUT = 1, PART_AFTER_LEFT_OUT = 2 };

static void read_claims(struct unpack *u, struct token_claims *out)
{
    out->kind = (enum token_kind)unpack_u64(u);
    out->version = (enum token_version)unpack_u64(u);
    out->tenant.g = unpack_guid(u);
    out->audience = unpack_str(u);
    out->issuer = unpack_str(u);
    out->unique_id = unpack_str(u);
    out->identity_resource = unpack_str(u);
    out->scopes = unpack_str(u);
    out->not_before_s = unpack_i64(u);
    out->expires_s = unpack_i64(u);
}

static void pack_claims(struct buf *b, const struct token_claims *t)
{
    pack_u64(b, (uint64_t)t->kind);
    pack_u64(b, (uint64_t)t->version);
    pack_guid(b, t->tenant.g);
    log_pack_text(b, t->audience);
    log_pack_text(b, t->issuer);
    log_pack_text(b, t->unique_id);
    log_pack_text(b, t->identity_resource);
    log_pack_text(b, t->scopes);
    pack_i64(b, t->not_before_s);
    pack_i64(b, t->expires_s);
}

static void read_evidence(struct unpack *u, struct activity_evidence *out)
{
    out->assignment = unpack_guid(u);
    out->role = unpack_guid(u);
    out->role_name = unpack_str(u);
    out->scope = unpack_str(u);
    out->principal.g = unpack_guid(u);
    out->principal_type = (enum principal_type)unpack_u64(u);
}

static void pack_evidence(struct buf *b, const struct activity_evidence *e)
{
    pack_guid(b, e->assignment);
    pack_guid(b, e->role);
    log_pack_text(b, e->role_name);
    log_pack_text(b, e->scope);
    pack_guid(b, e->principal.g);
    pack_u64(b, (uint64_t)e->principal_type);
}

static void read_rest(struct unpack *u, struct activity *a)
{
    a->event_ns = unpack_i64(u);
    read_claims(u, &a->claims);
    a->resource = unpack_str(u);
    a->method = unpack_str(u);
    a->uri = unpack_str(u);
    a->address = unpack_str(u);
    a->client_request = unpack_str(u);
    read_evidence(u, &a->evidence);
    a->status = unpack_i64(u);
    a->error = unpack_str(u);
    a->message = unpack_str(u);
    a->before = unpack_str(u);
    a->after = unpack_str(u);
    uint64_t parts = unpack_u64(u);
    a->is_before_left_out = parts & PART_BEFORE_LEFT_OUT;
    a->is_after_left_out = parts & PART_AFTER_LEFT_OUT;
    a->part_of = unpack_guid(u);
    a->times = unpack_u64(u);
    a->dropped = unpack_u64(u);
}

static enum err read_one(struct call *c, int64_t written_ns, guid id, bytes body, void *item)
{
    struct unpack   u;
    struct activity a = {.time_ns = written_ns, .event_ns = written_ns, .id = id};
    unpack_begin(&u, body);
    a.correlation_id = unpack_guid(&u);
    a.caller.g = unpack_guid(&u);
    a.caller_name = unpack_str(&u);
    a.action = unpack_str(&u);
    a.scope = unpack_str(&u);
    if (u.version >= 2) a.app.g = unpack_guid(&u); // a record of version 1 ends here
    if (u.version >= 3) read_rest(&u, &a);
    TRY(unpack_end(c, &u));
    *(struct activity *)item = a;
    return OK;
}

const struct log_kind LOG_ACTIVITY = {
    .store = STORE_ACTIVITY, .item_bytes = sizeof(struct activity), .correlation = offsetof(struct activity, correlation_id), .read = read_one};

static bool is_too_long(str document)
{
    return document.n > ACTIVITY_MAX_DOCUMENT_BYTES;
}

enum err activity_pack(struct call *c, const struct activity *a, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, ACTIVITY_VERSION);
    pack_guid(&b, a->correlation_id);
    pack_guid(&b, a->caller.g);
    log_pack_text(&b, a->caller_name);
    log_pack_text(&b, a->action);
    pack_str(&b, a->scope);
    pack_guid(&b, a->app.g);
    pack_i64(&b, a->event_ns ? a->event_ns : a->time_ns);
    pack_claims(&b, &a->claims);
    pack_str(&b, a->resource);
    log_pack_text(&b, a->method);
    log_pack_text(&b, a->uri);
    log_pack_text(&b, a->address);
    log_pack_text(&b, a->client_request);
    pack_evidence(&b, &a->evidence);
    pack_i64(&b, a->status);
    log_pack_text(&b, a->error);
    pack_str(&b, a->message.n > ACTIVITY_MAX_MESSAGE_BYTES ? STR_NONE : a->message);
    pack_str(&b, is_too_long(a->before) ? STR_NONE : a->before);
    pack_str(&b, is_too_long(a->after) ? STR_NONE : a->after);
    pack_u64(&b, (is_too_long(a->before) || a->is_before_left_out ? PART_BEFORE_LEFT_OUT : 0) |
                     (is_too_long(a->after) || a->is_after_left_out ? PART_AFTER_LEFT_OUT : 0));
    pack_guid(&b, a->part_of);
    pack_u64(&b, a->times);
    pack_u64(&b, a->dropped);
    return buf_finish(c, &b, out);
}

enum err activity_write(struct call *c, struct store_session *session, const struct activity *a)
{
    str body;
    TRY(activity_pack(c, a, &body));
    return log_put(c, session, &LOG_ACTIVITY, a->time_ns, a->id, body);
}

enum err activity_list(struct call *c, struct store_session *session, const struct log_range *range, struct activity **out, size_t *out_n,
                       str *out_cursor)
{
    return log_list(c, session, &LOG_ACTIVITY, range, (void **)out, out_n, out_cursor);
}
