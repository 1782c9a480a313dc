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
#define HTTP_MAX_SPARES      32                  /* exchanges and input blocks that a loop keeps warm, each */
#define HTTP_LEAST_TAKEN     ((size_t)64 << 10)  /* of an answer, for a peer to get more time to take the rest */
#define HTTP_LINGER_MS       2000                /* for a peer to read the last answer */
#define HTTP_TURN_BYTES      ((size_t)256 << 10) /* of bodies in pieces, then the others have their turn */
#define HTTP_SILENT_MS       1000                /* a new peer that says nothing for so long may have to make room */

/* Where input lies: the loop's while it is read and answered at once, a connection's when it must stay. */
struct block {
    struct block *next;
    size_t        size;
    char          at[];
};

/* What connections wait for, each for its own time. */
enum wait_kind { WAIT_IDLE, WAIT_BUSY, WAIT_PULLING, WAIT_SENDING, WAIT_LINGER, WAIT_ASLEEP, WAIT_N };

enum stage {
    STAGE_IDLE,      /* nothing of a request has come */
    STAGE_HEAD,      /* a part of a head */
    STAGE_BODY,      /* a head and a part of its body */
    STAGE_ASLEEP,    /* an exchange is out; nothing is read */
    STAGE_PULLING,   /* an exchange waits for the next piece of its body */
    STAGE_PUSHING,   /* the peer has not taken the last piece of an answer; nothing is read */
    STAGE_SENDING,   /* the peer has not taken the answer; nothing is read */
    STAGE_LINGERING, /* answered for the last time; what comes is thrown away */
    STAGE_ENDED,     /* to be closed at the end of the turn */
};

struct connection {
    struct net_stream     net;
    struct http_loop     *loop;
    struct http_listener *listener;
    enum stage            stage;
    bool                  moved; /* since its wait began: it begins anew */
    bool                  last;  /* closes once all is sent */
    struct block         *input; /* NULL while there is none */
    size_t                input_at, input_n;
    size_t                seen_n; /* of the input: held no whole head */
    struct http_framing   framing;
    struct http_chunks    chunks;
    uint64_t              body_left;     /* of a body by length that is pulled */
    size_t                piece_n;       /* of the input: is lent to the exchange */
    bool                  body_ended;    /* no more of it is to be pulled */
    int                   refusal;       /* what the rest of the body deserves; 0: nothing was wrong */
    int64_t               slow_ms;       /* that its peer took for less than HTTP_LEAST_TAKEN bytes of a body in pieces ... */
    size_t                passed_n;      /* ... namely these ... */
    int64_t               waits_from_ms; /* ... of which this wait is not counted yet; 0: it does not wait */
    size_t                turn_n;        /* bytes of pieces in this turn */
    struct exchange      *exchange;      /* out, or waiting for a piece, or its body is being sent */
    bool                  is_out;        /* the exchange belongs to others until http_reply */
    struct block         *unsent;        /* of what stood in the loop's output */
    size_t                unsent_at, unsent_n;
    str                   unsent_body; /* of `exchange` */
    size_t                taken_n;     /* bytes that the peer took since its wait began */
    size_t                held_bytes;  /* memory for what is unsent; counted in the loop's */
};

enum exchange_stage { EXCHANGE_HANDLED, EXCHANGE_ASLEEP, EXCHANGE_BACK };

/* What the exchange was given back for. STEP_ON: only to let others have their turn. */
enum step { STEP_REPLY, STEP_PULL, STEP_PUSH, STEP_ON };

struct exchange {
    struct http_exchange open; /* what the handler sees */
    struct http_header   headers[HTTP_MAX_HEADERS];
    atomic_int           stage; /* who comes second, the handler's return or the exchange, goes on with it */
    enum step            step;
    http_continue       *then;     /* for STEP_PULL and STEP_PUSH */
    bool                 awaits;   /* `then` is owed: the exchange is ours, and waits for its piece */
    bool                 is_whole; /* its body came whole, and was not pulled yet */
    str                  pushed;
    bool                 begun;    /* the head of the answer is out */
    bool                 chunked;  /* so is its body; else ... */
    uint64_t             left;     /* ... so many bytes are still to be pushed */
    bool                 in_chunk; /* whose line end is not out yet */
    struct http_loop    *loop;
    struct connection   *connection; /* NULL: it has closed meanwhile ... */
    struct net_listener *listener;   /* ... and this exchange keeps its listener ... */
    struct block        *blocks[2];  /* ... and its request; the first one already while its body is pulled */
    struct net_task      back;
    struct exchange     *next; /* spare */
};

