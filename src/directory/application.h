/*
 * application.h - registered applications: what a program is called, how it proves who it is, and what it offers to others.
 *
 * An application is the registration; its service principal (directory.h) is what acts in the tenant and what roles are
 * assigned to. Both have the application's client id. Records never change once made.
 *
 * A client secret is made here and shown once: what is kept is its HMAC. 240 random bits need no slow derivation.
 *
 * Layer:  directory (uses core)
 * Source: https://learn.microsoft.com/graph/api/resources/application, .../approle, .../permissionscope,
 *         .../passwordcredential, .../keycredential;
 *         https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation (limits)
 */
#pragma once
#include "core/digest.h"
#include "core/pack.h"
#include "core/ref.h"
#include "directory/ids.h"

#define APPLICATION_MAX_NAME_BYTES     256
#define APPLICATION_MAX_URIS           50
#define APPLICATION_MAX_URI_BYTES      255
#define APPLICATION_MAX_ROLES          1200 /* published for all lists of a manifest together */
#define APPLICATION_MAX_VALUE_BYTES    120  /* of a role's or a scope's value */
#define APPLICATION_MAX_TEXT_BYTES     1024 /* ours: of a description */
#define APPLICATION_MAX_CREDENTIALS    100  /* ours: secrets, and certificates */
#define APPLICATION_MAX_FEDERATED      20
#define APPLICATION_MAX_FEDERATED_TEXT 2400 /* bytes of 600 characters */
#define APPLICATION_MAX_DER_BYTES      8192 /* ours: of a certificate */
#define APPLICATION_MAX_DOCUMENT_BYTES (64u << 10)

#define APPLICATION_SECRET_CHARS 40
#define APPLICATION_HINT_CHARS   3 /* of a secret, shown to tell secrets apart */
#define APPLICATION_SALT_BYTES   16

/* What the application lets others be: granted by an app-role assignment, delivered in the roles claim. */
struct app_role {
    guid id;
    str  value; /* may be empty: a role that is assigned but in no claim */
    str  name, description;
    bool for_users, for_apps; /* who may get it: users and groups; applications and managed identities */
    bool is_enabled;
};

/* What the application lets others do for a user: the scp claim. */
struct app_scope {
    guid id;
    str  value;
    str  admin_name, admin_description, user_name, user_description;
    bool for_admins; /* consent to it is the administrator's */
    bool is_enabled;
};

struct app_secret {
    guid    id;
    str     name;
    char    hint[8]; /* APPLICATION_HINT_CHARS, NUL-terminated */
    uint8_t salt[APPLICATION_SALT_BYTES];
    sha256  kept; /* HMAC of the salt under the secret */
    int64_t from_ns, until_ns;
};

struct app_certificate {
    guid    id;
    str     name;
    str     der; /* the public certificate */
    int64_t from_ns, until_ns;
};

/* Whose tokens it takes for its own credential: the rules are token/federated_credential.h's. */
struct app_federated {
    guid id;
    str  name; /* one of the application's alone has it; for good */
    str  issuer, audience, description;
    str  subject, expression; /* one of the two */
};

struct application {
    struct ref                    ref;
    application_id                id;
    client_id                     app;
    str                           name;
    const str                    *uris; /* App ID URIs: what tokens for it are asked by */
    size_t                        uri_n;
    const struct app_role        *roles;
    size_t                        role_n;
    const struct app_scope       *scopes;
    size_t                        scope_n;
    const struct app_secret      *secrets;
    size_t                        secret_n;
    const struct app_certificate *certificates;
    size_t                        certificate_n;
    const struct app_federated   *federated;
    size_t                        federated_n;
    bool                          is_public_client; /* may ask for users' tokens without a credential of its own */
    bool                          for_owners_only;  /* a user wrote what it asks of others: it may act for its owners, and for no other user */
    unsigned                      token_version;    /* of access tokens for it: 1 or 2 */
    str                           document;         /* what else it is, a JSON object; may be empty */
    int64_t                       created_ns;
};

/* A copy of `plain` on the heap with one reference, the caller's. Errors: ERR_NAME_INVALID, ERR_TOO_LARGE - past a limit */
FALLIBLE application_new(struct call *c, const struct application *plain, struct application **out);
void     application_pack(struct buf *b, const struct application *a);
FALLIBLE application_unpack(struct call *c, bytes record, struct application **out);

/* NULL: it has none of that id. */
const struct app_role *application_role(const struct application *a, guid id);

/* A fresh secret, and what is kept of it: salt, HMAC and hint; the caller names and dates it. Errors: ERR_NO_MEMORY, ERR_CRYPTO */
FALLIBLE app_secret_make(struct call *c, struct app_secret *out, struct secret *out_shown);

enum app_secret_match { APP_SECRET_WRONG, APP_SECRET_EXPIRED, APP_SECRET_RIGHT };
/* Is that one of the application's secrets, and which? All are compared, whichever fits. An answer, not an error. */
FALLIBLE application_match_secret(struct call *c, const struct application *a, const struct secret *shown, enum app_secret_match *out, guid *out_id);
