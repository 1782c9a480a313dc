#include "ops/deployment.h"

#include "core/digest.h"
#include "core/json.h"
#include "core/pack.h"
#include "core/record_kind.h"
#include "ops/activities.h"
#include "resources/types.h"

#define PROVIDER     "/providers/" DEPLOYMENT_TYPE "/"
#define ACTIVE       "active"
#define REMOVE_BATCH 256

enum { DEPLOYMENT_VERSION = 2, INPUT_VERSION = 1, OPERATION_VERSION = 1 };

const struct store_own_kind KIND_DEPLOYMENT = {.table = "deployment", .is_large = true};
const struct store_own_kind KIND_DEPLOYMENT_INPUT = {.table = "deployment_input", .is_large = true};
const struct store_own_kind KIND_DEPLOYMENT_OPERATION = {.table = "deployment_operation"};

const str DEPLOYMENT_STATES[] = {[DEPLOYMENT_ACCEPTED] = S_INIT("Accepted"),
                                 [DEPLOYMENT_RUNNING] = S_INIT("Running"),
                                 [DEPLOYMENT_SUCCEEDED] = S_INIT("Succeeded"),
                                 [DEPLOYMENT_FAILED] = S_INIT("Failed"),
                                 [DEPLOYMENT_CANCELED] = S_INIT("Canceled")};

str deployment_id(struct call *c, str scope, str name)
{
    return call_format(c, "%.*s" PROVIDER "%.*s", PSTR(str_eq(scope, S("/")) ? STR_NONE : scope), PSTR(name));
}

bool deployment_id_read(str id, str *out_scope, str *out_name)
{
    size_t slash = str_find_last(id, '/');
    str    above = str_upto(id, slash == STR_NOWHERE ? 0 : slash + 1);
    if (!str_ends_nocase(above, S(PROVIDER)) || slash + 1 == id.n) return false;
    *out_scope = str_upto(above, above.n - (sizeof PROVIDER - 1));
    if (str_empty(*out_scope)) *out_scope = S("/");
    *out_name = str_from(id, slash + 1);
    return true;
}

// The scope, a NUL, the name: one scope's stand together. Of all those of a scope the name is empty.
str deployment_key(struct call *c, str scope, str name)
{
    struct buf b;
    buf_init(&b, &c->arena);
    record_key_lower(&b, scope);
    buf_add_char(&b, '\0');
    record_key_lower(&b, name);
    return buf_text(c, &b);
}

str deployment_operation_id(struct call *c, const struct deployment *d, uint64_t index)
{
    const uint8_t *s = d->seed.b;
    return call_format(c, "%02X%02X%02X%02X%02X%02X%04X", s[0], s[1], s[2], s[3], s[4], s[5], (unsigned)index);
}

enum err deployment_check_name(struct call *c, str name)
{
    static const struct name_rule RULE = {.min = 1, .max = DEPLOYMENT_MAX_NAME, .others = S_INIT("-_.()")};
    if (name_rule_allows(&RULE, name)) return OK;
    return FAIL(c, ERR_DEPLOYMENT_NAME,
                "The provided deployment name '%.*s' has a length of '%zu' which exceeds the maximum length of '%d', or it has characters that are "
                "not allowed: it may have letters, digits and '-_.()'.",
                PSTR(call_printable(c, name, 256)), str_characters(name), DEPLOYMENT_MAX_NAME);
}

// --- the record itself ---

static void pack_caller(struct buf *b, const struct caller *caller)
{
    pack_guid(b, caller->id.g);
    pack_guid(b, caller->app.g);
    pack_str(b, caller->name);
    pack_str(b, caller->issuer);
    pack_bool(b, caller->is_local_operator);
    pack_i64(b, caller->groups_at_ns);
}

static struct caller unpack_caller(struct unpack *u)
{
    struct caller caller = {0};
    caller.id.g = unpack_guid(u);
    caller.app.g = unpack_guid(u);
    caller.name = unpack_str(u);
    caller.issuer = unpack_str(u);
    caller.is_local_operator = unpack_bool(u);
    caller.groups_at_ns = unpack_i64(u);
    return caller;
}

