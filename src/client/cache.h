/*
 * cache.h - the tokens of a credential, and who asks for which.
 *
 * Kept by resource, tenant and whether claims challenges can be answered. For one key and the same claims, one thread asks
 * its source; who has no valid token waits for it. A token is renewed before its end: by one thread, while the others
 * use the old one.
 *
 * Shared by threads; it locks itself.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include <pthread.h>

#include "client/token.h"

#define CACHE_BUCKETS     32
#define CACHE_ENTRIES_MAX 256 /* tokens that are kept; the one that ends first makes room */
#define CACHE_QUIET_S     30  /* after a renewal failed, while the old token is valid: azure-core's retry interval */
#define CACHE_RENEWAL_S   5   /* a renewal takes no longer while the old token is valid for longer: our choice */

struct cache_key {
    str  resource, tenant_id;
    bool enable_cae;
};

struct cache_entry;
struct cache_turn; /* of a thread that asks its source, and of those that wait for it */

struct cache {
    pthread_mutex_t         lock;
    pthread_cond_t          ended; /* a turn */
    const struct allocator *allocator;
    struct cache_entry     *buckets[CACHE_BUCKETS];
    size_t                  entry_n;
};

void cache_init(struct cache *cache, const struct allocator *allocator);
void cache_clear(struct cache *cache); /* once no thread uses it */

/* A valid token that is not due for renewal, with a reference for the caller; NULL: cache_enter. */
struct lanyard_token *cache_find(struct cache *cache, const struct cache_key *key, moment now);

/*
 * Gives *out, with a reference, or *out_turn: the caller asks its source and calls cache_leave. *out_rejected is, with claims,
 * the token that is kept, with a reference; NULL: none. Waits while another thread asks.
 * Errors: ERR_TIMED_OUT, ERR_CANCELLED, ERR_NO_MEMORY
 */
FALLIBLE cache_enter(struct call *c, struct cache *cache, const struct cache_key *key, str claims, const struct patience *patience,
                     struct lanyard_token **out, struct cache_turn **out_turn, struct lanyard_token **out_rejected);

/* Whether a turn renews a token that stays valid for CACHE_RENEWAL_S at least: its caller is to wait no longer than that. */
bool cache_turn_is_renewal(const struct cache_turn *turn);

/*
 * The end of a turn. Keeps the outcome if it is a token, and gives it to all who wait; not one that was asked for without claims
 * before a turn with claims kept its own. With `is_own`, it failed by the caller's own
 * patience or memory: the next of those who wait asks again. A renewal that failed, or was not in time, is not tried again for
 * CACHE_QUIET_S; one that was cancelled is. Takes `outcome` (NULL: no memory).
 * Returns what the caller is given: the outcome, or the token that is kept, which is valid yet, if the outcome is none or is not kept.
 */
struct lanyard_token *cache_leave(struct cache *cache, struct cache_turn *turn, struct lanyard_token *outcome, bool is_own);
