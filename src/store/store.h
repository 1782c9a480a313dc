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

#define STORE_MAX_SECONDARY_BYTES 512
#define STORE_MAX_KINDS           64

/* How the changes of a kind stand in the change sequence (below). */
enum store_follow {
    STORE_FOLLOWED_KEY, /* that a record changed, without the record: what is sealed leaves no copies behind */
    STORE_FOLLOWED,     /* with the record */
    STORE_UNFOLLOWED,   /* not at all: logs are sequences themselves */
};

/* kind, table, in the change sequence: what the rooms above keep. A service's own kinds stand in its descriptor: store_kind_of. */
#define STORE_KINDS(X)                                                                                    \
    X(META,         "meta",             STORE_FOLLOWED_KEY) /* tenant, schema of the bodies */            \
    X(PRINCIPAL,    "principal",        STORE_FOLLOWED)                                                   \
    X(MEMBERSHIP,   "membership",       STORE_FOLLOWED)                                                   \
    X(SUBSCRIPTION, "subscription",     STORE_FOLLOWED)                                                   \
    X(MGMT_GROUP,   "management_group", STORE_FOLLOWED)                                                   \
    X(GROUP,        "resource_group",   STORE_FOLLOWED)                                                   \
    X(RESOURCE,     "resource",         STORE_FOLLOWED)                                                   \
    X(ROLE,         "role",             STORE_FOLLOWED)                                                   \
    X(ASSIGNMENT,   "role_assignment",  STORE_FOLLOWED)                                                   \
    X(DENY,         "deny_assignment",  STORE_FOLLOWED)                                                   \
    X(SIGNING_KEY,  "signing_key",      STORE_FOLLOWED_KEY) /* sealed */                                  \
    X(SECRET,       "secret",           STORE_FOLLOWED_KEY) /* sealed; not held in memory */              \
    X(ACTIVITY,     "activity",         STORE_UNFOLLOWED)   /* logs: keys are in order of time */         \
    X(SIGNIN,       "signin",           STORE_UNFOLLOWED)                                                 \
    X(DIAGNOSTIC,   "diagnostic",       STORE_UNFOLLOWED)                                                 \
    X(REVOCATION,   "revocation",       STORE_FOLLOWED)                                                   \
    X(APPLICATION,  "application",      STORE_FOLLOWED)                                                   \
    X(APP_ASSIGNMENT, "app_assignment", STORE_FOLLOWED)                                                   \
    X(PASSWORD,     "password",         STORE_FOLLOWED)                                                   \
    X(BINDING,      "binding",          STORE_FOLLOWED)                                                   \
    X(LOCK,         "management_lock",  STORE_FOLLOWED)                                                   \
    X(OWNERSHIP,    "ownership",        STORE_FOLLOWED)                                                   \
    X(PERMISSION_GRANT, "permission_grant", STORE_FOLLOWED)

enum store_kind {
#define X(kind, table, follow) STORE_##kind,
    STORE_KINDS(X)
#undef X
        STORE_KIND_N
};

/* A kind of record that one service keeps; its address is its identity. */
struct store_own_kind {
    const char       *table;    /* lower-case letters and underscores, of no other kind; never renamed, for it is on disk */
    bool              is_large; /* bodies of kilobytes, read one by one; else small ones */
    enum store_follow follow;
};
struct kind_rows {
    const struct store_own_kind *const *at;
    size_t                              n;
};
#define KINDS(...)                                                                                                                 \
    {                                                                                                                              \
        (const struct store_own_kind *const[]){__VA_ARGS__}, sizeof(const struct store_own_kind *[]){__VA_ARGS__} / sizeof(void *) \
    }
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
void store_distrust(struct store *s);

enum store_access { STORE_READ, STORE_WRITE };
/* Errors: ERR_CONFLICT - the store has its writing session. A session belongs to one thread at a time. */
FALLIBLE store_session_open(struct call *c, struct store *s, enum store_access access, struct store_session **out);
void     store_session_close(struct store_session *x);

/*
 * A record with all that the store knows of it. `version` is the number of the change that wrote it last, given by the
 * store: two reads that give the same version of a record gave the same record (an etag). It is 0 for what was written
 * before there were versions, and for kinds that are not in the change sequence.
 */
struct store_record {
    str      key;
    bytes    body;
    int64_t  due_ns;    /* when something is to be done with it; 0: never */
    str      secondary; /* another key, which many records may share; empty: none */
    uint64_t version;
};

/* Errors: ERR_NOT_FOUND, ERR_STORE_UNAVAILABLE. Lives: *out in the call. */
FALLIBLE store_get(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes *out);
FALLIBLE store_get_record(struct call *c, struct store_session *x, enum store_kind kind, str key, struct store_record *out);

