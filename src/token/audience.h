/*
 * audience.h - the services that a token can be for: Azure's own, and registered applications.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/services-id-authentication-support,
 *         https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
 */
#pragma once
#include "directory/directory.h"
#include "resources/names.h"
#include "token/token.h"

#define AUDIENCE_MAX_BYTES 600 /* our limit, not the protocol's */

struct audience {
    client_id          app;     /* of the service */
    str                name;    /* what sign-in logs call it */
    enum token_version version; /* of its tokens: the service decides, not who asks */
    str                claim;   /* as it goes into aud */
};

/*
 * The service that `asked` names: one of its URIs (in any case, with or without a trailing
 * slash), or the application's id. The claim is what was asked for, to the letter, but for
 * services that take version 2.
 * Lives:  *out points into `asked`, the directory and the call.
 */
MUST_USE bool audience_find(struct call *c, const struct names *names, const struct directory *directory, str asked, struct audience *out);
