/*
 * token_request.h - what a program asks a credential: its limits.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/token.h"

#define SCOPE_MAX_BYTES  1024
#define TENANT_MAX_BYTES 256
#define CLAIMS_MAX_BYTES 16384

/* The scope without "/.default". */
str token_request_resource(str scope);

/*
 * Reads a request of this or another version of the header. False: its size is none, or it has fields that this version does not
 * know; *out is then untouched.
 */
MUST_USE bool token_request_take(const struct lanyard_token_request *given, struct lanyard_token_request *out);

/* The outcome of a request that no credential is asked with. NULL: no memory. */
struct lanyard_token *token_request_refused(struct lanyard_credential *credential, const struct lanyard_token_request *request, enum err kind,
                                            str why);

/* The token that lanyard_token_ask would give without waiting; NULL: it would have to ask. */
struct lanyard_token *token_request_kept(struct lanyard_credential *credential, const struct lanyard_token_request *request);
