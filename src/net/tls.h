/*
 * tls.h - a server's identity in TLS.
 *
 * Layer:  net (uses core)
 * Source: https://www.rfc-editor.org/rfc/rfc8446
 */
#pragma once
#include "core/call.h"
#include "core/secret.h"

/* Certificate chain and key as PEM. TLS 1.2 and 1.3; ALPN answers http/1.1. Errors: ERR_CRYPTO */
struct net_tls;
FALLIBLE net_tls_new(struct call *c, str certificate_pem, const struct secret *key_pem, struct net_tls **out);
/* SHA-1 of the server's certificate in hexadecimal digits. Lives: the call. Errors: ERR_CRYPTO */
FALLIBLE net_tls_thumbprint(struct call *c, const struct net_tls *tls, str *out);
void     net_tls_free(struct net_tls *tls); /* connections keep what they need of it */
