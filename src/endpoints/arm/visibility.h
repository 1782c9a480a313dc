/*
 * visibility.h - which scopes and which items of a list a caller sees.
 *
 * A scope is seen by whoever has any role assignment at it, above it or below it. A list over a subscription or a
 * resource group is open to whoever may read the whole of it, and to whoever sees the scope: he is shown the items
 * that he may read, one by one. What a deny assignment hides from him is left out in any case.
 *
 * That lists are filtered is what the cloud's clients rely on ("az group list" with a role at one group). Inferred: that
 * who sees nothing at all is refused, and that an item of a list of all types asks for its own type's read permission.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

/* For any number of scopes: who asks is found out once. */
struct visibility {
    struct call       *c;
    const struct work *w;
    const object_id   *who;
    size_t             who_n;
    struct scope       at;
    const str         *above;
    size_t             above_n;
    bool               found;
};
FALLIBLE visibility_begin(struct call *c, const struct work *w, struct visibility *out);
FALLIBLE visibility_has(struct visibility *v, str scope, bool *out);

/* What is asked for the items of one list. */
struct list_reader {
    struct caller who;       /* the caller, with its groups */
    str           action;    /* empty: that of each item's type */
    bool          asks_each; /* not where the whole list may be read and nothing is denied to anybody */
};
/*
 * May the caller list what `action` reads at the scope? `by_type`: who may not read all is asked for each item's own type.
 * Errors: ERR_NOT_AUTHORIZED, ERR_DENIED - as work_require
 */
FALLIBLE list_reader_begin(struct call *c, struct work *w, str action, str scope, bool by_type, struct list_reader **out);
/* May it see this item? `type` is the item's. */
FALLIBLE list_reader_sees(struct call *c, struct work *w, const struct list_reader *reader, str id, str type, bool *out);