// The texts of a record, in their order on disk.
#define TEXTS(d)                                                                                                                              \
    {                                                                                                                                         \
        &(d)->scope, &(d)->name, &(d)->location, &(d)->parent, &(d)->hash, &(d)->tags, &(d)->parameters, &(d)->providers, &(d)->dependencies, \
            &(d)->validated, &(d)->outputs, &(d)->output_resources, &(d)->error, &(d)->existing                                                \
    }

static void pack(struct buf *b, const struct deployment *d)
{
    const str *const texts[] = TEXTS(d);
    pack_begin(b, DEPLOYMENT_VERSION);
    pack_u64(b, d->state);
    pack_bool(b, d->is_complete);
    pack_bool(b, d->is_waiting);
    pack_bool(b, d->keeps_template);
    pack_guid(b, d->correlation_id);
    pack_guid(b, d->seed);
    pack_i64(b, d->started_ns);
    pack_i64(b, d->changed_ns);
    pack_caller(b, &d->caller);
    pack_u64(b, d->parent_index);
    pack_u64(b, d->depth);
    for (size_t i = 0; i < COUNT(texts); i++) pack_str(b, *texts[i]);
}

static enum err unpack_record(struct call *c, bytes body, struct deployment *out)
{
    struct unpack     u;
    struct deployment d = {0};
    str *const        texts[] = TEXTS(&d);
    unpack_begin(&u, body);
    uint64_t state = unpack_u64(&u);
    d.state = (enum deployment_state)state;
    d.is_complete = unpack_bool(&u);
    d.is_waiting = unpack_bool(&u);
    d.keeps_template = unpack_bool(&u);
    d.correlation_id = unpack_guid(&u);
    d.seed = unpack_guid(&u);
    d.started_ns = unpack_i64(&u);
    d.changed_ns = unpack_i64(&u);
    d.caller = unpack_caller(&u);
    d.parent_index = unpack_u64(&u);
    d.depth = unpack_u64(&u);
    size_t missing = u.version == 1 ? 1 : 0; // version 1 had no `existing`
    for (size_t i = 0; i < COUNT(texts) - missing; i++) *texts[i] = unpack_str(&u);
    TRY(unpack_end(c, &u));
    if (u.version < 1 || u.version > DEPLOYMENT_VERSION || state > DEPLOYMENT_CANCELED)
        return FAIL(c, ERR_STORE_DAMAGED, "The record of a deployment is of a form that this version does not know.");
    *out = d;
    return OK;
}

static enum err find(struct call *c, struct store_session *session, const struct store_own_kind *kind, str key, bytes *out, bool *out_found)
{
    enum err failed = store_get(c, session, store_kind_of(kind), key, out);
    *out_found = failed == OK;
    if (failed != ERR_NOT_FOUND) return failed;
    call_forgive(c);
    return OK;
}

enum err deployment_find(struct call *c, struct store_session *session, str scope, str name, struct deployment *out, bool *out_found)
{
    bytes body;
    TRY(find(c, session, &KIND_DEPLOYMENT, deployment_key(c, scope, name), &body, out_found));
    return *out_found ? unpack_record(c, body, out) : OK;
}

enum err deployment_put(struct call *c, struct store_session *session, const struct deployment *d)
{
    struct buf          b;
    struct store_record r = {.key = deployment_key(c, d->scope, d->name)};
    str                 body;
    buf_init(&b, &c->arena);
    pack(&b, d);
    TRY(buf_finish(c, &b, &body));
    r.body = str_bytes(body);
    if (!deployment_is_over(d->state) && !d->is_waiting) r.secondary = S(ACTIVE);
    TRY(call_check_texts(c));
    return store_put_record(c, session, store_kind_of(&KIND_DEPLOYMENT), &r);
}

struct visiting {
    deployment_visit *visit;
    void             *context;
};

