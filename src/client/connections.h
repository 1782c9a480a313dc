/*
 * connections.h - requests over libcurl, whose connections are kept for the next.
 *
 * No redirect is followed, no local request goes through a proxy, and no variable of the environment is read but by the settings.
 * Shared by threads: each takes a handle of its own, a few of which are kept.
 *
 * Layer:  client (uses core, net)
 */
#pragma once
#include "client/settings.h"
#include "lanyard/transport.h"

struct connections;

/* Of these settings, which outlive it. NULL: no memory. */
struct connections *connections_new(const struct settings *settings);
void                connections_free(struct connections *all);

/* A struct lanyard_transport's send. */
enum lanyard_result connections_send(struct connections *all, const struct lanyard_http_request *request, struct lanyard_http_reply *reply);
