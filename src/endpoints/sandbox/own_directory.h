/*
 * own_directory.h - directories that the server makes on the host, for files that a workload reads: below the data directory,
 * each for one workload, and only for the server's user.
 *
 * Layer:  endpoints (uses core)
 */
#pragma once
#include "core/call.h"
#include "core/str.h"

#define OWN_DIRECTORIES "service-accounts" /* in the data directory */

/* A new one. Lives: *out on the heap. Errors: ERR_IO, ERR_NO_MEMORY */
FALLIBLE own_directory_make(struct call *c, str data_dir, char **out);
/* With its files; frees the path. NULL is fine. */
void own_directory_remove(char *path);
/* All that an earlier server has left. */
void own_directories_clear(struct call *c, str data_dir);
