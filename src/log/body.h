/*
 * body.h - bodies of log records as the store holds them: compressed where that saves something.
 *
 * A record of a change says the same ids many times: in its resource, its address, its documents. Compressed it has a third
 * to a half of the bytes, and a commit writes as many pages fewer. Nothing is shared between records: each is read, and
 * removed, by itself.
 *
 * A compressed body is the byte 0, the length of the plain body and a block of LZ4. A plain body begins with its version
 * (core/pack.h), which is not 0; so do those that were written before there were compressed ones.
 *
 * Layer:  log (uses core)
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
#pragma once
#include "core/call.h"

#define LOG_BODY_MAX_BYTES ((size_t)64 << 10) /* of a plain body that is compressed; a longer one stays as it is */

/* The body to be stored. Lives: the call; `plain` itself where compressing it saves nothing. */
FALLIBLE log_body_close(struct call *c, str plain, str *out);

/* Room for one body after the other, in the arena of the call that they are read in; zero is a valid start. */
struct log_body_room {
    char  *at;
    size_t n;
};
/*
 * The plain body. Lives: *out points into `stored` or into the room, until the next one is read there.
 * Errors: ERR_STORE_DAMAGED - *out is then untouched; ERR_NO_MEMORY
 */
FALLIBLE log_body_open(struct call *c, bytes stored, struct log_body_room *room, bytes *out);
