#include "endpoints/imds/imds.h"

#include "endpoints/imds/parts.h"

enum err imds_unknown_source(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)a;
    return FAIL(c, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(q->http->path));
}

#define ITS_OWN PERMIT_NONE("the listener is the workload's, and nobody else reaches it")

static const struct route ROUTES[] = {
    {HTTP_GET, "/metadata/identity/oauth2/token", GUARD_NONE, ITS_OWN, workload_get_token, .gives_tokens_to = SIGNIN_MANAGED_IDENTITY},
    {HTTP_GET, "/metadata/identity/oauth2/{rest*}", GUARD_NONE, PERMIT_NONE("refused to everybody"), imds_unknown_source},
    {HTTP_GET, "/metadata/instance/{rest*}", GUARD_NONE, ITS_OWN, imds_get_instance},
    {HTTP_GET, "/metadata/versions", GUARD_NONE, ITS_OWN, imds_get_versions},
};

enum err imds_listener(struct call *c, const struct imds_settings *settings, struct http_listener_settings *out)
{
    struct workload_settings w = {
        .product = settings->product,
        .service = &SERVICE_IMDS,
        .protocol = &PROTOCOL_IMDS,
        .place = settings->place,
        .known_by = settings->known_by,
        .who = settings->who,
        .workers = settings->workers,
        .server_name = S(IMDS_SERVER_NAME),
    };
    return workload_listener_settings(c, &w, out);
}

enum err imds_take_other(struct call *c, const struct workload_caller *caller)
{
    return caller->limits ? workload_rate_take(c, &caller->limits->others, IMDS_OTHERS_PER_S) : OK;
}

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    return imds_listener(c, &(struct imds_settings){.product = w->product, .place = w->place, .known_by = w->known_by}, out);
}

static const struct variable_row VARIABLES[] = {
    {"AZURE_POD_IDENTITY_AUTHORITY_HOST", VARIABLE_URL, "", .for_host = true},
};

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("imds"), .address = S_INIT("169.254.169.254"), .port = 80, .endpoints = TOKEN_ENDPOINT_BIT(ENDPOINT_MACHINE),
     .is_on_host = true, .variables = {VARIABLES, COUNT(VARIABLES)}, .open = open_socket},
};

// It has no name, only an address: its socket is all that leads to it.
const struct service SERVICE_IMDS = {
    .name = "imds",
    .dialect = &DIALECT_IMDS,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.takes_slashes = true,        // an escaped one leads nowhere, and nowhere is 404
    .at_door = workload_check_metadata, // before anything else: the probes of several SDKs want to see its refusal, at once
    .correlation = "x-ms-client-request-id",
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
