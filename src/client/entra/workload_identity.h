/*
 * workload_identity.h - an identity that trusts the tokens of another issuer, which a file holds.
 *
 * The file is read for each token that is asked for: that is once in an hour or a day, and so no renewed file is missed.
 *
 * A cluster may offer a way of its own to the token service, by AZURE_KUBERNETES_TOKEN_PROXY with AZURE_KUBERNETES_CA_FILE or
 * AZURE_KUBERNETES_CA_DATA and AZURE_KUBERNETES_SNI_NAME. It is taken where it is offered; the SDKs want an option for that, which they do not
 * explain; whoever sets these variables could set AZURE_AUTHORITY_HOST as well.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/azure/aks/workload-identity-overview,
 *         https://azure.github.io/azure-workload-identity/docs/quick-start.html
 */
#pragma once
#include "client/entra/client.h"

#define TOKEN_FILE_MAX_BYTES ((size_t)64 << 10)

struct workload_identity {
    struct entra_client client;
    const char         *file;
};

/* What is empty comes from the environment. What is then still missing is told when a token is asked for. */
void workload_identity_init(struct lanyard_credential *self, struct workload_identity *me, str tenant_id, str client_id, str token_file);

/* The assertion in a file's contents: one word, with white space around it or not. False: it is something else. */
MUST_USE bool token_file_text(str contents, str *out);
