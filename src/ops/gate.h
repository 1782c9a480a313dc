/*
 * gate.h - the one way to do anything: ask, do, record.
 *
 * An op is a row: its name, the permission it needs, its indirect effects with the
 * permissions that they need (effects.h), whether it writes, the deed. op_run decides
 * (rbac), asks the locks of the management plane (locks.h), does the deed and, for a
 * write, records the activity in the same transaction: every write but those of a data
 * plane, which has its own log. A deed that fails leaves nothing behind.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/product.h"
#include "rbac/decide.h"

/* Who is asking. Lives: the call. */
struct caller {
    object_id                  id;
    client_id                  app;
    str                        name;              /* for messages: the app id, or a user's name */
    str                        issuer;            /* of the token; empty on the admin socket */
    bool                       is_local_operator; /* came over the admin socket */
    int64_t                    groups_at_ns;      /* as of when its groups are asked for: its token's issue, under propagation; 0: now */
    struct token_texts         roles;             /* of its token: its app roles at the service that is asked */
    const struct token_claims *claims;            /* of its token, for requests that may change something; NULL: there is none, or nobody asks */
    const object_id           *who; /* itself and its groups, of a copy that many decisions are asked with; NULL: they are looked up for each */
    size_t                     who_n;
};

/* A refused decision, for the dialect's words. */
struct refusal {
    str                           action;
    enum rbac_plane               plane;
    str                           scope;
    struct rbac_answer            answer;
    const struct rbac_attributes *attributes; /* what conditions were asked with; NULL: nothing */
    str                           policy;     /* "secrets get": access policies were asked, not roles; empty: roles */
    guid                          record;     /* by which it can be explained later; GUID_NONE: it is not recorded */
};

/* Where an op is done, and what conditions may ask. */
struct op_target {
    str                           scope;
    str                           action;     /* instead of the op's own; empty: the op's */
    const struct rbac_attributes *attributes; /* may be NULL */
};

/* What the activity log says of the request that a work is done for. Lives: the call. */
struct work_request {
    str method, uri; /* without its query, which may hold a secret */
    str address;     /* whence it came; empty: over the admin socket */
    str client_id;   /* what the caller calls its request */
};

struct activities;

/* One unit of work on the product: a view of the world and a way into the store. */
struct work {
    struct product       *product;
    const struct world   *world; /* the same from beginning to end; a writer sees its own changes */
    struct store_session *store;
    bool                  writes;
    unsigned              row;
    struct refusal        refusal; /* after ERR_NOT_AUTHORIZED, ERR_LINKED_NOT_AUTHORIZED, ERR_DENIED */
    struct {
        const struct op *op; /* NULL: none */
        struct op_target target;
        guid             by; /* the assignment that allowed it; GUID_NONE: another rule did */
    } decided;               /* the op that the caller was allowed in this work, before it is run: see op_ask */
    struct scope asked;      /* the scope that was read last: see work_scope */
    struct {
        str action, scope;
    } logged;                           /* what the activity log calls the deed: see work_log_as */
    const struct work_request *request; /* NULL: it is done for none, or the log need not know */
    struct activities         *deeds;   /* not yet in the log: see work_keep_log */
};

/* For reading, on the thread of that row. work_end gives the world back. */
FALLIBLE work_begin(struct call *c, struct product *p, unsigned row, struct work *out);
void     work_end(struct work *w);

#define OP_MAX_EFFECTS 6

struct effect;
typedef enum err op_deed(struct call *c, struct work *w, const void *args, void *out);

struct op {
    const char          *name;
    enum rbac_plane      plane;
    const char          *logged_as; /* of a data plane: what its diagnostic log calls it, "SecretGet"; NULL: the name */
    const char          *action;    /* NULL and none in the target: no role is asked, only the effects; see no_action */
    bool                 writes;
    bool                 by_target;               /* the target must name the action: without one nothing is done */
    const struct effect *effects[OP_MAX_EFFECTS]; /* what it does besides, asked for before the deed; then NULL */
    const char          *no_effects;              /* of a writing op without any: why there is nothing to ask */
    const char          *no_action;               /* of an op without action and effects: who decides instead. Without it nothing is done */
    op_deed             *run;
};

/* The action that it is decided by there; empty: it has none. */
str op_action(const struct op *op, const struct op_target *target);

/*
 * Decides, for the op and for its effects, then does the deed. c->caller must be set unless the op needs no permission.
 * Errors: ERR_NOT_AUTHORIZED, ERR_LINKED_NOT_AUTHORIZED, ERR_DENIED (w->refusal says which), ERR_CALLER_UNKNOWN, ERR_SCOPE_LOCKED, and
 *         what the deed fails with
 */
FALLIBLE op_run(struct call *c, struct work *w, const struct op *op, const struct op_target *target, const void *args, void *out);

/*
 * The decision of op_run alone, taken before the op's arguments are complete. If the caller is allowed, op_run
 * of the same op with &w->decided.target asks no second time. Errors: as op_run, without the deed's
 */
FALLIBLE op_ask(struct call *c, struct work *w, const struct op *op, const struct op_target *target);
/* The same where another rule than roles has allowed the op (a vault's access policies). */
void op_allow(struct work *w, const struct op *op, const struct op_target *target);
/* The decision for what is no op: a read that is done at once. Errors: ERR_NOT_AUTHORIZED, ERR_DENIED, ERR_CALLER_UNKNOWN, ERR_SCOPE_INVALID */
FALLIBLE work_require(struct call *c, struct work *w, enum rbac_plane plane, str action, const struct op_target *target);

/*
 * For the deed of a writing op without an action of its own, or one that is more than its action says: what it did, and
 * to what. An op that has neither fails with ERR_INTERNAL: there is no write without a record.
 */
void work_log_as(struct work *w, str action, str scope);

/*
 * The activity records of a work for a request are written at its end, when the answer's status is known: by whoever
 * handed in w->request, before the work is committed. Without a request op_run writes them at once.
 */
FALLIBLE work_keep_log(struct call *c, struct work *w, int64_t status);

/*
 * A scope, read once for all questions of this work that name it: the path of a request is one text for the permit, the
 * op, its effects and the handler. Lives: *out points into the text that was read first. Errors: ERR_SCOPE_INVALID
 */
FALLIBLE work_scope(struct call *c, struct work *w, str text, struct scope *out);

/* The scopes of the management groups above a scope, nearest first. Lives: the call. */
FALLIBLE work_above(struct call *c, const struct work *w, const struct scope *at, const str **out, size_t *out_n);
/* The caller (NULL: the call's) and the groups that it is in, as far as its token knows. Lives: the call. */
FALLIBLE work_closure(struct call *c, const struct work *w, const struct caller *caller, const object_id **out, size_t *out_n);
/* The decision alone; a refusal is an answer. `who` NULL: the caller. */
FALLIBLE work_decide(struct call *c, struct work *w, const struct caller *who, str action, enum rbac_plane plane, str scope,
                     const struct rbac_attributes *attributes, struct rbac_answer *out);

/*
 * Changes one record of the domain, in memory and store: only for deeds of writing ops.
 * `before`: what stands there now, NULL for a new record; `after`: taken over, NULL to remove.
 *     TRY(work_change(c, w, STORE_RESOURCE, &old->ref, &fresh->ref));
 */
FALLIBLE work_change(struct call *c, struct work *w, enum store_kind kind, const struct ref *before, struct ref *after);
