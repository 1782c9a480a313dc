/*
 * tags.h - the tags of a subscription, a resource group or a resource, as an object of their own.
 *
 * Names are compared without case and keep the casing of the last write.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/resources/tags
 */
#pragma once
#include "ops/gate.h"

enum tags_verb {
    TAGS_REPLACE,
    TAGS_MERGE,
    TAGS_REMOVE, /* those named: of any value where the empty one is given, else only of that value */
};

struct tags_args {
    str                scope;
    enum tags_verb     verb;
    const struct json *tags; /* an object; NULL to remove all, and for reading */
};

/*
 * struct tags_args -> const struct json *: the tags that stand afterwards, an object. The target is what extends the scope.
 * Errors: ERR_CONTENT_INVALID, ERR_SCOPE_INVALID - nothing there has tags; those of a scope that is not there
 */
extern const struct op OP_TAGS_READ;
extern const struct op OP_TAGS_WRITE;
extern const struct op OP_TAGS_DELETE;
