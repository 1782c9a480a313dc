/*
 * ca.h - the local certificate authority and the server's certificate.
 *
 * The authority is name-constrained to the names that are served, so that its key, if
 * taken, cannot vouch for anything else. Nothing is added to the system's trust store.
 *
 * Layer:  server (uses core, directory, resources)
 * Source: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10
 */
#pragma once
#include "core/secret.h"
#include "directory/ids.h"
#include "resources/names.h"

#define CA_LIFETIME_DAYS   3650
#define CERT_LIFETIME_DAYS 397 /* clients refuse longer ones */
#define CERT_RENEW_DAYS    30

/* Whom the authority speaks for. */
struct ca_subject {
    tenant_id           tenant; /* stands in the authority's subject, so that another tenant's is recognized */
    const struct names *names;
};

struct server_certificate {
    str           chain_pem; /* the server's certificate */
    str           ca_pem;
    struct secret key_pem;
};

/*
 * From the data directory's ca.pem, ca.key, server.pem, server.key: made at first start. The server's are made anew when
 * they are lost or damaged, run out, or do not fit the authority; the authority when it is gone, runs out or the names are
 * others. A damaged authority, or another tenant's, is refused: clients trust it. Lives: texts in the call; the key is the caller's to clear.
 * Errors: ERR_IO, ERR_CRYPTO
 */
FALLIBLE ca_prepare(struct call *c, str directory, const struct ca_subject *subject, struct server_certificate *out);
