#include "ops/minter.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/random.h"
#include "core/report.h"
#include "token/audience.h"

#define SHELF_PLACES 256 // of a serving thread's own cache; a power of two
#define SIGNER_NICE  10  // measured: at equal priority two signers halve the serving threads' rate

#define KEY_IDS_BYTES (2 * sizeof(guid) + sizeof(int64_t))
#define KEY_MAX_BYTES (KEY_IDS_BYTES + AUDIENCE_MAX_BYTES)

// A key as one text, for the maps.
struct key_text {
    char   s[KEY_MAX_BYTES];
    size_t n;
};

// An order that waits for a signer or is being signed; its texts stand behind it.
struct job {
    struct mint_order   order;
    struct mint_waiter *waiters;
    struct job         *next;
    struct key_text     key;
    char                texts[];
};

struct minter {
    struct product *product;
    uint64_t        seed;
    struct minted **shelves[PRODUCT_MAX_LOOPS]; // each its thread's own; made at first use
    pthread_t       signers[MINTER_MAX_SIGNERS];
    unsigned        signer_n;
    pthread_mutex_t lock; // of all below
    pthread_cond_t  has_work;
    struct map      tokens;
    size_t          hand;    // where the next eviction looks, so that it goes round
    struct map      pending; // every job until its token is in `tokens`
    struct job     *first, *last;
    size_t          queued;
    bool            stopping;
};

static bool write_key(const struct mint_key *key, struct key_text *out)
{
    if (key->audience.n > AUDIENCE_MAX_BYTES) return false;
    memcpy(out->s, key->principal.g.b, sizeof(guid));
    memcpy(out->s + sizeof(guid), key->host.b, sizeof(guid));
    memcpy(out->s + 2 * sizeof(guid), &key->after_s, sizeof key->after_s);
    if (key->audience.n) memcpy(out->s + KEY_IDS_BYTES, key->audience.at, key->audience.n);
    out->n = KEY_IDS_BYTES + key->audience.n;
    return true;
}

static str key_str(const struct key_text *k)
{
    return (str){k->s, k->n};
}

static bool same_key(const struct mint_key *a, const struct mint_key *b)
{
    return object_id_eq(a->principal, b->principal) && guid_eq(a->host, b->host) && a->after_s == b->after_s && str_eq(a->audience, b->audience);
}

static void minted_free(struct ref *r)
{
    struct minted *t = CONTAINER_OF(r, struct minted, ref);
    secret_wipe((char *)t->text.at, t->text.n);
    free(t);
}

static void minted_drop(const struct minted *t)
{
    if (t) ref_drop((struct ref *)&t->ref);
}

static int64_t at_most(int64_t most, int64_t part)
{
    return part < most ? part : most;
}

// Token and key in one block.
static struct minted *minted_new(const struct job *j, const struct token *token, int64_t now_s)
{
    struct minted *t = calloc(1, sizeof *t + j->key.n + token->text.n);
    if (!t) return NULL;
    char   *room = (char *)(t + 1);
    int64_t lifetime_s = token->expires_s - now_s;
    memcpy(room, j->key.s, j->key.n);
    memcpy(room + j->key.n, token->text.at, token->text.n);
    ref_init(&t->ref, minted_free);
    t->key = j->order.key;
    t->key.audience = (str){room + KEY_IDS_BYTES, j->key.n - KEY_IDS_BYTES};
    t->app = j->order.app;
    t->text = (str){room + j->key.n, token->text.n};
    t->not_before_s = token->not_before_s;
    t->expires_s = token->expires_s;
    t->renew_s = token->expires_s - at_most(MINTER_RENEW_S, lifetime_s / 4);
    t->useful_s = token->expires_s - at_most(MINTER_LEAST_S, lifetime_s / 8);
    return t;
}

static str minted_key(const struct minted *t)
{
    return (str){t->key.audience.at - KEY_IDS_BYTES, t->key.audience.n + KEY_IDS_BYTES};
}

// A clock that was set back meets tokens of a time to come: no service takes them yet.
static bool is_useful(const struct minted *t, int64_t now_s)
{
    return now_s >= t->not_before_s && now_s < t->useful_s;
}

// ---- the shared cache; the lock is held ----

static struct minted *shared_find(struct minter *m, const struct key_text *key, int64_t now_s)
{
    struct minted *t = map_get(&m->tokens, key_str(key));
    return t && is_useful(t, now_s) ? t : NULL;
}

static void evict_one(struct minter *m)
{
    struct minted *t = map_next(&m->tokens, &m->hand);
    if (!t) {
        m->hand = 0;
        t = map_next(&m->tokens, &m->hand);
    }
    if (!t) return;
    map_remove(&m->tokens, minted_key(t));
    minted_drop(t);
}

