/*
 * client_secret.h - an application that proves who it is by a password.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "client/entra/client.h"

#define CLIENT_SECRET_MAX_BYTES 4096

struct client_secret {
    struct entra_client client;
    struct secret       secret;
};
/* What cannot be used makes the credential broken. */
void client_secret_init(struct lanyard_credential *self, struct client_secret *me, str tenant_id, str client_id, str secret);
void client_secret_clear(struct client_secret *me);
