/*
 * client_certificate.h - an application that proves who it is by a certificate.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/entra/client.h"

struct client_certificate {
    struct entra_client client;
    const char         *path; /* NULL: `file` */
    struct secret       file;
    struct secret       password; /* NUL-terminated; empty: none */
    bool                sends_chain;
};
/* What cannot be used makes the credential broken. */
void client_certificate_init(struct lanyard_credential *self, struct client_certificate *me, str tenant_id, str client_id,
                             const struct lanyard_certificate *certificate);
void client_certificate_clear(struct client_certificate *me);
