#include "ops/housekeeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/report.h"
#include "ops/committer.h"
#include "ops/log_keep.h"
#include "ops/minter.h"
#include "ops/signing_keys.h"
#include "token/key.h"

#define HOUSEKEEPER_NICE 10

struct housekeeper {
    struct product   *product;
    struct write_job  job;
    struct call       call; // the thread's; the committer's while the job is out
    int64_t           period_ms;
    size_t            removed;
    struct token_key *fresh_key; // made on this thread, for it is slow; NULL: none is lacking
    enum err          committed;
    pthread_t         thread;
    pthread_mutex_t   lock; // guards the three below
    pthread_cond_t    wake;
    bool              stopping, job_is_out, looks_at_once;
};

static enum err sweep(struct housekeeper *housekeeper, struct work *w, size_t *out_n)
{
    *out_n = 0;
    for (size_t i = 0; i < JOBS_OF_SERVICES_N; i++)
        for (size_t m = 0; m < JOBS_OF_SERVICES[i]->n; m++) {
            size_t n;
            TRY(JOBS_OF_SERVICES[i]->at[m](&housekeeper->call, w, HOUSEKEEPER_BATCH, &n));
            *out_n += n;
        }
    return OK;
}

static enum err run_job(struct write_job *job, struct work *w)
{
    struct housekeeper *housekeeper = CONTAINER_OF(job, struct housekeeper, job);
    TRY(signing_keys_keep_up_take(&housekeeper->call, w, TAKE(housekeeper->fresh_key)));
    size_t n;
    TRY(sweep(housekeeper, w, &n));
    housekeeper->removed += n;
    return OK;
}

static void job_done(struct write_job *job, enum err committed)
{
    struct housekeeper *housekeeper = CONTAINER_OF(job, struct housekeeper, job);
    housekeeper->committed = committed;
    pthread_mutex_lock(&housekeeper->lock);
    housekeeper->job_is_out = false;
    pthread_cond_signal(&housekeeper->wake);
    pthread_mutex_unlock(&housekeeper->lock);
}

static enum err write_and_wait(struct housekeeper *housekeeper)
{
    housekeeper->job_is_out = true; // nobody else looks at it until the job is out
    TRY(committer_submit(&housekeeper->call, housekeeper->product->committer, &housekeeper->job));
    pthread_mutex_lock(&housekeeper->lock);
    while (housekeeper->job_is_out) pthread_cond_wait(&housekeeper->wake, &housekeeper->lock);
    pthread_mutex_unlock(&housekeeper->lock);
    return housekeeper->committed == OK ? housekeeper->call.failure.kind : FAIL_PLAIN(&housekeeper->call, housekeeper->committed);
}

static bool is_stopping(struct housekeeper *housekeeper)
{
    pthread_mutex_lock(&housekeeper->lock);
    bool stopping = housekeeper->stopping;
    pthread_mutex_unlock(&housekeeper->lock);
    return stopping;
}

// What one look found of the logs goes piece by piece: each piece shares a commit with other writers, who wait for it.
static enum err write_all(struct housekeeper *housekeeper)
{
    do TRY(write_and_wait(housekeeper));
    while (log_keep_has_overdue(housekeeper->product) && !is_stopping(housekeeper));
    return OK;
}

static enum err look(struct housekeeper *housekeeper, size_t *out_due)
{
    struct work w;
    TRY(work_begin(&housekeeper->call, housekeeper->product, PRODUCT_ROW_HELPER, &w));
    enum err failed = sweep(housekeeper, &w, out_due);
    work_end(&w);
    return failed;
}

static void report_keys(struct product *p)
{
    CLEANUP(keyring_dropp) struct keyring *ring = product_keyring_take(p);
    report(REPORT_INFO, "ops: the signing keys were changed", "keys=%zu in_use=%.*s", keyring_n(ring), PSTR(keyring_at(ring, 0)->kid));
}

