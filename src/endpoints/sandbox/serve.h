/*
 * serve.h - the sockets of one workload: which it has, what listens on them, and what its programs are told of them.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include <sys/types.h>

#include "endpoints/sandbox/sandbox.h"
#include "endpoints/sandbox/workload.h"

struct served {
    const struct sandbox_settings *settings;
    struct workload_place          place; /* on the heap */
    bool                           is_sandboxed;
    uid_t                          user; /* on the host: the one whose processes are served */
    const struct socket_row       *rows[WORKLOAD_MAX_SOCKETS];
    size_t                         row_n;
    uint16_t                       ports[WORKLOAD_MAX_SOCKETS]; /* of the sockets, as they were taken */
    struct http_listener          *listeners[WORKLOAD_MAX_SOCKETS];
    size_t                         listener_n;
    struct net_watch              *resolver;
    char                          *service_account; /* "NAMESPACE/NAME"; empty but in a cluster */
    char                          *own_directory;   /* path of the one that the server has made on the host; NULL: none */
    const struct socket_row       *projector;       /* the row that keeps files in the directory; NULL: none does */
    void                          *projection;
    int                            directory;  /* of the row that asks for one; -1: there is none */
    client_id                      default_id; /* of the identity that is meant by who names none; none: there is none */
    struct secret                  secret;     /* what a request shows where the platform has it shown; text */
};

struct served_workload {
    struct workload_subject subject; /* copied */
    str                     service_account;
    client_id               default_id;
    bool                    is_sandboxed;
    uid_t                   user;
};

/*
 * Says which sockets it has: s->rows. Nothing is served yet. `settings` must outlive it.
 * Errors: ERR_PARAMETER_INVALID (it has none), ERR_NO_MEMORY; s is then zero
 */
FALLIBLE served_init(struct call *c, struct served *s, const struct sandbox_settings *settings, const struct served_workload *w);

/*
 * Serves the socket of row `i`. The descriptor is gone for the caller, served or not.
 * Errors: ERR_PARAMETER_INVALID (it is not of the row's kind), ERR_IO, ERR_NO_MEMORY
 */
FALLIBLE served_take(struct call *c, struct served *s, size_t i, int fd);

/* Where the socket of row `i` is to be opened: an address, or a directory's path. */
str served_address(const struct served *s, size_t i);
/* The sockets that a launcher is to open, as an array of objects. */
void served_write_places(struct json_writer *w, const struct served *s);
/* What to set in the environment of its programs, as an object: known once all sockets are taken. Errors: ERR_NO_MEMORY */
FALLIBLE served_write_environment(struct call *c, struct json_writer *w, const struct served *s);

/* Stops serving: listeners and connections close. Zero afterwards, which is fine too. */
void served_clear(struct served *s);
