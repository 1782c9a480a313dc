// The service's words for failures.
// Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
#include "core/json.h"
#include "endpoints/imds/parts.h"

#define NEWEST_SHOWN 3

// Never 404 for an identity: every SDK retries that for up to a minute.
static const struct row {
    enum err    kind;
    int         status;
    const char *error;
    bool        bare; // no error_description
} ROWS[] = {
    {ERR_METADATA_MISSING, 400, "bad_request_102", false},
    {ERR_FORWARDED, 400, "invalid_request", false},
    {ERR_API_VERSION_MISSING, 400,
     "Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds", true},
    {ERR_API_VERSION_INVALID, 400,
     "Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds", true},
    {ERR_AUDIENCE_MISSING, 400, "invalid_request", false},
    {ERR_AUDIENCE_UNKNOWN, 400, "invalid_resource", false},
    {ERR_AUDIENCE_DISABLED, 400, "invalid_resource", false},
    {ERR_APP_NOT_ASSIGNED, 400, "invalid_grant", false},
    {ERR_IDENTITY_NOT_FOUND, 400, "invalid_request", false},
    {ERR_IDENTITY_AMBIGUOUS, 400, "invalid_request", false},
    {ERR_IDENTITY_SELECTORS, 400, "invalid_request", false},
    {ERR_PARAMETER_INVALID, 400, "invalid_request", false},
    {ERR_URL_INVALID, 400, "invalid_request", false},
    {ERR_TOO_LARGE, 400, "invalid_request", false},
    {ERR_CALLER_UNKNOWN, 401, "unknown_source", false},
    // On the host. 400, as for a machine without an identity: clients go on to their next credential. Inferred from them.
    {ERR_PEER_UNKNOWN, 400, "unauthorized_client", false},
    {ERR_BINDING_MISSING, 400, "unauthorized_client", false},
    {ERR_BINDING_AMBIGUOUS, 400, "unauthorized_client", false},
    {ERR_NOT_FOUND, 404, "Not found", true},
    {ERR_METHOD_NOT_ALLOWED, 405, "Method not allowed", true},
    {ERR_BUSY, 429, "too_many_requests", false},
};
static const struct row UNKNOWN = {ERR_INTERNAL, 500, "unknown", false};

static const struct row *row_of(enum err kind)
{
    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (ROWS[i].kind == kind) return &ROWS[i];
    return &UNKNOWN;
}

static str describe(struct call *c, const struct row *row)
{
    if (row == &UNKNOWN) return S("Failed to retrieve token from the Active directory. For details see the server's log.");
    return workload_describe(c);
}

static void write_newest_versions(struct json_writer *w)
{
    json_write_key(w, S("newest-versions"));
    json_write_array(w);
    for (size_t i = 0; i < NEWEST_SHOWN; i++) json_write_string(w, IMDS_VERSIONS[i]);
    json_write_end(w);
}

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    enum err            kind = c->failure.kind;
    const struct row   *row = row_of(kind);
    struct json_writer *j = answer_json(a, row->status);
    (void)w, (void)q;
    json_write_object(j);
    json_put_string(j, S("error"), str_of(row->error));
    if (!row->bare) json_put_string(j, S("error_description"), describe(c, row));
    if (kind == ERR_API_VERSION_MISSING || kind == ERR_API_VERSION_INVALID) write_newest_versions(j);
    json_write_end(j);
    if (kind == ERR_METHOD_NOT_ALLOWED) answer_header(a, "Allow", S("GET"));
    if (kind == ERR_BUSY) answer_header(a, "Retry-After", S("1"));
}

const struct dialect DIALECT_IMDS = {.name = "imds", .error = error};
