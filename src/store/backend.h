/*
 * backend.h - what a back end of the store gives, behind the one contract of store.h.
 *
 * store.c asks; it has checked before that keys and bodies are within their limits and
 * that writes come from the writing session, inside its transaction. So a back end only
 * stores, and says in words for the operator why it could not.
 *
 * Layer:  store (uses core)
 */
#pragma once
#include <stdatomic.h>

#include "store/store.h"

/* The keys of a scan: from `low` up to, but not with, `high`. */
struct store_span {
    str    low;
    str    high; /* may be longer than any key */
    bool   backwards;
    size_t limit; /* 0: no limit */
};

struct store_backend {
    void (*close)(struct store *s);
    void (*distrust)(struct store *s);
    enum err (*session_open)(struct call *c, struct store *s, enum store_access access, struct store_session **out);
    void (*session_close)(struct store_session *x); /* a transaction was rolled back before */

    enum err (*get)(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes *out);
    enum err (*scan)(struct call *c, struct store_session *x, enum store_kind kind, const struct store_span *span,
                     store_visit *visit, void *context);

    /* After a failure of any of these, nothing but rollback follows. */
    enum err (*begin)(struct call *c, struct store_session *x);
    enum err (*commit)(struct call *c, struct store_session *x);
    enum err (*settle)(struct call *c, struct store_session *x);
    enum err (*mark)(struct call *c, struct store_session *x);
    enum err (*keep)(struct call *c, struct store_session *x);
    bool (*undo)(struct store_session *x);
    enum err (*put)(struct call *c, struct store_session *x, enum store_kind kind, str key, bytes body);
    enum err (*remove)(struct call *c, struct store_session *x, enum store_kind kind, str key);
    void (*rollback)(struct store_session *x);
};

/* First members of what a back end makes of them. */
struct store {
    const struct store_backend *backend;
    atomic_bool                 has_writer;
};

struct store_session {
    struct store     *store;
    enum store_access access;
    bool              in_transaction;
    bool              spoilt;   /* a write failed: the transaction can only be rolled back */
    unsigned          marks;    /* open ones */
    unsigned          visiting; /* scans under way, one inside the other */
};