// Takes a reference. Without memory the token is simply not kept.
static void shared_put(struct minter *m, struct minted *t)
{
    void *old = NULL;
    if (m->tokens.n >= MINTER_MAX_TOKENS && !map_get(&m->tokens, minted_key(t))) evict_one(m);
    if (!map_put(&m->tokens, minted_key(t), t, &old)) return;
    ref_take(&t->ref);
    minted_drop(old);
}

// ---- a thread's own cache ----

// Two places for a key: the one asked for last stands in the first.
static struct minted **places_of(struct minter *m, unsigned row, const struct mint_key *key)
{
    uint64_t hash = hash_str(hash_guid(hash_guid(m->seed, key->principal.g), key->host), key->audience);
    return &m->shelves[row][hash & (SHELF_PLACES - 2)];
}

static void shelve(struct minted **places, struct minted *t) // takes the reference over
{
    size_t at = places[0] && same_key(&places[0]->key, &t->key) ? 0 : 1;
    minted_drop(places[at]);
    if (at == 1) places[1] = places[0];
    places[0] = t;
}

const struct minted *minter_find(struct minter *m, unsigned row, int64_t now_s, const struct mint_key *key)
{
    struct key_text text;
    struct minted  *mine = NULL;
    if (row >= COUNT(m->shelves)) return NULL;
    if (!m->shelves[row]) m->shelves[row] = calloc(SHELF_PLACES, sizeof(struct minted *));
    if (!m->shelves[row]) return NULL;
    struct minted **places = places_of(m, row, key);
    for (size_t i = 0; i < 2 && !mine; i++)
        if (places[i] && same_key(&places[i]->key, key) && is_useful(places[i], now_s)) mine = places[i];
    if (mine && !minter_is_due(mine, now_s)) return mine;
    if (!write_key(key, &text)) return NULL;

    pthread_mutex_lock(&m->lock);
    struct minted *shared = shared_find(m, &text, now_s);
    if (shared && shared != mine) ref_take(&shared->ref);
    pthread_mutex_unlock(&m->lock);
    if (!shared || shared == mine) return mine;
    shelve(places, shared);
    return shared;
}

// ---- orders ----

static str put_text(char **room, str text)
{
    char *at = *room;
    if (text.n) memcpy(at, text.at, text.n);
    *room += text.n;
    return (str){at, text.n};
}

static struct job *job_new(const struct mint_order *order, const struct key_text *key)
{
    struct job *j = calloc(1, sizeof *j + order->claim.n + order->identity_resource.n + order->host_resource.n);
    if (!j) return NULL;
    char *room = j->texts;
    j->order = *order;
    j->key = *key;
    j->order.key.audience = (str){j->key.s + KEY_IDS_BYTES, j->key.n - KEY_IDS_BYTES};
    j->order.claim = put_text(&room, order->claim);
    j->order.identity_resource = put_text(&room, order->identity_resource);
    j->order.host_resource = put_text(&room, order->host_resource);
    return j;
}

// The lock is held. OK: the order waits or is being signed, in *out.
static enum err submit(struct minter *m, const struct mint_order *order, const struct key_text *key, struct job **out)
{
    *out = map_get(&m->pending, key_str(key));
    if (*out) return OK;
    if (m->stopping || m->queued >= MINTER_MAX_QUEUE) return ERR_BUSY;
    struct job *j = job_new(order, key);
    if (!j) return ERR_NO_MEMORY;
    if (!map_put(&m->pending, key_str(&j->key), j, NULL)) {
        free(j);
        return ERR_NO_MEMORY;
    }
    if (m->last) m->last->next = j;
    else m->first = j;
    m->last = j;
    m->queued++;
    pthread_cond_signal(&m->has_work);
    *out = j;
    return OK;
}

void minter_renew(struct minter *m, const struct mint_order *order)
{
    struct key_text key;
    struct job     *j;
    if (!write_key(&order->key, &key)) return;
    pthread_mutex_lock(&m->lock);
    enum err failed = submit(m, order, &key, &j);
    pthread_mutex_unlock(&m->lock);
    (void)failed; // the old token still serves, and the next request tries again
}

enum err minter_ask(struct call *c, struct minter *m, const struct mint_order *order, struct mint_waiter *waiter)
{
    struct key_text key;
    struct job     *j;
    enum err        failed = OK;
    if (!write_key(&order->key, &key)) return FAIL_PLAIN(c, ERR_TOO_LARGE);
    pthread_mutex_lock(&m->lock);
    struct minted *there = shared_find(m, &key, c->now_s);
    if (there) ref_take(&there->ref);
    else failed = submit(m, order, &key, &j);
    if (!there && failed == OK) {
        waiter->next = j->waiters;
        j->waiters = waiter;
    }
    pthread_mutex_unlock(&m->lock);
    if (failed != OK) return FAIL_PLAIN(c, failed);
    if (!there) return OK;
    waiter->done(waiter, OK, there); // it was made since the caller looked
    minted_drop(there);
    return OK;
}

// ---- the signers ----