// Removes what is due and keeps the signing keys up, in one transaction.
static enum err put_right(struct housekeeper *housekeeper, size_t due)
{
    struct product         *p = housekeeper->product;
    struct signing_keys_due keys = signing_keys_due(p, housekeeper->call.now_s);
    if (keys.lacks_key) TRY(token_key_new(&housekeeper->call, &housekeeper->fresh_key));
    if (due == 0 && !keys.lacks_key && !keys.is_due) return OK;
    TRY(write_all(housekeeper));
    if (housekeeper->removed) report(REPORT_INFO, "ops: what was due is removed", "n=%zu", housekeeper->removed);
    if (keys.lacks_key) minter_wake(p->minter); // requests may wait for the first key
    if (keys.lacks_key || keys.is_due) report_keys(p);
    return OK;
}

// True if there may be more to do at once.
static bool go_round(struct housekeeper *housekeeper)
{
    size_t due;
    call_reset(&housekeeper->call, &housekeeper->product->clock);
    housekeeper->removed = 0;
    enum err failed = look(housekeeper, &due);
    if (failed == OK) failed = put_right(housekeeper, due);
    if (failed != OK) {
        report_failure(REPORT_WARNING, "ops: what is due could not be done", &housekeeper->call);
        log_keep_forget(housekeeper->product);
    }
    token_key_drop(TAKE(housekeeper->fresh_key)); // its job never ran
    struct signing_keys_due keys = signing_keys_due(housekeeper->product, housekeeper->call.now_s);
    return failed == OK && (housekeeper->removed > 0 || keys.lacks_key || keys.is_due);
}

// False when it is time to stop.
static bool rest(struct housekeeper *housekeeper, int64_t ms)
{
    struct timespec until = time_after(ms);
    pthread_mutex_lock(&housekeeper->lock);
    while (!housekeeper->stopping && !housekeeper->looks_at_once &&
           pthread_cond_timedwait(&housekeeper->wake, &housekeeper->lock, &until) != ETIMEDOUT)
        continue;
    bool goes_on = !housekeeper->stopping;
    housekeeper->looks_at_once = false;
    pthread_mutex_unlock(&housekeeper->lock);
    return goes_on;
}

static void *run_housekeeper(void *context)
{
    struct housekeeper *housekeeper = context;
    bool                more;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), HOUSEKEEPER_NICE); // of this thread alone: making a key must not hold up a start or an answer
    do more = go_round(housekeeper);
    while (rest(housekeeper, more ? 0 : housekeeper->period_ms));
    return NULL;
}

void housekeeper_free(struct housekeeper *housekeeper)
{
    if (!housekeeper) return;
    call_clear(&housekeeper->call);
    pthread_cond_destroy(&housekeeper->wake);
    pthread_mutex_destroy(&housekeeper->lock);
    free(housekeeper);
}

enum err housekeeper_start(struct call *c, struct product *p, int64_t period_ms, struct housekeeper **out)
{
    struct housekeeper *housekeeper = calloc(1, sizeof *housekeeper);
    pthread_condattr_t  monotonic;
    if (!housekeeper) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *housekeeper =
        (struct housekeeper){.product = p, .period_ms = period_ms ? period_ms : HOUSEKEEPER_PERIOD_MS, .job = {.run = run_job, .done = job_done}};
    call_init(&housekeeper->call, &p->clock, p->random);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&housekeeper->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&housekeeper->lock, NULL);
    *out = housekeeper; // before the thread is there: through it the committer wakes the thread
    if (pthread_create(&housekeeper->thread, NULL, run_housekeeper, housekeeper) == 0) return OK;
    *out = NULL;
    housekeeper_free(housekeeper);
    return FAIL(c, ERR_IO, "The thread that removes what is due cannot be started: too many processes run here.");
}

void housekeeper_wake(struct housekeeper *housekeeper)
{
    if (!housekeeper) return;
    pthread_mutex_lock(&housekeeper->lock);
    housekeeper->looks_at_once = true;
    pthread_cond_signal(&housekeeper->wake);
    pthread_mutex_unlock(&housekeeper->lock);
}

void housekeeper_stop(struct housekeeper *housekeeper)
{
    if (!housekeeper) return;
    pthread_mutex_lock(&housekeeper->lock);
    housekeeper->stopping = true;
    pthread_cond_signal(&housekeeper->wake);
    pthread_mutex_unlock(&housekeeper->lock);
    pthread_join(housekeeper->thread, NULL);
}
