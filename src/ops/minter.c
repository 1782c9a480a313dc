#include "ops/minter.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/random.h"
#include "core/report.h"

#define CACHE_SLOTS      256 // of a serving thread's own cache; a power of two
#define SIGNER_MAX_BATCH 8   // tokens that a signer makes before it hands them out
#define SIGNER_NICE      10  // measured: at equal priority two signers halve the serving threads' rate

// An order that waits for a signer or is being signed.
struct job {
    struct arena         arena; // of all that is in it
    str                  key;
    struct token_request token;
    str                  asked;
    bool                 once;
    struct mint_waiter  *waiters;
    enum err             failed; // how it ended, and with which token
    struct minted       *made;
    struct job          *next;
};

struct minter {
    struct product *product;
    uint64_t        seed;
    struct minted **caches[PRODUCT_ROWS]; // each its thread's own; made at first use
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

static void key_add(struct mint_key *key, const void *at, size_t n)
{
    if (n <= sizeof key->at && key->n <= sizeof key->at - n) memcpy(key->at + key->n, at, n);
    key->n = n > sizeof key->at ? sizeof key->at + 1 : key->n + n;
}

void mint_key_begin(struct mint_key *key, enum token_kind kind)
{
    key->at[0] = (char)kind;
    key->n = 1;
}

void mint_key_once(struct call *c, struct mint_key *key)
{
    mint_key_begin(key, TOKEN_KINDS);
    mint_key_add_guid(key, guid_new(c));
}

void mint_key_add_guid(struct mint_key *key, guid g)
{
    key_add(key, g.b, sizeof g.b);
}

void mint_key_add_i64(struct mint_key *key, int64_t v)
{
    key_add(key, &v, sizeof v);
}

void mint_key_add_text(struct mint_key *key, str text)
{
    key_add(key, &text.n, sizeof text.n);
    if (text.n) key_add(key, text.at, text.n);
}

static bool key_fits(const struct mint_key *key)
{
    return key->n <= sizeof key->at;
}

static str key_str(const struct mint_key *key)
{
    return (str){key->at, key->n};
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

static str put_text(char **room, str text)
{
    char *at = *room;
    if (text.n) memcpy(at, text.at, text.n);
    *room += text.n;
    return (str){at, text.n};
}

// Token, key and texts in one block.
static struct minted *minted_new(const struct job *j, const struct token *token, int64_t now_s)
{
    struct minted *t = calloc(1, sizeof *t + j->key.n + token->text.n + j->asked.n + token->unique_id.n);
    if (!t) return NULL;
    char   *room = (char *)(t + 1);
    int64_t lifetime_s = token->expires_s - now_s;
    ref_init(&t->ref, minted_free);
    t->key = put_text(&room, j->key);
    t->text = put_text(&room, token->text);
    t->asked = put_text(&room, j->asked);
    t->unique_id = put_text(&room, token->unique_id);
    t->app = j->token.app;
    t->not_before_s = token->not_before_s;
    t->expires_s = token->expires_s;
    t->renew_s = token->expires_s - at_most(MINTER_RENEW_S, lifetime_s / 4);
    t->useful_s = token->expires_s - at_most(MINTER_LEAST_S, lifetime_s / 8);
    return t;
}

// A clock that was set back meets tokens of a time to come: no service takes them yet.
static bool is_useful(const struct minted *t, int64_t now_s)
{
    return now_s >= t->not_before_s && now_s < t->useful_s;
}

// ---- the shared cache; the lock is held ----

static struct minted *shared_find(struct minter *m, str key, int64_t now_s)
{
    struct minted *t = map_get(&m->tokens, key);
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
    map_remove(&m->tokens, t->key);
    minted_drop(t);
}

// Takes a reference. Without memory the token is simply not kept.
static void shared_put(struct minter *m, struct minted *t)
{
    void *old = NULL;
    if (m->tokens.n >= MINTER_MAX_TOKENS && !map_get(&m->tokens, t->key)) evict_one(m);
    if (!map_put(&m->tokens, t->key, t, &old)) return;
    ref_take(&t->ref);
    minted_drop(old);
}

// ---- a thread's own cache ----

// Two slots for each hash: the entry that was used last is in the first.
static struct minted **slots_of(struct minter *m, unsigned row, str key)
{
    return &m->caches[row][hash_str(m->seed, key) & (CACHE_SLOTS - 2)];
}

static void cache_put(struct minted **slots, struct minted *t) // takes the reference over
{
    size_t at = slots[0] && str_eq(slots[0]->key, t->key) ? 0 : 1;
    minted_drop(slots[at]);
    if (at == 1) slots[1] = slots[0];
    slots[0] = t;
}

const struct minted *minter_find(struct minter *m, unsigned row, int64_t now_s, const struct mint_key *wanted)
{
    struct minted *mine = NULL;
    str            key = key_str(wanted);
    if (row >= COUNT(m->caches) || !key_fits(wanted)) return NULL;
    if (!m->caches[row]) m->caches[row] = calloc(CACHE_SLOTS, sizeof(struct minted *));
    if (!m->caches[row]) return NULL;
    struct minted **slots = slots_of(m, row, key);
    for (size_t i = 0; i < 2 && !mine; i++)
        if (slots[i] && str_eq(slots[i]->key, key) && is_useful(slots[i], now_s)) mine = slots[i];
    if (mine && !minter_is_due(mine, now_s)) return mine;

    pthread_mutex_lock(&m->lock);
    struct minted *shared = shared_find(m, key, now_s);
    if (shared && shared != mine) ref_take(&shared->ref);
    pthread_mutex_unlock(&m->lock);
    if (!shared || shared == mine) return mine;
    cache_put(slots, shared);
    return shared;
}

// ---- orders ----

static void job_free(struct job *j)
{
    struct arena arena = j->arena; // the job itself is in it
    arena_clear(&arena);
}

static bool copy(struct arena *a, str text, str *out)
{
    *out = arena_copy_str(a, text);
    return out->at != NULL;
}

static struct job *job_new(const struct mint_order *order)
{
    struct arena arena = {0};
    struct job  *j = arena_alloc(&arena, sizeof *j);
    if (!j) return NULL;
    if (!copy(&arena, key_str(order->key), &j->key) || !copy(&arena, order->asked, &j->asked) ||
        !token_request_copy(&arena, &order->token, &j->token)) {
        arena_clear(&arena);
        return NULL;
    }
    j->once = order->once;
    j->arena = arena;
    return j;
}

// The lock is held. OK: the order waits or is being signed, in *out.
static enum err submit(struct minter *m, const struct mint_order *order, struct job **out)
{
    *out = map_get(&m->pending, key_str(order->key));
    if (*out) return OK;
    if (m->stopping || m->queued >= MINTER_MAX_QUEUE) return ERR_BUSY;
    struct job *j = job_new(order);
    if (!j) return ERR_NO_MEMORY;
    if (!map_put(&m->pending, j->key, j, NULL)) {
        job_free(j);
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
    struct job *j;
    if (!key_fits(order->key)) return;
    pthread_mutex_lock(&m->lock);
    enum err failed = submit(m, order, &j);
    pthread_mutex_unlock(&m->lock);
    (void)failed; // the old token still serves, and the next request tries again
}

enum err minter_ask(struct call *c, struct minter *m, const struct mint_order *order, struct mint_waiter *waiter)
{
    struct job *j;
    enum err    failed = OK;
    TRY(call_check_texts(c)); // the order's
    if (!key_fits(order->key)) return FAIL_PLAIN(c, ERR_TOO_LARGE);
    pthread_mutex_lock(&m->lock);
    struct minted *there = shared_find(m, key_str(order->key), c->now_s);
    if (there) ref_take(&there->ref);
    else failed = submit(m, order, &j);
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

// The lock is held.
static struct job *take_first(struct minter *m)
{
    struct job *j = m->first;
    m->first = j->next;
    if (!m->first) m->last = NULL;
    m->queued--;
    return j;
}

// What a signer takes at once. Each time that a serving thread is woken costs it a turn; so where many wait, several are
// answered in one. Nobody waits longer than behind the others of the queue anyway.
static size_t batch_size(const struct minter *m)
{
    size_t share = m->queued / m->signer_n / 2;
    return share < 1 ? 1 : share < SIGNER_MAX_BATCH ? share : SIGNER_MAX_BATCH;
}

// None: the minter stops.
static size_t next_jobs(struct minter *m, struct job *out[SIGNER_MAX_BATCH])
{
    size_t n = 0;
    pthread_mutex_lock(&m->lock);
    while ((!m->first || !has_key(m)) && !m->stopping) pthread_cond_wait(&m->has_work, &m->lock);
    for (size_t room = m->stopping ? 0 : batch_size(m); n < room; n++) out[n] = take_first(m);
    pthread_mutex_unlock(&m->lock);
    return n;
}

static enum err sign(struct call *c, struct product *p, const struct job *j, struct minted **out)
{
    struct token         token;
    struct token_request r = j->token;
    r.tenant = p->tenant;
    if (str_empty(r.issuer)) r.issuer = product_issuer(c, p, r.version);
    if (!r.lifetime_s) r.lifetime_s = p->token_lifetime_s;
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

// Jobs that are done, each with its outcome: all leave the table before anybody is told.
static void finish(struct minter *m, struct job *const *jobs, size_t n)
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < n; i++) {
        map_remove(&m->pending, jobs[i]->key); // nobody joins it from here on
        if (jobs[i]->made && !jobs[i]->once) shared_put(m, jobs[i]->made);
    }
    pthread_mutex_unlock(&m->lock);
    for (size_t i = 0; i < n; i++) {
        tell(jobs[i]->waiters, jobs[i]->failed, jobs[i]->made);
        minted_drop(jobs[i]->made);
        job_free(jobs[i]);
    }
}

static void *signer_main(void *context)
{
    struct minter     *m = context;
    struct random_pool ids; // a token needs several
    struct call        c;
    struct job        *jobs[SIGNER_MAX_BATCH];
    size_t             n;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), SIGNER_NICE); // of this thread alone
    random_pool_init(&ids);
    call_init(&c, &m->product->clock, m->product->random ? m->product->random : &ids.random);
    while ((n = next_jobs(m, jobs))) {
        for (size_t i = 0; i < n; i++) {
            call_reset(&c, &m->product->clock);
            jobs[i]->failed = sign(&c, m->product, jobs[i], &jobs[i]->made);
            if (jobs[i]->failed != OK) report_failure(REPORT_ERROR, "ops: a token was not signed", &c);
        }
        finish(m, jobs, n);
    }
    call_clear(&c);
    return NULL;
}

static void clear_cache(struct minted **slots)
{
    for (size_t i = 0; slots && i < CACHE_SLOTS; i++) minted_drop(slots[i]);
    free(slots);
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
        struct job *j = take_first(m);
        j->failed = ERR_BUSY;
        finish(m, &j, 1);
    }
    for (size_t i = 0; i < COUNT(m->caches); i++) clear_cache(m->caches[i]);
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
        if (pthread_create(&m->signers[m->signer_n], NULL, signer_main, m) != 0)
            return FAIL(c, ERR_IO, "The threads that sign tokens cannot be started.");
    *out = TAKE(m);
    return OK;
}
