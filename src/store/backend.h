/*
 * backend.h - the functions that a back end of the store provides, behind the contract of store.h.
 *
 * store.c checks before each call that keys and bodies are within their limits, and that writes come
 * from the writing session, inside its transaction. A back end only stores, and if it cannot it says
 * why in words for the operator.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include <stdatomic.h>

#include "store/store.h"

/* The store's own kind, behind all others: the change sequence. Nobody else can name it. */
#define STORE_CHANGE    ((enum store_kind)STORE_MAX_KINDS)
#define STORE_ALL_KINDS (STORE_MAX_KINDS + 1)
str store_table(enum store_kind kind);

enum store_order { STORE_BY_KEY, STORE_BY_DUE, STORE_BY_SECONDARY, STORE_ORDER_N };

/* What a scan visits, in one of the orders; equal ones by key. */
struct store_span {
    enum store_order order;
    str              low;                        /* by key, by secondary key: from here ... */
    str              high;                       /* ... up to, but not with, this; may be longer than any key */
    int64_t          until_ns;                   /* by due time: 1 .. until_ns */
    str              after_secondary, after_key; /* by secondary key: only past these */
    bool             backwards;                  /* by key */
    bool             keys_only;                  /* by key, upwards: the rest of a record need not be filled in */
    size_t           limit;                      /* 0: no limit */
};

struct store_backend {
    void (*close)(struct store *s);
    void (*distrust)(struct store *s);
    enum err (*session_open)(struct call *c, struct store *s, enum store_access access, struct store_session **out);
    void (*session_close)(struct store_session *x); /* a transaction was rolled back before */

    enum err (*get)(struct call *c, struct store_session *x, enum store_kind kind, str key, struct store_record *out);
    enum err (*scan)(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span, store_record_visit *visit,
                     void *context);
    enum err (*begin_read)(struct call *c, struct store_session *x); /* from here on one state is seen */
    void (*end_read)(struct store_session *x);

    /* After a failure of any of these, nothing but rollback follows. */
    enum err (*begin)(struct call *c, struct store_session *x);
    enum err (*commit)(struct call *c, struct store_session *x);
    enum err (*settle)(struct call *c, struct store_session *x);
    enum err (*mark)(struct call *c, struct store_session *x);
    enum err (*keep)(struct call *c, struct store_session *x);
    bool (*undo)(struct store_session *x);
    enum err (*put)(struct call *c, struct store_session *x, enum store_kind kind, const struct store_record *r);
    enum err (*remove)(struct call *c, struct store_session *x, enum store_kind kind, str key);
    enum err (*remove_below)(struct call *c, struct store_session *x, enum store_kind kind, str key); /* all of lower keys */
    void (*rollback)(struct store_session *x);
};

struct change_end {
    uint64_t number; /* of the latest change; 0: none */
    uint64_t bytes;  /* of records in all changes up to it, dropped ones too */
};

/* First members of what a back end makes of them. */
struct store {
    const struct store_backend *backend;
    atomic_bool                 has_writer;
    _Atomic uint64_t            commits; /* since it was opened */
};

struct store_session {
    struct store     *store;
    enum store_access access;
    bool              in_transaction;
    bool              in_read;     /* between store_begin_read and store_end_read */
    uint64_t          saw_commits; /* of the store when it was begun, if by store_begin_latest */
    bool              spoilt;      /* a write failed: the transaction can only be rolled back */
    unsigned          marks;       /* open ones */
    unsigned          visiting;    /* scans under way, one inside the other */
    struct change_end last;        /* of the change sequence, as the transaction has it */
    uint64_t          first;       /* number of the transaction's first change */
};

/* changes.c: the change sequence, kept as records of STORE_CHANGE by any back end. */

/* Where the sequence ends now; read from the store at the beginning of a transaction and after an undo. */
FALLIBLE changes_find_end(struct call *c, struct store_session *x);
/* One change more, of a kind whose changes are kept, in two steps: what needs the call's memory comes before anything is written. */
struct packed_change {
    struct change_end end; /* of the sequence, with this change */
    str               packed;
};
FALLIBLE changes_pack(struct call *c, const struct store_session *x, enum store_kind kind, enum store_change_kind what, str key, bytes body,
                      struct packed_change *out);
FALLIBLE changes_add(struct call *c, struct store_session *x, const struct packed_change *change);
/* Before a commit: drops what is not kept any more. */
FALLIBLE changes_trim(struct call *c, struct store_session *x);
bool     changes_are_kept(enum store_kind kind);
