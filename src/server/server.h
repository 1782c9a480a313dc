/*
 * server.h - runs a whole server: takes its options, serves until it is told to stop.
 *
 * Layer:  server (uses all rooms but client and cli)
 */
#pragma once
#include "core/call.h"

#define SERVER_DEFAULT_HTTPS_PORT    8443
#define SERVER_DEFAULT_METADATA_PORT 8081
#define SERVER_METADATA_SOCKET       "imds.sock"   /* in the data directory: whom that lets in may connect, the kernel says who it is */
#define SERVER_VERIFY_SOCKET         "verify.sock" /* likewise: a proxy has tokens checked there */
#define SERVER_LOG_DAYS_MAX          3650
#define SERVER_LOG_RECORDS_MAX       1000000 /* they are counted every half minute: half a second of a background thread */

#define SERVER_LOG_FILE "server.log" /* in the data directory: what a detached server says */

struct server_options {
    str        data_dir;
    uint16_t   https_port;       /* 0: any free one */
    str        address;          /* to listen on; empty: 127.0.0.1 */
    str        own_domain;       /* --names own --domain D; empty: Azure's public names */
    uint16_t   metadata_port;    /* of 127.0.0.1, for programs of this machine; 0: any free one ... */
    bool       no_metadata_port; /* ... or none at all */
    str        metadata_socket;  /* a path; empty: SERVER_METADATA_SOCKET in the data directory */
    str        verify_socket;    /* a path; empty: SERVER_VERIFY_SOCKET in the data directory */
    bool       published_limits; /* token endpoints answer 429 past the limits that the cloud has */
    unsigned   workers;          /* serving threads; 0: one */
    int64_t    token_lifetime_s; /* 0: the published 24 hours */
    int64_t    log_days;         /* how long log records are kept; 0: LOG_KEEP_DAYS */
    size_t     log_records;      /* and how many activity records; 0: LOG_KEEP_RECORDS */
    bool       test_clock;       /* the clock may be moved through the admin API */
    bool       measures_turns;   /* of the serving threads; two system calls more for each */
    str        propagation;      /* "instant" (also when empty), "cloud", or a file of own figures */
    const str *issuers;          /* --allow-issuer: outside issuers that may be at private addresses */
    size_t     issuer_n;
    str        issuer_ca_pem;                             /* --issuer-ca: what verifies those, and nothing else does; empty: the system's */
    void (*ready)(const char *facts_json, void *context); /* called once it listens; may be NULL */
    void *ready_context;
};

/*
 * Serves until SIGTERM, SIGINT or a stop over the admin socket.
 * Errors: ERR_CONFLICT (another server on this directory, port in use), ERR_IO, ERR_STORE_UNAVAILABLE,
 *         ERR_CRYPTO (the key file does not fit), ERR_NOT_FOUND, ERR_JSON_INVALID, ERR_PARAMETER_INVALID (the figures), ERR_URL_INVALID,
 *         ERR_TOO_LARGE (the issuers) - the call's failure says what to do
 */
FALLIBLE server_run(struct call *c, const struct server_options *options);

/* Is there a tenant's state, or a part of one, in the directory? Errors: ERR_CONFLICT - a server runs there; ERR_IO */
FALLIBLE server_has_state(struct call *c, str directory, bool *out);
/* Deletes it, and nothing else. Errors: as above; cut short it leaves what a start refuses, and can be done again */
FALLIBLE server_reset(struct call *c, str directory);
