// The token endpoint of Cloud Shell: a form, and no api-version.
#include "endpoints/workload/token.h"

extern const struct service SERVICE_CLOUD_SHELL;

static const struct selector_row SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},
    {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},
};

static const enum token_field FIELDS[] = {
    TOKEN_FIELD_ACCESS_TOKEN, TOKEN_FIELD_EXPIRES_IN, TOKEN_FIELD_EXPIRES_ON, TOKEN_FIELD_NOT_BEFORE, TOKEN_FIELD_RESOURCE, TOKEN_FIELD_TOKEN_TYPE,
};

static enum err check(struct call *c, const struct wire *q, const struct workload_ask *ask)
{
    (void)q;
    return workload_check_fields(c, ask->fields, ask->field_n);
}

static const struct token_protocol PROTOCOL = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, object_id and msi_res_id",
    .in_form = true,
    .check = check,
    .fields = FIELDS,
    .field_n = COUNT(FIELDS),
};

static const struct { enum err kind; int status; const char *code; } CODES[] = {
    {ERR_METADATA_MISSING, 400, "MetadataHeaderMissing"}, {ERR_FORWARDED, 400, "ForwardedRequest"},
    {ERR_CALLER_UNKNOWN, 401, "UnknownSource"},           {ERR_AUDIENCE_MISSING, 400, "AudienceMissing"},
    {ERR_AUDIENCE_UNKNOWN, 400, "AudienceNotSupported"},  {ERR_IDENTITY_NOT_FOUND, 400, "IdentityNotFound"},
    {ERR_APP_NOT_ASSIGNED, 400, "NotAssigned"},           {ERR_AUDIENCE_DISABLED, 400, "AudienceNotSupported"},
    {ERR_IDENTITY_AMBIGUOUS, 400, "IdentityAmbiguous"},   {ERR_IDENTITY_SELECTORS, 400, "BadRequest"},
    {ERR_PARAMETER_INVALID, 400, "BadRequest"},           {ERR_URL_INVALID, 400, "BadRequest"},
    {ERR_TOO_LARGE, 413, "RequestTooLarge"},              {ERR_NOT_FOUND, 404, "NotFound"},
    {ERR_METHOD_NOT_ALLOWED, 405, "MethodNotAllowed"},    {ERR_BUSY, 429, "TooManyRequests"},
};

static void error(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    size_t i = 0;
    (void)w, (void)q;
    while (i < COUNT(CODES) && CODES[i].kind != c->failure.kind) i++;
    if (i == COUNT(CODES)) {
        answer_error_object(a, 500, S("InternalServerError"), S("The token could not be made. For details see the server's log."));
        return;
    }
    answer_error_object(a, CODES[i].status, str_of(CODES[i].code), workload_describe(c));
    if (CODES[i].status == 405) answer_header(a, "Allow", S("POST"));
    if (CODES[i].status == 429) answer_header(a, "Retry-After", S("1"));
}

static const struct dialect DIALECT = {.name = "cloudshell", .error = error};

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    struct workload_settings settings = {
        .product = w->product, .service = &SERVICE_CLOUD_SHELL, .protocol = &PROTOCOL, .place = w->place, .known_by = w->known_by};
    return workload_listener_settings(c, &settings, out);
}

#define PATH           "/oauth2/token"
#define FORM_MAX_BYTES 8192

static const struct variable_row VARIABLES[] = {
    {"MSI_ENDPOINT", VARIABLE_URL, PATH},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("cloud-shell"), .address = S_INIT("127.0.0.1"), .port = 50342, .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_CLOUD_SHELL),
     .is_on_host = true, .variables = {VARIABLES, COUNT(VARIABLES)}, .open = open_socket},
};

static const struct route ROUTES[] = {
    {HTTP_POST, PATH, GUARD_NONE, PERMIT_NONE("the listener is the workload's, and nobody else reaches it"), workload_get_token,
     .gives_tokens_to = SIGNIN_MANAGED_IDENTITY, .max_body_bytes = FORM_MAX_BYTES},
};

const struct service SERVICE_CLOUD_SHELL = {
    .name = "cloudshell",
    .dialect = &DIALECT,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .correlation = "x-ms-client-request-id",
    .at_door = workload_check_metadata,
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
