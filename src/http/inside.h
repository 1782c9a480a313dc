/*
 * inside.h - what the files of the server share; nobody else includes it.
 *
 * Everything here belongs to its loop's thread but what is atomic, and what a listener
 * says of itself, which never changes.
 *
 * Layer:  http (uses core)
 */
#pragma once
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <uv.h>

#include "core/random.h"
#include "http/server.h"

#define HTTP_INPUT_BYTES         ((size_t)16 << 10) /* read at once; a whole TLS record */
#define HTTP_OUTPUT_BYTES        ((size_t)64 << 10) /* answers written at once */
#define HTTP_MAX_ANSWER_HEAD     ((size_t)32 << 10)
#define HTTP_MAX_SPARES          32  /* exchanges and input blocks that a loop keeps warm, each */
#define HTTP_LEAST_TAKEN         ((size_t)64 << 10) /* of an answer, for a peer to get more time to take the rest */
#define HTTP_UNSENT_IN_KERNEL    (128 << 10) /* bytes of a connection that its socket holds before they are sent */
#define HTTP_LINGER_MS           2000 /* for a peer to read the last answer */
#define HTTP_SILENT_MS           1000 /* a new peer that says nothing for so long may have to make room */
#define HTTP_SLOWEST_TICK_MS     500  /* how late a patience may end */
#define HTTP_FASTEST_TICK_MS     10
#define HTTP_TOLD_MS             60000 /* between two reports of the same shortage */
#define HTTP_ACCEPTS_AT_ONCE     16  /* then the others have their turn */

/* Where input lies: the loop's while it is read and answered at once, a connection's when it must stay. */
struct block {
    struct block *next;
    size_t        size;
    char          at[];
};

/* Connections by when their patience ends. All in a lane wait equally long, so the first is the next to end. */
enum lane_kind { LANE_IDLE, LANE_BUSY, LANE_SENDING, LANE_LINGER, LANE_ASLEEP, LANE_N };
struct lane {
    struct connection *first, *last;
    int64_t            patience_ms; /* 0: without end */
};

enum stage {
    STAGE_IDLE,      /* nothing of a request has come */
    STAGE_HEAD,      /* a part of a head */
    STAGE_BODY,      /* a head and a part of its body */
    STAGE_ASLEEP,    /* an exchange is out; nothing is read */
    STAGE_SENDING,   /* the peer has not taken the answer; nothing is read */
    STAGE_LINGERING, /* answered for the last time; what comes is thrown away */
    STAGE_ENDED,     /* to be closed at the end of the turn */
};

struct connection {
    uv_poll_t             poll;
    struct http_loop     *loop;
    struct http_listener *listener;
    struct connection    *next, *previous; /* in the lane */
    enum lane_kind        lane;
    int64_t               deadline_ms;
    enum stage            stage;
    int                   fd;
    int                   watched;     /* uv_poll_event bits */
    SSL                  *ssl;
    bool                  wants_write; /* TLS cannot go on reading before it has written */
    bool                  moved;       /* since it was put into its lane: it begins to wait anew */
    bool                  last;        /* closes once all is sent */
    struct block         *input;       /* NULL while there is none */
    size_t                input_at, input_n;
    size_t                seen_n;      /* of the input: held no whole head */
    struct http_framing   framing;
    struct http_chunks    chunks;
    struct exchange      *exchange;    /* out, or its body is being sent */
    bool                  is_out;      /* the exchange belongs to others until http_reply */
    struct block         *unsent;      /* of what stood in the loop's output */
    size_t                unsent_at, unsent_n;
    str                   unsent_body; /* of `exchange` */
    size_t                taken_n;     /* bytes that the peer took since it entered its lane */
    size_t                held_bytes;  /* memory for what is unsent; counted in the loop's */
};

enum exchange_stage { EXCHANGE_HANDLED, EXCHANGE_ASLEEP, EXCHANGE_ANSWERED };

struct exchange {
    struct http_exchange  open; /* what the handler sees */
    struct http_header    headers[HTTP_MAX_HEADERS];
    atomic_int            stage; /* who comes second, the handler's return or http_reply, goes on with it */
    struct connection    *connection; /* NULL: it has closed meanwhile ... */
    struct http_listener *listener;   /* ... and this exchange keeps its listener ... */
    struct block         *input;      /* ... and its request */
    struct http_task      answered;
    struct exchange      *next; /* spare */
};

/* A listener's side on one loop. */
struct port {
    uv_poll_t             poll;
    struct http_loop     *loop;
    struct http_listener *listener;
    struct port          *next, *previous; /* of the loop */
    struct http_task      open, close;
    bool                  polls; /* false if the loop could not take the socket */
    size_t                held_bytes; /* of this listener's connections on this loop */
};

struct http_listener {
    struct http_listener_settings settings;
    struct http_server           *server;
    atomic_uint                   refs;       /* ports, connections, exchanges whose connection closed */
    atomic_uint                   open_ports; /* the last one closes the socket */
    struct port                   ports[];    /* one for each loop */
};

