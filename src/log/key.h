/*
 * key.h - keys of log records: in the order of time.
 *
 * Layer:  log (uses core)
 */
#pragma once
#include "core/call.h"

#define LOG_KEY_BYTES (8 + 16) /* the time, most significant byte first, and an id against ties */

FALLIBLE log_key(struct call *c, int64_t time_ns, guid id, str *out);
/* Errors: ERR_STORE_DAMAGED */
FALLIBLE log_key_read(struct call *c, str key, int64_t *out_time_ns, guid *out_id);
