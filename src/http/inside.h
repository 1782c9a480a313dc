/*
 * inside.h - what the files of the server share; nobody else includes it.
 *
 * Everything here belongs to its loop's thread but what is atomic, and what a listener
 * says of itself, which never changes.
 *
 * Layer:  http (uses core net)
 */
#pragma once
#include <stdatomic.h>

#include "core/random.h"
#include "http/server.h"
#include "net/stream.h"

#define HTTP_INPUT_BYTES     ((size_t)16 << 10) /* read at once; a whole TLS record */
#define HTTP_OUTPUT_BYTES    ((size_t)64 << 10) /* answers written at once */
#define HTTP_MAX_ANSWER_HEAD ((size_t)32 << 10)
#define HTTP_MAX_SPARES      32   /* exchanges and input blocks that a loop keeps warm, each */
#define HTTP_LEAST_TAKEN     ((size_t)64 << 10) /* of an answer, for a peer to get more time to take the rest */
#define HTTP_LINGER_MS       2000 /* for a peer to read the last answer */
#define HTTP_SILENT_MS       1000 /* a new peer that says nothing for so long may have to make room */

/* Where input lies: the loop's while it is read and answered at once, a connection's when it must stay. */
struct block {
    struct block *next;
    size_t        size;
    char          at[];
};

/* What connections wait for, each for its own time. */
enum wait_kind { WAIT_IDLE, WAIT_BUSY, WAIT_SENDING, WAIT_LINGER, WAIT_ASLEEP, WAIT_N };

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
    struct net_stream     net;
    struct http_loop     *loop;
    struct http_listener *listener;
    enum stage            stage;
    bool                  moved;       /* since its wait began: it begins anew */
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
    size_t                taken_n;     /* bytes that the peer took since its wait began */
    size_t                held_bytes;  /* memory for what is unsent; counted in the loop's */
};

enum exchange_stage { EXCHANGE_HANDLED, EXCHANGE_ASLEEP, EXCHANGE_ANSWERED };

struct exchange {
    struct http_exchange  open; /* what the handler sees */
    struct http_header    headers[HTTP_MAX_HEADERS];
    atomic_int            stage; /* who comes second, the handler's return or http_reply, goes on with it */
    struct http_loop     *loop;
    struct connection    *connection; /* NULL: it has closed meanwhile ... */
    struct net_listener  *listener;   /* ... and this exchange keeps its listener ... */
    struct block         *input;      /* ... and its request */
    struct net_task       answered;
    struct exchange      *next; /* spare */
};

struct http_listener {
    struct http_listener_settings settings;
    struct http_server           *server;
    struct net_listener          *net;
    size_t                        held_bytes[]; /* of its connections, by loop */
};

/* What serves on one loop. */
struct http_loop {
    struct http_server *server;
    struct net_loop    *net;
    struct net_waiting  waits[WAIT_N];
    size_t              exchange_n; /* not spare */
    struct exchange    *spare_exchanges;
    struct block       *spare_blocks;
    size_t              spare_exchange_n, spare_block_n;
    size_t              block_bytes; /* in all blocks, spare ones too */
    size_t              held_bytes;  /* of all connections: for answers that their peers do not take */
    struct block       *input;  /* for reading what will be answered at once; NULL: was given to a connection */
    char               *output; /* answers of the connection whose turn it is */
    size_t              output_n;
    struct random_pool  ids;
    int64_t             date_s; /* of `date`: "Date: ...\r\n" */
    char                date[48];
};

struct http_server {
    struct http_settings settings; /* without zeros */
    struct net_loops    *net;
    unsigned             loop_n;
    struct http_loop     loops[];
};

/* spares.c: what a loop keeps warm. */
struct exchange *http_exchange_take(struct http_loop *loop);  /* NULL: no memory */
void             http_exchange_drop(struct http_loop *loop, struct exchange *x);
struct block    *http_block_take(struct http_loop *loop, size_t size); /* NULL: no memory, or too much is held */
void             http_block_drop(struct http_loop *loop, struct block *b);
void             http_spares_free(struct http_loop *loop);

/* connection.c */
extern const struct net_protocol HTTP_PROTOCOL; /* its listeners' context is a struct http_listener */
/* http_reply came after the handler had returned. */
void http_connection_answered(struct net_task *task);

/* reply.c: an answer's head (and, if `with_body`, its body) to the end of the loop's output; false: no room there. */
bool http_reply_write(struct http_loop *loop, struct exchange *x, bool last, bool with_body);
/* To what cannot be a request, and to one that asks before it sends its body. Behind a flush there is room. */
void http_reply_write_continue(struct http_loop *loop);
void http_reply_write_refusal(struct http_loop *loop, const struct http_listener *l, int status, str words);
/* What must go behind the head: nothing for HEAD, 204, 304. */
str  http_reply_body(const struct exchange *x);
/* Mends what a handler may not answer: no status, too long a head. */
void http_reply_check(struct exchange *x);
