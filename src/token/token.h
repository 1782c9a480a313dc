/*
 * token.h - access tokens: signing them and knowing them again.
 *
 * Layer:  token (uses core, directory, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc7519, https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
#pragma once
#include "directory/ids.h"
#include "token/keyring.h"

#define TOKEN_MAX_BYTES      (32u << 10)
#define TOKEN_LIFETIME_S     (24 * 3600)     /* of managed identities; the default */
#define TOKEN_LIFETIME_MAX_S (7 * 24 * 3600) /* of any token that was ever signed */
#define TOKEN_SKEW_S         300             /* clocks may differ by that much, both ways */
#define TOKEN_MAX_GROUPS     200             /* in a token; past it the token says where to ask */

enum token_version { TOKEN_V1, TOKEN_V2 };

/* Whom a token speaks for; it decides which claims there are: the rows of claims.c. */
enum token_kind {
    TOKEN_OF_IDENTITY, /* a managed identity */
    TOKEN_OF_APP,      /* an application by itself (client credentials) */
    TOKEN_OF_USER,     /* a user, who signed in at this application */
    TOKEN_DELEGATED,   /* a user, for whom an application acts that got its token from another one (on behalf of) */
    TOKEN_ID,          /* no access token: tells the client who the user is; always of version 2 */
    TOKEN_KINDS
};

/* How the application proved that it is the one; the numbers are those of the claim. */
enum token_proof { TOKEN_PROOF_NONE = 0, TOKEN_PROOF_SECRET = 1, TOKEN_PROOF_CERTIFICATE = 2 };

struct token_texts {
    const str *at;
    size_t     n;
};

/* Which parts count is the kind's; the others are not looked at. Empty: the token does not have the claim. */
struct token_request {
    enum token_kind    kind;
    enum token_version version;
    tenant_id          tenant;
    str                issuer;   /* as it goes into iss: "https://sts.windows.net/TENANT/" */
    object_id          subject;  /* the identity's or application's service principal, or the user ... */
    client_id          app;      /* ... and the application: the identity's own, or the one that the user uses */
    enum token_proof   proof;    /* a managed identity's is always a certificate: the platform holds it */
    str                audience; /* exactly as asked for */
    int64_t            lifetime_s;
    int64_t            after_s;                       /* dated later than that, if need be ahead of the clock: earlier tokens are revoked */
    str                identity_resource;             /* xms_mirid: of managed identities */
    str                host_resource;                 /* xms_az_rid: of managed identities */
    struct token_texts roles;                         /* of the resource's application */
    str                scopes;                        /* scp, with blanks between: of users */
    struct token_texts groups;                        /* ids, where the resource's application asks for them */
    str                groups_url;                    /* where to ask for them if there are more than TOKEN_MAX_GROUPS */
    struct token_texts capabilities;                  /* xms_cc: what the client says it can do; not of managed identities */
    str                user_name;                     /* upn, preferred_username: of users */
    str                name, given_name, family_name; /* of users */
    str                method;                        /* amr, version 1: how the user signed in, "pwd" */
    str                address;                       /* ipaddr, version 1: from where */
};

/* A copy of all that it points to; false: no room. */
MUST_USE bool token_request_copy(struct arena *a, const struct token_request *r, struct token_request *out);

struct token {
    str     text;
    int64_t not_before_s;
    int64_t expires_s;
    str     unique_id; /* the uti claim */
};

/* Signs an access token with the ring's current key, dated from c->now_s. 0.3 ms of RSA: not on a serving thread.
   Errors: ERR_BUSY - the ring has no key yet */
FALLIBLE token_issue(struct call *c, const struct keyring *keys, const struct token_request *r, struct token *out);

struct token_claims {
    enum token_kind    kind; /* as far as claims tell: TOKEN_DELEGATED reads as TOKEN_OF_USER */
    tenant_id          tenant;
    object_id          subject;
    client_id          app;
    str                audience;
    str                issuer;
    str                unique_id;
    str                identity_resource;
    str                scopes; /* of users */
    struct token_texts roles;  /* app roles at the audience's application */
    enum token_version version;
    bool               meets_challenges; /* its client knows how to answer a demand for other claims: "cp1" in xms_cc */
    int64_t            not_before_s, expires_s;
};

/* When it was issued: the times of our own tokens begin the skew earlier. */
static inline int64_t token_issued_s(const struct token_claims *claims)
{
    return claims->not_before_s + TOKEN_SKEW_S;
}

/* What a target accepts. */
struct token_policy {
    const str *issuers; /* exact */
    size_t     issuer_n;
    const str *audiences; /* compared without case and without one trailing slash */
    size_t     audience_n;
};

/*
 * Checks form, algorithm (RS256 only), key and signature. Whom the token is from and for, and whether it counts now, is
 * left to token_check.
 * Lives:  *out in the call.
 * Errors: ERR_TOKEN_MALFORMED, ERR_TOKEN_SIGNATURE
 */
FALLIBLE token_verify_signature(struct call *c, const struct keyring *keys, str text, struct token_claims *out);

/*
 * Checks form, algorithm (RS256 only), key, signature, issuer, times and audience, in that order.
 * Lives:  *out in the call.
 * Errors: ERR_TOKEN_MALFORMED, _SIGNATURE, _ISSUER, _EXPIRED, _NOT_YET_VALID, _AUDIENCE - each with its words
 */
FALLIBLE token_verify(struct call *c, const struct keyring *keys, str text, const struct token_policy *policy, struct token_claims *out);

/* The same checks but the signature's, on claims known from an earlier verification of the same text. */
FALLIBLE token_check(struct call *c, const struct token_claims *claims, const struct token_policy *policy);
/* Of these, what changes while the policy does not: the times. Errors: ERR_TOKEN_EXPIRED, ERR_TOKEN_NOT_YET_VALID */
FALLIBLE token_check_times(struct call *c, const struct token_claims *claims);