// On a first start requests may come before the first key is made: they wait for it.
static bool has_key(struct minter *m)
{
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(m->product);
    return keys && keyring_n(keys) > 0;
}

void minter_wake(struct minter *m)
{
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    pthread_cond_broadcast(&m->has_work);
    pthread_mutex_unlock(&m->lock);
}

static struct job *next_job(struct minter *m)
{
    pthread_mutex_lock(&m->lock);
    while ((!m->first || !has_key(m)) && !m->stopping) pthread_cond_wait(&m->has_work, &m->lock);
    struct job *j = m->stopping ? NULL : m->first;
    if (j) {
        m->first = j->next;
        if (!m->first) m->last = NULL;
        m->queued--;
    }
    pthread_mutex_unlock(&m->lock);
    return j;
}

static enum err sign(struct call *c, struct product *p, const struct job *j, struct minted **out)
{
    struct token         token;
    struct token_request r = {
        .version = j->order.version,
        .tenant = p->tenant,
        .issuer = product_issuer(c, p, j->order.version),
        .subject = j->order.key.principal,
        .app = j->order.app,
        .audience = j->order.claim,
        .lifetime_s = p->token_lifetime_s,
        .after_s = j->order.key.after_s,
        .identity_resource = j->order.identity_resource,
        .host_resource = j->order.host_resource,
    };
    CLEANUP(keyring_dropp) struct keyring *keys = product_keyring_take(p);
    TRY(token_issue(c, keys, &r, &token));
    *out = minted_new(j, &token, c->now_s);
    return *out ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static void tell(struct mint_waiter *waiters, enum err failed, const struct minted *t)
{
    while (waiters) {
        struct mint_waiter *w = waiters;
        waiters = w->next; // before done: the waiter's memory may go with it
        w->done(w, failed, t);
    }
}

static void finish(struct minter *m, struct job *j, enum err failed, struct minted *t)
{
    pthread_mutex_lock(&m->lock);
    map_remove(&m->pending, key_str(&j->key)); // nobody joins it from here on
    if (t) shared_put(m, t);
    pthread_mutex_unlock(&m->lock);
    tell(j->waiters, failed, t);
    minted_drop(t);
    free(j);
}

static void *signer_main(void *context)
{
    struct minter     *m = context;
    struct random_pool ids; // a token needs several
    struct call        c;
    struct job        *j;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SIGNER_NICE); // of this thread alone
    random_pool_init(&ids);
    call_init(&c, &m->product->clock, m->product->random ? m->product->random : &ids.random);
    while ((j = next_job(m))) {
        struct minted *t = NULL;
        call_reset(&c, &m->product->clock);
        enum err failed = sign(&c, m->product, j, &t);
        if (failed != OK) report_failure(REPORT_ERROR, "ops: a token was not signed", &c);
        finish(m, j, failed, t);
    }
    call_clear(&c);
    return NULL;
}

static void clear_shelf(struct minted **places)
{
    for (size_t i = 0; places && i < SHELF_PLACES; i++) minted_drop(places[i]);
    free(places);
}

void minter_stop(struct minter *m)
{
    struct minted *t;
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->stopping = true;
    pthread_cond_broadcast(&m->has_work);
    pthread_mutex_unlock(&m->lock);
    for (unsigned i = 0; i < m->signer_n; i++) pthread_join(m->signers[i], NULL);
    while (m->first) {
        struct job *j = m->first;
        m->first = j->next;
        finish(m, j, ERR_BUSY, NULL);
    }
    for (size_t i = 0; i < COUNT(m->shelves); i++) clear_shelf(m->shelves[i]);
    for (size_t at = 0; (t = map_next(&m->tokens, &at));) minted_drop(t);
    map_clear(&m->tokens);
    map_clear(&m->pending);
    pthread_cond_destroy(&m->has_work);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static void stop_minter(struct minter **m)
{
    minter_stop(*m);
}

// Two signers on one processor sign no more than one, and only interrupt each other.
static unsigned at_most_processors(unsigned signers)
{
    cpu_set_t mine;
    int       n = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : MINTER_MAX_SIGNERS;
    if (signers > MINTER_MAX_SIGNERS) signers = MINTER_MAX_SIGNERS;
    return n > 0 && signers > (unsigned)n ? (unsigned)n : signers;
}

enum err minter_start(struct call *c, struct product *p, unsigned signers, struct minter **out)
{
    CLEANUP(stop_minter) struct minter *m = calloc(1, sizeof *m);
    if (!m) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    m->product = p;
    m->seed = hash_seed_new();
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->has_work, NULL);
    map_init(&m->tokens, false);
    map_init(&m->pending, false);
    for (signers = at_most_processors(signers); m->signer_n < signers; m->signer_n++)
        if (pthread_create(&m->signers[m->signer_n], NULL, signer_main, m) != 0) return FAIL(c, ERR_IO, "No thread for signing tokens could be started.");
    *out = TAKE(m);
    return OK;
}
