/*
 * federated_credential.h - whose tokens an identity or an application takes for its own credential.
 *
 * It names an issuer, a subject and an audience, each to the letter: case counts, and so does a slash at the end. Whether
 * such an issuer exists is not asked when it is written; a wrong one fails when a token is exchanged.
 *
 * Layer:  token (uses core, directory)
 * Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
#pragma once
#include "token/client_assertion.h"

#define FEDERATED_MAX_CREDENTIALS 20  /* of one identity, or one application */
#define FEDERATED_MAX_CHARS       600 /* of each text */

/* What tokens are asked by that managed identities of this tenant show; they have the id as their audience. */
#define FEDERATED_EXCHANGE_URI "api://AzureADTokenExchange"
#define FEDERATED_EXCHANGE_APP "fb60f99c-7a34-4190-8149-302f77469936"

struct federated_credential {
    guid id; /* where it is kept; none while it is read */
    str  issuer, subject, audience;
    str  expression; /* instead of a subject: federated_expression.h */
};

/*
 * From the object that both the management API and Graph use: {"issuer","subject","audiences":[one]}. With `takes_expression`
 * "claimsMatchingExpression":{"value","languageVersion":1} may stand there instead of the subject.
 * Lives:  in `v`.
 * Errors: ERR_FEDERATED_INVALID - one is missing, empty or too long, there is not exactly one audience, or the expression is none for that issuer
 */
FALLIBLE federated_credential_read(struct call *c, const struct json *v, bool takes_expression, struct federated_credential *out);

/* The same issuer, and subject or expression: a parent has only one such. */
bool federated_credential_is_twin(const struct federated_credential *a, const struct federated_credential *b);

/* In the order in which they are asked. */
enum federated_match {
    FEDERATED_MATCHES,
    FEDERATED_NONE, /* there is no credential at all */
    FEDERATED_OTHER_ISSUER,
    FEDERATED_OTHER_SUBJECT,
    FEDERATED_OTHER_CASE, /* of the subject: it would match if case did not count */
    FEDERATED_OTHER_AUDIENCE,
};

/*
 * Does one of the credentials trust what the assertion says of itself, and which; else the first rule that fails. Nothing
 * is verified yet. `is_ours`: this tenant's own issuer signed it; its audience FEDERATED_EXCHANGE_APP then is FEDERATED_EXCHANGE_URI
 * too, which is inferred: the published guide names the URI, the tokens carry the id.
 * Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
 */
enum federated_match federated_credential_match(const struct federated_credential *list, size_t n, const struct client_assertion *a, bool is_ours,
                                                const struct federated_credential **out);
