// The token endpoint of Service Fabric: over TLS, with a secret in a header.
#include "core/json.h"
#include "endpoints/workload/token.h"

extern const struct service SERVICE_SERVICE_FABRIC;

#define VERSION S("2019-07-01-preview")
#define SECRET  S("secret")

static const struct selector_row SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},   {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("principalId"), offsetof(struct identity_choice, object_id)}, {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)}, {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static const enum token_field FIELDS[] = {TOKEN_FIELD_TOKEN_TYPE, TOKEN_FIELD_ACCESS_TOKEN, TOKEN_FIELD_EXPIRES_ON, TOKEN_FIELD_RESOURCE};

static enum err check_caller(struct call *c, const struct wire *q)
{
    TRY(workload_check_forwarded(c, q));
    TRY(workload_check_secret(c, q, SECRET));
    return workload_check_host(c, q);
}

static enum err check(struct call *c, const struct wire *q, const struct workload_ask *ask)
{
    TRY(workload_check_fields(c, ask->fields, ask->field_n));
    if (str_empty(q->api_version)) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    return str_eq(q->api_version, VERSION) ? OK : FAIL_PLAIN(c, ERR_API_VERSION_INVALID);
}

static const struct token_protocol PROTOCOL = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, object_id and mi_res_id",
    .rejected = "token_sha256_to_refresh",
    .check = check,
    .fields = FIELDS,
    .field_n = COUNT(FIELDS),
};

static const struct { enum err kind; int status; const char *code; } CODES[] = {
    {ERR_CALLER_UNKNOWN, 404, "ManagedIdentityNotFound"},     {ERR_FORWARDED, 400, "ForwardedRequest"},
    {ERR_API_VERSION_MISSING, 400, "InvalidApiVersion"},      {ERR_API_VERSION_INVALID, 400, "InvalidApiVersion"},
    {ERR_AUDIENCE_MISSING, 400, "ArgumentNullOrEmpty"},       {ERR_AUDIENCE_UNKNOWN, 400, "InvalidResource"},
    {ERR_APP_NOT_ASSIGNED, 400, "AccessDenied"},              {ERR_AUDIENCE_DISABLED, 400, "InvalidResource"},
    {ERR_IDENTITY_NOT_FOUND, 404, "ManagedIdentityNotFound"}, {ERR_IDENTITY_AMBIGUOUS, 400, "ManagedIdentityAmbiguous"},
    {ERR_IDENTITY_SELECTORS, 400, "InvalidArgument"},         {ERR_PARAMETER_INVALID, 400, "InvalidArgument"},
    {ERR_URL_INVALID, 400, "InvalidArgument"},                {ERR_TOO_LARGE, 400, "InvalidArgument"},
    {ERR_NOT_FOUND, 404, "NotFound"},                         {ERR_METHOD_NOT_ALLOWED, 405, "MethodNotAllowed"},
    {ERR_BUSY, 429, "TooManyRequests"},
};

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    int         status = 500;
    const char *code = "InternalServerError";
    str         message = S("The token could not be made. For details see the server's log.");
    for (size_t i = 0; i < COUNT(CODES); i++) {
        if (CODES[i].kind != c->failure.kind) continue;
        status = CODES[i].status;
        code = CODES[i].code;
        message = workload_describe(c);
    }
    (void)w;
    if (c->failure.kind == ERR_CALLER_UNKNOWN && !http_has_header(q->http, SECRET)) {
        status = 400;
        code = "SecretHeaderNotFound";
    }
    struct json_writer *j = answer_json(a, status);
    json_write_object(j);
    json_write_key(j, S("error"));
    json_write_object(j);
    json_put_string(j, S("correlationId"), guid_str(c, c->correlation_id));
    json_put_string(j, S("code"), str_of(code));
    json_put_string(j, S("message"), message);
    json_write_end(j);
    json_write_end(j);
    if (status == 405) answer_header(a, "Allow", S("GET"));
    if (status == 429) answer_header(a, "Retry-After", S("1"));
}

static const struct dialect DIALECT = {.name = "servicefabric", .error = error};

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    struct workload_settings settings = {.product = w->product,
                                         .service = &SERVICE_SERVICE_FABRIC,
                                         .protocol = &PROTOCOL,
                                         .place = w->place,
                                         .known_by = w->known_by,
                                         .secret = w->secret};
    return workload_listener_settings(c, &settings, out);
}

#define PATH "/metadata/identity/oauth2/token"

static const struct variable_row VARIABLES[] = {
    {"IDENTITY_ENDPOINT", VARIABLE_URL, PATH},
    {"IDENTITY_HEADER", VARIABLE_SECRET},
    {"IDENTITY_SERVER_THUMBPRINT", VARIABLE_THUMBPRINT},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("service-fabric"), .kind = SOCKET_TLS, .address = S_INIT("127.0.0.1"), .port = 2377,
     .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_SERVICE_FABRIC), .is_on_host = true, .variables = {VARIABLES, COUNT(VARIABLES)}, .open = open_socket},
};

static const struct route ROUTES[] = {
    {HTTP_GET, PATH, GUARD_NONE, PERMIT_NONE("the secret in the header is that of the workload"), workload_get_token,
     .gives_tokens_to = SIGNIN_MANAGED_IDENTITY},
};

const struct service SERVICE_SERVICE_FABRIC = {
    .name = "servicefabric",
    .dialect = &DIALECT,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .correlation = "x-ms-client-request-id",
    .at_door = check_caller,
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