struct http_listener {
    struct http_listener_settings settings;
    struct http_server           *server;
    struct net_listener          *net;
    atomic_uint                   asleep_n;
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
    struct block       *input;       /* for reading what will be answered at once; NULL: was given to a connection */
    char               *output;      /* answers of the connection whose turn it is */
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
struct exchange *http_exchange_take(struct http_loop *loop); /* NULL: no memory */
void             http_exchange_drop(struct http_loop *loop, struct exchange *x);
struct block    *http_block_take(struct http_loop *loop, size_t size); /* NULL: no memory, or too much is held */
void             http_block_drop(struct http_loop *loop, struct block *b);
void             http_spares_free(struct http_loop *loop);

/* input.c */
bool http_input_make_room(struct connection *conn); /* false: no memory, or the loop holds too much */
bool http_input_park(struct connection *conn);      /* what is not a whole request yet stays with the connection; false as above */
void http_input_adopt(struct connection *conn);     /* keeps the block for after this turn */
void http_input_drop(struct connection *conn);
/* The block with the head is the caller's, what stands behind it moves to another one. False as above: nothing is changed. */
bool http_input_split(struct connection *conn, struct block **out_head);

/* output.c */
void http_output_flush(struct connection *conn, str body);
/* Counts what the peer does not take; past the limit connections are closed, maybe this one. */
void http_output_count(struct connection *conn);
void http_output_drop(struct connection *conn);

static inline bool http_output_waits(const struct connection *conn)
{
    return conn->unsent_n > 0 || conn->unsent_body.n > 0;
}

/* exchange.c */
/* The request is whole: to the handler with it. */
void http_exchange_run(struct connection *conn, struct exchange *x);
/* Its body is not there: is it let in? False: it was refused, the exchange is gone. */
bool http_exchange_admit(struct connection *conn, struct exchange *x);
/* The head is there, the body is to be pulled. */
void http_exchange_run_pulling(struct connection *conn, struct exchange *x);
/* Something came, or went out: goes on with an exchange that waits for it. */
void http_exchange_go_on(struct connection *conn);
/* The connection closes. */
void http_exchange_leave(struct connection *conn);
/* It was given back after the handler had returned. */
void http_exchange_back(struct net_task *task);

/* connection.c */
extern const struct net_protocol HTTP_PROTOCOL; /* its listeners' context is a struct http_listener */
/* The last answer of this connection, to what is no request, or to one that is not read. */
void http_connection_refuse(struct connection *conn, int status, str words);
/* After an exchange came back. The connection may be gone after it. */
void http_connection_go_on(struct connection *conn);

/* reply.c: an answer's head (and, if `with_body`, its body) to the end of the loop's output; false: no room there. */
bool http_reply_write(struct http_loop *loop, struct exchange *x, bool last, bool with_body);
/* The head of an answer that is pushed. Behind a flush there is room. */
void http_reply_write_pushed(struct http_loop *loop, struct exchange *x, bool last);
/* Before a chunk of that many bytes, 0 for the end; behind a flush there is room. */
void http_reply_write_chunk(struct http_loop *loop, struct exchange *x, size_t n);
/* To what cannot be a request, and to one that asks before it sends its body. Behind a flush there is room. */
void http_reply_write_continue(struct http_loop *loop);
void http_reply_write_refusal(struct http_loop *loop, const struct http_listener *l, int status, str words);
/* What must go behind the head: nothing for HEAD, 204, 304. */
str http_reply_body(const struct exchange *x);
/* Mends what a handler may not answer: no status, too long a head. */
void http_reply_check(struct exchange *x);
