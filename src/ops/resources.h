/*
 * resources.h - resource groups and resources of any type: made, changed, deleted.
 *
 * What a type does beyond the common rules (a vault's defaults, an identity's principal)
 * is its hooks' business: see resource_hooks.h.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/management/overview
 */
#pragma once
#include "ops/gate.h"
#include "resources/identity.h"

/* The permission is the type's own ("NS/TYPE/write"): the caller gives it in the op's target. */
extern const struct op OP_GROUP_PUT;
extern const struct op OP_GROUP_PATCH;
extern const struct op OP_GROUP_DELETE;
extern const struct op OP_GROUP_READ;
extern const struct op OP_RESOURCE_WRITE;
extern const struct op OP_RESOURCE_DELETE;
extern const struct op OP_RESOURCE_READ;

struct group_args {
    str                id;   /* /subscriptions/S/resourceGroups/G */
    const struct json *body; /* NULL for reading and deleting */
};
struct group_result {
    const struct resource_group *group; /* borrowed from the world */
    bool                         was_created;
};
/* OP_GROUP_PUT, _PATCH, _READ: struct group_args -> struct group_result. OP_GROUP_DELETE: -> nothing. */

struct resource_args {
    str                id;
    const struct json *body;        /* NULL for reading and deleting */
    enum identity_verb verb;        /* PUT or PATCH */
    str                api_version; /* by which it is written; empty: all that is known */
    bool               is_inline;   /* a part of its parent's write: resource_inline.h */
};
struct resource_result {
    const struct resource *resource; /* borrowed from the world; NULL after a delete of what was absent */
    bool                   was_created;
};
/*
 * OP_RESOURCE_WRITE, _READ, _DELETE: struct resource_args -> struct resource_result.
 * Deleting a resource takes its child resources, its system-assigned principal and the role
 * assignments at or below it; assignments of that principal elsewhere stay as orphans.
 * Errors: ERR_SUBSCRIPTION_NOT_FOUND, ERR_GROUP_NOT_FOUND, ERR_PARENT_NOT_FOUND, ERR_RESOURCE_NOT_FOUND,
 *         ERR_NAME_INVALID, ERR_LOCATION_*, ERR_IDENTITY_*, ERR_LINKED_NOT_AUTHORIZED, ERR_CONTENT_INVALID
 */

/* The subscription, and the group unless that is empty, must be there. Errors: ERR_SUBSCRIPTION_INVALID, ERR_SUBSCRIPTION_NOT_FOUND, ERR_GROUP_NOT_FOUND */
FALLIBLE resources_require_holder(struct call *c, const struct work *w, str subscription, str group);

#define TAGS_MAX            50
#define TAG_MAX_NAME_BYTES  512
#define TAG_MAX_VALUE_BYTES 256
/* The member "tags" of a body; none and null are fine. Errors: ERR_CONTENT_INVALID */
FALLIBLE resources_check_tags(struct call *c, const struct json *body);

#define RESOURCE_MAX_VALUES 32768 /* in a document, and in a request for one; ours: a change of so many fits a call's memory */
/*
 * A resource's document as it is kept: no larger than what can be read again, however many changes it grew by, and no deeper
 * than what a list can show.
 * Errors: ERR_TOO_LARGE, ERR_JSON_INVALID
 */
FALLIBLE resources_document(struct call *c, const struct json *document, str *out);

/* What of a body goes into the document: neither what the record has fields of its own for, nor what is write-only. Lives: the call. */
FALLIBLE resources_document_of(struct call *c, const struct json *body, const struct json **out);

/* The resource, or the published ResourceNotFound. */
FALLIBLE resources_require(struct call *c, const struct work *w, str id, const struct resource **out);

/* The member "identity" as readers see it, with the ids of the identities that are attached: see identity_write. */
void resources_write_identity(struct json_writer *to, const struct work *w, const struct resource *r);
/* Is that a member of documents that no reader sees? Of every type, should an app's settings ever get there. */
bool resources_hides(str member);
