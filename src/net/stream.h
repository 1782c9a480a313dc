/*
 * stream.h - connections that peers opened, and the listeners that accept them.
 *
 * A protocol is a row of functions; its connections begin with a struct net_stream. The stream
 * moves bytes, plain or through TLS. The listener accepts on all loops, keeps to the limit of
 * connections and makes room by closing one that waits for its peer.
 *
 * Layer:  net (uses core)
 */
#pragma once
#include <openssl/ssl.h>
#include <uv.h>

#include "net/loop.h"
#include "net/tls.h"

#define NET_UNSENT_IN_KERNEL (128 << 10) /* bytes of a stream that its socket holds before they are sent */

struct net_listener;
struct net_stream;

/*
 * Streams that are given equally long for what they wait for: in order of arrival, so in order of their deadlines.
 * One for each thing that a protocol's connections wait for, on each loop. The loop's thread only.
 */
struct net_waiting {
    struct net_stream  *first, *last;
    struct net_loop    *loop;
    struct net_waiting *next;          /* of the loop */
    int64_t             limit_ms;      /* 0: without end */
    int64_t             gives_room_ms; /* who has waited so long is closed for a newcomer; below 0: nobody is */
};

/* It is added behind those that the loop has: room is made by the first ones first. Before the loop runs. */
void net_waiting_init(struct net_waiting *w, struct net_loop *loop, int64_t limit_ms, int64_t gives_room_ms);
/* Once the loops are empty, before its memory goes. */
void net_waiting_clear(struct net_waiting *w);
/* Out of the one it is in, to the end of `w`. */
void net_waiting_enter(struct net_waiting *w, struct net_stream *s);

struct net_protocol {
    size_t stream_bytes;                             /* of its connections, a struct net_stream at the start */
    void (*opened)(struct net_stream *s);            /* must enter a net_waiting, and watch */
    void (*ready)(struct net_stream *s, int events); /* UV_READABLE, UV_WRITABLE; below 0: the socket failed */
    void (*expired)(struct net_stream *s);           /* its time is over: must close it, or enter a net_waiting */
    void (*closing)(struct net_stream *s);           /* frees all but the struct */
    bool (*is_idle)(const struct net_stream *s);     /* nothing is lost if it is closed now */
};

struct net_stream {
    uv_poll_t            poll;
    struct net_loop     *loop;
    struct net_listener *listener;
    struct net_stream   *next, *previous; /* in `waits_in` */
    struct net_waiting  *waits_in;
    int64_t              deadline_ms;
    int                  fd;
    int                  watched;     /* UV_READABLE, UV_WRITABLE */
    SSL                 *ssl;         /* NULL: plain */
    bool                 wants_write; /* TLS cannot go on reading before it has written */
    bool                 wants_more;  /* TLS has read all that the socket had, and holds no whole record */
    bool                 is_buffered; /* TLS holds buffers ... */
    bool                 is_quiet;    /* ... and moved nothing since the last tick */
};

/* What `ready` is called for; 0: for nothing. */
void net_stream_watch(struct net_stream *s, int events);
/* Calls closing; the struct goes once the loop has let go of it. */
void net_stream_close(struct net_stream *s);

enum { NET_CLOSED = 0, NET_AGAIN = -1, NET_BROKEN = -2, NET_PLAIN_ON_TLS = -3 };
/* Bytes read, or one of the above. */
ptrdiff_t net_stream_read(struct net_stream *s, char *at, size_t n);
/* Bytes written of head and body together, or one of the above. */
ptrdiff_t net_stream_write(struct net_stream *s, str head, str body);
/* True if more can be read though the socket may have nothing. */
bool net_stream_has_more(const struct net_stream *s);
/* Says to the peer that nothing more will come. */
void net_stream_finish(struct net_stream *s);
/* From now on what is sent and received is plain: for an answer to a peer that does not speak TLS. */
void net_stream_drop_tls(struct net_stream *s);

struct net_listener_settings {
    int                        fd;        /* a listening stream socket; the loops own it from here on, failed or not */
    struct net_tls            *tls;       /* NULL: plain; borrowed, must outlive the listener */
    const struct net_protocol *protocol;  /* NULL: `taken` takes the sockets */
    void (*taken)(int fd, void *context); /* on loop 0 only */
    void *context;
    void (*context_free)(void *context);    /* once nothing of the listener is left; may be NULL */
    bool (*accepts)(int fd, void *context); /* asked for every new connection on its loop; NULL: all */
};

/* May be called from any thread, before or after the loops run. */
FALLIBLE net_listen(struct call *c, struct net_loops *loops, const struct net_listener_settings *settings, struct net_listener **out);
/* Stops accepting and closes its connections. Any thread, once. */
void  net_unlisten(struct net_listener *l);
void *net_listener_context(const struct net_listener *l);
/* For what outlives its connection and still needs the listener's context. Any thread. */
void net_listener_keep(struct net_listener *l);
void net_listener_drop(struct net_listener *l);
