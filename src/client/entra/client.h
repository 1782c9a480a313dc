/*
 * client.h - an application that asks the token service for a token of its own (OAuth 2.0 client credentials).
 *
 * Each kind of credential has its own proof of who it is; the rest is here.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
#pragma once
#include "client/entra/authority.h"

/* One of them. Lives: in the call, or as long as the client. */
struct entra_proof {
    const struct secret *secret;
    str                  assertion; /* a signed JWT */
};

/* Another way to the token service, as a cluster offers it. All may be empty. */
struct token_proxy {
    str         url; /* no trailing slash */
    const char *ca_file, *ca_pem, *server_name;
};

struct entra_client {
    str                tenant_id, client_id;
    str                lacks; /* not empty: why there is nothing to ask with, "AZURE_TENANT_ID is not set" */
    const char        *lacks_fix;
    struct authority   authority;
    struct token_proxy proxy;
    bool               is_trusted; /* the platform chose the authority: it is not asked about */
    /* Errors: those of ask_refused - recorded */
    FALLIBLE (*prove)(struct call *c, struct trial *t, struct entra_client *me, str audience, struct entra_proof *out);
};

/* Texts are copied. An id that is missing or cannot be one makes the credential broken. */
void entra_client_init(struct lanyard_credential *self, struct entra_client *me, str tenant_id, str client_id);

/* Proves who it is and asks. Errors: those of ask_refused - recorded */
FALLIBLE entra_acquire(struct call *c, struct trial *t, struct entra_client *me, struct access_token *out);

/* What to do about "AADSTS7000215" and its like; "" if nothing is known. */
const char *entra_fix(str code);
