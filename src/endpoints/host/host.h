/*
 * host.h - the metadata endpoint of this machine itself, for programs outside of any sandbox.
 *
 * Every program may come: by a port of 127.0.0.1, or by a unix socket. Which one it is the kernel says (caller.h), and a binding
 * says whose workload that is. No binding, no token. README.md tells the rest.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "http/server.h"
#include "net/workers.h"
#include "ops/product.h"

#define HOST_REQUESTS_AT_ONCE 128 /* at a socket, then 503: anybody may ask, and each request takes milliseconds of a worker */

/* Fills in all but the socket of the listener. Who does not listen with it calls its context_free. */
FALLIBLE host_listener(struct call *c, struct product *product, struct net_workers *workers, struct http_listener_settings *out);
