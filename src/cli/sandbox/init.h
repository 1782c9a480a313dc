/*
 * init.h - the sandbox's process 1: the parent of the program and of all that loses its own.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#define INIT_STOPPED 's' /* what it writes to the launcher when the program stops */

/* The status that a program's end gives a shell: its own, or 128 and the signal's number. */
int init_status(int wait_status);

/*
 * Before there is a program: closes what process 1 has open but for standard input, output, error and `to_launcher`, and
 * its memory and descriptors to the program, whose user it is. A program is open to its user again once it is executed.
 * False: it could not, errno says why.
 */
bool init_close(int to_launcher);

/*
 * Waits until `program` ends and ends with its status, which ends all that is left in the sandbox. Signals that the
 * launcher sends (`signals`, blocked) go on to the program. Process 1 cannot stop; when the program does, the
 * launcher is told by a byte on `to_launcher`.
 */
_Noreturn void init_run(pid_t program, const sigset_t *signals, int to_launcher);
