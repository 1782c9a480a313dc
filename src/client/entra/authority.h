/*
 * authority.h - which token service is asked, and whether it may have what proves who we are.
 *
 * A secret or an assertion goes only to a host of Microsoft's clouds, or to one that Microsoft's instance discovery knows, unless the
 * program has turned that off. For the known hosts nothing is asked: the token endpoint's path is fixed, so the OIDC document
 * would only repeat it (the SDKs for .NET and Java do without it too; JavaScript, Python and Go read it and check its issuer). For another host that
 * is one request, once in a credential's life.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
 *         https://learn.microsoft.com/entra/msal/javascript/browser/initialization#instance-discovery
 */
#pragma once
#include <stdatomic.h>

#include "client/credential.h"
#include "client/settings.h"
#include "client/trial.h"

#define TENANT_MAX_BYTES    255
#define CLIENT_ID_MAX_BYTES 255

struct authority {
    str         origin; /* "https://login.microsoftonline.com" */
    bool        is_known;
    atomic_bool is_discovered;
};

/* By the settings; what cannot be one makes the credential broken. */
void authority_init(struct lanyard_credential *self, struct authority *out);

/* Whether the host is one of Microsoft's clouds. */
bool authority_is_known(str host);
/* A GUID or a domain: letters, digits, "-" and ".", beginning with a letter or a digit. */
bool tenant_is_valid(str tenant);

/* Asks Microsoft about a host that is not known. The attempt is recorded. Errors: ERR_AUTHENTICATION_FAILED, those of trial_send */
FALLIBLE authority_check(struct call *c, struct trial *t, struct authority *a, str tenant);

/* "ORIGIN/TENANT/oauth2/v2.0/token" */
str authority_token_endpoint(struct call *c, const struct authority *a, str tenant);
