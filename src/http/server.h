/*
 * server.h - serves HTTP/1.1 over TCP, TLS and unix sockets.
 *
 * A loop is a thread with its connections (libuv). A request reaches its listener's
 * handler whole, as an exchange: request, response and a call of its own. The handler
 * fills the response and calls http_reply at once, or keeps the exchange, lets another
 * thread work on it, and has http_reply called from there: meanwhile the connection
 * sleeps and the loop serves others. An exchange belongs to one thread at a time.
 *
 * Layer:  http (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc9112
 */
#pragma once
#include "core/call.h"
#include "core/secret.h"
#include "http/message.h"

struct http_server;
struct http_loop;     /* one serving thread */
struct http_listener;
struct http_exchange;

struct http_response {
    int                status; /* 0 is a mistake of the handler: 500 goes out */
    struct buf         head;   /* more header lines, each "Name: value\r\n"; see http_add_header; at most 32 KB */
    str                body;   /* in the call's arena, in the request, or static: it is sent after http_reply */
    str                content_type; /* empty: no Content-Type line */
    bool               close;  /* close the connection after it */
};

struct http_exchange {
    struct call                 call; /* fresh for this request; its arena lives until the answer is sent */
    struct http_request         request;
    struct http_response        response;
    const struct http_listener *listener;
    struct http_loop           *loop;
    void                       *user; /* the handler's own */
};

/* Runs on a loop's thread. Must not block. */
typedef void http_handler(struct http_exchange *x, void *context);

/* Appends a header line; line breaks in a value are dropped with the rest of it. */
void http_add_header(struct http_exchange *x, str name, str value);

/*
 * Sends the answer, once. Any thread; the exchange is gone for the caller afterwards. HEAD, 204 and 304 send no body.
 * Date, Server, Content-Length and Connection are the server's own lines.
 */
void http_reply(struct http_exchange *x);

struct http_settings {
    unsigned             loops;           /* threads that serve; 0 means 1 */
    const struct clock  *clock;
    const struct random *random;
    int64_t              idle_timeout_ms; /* between requests; 0 means 120 s */
    int64_t              head_timeout_ms; /* for a head, and again for a body; 0 means 20 s */
    size_t               max_connections; /* per loop; 0 means 4096 */
    int64_t              send_timeout_ms; /* for a peer to take the next HTTP_LEAST_TAKEN bytes of its answers; 0 means 30 s */
    size_t               max_input_bytes; /* of unanswered requests per loop, then 503 to large ones; 0 means 256 MB */
    size_t               max_output_bytes; /* of answers that peers do not take per loop, then the connection that has waited longest is closed; 0 means 64 MB */
    str                  server_name;     /* the Server header's value; empty: none */
};

FALLIBLE http_server_new(struct call *c, const struct http_settings *settings, struct http_server **out);

/* A TLS identity: certificate chain and key as PEM. TLS 1.2 and 1.3; ALPN answers http/1.1. Errors: ERR_CRYPTO */
struct http_tls;
FALLIBLE http_tls_new(struct call *c, str certificate_pem, const struct secret *key_pem, struct http_tls **out);
void     http_tls_free(struct http_tls *tls);

struct http_listener_settings {
    int              fd;      /* a listening stream socket; the server owns it from here on, failed or not */
    struct http_tls *tls;     /* NULL: plain; borrowed, must outlive the listener */
    http_handler    *handler;
    void            *context;
    void (*context_free)(void *context); /* once no connection or exchange of the listener is left; may be NULL */
    str              server_name; /* for this listener instead of the server's; empty: the server's; borrowed */
    bool (*accepts)(int fd, void *context); /* asked for every new connection on its loop; NULL: all */
};

/* May be called from any thread, before or after the server runs. The listener serves on all loops. */
FALLIBLE http_listen(struct call *c, struct http_server *s, const struct http_listener_settings *settings,
                     struct http_listener **out);
/* Stops accepting and closes its connections, also those asleep (their http_reply then does nothing). Any thread, once. */
void http_unlisten(struct http_listener *l);
void *http_listener_context(const struct http_listener *l);

/* Sockets to listen on. Errors: ERR_IO with words that say what to do (port in use, not allowed). */
FALLIBLE http_open_tcp(struct call *c, str address, uint16_t port, int *out_fd, uint16_t *out_port);
FALLIBLE http_open_unix(struct call *c, str path, int *out_fd); /* 0600; replaces a dead socket, refuses a live one */

/* Runs `task` on the loop's thread soon. Any thread. The task is the caller's memory until it has run. */
struct http_task {
    void (*run)(struct http_task *task);
    struct http_task *next; /* the loop's */
};
void http_post(struct http_loop *loop, struct http_task *task);
/* 0 .. loops-1, for tables with a row per loop. */
unsigned http_loop_index(const struct http_loop *loop);

/* Serves on the calling thread and the others until http_server_stop. */
FALLIBLE http_server_run(struct call *c, struct http_server *s);
/* Finishes what is being answered (at most `grace_ms`), then http_server_run returns. Any thread, signal handlers too. */
void http_server_stop(struct http_server *s, int64_t grace_ms);
/*
 * Once it does not run, no exchange is asleep any more and no thread is inside a function of this server. Tasks
 * that were posted meanwhile run here; listeners and watches that are left are closed.
 */
void http_server_free(struct http_server *s);

/*
 * Watches a file descriptor on loop 0 (a UDP socket, a hand-over socket): `ready` runs when it can be read, or
 * has failed. The server owns the descriptor from here on, failed or not.
 */
struct http_watch;
FALLIBLE http_watch_new(struct call *c, struct http_server *s, int fd, void (*ready)(int fd, void *context), void *context,
                        struct http_watch **out);
/* Stops watching and closes the descriptor; then `gone(context)` on the loop's thread. Any thread. */
void http_watch_close(struct http_watch *w, void (*gone)(void *context));