// What a scan shows is borrowed for the visit: a copy is the visitor's.
static enum err visit_one(struct call *c, str key, bytes body, const struct visiting *v)
{
    struct deployment d;
    str               kept_key, kept;
    TRY(call_copy_str(c, key, &kept_key));
    TRY(call_copy_str(c, bytes_str(body), &kept));
    TRY(unpack_record(c, str_bytes(kept), &d));
    return v->visit(c, kept_key, &d, v->context);
}

static enum err visit_by_key(struct call *c, str key, bytes body, void *context)
{
    return visit_one(c, key, body, context);
}

static enum err visit_record(struct call *c, const struct store_record *r, void *context)
{
    return visit_one(c, r->key, r->body, context);
}

enum err deployment_each(struct call *c, struct store_session *session, str scope, str after, size_t limit, deployment_visit *visit, void *context)
{
    struct visiting    v = {.visit = visit, .context = context};
    struct store_range range = {.prefix = deployment_key(c, scope, STR_NONE), .after = after, .limit = limit};
    TRY(call_check_texts(c));
    return store_scan(c, session, store_kind_of(&KIND_DEPLOYMENT), &range, visit_by_key, &v);
}

enum err deployment_each_active(struct call *c, struct store_session *session, str after, size_t limit, deployment_visit *visit, void *context)
{
    struct visiting              v = {.visit = visit, .context = context};
    struct store_secondary_range range = {.prefix = S(ACTIVE), .limit = limit};
    if (!str_empty(after)) range.after_secondary = S(ACTIVE);
    range.after_key = after;
    return store_scan_secondary(c, session, store_kind_of(&KIND_DEPLOYMENT), &range, visit_record, &v);
}

// --- removing ---

struct keys {
    str    at[REMOVE_BATCH];
    size_t n;
};

static enum err gather_key(struct call *c, str key, bytes body, void *context)
{
    struct keys *k = context;
    (void)body;
    TRY(call_copy_str(c, key, &k->at[k->n]));
    k->n++;
    return OK;
}

static enum err remove_range(struct call *c, struct store_session *session, const struct store_own_kind *own, str prefix)
{
    enum store_kind kind = store_kind_of(own);
    struct keys    *k;
    TRY(call_check_texts(c)); // an empty prefix would be all
    TRY(NEW(c, &k, 1));
    do {
        k->n = 0;
        TRY(store_scan(c, session, kind, &(struct store_range){.prefix = prefix, .limit = REMOVE_BATCH}, gather_key, k));
        for (size_t i = 0; i < k->n; i++) TRY(store_remove(c, session, kind, k->at[i]));
    } while (k->n == REMOVE_BATCH);
    return OK;
}

// What the keys of all its operations begin with.
static str operations_prefix(struct call *c, str scope, str name)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, deployment_key(c, scope, name));
    buf_add_char(&b, '\0'); // ends the name: "a" must not begin "ab"
    return buf_text(c, &b);
}

enum err deployment_remove(struct call *c, struct store_session *session, str scope, str name)
{
    str key = deployment_key(c, scope, name);
    TRY(remove_range(c, session, &KIND_DEPLOYMENT_OPERATION, operations_prefix(c, scope, name)));
    TRY(store_remove(c, session, store_kind_of(&KIND_DEPLOYMENT_INPUT), key));
    return store_remove(c, session, store_kind_of(&KIND_DEPLOYMENT), key);
}

enum err deployment_remove_all(struct call *c, struct store_session *session, str scope)
{
    str prefix = deployment_key(c, scope, STR_NONE);
    TRY(remove_range(c, session, &KIND_DEPLOYMENT_OPERATION, prefix));
    TRY(remove_range(c, session, &KIND_DEPLOYMENT_INPUT, prefix));
    return remove_range(c, session, &KIND_DEPLOYMENT, prefix);
}

// --- input ---

static str bound_to(struct call *c, const struct deployment *d)
{
    str key = deployment_key(c, d->scope, d->name);
    return call_format(c, "deployment\n%s\n%.*s", guid_text(d->seed).s, PSTR(key));
}

