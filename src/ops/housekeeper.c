#include "ops/housekeeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/report.h"
#include "ops/assignments.h"
#include "ops/committer.h"
#include "ops/secrets.h"
#include "ops/vault_resource.h"

// Removes what is due, at most so many; in reading work it only counts. A vault takes its secrets along, so it comes first.
static enum err (*const CHORES[])(struct call *c, struct work *w, size_t limit, size_t *out_n) = {
    vault_resource_purge_due, secrets_purge_due, assignments_drop_ended,
};

struct housekeeper {
    struct product  *product;
    struct write_job job;
    struct call      call; // the thread's; the committer's while the job is out
    int64_t          period_ms;
    size_t           removed;
    pthread_t        thread;
    pthread_mutex_t  lock; // guards the three below
    pthread_cond_t   wake;
    bool             stopping, job_is_out, looks_at_once;
};

static enum err sweep(struct housekeeper *k, struct work *w, size_t *out_n)
{
    *out_n = 0;
    for (size_t i = 0; i < COUNT(CHORES); i++) {
        size_t n;
        TRY(CHORES[i](&k->call, w, HOUSEKEEPER_BATCH, &n));
        *out_n += n;
    }
    return OK;
}

static enum err run_job(struct write_job *job, struct work *w)
{
    struct housekeeper *k = CONTAINER_OF(job, struct housekeeper, job);
    return sweep(k, w, &k->removed);
}

static void job_done(struct write_job *job, enum err committed)
{
    struct housekeeper *k = CONTAINER_OF(job, struct housekeeper, job);
    if (committed != OK) k->removed = 0;
    pthread_mutex_lock(&k->lock);
    k->job_is_out = false;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

static enum err write_and_wait(struct housekeeper *k)
{
    k->removed = 0;
    k->job_is_out = true; // nobody else looks at it until the job is out
    TRY(committer_submit(&k->call, k->product->committer, &k->job));
    pthread_mutex_lock(&k->lock);
    while (k->job_is_out) pthread_cond_wait(&k->wake, &k->lock);
    pthread_mutex_unlock(&k->lock);
    return k->call.failure.kind;
}

static enum err look(struct housekeeper *k, size_t *out_due)
{
    struct work w;
    TRY(work_begin(&k->call, k->product, PRODUCT_ROW_HELPER, &w));
    enum err failed = sweep(k, &w, out_due);
    work_end(&w);
    return failed;
}

// True if there may be more to do at once.
static bool go_round(struct housekeeper *k)
{
    size_t due;
    call_reset(&k->call, &k->product->clock);
    enum err failed = look(k, &due);
    if (failed == OK && due == 0) return false;
    if (failed == OK) failed = write_and_wait(k);
    if (failed != OK) report_failure(REPORT_WARNING, "ops: what is due could not be removed", &k->call);
    else report(REPORT_INFO, "ops: what was due is removed", "n=%zu", k->removed);
    return failed == OK && k->removed > 0;
}

static struct timespec time_after(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + ms % 1000 * NS_PER_MS;
    return (struct timespec){.tv_sec = t.tv_sec + ms / 1000 + ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
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
