#include "endpoints/admin/admin.h"

#include <unistd.h>

#include "endpoints/admin/operator.h"
#include "ops/bindings.h"
#include "ops/denies.h"
#include "ops/device_sign_in.h"
#include "ops/housekeeper.h"
#include "ops/log_keep.h"
#include "ops/logs.h"
#include "ops/revoke.h"
#include "ops/signing_keys.h"

#define S_PER_YEAR  (INT64_C(366) * S_PER_DAY)
#define AHEAD_MAX_S (10 * S_PER_YEAR)

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)q;
    answer_error_object(a, err_status(c->failure.kind), str_of(err_name(c->failure.kind)), str_of(c->failure.text));
}

static const struct dialect DIALECT = {.name = "admin", .error = error};

static void put_guid_facts(struct json_writer *w, const struct product *p)
{
    json_put_guid(w, S("tenant"), p->tenant.g);
    json_put_guid(w, S("subscription"), p->subscription.g);
    json_put_guid(w, S("operator"), p->operator_id.g);
}

static void put_names(struct json_writer *w, const struct product *p)
{
    json_write_key(w, S("names"));
    json_write_object(w);
    for (size_t i = 0; i < p->names.n; i++)
        if (!str_empty(p->names.at[i].host->key)) json_put_string(w, p->names.at[i].host->key, p->names.at[i].text);
    json_write_end(w);
}

static void put_services(struct call *c, struct json_writer *w, const struct product *p)
{
    json_write_key(w, S("services"));
    json_write_object(w);
    for (size_t i = 0; i < SERVICE_N; i++) {
        if (!SERVICES[i]->facts) continue;
        json_write_key(w, str_of(SERVICES[i]->name));
        json_write_object(w);
        SERVICES[i]->facts(c, w, p);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_facts(struct call *c, struct json_writer *w, const struct product *p)
{
    json_write_object(w);
    json_put_int(w, S("pid"), getpid());
    json_put_string(w, S("version"), S(LANYARD_VERSION));
    json_put_int(w, S("https_port"), p->https_port);
    json_put_string(w, S("https_address"), p->https_address);
    if (p->metadata_port) json_put_string(w, S("metadata"), call_format(c, "http://127.0.0.1:%u", p->metadata_port));
    json_put_string(w, S("metadata_socket"), p->metadata_socket);
    json_put_string(w, S("verify_socket"), p->verify_socket);
    json_put_string(w, S("data"), p->data_dir);
    json_put_string(w, S("ca"), call_format(c, "%.*s/ca.pem", PSTR(p->data_dir)));
    put_guid_facts(w, p);
    put_names(w, p);
    put_services(c, w, p);
    if (p->measured_loops) json_put_int(w, S("longest_turn_us"), net_loops_longest_turn_ns(p->measured_loops) / 1000);
    json_put_int(w, S("uptime_s"), (c->now_ns - p->started_ns) / NS_PER_S);
    json_put_string(w, S("time"), str_of(time_iso(c->now_ns).s));
    json_put_bool(w, S("test_clock"), p->test_clock);
    json_put_string(w, S("propagation"), str_of(p->propagation.name ? p->propagation.name : "instant"));
    json_write_end(w);
}

enum err admin_facts(struct call *c, const struct product *p, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    write_facts(c, &w, p);
    return buf_finish(c, &b, out);
}

static enum err get_status(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)q;
    write_facts(c, answer_json(a, 200), w->product);
    return OK;
}

static enum err post_stop(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)q;
    struct json_writer *j = answer_json(a, 202);
    json_write_object(j);
    json_put_bool(j, S("stopping"), true);
    json_write_end(j);
    w->product->stop(w->product->stop_context);
    return OK;
}

static void write_clock(struct answer *a, const struct product *p)
{
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("time"), str_of(time_iso(clock_now_ns(&p->clock)).s));
    json_put_int(j, S("ahead_s"), atomic_load(&p->clock.offset_ns) / NS_PER_S);
    json_put_bool(j, S("test_clock"), p->test_clock);
    json_write_end(j);
}

static enum err get_clock(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)c, (void)q;
    write_clock(a, w->product);
    return OK;
}

static enum err post_clock(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json *body;
    TRY(wire_body(c, q, &body));
    if (!w->product->test_clock) return FAIL(c, ERR_NOT_AUTHORIZED, "This server's clock cannot be moved: start it with --test-clock.");
    int64_t by_s = json_get_int(body, S("advance_s"), 0);
    if (by_s <= 0 || by_s > AHEAD_MAX_S)
        return FAIL(c, ERR_PARAMETER_INVALID, "advance_s must be a number of seconds from 1 to %lld.", (long long)AHEAD_MAX_S);
    if (atomic_load(&w->product->clock.offset_ns) / NS_PER_S + by_s > AHEAD_MAX_S)
        return FAIL(c, ERR_PARAMETER_INVALID, "The clock cannot be moved further than %lld years ahead.", (long long)(AHEAD_MAX_S / S_PER_YEAR));
    clock_advance(&w->product->clock, by_s * NS_PER_S);
    housekeeper_wake(w->product->housekeeper);
    write_clock(a, w->product);
    return OK;
}

