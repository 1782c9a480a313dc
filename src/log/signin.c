#include "log/signin.h"

static const str KNOWN[] = {
#define X(kind, text) [SIGNIN_KNOWN_##kind] = S_INIT(text),
    SIGNIN_KNOWN_TABLE(X)
#undef X
};
static const str TYPES[] = {[SIGNIN_NONE] = S_INIT("unknown"),
                            [SIGNIN_MANAGED_IDENTITY] = S_INIT("managedIdentity"),
                            [SIGNIN_SERVICE_PRINCIPAL] = S_INIT("servicePrincipal"),
                            [SIGNIN_USER] = S_INIT("interactiveUser"),
                            [SIGNIN_USER_AGAIN] = S_INIT("nonInteractiveUser")};
_Static_assert(COUNT(TYPES) == SIGNIN_TYPE_N, "each type has a text");

str signin_known_text(enum signin_known_by by)
{
    return KNOWN[by];
}

str signin_type_text(enum signin_type type)
{
    return TYPES[type];
}

bool signin_copy(struct arena *a, const struct signin *s, struct signin *out)
{
    static const size_t TEXTS[] = {
        offsetof(struct signin, client_request), offsetof(struct signin, name),        offsetof(struct signin, host),
        offsetof(struct signin, address),        offsetof(struct signin, client),      offsetof(struct signin, target),
        offsetof(struct signin, target_name),    offsetof(struct signin, unique_id),   offsetof(struct signin, reason),
    };
    *out = *s;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        str *text = (str *)((char *)out + TEXTS[i]);
        *text = arena_copy_str(a, *text);
        if (!text->at) return false;
    }
    return true;
}

enum err signin_pack(struct call *c, const struct signin *s, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_i64(&b, s->time_ns);
    pack_i64(&b, s->last_ns ? s->last_ns : s->time_ns);
    pack_u64(&b, s->times ? s->times : 1);
    pack_u64(&b, s->dropped);
    pack_guid(&b, s->correlation_id);
    log_pack_text(&b, s->client_request);
    pack_u64(&b, s->type);
    pack_u64(&b, s->known_by);
    pack_bool(&b, s->from_cache);
    pack_guid(&b, s->principal.g);
    pack_guid(&b, s->app.g);
    log_pack_text(&b, s->name);
    pack_bool(&b, s->is_system_assigned);
    log_pack_text(&b, s->endpoint);
    log_pack_text(&b, s->host);
    log_pack_text(&b, s->address);
    log_pack_text(&b, s->client);
    pack_guid(&b, s->credential);
    log_pack_text(&b, s->target);
    log_pack_text(&b, s->target_name);
    pack_guid(&b, s->target_app.g);
    log_pack_text(&b, s->unique_id);
    pack_i64(&b, s->error_code);
    log_pack_text(&b, s->error);
    log_pack_text(&b, s->reason);
    return buf_finish(c, &b, out);
}

static enum err read_one(struct call *c, int64_t written_ns, guid id, bytes body, void *item)
{
    struct unpack u;
    struct signin s = {.written_ns = written_ns, .id = id};
    unpack_begin(&u, body);
    s.time_ns = unpack_i64(&u);
    s.last_ns = unpack_i64(&u);
    s.times = unpack_u64(&u);
    s.dropped = unpack_u64(&u);
    s.correlation_id = unpack_guid(&u);
    s.client_request = unpack_str(&u);
    uint64_t type = unpack_u64(&u), known_by = unpack_u64(&u);
    s.from_cache = unpack_bool(&u);
    s.principal.g = unpack_guid(&u);
    s.app.g = unpack_guid(&u);
    s.name = unpack_str(&u);
    s.is_system_assigned = unpack_bool(&u);
    s.endpoint = unpack_str(&u);
    s.host = unpack_str(&u);
    s.address = unpack_str(&u);
    s.client = unpack_str(&u);
    s.credential = unpack_guid(&u);
    s.target = unpack_str(&u);
    s.target_name = unpack_str(&u);
    s.target_app.g = unpack_guid(&u);
    s.unique_id = unpack_str(&u);
    s.error_code = unpack_i64(&u);
    s.error = unpack_str(&u);
    s.reason = unpack_str(&u);
    TRY(unpack_end(c, &u));
    if (type >= COUNT(TYPES) || known_by >= COUNT(KNOWN)) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    s.type = (enum signin_type)type;
    s.known_by = (enum signin_known_by)known_by;
    *(struct signin *)item = s;
    return OK;
}

const struct log_kind LOG_SIGNIN = {
    .store = STORE_SIGNIN, .item_bytes = sizeof(struct signin), .correlation = offsetof(struct signin, correlation_id), .read = read_one};

enum err signin_list(struct call *c, struct store_session *session, const struct log_range *range, struct signin **out, size_t *out_n,
                     str *out_cursor)
{
    return log_list(c, session, &LOG_SIGNIN, range, (void **)out, out_n, out_cursor);
}
