#include "net/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct worker {
    struct net_workers *all;
    unsigned            index;
    pthread_t           thread;
};

struct net_workers {
    struct net_workers_settings settings;
    pthread_mutex_t             lock;
    pthread_cond_t              changed;
    struct net_job             *first, *last;
    size_t                      queued;
    bool                        ends;
    unsigned                    started, joined;
    struct worker               workers[NET_MAX_WORKERS];
};

// NULL: the end.
static struct net_job *next_job(struct net_workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->ends) pthread_cond_wait(&w->changed, &w->lock);
    struct net_job *job = w->first;
    if (job) {
        w->first = job->next;
        if (!w->first) w->last = NULL;
        w->queued--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *work(void *context)
{
    struct worker *me = context;
    if (me->all->settings.nice) (void)setpriority(PRIO_PROCESS, (id_t)gettid(), me->all->settings.nice);
    for (struct net_job *job; (job = next_job(me->all));) job->run(job, me->index);
    return NULL;
}

// Signals are for the thread that the program began with.
static bool start_one(struct worker *me)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&me->thread, NULL, work, me);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

enum err net_workers_start(struct call *c, const struct net_workers_settings *settings, struct net_workers **out)
{
    unsigned            n = settings->threads ? settings->threads : 1;
    struct net_workers *w;
    if (n > NET_MAX_WORKERS) return FAIL(c, ERR_USAGE, "At most %d worker threads, not %u.", NET_MAX_WORKERS, n);
    w = calloc(1, sizeof *w);
    if (!w) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    w->settings = *settings;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    for (; w->started < n; w->started++) {
        struct worker *me = &w->workers[w->started];
        *me = (struct worker){.all = w, .index = settings->first + w->started};
        if (start_one(me)) continue;
        net_workers_stop(w);
        return FAIL(c, ERR_IO, "Cannot start %u worker threads.", n);
    }
    *out = w;
    return OK;
}

enum err net_workers_submit(struct call *c, struct net_workers *w, struct net_job *job)
{
    pthread_mutex_lock(&w->lock);
    bool takes = !w->ends && w->queued < w->settings.max_queue;
    if (takes) {
        job->next = NULL;
        if (w->last) w->last->next = job;
        else w->first = job;
        w->last = job;
        w->queued++;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return takes ? OK : FAIL_PLAIN(c, ERR_BUSY);
}

void net_workers_end(struct net_workers *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->ends = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (; w->joined < w->started; w->joined++) pthread_join(w->workers[w->joined].thread, NULL);
}

void net_workers_stop(struct net_workers *w)
{
    if (!w) return;
    net_workers_end(w);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}
