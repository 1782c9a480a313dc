/*
 * committer.h - the thread that writes: jobs of many callers share one commit.
 *
 * While one commit is on its way to the disk the next jobs gather; they are then run
 * one after the other in one transaction, each behind a mark so that a failed one takes
 * back only itself. Nobody is answered before the commit.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define COMMITTER_MAX_BATCH 256
#define COMMITTER_MAX_QUEUE 4096

struct write_job {
    /* Does the work; a failure takes back all that it wrote. Runs on the committer's thread. */
    enum err (*run)(struct write_job *job, struct work *w);
    /* The end: OK once the work is on disk and published; else why the commit failed. Not called with the job's own failure:
       a job that failed is answered with OK too, for its answer is the failure it knows. Committer's thread. */
    void (*done)(struct write_job *job, enum err committed);
    struct write_job *next; /* the committer's */
};

FALLIBLE committer_start(struct call *c, struct product *p, struct committer **out);
void     committer_stop(struct committer *k); /* finishes what is queued */
/* Any thread. The job is the caller's memory until done. Errors: ERR_BUSY */
FALLIBLE committer_submit(struct call *c, struct committer *k, struct write_job *job);
