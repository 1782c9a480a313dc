/*
 * socket.h - opens sockets to listen on.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include "core/call.h"

/* Errors: ERR_IO with words that say what to do (port in use, not allowed). */
FALLIBLE net_open_tcp(struct call *c, str address, uint16_t port, int *out_fd, uint16_t *out_port);
FALLIBLE net_open_unix(struct call *c, str path, int *out_fd); /* 0600; replaces a dead socket, refuses a live one */
