/*
 * credential.h - what all credentials share: a kind, settings, tokens that are kept, references.
 *
 * A kind is a row with its deed; its own data stands behind the common part. The tokens that were got are kept by
 * scope, tenant and claims (client/cache.h), so a kind that is asked has to ask its source.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/ask.h"

struct credential_kind {
    const char *name; /* "ManagedIdentityCredential" */
    /*
     * Called by one thread at a time for the same scope, tenant and claims, and by several for others. A failure is said with
     * ask_refused; one that is not becomes an attempt of the kind in the failure's own words.
     */
    FALLIBLE (*acquire)(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out);
    void (*clear)(void *own); /* what its own data holds; may be NULL */
};

/*
 * Makes a credential with `own_size` zeroed bytes for its kind, and the settings copied. NULL: no memory.
 */
struct lanyard_credential *credential_new(const struct credential_kind *kind, size_t own_size, const struct lanyard_settings *settings);
void                      *credential_own(struct lanyard_credential *credential);
const struct settings     *credential_settings(const struct lanyard_credential *credential);
/*
 * For texts that live as long as the credential: its call, used while it is made, by one thread. credential_made ends it: what
 * failed in it makes the credential broken, and where a text found no room it is freed and NULL is given.
 */
struct call               *credential_call(struct lanyard_credential *credential);
struct lanyard_credential *credential_made(struct lanyard_credential *credential) MUST_USE;
/* It cannot be used: every asking tells so. Only while it is made. The first one counts. */
void credential_broken(struct lanyard_credential *credential, const char *format, ...) PRINTF_LIKE(2, 3);

/* Its source has tokens of one tenant only: which tenant is asked for changes nothing. Only while it is made. */
void credential_has_one_tenant(struct lanyard_credential *credential);

/* One asking of `credential` as a part of another: a chain's member. What it keeps counts. */
FALLIBLE credential_ask(struct call *c, struct lanyard_credential *credential, struct token_ask *ask, struct access_token *out);

/* The outcome for the program, with a reference. NULL: no memory. */
struct lanyard_token *credential_token(struct lanyard_credential *credential, const struct token_ask *ask);
/* A valid token that is kept and not due for renewal; NULL: none. Takes no time. */
struct lanyard_token *credential_kept(struct lanyard_credential *credential, str resource, str tenant_id, bool enable_cae);
