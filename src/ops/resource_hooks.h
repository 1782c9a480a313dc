/*
 * resource_hooks.h - what a resource type does beyond the common rules.
 *
 * One row a type; a type without a row follows the common rules alone.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"
#include "resources/identity.h"

/* A resource on its way: the hook may change `next` before it is kept. */
struct resource_change {
    const struct resource *before;      /* NULL: it is new */
    struct resource       *next;        /* in the call; texts may be replaced by others in the call */
    const struct json     *body;        /* as sent */
    enum identity_verb     verb;        /* PUT or PATCH */
    str                    api_version; /* of the request; empty: all that is known */
    const struct json     *document;    /* what next->document will hold; the hook may put another */
    const struct resource *kept_in;     /* the record that the hook has put it into instead: it gets none of its own. NULL: it does */
};

struct resource_hooks {
    const char *type;
    enum err    name_invalid; /* how a name that breaks the rule is refused; OK: as for all types */
    enum err    name_taken;   /* how a global name that another holds is refused; OK: as for all types */
    /* Checks and completes; runs in the transaction, before the record is kept. May be NULL. */
    enum err (*write)(struct call *c, struct work *w, struct resource_change *change);
    /* Before the record goes; *out_handled: the hook has put something else in its place (soft delete). May be NULL. */
    enum err (*remove)(struct call *c, struct work *w, const struct resource *before, bool *out_handled);
    /* The properties as sent, with the names that the type decides by in their published case. May be NULL. */
    enum err (*spell)(struct call *c, const struct json *properties, const struct json **out);
    /* Checks what it is part of, once it and its inline children (resource_inline.h) are kept; of those the parent's runs alone. May be NULL. */
    enum err (*kept)(struct call *c, struct work *w, const struct resource *kept);
};

struct hook_rows {
    const struct resource_hooks *at;
    size_t                       n;
};
/* Those of all services: endpoints/services.c. Types of no service have theirs in resource_hooks.c. */
extern const struct hook_rows *const HOOKS_OF_SERVICES[];
extern const size_t                  HOOKS_OF_SERVICES_N;

/* A member of the document's properties: put there, replaced, or with NULL taken away. */
FALLIBLE resource_set_property(struct call *c, const struct json **document, str name, const struct json *value);
FALLIBLE resource_set_property_text(struct call *c, const struct json **document, str name, str text);

/* Any case; NULL: none. */
const struct resource_hooks *resource_hooks_of(str type);

/*
 * A request's body with the names that decide something in their published case: the management API ignores case in names,
 * and a switch, an identity or a password under a name in another case would be kept and not be seen. Lives: the call.
 * Errors: ERR_JSON_INVALID - the same name twice, in different cases
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax (names are not case-sensitive)
 */
FALLIBLE resource_spell(struct call *c, str type, const struct json *body, const struct json **out);
