/*
 * sandbox.h - takes over the listeners that a launcher opened in its sandbox.
 *
 * A launcher connects to sandbox.sock in the data directory, says for which resource it
 * runs a workload, and hands over listening sockets. What arrives on them is that workload's,
 * whatever it says. They go when the launcher's connection closes.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/router.h"
#include "http/server.h"

struct sandbox;

struct sandbox_settings {
    struct product     *product;
    struct net_loops   *loops;
    struct http_server *http;
    struct net_tls     *tls;    /* for the https listeners */
    struct router      *router; /* that serves them */
    str                 ca_pem; /* told to launchers */
};

FALLIBLE sandbox_start(struct call *c, const struct sandbox_settings *settings, struct sandbox **out);
void     sandbox_stop(struct sandbox *s); /* once the loops stand still, or from one of them */

/*
 * For the admin socket's listener (http_listener_settings.accepts): the peer is this server's user or root,
 * and no process of a sandbox (it lives in the server's own user namespace).
 */
bool sandbox_accepts_admin(int fd, void *context);
