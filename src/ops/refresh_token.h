/*
 * refresh_token.h - what a client shows to get a user's next token without asking the user again.
 *
 * A refresh token is sealed with the product's key and kept nowhere: only this product can read it or make one, nothing of
 * it can be stolen from the store, and to take one needs no write. Each use gives a new one; the one before lives on until its end, as in the
 * cloud. It ends when the user's tokens are revoked, the password changes, the user is disabled or gone, or the client is.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity-platform/refresh-tokens (90 days, not revoked by use; what revokes them)
 */
#pragma once
#include "ops/product.h"

#define REFRESH_TOKEN_LIFETIME_S (90 * S_PER_DAY)
#define REFRESH_TOKEN_MAX_BYTES  4096
#define REFRESH_TOKEN_MAX_SCOPES 2048 /* bytes; more of them are refused, never cut: a part would ask for something else */

struct refresh_token {
    object_id            user;
    client_id            client;
    int64_t              issued_ns; /* this and the next: the maker's */
    struct sign_in_epoch epoch;
    str                  scopes;      /* what was asked for when the user signed in; may be empty */
    bool                 by_operator; /* who signed the user in: device_sign_in.h */
};

/* Errors: ERR_NO_MEMORY, ERR_CRYPTO; ERR_TOO_LARGE - the scopes */
FALLIBLE refresh_token_make(struct call *c, const struct product *p, const struct world *w, const struct refresh_token *t, str *out);

enum refresh_answer { REFRESH_GOOD, REFRESH_INVALID, REFRESH_EXPIRED, REFRESH_REVOKED };
/* Reads one and says whether it is still good. Only with REFRESH_GOOD is the user there, in *out_user. An answer, not an error. */
FALLIBLE refresh_token_read(struct call *c, const struct product *p, const struct world *w, str text, enum refresh_answer *out,
                            struct refresh_token *out_token, const struct principal **out_user);

/* Up to when the tokens of a principal are revoked; 0: they are not. */
int64_t revoked_until_s(const struct world *w, object_id who);

/* As it is now; and whether a sign-in of such an epoch still counts. By what the user had, not by the time: a sign-in can be under way
   while the password changes. */
struct sign_in_epoch sign_in_epoch_of(const struct world *w, object_id user);
bool                 sign_in_counts(const struct world *w, object_id user, const struct sign_in_epoch *then);
