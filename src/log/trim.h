/*
 * trim.h - which log records are to go: those that are too old, and the oldest of too many.
 *
 * Layer:  log (uses core, store)
 */
#pragma once
#include "log/key.h"
#include "store/store.h"

#define LOG_TALLY_KEY_BYTES (LOG_KEY_BYTES + 16) /* with a prefix */

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

/* How many records there are, and up to where they were counted; zero is a valid start. Whoever removes some subtracts them. */
struct log_tally {
    size_t n;
    char   newest[LOG_TALLY_KEY_BYTES];
    size_t newest_n;
};

/*
 * Counts those of that kind, prefix and ids that were written since the tally was last counted on: their keys stand behind
 * all others. Errors: ERR_STORE_DAMAGED - the tally may be wrong
 */
FALLIBLE log_count(struct call *c, struct store_session *session, const struct log_trim *t, struct log_tally *tally);
/* The time of the last key with that prefix; 0: there is none. Errors: ERR_STORE_DAMAGED */
FALLIBLE log_newest(struct call *c, struct store_session *session, enum store_kind kind, str prefix, int64_t *out_ns);
/* The keys that are to go, the oldest first, at most `limit`. Lives: the call. Errors: ERR_STORE_DAMAGED */
FALLIBLE log_overdue(struct call *c, struct store_session *session, const struct log_trim *t, size_t limit, const str **out, size_t *out_n);
