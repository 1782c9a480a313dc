/*
 * certificate.h - a certificate with its private key, and the assertion that it signs.
 *
 * Files are PEM - certificates and one key, in any order, the key encrypted or not - or PKCS #12. Keys are RSA of 2048 to 16384 bits: the token service
 * takes no other kind.
 *
 * Layer:  client (uses core)
 * Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 */
#pragma once
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/json.h"
#include "core/secret.h"

#define CERTIFICATE_FILE_MAX_BYTES ((size_t)256 << 10)
#define CERTIFICATE_MAX_CHAIN      16
#define CERTIFICATE_MIN_KEY_BITS   2048
#define CERTIFICATE_MAX_KEY_BITS   16384
#define ASSERTION_LIFETIME_S       600

struct certificate {
    EVP_PKEY *key;
    X509     *leaf;                          /* the key's own */
    X509     *others[CERTIFICATE_MAX_CHAIN]; /* the file's other certificates, in its order */
    size_t    other_n;
};

/*
 * Reads a file's contents. `password` may be NULL. Errors: ERR_CONTENT_INVALID - what it lacks, and never a byte of it; ERR_NO_MEMORY
 */
FALLIBLE certificate_read(struct call *c, bytes file, const char *password, struct certificate *out);
void     certificate_clear(struct certificate *cert);

/*
 * A JWT by which the application proves who it is to `audience`, for ten minutes: PS256, with x5t#S256, and x5c if `sends_chain`.
 * Lives:  in the call. Errors: ERR_CRYPTO, ERR_NO_MEMORY
 */
FALLIBLE certificate_assertion(struct call *c, const struct certificate *cert, str client_id, str audience, bool sends_chain, str *out);
