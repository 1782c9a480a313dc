#include "endpoints/arm/operations.h"

#include "core/b64.h"
#include "core/digest.h"
#include "core/pack.h"
#include "endpoints/arm/arm.h"

enum { OPERATION_VERSION = 2 }; /* one of an earlier program is not known any more */

struct operation {
    object_id by;
    int64_t   started_ns;
    int64_t   result_status;
};

static str bound_to(struct call *c, str subscription)
{
    subscription_id id;
    return guid_parse(subscription, &id.g) ? call_format(c, "lanyard operation %s", guid_text(id.g).s) : STR_NONE;
}

static enum err id_of(struct call *c, const struct wire *q, str subscription, int result_status, str *out)
{
    struct buf b;
    str        plain;
    bytes      box;
    buf_init(&b, &c->arena);
    pack_begin(&b, OPERATION_VERSION);
    pack_guid(&b, c->caller->id.g);
    pack_i64(&b, c->now_ns);
    pack_i64(&b, result_status);
    TRY(buf_finish(c, &b, &plain));
    TRY(seal_close(c, &q->product->seal_key, str_bytes(plain), bound_to(c, subscription), &box));
    buf_init(&b, &c->arena);
    b64url_add(&b, box);
    return buf_finish(c, &b, out);
}

static str url_of(struct call *c, const struct wire *q, str path)
{
    return call_format(c, "https://%.*s%.*s?api-version=%.*s", PSTR(q->http->host), PSTR(path), PSTR(q->api_version));
}

enum err operation_accept(struct call *c, const struct wire *q, str subscription, str location, int result_status, struct answer *a)
{
    str id;
    TRY(id_of(c, q, subscription, result_status, &id));
    str result = call_format(c, "/subscriptions/%.*s/operationresults/%.*s", PSTR(subscription), PSTR(id));
    str status = call_format(c, "/subscriptions/%.*s/providers/Microsoft.Resources/locations/%.*s/operationStatuses/%.*s", PSTR(subscription),
                             PSTR(location), PSTR(id));
    answer_header(a, "Location", url_of(c, q, result));
    answer_header(a, "Azure-AsyncOperation", url_of(c, q, status));
    answer_header(a, "Retry-After", S("0"));
    a->status = 202;
    return OK;
}

static bool read_operation(struct call *c, const struct wire *q, struct operation *out)
{
    CLEANUP(secret_clear) struct secret plain = {0};
    struct unpack                       u;
    bytes                               box;
    bool                                is_ours = b64url_decode(c, wire_param(q, "operation"), &box) == OK &&
                   seal_open(c, &q->product->seal_key, box, bound_to(c, wire_param(q, "subscription")), &plain) == OK;
    if (is_ours) {
        unpack_begin(&u, secret_reveal(&plain));
        out->by.g = unpack_guid(&u);
        out->started_ns = unpack_i64(&u);
        out->result_status = unpack_i64(&u);
        is_ours = unpack_end(c, &u) == OK && u.version == OPERATION_VERSION;
    }
    call_forgive(c);
    return is_ours && c->now_ns >= out->started_ns && c->now_ns - out->started_ns <= OPERATION_LIFETIME_S * NS_PER_S;
}

enum err arm_may_see_operation(struct call *c, struct work *w, struct wire *q)
{
    struct operation *operation;
    struct op_target  target = {0};
    TRY(NEW(c, &operation, 1));
    bool is_known = read_operation(c, q, operation);
    TRY(arm_at_subscription(c, w, q, &target));
    q->scope = target.scope;
    if (!is_known || !object_id_eq(operation->by, c->caller->id))
        TRY(work_require(c, w, RBAC_CONTROL, S("Microsoft.Resources/subscriptions/operationresults/read"), &target));
    if (!is_known) return FAIL(c, ERR_NOT_FOUND, "No operation of that id is known.");
    q->object = operation;
    return OK;
}

enum err arm_operation_result_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct operation *operation = q->object;
    (void)c, (void)w;
    a->status = (int)operation->result_status;
    return OK;
}

enum err arm_operation_status_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct operation *operation = q->object;
    struct json_writer     *j = answer_json(a, 200);
    str                     when = str_of(time_iso(operation->started_ns).s);
    (void)w;
    json_write_object(j);
    json_put_string(j, S("id"), q->path);
    json_put_string(j, S("name"), wire_param(q, "operation"));
    json_put_string(j, S("status"), S("Succeeded"));
    json_put_string(j, S("startTime"), call_format(c, "%.*s", PSTR(when)));
    json_put_string(j, S("endTime"), call_format(c, "%.*s", PSTR(when)));
    json_put_int(j, S("percentComplete"), 100);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_write_end(j);
    json_write_end(j);
    return OK;
}
