#include "endpoints/workload/listener.h"

#include <stdlib.h>

static enum err by_listener(struct call *c, struct work *w, struct workload_listener *l, struct http_exchange *x, struct workload_caller *out)
{
    (void)c, (void)w, (void)x;
    *out = (struct workload_caller){.place = l->place, .known_by = l->known_by, .limits = l->limits};
    return OK;
}

static void listener_free(void *context)
{
    struct workload_listener *l = context;
    router_clear(&l->router);
    secret_clear(&l->secret);
    if (l->own_free) l->own_free(l->own);
    free(l);
}

enum err workload_listener_settings(struct call *c, const struct workload_settings *settings, struct http_listener_settings *out)
{
    str                     id = settings->place.id;
    struct workload_limits *limits;
    TRY(workload_limits_of(c, settings->product->limits, settings->place.uid, &limits));
    struct workload_listener *l = calloc(1, sizeof *l + id.n);
    if (!l) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (settings->secret && secret_init(c, &l->secret, secret_reveal(settings->secret)) != OK) {
        free(l);
        return c->failure.kind;
    }
    char *room = (char *)(l + 1);
    if (id.n) memcpy(room, id.at, id.n);
    l->router = (struct router){
        .product = settings->product, .only = settings->service, .workers = settings->workers, .reads_much = settings->workers != NULL};
    l->protocol = settings->protocol;
    l->own = settings->own;
    l->own_free = settings->own_free;
    l->who = settings->who ? settings->who : by_listener;
    l->place = (struct workload_place){.id = {room, id.n}, .uid = settings->place.uid};
    l->known_by = settings->known_by;
    l->limits = limits;
    if (!settings->who) {
        l->router.workload = l->place.id;
        l->router.known_by = l->known_by;
    }
    out->handler = router_handle;
    out->admit = router_admit;
    out->context = &l->router;
    out->context_free = listener_free; // which finds the whole from its first member
    out->server_name = settings->server_name;
    _Static_assert(offsetof(struct workload_listener, router) == 0, "what is freed is the whole");
    return OK;
}

const struct resource *workload_host(const struct workload_caller *caller, const struct world *world)
{
    const struct resource *r = tree_find(world->tree, caller->place.id);
    return r && guid_eq(r->uid, caller->place.uid) ? r : NULL;
}

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

enum err workload_check_forwarded(struct call *c, const struct wire *q)
{
    return http_is_forwarded(q->http) ? FAIL_PLAIN(c, ERR_FORWARDED) : OK;
}

enum err workload_check_host(struct call *c, const struct wire *q)
{
    return is_address(q->http->host) ? OK : FAIL(c, ERR_CALLER_UNKNOWN, "Unknown Source %.*s", PSTR(q->http->host));
}

bool workload_only_header(const struct http_request *http, str name, str *out)
{
    size_t n = 0;
    for (size_t i = 0; i < http->header_n; i++) {
        const struct http_header *h = &http->headers[i];
        if (h->name.n != name.n || !str_eq_nocase(h->name, name)) continue;
        *out = h->value;
        n++;
    }
    return n == 1;
}

enum err workload_check_metadata(struct call *c, const struct wire *q)
{
    str metadata;
    TRY(workload_check_forwarded(c, q));
    // Credential files in use write "True"; inferred from them.
    if (!workload_only_header(q->http, S("Metadata"), &metadata) || !str_eq_nocase(metadata, S("true"))) return FAIL_PLAIN(c, ERR_METADATA_MISSING);
    return workload_check_host(c, q);
}

enum err workload_check_secret(struct call *c, const struct wire *q, str header)
{
    const struct secret *wanted = &workload_listener_of(q)->secret;
    str                  shown;
    if (!workload_only_header(q->http, header, &shown)) return FAIL(c, ERR_CALLER_UNKNOWN, "Required header %.*s not specified", PSTR(header));
    if (wanted->n == 0 || !secret_equal(wanted, str_bytes(shown)))
        return FAIL(c, ERR_CALLER_UNKNOWN, "The header %.*s does not hold the secret of this endpoint.", PSTR(header));
    return OK;
}
