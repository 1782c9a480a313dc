/*
 * permit.h - what a route asks for before its handler runs.
 *
 * Each row of a service's routes says it in one of the ways below. The router asks, in the same work in which the
 * handler then runs: the decision and the deed see the same world. A row that says nothing is refused.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define PERMIT_MAX_ITEMS 2 /* actions that the items of one list are asked with */

struct wire;

/*
 * Where the permission is asked: the scope of the object that the request names, and for rows that serve many types the
 * action too. May leave what it found in q->object, for the handler. `out` is zero. Lives: the call.
 */
typedef enum err permit_target(struct call *c, const struct work *w, struct wire *q, struct op_target *out);

/* A service's own rule. Allows by OK; refuses by the error that the dialect words. */
typedef enum err permit_rule(struct call *c, struct work *w, struct wire *q);

enum permit_kind {
    PERMIT_MISSING, /* what a row has that says nothing: refused */
    PERMIT_BY_ROLE, /* roles decide: the action (or that of the row's op) over the target's scope */
    PERMIT_BY_RULE, /* the service decides by a rule of its own, which may ask roles too */
    PERMIT_BY_ITEM, /* a list: of each item on its own, by permit_item; the list itself is open */
    PERMIT_NOTHING, /* no permission is needed, and why */
};

struct permit {
    enum permit_kind kind;
    permit_target   *target;
    permit_rule     *rule;
    const char      *action;                  /* NULL: that of the row's op */
    bool             by_target;               /* the target says the action, of a row without an op */
    const char      *items[PERMIT_MAX_ITEMS]; /* what permit_item asks for the items of a list */
    const char      *why;                     /* of PERMIT_NOTHING; of PERMIT_BY_ITEM where no action decides */
};

/* The permission of the row's op (of an op by_target: the action that the target says), at the target. */
#define PERMIT_AT(target_)                        \
    {                                             \
        .kind = PERMIT_BY_ROLE, .target = target_ \
    }
/* For rows without an op: a management action at the target, or the one that the target says. */
#define PERMIT_ACTION(action_, target_)                              \
    {                                                                \
        .kind = PERMIT_BY_ROLE, .action = action_, .target = target_ \
    }
#define PERMIT_ACTION_AT(target_)                                    \
    {                                                                \
        .kind = PERMIT_BY_ROLE, .by_target = true, .target = target_ \
    }
#define PERMIT_RULE(rule_)                    \
    {                                         \
        .kind = PERMIT_BY_RULE, .rule = rule_ \
    }
/* Up to PERMIT_MAX_ITEMS actions. */
#define PERMIT_ITEMS(...)                                \
    {                                                    \
        .kind = PERMIT_BY_ITEM, .items = { __VA_ARGS__ } \
    }
#define PERMIT_ITEMS_SEEN(why_)             \
    {                                       \
        .kind = PERMIT_BY_ITEM, .why = why_ \
    }
#define PERMIT_NONE(why_)                   \
    {                                       \
        .kind = PERMIT_NOTHING, .why = why_ \
    }
/*
 * Asks for the permission of the request's row.
 * Errors: ERR_NOT_AUTHORIZED, ERR_DENIED, ERR_CALLER_UNKNOWN, ERR_INTERNAL (the row is incomplete), and what the row's function fails with
 */
FALLIBLE permit_ask(struct call *c, struct work *w, struct wire *q);

/* May the caller see this item of the row's list? `kind` counts the actions of PERMIT_ITEMS. A refusal is an answer. */
FALLIBLE permit_item(struct call *c, struct work *w, const struct wire *q, size_t kind, str scope, bool *out);
