/*
 * names.h - what every service is called: the one table of host names.
 *
 * `azure` uses Azure's public names (what the sandbox serves); `own` puts every
 * service under a domain of the operator's. Issuers, challenges, vault URIs and audiences
 * are all made from this table.
 *
 * Layer:  resources (uses core)
 * Source: https://learn.microsoft.com/azure/security/fundamentals/azure-domains
 */
#pragma once
#include "core/call.h"

enum name_kind {
    NAME_LOGIN,
    NAME_ISSUER,       /* of v1 tokens: sts.windows.net */
    NAME_MANAGEMENT,
    NAME_GRAPH,
    NAME_VAULT_SUFFIX, /* vault.azure.net: hosts are LABEL.vault.azure.net */
    NAME_N
};

#define NAME_MAX_ALIASES 2 /* of one service */

struct names {
    str      hosts[NAME_N]; /* lower case, without port */
    str      aliases[NAME_N][NAME_MAX_ALIASES]; /* further names of the service (management.core.windows.net); the unused are empty */
    uint16_t port; /* that clients reach them on; 443 is not written into URLs */
};

struct names names_azure(void);
/* Every service under `domain`: login.DOMAIN, management.DOMAIN, graph.DOMAIN, *.vault.DOMAIN. Errors: ERR_NAME_INVALID */
FALLIBLE names_own(struct call *c, str domain, uint16_t port, struct names *out);

/* The service a Host header names (port ignored, any case): its kind, and for a suffix the label in front. NAME_N if none. */
enum name_kind names_find(const struct names *n, str host, str *out_label);

/* "https://login.microsoftonline.com" - with the port if it is not 443, without a trailing slash. */
str names_url(struct call *c, const struct names *n, enum name_kind kind);
str names_url_label(struct call *c, const struct names *n, enum name_kind kind, str label); /* https://v1.vault.azure.net */

/* Does the resolver answer for this name? Every host, and one label below each suffix. */
bool names_serves(const struct names *n, str host);
