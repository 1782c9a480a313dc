/*
 * places.h - which places a sandbox may show, and in which order they are laid.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/sandbox/view.h"

enum place_kind { PLACE_SYSTEM, PLACE_OWN, PLACE_HOME, PLACE_READ, PLACE_WRITE, PLACE_SOCKET };

struct place {
    const char     *path; /* without links */
    const char     *name; /* as it was given, absolute; leads to `path` inside, too */
    enum place_kind kind;
};

/*
 * All places of a plan, a directory before what lies in it, of two on one path the one that counts last.
 * `mountinfo` is the process's own. Lives: the call.
 * Errors: ERR_PARAMETER_INVALID - one that would show the data directory, by whatever name; a working directory that is the
 *         system's, the home directory or one of the sandbox's own places; what does not exist
 */
FALLIBLE places_of(struct call *c, const struct view_plan *plan, str mountinfo, const struct place **out, size_t *out_n);
