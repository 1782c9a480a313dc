/*
 * record.h - what the three logs share: records in order of time, listed from either end.
 *
 * A key is a prefix, the time of writing and an id; the body is packed. A record's texts are cut
 * to LOG_MAX_TEXT_BYTES each, so that the number of records bounds their size.
 *
 * Layer:  log (uses core, store)
 */
#pragma once
#include "core/pack.h"
#include "store/store.h"

#define LOG_MAX_TEXT_BYTES 600

/* Packs a text of a log record, cut to the limit; what does not print becomes "?". */
void log_pack_text(struct buf *b, str text);

struct log_range {
    str     after; /* only what was written after the record of that cursor, the oldest first; empty: the newest first */
    size_t  limit;
    guid    correlation_id; /* only records of that id; GUID_NONE: all */
    int64_t since_ns;       /* the newest first: none that was written before; 0: all */
    /* Which of these are listed; NULL: all. `item` is borrowed. */
    enum err (*passes)(struct call *c, const void *item, bool *out, void *context);
    void *context;
};

/* What a log is: where it lies, and how one record is read into an item of a list. */
struct log_kind {
    enum store_kind store;
    str             prefix; /* of the keys */
    size_t          item_bytes;
    size_t          correlation; /* where an item has its correlation id */
    /* `body` stays as long as the call. Errors: ERR_STORE_DAMAGED */
    enum err (*read)(struct call *c, int64_t written_ns, guid id, bytes body, void *item);
};

FALLIBLE log_put(struct call *c, struct store_session *session, const struct log_kind *kind, int64_t written_ns, guid id, str body);
/*
 * The items, and the cursor that goes on behind the newest of them (`range->after` if there is none); `out_cursor` may be NULL.
 * Lives: the call. Errors: ERR_PARAMETER_INVALID (the cursor), ERR_STORE_DAMAGED
 */
FALLIBLE log_list(struct call *c, struct store_session *session, const struct log_kind *kind, const struct log_range *range, void **out,
                  size_t *out_n, str *out_cursor);

/*
 * A log from the newest record to the oldest. `item` and `key` are borrowed for the visit, which ends the walk by *more =
 * false, or by a failure, which is passed up. `before`: only what was written before the record of that key; empty: all.
 * `since_ns`: nothing that was written before.
 */
typedef enum err log_visit(struct call *c, const void *item, str key, bool *more, void *context);
FALLIBLE         log_walk(struct call *c, struct store_session *session, const struct log_kind *kind, str before, int64_t since_ns, log_visit *visit,
                          void *context);

/* The record of that id, into *out (item_bytes). Only of kinds that log/sink.h writes. Lives: the call. Errors: ERR_NOT_FOUND, ERR_STORE_DAMAGED */
FALLIBLE log_find(struct call *c, struct store_session *session, const struct log_kind *kind, guid id, void *out);
