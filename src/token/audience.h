/*
 * audience.h - the services that a token can be for: Azure's own, and registered applications.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/services-id-authentication-support,
 *         https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
 */
#pragma once
#include "directory/applications.h"
#include "directory/directory.h"
#include "resources/names.h"
#include "token/token.h"

#define AUDIENCE_MAX_BYTES 600 /* our limit, not the protocol's */

#define AUDIENCE_MAX_URIS 6

/* A service as clients ask for tokens to it. Services of this product have theirs in their descriptors. */
struct audience_row {
    str                app;  /* its application's id */
    str                name; /* what sign-in logs call it */
    enum token_version version;
    str uris[AUDIENCE_MAX_URIS];     /* one that begins with https, a star and a dot stands for any one label there: an account's own host */
    const struct host *host;         /* whose name on the operator's domain is an audience too; NULL: none */
    bool               app_is_taken; /* the service takes tokens for the id too, not only for its URIs */
};
/* One for each service; that of a service which takes no tokens has no app. Whoever links this room defines it: endpoints/services.c. */
extern const struct audience_row *const AUDIENCES_OF_SERVICES[];
extern const size_t                     AUDIENCES_OF_SERVICES_N;

struct audience {
    client_id                 app;         /* of the service */
    str                       name;        /* what sign-in logs call it */
    enum token_version        version;     /* of its tokens: the service decides, not who asks */
    str                       claim;       /* as it goes into aud */
    const struct principal   *service;     /* the application's; NULL: a service of the cloud */
    const struct application *application; /* what defines its roles and scopes; NULL: it has none */
};

/* Where audiences are looked for. */
struct audience_places {
    const struct names        *names;
    const struct directory    *directory;
    const struct applications *applications;
};

/*
 * The service that `asked` names: one of its URIs (in any case, with or without a trailing
 * slash), or the application's id. An application counts once it has a service principal. The claim
 * is what was asked for, to the letter, but for services that take version 2.
 * Lives:  *out points into `asked`, the directory, the applications and the call.
 */
MUST_USE bool audience_find(struct call *c, const struct audience_places *places, str asked, struct audience *out);
/* The same among the cloud's own services. */
MUST_USE bool audience_find_service(struct call *c, const struct names *names, str asked, struct audience *out);
