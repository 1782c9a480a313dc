#include "net/workers.h"

#include <semaphore.h>
#include <stdatomic.h>

#include "test.h"

#define THREADS 3
#define JOBS    200
#define FIRST   4

struct bench {
    atomic_int runs[THREADS];
    sem_t      begun, may_end;
};

struct work_piece {
    struct net_job job;
    struct bench  *bench;
    bool           waits;
    unsigned       first; // thread of its pool
};

static void run(struct net_job *job, unsigned worker)
{
    struct work_piece *p = CONTAINER_OF(job, struct work_piece, job);
    if (p->waits) {
        sem_post(&p->bench->begun);
        sem_wait(&p->bench->may_end);
    }
    atomic_fetch_add(&p->bench->runs[worker - p->first], 1);
}

TEST(net_workers_run_all_that_was_queued)
{
    static const struct net_workers_settings SETTINGS = {.threads = THREADS, .max_queue = JOBS, .nice = 1, .first = FIRST};
    struct bench                             b = {0};
    struct net_workers                      *w;
    struct work_piece                        pieces[JOBS];
    int                                      runs = 0;
    CHECK_OK(net_workers_start(t->call, &SETTINGS, &w));
    for (size_t i = 0; i < JOBS; i++) {
        pieces[i] = (struct work_piece){.job.run = run, .bench = &b, .first = FIRST};
        CHECK_OK(net_workers_submit(t->call, w, &pieces[i].job));
    }
    net_workers_end(w);
    CHECK_ERR(net_workers_submit(t->call, w, &pieces[0].job), ERR_BUSY, "after the end");
    net_workers_stop(w);
    for (size_t i = 0; i < THREADS; i++) runs += b.runs[i];
    CHECK_INT(runs, JOBS, "runs");
}

TEST(net_workers_refuse_past_their_limit)
{
    static const struct net_workers_settings SETTINGS = {.max_queue = 2};
    struct bench                             b = {0};
    struct net_workers                      *w;
    struct work_piece                        pieces[4];
    sem_init(&b.begun, 0, 0);
    sem_init(&b.may_end, 0, 0);
    for (size_t i = 0; i < COUNT(pieces); i++) pieces[i] = (struct work_piece){.job.run = run, .bench = &b, .waits = i == 0};
    CHECK_OK(net_workers_start(t->call, &SETTINGS, &w));
    CHECK_OK(net_workers_submit(t->call, w, &pieces[0].job));
    sem_wait(&b.begun); // it runs, and waits no longer in the queue
    CHECK_OK(net_workers_submit(t->call, w, &pieces[1].job));
    CHECK_OK(net_workers_submit(t->call, w, &pieces[2].job));
    CHECK_ERR(net_workers_submit(t->call, w, &pieces[3].job), ERR_BUSY, "one too many");
    sem_post(&b.may_end);
    net_workers_stop(w);
    CHECK_INT(b.runs[0], 3, "runs");
    CHECK_ERR(net_workers_start(t->call, &(struct net_workers_settings){.threads = 1000}, &w), ERR_USAGE, "threads");
    sem_destroy(&b.begun);
    sem_destroy(&b.may_end);
}