struct store_range {
    str    prefix;    /* keys that begin with it; empty: all */
    str    after;     /* only keys past it in the direction of the scan; empty: from the start */
    size_t limit;     /* 0: no limit */
    bool   backwards; /* from the last key down */
};
/* Keys are in the order of their bytes. `visit` answers OK to go on; its failure ends the scan and is passed up.
   key and body are borrowed for the visit, which may read on but must not write. What stood at the start is seen to the end. */
typedef enum err store_visit(struct call *c, str key, bytes body, void *context);
FALLIBLE         store_scan(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range, store_visit *visit,
                            void *context);
/* The keys with that prefix alone, in their order, past `after` if it is not empty: what lies in the bodies is not read from disk. */
typedef enum err store_key_visit(struct call *c, str key, void *context);
FALLIBLE store_scan_keys(struct call *c, struct store_session *x, enum store_kind kind, str prefix, str after, store_key_visit *visit, void *context);
typedef enum err store_record_visit(struct call *c, const struct store_record *r, void *context);
FALLIBLE store_scan_records(struct call *c, struct store_session *x, enum store_kind kind, const struct store_range *range, store_record_visit *visit,
                            void *context);

/* Those that are due by a time, the earliest first; at most `limit` (0: all). */
FALLIBLE store_scan_due(struct call *c, struct store_session *x, enum store_kind kind, int64_t until_ns, size_t limit, store_record_visit *visit,
                        void *context);

/* Those whose secondary key begins with `prefix`, in the order of secondary keys and then of keys. */
struct store_secondary_range {
    str    prefix;                     /* empty: all that have a secondary key */
    str    after_secondary, after_key; /* only what stands past this record, there or not; empty: from the start */
    size_t limit;                      /* 0: no limit */
};
FALLIBLE store_scan_secondary(struct call *c, struct store_session *x, enum store_kind kind, const struct store_secondary_range *range,
                              store_record_visit *visit, void *context);

/*
 * Between these two a reading session sees one state, whatever is committed meanwhile: what it saw at its first look.
 * The log on disk grows as long as it lasts. Errors: ERR_INTERNAL - a writing session, or one inside another
 */
FALLIBLE store_begin_read(struct call *c, struct store_session *x);
void     store_end_read(struct store_session *x); /* also without one */
/*
 * The same for what is read often: goes on with a read transaction that sees all that is committed by now, else begins
 * another. In a writing session, which has its own transaction, it does nothing.
 */
FALLIBLE store_begin_latest(struct call *c, struct store_session *x);
/* Ends a transaction that store_begin_latest began and that misses a commit by now: whoever looks next sees it. */
void store_end_outdated(struct store_session *x);

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
/* With a time and a secondary key; the version is the store's to give, whatever stands there. */
FALLIBLE store_put_record(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r);
FALLIBLE store_remove(struct call *c, struct store_session *x, enum store_kind kind, str key); /* absent is fine */
/* The number of the latest change, of the writing session's own transaction too: after a put the record's version. */
uint64_t store_latest(const struct store_session *x);

/*
 * The change sequence: every put and every removal of the followed kinds, numbered from 1 on without a gap in the
 * order in which they were committed. Whoever has the records as of a number and reads on from there has what the store
 * has (ops/world.h does). The latest STORE_CHANGES_KEPT are kept, and of those no more than STORE_CHANGE_BYTES_KEPT of
 * records: who is further behind reads everything anew, in a read transaction.
 */
#define STORE_CHANGES_KEPT      65536
#define STORE_CHANGE_BYTES_KEPT ((uint64_t)64 << 20)

enum store_change_kind { STORE_REMOVED, STORE_PUT, STORE_PUT_KEY /* the record is to be read: it is not in the sequence */ };

struct store_change {
    uint64_t               number;
    uint64_t               first; /* number of its transaction's first change: whoever applies changes stops between transactions */
    enum store_kind        kind;  /* STORE_MAX_KINDS: of a service that this program does not have */
    enum store_change_kind what;
    str                    key;
    bytes                  body; /* of STORE_PUT */
};
typedef enum err store_change_visit(struct call *c, const struct store_change *change, void *context);

/* The numbers of the oldest change that is kept, and of the latest. Without any the latest is 0 and the oldest 1. */
FALLIBLE store_changes_kept(struct call *c, struct store_session *x, uint64_t *out_oldest, uint64_t *out_latest);
/* Those past the number `after`, at most `limit` (0: all). Errors: ERR_NOT_FOUND - the first of them is not kept any more */
FALLIBLE store_changes(struct call *c, struct store_session *x, uint64_t after, size_t limit, store_change_visit *visit, void *context);
