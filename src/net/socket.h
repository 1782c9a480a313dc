/*
 * socket.h - opens sockets to listen on.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include <sys/types.h>

#include "core/call.h"

/* Errors: ERR_IO with words that say what to do (port in use, not allowed). */
FALLIBLE net_open_tcp(struct call *c, str address, uint16_t port, int *out_fd, uint16_t *out_port);
/* Whom the mode lets write may connect. Replaces a dead socket, refuses a live one. Errors: ERR_IO */
FALLIBLE net_open_unix(struct call *c, str path, mode_t mode, int *out_fd);
