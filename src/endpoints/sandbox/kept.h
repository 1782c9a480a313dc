/*
 * kept.h - token endpoints on the host that stay until the server stops: what `lanyard env` tells of.
 *
 * For one loop's thread.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/sandbox/serve.h"

#define KEPT_MAX 64

struct kept; /* a list of them */

/*
 * The endpoint of that resource for that user: the one that is there, or a new one on a port of 127.0.0.1. One of an earlier
 * resource of that id ends. Lives: *out until the list is cleared, or the resource is made anew and asked for.
 * Errors: ERR_BUSY (KEPT_MAX are there), ERR_IO (the directory that it needs is not there), ERR_NOT_AUTHORIZED, those of served_init
 */
FALLIBLE kept_get(struct call *c, struct kept **list, const struct sandbox_settings *settings, const struct served_workload *w,
                  const struct served **out);
/* Ends those whose resource is gone, so that they take no place from others. */
void kept_drop_gone(struct call *c, struct kept **list, const struct world *world);
void kept_clear(struct kept **list);
