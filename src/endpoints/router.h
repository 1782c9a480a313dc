/*
 * router.h - from a request to its handler, and from the handler's answer to the response.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/guard.h"
#include "endpoints/service.h"
#include "net/workers.h"

/* A listener's side: the public https port, the admin socket, or a socket that leads to one service. */
struct router {
    struct product       *product;
    bool                  is_admin;
    str                   workload;        /* the resource whose workload alone can come here; empty: anybody can. Borrowed */
    enum signin_known_by  known_by;        /* ... and by what that is known */
    const struct service *only;            /* whatever name a request says; NULL: the name tells the service */
    struct net_workers   *workers;         /* for rows that read much; NULL: they run on the loop. Their numbers are below PRODUCT_MAX_WORKERS */
    struct net_workers   *sign_in_workers; /* for rows that judge passwords; NULL: those for reads do */
    bool                  reads_much;      /* all rows do: to tell the caller takes long */
    struct known_tokens  *known[PRODUCT_MAX_LOOPS]; /* made at first use, by loop */
};

void router_clear(struct router *r);

/* The tokens that a loop knows at this listener, for that loop's thread alone; NULL: no memory, or no loop's row. */
struct known_tokens *router_known(struct router *r, unsigned row);

/* The http_handler of a router, and its http_admit; `context` is the struct router. */
void router_handle(struct http_exchange *x, void *context);
/*
 * Before a body is kept: tells the caller, and asks for the permission of the row unless that takes the body. It is
 * asked again when the handler runs, in the same work.
 */
void router_admit(struct http_exchange *x, void *context);

/*
 * The route for a method and path, and for the query that `q` has, among a service's; its params and the decoded
 * path are put into `q`.
 * Errors: ERR_URL_INVALID, ERR_NOT_FOUND (no such path), ERR_METHOD_NOT_ALLOWED
 */
FALLIBLE route_find(struct call *c, const struct service *s, enum http_method method, str raw_path, struct wire *q, const struct route **out);

/*
 * What is done for a request whose row and caller are known: the service's own checks, the permit, the preparer unless it
 * has run, the handler. `is_later` may be NULL; once it is true the request may be over.
 */
FALLIBLE router_run_row(struct call *c, struct work *w, struct wire *q, struct answer *a, const bool *is_later);
