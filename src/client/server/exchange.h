/*
 * exchange.h - one request and its answer, over libcurl.
 *
 * No proxy is asked and no redirect followed. Every wait has an end.
 *
 * Layer:  client (uses core, net)
 */
#pragma once
#include <curl/curl.h>

#include "core/call.h"
#include "lanyard/admin.h"

struct exchange_place {
    const char *url;
    const char *socket;   /* the unix socket that the request goes to; NULL: over the network */
    const char *leads_to; /* "127.0.0.1:8443": where every name of a URL leads; NULL: where the resolver says */
    const char *ca_file;  /* who is trusted over https; NULL: whom the system trusts */
};

/* How a transfer ended that brought no answer. */
struct exchange_end {
    CURLcode    code; /* CURLE_OK: there is an answer */
    int         os_error;
    const char *words; /* libcurl's; static */
};

/*
 * Sends r's method, headers and body; its path is ignored, the URL has one.
 * Errors: ERR_PARAMETER_INVALID, ERR_NO_MEMORY, ERR_IO (no libcurl; an answer that is too long). A transfer that failed is OK, with *out_end.
 */
FALLIBLE exchange_run(struct call *c, const struct lanyard_request *r, const struct exchange_place *at, struct lanyard_reply *out,
                      struct exchange_end *out_end);

/* How long a silent server is waited for. */
unsigned exchange_silence_max_s(const struct lanyard_request *r);
