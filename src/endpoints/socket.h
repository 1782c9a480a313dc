/*
 * socket.h - the sockets by which a workload reaches a service, besides the https port that all share.
 *
 * A launcher opens them in the workload's own network and hands them over (sandbox/README.md), so that the socket
 * says whose workload is asking.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "http/server.h"
#include "endpoints/workload/place.h"
#include "log/signin.h"
#include "ops/product.h"

struct socket_workload {
    struct product       *product;
    struct workload_place place;
    enum signin_known_by  known_by; /* how its requests are known to be its */
};

/* Fills in handler and context (and what else is not of the socket) for one workload. */
typedef enum err socket_open(struct call *c, const struct socket_workload *w, struct http_listener_settings *out);

struct socket_row {
    str          name;
    bool         is_udp;
    str          address;
    uint16_t     port;
    bool         needs_resource; /* a workload of nobody has none */
    bool         is_on_host;     /* without a sandbox too: on a port of 127.0.0.1, for that user's processes alone */
    const char  *variable;       /* there it tells clients the URL; NULL: none is needed */
    socket_open *open;
};

struct socket_rows {
    const struct socket_row *at;
    size_t                   n;
};
