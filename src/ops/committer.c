#include "ops/committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/report.h"
#include "ops/signing_keys.h"

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
static void wait_for_jobs(struct committer *committer)
{
    int waited = 0;
    while (!committer->first && !committer->stopping && !(committer->first_later && (committer->hurried || waited == ETIMEDOUT)))
        waited = committer->first_later ? pthread_cond_timedwait(&committer->wake, &committer->lock, &committer->later_by)
                                        : pthread_cond_wait(&committer->wake, &committer->lock);
}

static struct write_job *take_batch(struct committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    wait_for_jobs(committer);
    struct write_job *batch = committer->first_later ? committer->first_later : committer->first, *end = committer->first;
    size_t            n = end ? 1 : 0;
    for (; end && end->next && n < COMMITTER_MAX_BATCH; n++) end = end->next;
    if (committer->first_later) committer->last_later->next = committer->first;
    committer->first_later = committer->last_later = NULL;
    committer->hurried = false;
    committer->first = end ? end->next : NULL;
    if (!committer->first) committer->last = NULL;
    if (end) end->next = NULL;
    committer->queued -= n;
    pthread_mutex_unlock(&committer->lock);
    return batch;
}

enum err work_attempt(struct call *c, struct work *w, enum err (*part)(struct work *w, void *context), void *context, enum err *out_failed)
{
    struct product *p = w->product;
    size_t          keep = world_changes(p->worlds);
    TRY(store_mark(c, w->store));
    struct keyring *keys = signing_keys_mark(p);
    *out_failed = part(w, context);
    if (*out_failed == OK) {
        signing_keys_keep(keys);
        return store_keep(c, w->store);
    }
    signing_keys_undo(p, keys);
    world_undo(p->worlds, keep);
    store_undo(w->store);
    return OK;
}

static enum err run_whole(struct work *w, void *context)
{
    struct write_job *job = context;
    return job->run(job, w);
}

static enum err run_job(struct committer *committer, struct write_job *job)
{
    struct product *p = committer->product;
    struct work     w = {.product = p, .world = world_draft(p->worlds), .store = committer->session, .writes = true, .row = PRODUCT_ROW_WRITER};
    enum err        failed; // the job's own, which it answers itself
    return work_attempt(&committer->call, &w, run_whole, job, &failed);
}

static enum err run_batch(struct committer *committer, struct write_job *batch)
{
    TRY(store_begin(&committer->call, committer->session));
    for (struct write_job *job = batch; job; job = job->next) TRY(run_job(committer, job));
    return store_commit(&committer->call, committer->session);
}

static void finish_batch(struct committer *committer, struct write_job *batch, enum err committed)
{
    if (committed == OK) {
        world_publish(committer->product->worlds);
    } else {
        report_failure(REPORT_ERROR, "ops: commit failed", &committer->call);
        store_rollback(committer->session);
        world_undo(committer->product->worlds, 0);
    }
    signing_keys_settle(committer->product, committed == OK);
    while (batch) {
        struct write_job *job = batch;
        batch = job->next; // done gives the job back to its owner
        job->done(job, committed);
    }
}

static void *commit_loop(void *context)
{
    struct committer *committer = context;
    struct write_job *batch;
    worlds_complete(committer->product->worlds); // here, for readers need not wait for it
    while ((batch = take_batch(committer))) {
        call_reset(&committer->call, &committer->product->clock);
        finish_batch(committer, batch, run_batch(committer, batch));
        worlds_complete(committer->product->worlds); // everybody is answered: a slow reader delays nobody but the next batch
    }
    return NULL;
}

static void free_committer(struct committer *committer)
{
    if (committer->session) store_session_close(committer->session);
    call_clear(&committer->call);
    pthread_cond_destroy(&committer->wake);
    pthread_mutex_destroy(&committer->lock);
    free(committer);
}

enum err committer_start(struct call *c, struct product *p, struct committer **out)
{
    struct committer *committer = calloc(1, sizeof *committer);
    if (!committer) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    committer->product = p;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&committer->lock, NULL);
    pthread_cond_init(&committer->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    call_init(&committer->call, &p->clock, p->random);
    enum err failed = store_session_open(c, p->store, STORE_WRITE, &committer->session);
    if (failed == OK && pthread_create(&committer->thread, NULL, commit_loop, committer) != 0)
        failed = FAIL(c, ERR_IO, "The thread that writes cannot be started: too many processes run here.");
    if (failed != OK) {
        free_committer(committer);
        return failed;
    }
    *out = committer;
    return OK;
}

void committer_stop(struct committer *committer)
{
    if (!committer) return;
    pthread_mutex_lock(&committer->lock);
    committer->stopping = true;
    pthread_cond_signal(&committer->wake);
    pthread_mutex_unlock(&committer->lock);
    pthread_join(committer->thread, NULL);
    free_committer(committer);
}

static enum err refuse(struct call *c, bool stopping)
{
    if (stopping) return FAIL(c, ERR_BUSY, "The server is stopping and takes no more changes.");
    return FAIL(c, ERR_BUSY, "%d changes wait already; try again shortly.", COMMITTER_MAX_QUEUE);
}

enum err committer_submit(struct call *c, struct committer *committer, struct write_job *job)
{
    pthread_mutex_lock(&committer->lock);
    bool stopping = committer->stopping, is_taken = !stopping && committer->queued < COMMITTER_MAX_QUEUE;
    if (is_taken) {
        append(&committer->first, &committer->last, job);
        committer->queued++;
        pthread_cond_signal(&committer->wake);
    }
    pthread_mutex_unlock(&committer->lock);
    return is_taken ? OK : refuse(c, stopping);
}

enum err committer_submit_later(struct call *c, struct committer *committer, struct write_job *job)
{
    pthread_mutex_lock(&committer->lock);
    bool stopping = committer->stopping, is_first = !committer->first_later;
    if (!stopping) append(&committer->first_later, &committer->last_later, job);
    if (!stopping && is_first) {
        committer->later_by = time_after(COMMITTER_LATER_MS);
        pthread_cond_signal(&committer->wake); // it waits for so long from here on
    }
    pthread_mutex_unlock(&committer->lock);
    return stopping ? refuse(c, true) : OK;
}

void committer_hurry(struct committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    committer->hurried = true;
    pthread_cond_signal(&committer->wake);
    pthread_mutex_unlock(&committer->lock);
}
