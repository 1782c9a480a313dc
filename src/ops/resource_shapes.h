/*
 * resource_shapes.h - what the resources of a type have that nobody sends: defaults, addresses, states, and the child
 * resources that come with them. Tables: resource_defaults.h and resource_children.h act on them.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/ and https://github.com/Azure/azure-rest-api-specs, each type's own page and
 *         folder; the values are those that the portal and az make when they are asked for nothing special
 */
#pragma once
#include "core/str.h"

enum shape_rule {
    SHAPE_FILL, /* where the caller says nothing, or null */
    SHAPE_OWN,  /* the service's own to say: what the caller sends is replaced */
    SHAPE_ONCE, /* the same, said when the resource is made and never changed */
    SHAPE_IN,   /* the service's own to say, where what it stands in is there */
};

/*
 * `json` may hold marks: {name}, {id}, {uid}, {short} (the first eight digits of the uid), {location}, {group}, {subscription},
 * {tenant}, {now}; {parent}, the id of what it lies in; {host}: of an app, its label in App Service's domain; {dns-label}: of a
 * public address, the one that it asks for.
 */
struct shape_row {
    const char     *path, *json; /* of the document: "properties.state" */
    enum shape_rule rule;
};

struct resource_shape {
    const char             *type;
    const struct shape_row *rows; /* in this order: what stands inside another member comes behind it */
    size_t                  row_n;
};

/* Any case; NULL: it has none. */
const struct resource_shape *resource_shape_of(str type);

/* A child that a resource has from its beginning until its end. */
struct shape_child {
    const char *parent; /* its type */
    const char *type, *name;
    bool        is_only; /* there is no other child of that type */
    bool        stays;   /* it goes with the parent alone, though there may be others; those that are the only one stay too */
    const char *json;    /* its document before what is filled in; NULL: empty */
};
const struct shape_child *resource_shape_child_at(size_t i); /* NULL behind the last */

/* A text that a resource of the type must have. */
struct shape_need {
    const char *type, *path;
};
const struct shape_need *resource_shape_need_at(size_t i); /* NULL behind the last */

/* What a client gets besides when it asks for it by $expand: a member of the properties, of that name. */
struct shape_expansion {
    const char *type, *member, *json;
};
/* NULL: the type has none that the text names. */
const struct shape_expansion *resource_shape_expansion(str type, str expand);