struct http_watch {
    uv_poll_t         poll;
    struct http_loop *loop;
    int               fd;
    bool              polls;
    void (*ready)(int fd, void *context);
    void (*gone)(void *context);
    void             *context;
    struct http_watch *next, *previous; /* of the loop */
    struct http_task  open, close;
};

struct http_loop {
    struct http_server        *server;
    unsigned                   index;
    uv_loop_t                  uv;
    int                        wake_fd; /* an eventfd: see http_loop_wake */
    uv_poll_t                  wake;
    _Atomic(struct http_task *) posted; /* newest first */
    uv_timer_t                 tick;    /* runs while there are connections, or accepting pauses */
    uv_timer_t                 grace;
    bool                       stopping;
    bool                       is_over; /* it will not run again */
    int64_t                    told_ms; /* when it was last reported that the system has no room; 0: never */
    bool                       paused; /* accepts nothing: too many connections, or the system has no room */
    struct port               *ports;
    struct http_watch         *watches;
    struct lane                lanes[LANE_N];
    size_t                     connection_n;
    size_t                     exchange_n; /* not spare */
    struct exchange           *spare_exchanges;
    struct block              *spare_blocks;
    size_t                     spare_exchange_n, spare_block_n;
    size_t                     block_bytes; /* in all blocks, spare ones too */
    size_t                     held_bytes;  /* of all connections: for answers that their peers do not take */
    struct block              *input;  /* for reading what will be answered at once; NULL: was given to a connection */
    char                      *output; /* answers of the connection whose turn it is */
    size_t                     output_n;
    struct random_pool         ids;
    int64_t                    date_s; /* of `date`: "Date: ...\r\n" */
    char                       date[48];
};

struct http_server {
    struct http_settings settings; /* without zeros */
    int64_t              tick_ms;
    atomic_bool          stopping;
    _Atomic int64_t      grace_ms;
    unsigned             loop_n;
    struct http_loop     loops[];
};

/* loop.c */
FALLIBLE http_loop_init(struct call *c, struct http_loop *loop, struct http_server *s, unsigned index);
void     http_loop_run(struct http_loop *loop);
void     http_loop_wake(struct http_loop *loop); /* any thread */
/* Once it stands still: runs its tasks and closes what it has. False: there was nothing left. */
bool     http_loop_empty(struct http_loop *loop);
void     http_loop_clear(struct http_loop *loop);
void     http_lane_enter(struct http_loop *loop, struct connection *k, enum lane_kind lane);
void     http_lane_leave(struct http_loop *loop, struct connection *k);
struct exchange *http_exchange_take(struct http_loop *loop);  /* NULL: no memory */
void             http_exchange_drop(struct http_loop *loop, struct exchange *x);
struct block    *http_block_take(struct http_loop *loop, size_t size); /* NULL: no memory, or too much is held */
void             http_block_drop(struct http_loop *loop, struct block *b);
/* After something closed: goes on accepting, or ends the loop that is to stop. */
void     http_loop_has_room(struct http_loop *loop);
void     http_loop_keep_ticking(struct http_loop *loop);

/* listener.c */
void http_port_close(struct port *p);
void http_port_watch(struct port *p, bool accepting);
void http_listener_drop(struct http_listener *l);

/* watch.c */
void http_watch_end(struct http_watch *w);

/* connection.c */
/* Takes the accepted socket over, closes it if there is no memory. */
void http_connection_open(struct http_listener *l, struct http_loop *loop, int fd);
void http_connection_close(struct connection *k);
void http_connection_out_of_patience(struct connection *k);
/* http_reply came after the handler had returned. */
void http_connection_answered(struct http_task *task);

/* transport.c: plain or TLS. */
enum { TRANSPORT_CLOSED = 0, TRANSPORT_AGAIN = -1, TRANSPORT_BROKEN = -2, TRANSPORT_PLAIN_ON_TLS = -3 };
/* Bytes read, or one of the above. */
ptrdiff_t http_transport_read(struct connection *k, char *at, size_t n);
/* Bytes written of head and body together, or one of the above. */
ptrdiff_t http_transport_write(struct connection *k, str head, str body);
/* True if more can be read though the socket may have nothing. */
bool      http_transport_has_more(const struct connection *k);
/* Says to the peer that nothing more will come. */
void      http_transport_finish(struct connection *k);

/* tls.c: a server side on this socket; NULL: no memory. */
SSL *http_tls_accept(struct http_tls *tls, int fd);

/* reply.c: an answer's head (and, if `with_body`, its body) to the end of the loop's output; false: no room there. */
bool http_reply_write(struct http_loop *loop, struct exchange *x, bool last, bool with_body);
/* To what cannot be a request, and to one that asks before it sends its body. Behind a flush there is room. */
void http_reply_write_continue(struct http_loop *loop);
void http_reply_write_refusal(struct http_loop *loop, const struct http_listener *l, int status, str words);
/* What must go behind the head: nothing for HEAD, 204, 304. */
str  http_reply_body(const struct exchange *x);
/* Mends what a handler may not answer: no status, too long a head. */
void http_reply_check(struct exchange *x);
