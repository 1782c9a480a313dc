/*
 * committer.h - the thread that writes: jobs of many callers share one commit.
 *
 * While one commit is written to disk, the next jobs wait in a queue. They then run one after
 * the other in one transaction, each behind a savepoint, so that a failed job undoes only its
 * own writes. No job is answered before the commit. A job that nobody waits for can
 * be submitted for later: it shares the next commit, and causes one only if none comes.
 *
 * Layer:  ops (uses all above)
 */
#pragma once
#include "ops/gate.h"

#define COMMITTER_MAX_BATCH 256
#define COMMITTER_MAX_QUEUE 4096
#define COMMITTER_LATER_MS  1000 /* a job for later waits no longer than that */

struct write_job {
    /* Does the work; a failure takes back all that it wrote. Runs on the committer's thread. */
    enum err (*run)(struct write_job *job, struct work *w);
    /* Called once, after the commit. `committed` is OK once the transaction is on disk and published, else the reason why the
       commit failed. It says nothing of the job itself: a job whose `run` failed gets OK as well, and answers with the
       failure that is in its call. Runs on the committer's thread. */
    void (*done)(struct write_job *job, enum err committed);
    struct write_job *next; /* the committer's */
};

FALLIBLE committer_start(struct call *c, struct product *p, struct committer **out);
void     committer_stop(struct committer *committer); /* finishes what is queued */
/* Any thread. The job is the caller's memory until done. Errors: ERR_BUSY */
FALLIBLE committer_submit(struct call *c, struct committer *committer, struct write_job *job);
/* The same for later. It runs before what was submitted after it. Whoever submits bounds how many there are. */
FALLIBLE committer_submit_later(struct call *c, struct committer *committer, struct write_job *job);
/*
 * Within a job: does a part of its work behind a mark of its own. If the part fails, all that it wrote is taken back, the
 * job goes on, and *out_failed is its failure, which `c` still holds. Errors: ERR_STORE_UNAVAILABLE - the job must fail
 */
FALLIBLE work_attempt(struct call *c, struct work *w, enum err (*part)(struct work *w, void *context), void *context, enum err *out_failed);

/* Those for later run at once. Any thread. */
void committer_hurry(struct committer *committer);
