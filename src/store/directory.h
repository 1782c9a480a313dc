/*
 * directory.h - the directory of a store on disk: created, locked, its files kept private.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include "core/call.h"

/* For FAIL, with the file's name: it should hold a store and is gone or empty. */
#define DIRECTORY_LOST \
    "%s is missing or empty, but keys that belong to it are there: bring it back from a backup, or move the keys away to start empty."

struct store_directory {
    char    *path;     /* absolute, no link in it */
    char    *file;     /* the database's path in it */
    int      lock_fd;  /* locked as long as it is open; the kernel unlocks it when the process dies */
    bool     has_log;  /* the lock's file says that the log holds changes */
    uint32_t log_salt; /* and which log that is: each one that begins anew has the next number */
};

/*
 * Makes the directory (0700) if there is none, locks it, and sees that the database's file (0600) is there; with
 * `must_exist` it is not made. A log that should be there and is not, or is damaged at its beginning, is refused.
 * Errors: ERR_CONFLICT - another process has the lock; ERR_STORE_UNAVAILABLE. Nothing was changed then.
 */
FALLIBLE store_directory_claim(struct call *c, str path, bool must_exist, struct store_directory *out);
/* After the database was closed. */
void store_directory_release(struct store_directory *d);

/* Notes that the log holds changes which the database lacks, or no longer does: after a kill the next start looks for that
   log. To be told at the first commit and whenever the log has begun anew; both write to the disk. */
void store_directory_note_log(struct store_directory *d);
void store_directory_note_no_log(struct store_directory *d);
