// The contents of a certificate file: what is read has an RSA key and that key's own certificate, and can sign.
#include "client/entra/certificate.h"
#include "fuzz.h"

FUZZ(certificate)
{
    struct certificate cert;
    str                text = fuzz_str(c, data, n), assertion;
    if (certificate_read(c, str_bytes(text), n % 2 ? "password" : NULL, &cert) != OK) return 0;
    ASSERT(EVP_PKEY_is_a(cert.key, "RSA") && cert.leaf && cert.other_n <= CERTIFICATE_MAX_CHAIN);
    ASSERT(X509_check_private_key(cert.leaf, cert.key) == 1);
    ASSERT(certificate_assertion(c, &cert, S("app"), S("aud"), true, &assertion) == OK);
    certificate_clear(&cert);
    return 0;
}
