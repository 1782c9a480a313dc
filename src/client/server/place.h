/*
 * place.h - where a server's sockets are, and connecting to them.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include <sys/un.h>

#include "core/call.h"
#include "lanyard/admin.h"

/* A socket's address. Errors: ERR_PARAMETER_INVALID (none, or one longer than the 107 bytes that sockets' paths may have) */
FALLIBLE place_find(struct call *c, const char *data_dir, const char *name, struct sockaddr_un *out);

/* Why a socket cannot be reached, by errno; the errors of place_connect. */
enum err place_refused(struct call *c, const char *data_dir, int error);

/*
 * Connects to the socket `name` in the data directory; the caller closes *out. `type` is
 * SOCK_STREAM or SOCK_SEQPACKET. Neither this nor a later send or receive waits longer than LANYARD_SILENCE_MAX_S.
 * Errors: ERR_NOT_FOUND (no server there), ERR_NOT_AUTHORIZED (another user's), ERR_PARAMETER_INVALID, ERR_BUSY (it does
 *         not answer), ERR_IO
 */
FALLIBLE place_connect(struct call *c, const char *data_dir, const char *name, int type, int *out);

/* The server is there and silent. The error is ERR_BUSY. */
enum err place_timed_out(struct call *c, const char *data_dir, unsigned seconds);

/* The installed library's word for how a call ended, and the call's failure as its text; `error` may be NULL. */
enum lanyard_result place_result(const struct call *c, enum err kind, struct lanyard_error *error);
