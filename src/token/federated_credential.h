/*
 * federated_credential.h - whose tokens an identity or an application takes for its own credential.
 *
 * It names an issuer, a subject and an audience, each to the letter: case counts, and so does a slash at the end. Whether
 * such an issuer exists is not asked when it is written; a wrong one fails when a token is exchanged.
 *
 * Layer:  token (uses core)
 * Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
#pragma once
#include "core/json.h"

#define FEDERATED_MAX_CREDENTIALS 20  /* of one identity, or one application */
#define FEDERATED_MAX_CHARS       600 /* of each text */

struct federated_credential {
    str issuer, subject, audience;
};

/*
 * From the object that both the management API and Graph use: {"issuer","subject","audiences":[one]}.
 * Lives:  in `v`.
 * Errors: ERR_FEDERATED_INVALID - one is missing, empty or too long, or there is not exactly one audience
 */
FALLIBLE federated_credential_read(struct call *c, const struct json *v, struct federated_credential *out);

/* The same issuer and subject: a parent has only one such. */
bool federated_credential_is_twin(const struct federated_credential *a, const struct federated_credential *b);
