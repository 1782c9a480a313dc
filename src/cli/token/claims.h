/*
 * claims.h - what an access token says of its bearer, unverified: for a person to read.
 *
 * Layer:  cli (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference,
 *         https://www.rfc-editor.org/rfc/rfc7519
 */
#pragma once
#include "core/json.h"

#define CLAIMS_TOKEN_MAX_BYTES (256u << 10) /* of a token that is read; Entra's are below 20 KiB */

enum claims_kind { CLAIMS_MANAGED_IDENTITY, CLAIMS_APPLICATION, CLAIMS_USER, CLAIMS_UNKNOWN };

struct claims {
    enum claims_kind   kind;
    str                name; /* how a person knows it: a sign-in name, or the last part of the identity's id; may be empty, as all texts here */
    str                object_id, client_id, tenant_id, audience, issuer;
    str                identity_id; /* ARM id of the managed identity, or of the resource that has it */
    str                resource_id; /* ARM id of the resource that a user-assigned identity's token was got on */
    const struct json *roles;       /* an array of texts; NULL: none */
    str                scopes;      /* separated by blanks */
};

/*
 * Reads the second part of a JWT. Claims of another kind than expected count as absent.
 * Lives:  *out points into the call's arena.
 * Errors: ERR_CONTENT_INVALID - it is not a JWT; *out is then untouched
 */
FALLIBLE claims_read(struct call *c, str token, struct claims *out);

/* "managed identity", "application", "user", "unknown" */
const char *claims_kind_name(enum claims_kind kind);
