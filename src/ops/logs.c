#include "ops/logs.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/random.h"
#include "core/hash.h"
#include "core/report.h"
#include "log/refused.h"
#include "log/repeats.h"
#include "log/sink.h"
#include "ops/committer.h"
#include "ops/log_keep.h"

#define COUNTS 512 // tokens that one thread counts at a time; a power of two
#define PROBES 8   // places that a token may have

// Answers with one token. Its texts are in its arena; times is 0 where the place is free.
struct count {
    struct signin signin;
    struct arena  arena;
};

// A serving thread's own. Whoever collects takes the lock; the thread itself only tries to, and does without.
struct row {
    pthread_mutex_t lock;
    struct count    counts[COUNTS];
};

struct logs {
    struct product       *product;
    struct log_sink      *sink;
    struct repeats       *repeats;
    struct refused       *refused;
    _Atomic(struct row *) rows[PRODUCT_MAX_LOOPS]; // made at first use
    struct write_job      job;
    struct random_pool    ids;           // of records: a system call for each would cost more than the record
    struct call           call;          // the job's
    pthread_mutex_t       lock;          // of the two below
    bool                  is_out, again; // the job waits or runs; there is more to do when it is done
    atomic_bool           is_owed;       // the committer took no job: the next record tries again
};

// ---- the way to the store ----

static void submit(struct logs *l)
{
    struct call c; // says why not, to nobody: the next record tries again
    call_init(&c, NULL, NULL);
    if (committer_submit_later(&c, l->product->committer, &l->job) != OK) {
        pthread_mutex_lock(&l->lock);
        l->is_out = l->again = false;
        pthread_mutex_unlock(&l->lock);
        atomic_store(&l->is_owed, true);
    }
    call_clear(&c);
}

static void schedule(struct logs *l, bool urgent)
{
    pthread_mutex_lock(&l->lock);
    bool was_out = l->is_out;
    l->again |= was_out;
    l->is_out = true;
    pthread_mutex_unlock(&l->lock);
    if (!was_out) submit(l);
    if (urgent) committer_hurry(l->product->committer);
}

static int64_t next_ns(void *context)
{
    struct product *p = context;
    return product_log_ns(p, clock_now_ns(&p->clock));
}

static enum err run_job(struct write_job *job, struct work *w)
{
    struct logs *l = CONTAINER_OF(job, struct logs, job);
    size_t       n;
    call_reset(&l->call, &l->product->clock);
    enum err failed = log_sink_write(&l->call, l->sink, w->store, next_ns, l->product, &n);
    if (failed != OK) report_failure(REPORT_WARNING, "ops: log records could not be written", &l->call);
    else log_keep_written(l->product, n);
    return failed;
}

static void job_done(struct write_job *job, enum err committed)
{
    struct logs *l = CONTAINER_OF(job, struct logs, job);
    if (committed != OK) log_sink_lost(l->sink);
    pthread_mutex_lock(&l->lock);
    bool again = l->again;
    l->again = false;
    l->is_out = again;
    pthread_mutex_unlock(&l->lock);
    if (again) submit(l);
}

// A record that cannot be packed is a dropped one; the request that it is about goes on.
static void put(struct call *c, struct logs *l, const struct log_kind *kind, enum err packed, str body, bool had_failed)
{
    if (packed != OK) {
        if (!had_failed) call_forgive(c);
        log_sink_drop(l->sink, kind);
        return;
    }
    enum log_sink_state state = log_sink_put(l->sink, kind, body);
    if (state != LOG_SINK_QUIET || atomic_exchange(&l->is_owed, false)) schedule(l, state == LOG_SINK_URGED);
}

static void put_signin(struct call *c, struct logs *l, const struct signin *s)
{
    bool     had_failed = c->failure.kind != OK;
    str      body = STR_NONE;
    enum err packed = signin_pack(c, s, &body);
    put(c, l, &LOG_SIGNIN, packed, body, had_failed);
}

void logs_signin(struct call *c, const struct product *p, const struct signin *s)
{
    if (p->logs && !repeats_count(p->logs->repeats, s)) put_signin(c, p->logs, s);
}

void logs_diagnostic(struct call *c, const struct product *p, const struct diagnostic *d)
{
    bool had_failed = c->failure.kind != OK;
    str  body = STR_NONE;
    if (!p->logs) return;
    enum err packed = diagnostic_pack(c, d, &body);
    put(c, p->logs, &LOG_DIAGNOSTIC, packed, body, had_failed);
}

static void put_activity(struct call *c, struct logs *l, const struct activity *a)
{
    bool     had_failed = c->failure.kind != OK;
    str      body = STR_NONE;
    enum err packed = activity_pack(c, a, &body);
    put(c, l, &LOG_ACTIVITY, packed, body, had_failed);
}

void logs_refused(struct call *c, const struct product *p, const struct activity *a)
{
    if (p->logs && !refused_count(p->logs->refused, a)) put_activity(c, p->logs, a);
}

// ---- counting in place ----

static struct row *row_of(struct logs *l, unsigned row)
{
    if (row >= PRODUCT_MAX_LOOPS) return NULL;
    struct row *r = atomic_load_explicit(&l->rows[row], memory_order_relaxed); // the thread's own
    if (r) return r;
    r = calloc(1, sizeof *r);
    if (!r) return NULL;
    pthread_mutex_init(&r->lock, NULL);
    atomic_store_explicit(&l->rows[row], r, memory_order_release);
    return r;
}

static bool is_of(const struct count *count, str unique_id, enum signin_known_by by)
{
    return count->signin.times && count->signin.known_by == by && str_eq(count->signin.unique_id, unique_id);
}

