/*
 * process.h - runs another program and reads what it writes.
 *
 * No shell: the arguments go as they are. The program is looked for in PATH's absolute directories alone, so that none in the working
 * directory is run. It starts in "/", with no descriptor but its own three, an empty standard input and a process group of its own,
 * which ends with it or when the time is over. The program is killed too where it has left that group.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/ask.h"

#define PROCESS_OUTPUT_MAX_BYTES ((size_t)256 << 10)
#define PROCESS_ERRORS_MAX_BYTES ((size_t)16 << 10)
#define PROCESS_PATH_MAX_BYTES   4096

/* The first executable file of that name. Lives: in the call. Errors: ERR_NOT_FOUND */
FALLIBLE process_find(struct call *c, str path_variable, const char *name, const char **out);

struct process_outcome {
    int  status;         /* of the exit; -1: a signal ended it */
    bool timed_out;      /* `timeout_ms` was over */
    str  output, errors; /* standard output and error; what is more than the limit is dropped */
    bool output_is_cut;
};

/*
 * Runs `file` with `arguments` (NULL-terminated, its own name first) until its end. Lives: *out is in the call.
 * Errors: ERR_IO - it cannot be started; ERR_TIMED_OUT, ERR_CANCELLED - of `patience`; ERR_NO_MEMORY
 */
FALLIBLE process_run(struct call *c, const char *file, const char *const *arguments, unsigned timeout_ms, const struct patience *patience,
                     struct process_outcome *out);
