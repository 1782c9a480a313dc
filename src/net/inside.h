/*
 * inside.h - what the files of this room share; nobody else includes it.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include <stdatomic.h>

#include "net/stream.h"

#define NET_MAX_LOOPS       256
#define NET_SLOWEST_TICK_MS 500 /* how late a deadline may be noticed */
#define NET_FASTEST_TICK_MS 10
#define NET_ACCEPTS_AT_ONCE 16    /* then the others have their turn */
#define NET_TOLD_MS         60000 /* between two reports of the same shortage */

/* A listener's side on one loop. */
struct port {
    uv_poll_t            poll;
    struct net_loop     *loop;
    struct net_listener *listener;
    struct port         *next, *previous; /* of the loop */
    struct net_task      open, close;
    bool                 polls; /* false if the loop could not take the socket */
};

struct net_listener {
    struct net_listener_settings settings;
    unsigned                     port_n;
    atomic_uint                  refs;       /* ports, streams, and who keeps it */
    atomic_uint                  open_ports; /* the last one closes the socket */
    struct port                  ports[];    /* one for each loop that it is on */
};

struct net_watch {
    uv_poll_t        poll;
    struct net_loop *loop;
    int              fd;
    bool             polls;
    void (*ready)(int fd, void *context);
    void (*gone)(void *context);
    void             *context;
    struct net_watch *next, *previous; /* of the loop */
    struct net_task   open, close;
};

struct net_loop {
    struct net_loops          *all;
    unsigned                   index;
    uv_loop_t                  uv;
    int                        wake_fd; /* an eventfd: see net_loop_wake */
    uv_poll_t                  wake;
    _Atomic(struct net_task *) posted; /* newest first */
    uv_timer_t                 tick;   /* runs while there are streams, or accepting pauses */
    uv_timer_t                 grace;
    uv_prepare_t               before_wait;
    int64_t                    tick_ms;
    int64_t                    told_ms; /* when a shortage was reported last; 0: never */
    bool                       stopping;
    bool                       is_over; /* it will not run again */
    bool                       paused;  /* accepts nothing: too many connections, or the system has no room */
    struct port               *ports;
    struct net_watch          *watches;
    struct net_waiting        *waiting;
    size_t                     stream_n;
    size_t                     buffered_n; /* streams whose TLS holds buffers */
    bool                       measures;
    _Atomic int64_t            longest_turn_ns;
};

struct net_loops {
    struct net_settings settings; /* without zeros */
    atomic_bool         stopping;
    _Atomic int64_t     grace_ms;
    unsigned            loop_n;
    struct net_loop     loops[];
};

/* loop.c */
/* Around all that a loop calls: see net_loops_longest_turn_ns. */
int64_t  net_turn_begin(const struct net_loop *loop);
void     net_turn_end(struct net_loop *loop, int64_t began_ns);
FALLIBLE net_loop_init(struct call *c, struct net_loop *loop, struct net_loops *all, unsigned index);
void     net_loop_run(struct net_loop *loop);
void     net_loop_wake(struct net_loop *loop); /* any thread */
/* Once it stands still: runs its tasks and closes what it has. False: there was nothing left. */
bool net_loop_empty(struct net_loop *loop);
void net_loop_clear(struct net_loop *loop);
/* After something closed: goes on accepting, or ends the loop that is to stop. */
void net_loop_has_room(struct net_loop *loop);
void net_loop_keep_ticking(struct net_loop *loop);
void net_waiting_leave(struct net_stream *s);

/* listener.c */
void net_port_close(struct port *p);
void net_port_watch(struct port *p, bool accepting);

/* stream.c */
/* Takes the accepted socket over, closes it if there is no memory. */
void net_stream_open(struct net_listener *l, struct net_loop *loop, int fd);
/* At each tick: who has moved nothing for a whole one gives back what TLS holds for it, 34 KiB. */
void net_stream_rest(struct net_stream *s);

/* watch.c */
void net_watch_end(struct net_watch *w);

/* tls.c: a server side on this socket; NULL: no memory. */
SSL *net_tls_accept(struct net_tls *tls, int fd);
