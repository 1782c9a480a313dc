/*
 * reply.h - reads what token endpoints answer: a token, or an error in any of their forms.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling,
 *         https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference,
 *         https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code,
 *         https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
#pragma once
#include "core/json.h"
#include "core/secret.h"

#define REPLY_TOKEN_MAX_BYTES ((size_t)64 << 10)
#define REPLY_WORDS_MAX_BYTES 600 /* of a stranger's text that is repeated */
#define REPLY_WORD_MAX_BYTES  64  /* a longer unbroken word may be a token, and is not repeated */

/* Whether a text can be a token: printable ASCII without spaces, not too long. So it can stand in a header. */
bool reply_token_is_valid(str token);

/* Lives: in the call. */
struct token_reply {
    str     access_token;                      /* fit for a header */
    int64_t expires_at_s;                      /* from expires_on, else from expires_in */
    int64_t refresh_at_s;                      /* from refresh_in; 0: the reply says nothing, or nothing that can be */
    str     client_id, object_id, resource_id; /* whose token it is, where the reply says so */
};

/*
 * Reads the reply of an endpoint that has a token. Counted from the call's time.
 * Errors: ERR_JSON_INVALID - it is no JSON at all; ERR_CONTENT_INVALID - it holds no token, or none that can be used; the words never
 *         repeat the reply
 */
FALLIBLE token_reply_read(struct call *c, str body, struct token_reply *out);

/* Texts are printable and short; empty: the reply has none. Lives: in the call. */
struct error_reply {
    bool is_json;
    str  code; /* "invalid_client"; of the token service "AADSTS7000215" */
    str  text;
    str  correlation_id;
};

/*
 * Reads any body: one that is no error gives empty texts. `secret` is what the request proved itself by, and stands as "***" where the reply repeats
 * it; empty: nothing.
 */
void error_reply_read(struct call *c, str body, str secret, struct error_reply *out);

/* A stranger's words for a message: printable, short, on one line, and "***" for each word that may be a token. */
str reply_words(struct call *c, str text);
/* At most that many bytes, without the word that would be cut: a piece of it might not be known for a token. */
str reply_words_upto(str text, size_t most);
