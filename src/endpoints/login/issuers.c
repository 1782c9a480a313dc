#include "endpoints/login/issuers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/report.h"
#include "net/client.h"
#include "token/discovery.h"

#define REQUEST_MAX_S 120 // no request lives longer

// One issuer. Its place in the table is its own as long as it is fetched.
struct issuer {
    struct arena          memory; // of the URL
    str                   url;    // empty: nobody's place
    struct jwks          *keys;   // NULL: none yet, or too old
    int64_t               fetched_ns, tried_ns, used_ns;
    bool                  was_tried, is_fetched;
    struct issuer_waiter *waiters;
    size_t                waiter_n;
};

struct issuers {
    pthread_mutex_t    lock; // of the table
    struct issuer      table[ISSUERS_MAX];
    size_t             waiter_n, fetch_n; // of all
    bool               is_stopping;
    struct net_client *client;
    struct arena       memory; // of what is allowed
    str                allowed[ISSUERS_MAX_ALLOWED];
    size_t             allowed_n;
    str                ca_pem;
};

// A fetch: begun on any thread, then the loop's.
struct fetch {
    struct net_task  begin;
    struct issuers  *all;
    struct issuer   *issuer;
    struct net_loop *loop;
    struct call      call; // of this fetch alone
    str              url;  // the issuer's
};

// ---- what is known ----

static bool has_passed(int64_t since_ns, int64_t now_ns, int64_t s)
{
    // Requests have the time at which they began, and one that began later may have been here before. What lies further
    // back is a clock that was set back, which makes everything due.
    return since_ns - now_ns > REQUEST_MAX_S * NS_PER_S || now_ns - since_ns >= s * NS_PER_S;
}

static struct issuer *find_issuer(struct issuers *all, str url)
{
    for (size_t i = 0; i < ISSUERS_MAX; i++)
        if (all->table[i].url.n && str_eq(all->table[i].url, url)) return &all->table[i];
    return NULL;
}

static bool may_be_fetched(const struct issuer *i, int64_t now_ns)
{
    return !i->was_tried || has_passed(i->tried_ns, now_ns, ISSUER_RETRY_S);
}

static enum issuer_keys look(const struct issuer *i, str kid, bool will_wait, int64_t now_ns, const struct jwk **out)
{
    bool counts = i && i->keys && !has_passed(i->fetched_ns, now_ns, ISSUER_KEPT_S);
    *out = counts ? jwks_find(i->keys, kid) : NULL;
    if (*out && !has_passed(i->fetched_ns, now_ns, ISSUER_FRESH_S)) return ISSUER_HAS_KEY;
    if (will_wait && (!i || i->is_fetched || may_be_fetched(i, now_ns))) return ISSUER_LATER;
    return *out ? ISSUER_HAS_KEY : counts ? ISSUER_LACKS_KEY : ISSUER_FAILED;
}

enum issuer_keys issuers_find(const struct call *c, struct issuers *all, str issuer, str kid, bool will_wait, struct jwks **out_set,
                              const struct jwk **out_key)
{
    *out_set = NULL;
    *out_key = NULL;
    if (!all) return ISSUER_FAILED;
    pthread_mutex_lock(&all->lock);
    struct issuer   *i = find_issuer(all, issuer);
    enum issuer_keys known = look(i, kid, will_wait, c->now_ns, out_key);
    if (known == ISSUER_HAS_KEY) {
        *out_set = i->keys;
        jwks_take(i->keys);
        i->used_ns = c->now_ns;
    }
    pthread_mutex_unlock(&all->lock);
    return known;
}

// ---- the end of a fetch ----

static void tell(struct issuer_waiter *first, bool again)
{
    for (struct issuer_waiter *w = first, *next; w; w = next) {
        next = w->next; // it may be gone once it is told
        w->done(w, again);
    }
}

static void end_fetch(struct fetch *f, struct jwks *keys)
{
    struct issuer *i = f->issuer;
    pthread_mutex_lock(&f->all->lock);
    if (keys) {
        jwks_drop(i->keys);
        i->keys = keys;
        i->fetched_ns = f->call.now_ns;
    }
    struct issuer_waiter *waiters = i->waiters;
    bool                  again = !f->all->is_stopping;
    f->all->waiter_n -= i->waiter_n;
    f->all->fetch_n--;
    i->waiters = NULL;
    i->waiter_n = 0;
    i->is_fetched = false;
    pthread_mutex_unlock(&f->all->lock);
    call_clear(&f->call);
    free(f);
    tell(waiters, again);
}

