#include "endpoints/imds/imds.h"

#include <stdlib.h>

#include "endpoints/imds/parts.h"

// The endpoint has an address and no name. A web page that has its own name lead here can send any header, but not this host.
static bool is_address(str host)
{
    size_t colon = str_find(host, ':'), digits = 0;
    if (str_starts(host, S("["))) return true; // no name has brackets
    host = str_upto(host, colon);
    if (str_eq_nocase(host, S("localhost"))) return true;
    for (size_t i = 0; i < host.n; i++) {
        if (host.at[i] != '.' && (host.at[i] < '0' || host.at[i] > '9')) return false;
        digits += host.at[i] != '.';
    }
    return digits > 0;
}

// What a web page, or a proxy that was talked into it, cannot send. Before anything else: the probes of
// several SDKs leave the header out and want to see this very refusal, at once.
static enum err check_headers(struct call *c, const struct wire *q)
{
    static const str           METADATA = S_INIT("Metadata");
    const struct http_request *http = q->http;
    size_t                     metadata_n = 0;
    bool                       is_true = false;
    for (size_t i = 0; i < http->header_n; i++) {
        const struct http_header *h = &http->headers[i];
        if (h->name.n != METADATA.n || !str_eq_nocase(h->name, METADATA)) continue;
        metadata_n++;
        is_true = str_eq_nocase(h->value, S("true")); // credential files in use write "True"; inferred from them
    }
    if (http_is_forwarded(http)) return FAIL_PLAIN(c, ERR_FORWARDED);
    if (metadata_n != 1 || !is_true) return FAIL_PLAIN(c, ERR_METADATA_MISSING);
    return is_address(http->host) ? OK : FAIL(c, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(http->host));
}

enum err imds_unknown_source(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    (void)w, (void)a;
    return FAIL(c, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(q->http->path));
}

enum err imds_check_query(struct call *c, const struct wire *q)
{
    for (size_t i = 0; i < q->query_n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(q->query[i].name, q->query[k].name)) return FAIL(c, ERR_PARAMETER_INVALID, "A query parameter may be given only once.");
    return OK;
}

enum err imds_rate_take(struct call *c, struct imds_rate *r, unsigned limit)
{
    uint64_t now = (uint64_t)c->now_s << 16, seen = atomic_load(&r->state), next;
    do next = seen >> 16 == now >> 16 ? seen + 1 : now + 1;
    while ((next & 0xffff) <= limit && !atomic_compare_exchange_weak(&r->state, &seen, next));
    return (next & 0xffff) <= limit ? OK : FAIL_PLAIN(c, ERR_BUSY);
}

const struct resource *imds_host(const struct imds *s, const struct world *world)
{
    const struct resource *r = tree_find(world->tree, s->resource);
    return r && guid_eq(r->uid, s->uid) ? r : NULL;
}

#define ITS_OWN PERMIT_NONE("the listener is the workload's, and nobody else reaches it")

static const struct route ROUTES[] = {
    {HTTP_GET, "/metadata/identity/oauth2/token", GUARD_NONE, ITS_OWN, imds_get_token},
    {HTTP_GET, "/metadata/identity/oauth2/{rest*}", GUARD_NONE, PERMIT_NONE("refused to everybody"), imds_unknown_source},
    {HTTP_GET, "/metadata/instance/{rest*}", GUARD_NONE, ITS_OWN, imds_get_instance},
    {HTTP_GET, "/metadata/versions", GUARD_NONE, ITS_OWN, imds_get_versions},
};

enum err imds_listener(struct call *c, const struct imds_settings *settings, struct http_listener_settings *out)
{
    struct imds *s = calloc(1, sizeof *s + settings->resource.n);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    char *room = (char *)(s + 1);
    if (settings->resource.n) memcpy(room, settings->resource.at, settings->resource.n);
    s->router = (struct router){.product = settings->product, .only = &SERVICE_IMDS};
    s->resource = (str){room, settings->resource.n};
    s->uid = settings->uid;
    s->published_limits = settings->published_limits;
    out->handler = router_handle;
    out->admit = router_admit;
    out->context = &s->router;
    out->context_free = free;
    out->server_name = S(IMDS_SERVER_NAME);
    _Static_assert(offsetof(struct imds, router) == 0, "what is freed is the whole");
    return OK;
}

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    return imds_listener(c, &(struct imds_settings){.product = w->product, .resource = w->resource, .uid = w->uid}, out);
}

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("imds"), .address = S_INIT("169.254.169.254"), .port = 80, .needs_resource = true, .is_on_host = true,
     .variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST", .open = open_socket},
};

// It has no name, only an address: its socket is all that leads to it.
const struct service SERVICE_IMDS = {
    .name = "imds",
    .dialect = &DIALECT_IMDS,
    .routes = ROUTES,
    .route_n = COUNT(ROUTES),
    .paths.takes_slashes = true, // an escaped one leads nowhere, and nowhere is 404
    .at_door = check_headers,
    .sockets = {SOCKETS, COUNT(SOCKETS)},
};
