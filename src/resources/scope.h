/*
 * scope.h - where in the resource tree a role applies.
 *
 * A scope is a path: "/", a management group, a subscription, a resource
 * group, one resource, or something inside a resource (a container, a secret).
 * Reading one allocates nothing: it is a view.
 *
 * Every scope is made of pairs - subscriptions/S, resourceGroups/G, providers/NS,
 * type/name - so each level of the tree ends where a pair ends.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/role-based-access-control/scope-overview
 */
#pragma once
#include "core/call.h"
#include "core/str.h"

#define SCOPE_MAX_BYTES    2048 /* our limit, not the protocol's */
#define SCOPE_MAX_SEGMENTS 64

enum scope_kind { SCOPE_ROOT, SCOPE_MGMT_GROUP, SCOPE_SUBSCRIPTION, SCOPE_GROUP, SCOPE_RESOURCE };

typedef struct {
    guid g;
} subscription_id;

struct scope {
    enum scope_kind kind;         /* SCOPE_RESOURCE also for a provider alone: ".../providers/NS" */
    str             path;         /* no trailing slash; "/" for root */
    str             mgmt_group;   /* the name; empty but for a management group and what extends one */
    str             subscription; /* empty above a subscription; a GUID in text otherwise */
    str             group;        /* empty above a resource group */
};

/*
 * Reads a scope. A trailing slash is dropped; case is kept but never compared.
 * Empty segments, "." and "..", percent escapes, control characters and a
 * subscription that is no GUID are refused; so is a path that ends in a type
 * (a list is asked for at what holds it).
 * Lives:  *out points into `text`.
 * Errors: ERR_SCOPE_INVALID - *out is then untouched.
 */
FALLIBLE scope_parse(struct call *c, str text, struct scope *out);

/* Of ".../resourceGroups/G/..." the G; empty for what lies in no group. */
str scope_group_name(str path);

/*
 * True if `inner` is `outer` or lies below it, by path alone: which management
 * group holds a subscription is known only to the resource tree.
 */
bool scope_contains(const struct scope *outer, const struct scope *inner);
/* Does what is granted at `from` reach `at`? `above`: the scopes of the management groups that hold `at` (tree_above). */
bool scope_reaches(const struct scope *from, const struct scope *at, const str *above, size_t above_n);
/* scope_contains for paths, as scope_parse gives them. */
bool scope_path_contains(str outer, str inner);

/*
 * The next path above: of a resource its parent resource or group, of a group its
 * subscription, of the rest the root; the provider segments of an id are no levels.
 * False at the root. What lies between a subscription and the root is the tree's to say.
 * `path` is a scope's or a resource id's, as one of the readers here gave it.
 */
bool scope_parent(str path, str *out);

/*
 * A resource's id in parts: "/subscriptions/S/resourceGroups/G/providers/NS/T1/N1/T2/N2".
 * An extension (".../providers/NS2/T/N" behind a resource) keeps what it extends in `host`.
 */
struct resource_id {
    str  text;         /* the whole id, without a trailing slash */
    str  host;         /* path of what holds the last provider block: "/", a subscription, a group or a resource */
    str  subscription; /* may be empty */
    str  group;        /* may be empty */
    str  provider;     /* "Microsoft.KeyVault" */
    str  types;        /* from the first type to the last, with the names between: "vaults/v1/secrets/s1" */
    str  name;         /* the last name */
    bool is_list;      /* ends in a type: the collection, not a member; `name` is then empty */
};
/* Subscriptions, groups and providers are no resources. Errors: ERR_SCOPE_INVALID */
FALLIBLE resource_id_parse(struct call *c, str text, struct resource_id *out);
/* "Microsoft.KeyVault/vaults/secrets", in the id's own casing. */
FALLIBLE resource_id_type(struct call *c, const struct resource_id *id, str *out);
