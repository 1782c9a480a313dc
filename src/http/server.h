/*
 * server.h - serves HTTP/1.1 on the loops of net/loop.h.
 *
 * A request reaches its listener's handler whole, as an exchange: request, response and a
 * call of its own. The handler fills the response and calls http_reply at once, or keeps the
 * exchange, lets another thread work on it, and has http_reply called from there: meanwhile
 * the connection sleeps and the loop serves others. An exchange belongs to one thread at a time.
 *
 * Layer:  http (uses core net)
 * Source: https://www.rfc-editor.org/rfc/rfc9112
 */
#pragma once
#include "core/call.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/tls.h"

struct http_server;
struct http_listener;
struct http_exchange;

struct http_response {
    int        status;       /* 0 is a mistake of the handler: 500 goes out */
    struct buf head;         /* more header lines, each "Name: value\r\n"; see http_add_header; at most 32 KB */
    str        body;         /* in the call's arena, in the request, or static: it is sent after http_reply */
    str        content_type; /* empty: no Content-Type line */
    uint64_t   length;       /* of a body that is pushed, if it is known; 0: it goes out in chunks */
    bool       close;        /* close the connection after it */
    bool       breaks;       /* the rest of a pushed body cannot be had: the connection closes, and the peer sees that it is cut */
};

struct http_exchange {
    struct call                 call; /* fresh for this request; its arena lives until the answer is sent */
    struct http_request         request;
    struct http_response        response;
    const struct http_listener *listener;
    struct net_loop            *loop;
    void                       *user;           /* the handler's own */
    const void                 *note;           /* of the connection: see http_listener_settings */
    str                         piece;          /* of the request's body: see http_pull */
    bool                        peer_gone;      /* nobody will read the answer, and no more of the body will come */
    uint64_t                    max_body_bytes; /* see http_admit */
    bool                        pulls_body;
};

/* Runs on a loop's thread. Must not block. */
typedef void http_handler(struct http_exchange *x, void *context);

/*
 * Asked on a loop's thread when a head is there and its body is not, before any of the body is kept. It may refuse: by
 * http_reply, before it returns; the body is then thrown away. Or it says in x->max_body_bytes (HTTP_MAX_BODY_BYTES
 * unless it does) how long the body may be, and in x->pulls_body whether the handler gets the request at once and pulls
 * the body; else the handler gets it whole, in an exchange that knows nothing of this one. A body that came along with its
 * head is not asked about.
 */
typedef void http_admit(struct http_exchange *x, void *context);

/* The address of the peer, without its port. Empty: it has none (a unix socket). In a handler, on its loop's thread. Lives: the call. */
str http_peer_address(struct http_exchange *x);

/* The words of a status line, "Not Found"; empty for a number without. */
str http_reason(int status);

/* Appends a header line; line breaks in a value are dropped with the rest of it. */
void http_add_header(struct http_exchange *x, str name, str value);

/*
 * Sends the answer, or ends one that was pushed. Once, from any thread; the exchange is gone for the caller afterwards.
 * HEAD, 204 and 304 send no body. Date, Server, Content-Length, Transfer-Encoding and Connection are the server's own lines.
 */
void http_reply(struct http_exchange *x);

/*
 * Bodies in pieces. Each of the two gives the exchange away, from any thread, and `then` has it back on the loop's
 * thread, when the piece is there, or is taken by the peer's socket: so a fast peer waits for a slow handler, and a fast
 * handler for a slow peer. After x->peer_gone all that is left to do is http_reply.
 */
typedef void http_continue(struct http_exchange *x);
/* The next piece of the request's body: x->piece, until the next call; empty at the end. A body that came whole is one piece. */
void http_pull(struct http_exchange *x, http_continue *then);
/* Does its answer have a body, by method and status? If not, what is pushed is thrown away. */
bool http_has_body(const struct http_exchange *x);
/* The next piece of the answer's body; with the first one the response's head goes out. `piece` must stay until `then`. */
void http_push(struct http_exchange *x, str piece, http_continue *then);

struct http_settings {
    const struct clock  *clock;
    const struct random *random;
    int64_t              idle_timeout_ms;   /* between requests; 0 means 120 s */
    int64_t              head_timeout_ms;   /* for a head, and again for a body; 0 means 20 s */
    int64_t              answer_timeout_ms; /* while an exchange is asleep, then 503 goes out; 0 means 120 s */
    int64_t              send_timeout_ms;   /* for a peer to take the next HTTP_LEAST_TAKEN bytes of its answers; 0 means 30 s */
    size_t               max_input_bytes;   /* of unanswered requests per loop, then 503 to large ones; 0 means 256 MB */
    size_t max_output_bytes; /* of answers that peers do not take per loop, then the connection that has waited longest is closed; 0 means 64 MB */
    str    server_name;      /* the Server header's value; empty: none */
};

FALLIBLE http_server_new(struct call *c, struct net_loops *loops, const struct http_settings *settings, struct http_server **out);
/*
 * Once the loops do not run, no exchange is asleep any more and no thread is inside a function of this server: empties
 * the loops, and frees what served. The loops are freed after it. NULL is fine.
 */
void http_server_free(struct http_server *s);

struct http_listener_settings {
    int             fd;  /* a listening stream socket; the loops own it from here on, failed or not */
    struct net_tls *tls; /* NULL: plain; borrowed, must outlive the listener */
    http_handler   *handler;
    http_admit     *admit;      /* NULL: all that is not too long */
    unsigned        max_asleep; /* exchanges of this listener that wait for their answer, then 503; 0 means 1024 */
    void           *context;
    void (*context_free)(void *context);    /* once no connection or exchange of the listener is left; may be NULL */
    str server_name;                        /* for this listener instead of the server's; empty: the server's; borrowed */
    bool (*accepts)(int fd, void *context); /* asked for every new connection on its loop; NULL: all */
    /*
     * What to note of the connection for a request, x->note: asked on its loop before the handler is, while the descriptor is
     * this connection's for sure. Lives: the call. May be NULL.
     */
    const void *(*notes)(struct call *c, int fd, void *context);
};

/* May be called from any thread, before or after the server runs. The listener serves on all loops. */
FALLIBLE http_listen(struct call *c, struct http_server *s, const struct http_listener_settings *settings, struct http_listener **out);
/* Stops accepting and closes its connections, also those asleep (their http_reply then does nothing). Any thread, once. */
void  http_unlisten(struct http_listener *l);
void *http_listener_context(const struct http_listener *l);
