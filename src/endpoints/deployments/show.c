// Deployments and their operations as the API shows them.
#include "endpoints/arm/arm.h"
#include "endpoints/deployments/deployments.h"
#include "endpoints/dialect/arm.h"
#include "endpoints/inside.h"

static void put_raw(struct json_writer *j, str name, str document)
{
    if (str_empty(document)) return;
    json_write_key(j, name);
    json_write_raw(j, document);
}

// "PT1.5S"
static void put_duration(struct call *c, struct json_writer *j, int64_t ns)
{
    if (ns < 0) ns = 0;
    json_put_string(j, S("duration"), call_format(c, "PT%lld.%07lldS", (long long)(ns / NS_PER_S), (long long)(ns % NS_PER_S / 100)));
}

void deploy_write(struct call *c, struct json_writer *j, const struct deployment *d)
{
    bool is_over = deployment_is_over(d->state);
    json_write_object(j);
    json_put_string(j, S("id"), deployment_id(c, d->scope, d->name));
    json_put_string(j, S("name"), d->name);
    json_put_string(j, S("type"), S(DEPLOYMENT_TYPE));
    if (!str_empty(d->location)) json_put_string(j, S("location"), d->location);
    put_raw(j, S("tags"), d->tags);
    json_write_key(j, S("properties"));
    json_write_object(j);
    if (!str_empty(d->hash)) json_put_string(j, S("templateHash"), d->hash);
    put_raw(j, S("parameters"), d->parameters);
    json_put_string(j, S("mode"), d->is_complete ? S("Complete") : S("Incremental"));
    json_put_string(j, S("provisioningState"), DEPLOYMENT_STATES[d->state]);
    json_put_string(j, S("timestamp"), str_of(time_iso(d->changed_ns).s));
    put_duration(c, j, (is_over ? d->changed_ns : c->now_ns) - d->started_ns);
    json_put_guid(j, S("correlationId"), d->correlation_id);
    put_raw(j, S("providers"), d->providers);
    put_raw(j, S("dependencies"), d->dependencies);
    put_raw(j, S("validatedResources"), d->validated);
    put_raw(j, S("outputs"), d->outputs);
    put_raw(j, S("outputResources"), d->output_resources);
    put_raw(j, S("error"), d->error);
    json_write_end(j);
    json_write_end(j);
}

str deploy_status_word(int status)
{
    static const struct { int status; str word; } WORDS[] = {
        {200, S_INIT("OK")},        {201, S_INIT("Created")},  {202, S_INIT("Accepted")},  {204, S_INIT("NoContent")},
        {400, S_INIT("BadRequest")}, {401, S_INIT("Unauthorized")}, {403, S_INIT("Forbidden")}, {404, S_INIT("NotFound")},
        {405, S_INIT("MethodNotAllowed")}, {409, S_INIT("Conflict")}, {412, S_INIT("PreconditionFailed")}, {429, S_INIT("TooManyRequests")},
        {503, S_INIT("ServiceUnavailable")},
    };
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (WORDS[i].status == status) return WORDS[i].word;
    return S("InternalServerError");
}

void deploy_write_operation(struct call *c, struct json_writer *j, const struct deployment *d, const struct deployment_operation *o)
{
    str id = deployment_operation_id(c, d, o->index);
    json_write_object(j);
    json_put_string(j, S("id"), call_format(c, "%.*s/operations/%.*s", PSTR(deployment_id(c, d->scope, d->name)), PSTR(id)));
    json_put_string(j, S("operationId"), id);
    json_write_key(j, S("properties"));
    json_write_object(j);
    json_put_string(j, S("provisioningOperation"), o->kind);
    json_put_string(j, S("provisioningState"), DEPLOYMENT_STATES[o->state]);
    json_put_string(j, S("timestamp"), str_of(time_iso(o->changed_ns).s));
    put_duration(c, j, (deployment_is_over(o->state) ? o->changed_ns : c->now_ns) - o->started_ns);
    json_put_guid(j, S("trackingId"), d->correlation_id);
    if (o->status) json_put_string(j, S("statusCode"), deploy_status_word(o->status));
    if (!str_empty(o->error)) {
        json_write_key(j, S("statusMessage"));
        json_write_object(j);
        json_put_string(j, S("status"), S("Failed"));
        put_raw(j, S("error"), o->error);
        json_write_end(j);
    }
    if (!str_empty(o->target)) {
        json_write_key(j, S("targetResource"));
        json_write_object(j);
        json_put_string(j, S("id"), o->target);
        json_put_string(j, S("resourceType"), o->type);
        json_put_string(j, S("resourceName"), o->name);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
}

str deploy_status_id(struct call *c, const struct deployment *d)
{
    uint64_t n;
    memcpy(&n, d->seed.b, sizeof n);
    return call_format(c, "%020llu", (unsigned long long)n);
}

enum err deploy_failure(struct call *c, str *out)
{
    struct buf         b;
    struct json_writer j;
    str                message, details = c->failure.details;
    TRY(call_copy_str(c, str_of(c->failure.text), &message));
    str code = arm_error_code(c->failure.kind);
    call_forgive(c);
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("code"), code);
    json_put_string(&j, S("message"), message);
    put_raw(&j, S("details"), details);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

enum err deploy_failure_of(struct call *c, str body, str *out)
{
    const struct json *whole, *error;
    call_forgive(c);
    TRY(json_parse(c, body, &whole));
    error = json_get(whole, S("error"));
    return json_text(c, error ? error : whole, out);
}

// --- what a template asks for ---

static enum err get(struct call *c, void *ctx, str id, str api_version, const struct json **out)
{
    struct inside_answer  a;
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_GET, .path = id, .api_version = api_version};
    TRY(inside_run(c, ctx, &r, &a));
    return json_parse(c, a.body, out);
}

static enum err list(struct call *c, void *ctx, str id, str function, str api_version, const struct json *body, const struct json **out)
{
    struct inside_answer  a;
    struct inside_request r = {.service = &SERVICE_ARM, .method = HTTP_POST, .api_version = api_version, .body = body};
    r.path = call_format(c, "%.*s/%.*s", PSTR(id), PSTR(function));
    TRY(inside_run(c, ctx, &r, &a));
    return json_parse(c, a.body, out);
}

struct template_outside deploy_outside(struct work *w)
{
    return (struct template_outside){.get = get, .list = list, .ctx = w};
}
