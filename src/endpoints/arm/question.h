/*
 * question.h - reads the attributes that a caller gives for a question about permissions.
 *
 * Nothing is ignored: an unknown member, a value of a type that no attribute has, and an
 * attribute that is given twice are errors.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"
#include "resources/scope.h"

#define QUESTION_MAX_ATTRIBUTES 64

/* Attributes as they are gathered. Zero is none. */
struct question_facts {
    struct rbac_attribute  items[QUESTION_MAX_ATTRIBUTES + 1];
    struct rbac_attributes set; /* looks into items */
};

/*
 * One attribute: its name as a condition writes it, a tag's key with "<$key_case_sensitive$>" or without; its
 * value a text, a number, true or false, or an array of those. The name subOperation of a request is the suboperation.
 * Lives: the names and values in the call and in `value`.
 * Errors: ERR_CONTENT_INVALID
 */
FALLIBLE question_add(struct call *c, struct question_facts *facts, enum rbac_source source, str name, const struct json *value);
/* The same for each member of an object; NULL and JSON's null are none. */
FALLIBLE question_add_all(struct call *c, struct question_facts *facts, enum rbac_source source, const struct json *object, const char *where);
/* What the scope itself tells, where the caller did not say otherwise. */
FALLIBLE question_add_scope(struct call *c, const struct work *w, struct question_facts *facts, const struct scope *at);

/* The plane that the member `name` says; none and null: the one that the action is published for. Errors: ERR_CONTENT_INVALID (no boolean) */
FALLIBLE question_plane(struct call *c, const struct json *object, str name, str action, enum rbac_plane *out);

/* Has `object` members of these names only? `where` names it in the message. Errors: ERR_CONTENT_INVALID */
FALLIBLE question_only(struct call *c, const struct json *object, const char *where, const str *names, size_t n);
