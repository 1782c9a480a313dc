/*
 * identity.h - the wire's identity block, and what a change of it means.
 *
 *     {"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"/subscriptions/…/id1":{}}}
 *
 * Layer:  resources (uses core, directory)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview
 */
#pragma once
#include "resources/tree.h"
#include "resources/types.h"

#define IDENTITY_MAX_USER_ASSIGNED 3000 /* of one resource; our limit */

/* What a request's block asks for, before it meets what the resource carries. */
struct identity_wish {
    bool       is_absent; /* no block: leave everything */
    bool       wants_system;
    bool       wants_user;
    const str *attach; /* ids with an object; no id twice, whatever its case */
    size_t     attach_n;
    const str *detach; /* ids with null (PATCH) */
    size_t     detach_n;
};

/*
 * `block` may be NULL (absent); null is the same. Whether the identities exist, and whether
 * the type may carry them, is not asked here.
 * Lives:  *out in the call.
 * Errors: ERR_CONTENT_INVALID - not of the block's form; ERR_IDENTITY_VALUES - its parts contradict each other;
 *         ERR_LINKED_ID_INVALID - a key is no id; ERR_IDENTITY_ID_INVALID - it is the id of something else
 */
FALLIBLE identity_wish_read(struct call *c, const struct json *block, struct identity_wish *out);

enum identity_verb { IDENTITY_PUT, IDENTITY_PATCH };

/*
 * The set of user-assigned ids that results: PUT replaces the set, PATCH adds and takes away.
 * *out_new are those that were not attached before: the caller needs assign/action on them.
 * The system-assigned part is the op's: it makes and deletes principals. `before` may be NULL: a new resource.
 * Lives:  the lists in the call, their texts where they were, in `before` or `wish`.
 * Errors: ERR_IDENTITY_VALUES - UserAssigned with nothing attached, or too much
 */
FALLIBLE identity_apply(struct call *c, enum identity_verb verb, const struct resource_identity *before, const struct identity_wish *wish,
                        const str **out_ids, size_t *out_n, const str **out_new, size_t *out_new_n);

/* The ids of a user-assigned identity; false if it is gone. */
typedef bool identity_lookup(str identity_id, object_id *out_principal, client_id *out_app, void *ctx);

/*
 * Puts the member "identity" into the object that is being written; nothing if the resource carries
 * none, unless its type always shows a block. An identity that is gone stays as a key with an empty value.
 */
void identity_write(struct json_writer *w, enum identity_spelling spelling, tenant_id tenant, const struct resource_identity *identity,
                    identity_lookup *lookup, void *ctx);
