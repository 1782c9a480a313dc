/*
 * schema.h - the properties of directory objects: what answers show and filters compare.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/graph/api/resources/user, /group, /serviceprincipal,
 *         /application (the properties and their order)
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"

#define GRAPH_MAX_SELECT 64

/* Kinds of principals as a set. */
#define GRAPH_USERS    (1u << PRINCIPAL_USER)
#define GRAPH_GROUPS   (1u << PRINCIPAL_GROUP)
#define GRAPH_SERVICES (1u << PRINCIPAL_APP | 1u << PRINCIPAL_MANAGED)
#define GRAPH_ALL      (GRAPH_USERS | GRAPH_GROUPS | GRAPH_SERVICES)
/* An application is an object of the directory too, and no principal. */
#define GRAPH_APPLICATION  (PRINCIPAL_MANAGED + 1)
#define GRAPH_APPLICATIONS (1u << GRAPH_APPLICATION)

/* One object of the directory. */
struct graph_object {
    unsigned                  kind; /* of a principal, or GRAPH_APPLICATION */
    guid                      id;
    const struct principal   *principal;   /* NULL: of an application */
    const struct application *application; /* also of a service principal, whose roles and credentials it has; may be NULL there */
};
struct graph_object graph_principal(const struct world *w, const struct principal *p);
struct graph_object graph_application(const struct application *a);

enum graph_type {
    GRAPH_TEXT,
    GRAPH_BOOL,
    GRAPH_TEXTS,
    GRAPH_OBJECTS, /* a list, or an object: shown, never compared as a whole */
    GRAPH_NUMBER,
    GRAPH_TIME, /* a text that time_parse_iso reads; these two have an order */
};

/* "user", "group", "servicePrincipal", "application" */
const char *graph_type_name(unsigned kind);

/* Is there a property of that name, in any case, on one of the kinds? */
bool graph_has_property(unsigned kinds, str name, enum graph_type *out);

/*
 * An object's property. False: its kind has none of that name.
 * Lives: *out points into the object or the call.
 */
FALLIBLE graph_value(struct call *c, const struct graph_object *o, str name, bool *out_has, struct json *out);

/* $select. */
struct graph_select {
    str    names[GRAPH_MAX_SELECT];
    size_t n;    /* 0: what is shown unasked */
    str    text; /* for the context: "(id,displayName)" or empty */
};
/* Errors: ERR_PARAMETER_INVALID - an unknown name */
FALLIBLE graph_select_read(struct call *c, str text, unsigned kinds, struct graph_select *out);
/* The same for what is no principal: `name_of` gives a property's name as it is written, and an empty text for an unknown one. */
FALLIBLE graph_select_parse(struct call *c, str text, str (*name_of)(unsigned kinds, str name), unsigned kinds, struct graph_select *out);

/* The properties of one, into an object that is open. */
FALLIBLE graph_write_properties(struct call *c, struct json_writer *j, const struct graph_object *o, const struct graph_select *select);
