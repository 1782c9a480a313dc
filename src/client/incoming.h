/*
 * incoming.h - a reply that a transport fills while it comes: its limits, and whether anybody still wants it.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/transport.h"
#include "core/buf.h"

struct lanyard_http_reply {
    struct buf             head, body; /* in the call of who asked */
    str                    why;
    struct call           *call;
    int                    status;
    bool                   is_too_long;
    const struct patience *patience;
};

void incoming_init(struct lanyard_http_reply *reply, struct call *c, const struct patience *patience);
