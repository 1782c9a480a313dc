/*
 * issuers.h - outside issuers of tokens, and the keys that they publish.
 *
 * An issuer is only asked for once a federated credential names it. Its discovery document and its keys are fetched
 * together, by https alone, without redirects, within limits of time and size, and from addresses of the public internet;
 * an issuer that the operator allowed by its URL may have a private address, and its keys may be at its own host and port
 * there. Who waits for an issuer waits for the one fetch that runs.
 *
 * Keys are used for ISSUER_FRESH_S and then fetched anew, as they are for a kid that is unknown; if that fails they count
 * until ISSUER_KEPT_S. After a fetch the next one waits for ISSUER_RETRY_S, whatever came of it. These times are ours.
 *
 * Threads share it: it has a lock of its own, under which nothing waits.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://openid.net/specs/openid-connect-discovery-1_0.html, https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
 */
#pragma once
#include "net/loop.h"
#include "token/jwks.h"

#define ISSUERS_MAX         64 /* kept at once: the one that was used longest ago goes */
#define ISSUERS_MAX_ALLOWED 32
#define ISSUERS_MAX_FETCHES 16  /* at once */
#define ISSUERS_MAX_WAITERS 256 /* requests that wait, for all of them: they take places of the listener from all others ... */
#define ISSUER_MAX_WAITERS  64  /* ... and for one */
#define ISSUER_FRESH_S      3600
#define ISSUER_KEPT_S       86400
#define ISSUER_RETRY_S      30
#define ISSUER_TIMEOUT_MS   5000 /* of each of the two requests */

struct issuers;

struct issuers_settings {
    const str *allowed; /* URLs of issuers that may be at private addresses; to the letter */
    size_t     allowed_n;
    str        ca_pem; /* those are verified by these authorities alone; empty: by the system's */
};

/* Everything is copied. Errors: ERR_URL_INVALID, ERR_TOO_LARGE - of what is allowed; ERR_NO_MEMORY */
FALLIBLE issuers_new(struct call *c, struct net_loops *loops, const struct issuers_settings *settings, struct issuers **out);
/* Once the loops do not run and no thread asks any more: who waits is told. Before http_server_free. NULL is fine. */
void issuers_free(struct issuers *all);

enum issuer_keys {
    ISSUER_HAS_KEY,
    ISSUER_LACKS_KEY, /* its keys are known, and none has that kid */
    ISSUER_FAILED,    /* its keys cannot be had; the server's own log says why */
    ISSUER_LATER,     /* they have to be fetched first: issuers_wait */
};

/*
 * The key of that name; *out_set is the caller's to drop, also where it is NULL, and *out_key lives with it.
 * Who will not wait is never told ISSUER_LATER. `all` may be NULL: there are none.
 */
enum issuer_keys issuers_find(const struct call *c, struct issuers *all, str issuer, str kid, bool will_wait, struct jwks **out_set,
                              const struct jwk **out_key);

struct issuer_waiter {
    /* Once, from any thread, maybe at once. Not `again`: the server stops. Else issuers_find knows more. */
    void (*done)(struct issuer_waiter *waiter, bool again);
    struct issuer_waiter *next; /* the issuers' */
};

/*
 * Waits for the fetch that runs, or begins one on that loop. `waiter` is the caller's memory until it is told.
 * Errors: ERR_BUSY (too many wait, or too many issuers are fetched), ERR_URL_INVALID, ERR_NO_MEMORY - `done` is then not called
 */
FALLIBLE issuers_wait(struct call *c, struct issuers *all, str issuer, str kid, struct net_loop *loop, struct issuer_waiter *waiter);
