/*
 * federated_expression.h - the flexible form of a federated credential: which claims a token must have, instead of its subject.
 *
 *     claims['sub'] matches 'repo:contoso:*' and claims['job_workflow_ref'] eq 'contoso/ci'
 *
 * "eq" compares to the letter; "matches" too, but "*" stands for any run of characters and "?" for one. One blank stands between
 * words, and nothing escapes a quote. Each issuer has its own claims, in a table; other issuers have no flexible form.
 *
 * Layer:  token (uses core)
 * Source: https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials (the grammar, the
 *         issuers and their claims); that it has at most 128 characters is reported by users
 */
#pragma once
#include "core/json.h"

#define FEDERATED_EXPRESSION_MAX_BYTES 128
#define FEDERATED_EXPRESSION_MAX_TERMS 8 /* ours: shorter ones have no room for more */

struct federated_term {
    str  claim, comparand;
    bool is_pattern;
};

struct federated_expression {
    struct federated_term terms[FEDERATED_EXPRESSION_MAX_TERMS];
    size_t                n; /* at least one */
};

/* False: it is none. Lives: points into `text`. */
MUST_USE bool federated_expression_read(str text, struct federated_expression *out);
/* May a credential for that issuer have it? */
bool federated_expression_fits(const struct federated_expression *e, str issuer);
/* A claim that is missing, or no text, makes it false. */
bool federated_expression_is_true(const struct federated_expression *e, const struct json *claims);
