// The endpoint's words for failures.
// Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference, and what the
// clients read: "message", "statusCode", "correlationId"
#include "core/json.h"
#include "endpoints/appservice/parts.h"

// Never 404 for an identity or a header: every SDK retries that. Statuses but 400 for an identity are inferred.
static const struct { enum err kind; int status; } STATUSES[] = {
    {ERR_CALLER_UNKNOWN, 401},      {ERR_FORWARDED, 400},          {ERR_API_VERSION_MISSING, 400}, {ERR_API_VERSION_INVALID, 400},
    {ERR_AUDIENCE_MISSING, 400},    {ERR_AUDIENCE_UNKNOWN, 400},   {ERR_IDENTITY_NOT_FOUND, 400},  {ERR_IDENTITY_SELECTORS, 400},
    {ERR_PARAMETER_INVALID, 400},   {ERR_URL_INVALID, 400},        {ERR_TOO_LARGE, 400},           {ERR_NOT_FOUND, 404},
    {ERR_METHOD_NOT_ALLOWED, 405},  {ERR_BUSY, 429},               {ERR_APP_NOT_ASSIGNED, 400},
    {ERR_AUDIENCE_DISABLED, 400},
};

static int status_of(enum err kind)
{
    for (size_t i = 0; i < COUNT(STATUSES); i++)
        if (STATUSES[i].kind == kind) return STATUSES[i].status;
    return 500;
}

static str message_of(struct call *c, int status, const struct answer *a)
{
    const struct workload_ask *ask = workload_ask_of(a);
    if (status == 500) return S("The token could not be made. For details see the server's log.");
    if (c->failure.kind != ERR_IDENTITY_NOT_FOUND || !ask) return workload_describe(c);
    return workload_ask_names(ask) ? S("No MSI found for specified ClientId/ResourceId.") : S("Unable to load the proper Managed Identity.");
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    int                 status = status_of(c->failure.kind);
    struct json_writer *j = answer_json(a, status);
    (void)w, (void)q;
    json_write_object(j);
    json_put_int(j, S("statusCode"), status);
    json_put_string(j, S("message"), message_of(c, status, a));
    json_put_string(j, S("correlationId"), guid_str(c, c->correlation_id));
    json_write_end(j);
    if (status == 405) answer_header(a, "Allow", S("GET"));
    if (status == 429) answer_header(a, "Retry-After", S("1"));
}

const struct dialect DIALECT_APP_SERVICE = {.name = "appservice", .error = error};
