/*
 * names.h - what every service is called: the one table of host names.
 *
 * Each service has its hosts in its descriptor (endpoints/services.inc); a host's address is its
 * identity. `azure` uses Azure's public names (what the sandbox serves); `own` puts every
 * service under a domain of the operator's. Issuers, challenges, vault URIs and audiences
 * are all made from this table.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/security/fundamentals/azure-domains
 */
#pragma once
#include "core/call.h"

#define NAME_MAX_ALIASES 2  /* of one host */
#define NAMES_MAX        32 /* hosts of all services together */

/* A host, or a suffix in front of which labels stand: LABEL.vault.azure.net. */
struct host {
    str  key;                                    /* what status calls it; empty: it is not shown */
    str  azure, azure_aliases[NAME_MAX_ALIASES]; /* lower case */
    str  own;                                    /* in front of a domain of the operator's; two that are equal lead to the first */
    bool is_suffix;
    str  in_metadata; /* among the suffixes of the cloud's metadata document ("keyVaultDns"); empty: it is not there */
};

struct host_rows {
    const struct host *const *at;
    size_t                    n;
};
#define HOSTS(...)                                                                                                    \
    {                                                                                                                 \
        (const struct host *const[]){__VA_ARGS__}, sizeof(const struct host *[]){__VA_ARGS__} / sizeof(struct host *) \
    }

/* Those of all services, in their order. Whoever links this room defines it: endpoints/services.c. */
extern const struct host_rows *const HOSTS_OF_SERVICES[];
extern const size_t                  HOSTS_OF_SERVICES_N;

struct name {
    const struct host *host;
    str                text;                      /* lower case, without port */
    str                aliases[NAME_MAX_ALIASES]; /* further names of the service; the unused are empty */
};

struct names {
    struct name at[NAMES_MAX];
    size_t      n;
    uint16_t    port; /* that clients reach them on; 443 is not written into URLs */
};

struct names names_azure(void);
/* Every service under `domain`: login.DOMAIN, management.DOMAIN, graph.DOMAIN, *.vault.DOMAIN. Errors: ERR_NAME_INVALID */
FALLIBLE names_own(struct call *c, str domain, uint16_t port, struct names *out);

/* The host that a Host header names (port ignored, any case), and for a suffix the label in front. NULL if none. */
const struct host *names_find(const struct names *n, str host, str *out_label);

/* What a host of some service is called. */
const struct name *names_of(const struct names *n, const struct host *host);
str                names_text(const struct names *n, const struct host *host); /* "login.microsoftonline.com" */
/* "https://login.microsoftonline.com" - with the port if it is not 443, without a trailing slash. */
str names_url(struct call *c, const struct names *n, const struct host *host);
str names_url_label(struct call *c, const struct names *n, const struct host *host, str label); /* https://v1.vault.azure.net */

/* Does the resolver answer for this name? Every host, and one label below each suffix. */
bool names_serves(const struct names *n, str host);
