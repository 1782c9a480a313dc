/*
 * router.h - from a request to its handler, and from the handler's answer to the response.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/guard.h"
#include "endpoints/service.h"

/* A listener's side: the public https port, or the admin socket. */
struct router {
    struct product      *product;
    bool                 is_admin;
    struct known_tokens *known[PRODUCT_MAX_LOOPS]; /* made at first use, by loop */
};

void router_clear(struct router *r);

/* The http_handler of a router; `context` is the struct router. */
void router_handle(struct http_exchange *x, void *context);

/*
 * The route for a method and path, and for the query that `q` has, among a service's; its params and the decoded
 * path are put into `q`.
 * Errors: ERR_URL_INVALID, ERR_NOT_FOUND (no such path), ERR_METHOD_NOT_ALLOWED
 */
FALLIBLE route_find(struct call *c, const struct service *s, enum http_method method, str raw_path, struct wire *q, const struct route **out);
