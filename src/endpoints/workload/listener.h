/*
 * listener.h - a socket on which workloads ask for tokens: whose workload each request is, and how much it may ask.
 *
 * All local token endpoints share this. Each is a service of its own folder, and its listener leads to that service
 * alone. Nothing that a request says can change whose identities it gets: the resource is known from the listener, or
 * from the connection (workload_who).
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "core/secret.h"
#include "endpoints/router.h"
#include "endpoints/workload/limits.h"
#include "endpoints/workload/place.h"
#include "log/signin.h"

struct token_protocol;
struct workload_listener;

/* Who sent a request. */
struct workload_caller {
    struct workload_place   place; /* Lives: at least as long as the call */
    enum signin_known_by    known_by;
    struct workload_limits *limits; /* of that resource; NULL: none count */
};

/*
 * Tells whose workload sent a request, on the thread that handles it, before anything that the request says is read. A listener
 * of one workload answers the same for every request; another one asks who holds the other end of the connection (x->note),
 * on a worker if that takes long. What w->world held before the question may be gone after it.
 * Errors: ERR_CALLER_UNKNOWN - nobody that a resource belongs to; the failure says what is missing
 */
typedef enum err workload_who(struct call *c, struct work *w, struct workload_listener *l, struct http_exchange *x, struct workload_caller *out);

struct workload_listener {
    struct router                router; /* the listener's context */
    const struct token_protocol *protocol;
    workload_who                *who;
    struct workload_place        place; /* whose all requests are, unless `who` says otherwise; the id lies behind this */
    enum signin_known_by         known_by;
    void                        *own; /* the protocol's, for this listener */
    void (*own_free)(void *own);
    struct secret           secret; /* what requests must show, where the protocol has them show something */
    struct workload_limits *limits; /* of that resource; NULL: none count */
};

struct workload_settings {
    struct product              *product;
    const struct service        *service; /* the only one that the listener leads to */
    const struct token_protocol *protocol;
    struct workload_place        place; /* the resource need not exist (any more) */
    enum signin_known_by         known_by;
    workload_who                *who;    /* NULL: all requests are that resource's */
    const struct secret         *secret; /* copied; NULL: the protocol has none */
    void                        *own;    /* taken over with success: see struct workload_listener */
    void (*own_free)(void *own);
    struct net_workers *workers;     /* where `who` is asked; NULL: on the loop */
    str                 server_name; /* the Server header's value */
};

/* Fills in all but the socket of a listener. Who does not listen with it calls its context_free. Errors: ERR_NO_MEMORY */
FALLIBLE workload_listener_settings(struct call *c, const struct workload_settings *settings, struct http_listener_settings *out);

/* The listener that a request came on. */
static inline struct workload_listener *workload_listener_of(const struct wire *q)
{
    return CONTAINER_OF(q->router, struct workload_listener, router);
}

/* The caller's resource; NULL if it is gone, whatever has its id now. Lives: while the world is held. */
const struct resource *workload_host(const struct workload_caller *caller, const struct world *world);

/*
 * What every local endpoint refuses before it looks at anything else.
 * Errors: ERR_FORWARDED - a proxy passed it on
 */
FALLIBLE workload_check_forwarded(struct call *c, const struct wire *q);
/*
 * The endpoint has an address and no name: a web page that has its own name lead here can send any header, but not this host.
 * Errors: ERR_CALLER_UNKNOWN
 */
FALLIBLE workload_check_host(struct call *c, const struct wire *q);
/*
 * What all must bring that ask for metadata: `Metadata: true` once; not passed on by a proxy; a host that is an address.
 * Errors: ERR_FORWARDED, ERR_METADATA_MISSING, ERR_CALLER_UNKNOWN
 */
FALLIBLE workload_check_metadata(struct call *c, const struct wire *q);
/*
 * The header must show the listener's secret. Without one no request does.
 * Errors: ERR_CALLER_UNKNOWN
 */
FALLIBLE workload_check_secret(struct call *c, const struct wire *q, str header);
/* The value of a header that stands there once. False: it is absent, or stands there twice. */
MUST_USE bool workload_only_header(const struct http_request *http, str name, str *out);
