/*
 * seal.h - gives up every right over the sandbox, for this process and all that it starts.
 *
 * Layer:  cli (uses core)
 * Source: https://man7.org/linux/man-pages/man7/capabilities.7.html, https://man7.org/linux/man-pages/man2/seccomp.2.html
 */
#pragma once
#include "core/call.h"

/*
 * No capability is left, and none can be had from a file. The session's keyring is a new one, for the old one's
 * keys are the user's. A filter refuses what no namespace separates: characters typed into the terminal for the
 * shell outside, families of sockets that lead to other machines or the host (vsock), and io_uring, which would
 * pass by the filter. The process ends when its parent does.
 * Errors: ERR_IO
 */
FALLIBLE sandbox_seal(struct call *c);
