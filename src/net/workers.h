/*
 * workers.h - threads for work that would keep a loop too long.
 *
 * A job waits in a queue with a limit and runs on whichever thread is free. Its result goes
 * back to a loop by net_post, or by what the caller of the job has (http_reply).
 *
 * Layer:  net (uses core)
 */
#pragma once
#include "core/call.h"

#define NET_MAX_WORKERS 16

struct net_workers;

struct net_workers_settings {
    unsigned threads;   /* at most NET_MAX_WORKERS; 0 means 1 */
    size_t   max_queue; /* jobs that wait; past it ERR_BUSY */
    unsigned first;     /* the number of the first thread, so that those of several pools differ */
    int      nice;      /* how much lower than the serving threads' their priority is */
};

struct net_job {
    /* `worker` is first .. first+threads-1: for tables with a row per thread. The job is the caller's memory until it runs. */
    void (*run)(struct net_job *job, unsigned worker);
    struct net_job *next; /* the queue's */
};

FALLIBLE net_workers_start(struct call *c, const struct net_workers_settings *settings, struct net_workers **out);
/* Any thread. Errors: ERR_BUSY - the queue is full, or the threads end */
FALLIBLE net_workers_submit(struct call *c, struct net_workers *w, struct net_job *job);
/* Runs what is queued, then ends the threads: from there on every job is refused. NULL is fine. */
void net_workers_end(struct net_workers *w);
/* Ends them, if that was not done. Not while a thread may still submit. NULL is fine. */
void net_workers_stop(struct net_workers *w);
