#include "endpoints/imds/imds.h"

#include <stdlib.h>

#include "endpoints/imds/parts.h"
#include "endpoints/service.h"

enum err imds_new(struct call *c, const struct imds_settings *settings, struct imds **out)
{
    struct imds *s = calloc(1, sizeof *s + settings->resource.n);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    char *room = (char *)(s + 1);
    if (settings->resource.n) memcpy(room, settings->resource.at, settings->resource.n);
    s->product = settings->product;
    s->resource = (str){room, settings->resource.n};
    s->uid = settings->uid;
    s->published_limits = settings->published_limits;
    *out = s;
    return OK;
}

static enum err open_socket(struct call *c, const struct socket_workload *w, struct http_listener_settings *out)
{
    struct imds_settings settings = {.product = w->product, .resource = w->resource, .uid = w->uid};
    struct imds         *s = NULL;
    TRY(imds_new(c, &settings, &s));
    out->handler = imds_handle;
    out->context = s;
    out->context_free = imds_free;
    out->server_name = S(IMDS_SERVER_NAME);
    return OK;
}

static const struct socket_row SOCKETS[] = {
    {.name = S_INIT("imds"), .address = S_INIT("169.254.169.254"), .port = 80, .needs_resource = true, .is_on_host = true,
     .variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST", .open = open_socket},
};

// It has no name, only an address: its socket is all that leads to it.
const struct service SERVICE_IMDS = {.name = "imds", .sockets = {SOCKETS, COUNT(SOCKETS)}};

void imds_free(void *imds)
{
    free(imds);
}

const struct resource *imds_host(const struct imds *s, const struct world *world)
{
    const struct resource *r = tree_find(world->tree, s->resource);
    return r && guid_eq(r->uid, s->uid) ? r : NULL;
}

static const struct path {
    str           path;
    bool          with_below; // and all below it
    imds_handler *handler;
} PATHS[] = {
    {S_INIT("/metadata/identity/oauth2/token"), false, imds_get_token},
    {S_INIT("/metadata/identity/oauth2"), true, imds_unknown_source},
    {S_INIT("/metadata/instance"), true, imds_get_instance},
    {S_INIT("/metadata/versions"), false, imds_get_versions},
};

static const struct path *find_path(str path, str *out_rest)
{
    if (str_ends(path, S("/"))) path.n--; // some clients add one
    for (size_t i = 0; i < COUNT(PATHS); i++) {
        const struct path *p = &PATHS[i];
        if (!str_starts(path, p->path)) continue;
        *out_rest = str_from(path, p->path.n);
        if (str_empty(*out_rest) || (p->with_below && out_rest->at[0] == '/')) return p;
    }
    return NULL;
}

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
static enum err check_headers(struct call *c, const struct http_request *http)
{
    static const str METADATA = S_INIT("Metadata");
    size_t           metadata_n = 0;
    bool             is_true = false;
    for (size_t i = 0; i < http->header_n; i++) {
        const struct http_header *h = &http->headers[i];
        if (h->name.n == METADATA.n && str_eq_nocase(h->name, METADATA)) {
            metadata_n++;
            is_true = str_eq_nocase(h->value, S("true")); // credential files in use write "True"; inferred from them
        }
    }
    if (http_is_forwarded(http)) return FAIL_PLAIN(c, ERR_FORWARDED);
    if (metadata_n != 1 || !is_true) return FAIL_PLAIN(c, ERR_METADATA_MISSING);
    return is_address(http->host) ? OK : FAIL(c, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(http->host));
}

static enum err answer(struct http_exchange *x, struct imds *s)
{
    struct call       *c = &x->call;
    str                rest;
    const struct path *p = find_path(x->request.path, &rest);
    if (!p) return FAIL_PLAIN(c, ERR_NOT_FOUND); // also what tells one client that we do not speak version 2
    TRY(check_headers(c, &x->request));
    if (x->request.method != HTTP_GET) return FAIL_PLAIN(c, ERR_METHOD_NOT_ALLOWED);
    return p->handler(x, s, rest);
}

void imds_handle(struct http_exchange *x, void *imds)
{
    if (answer(x, imds) != OK) imds_refuse(x);
}

enum err imds_unknown_source(struct http_exchange *x, struct imds *s, str rest)
{
    (void)s, (void)rest;
    return FAIL(&x->call, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(x->request.path));
}

void imds_reply_json(struct http_exchange *x, int status, const struct buf *body)
{
    x->response.status = body->failed ? 500 : status;
    x->response.content_type = S("application/json; charset=utf-8");
    x->response.body = body->failed ? STR_NONE : buf_view(body);
    http_reply(x);
}

enum err imds_read_query(struct call *c, const struct http_request *http, struct imds_query *out)
{
    struct imds_query q = {0};
    TRY(http_read_fields(c, http->query, &q.fields, &q.n));
    for (size_t i = 0; i < q.n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(q.fields[i].name, q.fields[k].name)) return FAIL(c, ERR_PARAMETER_INVALID, "A query parameter may be given only once.");
    q.api_version = http_field(q.fields, q.n, S("api-version"));
    *out = q;
    return OK;
}

enum err imds_rate_take(struct call *c, struct imds_rate *r, unsigned limit)
{
    uint64_t now = (uint64_t)c->now_s << 16, seen = atomic_load(&r->state), next;
    do next = seen >> 16 == now >> 16 ? seen + 1 : now + 1;
    while ((next & 0xffff) <= limit && !atomic_compare_exchange_weak(&r->state, &seen, next));
    return (next & 0xffff) <= limit ? OK : FAIL_PLAIN(c, ERR_BUSY);
}
