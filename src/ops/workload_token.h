/*
 * workload_token.h - which identity a workload means, and the token to make for it.
 *
 * The workload is known by its resource before anything it says is read: what it says
 * only chooses among the identities that the resource carries.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq#what-identity-will-imds-default-to-if-i-dont-specify-the-identity-in-the-request
 */
#pragma once
#include "core/digest.h"
#include "ops/minter.h"
#include "ops/world.h"

/* How an identity was named; NULL `at`: not by that. An empty text names an identity that does not exist. */
struct identity_choice {
    str  client_id;
    str  object_id;
    str  resource_id;
    bool system_by_default; /* none named: only the system-assigned one is meant */
};

/* One identity of a resource. Lives: while the world is held. */
struct workload_identity {
    const struct resource  *host;
    const struct principal *principal;
    int64_t                 revoked_s; /* its tokens up to then are revoked; 0: none are */
    struct token_texts      roles;     /* this and the rest: of the application that is asked for, see workload_access */
    bool                    at_application;
    sha256                  access; /* what the application decides about the token, for the key: roles may be too many for it */
};

/*
 * None named: the system-assigned identity if there is one, else the only user-assigned one (which the choice may exclude:
 * system_by_default). A named one must be attached to the resource and stand in the directory. `host` is NULL for a resource that is gone: it has none.
 * Errors: ERR_IDENTITY_NOT_FOUND, ERR_IDENTITY_AMBIGUOUS (none named, several user-assigned), ERR_IDENTITY_SELECTORS
 */
FALLIBLE workload_identity(struct call *c, const struct world *world, const struct resource *host, const struct identity_choice *choice,
                           struct workload_identity *out);

/*
 * Which app roles the identity has at the application, or at Microsoft Graph, that the audience names; none at others. They and the application are
 * part of the key: a role that is given or taken, or an audience that is another application's now, changes the next answer (R8).
 * Costs a look-up by name where there are applications or the identity has an app role anywhere, else nothing.
 * Errors: ERR_APP_NOT_ASSIGNED - the application lets only those in who are assigned; ERR_AUDIENCE_DISABLED - it is disabled
 */
FALLIBLE workload_access(struct call *c, const struct product *p, const struct world *world, str audience, struct workload_identity *w);

/* The key under which the identity's token for an audience is kept: once its access is known. */
void workload_key(const struct workload_identity *w, str audience, struct mint_key *out);

/*
 * What to sign for it, under its workload_key. Lives: points into `w`, `audience`, `key` and the call.
 * Errors: ERR_AUDIENCE_UNKNOWN
 */
FALLIBLE workload_order(struct call *c, const struct product *p, const struct world *world, const struct workload_identity *w, str audience,
                        const struct mint_key *key, struct mint_order *out);
