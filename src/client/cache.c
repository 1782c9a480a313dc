#include "client/cache.h"

#include <time.h>

#include "client/cancel.h"
#include "core/hash.h"

#define LONG_WAIT_MS 60000

struct cache_turn {
    struct cache_turn    *next;
    struct cache_entry   *entry;
    str                   claims; // stand behind it
    unsigned              users;  // who asks, and who waits
    bool                  is_renewal;
    unsigned              generation; // of the entry when it began
    bool                  has_ended;
    struct lanyard_token *outcome; // NULL: somebody else asks
};

struct cache_entry {
    struct cache_entry   *next;
    uint64_t              hash;
    struct cache_key      key; // its texts stand behind it
    struct lanyard_token *token;
    int64_t               quiet_until_s; // CLOCK_BOOTTIME
    unsigned              generation;    // how many claims challenges were answered with a token that was kept
    struct cache_turn    *turns;
};

void cache_init(struct cache *cache, const struct allocator *allocator)
{
    pthread_condattr_t monotonic;
    *cache = (struct cache){.allocator = allocator};
    pthread_mutex_init(&cache->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&cache->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void entry_free(struct cache *cache, struct cache_entry *e)
{
    lanyard_token_free(e->token);
    allocator_free(cache->allocator, e);
}

void cache_clear(struct cache *cache)
{
    for (size_t i = 0; i < COUNT(cache->buckets); i++)
        while (cache->buckets[i]) {
            struct cache_entry *e = cache->buckets[i];
            cache->buckets[i] = e->next;
            entry_free(cache, e);
        }
    pthread_cond_destroy(&cache->ended);
    pthread_mutex_destroy(&cache->lock);
}

static uint64_t hash_of(const struct cache_key *key)
{
    return hash_str(hash_str(key->enable_cae, key->tenant_id), key->resource); // no secret seed: a credential has few keys, and of its own program
}

static struct cache_entry *find(const struct cache *cache, uint64_t hash, const struct cache_key *key)
{
    for (struct cache_entry *e = cache->buckets[hash % CACHE_BUCKETS]; e; e = e->next)
        if (e->hash == hash && e->key.enable_cae == key->enable_cae && str_eq(e->key.resource, key->resource) &&
            str_eq(e->key.tenant_id, key->tenant_id))
            return e;
    return NULL;
}

struct lanyard_token *cache_find(struct cache *cache, const struct cache_key *key, moment now)
{
    struct lanyard_token *token = NULL;
    uint64_t              hash = hash_of(key);
    pthread_mutex_lock(&cache->lock);
    const struct cache_entry *e = find(cache, hash, key);
    if (e && token_is_valid(e->token, now) && !token_is_due(e->token, now)) token = token_ref(e->token);
    pthread_mutex_unlock(&cache->lock);
    return token;
}

// The entry whose token ends first, or has none; NULL: all are in use.
static struct cache_entry **find_least(struct cache *cache)
{
    struct cache_entry **least = NULL;
    int64_t              ends = INT64_MAX;
    for (size_t i = 0; i < COUNT(cache->buckets); i++)
        for (struct cache_entry **at = &cache->buckets[i]; *at; at = &(*at)->next) {
            int64_t its = lanyard_token_expires_at((*at)->token);
            if ((*at)->turns || (least && its >= ends)) continue;
            least = at;
            ends = its;
        }
    return least;
}

static void make_room(struct cache *cache)
{
    struct cache_entry **least = cache->entry_n < CACHE_ENTRIES_MAX ? NULL : find_least(cache);
    if (!least) return;
    struct cache_entry *e = *least;
    *least = e->next;
    cache->entry_n--;
    entry_free(cache, e);
}

static enum err entry_new(struct call *c, struct cache *cache, uint64_t hash, const struct cache_key *key, struct cache_entry **out)
{
    make_room(cache);
    struct cache_entry *e = allocator_new(cache->allocator, sizeof *e + key->resource.n + key->tenant_id.n + 1);
    if (!e) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    char *texts = (char *)(e + 1);
    e->hash = hash;
    e->key = (struct cache_key){{texts, key->resource.n}, {texts + key->resource.n, key->tenant_id.n}, key->enable_cae};
    if (key->resource.n) memcpy(texts, key->resource.at, key->resource.n);
    if (key->tenant_id.n) memcpy(texts + key->resource.n, key->tenant_id.at, key->tenant_id.n);
    e->next = cache->buckets[hash % CACHE_BUCKETS];
    cache->buckets[hash % CACHE_BUCKETS] = e;
    cache->entry_n++;
    *out = e;
    return OK;
}

static struct cache_turn *turn_find(const struct cache_entry *e, str claims)
{
    for (struct cache_turn *t = e->turns; t; t = t->next)
        if (str_eq(t->claims, claims)) return t;
    return NULL;
}

static enum err turn_new(struct call *c, const struct cache *cache, struct cache_entry *e, str claims, struct cache_turn **out)
{
    struct cache_turn *t = allocator_new(cache->allocator, sizeof *t + claims.n + 1);
    if (!t) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (claims.n) memcpy(t + 1, claims.at, claims.n);
    *t = (struct cache_turn){.next = e->turns, .entry = e, .claims = {(const char *)(t + 1), claims.n}, .users = 1, .generation = e->generation};
    e->turns = t;
    *out = t;
    return OK;
}

static void turn_drop(const struct cache *cache, struct cache_turn *t)
{
    if (--t->users) return;
    lanyard_token_free(t->outcome);
    allocator_free(cache->allocator, t);
}

// Waits for another thread's turn. *out is NULL if that gave up for reasons of its own.
static enum err wait_for(struct call *c, struct cache *cache, struct cache_turn *t, const struct patience *p, struct lanyard_token **out)
{
    enum err failed = OK;
    t->users++;
    while (!t->has_ended && (failed = patience_check(c, p)) == OK) {
        struct timespec until = time_after(patience_left_ms(p, p->cancel ? CANCEL_LOOK_MS : LONG_WAIT_MS));
        pthread_cond_timedwait(&cache->ended, &cache->lock, &until);
    }
    if (failed == OK) *out = t->outcome ? token_ref(t->outcome) : NULL;
    turn_drop(cache, t);
    return failed;
}

static moment moment_after(moment at, int64_t s)
{
    return (moment){at.wall_s + s, at.boot_s + s};
}

// A token that may be given at once: because it is not due, or somebody renews it, or that failed a moment ago.
static bool may_give(const struct cache_entry *e, str claims, moment now)
{
    if (!str_empty(claims) || !token_is_valid(e->token, now)) return false;
    return !token_is_due(e->token, now) || now.boot_s < e->quiet_until_s || turn_find(e, STR_NONE);
}

static enum err enter(struct call *c, struct cache *cache, const struct cache_key *key, str claims, const struct patience *p,
                      struct lanyard_token **out, struct cache_turn **out_turn, struct lanyard_token **out_rejected)
{
    uint64_t hash = hash_of(key);
    while (!*out) {
        struct cache_entry *e = find(cache, hash, key); // anew each time: while this thread waited it may have gone
        if (!e) TRY(entry_new(c, cache, hash, key, &e));
        if (may_give(e, claims, moment_now())) {
            *out = token_ref(e->token);
            return OK;
        }
        struct cache_turn *t = turn_find(e, claims);
        if (t) {
            TRY(wait_for(c, cache, t, p, out));
            continue;
        }
        if (!str_empty(claims) && e->token) *out_rejected = token_ref(e->token);
        TRY(turn_new(c, cache, e, claims, out_turn));
        (*out_turn)->is_renewal = str_empty(claims) && token_is_valid(e->token, moment_after(moment_now(), CACHE_RENEWAL_S));
        return OK;
    }
    return OK;
}

bool cache_turn_is_renewal(const struct cache_turn *turn)
{
    return turn->is_renewal;
}

enum err cache_enter(struct call *c, struct cache *cache, const struct cache_key *key, str claims, const struct patience *patience,
                     struct lanyard_token **out, struct cache_turn **out_turn, struct lanyard_token **out_rejected)
{
    *out = *out_rejected = NULL;
    *out_turn = NULL;
    pthread_mutex_lock(&cache->lock);
    enum err failed = enter(c, cache, key, claims, patience, out, out_turn, out_rejected);
    pthread_mutex_unlock(&cache->lock);
    return failed;
}

static void keep(struct cache_entry *e, struct lanyard_token *token)
{
    lanyard_token_free(e->token);
    e->token = token_ref(token);
    e->quiet_until_s = 0;
}

struct lanyard_token *cache_leave(struct cache *cache, struct cache_turn *turn, struct lanyard_token *outcome, bool is_own)
{
    struct lanyard_token *given = outcome;
    moment                now = moment_now();
    pthread_mutex_lock(&cache->lock);
    struct cache_entry *e = turn->entry;
    for (struct cache_turn **at = &e->turns; *at; at = &(*at)->next)
        if (*at == turn) {
            *at = turn->next;
            break;
        }
    bool has_token = outcome && token_kind(outcome) == OK, has_claims = !str_empty(turn->claims);
    // What was asked for before a challenge was answered may be the very token that a service rejects: it takes no newer one's place.
    bool is_outdated = !has_claims && turn->generation != e->generation;
    if (has_token && !is_outdated) {
        keep(e, outcome);
        if (has_claims) e->generation++;
    } else if (!has_claims && token_is_valid(e->token, now)) {
        bool was_broken_off = !outcome || token_kind(outcome) == ERR_CANCELLED || token_kind(outcome) == ERR_NO_MEMORY;
        given = token_ref(e->token);
        lanyard_token_free(outcome);
        if (!was_broken_off && !is_outdated) e->quiet_until_s = now.boot_s + CACHE_QUIET_S;
        is_own = is_outdated = false; // there is something for those who wait
    }
    if (given && !is_own && !is_outdated) turn->outcome = token_ref(given);
    turn->has_ended = true;
    turn_drop(cache, turn);
    pthread_cond_broadcast(&cache->ended);
    pthread_mutex_unlock(&cache->lock);
    return given;
}
