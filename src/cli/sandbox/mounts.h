/*
 * mounts.h - where else a directory can be seen.
 *
 * A bind mount shows a directory at a second place: hiding it at the first is not enough.
 *
 * Layer:  cli (uses core)
 * Source: https://www.kernel.org/doc/html/latest/filesystems/proc.html (3.5, mountinfo)
 */
#pragma once
#include "core/call.h"

#define MOUNTS_MAX_BYTES (4u << 20)
#define MOUNTS_MAX       8192

struct mount_alias {
    const char *path;
    bool        is_whole; /* the directory itself; else something that lies in it */
};

/*
 * The places at which the mounts of `mountinfo` show `dir` (an absolute path without links) or what lies in it,
 * other than itself. A mount that is covered by another is listed too: look before you believe it.
 * Errors: ERR_CONTENT_INVALID (no such list), ERR_TOO_LARGE
 */
FALLIBLE mounts_showing(struct call *c, str mountinfo, str dir, struct mount_alias **out, size_t *out_n);

/* True if `path` is `base` or lies below it; both absolute and without links. */
bool path_is_within(str path, str base);

/* True if something is mounted at `point`. Errors: as above */
FALLIBLE mounts_has(struct call *c, str mountinfo, str point, bool *out);
/* A point below `dir`, other than `but`, at which something is mounted; NULL `at` if there is none. Errors: as above */
FALLIBLE mounts_below(struct call *c, str mountinfo, str dir, str but, str *out);
