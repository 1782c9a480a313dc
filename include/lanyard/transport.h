/*
 * lanyard/transport.h - another way to send the library's HTTP requests than libcurl.
 */
#ifndef LANYARD_TRANSPORT_H
#define LANYARD_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "lanyard/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lives: until `send` returns. */
struct lanyard_http_request {
    const char        *method;  /* "GET", "POST" */
    const char        *url;     /* http or https; holds no password */
    const char *const *headers; /* "Name: value" each; may hold secrets: not for a log */
    size_t             header_n;
    const void        *body; /* NULL: none; may hold secrets */
    size_t             body_n;
    unsigned           timeout_ms;         /* for the whole of it; never 0 */
    unsigned           connect_timeout_ms; /* name, connection and TLS; never 0 */
    const char        *ca_file;            /* NULL: the system's authorities */
    const char        *ca_pem;             /* the authorities themselves; NULL: ca_file's */
    const char        *server_name;        /* the name in TLS instead of the URL's; NULL: the URL's */
    const char        *server_sha1;        /* 40 hex digits: the server's own certificate, pinned; no authority is asked. NULL: none */
    bool               is_local;           /* a local endpoint: never through a proxy */
};

struct lanyard_http_reply; /* filled by lanyard_http_reply_* */

/* False: the reply is longer than is read; end the transfer. */
LANYARD_API bool lanyard_http_reply_status(struct lanyard_http_reply *reply, int status);
LANYARD_API bool lanyard_http_reply_header(struct lanyard_http_reply *reply, const char *name, const char *value);
LANYARD_API bool lanyard_http_reply_body(struct lanyard_http_reply *reply, const void *bytes, size_t n);
/* Why there is no reply: one line for a person, "Connection refused". */
LANYARD_API void lanyard_http_reply_failed(struct lanyard_http_reply *reply, const char *why);
/* True once nobody waits for the reply any more: cancelled, or out of time. `send` asks from time to time, at least every 100 ms. */
LANYARD_API bool lanyard_http_reply_unwanted(const struct lanyard_http_reply *reply);

/*
 * Sends one request and reads its reply. A redirect is a reply like others. Called by any thread, and by several at once.
 * Result: LANYARD_OK with any status; LANYARD_UNAVAILABLE if nobody could be reached; LANYARD_TIMED_OUT; LANYARD_CANCELLED;
 * LANYARD_NO_MEMORY; LANYARD_INVALID for what would fail again: a certificate that is not trusted; LANYARD_BROKEN for everything else.
 */
struct lanyard_transport {
    enum lanyard_result (*send)(const struct lanyard_http_request *request, struct lanyard_http_reply *reply, void *context);
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
