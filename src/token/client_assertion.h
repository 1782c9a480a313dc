/*
 * client_assertion.h - the signed statement by which an application proves who it is, in all the shapes that clients send.
 *
 * Clients differ: segments with "=" behind them or without, thumbprints in either base64, times as numbers with and
 * without a fraction or as texts, one audience or a list. What is signed is the text as it came.
 *
 * That an assertion is shown twice is no fault: clients keep one and send it until it nears its end (msal-node,
 * ClientAssertion.getJwt). Its audience, its key and its short life bind it.
 *
 * Layer:  token (uses core, directory)
 * Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials, https://www.rfc-editor.org/rfc/rfc7523,
 *         and the clients' sources: msal (js, py, go, net, java), azure-identity, hashicorp/go-azure-sdk
 */
#pragma once
#include <openssl/types.h>

#include "core/json.h"
#include "directory/application.h"

#define ASSERTION_MAX_BYTES        (16u << 10)
#define ASSERTION_MAX_HEADER_BYTES (10u << 10) /* x5c may hold a chain */
#define ASSERTION_MAX_AUDIENCES    8
#define ASSERTION_RSA_MIN_BITS     2048
#define ASSERTION_SKEW_S           300
#define ASSERTION_MAX_LIFETIME_S   S_PER_DAY /* ours; clients send 10 to 60 minutes */

struct client_assertion {
    const struct json *header, *claims; /* objects */
    str                issuer, subject;
    str                audiences[ASSERTION_MAX_AUDIENCES];
    size_t             audience_n;
    int64_t            not_before_s; /* 0: it does not say */
    int64_t            expires_s;
    str                signed_text;
    bytes              signature;
};

/*
 * Takes one apart; checks its form only.
 * Lives:  *out points into `text` and the call.
 * Errors: ERR_TOKEN_MALFORMED
 */
FALLIBLE client_assertion_read(struct call *c, str text, struct client_assertion *out);

/* Can assertions be signed with that key: RSA of at least ASSERTION_RSA_MIN_BITS, or the one curve of ES256, P-256? */
bool client_assertion_takes_key(const EVP_PKEY *key);

/* One of its audiences, to the letter? */
bool client_assertion_is_for(const struct client_assertion *a, str audience);
/* Has it begun, and not ended, but for clocks that differ by ASSERTION_SKEW_S? */
bool client_assertion_is_in_time(const struct client_assertion *a, int64_t now_s);

/*
 * The certificate that signed it: the one of the application's that its header names by x5t#S256, x5t or kid, if the signature
 * (RS256, PS256, ES256) is its key's and now lies between its dates. NULL: none. An answer, not an error.
 */
FALLIBLE client_assertion_signer(struct call *c, const struct client_assertion *a, const struct application *of, const struct app_certificate **out);
