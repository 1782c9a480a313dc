/*
 * directory.h - the directory that a store on disk has to itself.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include "core/call.h"

struct directory {
    char *path;    /* absolute, no link in it */
    char *file;    /* the database's path in it */
    int   lock_fd; /* locked as long as it is open; the kernel unlocks it when the process dies */
};

/*
 * Makes the directory (0700) if there is none, locks it, and sees that the database's file (0600) is there.
 * Errors: ERR_CONFLICT - another process has the lock; ERR_STORE_UNAVAILABLE. Nothing was changed then.
 */
FALLIBLE directory_claim(struct call *c, str path, struct directory *out);
void     directory_release(struct directory *d);
