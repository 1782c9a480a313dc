/*
 * client.h - HTTP requests to other servers, driven by the loops (libcurl's multi interface).
 *
 * A transfer is started on a loop's thread and its end is told there; the loop serves others
 * meanwhile. By default nothing is allowed that a caller did not ask for: https only, no
 * redirects, no address that is not of the public internet - checked on the address that
 * is really connected to, whatever the name led to - and no proxy of the environment.
 *
 * Layer:  net (uses core)
 * Source: https://curl.se/libcurl/c/libcurl-multi.html
 */
#pragma once
#include "net/loop.h"

#define NET_MAX_URL_BYTES         2048
#define NET_MAX_REQUEST_HEADERS   32
#define NET_MAX_ANSWER_HEAD_BYTES ((size_t)32 << 10)

struct net_client;
struct net_transfer;

struct net_client_settings {
    size_t max_transfers; /* at once, on each loop; 0 means 64 */
};

/* Cheap: libcurl is loaded with the first transfer, on a thread of its own. */
FALLIBLE net_client_new(struct call *c, struct net_loops *loops, const struct net_client_settings *settings, struct net_client **out);
/*
 * Once the loops do not run: what is left is told that it failed. Before http_server_free, if exchanges wait for
 * transfers. NULL is fine.
 */
void net_client_free(struct net_client *client);

/* Everything is copied. */
struct net_request {
    str        method; /* empty: GET */
    str        url;
    const str *headers; /* "Name: value" */
    size_t     header_n;
    str        body;
    int64_t    total_timeout_ms;   /* from the start to the answer's last byte; 0 means 10 s */
    int64_t    connect_timeout_ms; /* name, connection and TLS; 0 means 3 s */
    size_t     max_body_bytes;     /* of the answer; 0 means 1 MiB */
    unsigned   max_redirects;      /* 0: a redirect is an answer like others */
    bool       allows_http;        /* plain http: too */
    bool       allows_private;     /* addresses that are not of the public internet too */
    bool       uses_proxy;         /* the one that the environment names: it is then its address that is checked */
    str        ca_pem;             /* trusts these alone instead of the system's; empty: the system's */
};

/* Lives: until `done` returns. */
struct net_answer {
    /*
     * OK: an answer came, whatever its status. ERR_URL_INVALID (the scheme too), ERR_NOT_AUTHORIZED (an address that
     * is not public), ERR_TOO_LARGE, ERR_NO_MEMORY, ERR_IO (everything else).
     */
    enum err    failed;
    const char *why; /* for a person */
    int         status;
    str         head; /* the last answer's header lines */
    str         body;
};

/* A header of the answer; empty with NULL `at` if there is none. */
str net_answer_header(const struct net_answer *a, str name);

/*
 * Starts a transfer: on the loop's own thread. `done` runs there once, later, unless the transfer is cancelled.
 * Errors: ERR_BUSY (too many at once), ERR_URL_INVALID, ERR_PARAMETER_INVALID (a method or a header that is none),
 *         ERR_NO_MEMORY, ERR_IO - `done` is then not called
 */
FALLIBLE net_client_start(struct call *c, struct net_client *client, struct net_loop *loop, const struct net_request *request,
                          void (*done)(const struct net_answer *answer, void *context), void *context, struct net_transfer **out);
/* Ends it without `done`. On the loop's thread, before `done`. */
void net_transfer_cancel(struct net_transfer *t);
