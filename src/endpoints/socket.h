/*
 * socket.h - the sockets by which a workload reaches a service, besides the https port that all share.
 *
 * A launcher opens them in the workload's own network and hands them over (sandbox/README.md), so that the socket
 * says whose workload is asking.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "core/secret.h"
#include "endpoints/workload/place.h"
#include "http/server.h"
#include "log/signin.h"
#include "net/loop.h"
#include "ops/product.h"
#include "resources/types.h"

struct socket_workload {
    struct product       *product;
    struct workload_place place;
    enum signin_known_by  known_by;        /* how its requests are known to be its */
    str                   service_account; /* "NAMESPACE/NAME", in a cluster; empty elsewhere */
    const struct secret  *secret;          /* what its environment tells of: VARIABLE_SECRET */
    int                   directory;       /* the workload's SOCKET_DIRECTORY, borrowed; -1: it has none. Its row stands before those that use it */
};

/* Fills in handler and context (and what else is not of the socket) for one workload. */
typedef enum err socket_open(struct call *c, const struct socket_workload *w, struct http_listener_settings *out);

/* Of a SOCKET_DIRECTORY: keeps files in it that the workload reads, until the end. On loop 0, whose timers it may use. */
typedef enum err socket_project(struct call *c, const struct socket_workload *w, struct net_loop *loop, void **out);

enum variable_form {
    VARIABLE_URL,        /* of the socket, with the row's text behind it */
    VARIABLE_SECRET,     /* the workload's: made with its sockets, gone with them */
    VARIABLE_THUMBPRINT, /* SHA-1 of the certificate that a TLS socket shows, in hexadecimal digits */
    VARIABLE_SEGMENT,    /* of the resource's id: what stands behind the row's text in it */
    VARIABLE_TENANT,     /* the tenant's id */
    VARIABLE_AUTHORITY,  /* the URL of the token service, with a slash at its end */
    VARIABLE_PATH,       /* of the directory, with the row's text behind it */
    VARIABLE_CLIENT_ID,  /* of the identity that is meant by who names none; not set where there is none */
};

enum socket_kind {
    SOCKET_TCP,
    SOCKET_TLS,
    SOCKET_UDP,
    SOCKET_DIRECTORY, /* no socket: a place that the workload can read and the server can write; its path is the address */
};

/* A variable that tells a workload's programs of a socket. */
struct variable_row {
    const char        *name;
    enum variable_form form;
    const char        *text;
    bool               for_host; /* in a sandbox nobody needs to be told */
};

#define TOKEN_ENDPOINT_BIT(endpoint) (1u << (endpoint))

struct socket_row {
    str              name;
    enum socket_kind kind;
    str              address;
    uint16_t         port;
    bool             needs_resource; /* a workload of nobody has none */
    unsigned         endpoints;      /* workloads whose resource has one of these token endpoints have it; 0: whatever it has */
    bool             is_on_host;     /* without a sandbox too: on a port of 127.0.0.1, for that user's processes alone */
    struct {
        const struct variable_row *at;
        size_t                     n;
    } variables;
    socket_open    *open;
    socket_project *project; /* NULL: nothing is kept in the directory from the start */
    void (*project_end)(void *projection);
};

struct socket_rows {
    const struct socket_row *at;
    size_t                   n;
};