enum err deployment_input_put(struct call *c, struct work *w, const struct deployment *d, const struct deployment_input *input)
{
    struct buf b;
    str        plain;
    bytes      sealed;
    buf_init(&b, &c->arena);
    pack_begin(&b, INPUT_VERSION);
    pack_str(&b, input->template);
    pack_str(&b, input->parameters);
    TRY(buf_finish(c, &b, &plain));
    str key = deployment_key(c, d->scope, d->name), bound = bound_to(c, d);
    TRY(call_check_texts(c));
    TRY(seal_close(c, &w->product->seal_key, str_bytes(plain), bound, &sealed));
    return store_put(c, w->store, store_kind_of(&KIND_DEPLOYMENT_INPUT), key, sealed);
}

enum err deployment_input_open(struct call *c, const struct work *w, const struct deployment *d, struct secret *out_opened,
                               struct deployment_input *out)
{
    struct unpack u;
    bytes         sealed;
    str           key = deployment_key(c, d->scope, d->name), bound = bound_to(c, d);
    TRY(call_check_texts(c));
    TRY(store_get(c, w->store, store_kind_of(&KIND_DEPLOYMENT_INPUT), key, &sealed));
    TRY(seal_open(c, &w->product->seal_key, sealed, bound, out_opened));
    unpack_begin(&u, secret_reveal(out_opened));
    out->template = unpack_str(&u);
    out->parameters = unpack_str(&u);
    return unpack_end(c, &u);
}

// --- operations ---

enum err deployment_operation_put(struct call *c, struct store_session *session, const struct deployment *d, const struct deployment_operation *o)
{
    struct buf b;
    str        body, prefix = operations_prefix(c, d->scope, d->name);
    buf_init(&b, &c->arena);
    buf_add(&b, prefix);
    buf_addf(&b, "%04x", (unsigned)o->index);
    str key = buf_text(c, &b);
    buf_init(&b, &c->arena);
    pack_begin(&b, OPERATION_VERSION);
    pack_u64(&b, o->index);
    pack_u64(&b, o->state);
    pack_str(&b, o->kind);
    pack_i64(&b, o->started_ns);
    pack_i64(&b, o->changed_ns);
    pack_i64(&b, o->status);
    pack_str(&b, o->error);
    pack_str(&b, o->target);
    pack_str(&b, o->type);
    pack_str(&b, o->name);
    TRY(buf_finish(c, &b, &body));
    TRY(call_check_texts(c));
    return store_put(c, session, store_kind_of(&KIND_DEPLOYMENT_OPERATION), key, str_bytes(body));
}

struct operations {
    struct deployment_operation *at;
    size_t                       n, room;
};

static enum err gather_operation(struct call *c, str key, bytes body, void *context)
{
    struct operations          *list = context;
    struct deployment_operation o = {0}, *more;
    struct unpack               u;
    str                         kept;
    (void)key;
    TRY(call_copy_str(c, bytes_str(body), &kept));
    unpack_begin(&u, str_bytes(kept));
    o.index = unpack_u64(&u);
    o.state = (enum deployment_state)unpack_u64(&u);
    o.kind = unpack_str(&u);
    o.started_ns = unpack_i64(&u);
    o.changed_ns = unpack_i64(&u);
    o.status = (int)unpack_i64(&u);
    o.error = unpack_str(&u);
    o.target = unpack_str(&u);
    o.type = unpack_str(&u);
    o.name = unpack_str(&u);
    TRY(unpack_end(c, &u));
    if (u.version != OPERATION_VERSION || o.state > DEPLOYMENT_CANCELED)
        return FAIL(c, ERR_STORE_DAMAGED, "The record of a deployment's operation is of a form that this version does not know.");
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 32;
        TRY(NEW(c, &more, room));
        if (list->n) memcpy(more, list->at, list->n * sizeof *more);
        list->at = more;
        list->room = room;
    }
    list->at[list->n++] = o;
    return OK;
}

enum err deployment_operations(struct call *c, struct store_session *session, const struct deployment *d, struct deployment_operation **out,
                               size_t *out_n)
{
    struct operations  list = {0};
    struct store_range range = {.prefix = operations_prefix(c, d->scope, d->name)};
    TRY(call_check_texts(c));
    TRY(store_scan(c, session, store_kind_of(&KIND_DEPLOYMENT_OPERATION), &range, gather_operation, &list));
    *out = list.at;
    *out_n = list.n;
    return OK;
}

