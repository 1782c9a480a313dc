/*
 * admin.h - the product's own small API on the admin socket: status, stop, the test clock.
 *
 *     GET  /lanyard/status          what runs here, as facts
 *     POST /lanyard/stop            ends the server
 *     POST /lanyard/clock           {"advance_s": 3600}: only in a server started for testing
 *
 * What the operator sees and does of roles and refusals is in operator.h.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

/* The same facts as GET /lanyard/status, as JSON. Lives: the call. */
FALLIBLE admin_facts(struct call *c, const struct product *p, str *out);
