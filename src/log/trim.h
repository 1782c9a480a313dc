/*
 * trim.h - which log records are to go: those that are too old, and the oldest of too many.
 *
 * Layer:  log (uses core, store)
 */
#pragma once
#include "store/store.h"

/* Which records of a log: one may hold two kinds, each in a number of its own. */
enum log_ids {
    LOG_IDS_ANY,
    LOG_IDS_RANDOM, /* written in a transaction of their own */
    LOG_IDS_TIMED,  /* written by log/sink.h: see log_id_new */
};

struct log_trim {
    enum store_kind kind;
    str             prefix; /* of the keys; behind it stands what log_key made */
    enum log_ids    ids;
    int64_t         before_ns; /* records of an earlier time go */
    size_t          over;      /* and at least so many, the oldest first */
};

/* How many records of that kind, prefix and ids there are. Errors: ERR_STORE_DAMAGED */
FALLIBLE log_count(struct call *c, struct store_session *session, const struct log_trim *t, size_t *out);
/* The keys that are to go, the oldest first, at most `limit`. Lives: the call. Errors: ERR_STORE_DAMAGED */
FALLIBLE log_overdue(struct call *c, struct store_session *session, const struct log_trim *t, size_t limit, str **out, size_t *out_n);
