// The token endpoint of App Service, Functions, Container Apps and Azure Machine Learning.
#include "endpoints/appservice/parts.h"

#define VERSION        S_INIT("2019-08-01")
#define VERSION_LEGACY S_INIT("2017-09-01")

// By api-version: the header that shows the secret.
static const struct { str version, header; } VERSIONS[] = {
    {VERSION, S_INIT("X-IDENTITY-HEADER")},
    {VERSION_LEGACY, S_INIT("secret")},
};

// A name of the other version is taken too: one that is not understood would give another identity's token.
static const struct selector_row SELECTORS[] = {
    {S_INIT("client_id"), offsetof(struct identity_choice, client_id)},    {S_INIT("clientid"), offsetof(struct identity_choice, client_id)},
    {S_INIT("principal_id"), offsetof(struct identity_choice, object_id)}, {S_INIT("object_id"), offsetof(struct identity_choice, object_id)},
    {S_INIT("mi_res_id"), offsetof(struct identity_choice, resource_id)},  {S_INIT("msi_res_id"), offsetof(struct identity_choice, resource_id)},
};

// expires_on is in seconds with the old version too, where the platform writes a date: some clients read only numbers there.
static const enum token_field FIELDS[] = {
    TOKEN_FIELD_ACCESS_TOKEN, TOKEN_FIELD_EXPIRES_ON, TOKEN_FIELD_NOT_BEFORE, TOKEN_FIELD_RESOURCE, TOKEN_FIELD_TOKEN_TYPE, TOKEN_FIELD_CLIENT_ID,
};

// Before anything else is looked at. Without a version that is known the header is that of the present one.
static enum err check_caller(struct call *c, const struct wire *q)
{
    str header = VERSIONS[0].header;
    for (size_t i = 0; i < COUNT(VERSIONS); i++)
        if (str_eq(q->api_version, VERSIONS[i].version)) header = VERSIONS[i].header;
    TRY(workload_check_forwarded(c, q));
    TRY(workload_check_secret(c, q, header));
    return workload_check_host(c, q);
}

static enum err check(struct call *c, const struct wire *q, const struct workload_ask *ask)
{
    TRY(workload_check_fields(c, ask->fields, ask->field_n));
    if (str_empty(q->api_version)) return FAIL_PLAIN(c, ERR_API_VERSION_MISSING);
    for (size_t i = 0; i < COUNT(VERSIONS); i++)
        if (str_eq(q->api_version, VERSIONS[i].version)) return OK;
    return FAIL_PLAIN(c, ERR_API_VERSION_INVALID);
}

static const struct token_protocol PROTOCOL = {
    .selectors = SELECTORS,
    .selector_n = COUNT(SELECTORS),
    .selector_names = "client_id, principal_id, object_id and mi_res_id",
    .system_by_default = true,
    .check = check,
    .fields = FIELDS,
    .field_n = COUNT(FIELDS),
};

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    struct workload_settings settings = {.product = w->product,
                                         .service = &SERVICE_APP_SERVICE,
                                         .protocol = &PROTOCOL,
                                         .place = w->place,
                                         .known_by = w->known_by,
                                         .secret = w->secret};
    return workload_listener_settings(c, &settings, out);
}

#define PATH "/msi/token"

static const struct variable_row SITE_VARIABLES[] = {
    {"IDENTITY_ENDPOINT", VARIABLE_URL, PATH},
    {"IDENTITY_HEADER", VARIABLE_SECRET},
    {"MSI_ENDPOINT", VARIABLE_URL, PATH},
    {"MSI_SECRET", VARIABLE_SECRET},
    {"APPSETTING_WEBSITE_SITE_NAME", VARIABLE_SEGMENT, "sites"}, // by which the az CLI knows where it is
};
static const struct variable_row APP_VARIABLES[] = {
    {"IDENTITY_ENDPOINT", VARIABLE_URL, PATH},
    {"IDENTITY_HEADER", VARIABLE_SECRET},
};

static const struct variable_row ML_VARIABLES[] = {
    {"MSI_ENDPOINT", VARIABLE_URL, PATH},
    {"MSI_SECRET", VARIABLE_SECRET},
    {"DEFAULT_IDENTITY_CLIENT_ID", VARIABLE_CLIENT_ID},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("app-service"), .address = S_INIT("169.254.129.2"), .port = 8081, .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_APP_SERVICE),
     .is_on_host = true, .variables = {SITE_VARIABLES, COUNT(SITE_VARIABLES)}, .open = open_socket},
    {.name = S_INIT("container-apps"), .address = S_INIT("127.0.0.1"), .port = 42356, .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_CONTAINER_APPS),
     .is_on_host = true, .variables = {APP_VARIABLES, COUNT(APP_VARIABLES)}, .open = open_socket},
    {.name = S_INIT("machine-learning"), .address = S_INIT("127.0.0.1"), .port = 46808, .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_MACHINE_LEARNING),
     .is_on_host = true, .variables = {ML_VARIABLES, COUNT(ML_VARIABLES)}, .open = open_socket},
};

static const struct route ROUTES[] = {
    {HTTP_GET, PATH, GUARD_NONE, PERMIT_NONE("the secret in the header is that of the workload"), workload_get_token,
     .gives_tokens_to = SIGNIN_MANAGED_IDENTITY},
};

const struct service SERVICE_APP_SERVICE = {
    .name = "appservice",
    .dialect = &DIALECT_APP_SERVICE,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.ignores_case = true, // the platform writes /MSI/token on some systems
    .correlation = "x-ms-client-request-id",
    .at_door = check_caller,
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