// --- the end ---

// Nothing is left of the parameters; the template stays where no value of them can be in it.
static enum err drop_parameters(struct call *c, struct work *w, const struct deployment *d)
{
    struct deployment_input input;
    str                     key = deployment_key(c, d->scope, d->name);
    TRY(call_check_texts(c));
    if (!d->keeps_template) return store_remove(c, w->store, store_kind_of(&KIND_DEPLOYMENT_INPUT), key);
    CLEANUP(secret_clear) struct secret opened = {0};
    TRY(deployment_input_open(c, w, d, &opened, &input));
    input.parameters = STR_NONE;
    return deployment_input_put(c, w, d, &input);
}

static enum err tell_parent(struct call *c, struct work *w, const struct deployment *d)
{
    struct deployment            parent;
    struct deployment_operation *operations;
    str                          scope, name, id = deployment_id(c, d->scope, d->name);
    size_t                       n;
    bool                         found;
    if (str_empty(d->parent) || !deployment_id_read(d->parent, &scope, &name)) return OK;
    TRY(deployment_find(c, w->store, scope, name, &parent, &found));
    if (!found || deployment_is_over(parent.state)) return OK;
    TRY(deployment_operations(c, w->store, &parent, &operations, &n));
    for (size_t i = 0; i < n; i++) {
        struct deployment_operation *o = &operations[i];
        if (o->index != d->parent_index || o->state != DEPLOYMENT_RUNNING || !str_eq_nocase(o->target, id)) continue;
        o->state = d->state;
        o->error = d->error;
        o->changed_ns = c->now_ns;
        o->status = d->state == DEPLOYMENT_SUCCEEDED ? 200 : 409;
        TRY(deployment_operation_put(c, w->store, &parent, o));
        parent.is_waiting = false;
        return deployment_put(c, w->store, &parent);
    }
    return OK; // the parent has begun anew
}

// {"error":…}, as a failure is answered; without its details where the log has no room for them.
static enum err write_message(struct call *c, str error, str *out)
{
    struct buf         b;
    struct json_writer j;
    const struct json *said;
    buf_init(&b, &c->arena);
    buf_addf(&b, "{\"error\":%.*s}", PSTR(error));
    TRY(buf_finish(c, &b, out));
    if (out->n <= ACTIVITY_MAX_MESSAGE_BYTES) return OK;
    TRY(json_parse(c, error, &said));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_write_key(&j, S("error"));
    json_write_object(&j);
    json_put_string(&j, S("code"), json_get_str(said, S("code")));
    json_put_string(&j, S("message"), json_get_str(said, S("message")));
    json_write_end(&j);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

// The request that asked for it was over long ago: its record says no more than that the deployment was accepted.
static enum err log_end(struct call *c, struct work *w, const struct deployment *d)
{
    struct activity a = {.id = guid_new(c), .time_ns = product_log_ns(w->product, c->now_ns), .action = S(DEPLOYMENT_TYPE "/write")};
    if (d->state == DEPLOYMENT_CANCELED) return OK; // the request that cancels has a record
    activity_set_request(c, w->world, NULL, &a);
    a.scope = a.resource = deployment_id(c, d->scope, d->name);
    a.status = d->state == DEPLOYMENT_SUCCEEDED ? 200 : 409;
    if (d->state == DEPLOYMENT_FAILED) {
        a.error = S("DEPLOYMENT_FAILED");
        if (!str_empty(d->error)) TRY(write_message(c, d->error, &a.message));
    }
    return activity_write(c, w->store, &a);
}

enum err deployment_end(struct call *c, struct work *w, struct deployment *d, enum deployment_state state, str error)
{
    d->state = state;
    d->error = error;
    d->changed_ns = c->now_ns;
    d->is_waiting = false;
    TRY(drop_parameters(c, w, d));
    TRY(deployment_put(c, w->store, d));
    TRY(log_end(c, w, d));
    return tell_parent(c, w, d);
}
