/*
 * properties.h - the properties of directory objects that may be written: one row each, checked in one place.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/resources/user, /group, /serviceprincipal, /application (types and limits)
 */
#pragma once
#include "core/json.h"

struct property {
    str            name;
    unsigned       kinds; /* of objects that have it: bits of the table's own */
    enum json_kind kind;
    size_t         max_bytes;   /* of a text, or of each text in a list */
    bool           is_required; /* to make one */
    bool           is_fixed;    /* when made */
    bool           is_apart;    /* not kept in the document, but in a member or a record of its own */
    bool           is_opaque;   /* a list of anything: its items are not looked at here */
};

/* The properties of one kind of object. */
struct property_set {
    const struct property *rows;
    size_t                 n;
    unsigned               kind;     /* its bit */
    const char            *type;     /* "user" */
    const char            *resource; /* "User" */
};

/* NULL: objects of that kind have no property of that name, in any case. */
const struct property *property_find(const struct property_set *set, str name);
/* Checks names, types and lengths of a body that makes an object or changes one; names with a '@' are passed over. Errors: ERR_CONTENT_INVALID */
FALLIBLE properties_check(struct call *c, const struct property_set *set, const struct json *body, bool is_new);
/* The document of an object after a body: null takes a property away. Those that are apart are left out. Lives: the call. Errors: ERR_JSON_INVALID (nested too deeply) */
FALLIBLE properties_document(struct call *c, const struct property_set *set, str before, const struct json *body, str *out);
/* "Invalid value specified for property 'x' of resource 'User'." Gives ERR_CONTENT_INVALID. */
FALLIBLE property_invalid(struct call *c, const struct property_set *set, str name);
