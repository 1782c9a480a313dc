#include "ops/committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/report.h"

struct committer {
    struct product       *product;
    struct store_session *session;
    struct call           call; // for the batch itself: begin, marks, commit
    pthread_t             thread;
    pthread_mutex_t       lock; // guards all below
    pthread_cond_t        wake;
    struct write_job     *first, *last;
    size_t                queued;
    struct write_job     *first_later, *last_later;
    struct timespec       later_by; // until then they wait for company
    bool                  stopping, hurried;
};

static void append(struct write_job **first, struct write_job **last, struct write_job *job)
{
    job->next = NULL;
    if (*last) (*last)->next = job;
    else *first = job;
    *last = job;
}

// Until there is something to do. The lock is held.
static void wait_for_jobs(struct committer *k)
{
    int waited = 0;
    while (!k->first && !k->stopping && !(k->first_later && (k->hurried || waited == ETIMEDOUT)))
        waited = k->first_later ? pthread_cond_timedwait(&k->wake, &k->lock, &k->later_by) : pthread_cond_wait(&k->wake, &k->lock);
}

static struct write_job *take_batch(struct committer *k)
{
    pthread_mutex_lock(&k->lock);
    wait_for_jobs(k);
    struct write_job *batch = k->first_later ? k->first_later : k->first, *end = k->first;
    size_t            n = end ? 1 : 0;
    for (; end && end->next && n < COMMITTER_MAX_BATCH; n++) end = end->next;
    if (k->first_later) k->last_later->next = k->first;
    k->first_later = k->last_later = NULL;
    k->hurried = false;
    k->first = end ? end->next : NULL;
    if (!k->first) k->last = NULL;
    if (end) end->next = NULL;
    k->queued -= n;
    pthread_mutex_unlock(&k->lock);
    return batch;
}

static enum err run_job(struct committer *k, struct write_job *job)
{
    struct worlds *worlds = k->product->worlds;
    struct work    w = {.product = k->product, .world = world_draft(worlds), .store = k->session, .writes = true, .row = PRODUCT_ROW_WRITER};
    size_t         keep = world_changes(worlds);
    TRY(store_mark(&k->call, k->session));
    if (job->run(job, &w) == OK) return store_keep(&k->call, k->session);
    world_undo(worlds, keep);
    store_undo(k->session);
    return OK;
}

static enum err run_batch(struct committer *k, struct write_job *batch)
{
    TRY(store_begin(&k->call, k->session));
    for (struct write_job *job = batch; job; job = job->next) TRY(run_job(k, job));
    return store_commit(&k->call, k->session);
}

static void finish_batch(struct committer *k, struct write_job *batch, enum err committed)
{
    if (committed == OK) {
        world_publish(k->product->worlds);
    } else {
        report_failure(REPORT_ERROR, "ops: commit failed", &k->call);
        store_rollback(k->session);
        world_undo(k->product->worlds, 0);
    }
    while (batch) {
        struct write_job *job = batch;
        batch = job->next; // done gives the job back to its owner
        job->done(job, committed);
    }
}

static void *commit_loop(void *context)
{
    struct committer *k = context;
    struct write_job *batch;
    worlds_complete(k->product->worlds); // here, for readers need not wait for it
    while ((batch = take_batch(k))) {
        call_reset(&k->call, &k->product->clock);
        finish_batch(k, batch, run_batch(k, batch));
        worlds_complete(k->product->worlds); // everybody is answered: a slow reader delays nobody but the next batch
    }
    return NULL;
}

static void free_committer(struct committer *k)
{
    if (k->session) store_session_close(k->session);
    call_clear(&k->call);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

enum err committer_start(struct call *c, struct product *p, struct committer **out)
{
    struct committer *k = calloc(1, sizeof *k);
    if (!k) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    k->product = p;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    call_init(&k->call, &p->clock, p->random);
    enum err failed = store_session_open(c, p->store, STORE_WRITE, &k->session);
    if (failed == OK && pthread_create(&k->thread, NULL, commit_loop, k) != 0)
        failed = FAIL(c, ERR_IO, "No thread could be made for writing: too many processes run here.");
    if (failed != OK) {
        free_committer(k);
        return failed;
    }
    *out = k;
    return OK;
}

void committer_stop(struct committer *k)
{
    if (!k) return;
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    free_committer(k);
}

static enum err refuse(struct call *c, bool stopping)
{
    if (stopping) return FAIL(c, ERR_BUSY, "The server is stopping and takes no more changes.");
    return FAIL(c, ERR_BUSY, "%d changes wait already; try again shortly.", COMMITTER_MAX_QUEUE);
}

enum err committer_submit(struct call *c, struct committer *k, struct write_job *job)
{
    pthread_mutex_lock(&k->lock);
    bool stopping = k->stopping, is_taken = !stopping && k->queued < COMMITTER_MAX_QUEUE;
    if (is_taken) {
        append(&k->first, &k->last, job);
        k->queued++;
        pthread_cond_signal(&k->wake);
    }
    pthread_mutex_unlock(&k->lock);
    return is_taken ? OK : refuse(c, stopping);
}

enum err committer_submit_later(struct call *c, struct committer *k, struct write_job *job)
{
    pthread_mutex_lock(&k->lock);
    bool stopping = k->stopping, is_first = !k->first_later;
    if (!stopping) append(&k->first_later, &k->last_later, job);
    if (!stopping && is_first) {
        k->later_by = time_after(COMMITTER_LATER_MS);
        pthread_cond_signal(&k->wake); // it waits for so long from here on
    }
    pthread_mutex_unlock(&k->lock);
    return stopping ? refuse(c, true) : OK;
}

void committer_hurry(struct committer *k)
{
    pthread_mutex_lock(&k->lock);
    k->hurried = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}
