/*
 * principals.h - creates, changes and deletes users, groups and service principals of the directory.
 *
 * Who may is told in directory_rights.h.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/resources/user, https://learn.microsoft.com/graph/api/resources/group,
 *         https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals,
 *         https://learn.microsoft.com/entra/identity/authentication/concept-password-ban-bad-combined-policy (length and classes),
 *         https://learn.microsoft.com/entra/fundamentals/users-default-permissions
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"

#define PASSWORD_MIN_CLASSES 3 /* of lower case, upper case, digits and others */

#define PRINCIPALS_MAX_BIND 20 /* members and owners given along with an object */

struct principal_args {
    enum principal_kind    kind;
    object_id              id;      /* not for making one */
    const struct json     *body;    /* the properties, by the names they have in Graph; names with a '@' are left out */
    const object_id       *members; /* of a group, to add to those it has */
    size_t                 member_n;
    const struct password *derived; /* of the password that the body gives, made beforehand; NULL: the deed derives it */
    const object_id       *owners;  /* of a new group or service principal, besides who makes it */
    size_t                 owner_n;
};

/*
 * The derivation of the password that the body gives, to be made on a worker: in the deed it would hold up all other changes.
 * NULL: it gives none, or one that the deed will refuse. Lives: the call. Errors: ERR_CRYPTO, ERR_NO_MEMORY
 */
FALLIBLE principal_derive_password(struct call *c, const struct json *body, const struct password **out);

struct principal_result {
    const struct principal *principal; /* borrowed */
};

/* struct principal_args -> struct principal_result. Of a user's password its derivation is kept (directory/password.h): slow. A service
   principal is made for the application that the body's appId names.
   Errors: ERR_NOT_AUTHORIZED, ERR_DIRECTORY_QUOTA, ERR_CONTENT_INVALID, ERR_OBJECT_EXISTS, ERR_OBJECT_NOT_FOUND, ERR_MEMBER_* */
extern const struct op OP_PRINCIPAL_CREATE;
extern const struct op OP_PRINCIPAL_UPDATE;
/* Memberships go along; role assignments stay as orphans (contract R9). A managed identity's principal goes only
   with its identity, the operator's never: ERR_NOT_AUTHORIZED. `body` is not needed, nor is there a result. */
extern const struct op OP_PRINCIPAL_DELETE;

/* Removes a principal with all that hangs on it but role assignments: memberships, app roles of it and at it, its password. */
FALLIBLE principal_drop(struct call *c, struct work *w, const struct principal *p);
/* The application's service principal, if there is one, is called as the application is. */
FALLIBLE service_rename(struct call *c, struct work *w, client_id app, str name);

/* For deeds that write the directory: what the activity log calls them, "microsoft.directory/users/create" of "/users/ID". Errors: ERR_NO_MEMORY */
FALLIBLE directory_log_as(struct call *c, struct work *w, const char *set, const char *verb, guid id);
