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

#define IDENTITY_MAX_USER_ASSIGNED 3000

/* What a request's block asks for, before it meets what the resource carries. */
struct identity_wish {
    bool       is_absent;   /* no block: leave everything */
    bool       wants_system;
    bool       wants_user;
    const str *attach;      /* ids with an object */
    size_t     attach_n;
    const str *detach;      /* ids with null (PATCH) */
    size_t     detach_n;
};
/* `block` may be NULL (absent). Errors: ERR_IDENTITY_VALUES, ERR_CONTENT_INVALID - with the published words */
FALLIBLE identity_wish_read(struct call *c, const struct json *block, struct identity_wish *out);

enum identity_verb { IDENTITY_PUT, IDENTITY_PATCH };
/*
 * The set of user-assigned ids that results: PUT replaces the set, PATCH adds and takes away.
 * *out_new are those that were not attached before: the caller needs assign/action on them.
 * The system-assigned part is the op's: it makes and deletes principals.
 * Errors: ERR_IDENTITY_VALUES (UserAssigned with nothing attached)
 */
FALLIBLE identity_apply(struct call *c, enum identity_verb verb, const struct resource_identity *before, const struct identity_wish *wish,
                        const str **out_ids, size_t *out_n, const str **out_new, size_t *out_new_n);