static void fail_fetch(struct fetch *f, const char *what, const char *why)
{
    str url = call_printable(&f->call, f->url, DISCOVERY_MAX_URL_BYTES), reason = call_printable(&f->call, str_of(why), 300);
    if (!f->all->is_stopping)
        report(REPORT_WARNING, "issuers: the keys of an issuer cannot be had", "issuer=\"%.*s\" step=\"%s\" reason=\"%.*s\"", PSTR(url), what,
               PSTR(reason));
    end_fetch(f, NULL);
}

// ---- a fetch ----

static bool is_allowed(const struct issuers *all, str url)
{
    for (size_t i = 0; i < all->allowed_n; i++)
        if (str_eq(all->allowed[i], url)) return true;
    return false;
}

// A private address is for an issuer that the operator named, and for what lies beside it.
static bool ask(struct fetch *f, str url, size_t max_bytes, void (*done)(const struct net_answer *answer, void *context))
{
    bool                 allowed = is_allowed(f->all, f->url) && discovery_is_same_host(f->url, url);
    str                  accept = S("Accept: application/json");
    struct net_transfer *transfer;
    struct net_request   r = {
          .url = url, .headers = &accept, .header_n = 1, .total_timeout_ms = ISSUER_TIMEOUT_MS, .max_body_bytes = max_bytes, .allows_private = allowed};
    if (allowed) r.ca_pem = f->all->ca_pem;
    return net_client_start(&f->call, f->all->client, f->loop, &r, done, f, &transfer) == OK;
}

static bool is_answered(const struct net_answer *a)
{
    return a->failed == OK && a->status == 200;
}

static void fail_answer(struct fetch *f, const char *what, const struct net_answer *a)
{
    char status[32];
    snprintf(status, sizeof status, "HTTP status %d", a->status);
    fail_fetch(f, what, a->failed != OK ? a->why : status);
}

static void on_keys(const struct net_answer *a, void *context)
{
    struct fetch *f = context;
    struct jwks  *keys = NULL;
    if (!is_answered(a)) fail_answer(f, "keys", a);
    else if (jwks_read(&f->call, a->body, &keys) == OK) end_fetch(f, keys);
    else fail_fetch(f, "keys", f->call.failure.text);
}

static void on_document(const struct net_answer *a, void *context)
{
    struct fetch *f = context;
    str           url;
    if (!is_answered(a)) fail_answer(f, "discovery", a);
    else if (discovery_read(&f->call, a->body, f->url, &url) != OK) fail_fetch(f, "discovery", f->call.failure.text);
    else if (!ask(f, url, JWKS_MAX_BYTES, on_keys)) fail_fetch(f, "keys", f->call.failure.text);
}

static void begin_fetch(struct net_task *task)
{
    struct fetch *f = CONTAINER_OF(task, struct fetch, begin);
    str           url;
    bool          begun = !f->all->is_stopping && discovery_url(&f->call, f->url, &url) == OK && ask(f, url, DISCOVERY_MAX_BYTES, on_document);
    if (!begun) fail_fetch(f, "discovery", f->call.failure.text);
}

// ---- waiting ----

static void forget(struct issuer *i)
{
    jwks_drop(i->keys);
    arena_clear(&i->memory);
    *i = (struct issuer){0};
}

// The place of one without keys goes first, then that of the one that was used longest ago.
static bool goes_before(const struct issuer *a, const struct issuer *b)
{
    bool has = a->keys != NULL, other_has = b->keys != NULL;
    return has != other_has ? other_has : a->used_ns < b->used_ns;
}

// NULL: all are fetched just now.
static struct issuer *find_place(struct issuers *all)
{
    struct issuer *found = NULL;
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        struct issuer *at = &all->table[i];
        if (at->is_fetched) continue;
        if (str_empty(at->url)) return at;
        if (!found || goes_before(at, found)) found = at;
    }
    return found;
}

static enum err add_issuer(struct call *c, struct issuers *all, str url, struct issuer **out)
{
    struct issuer *i = find_place(all);
    if (!i) return FAIL(c, ERR_BUSY, "The keys of too many issuers are being fetched; try again shortly.");
    forget(i);
    i->url = arena_copy_str(&i->memory, url);
    if (!i->url.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = i;
    return OK;
}

static enum err fetch_new(struct call *c, struct issuers *all, struct issuer *issuer, struct net_loop *loop, struct fetch **out)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *f = (struct fetch){.begin.run = begin_fetch, .all = all, .issuer = issuer, .loop = loop};
    call_init(&f->call, NULL, NULL);
    f->call.now_ns = c->now_ns; // by the product's clock
    f->url = arena_copy_str(&f->call.arena, issuer->url);
    *out = f;
    if (f->url.at) return OK;
    call_clear(&f->call);
    free(f);
    return FAIL_PLAIN(c, ERR_NO_MEMORY);
}

