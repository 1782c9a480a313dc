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

/*
 * A fresh id for a record that is written at that time. It tells the millisecond (version 7), so that a record is found by
 * its id without an index.
 * Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
guid log_id_new(struct call *c, int64_t written_ns);
/* The millisecond that such an id tells; false: it is of another kind. */
MUST_USE bool log_id_ms(guid id, int64_t *out_ms);
