/*
 * ca.h - the local certificate authority and the server's certificate.
 *
 * The authority is name-constrained to the names that are served, so that its key, if
 * taken, cannot vouch for anything else. Nothing is added to the system's trust store.
 *
 * Layer:  server (uses core, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10
 */
#pragma once
#include "core/secret.h"
#include "resources/names.h"

#define CA_LIFETIME_DAYS   3650
#define CERT_LIFETIME_DAYS 397 /* clients refuse longer ones */
#define CERT_RENEW_DAYS    30

struct server_certificate {
    str           chain_pem; /* the server's certificate */
    str           ca_pem;
    struct secret key_pem;
};

/*
 * From the data directory's ca.pem, ca.key, server.pem, server.key: made at first start, the server's made anew
 * when it runs out or the names are others. Lives: texts in the call; the key is the caller's to clear.
 * Errors: ERR_IO, ERR_CRYPTO
 */
FALLIBLE ca_prepare(struct call *c, str directory, const struct names *names, struct server_certificate *out);