// Under the lock. False: nothing needs to be fetched any more.
static bool must_wait(struct issuers *all, str url, str kid, int64_t now_ns)
{
    const struct jwk *key;
    return look(find_issuer(all, url), kid, true, now_ns, &key) == ISSUER_LATER;
}

// Under the lock. *out_fetch: to be begun; NULL: one runs.
static enum err join(struct call *c, struct issuers *all, str url, struct net_loop *loop, struct issuer_waiter *waiter, struct fetch **out_fetch)
{
    struct issuer *i = find_issuer(all, url);
    bool           is_fetched = i && i->is_fetched;
    *out_fetch = NULL;
    if (all->waiter_n >= ISSUERS_MAX_WAITERS || (i && i->waiter_n >= ISSUER_MAX_WAITERS) || (!is_fetched && all->fetch_n >= ISSUERS_MAX_FETCHES))
        return FAIL(c, ERR_BUSY, "Too many requests wait for the keys of issuers; try again shortly.");
    if (!i) TRY(add_issuer(c, all, url, &i));
    if (!i->is_fetched) {
        TRY(fetch_new(c, all, i, loop, out_fetch));
        i->is_fetched = i->was_tried = true;
        i->tried_ns = i->used_ns = c->now_ns;
        all->fetch_n++;
    }
    i->waiter_n++;
    all->waiter_n++;
    waiter->next = i->waiters;
    i->waiters = waiter;
    return OK;
}

enum err issuers_wait(struct call *c, struct issuers *all, str issuer, str kid, struct net_loop *loop, struct issuer_waiter *waiter)
{
    struct fetch *f = NULL;
    str           url;
    enum err      failed = OK;
    TRY(discovery_url(c, issuer, &url)); // what is no issuer takes no place
    pthread_mutex_lock(&all->lock);
    bool waits = must_wait(all, issuer, kid, c->now_ns);
    if (waits) failed = join(c, all, issuer, loop, waiter, &f);
    pthread_mutex_unlock(&all->lock);
    if (failed != OK) return failed;
    if (f) net_post(loop, &f->begin);
    if (!waits) waiter->done(waiter, true);
    return OK;
}

// ---- all of them ----

static enum err keep_settings(struct call *c, struct issuers *all, const struct issuers_settings *settings)
{
    if (settings->allowed_n > ISSUERS_MAX_ALLOWED) return FAIL(c, ERR_TOO_LARGE, "At most %d issuers can be allowed.", ISSUERS_MAX_ALLOWED);
    for (size_t i = 0; i < settings->allowed_n; i++) {
        str url;
        if (discovery_url(c, settings->allowed[i], &url) != OK) return c->failure.kind;
        all->allowed[i] = arena_copy_str(&all->memory, settings->allowed[i]);
        if (!all->allowed[i].at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
        all->allowed_n++;
    }
    all->ca_pem = arena_copy_str(&all->memory, settings->ca_pem);
    return all->ca_pem.at ? OK : FAIL_PLAIN(c, ERR_NO_MEMORY);
}

static void issuers_freep(struct issuers **all)
{
    issuers_free(*all);
}

enum err issuers_new(struct call *c, struct net_loops *loops, const struct issuers_settings *settings, struct issuers **out)
{
    CLEANUP(issuers_freep) struct issuers *all = calloc(1, sizeof *all);
    if (!all) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    pthread_mutex_init(&all->lock, NULL);
    TRY(keep_settings(c, all, settings));
    TRY(net_client_new(c, loops, &(struct net_client_settings){.max_transfers = ISSUERS_MAX}, &all->client));
    *out = TAKE(all);
    return OK;
}

void issuers_free(struct issuers *all)
{
    if (!all) return;
    all->is_stopping = true; // no other thread is here any more
    net_client_free(all->client);
    for (size_t i = 0; i < ISSUERS_MAX; i++) forget(&all->table[i]);
    arena_clear(&all->memory);
    pthread_mutex_destroy(&all->lock);
    free(all);
}
