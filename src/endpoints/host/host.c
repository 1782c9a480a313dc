#include "endpoints/host/host.h"

#include "endpoints/host/caller.h"
#include "endpoints/imds/imds.h"

// On the loop: while the request is answered elsewhere its descriptor may be closed, and be another connection's.
static const void *note_connection(struct call *c, int fd, void *context)
{
    struct diag_connection *connection;
    (void)context;
    if (NEW(c, &connection, 1) == OK && diag_connection_of(fd, connection)) return connection;
    call_forgive(c);
    return NULL;
}

// All descriptors of the machine are looked at, and everybody may have many open. No copy of the world is held meanwhile: changes wait for
// who holds one.
static enum err find_caller(struct call *c, struct work *w, const struct diag_connection *connection, struct host_caller *out)
{
    struct product *product = w->product;
    unsigned        row = w->row;
    work_end(w);
    enum err found = host_caller_find(c, connection, out), begun = work_begin(c, product, row, w);
    return found != OK ? found : begun;
}

// On a worker.
static enum err who_by_binding(struct call *c, struct work *w, struct workload_listener *l, struct http_exchange *x, struct workload_caller *out)
{
    struct host_caller     caller;
    const struct binding  *b;
    struct workload_caller found = {.known_by = SIGNIN_KNOWN_PROCESS};
    (void)l;
    if (!x->note) return FAIL_PLAIN(c, ERR_PEER_UNKNOWN);
    TRY(find_caller(c, w, x->note, &caller));
    TRY(host_caller_match(c, w->world->bindings, &caller, &b));
    TRY(call_copy_str(c, b->resource, &found.place.id));
    found.place.uid = b->uid;
    TRY(workload_limits_of(c, w->product->limits, b->uid, &found.limits));
    if (!workload_host(&found, w->world))
        return FAIL(c, ERR_BINDING_MISSING, "%.*s is bound to %.*s, which has been deleted since. Bind it again: lanyard bind %.*s RES",
                    PSTR(b->name), PSTR(b->resource), PSTR(b->name));
    *out = found;
    return OK;
}

enum err host_listener(struct call *c, struct product *product, struct net_workers *workers, struct http_listener_settings *out)
{
    TRY(imds_listener(c, &(struct imds_settings){.product = product, .who = who_by_binding, .workers = workers}, out));
    out->notes = note_connection;
    out->max_asleep = HOST_REQUESTS_AT_ONCE;
    return OK;
}
