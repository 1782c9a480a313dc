/*
 * applications.h - registers applications, their credentials, and who has which of their app roles.
 *
 * A secret is in a result once, when it is made.
 *
 * An App ID URI is unique in the tenant, without regard to case. "https" ones lie under the tenant's domain. "api" ones may have any
 * name: the service asks for the tenant's or application's id or a domain in them unless the tenant's policy lifts that, and
 * older tenants have such names. That it is lifted here for the operator is our choice; of users it is asked that the application's or the
 * tenant's id is in it, since whoever has a name gets the tokens that others ask for by it. Names of the cloud's own services are refused.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/graph/api/application-post-applications, .../application-addpassword,
 *         .../serviceprincipal-post-serviceprincipals, .../serviceprincipal-post-approleassignedto;
 *         https://learn.microsoft.com/entra/identity-platform/reference-app-manifest#identifieruris-attribute
 */
#pragma once
#include "core/json.h"
#include "ops/gate.h"
#include "token/federated_credential.h"

#define APP_SECRET_YEARS 2 /* until a secret ends that names no end */

/* Who may write them: directory_rights.h. Each struct of arguments begins with the application. */
extern const struct effect EFFECT_APPLICATION;

struct application_args {
    application_id     id;     /* not for making one */
    const struct json *body;   /* the properties, by the names they have in Graph */
    const object_id   *owners; /* of a new one, besides who makes it */
    size_t             owner_n;
};

struct application_result {
    const struct application *application; /* borrowed */
};

/* struct application_args -> struct application_result. Errors: ERR_NOT_AUTHORIZED, ERR_DIRECTORY_QUOTA, ERR_CONTENT_INVALID, ERR_OBJECT_EXISTS, ERR_OBJECT_NOT_FOUND */
extern const struct op OP_APPLICATION_CREATE;
extern const struct op OP_APPLICATION_UPDATE;
/* Its service principal goes with it, and all that was assigned to it or at it. No result. */
extern const struct op OP_APPLICATION_DELETE;

struct app_secret_args {
    application_id id;
    str            name;              /* may be empty */
    int64_t        from_ns, until_ns; /* 0: from now; for APP_SECRET_YEARS */
    guid           key;               /* the one to remove; not for making one */
};

struct app_secret_result {
    struct app_secret secret;
    struct secret     shown; /* for the caller to clear */
};

/* struct app_secret_args -> struct app_secret_result. Errors: ERR_NOT_AUTHORIZED, ERR_CONTENT_INVALID, ERR_OBJECT_NOT_FOUND */
extern const struct op OP_APP_SECRET_ADD;
extern const struct op OP_APP_SECRET_REMOVE; /* no result */

struct app_federated_args {
    application_id     id;
    guid               credential;       /* the one to change or to remove; none: one is made */
    const struct json *body;             /* the properties, by the names they have in Graph; not for removing */
    bool               takes_expression; /* claimsMatchingExpression, which only the beta version has */
};

/*
 * struct app_federated_args -> const struct app_federated *, borrowed: ops/app_federated.c. Errors: ERR_NOT_AUTHORIZED, ERR_CONTENT_INVALID,
 * ERR_FEDERATED_INVALID, ERR_OBJECT_EXISTS (the name), ERR_OBJECT_NOT_FOUND
 * Source: https://learn.microsoft.com/graph/api/application-post-federatedidentitycredentials, .../federatedidentitycredential-upsert
 */
extern const struct op OP_APP_FEDERATED_PUT;
extern const struct op OP_APP_FEDERATED_REMOVE; /* no result */

/* By its id or its name; NULL: it has none of that. */
const struct app_federated *app_federated_find(const struct application *a, str id_or_name);
/* One of the application's, as a token is matched with it. */
struct federated_credential app_federated_credential(const struct app_federated *f);
/* Its members of Graph, without those that begin and end an object. */
void app_federated_write(struct json_writer *j, const struct app_federated *f, bool with_expression);

struct app_assignment_args {
    object_id principal, resource;
    guid      role; /* GUID_NONE: access without a role */
    guid      id;   /* the one to remove; not for making one */
};

/* struct app_assignment_args -> const struct app_assignment *. Errors: ERR_NOT_AUTHORIZED, ERR_CONTENT_INVALID, ERR_OBJECT_EXISTS, ERR_OBJECT_NOT_FOUND */
extern const struct op OP_APP_ROLE_ASSIGN;
extern const struct op OP_APP_ROLE_UNASSIGN; /* no result */

/* What a body asks an application to be, laid over what it is: ops/application_body.c. `old` NULL: a new one. Lives: *out in the call and the body. */
FALLIBLE application_read(struct call *c, const struct work *w, const struct application *old, const struct json *body, struct application *out);

/* Removes every assignment of a principal, and every one at it. */
FALLIBLE app_assignments_drop(struct call *c, struct work *w, object_id id);
