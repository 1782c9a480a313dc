#include "ops/housekeeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/report.h"
#include "ops/committer.h"
#include "ops/signing_keys.h"

#define HOUSEKEEPER_NICE 10

struct housekeeper {
    struct product     *product;
    struct write_job    job;
    struct call         call; // the thread's; the committer's while the job is out
    int64_t             period_ms;
    size_t              removed;
    struct signing_turn keys; // made on this thread, for it is slow; no ring: it is not their time
    enum err            committed;
    pthread_t           thread;
    pthread_mutex_t     lock; // guards the three below
    pthread_cond_t      wake;
    bool                stopping, job_is_out, looks_at_once;
};

static enum err sweep(struct housekeeper *k, struct work *w, size_t *out_n)
{
    *out_n = 0;
    for (size_t i = 0; i < JOBS_OF_SERVICES_N; i++)
        for (size_t m = 0; m < JOBS_OF_SERVICES[i]->n; m++) {
            size_t n;
            TRY(JOBS_OF_SERVICES[i]->at[m](&k->call, w, HOUSEKEEPER_BATCH, &n));
            *out_n += n;
        }
    return OK;
}

static enum err run_job(struct write_job *job, struct work *w)
{
    struct housekeeper *k = CONTAINER_OF(job, struct housekeeper, job);
    if (k->keys.ring) TRY(signing_keys_write(&k->call, w->store, &k->keys));
    return sweep(k, w, &k->removed);
}

static void job_done(struct write_job *job, enum err committed)
{
    struct housekeeper *k = CONTAINER_OF(job, struct housekeeper, job);
    k->committed = committed;
    pthread_mutex_lock(&k->lock);
    k->job_is_out = false;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

static enum err write_and_wait(struct housekeeper *k)
{
    k->job_is_out = true; // nobody else looks at it until the job is out
    TRY(committer_submit(&k->call, k->product->committer, &k->job));
    pthread_mutex_lock(&k->lock);
    while (k->job_is_out) pthread_cond_wait(&k->wake, &k->lock);
    pthread_mutex_unlock(&k->lock);
    return k->committed == OK ? k->call.failure.kind : FAIL_PLAIN(&k->call, k->committed);
}

static enum err look(struct housekeeper *k, size_t *out_due)
{
    struct work w;
    TRY(work_begin(&k->call, k->product, PRODUCT_ROW_HELPER, &w));
    enum err failed = sweep(k, &w, out_due);
    work_end(&w);
    return failed;
}

// Removes what is due and turns the keys, in one transaction.
static enum err put_right(struct housekeeper *k, size_t due)
{
    struct product *p = k->product;
    if (signing_keys_due(p, k->call.now_s)) TRY(signing_keys_turn(&k->call, p, &k->keys));
    if (due == 0 && !k->keys.ring) return OK;
    TRY(write_and_wait(k));
    if (k->removed) report(REPORT_INFO, "ops: what was due is removed", "n=%zu", k->removed);
    if (!k->keys.ring) return OK;
    struct signing_key in_use = *keyring_at(k->keys.ring, 0);
    size_t             keys = keyring_n(k->keys.ring);
    report(REPORT_INFO, "ops: a signing key was made", "keys=%zu in_use=%.*s", keys, PSTR(in_use.kid));
    signing_keys_publish(p, &k->keys);
    return OK;
}

// True if there may be more to do at once.
static bool go_round(struct housekeeper *k)
{
    size_t due;
    call_reset(&k->call, &k->product->clock);
    k->removed = 0;
    enum err failed = look(k, &due);
    if (failed == OK) failed = put_right(k, due);
    if (failed != OK) report_failure(REPORT_WARNING, "ops: what is due could not be done", &k->call);
    signing_keys_discard(&k->keys); // of a turn that failed
    return failed == OK && (k->removed > 0 || signing_keys_due(k->product, k->call.now_s));
}

// False when it is time to stop.
static bool rest(struct housekeeper *k, int64_t ms)
{
    struct timespec until = time_after(ms);
    pthread_mutex_lock(&k->lock);
    while (!k->stopping && !k->looks_at_once && pthread_cond_timedwait(&k->wake, &k->lock, &until) != ETIMEDOUT) continue;
    bool goes_on = !k->stopping;
    k->looks_at_once = false;
    pthread_mutex_unlock(&k->lock);
    return goes_on;
}

static void *keep_house(void *context)
{
    struct housekeeper *k = context;
    bool                more;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), HOUSEKEEPER_NICE); // of this thread alone: making a key must not hold up a start or an answer
    do more = go_round(k);
    while (rest(k, more ? 0 : k->period_ms));
    return NULL;
}

static void free_housekeeper(struct housekeeper *k)
{
    call_clear(&k->call);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

enum err housekeeper_start(struct call *c, struct product *p, int64_t period_ms, struct housekeeper **out)
{
    struct housekeeper *k = calloc(1, sizeof *k);
    pthread_condattr_t  monotonic;
    if (!k) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *k = (struct housekeeper){.product = p, .period_ms = period_ms ? period_ms : HOUSEKEEPER_PERIOD_MS, .job = {.run = run_job, .done = job_done}};
    call_init(&k->call, &p->clock, p->random);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&k->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&k->lock, NULL);
    if (pthread_create(&k->thread, NULL, keep_house, k) != 0) {
        free_housekeeper(k);
        return FAIL(c, ERR_IO, "No thread could be made for keeping house: too many processes run here.");
    }
    *out = k;
    return OK;
}

void housekeeper_wake(struct housekeeper *k)
{
    if (!k) return;
    pthread_mutex_lock(&k->lock);
    k->looks_at_once = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

void housekeeper_stop(struct housekeeper *k)
{
    if (!k) return;
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    free_housekeeper(k);
}
