/*
 * store.h - what is kept: records by kind and key, written in transactions.
 *
 * A store knows nothing of what a record says: bodies are bytes that the rooms above
 * pack. It is durable: once store_commit answers OK, neither SIGKILL nor a power cut
 * takes the transaction back. One contract, one test suite for every back end.
 *
 * A session is one thread's way into the store. There is one writing session; any
 * number of reading ones see what was committed. The writing session sees its own
 * transaction too.
 *
 * What breaks the rules below is refused, the same by every back end, and changes nothing:
 * ERR_PARAMETER_INVALID for an empty key, ERR_TOO_LARGE past a limit, ERR_INTERNAL for a
 * write on a reading session, outside of a transaction or from within a scan.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include "core/call.h"

/* A key is 1 to so many bytes of any value; their order is that of the bytes. */
#define STORE_MAX_KEY_BYTES  4096
#define STORE_MAX_BODY_BYTES ((size_t)8 << 20)

#define STORE_MAX_KINDS      64

/* kind, table: what the rooms above keep. A service's own kinds stand in its descriptor: store_kind_of. */
#define STORE_KINDS(X)                        \
    X(META,          "meta")          /* tenant, schema of the bodies */       \
    X(PRINCIPAL,     "principal")                                              \
    X(MEMBERSHIP,    "membership")                                             \
    X(SUBSCRIPTION,  "subscription")                                           \
    X(MGMT_GROUP,    "management_group")                                       \
    X(GROUP,         "resource_group")                                         \
    X(RESOURCE,      "resource")                                               \
    X(ROLE,          "role")                                                   \
    X(ASSIGNMENT,    "role_assignment")                                        \
    X(DENY,          "deny_assignment")                                        \
    X(SIGNING_KEY,   "signing_key")   /* sealed */                             \
    X(SECRET,        "secret")        /* sealed; not held in memory */         \
    X(ACTIVITY,      "activity")      /* logs: keys are in order of time */    \
    X(SIGNIN,        "signin")                                                 \
    X(DIAGNOSTIC,    "diagnostic")                                             \
    X(REVOCATION,    "revocation")

enum store_kind {
#define X(kind, table) STORE_##kind,
    STORE_KINDS(X)
#undef X
    STORE_KIND_N
};

/* A kind of record that one service keeps; its address is its identity. */
struct store_own_kind {
    const char *table;    /* lower-case letters and underscores, of no other kind; never renamed, for it is on disk */
    bool        is_large; /* bodies of kilobytes, read one by one; else small ones */
};
struct kind_rows {
    const struct store_own_kind *const *at;
    size_t                              n;
};
#define KINDS(...) {(const struct store_own_kind *const[]){__VA_ARGS__}, sizeof(const struct store_own_kind *[]){__VA_ARGS__} / sizeof(void *)}
/* Those of all services. Whoever links this room defines it: endpoints/services.c. */
extern const struct kind_rows *const KINDS_OF_SERVICES[];
extern const size_t                  KINDS_OF_SERVICES_N;

/* The number of a service's kind: what the calls below take. STORE_MAX_KINDS, which they refuse, of one that no descriptor has. */
enum store_kind store_kind_of(const struct store_own_kind *kind);
/* All kinds, those of services behind the others; and the table of one. */
size_t                       store_kind_n(void);
const struct store_own_kind *store_own_kind(size_t kind); /* NULL: not a service's */

struct store;
struct store_session;

/*
 * Opens (makes) the SQLite store in a directory of its own: lanyard.db, 0600, WAL, synchronous=FULL.
 * After an end that was no store_close, the log of that session must be there: without it the latest changes are lost.
 * Errors: ERR_CONFLICT - another server holds it; ERR_STORE_UNAVAILABLE - not readable, not writable,
 *         damaged, without its log, or of a newer schema: the words say what to do, and nothing was changed.
 */
FALLIBLE store_open_sqlite(struct call *c, str directory, struct store **out);
/* The same where a store is known to have been: one that is missing or empty is refused with ERR_STORE_UNAVAILABLE, not made anew. */
FALLIBLE store_open_sqlite_again(struct call *c, str directory, struct store **out);
/* Kept in memory only: for unit tests. */
FALLIBLE store_open_memory(struct call *c, struct store **out);
void     store_close(struct store *s); /* after its sessions */
/* What the store holds was found wrong: store_close will leave its files as they are. */
void     store_distrust(struct store *s);

enum store_access { STORE_READ, STORE_WRITE };
/* Errors: ERR_CONFLICT - the store has its writing session. A session belongs to one thread at a time. */
FALLIBLE store_session_open(struct call *c, struct store *s, enum store_access access, struct store_session **out);
void     store_session_close(struct store_session *x);

/* Errors: ERR_NOT_FOUND, ERR_STORE_UNAVAILABLE. Lives: *out in the call. */
FALLIBLE store_get(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes *out);

struct store_range {
    str    prefix;       /* keys that begin with it; empty: all */
    str    after;        /* only keys past it in the direction of the scan; empty: from the start */
    size_t limit;        /* 0: no limit */
    bool   backwards;    /* from the last key down */
};
/* Keys are in the order of their bytes. `visit` answers OK to go on; its failure ends the scan and is passed up.
   key and body are borrowed for the visit, which may read on but must not write. What stood at the start is seen to the end. */
typedef enum err store_visit(struct call *c, str key, bytes body, void *context);
FALLIBLE store_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range,
                    store_visit *visit, void *context);

/*
 * Writing. A transaction holds any number of marks: store_undo takes back what was written since the
 * latest mark and drops the mark, store_keep drops the mark only. store_commit with an open mark is a mistake.
 * Errors: ERR_STORE_UNAVAILABLE (disk full, I/O): roll back; nothing of the transaction is kept. So too
 *         after a store_undo that had no mark. What was refused without writing leaves the transaction open.
 */
FALLIBLE store_begin(struct call *c, struct store_session *x);
FALLIBLE store_commit(struct call *c, struct store_session *x);
void     store_rollback(struct store_session *x); /* also without a transaction */
FALLIBLE store_mark(struct call *c, struct store_session *x);
FALLIBLE store_keep(struct call *c, struct store_session *x);
void     store_undo(struct store_session *x);

/*
 * Brings what was committed out of the log and into the database itself, so that losing the log loses none of it.
 * Outside of a transaction. Errors: ERR_STORE_UNAVAILABLE
 */
FALLIBLE store_settle(struct call *c, struct store_session *x);

FALLIBLE store_put(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes body);
FALLIBLE store_remove(struct call *c, struct store_session *x, enum store_kind kind, str key); /* absent is fine */
