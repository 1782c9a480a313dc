/*
 * directory_rights.h - who may read and write the directory.
 *
 *     the operator, on the admin socket                 everything
 *     the operator's user, with a token                 everything: the cloud calls who made the tenant its Global Administrator
 *     a user of the tenant who is no guest, with one    registers applications, their service principals and groups, DIRECTORY_MAX_OWNED
 *                                                       in all, and owns them; changes and removes what it owns; reads everything
 *     a guest                                           reads everything
 *     a managed identity or another application         reads what its app roles of Microsoft Graph allow, and writes nothing
 *
 * A user's token writes only by one of the cloud's own programs (token/first_party.h), az for one: another client was given a
 * user's rights to read, by nobody's consent to more. No role on resources counts here, and no directory role is assigned
 * besides: a group's membership gives the roles of the group, and a credential makes who has it the application.
 *
 * What a user may by default is published; that guests may read and that other clients may not write are inferred, the first
 * from what was so before, the second from the cloud's consent, which there is none of.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/fundamentals/users-default-permissions,
 *         https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions (250 objects of one user)
 */
#pragma once
#include "ops/gate.h"

#define DIRECTORY_MAX_OWNED 250

enum directory_need {
    DIRECTORY_OPERATOR, /* the operator alone */
    DIRECTORY_MEMBER,   /* a user who will own what it makes */
    DIRECTORY_OWNER,    /* who owns that object */
};
/* Errors: ERR_CALLER_UNKNOWN, ERR_NOT_AUTHORIZED; ERR_DIRECTORY_QUOTA - the user owns as many objects as it may */
FALLIBLE directory_ask(struct call *c, const struct work *w, enum directory_need need, guid object);

/* Is the caller the operator, on the admin socket or with a token of the operator's user? */
FALLIBLE directory_is_operator(struct call *c, const struct work *w, bool *out);
/* For routes, before anything else is told: may the caller write at all? Errors: ERR_CALLER_UNKNOWN, ERR_NOT_AUTHORIZED */
FALLIBLE directory_require_writer(struct call *c, const struct work *w);

/* What is read: an application needs app roles that allow all of it together. */
enum directory_part {
    DIRECTORY_USERS = 1,
    DIRECTORY_GROUPS = 2,   /* and their members: all of what is told of a group */
    DIRECTORY_SERVICES = 4, /* applications and service principals, with their app-role assignments */
    DIRECTORY_TENANT = 8,
    DIRECTORY_LOGS = 16, /* for applications alone: users read them by OP_LOG_READ */
    DIRECTORY_OBJECTS = DIRECTORY_USERS | DIRECTORY_GROUPS | DIRECTORY_SERVICES,
};

/*
 * Is the caller an application or a managed identity that may read those parts? Its token must carry the roles, and they must
 * still be assigned: that one that was taken away counts no more at once, not when the token ends, is our choice.
 */
FALLIBLE directory_app_reads(struct call *c, const struct work *w, unsigned parts, bool *out);

/* const unsigned * (parts; NULL: only users may), no result: the permission to read the directory alone. Errors: ERR_NOT_AUTHORIZED */
extern const struct op OP_DIRECTORY_READ;
