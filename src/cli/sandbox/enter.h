/*
 * enter.h - into a user, network and mount namespace of one's own, and no way back.
 *
 * No root is needed. The user stays who he is: his id is mapped to itself.
 *
 * Layer:  cli (uses core)
 * Source: https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 */
#pragma once
#include "core/call.h"

/*
 * Moves the calling process, which must have one thread, into new namespaces, with all rights over them.
 * Errors: ERR_NOT_AUTHORIZED - the kernel does not let us; the failure says why and what to do
 */
FALLIBLE sandbox_enter(struct call *c);

/*
 * Gives those rights up for good, for this process and all that it starts: no capability, none to be had
 * from a file, no typing into the terminal for the shell outside. The process dies with `parent`.
 * Errors: ERR_IO
 */
FALLIBLE sandbox_seal(struct call *c, int parent);

/* Explains a refusal while the sandbox was being set up: the kernel's switches, if one of them is it. */
enum err sandbox_refused(struct call *c, const char *what, int error);
