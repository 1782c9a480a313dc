/*
 * loop.h - serving threads: each runs a loop over its sockets, timers and tasks (libuv).
 *
 * What belongs to a loop is touched by its thread alone. Other threads reach it by a task
 * (net_post). A callback that runs on a loop must not block, and should be done within a
 * millisecond: meanwhile nobody else on that loop is served. See net/workers.h for long work.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include "core/call.h"

struct net_loops; /* all of them */
struct net_loop;  /* one */

struct net_settings {
    unsigned loops;                                    /* threads that serve; 0 means 1 */
    size_t   max_connections;                          /* per loop; 0 means 4096 */
    bool     measures_turns;                           /* takes two system calls more for each */
    void (*before_wait)(unsigned loop, void *context); /* on each loop's thread, before it waits for what comes next; may be NULL */
    void *context;
};

FALLIBLE net_loops_new(struct call *c, const struct net_settings *settings, struct net_loops **out);
/* Serves on the calling thread and the others until net_loops_stop. */
FALLIBLE net_loops_run(struct call *c, struct net_loops *loops);
/* Finishes what is being answered (at most `grace_ms`), then net_loops_run returns. Any thread, signal handlers too. */
void net_loops_stop(struct net_loops *loops, int64_t grace_ms);
/*
 * Once they do not run: runs the tasks that were posted, and closes the listeners, connections, watches and transfers
 * that are left, so that what served on these loops can be freed. No thread may be inside a function of theirs.
 */
void net_loops_empty(struct net_loops *loops);
/* Empties them first. NULL is fine. */
void net_loops_free(struct net_loops *loops);

unsigned         net_loops_count(const struct net_loops *loops);
struct net_loop *net_loops_at(struct net_loops *loops, unsigned index);
/* 0 .. count-1, for tables with a row per loop. */
unsigned net_loop_index(const struct net_loop *loop);
bool     net_loop_is_stopping(const struct net_loop *loop);
/*
 * The longest that a loop was at one thing - one connection's turn, one task, one timer - before it looked at the others
 * again, in CPU time of its thread, since they were made. 0 unless they measure. Any thread.
 */
int64_t net_loops_longest_turn_ns(const struct net_loops *loops);
/* The loop's clock: milliseconds since some start, as of the current turn. */
int64_t net_loop_now_ms(const struct net_loop *loop);

/* Runs `task` on the loop's thread soon. Any thread. The task is the caller's memory until it has run. */
struct net_task {
    void (*run)(struct net_task *task);
    struct net_task *next; /* the loop's */
};
void net_post(struct net_loop *loop, struct net_task *task);

/* A timer: on its loop's thread only. It runs once for each start. */
struct net_timer;
FALLIBLE net_timer_new(struct call *c, struct net_loop *loop, void (*run)(void *context), void *context, struct net_timer **out);
void     net_timer_start(struct net_timer *t, int64_t after_ms); /* instead of an earlier start */
void     net_timer_stop(struct net_timer *t);
void     net_timer_free(struct net_timer *t); /* NULL is fine; before its loop is freed */

/*
 * Watches a file descriptor on loop 0 (a UDP socket, a hand-over socket): `ready` runs when it can be read, or
 * has failed. The loop owns the descriptor from here on, failed or not.
 */
struct net_watch;
FALLIBLE net_watch_new(struct call *c, struct net_loops *loops, int fd, void (*ready)(int fd, void *context), void *context, struct net_watch **out);
/* Stops watching and closes the descriptor; then `gone(context)` on the loop's thread. Any thread. */
void net_watch_close(struct net_watch *w, void (*gone)(void *context));