// The place of that token, or else where it may begin: a free one if there is one. Ids are random: their letters choose.
static struct count *place_of(struct row *r, str unique_id, enum signin_known_by by)
{
    uint64_t      first = unique_id.n ? hash_mix(word_load(unique_id.at, unique_id.n), unique_id.n) : 0;
    struct count *place = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct count *count = &r->counts[(first + i) & (COUNTS - 1)];
        if (is_of(count, unique_id, by)) return count;
        if (!place && !count->signin.times) place = count;
    }
    return place ? place : &r->counts[first & (COUNTS - 1)];
}

bool logs_signin_again(const struct product *p, unsigned row, str unique_id, enum signin_known_by by, int64_t now_ns)
{
    struct row *r = p->logs ? row_of(p->logs, row) : NULL;
    if (!p->logs) return true;
    if (!r || pthread_mutex_trylock(&r->lock) != 0) return false;
    struct count *count = place_of(r, unique_id, by);
    bool          is_same = is_of(count, unique_id, by);
    if (is_same) {
        count->signin.times++;
        count->signin.last_ns = now_ns;
    }
    pthread_mutex_unlock(&r->lock);
    return is_same;
}

static void empty(struct count *count)
{
    count->signin = (struct signin){0};
    arena_reset(&count->arena);
}

void logs_signin_first(struct call *c, const struct product *p, unsigned row, const struct signin *s)
{
    struct row *r = p->logs ? row_of(p->logs, row) : NULL;
    if (!r || pthread_mutex_trylock(&r->lock) != 0) {
        logs_signin(c, p, s); // somebody collects just now: a record of its own
        return;
    }
    struct count *count = place_of(r, s->unique_id, s->known_by);
    if (count->signin.times) {
        logs_signin(c, p, &count->signin); // it gives way to this one
        empty(count);
    }
    bool is_open = signin_copy(&count->arena, s, &count->signin);
    if (!is_open) count->signin = (struct signin){0};
    else if (!count->signin.times) count->signin.times = 1;
    pthread_mutex_unlock(&r->lock);
    if (!is_open) logs_signin(c, p, s);
}

struct collecting {
    struct call *c;
    struct logs *l;
};

static void collect_one(const struct signin *s, void *context)
{
    struct collecting *x = context;
    put_signin(x->c, x->l, s);
}

static void collect_refused(const struct activity *a, void *context)
{
    struct collecting *x = context;
    put_activity(x->c, x->l, a);
}

static void collect(struct call *c, struct logs *l)
{
    refused_collect(l->refused, collect_refused, &(struct collecting){c, l});
    repeats_collect(l->repeats, collect_one, &(struct collecting){c, l});
    for (unsigned i = 0; i < PRODUCT_MAX_LOOPS; i++) {
        struct row *r = atomic_load_explicit(&l->rows[i], memory_order_acquire);
        if (!r) continue;
        pthread_mutex_lock(&r->lock);
        for (size_t k = 0; k < COUNTS; k++) {
            if (!r->counts[k].signin.times) continue;
            put_signin(c, l, &r->counts[k].signin);
            empty(&r->counts[k]);
        }
        pthread_mutex_unlock(&r->lock);
    }
}

enum err logs_write(struct call *c, struct work *w)
{
    struct logs *l = w->product->logs;
    size_t       n;
    if (!l || !w->writes) return OK;
    collect(c, l);
    return log_sink_write(c, l->sink, w->store, next_ns, w->product, &n);
}

void logs_lost(const struct product *p)
{
    if (p->logs) log_sink_lost(p->logs->sink);
}

enum err logs_queue_counts(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    (void)limit; // a table has an end
    *out_n = 0;
    if (w->product->logs) collect(c, w->product->logs);
    return OK;
}

// ---- reading ----

static enum err require_operator(struct call *c, struct work *w, const void *args, void *out)
{
    (void)args, (void)out;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    return c->caller->is_local_operator || object_id_eq(c->caller->id, w->product->operator_id) ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

const struct op OP_LOG_READ = {.name = "log_read", .no_action = "its deed: the operator alone", .run = require_operator};

// ---- life ----

enum err logs_start(struct call *c, struct product *p, struct logs **out)
{
    struct logs *l = calloc(1, sizeof *l);
    if (l) l->sink = log_sink_new();
    if (l) l->repeats = repeats_new();
    if (l) l->refused = refused_new();
    if (!l || !l->sink || !l->repeats || !l->refused) {
        if (l) log_sink_free(l->sink);
        if (l) repeats_free(l->repeats);
        if (l) refused_free(l->refused);
        free(l);
        return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    l->product = p;
    l->job = (struct write_job){.run = run_job, .done = job_done};
    pthread_mutex_init(&l->lock, NULL);
    random_pool_init(&l->ids);
    call_init(&l->call, &p->clock, p->random ? p->random : &l->ids.random);
    *out = l;
    return OK;
}

void logs_finish(struct logs *l)
{
    struct call c;
    if (!l) return;
    call_init(&c, &l->product->clock, l->product->random);
    collect(&c, l);
    call_clear(&c);
}

void logs_free(struct logs *l)
{
    if (!l) return;
    for (unsigned i = 0; i < PRODUCT_MAX_LOOPS; i++) {
        struct row *r = l->rows[i];
        for (size_t k = 0; r && k < COUNTS; k++) arena_clear(&r->counts[k].arena);
        if (r) pthread_mutex_destroy(&r->lock);
        free(r);
    }
    log_sink_free(l->sink);
    repeats_free(l->repeats);
    refused_free(l->refused);
    call_clear(&l->call);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