enum err operator_tokens_revoke(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    object_id who;
    int64_t   at_s;
    str       name = wire_param(q, "name");
    if (!guid_parse(name, &who.g))
        return FAIL(c, ERR_GUID_INVALID, "'%.*s' is not the object id of a principal.", PSTR(call_printable(c, name, 128)));
    TRY(wire_run(c, w, q, &who, &at_s));
    struct json_writer     *j = answer_json(a, 200);
    const struct principal *p = directory_find(w->world->directory, who);
    json_write_object(j);
    json_put_guid(j, S("principalId"), who.g);
    json_put_string(j, S("displayName"), p ? p->name : S(""));
    json_put_bool(j, S("exists"), p != NULL);
    json_put_string(j, S("revokedUpTo"), str_of(time_iso(at_s * NS_PER_S).s));
    json_write_end(j);
    return OK;
}

#define OPERATOR_ONLY PERMIT_NONE("the admin socket lets in nobody but the operator")

static const struct route ROUTES[] = {
    {HTTP_GET, "/lanyard/status", GUARD_OPERATOR, OPERATOR_ONLY, get_status, .any_version = true},
    {HTTP_POST, "/lanyard/stop", GUARD_OPERATOR, OPERATOR_ONLY, post_stop, .any_version = true},
    // Behind what waits to be written: a refusal's answer is out before its record.
    {HTTP_GET, "/lanyard/denials", GUARD_OPERATOR, OPERATOR_ONLY, operator_denials_list, .writes = true, .any_version = true},
    {HTTP_GET, "/lanyard/logs/{name}", GUARD_OPERATOR, OPERATOR_ONLY, operator_log_list, .any_version = true, .reads_much = true},
    {HTTP_GET, "/lanyard/denials/{name}", GUARD_OPERATOR, OPERATOR_ONLY, operator_denial_get, .writes = true, .any_version = true},
    {HTTP_GET, "/lanyard/audit", GUARD_OPERATOR, OPERATOR_ONLY, operator_audit_list, .any_version = true, .reads_much = true},
    {HTTP_GET, "/lanyard/orphans", GUARD_OPERATOR, OPERATOR_ONLY, operator_orphans_list, .any_version = true, .reads_much = true},
    {HTTP_PUT, "/lanyard/deny-assignments/{name}", GUARD_OPERATOR, OPERATOR_ONLY, operator_deny_put, &OP_DENY_WRITE, .any_version = true},
    {HTTP_DELETE, "/lanyard/deny-assignments/{name}", GUARD_OPERATOR, OPERATOR_ONLY, operator_deny_delete, &OP_DENY_DELETE, .any_version = true},
    {HTTP_POST, "/lanyard/principals/{name}/revoke-tokens", GUARD_OPERATOR, OPERATOR_ONLY, operator_tokens_revoke, &OP_TOKENS_REVOKE_ANY, .any_version = true},
    {HTTP_GET, "/lanyard/device-codes/{code}", GUARD_OPERATOR, OPERATOR_ONLY, operator_device_get, .any_version = true, .hides_path = true},
    {HTTP_POST, "/lanyard/device-codes/{code}", GUARD_OPERATOR, OPERATOR_ONLY, operator_device_end, &OP_DEVICE_SIGN_IN, .any_version = true, .hides_path = true},
    {HTTP_POST, "/lanyard/verify-token", GUARD_OPERATOR, OPERATOR_ONLY, operator_token_verify, .any_version = true},
    {HTTP_GET, "/lanyard/keys", GUARD_OPERATOR, OPERATOR_ONLY, operator_keys_list, .any_version = true},
    {HTTP_POST, "/lanyard/keys/rotate", GUARD_OPERATOR, OPERATOR_ONLY, operator_keys_rotate, &OP_SIGNING_KEYS_ROTATE, .any_version = true},
    {HTTP_POST, "/lanyard/bindings", GUARD_OPERATOR, PERMIT_AT(operator_binding_at), operator_binding_post, &OP_BINDING_WRITE, .any_version = true},
    {HTTP_DELETE, "/lanyard/bindings", GUARD_OPERATOR, OPERATOR_ONLY, operator_binding_delete, &OP_BINDING_DELETE, .any_version = true},
    {HTTP_GET, "/lanyard/bindings", GUARD_OPERATOR, OPERATOR_ONLY, operator_bindings_list, .any_version = true},
    {HTTP_GET, "/lanyard/clock", GUARD_OPERATOR, OPERATOR_ONLY, get_clock, .any_version = true},
    {HTTP_POST, "/lanyard/clock", GUARD_OPERATOR, OPERATOR_ONLY, post_clock, .any_version = true},
};

const struct service SERVICE_ADMIN = {
    .name = "admin",
    .local = LOCAL_ADMIN,
    .dialect = &DIALECT,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .jobs = JOBS(logs_queue_counts, log_keep_drop_overdue, revocations_drop_ended),
};
