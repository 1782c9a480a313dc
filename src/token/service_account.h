/*
 * service_account.h - the tokens that a Kubernetes cluster gives its service accounts.
 *
 * Such a token says which service account of which cluster a program runs under. It opens nothing by itself: the token
 * service takes it as the credential of an identity that trusts the cluster's issuer and this subject. The keys are those of
 * the server's ring; the issuer tells a cluster's tokens from all others, and no service here takes it as its own.
 *
 * Layer:  token (uses core)
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens,
 *         https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
 */
#pragma once
#include "token/client_assertion.h"
#include "token/keyring.h"

#define SERVICE_ACCOUNT_AUDIENCE   "api://AzureADTokenExchange"
#define SERVICE_ACCOUNT_LIFETIME_S 3600 /* what the webhook asks for when it is not told */
#define SERVICE_ACCOUNT_MAX_NS     63
#define SERVICE_ACCOUNT_MAX_NAME   253

struct service_account {
    str ns, name;
};

/*
 * "NAMESPACE/NAME". Lives: in `text`. Errors: ERR_NAME_INVALID - one is no name that Kubernetes takes
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
FALLIBLE service_account_parse(struct call *c, str text, struct service_account *out);
/* "system:serviceaccount:NAMESPACE:NAME". Lives: the call. */
str service_account_subject(struct call *c, const struct service_account *a);

/* A token from now on, signed with the ring's current key. Lives: the call. Errors: ERR_BUSY - the ring has no key yet */
FALLIBLE service_account_issue(struct call *c, const struct keyring *keys, str issuer, const struct service_account *a, str *out,
                               int64_t *out_expires_s);

/* Did a key of the ring sign it? Only the signature is looked at. Errors: ERR_TOKEN_SIGNATURE */
FALLIBLE service_account_verify(struct call *c, const struct keyring *keys, const struct client_assertion *assertion);
