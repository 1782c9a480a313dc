/*
 * lanyard/url.h - asks a service by its URL, as a program does that knows only the service's name.
 *
 * The name may lead to a server of this machine, whatever the resolver says of it. No proxy is asked and no redirect followed.
 *
 * Thread-safe.
 */
#ifndef LANYARD_URL_H
#define LANYARD_URL_H

#include "lanyard/admin.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lanyard_url {
    const char *url;      /* "https://shop.vault.azure.net/secrets?api-version=7.4": http or https */
    const char *leads_to; /* "127.0.0.1:8443": where the URL's name leads; NULL: where the resolver says */
    const char *ca_file;  /* PEM file of the authorities that are trusted; NULL: the system's */
};

/* Sends the request's method, headers and body to the URL; its path is ignored. Whatever status the server gave is LANYARD_OK. *error may be NULL. */
LANYARD_API enum lanyard_result lanyard_url_call(const struct lanyard_url *at, const struct lanyard_request *request, struct lanyard_reply *out,
                                                 struct lanyard_error *error);

#ifdef __cplusplus
}
#endif
#endif
