#include "client/entra/certificate.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include "core/b64.h"
#include "core/digest.h"

static void bio_freep(BIO **b)
{
    BIO_free(*b);
}

static void p12_freep(PKCS12 **p)
{
    PKCS12_free(*p);
}

static void context_freep(EVP_MD_CTX **m)
{
    EVP_MD_CTX_free(*m);
}

static void chain_freep(STACK_OF(X509) * *chain)
{
    sk_X509_pop_free(*chain, X509_free);
}

void certificate_clear(struct certificate *cert)
{
    EVP_PKEY_free(cert->key);
    X509_free(cert->leaf);
    for (size_t i = 0; i < cert->other_n; i++) X509_free(cert->others[i]);
    *cert = (struct certificate){0};
}

// OpenSSL would ask the terminal for a password that is not given.
static int give_password(char *room, int size, int is_writing, void *context)
{
    const char *password = context;
    (void)is_writing;
    size_t n = password ? strlen(password) : 0;
    if (!password || n > (size_t)size) return -1;
    memcpy(room, password, n);
    return (int)n;
}

static enum err read_pem(struct call *c, bytes file, const char *password, struct certificate *out)
{
    CLEANUP(bio_freep) BIO *certificates = BIO_new_mem_buf(file.at, (int)file.n);
    CLEANUP(bio_freep) BIO *keys = BIO_new_mem_buf(file.at, (int)file.n);
    if (!certificates || !keys) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    bool is_encrypted = str_find_str(bytes_str(file), S("ENCRYPTED")) != STR_NOWHERE;
    out->key = PEM_read_bio_PrivateKey(keys, NULL, give_password, (void *)password);
    if (!out->key && is_encrypted && !password) return FAIL(c, ERR_CONTENT_INVALID, "The private key is encrypted, and no password is given.");
    if (!out->key && is_encrypted) return FAIL(c, ERR_CONTENT_INVALID, "The private key cannot be decrypted with the password that is given.");
    if (!out->key) return FAIL(c, ERR_CONTENT_INVALID, "There is no private key that can be read beside the certificate.");
    for (X509 *x; (x = PEM_read_bio_X509(certificates, NULL, give_password, NULL));) {
        bool is_leaf = !out->leaf && X509_check_private_key(x, out->key) == 1;
        if (is_leaf) out->leaf = x;
        else if (out->other_n < CERTIFICATE_MAX_CHAIN) out->others[out->other_n++] = x;
        else {
            X509_free(x);
            return FAIL(c, ERR_CONTENT_INVALID, "There are more than %d certificates.", CERTIFICATE_MAX_CHAIN + 1);
        }
    }
    return OK;
}

static enum err read_pkcs12(struct call *c, bytes file, const char *password, struct certificate *out)
{
    const unsigned char       *at = file.at;
    CLEANUP(p12_freep) PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)file.n);
    CLEANUP(chain_freep) STACK_OF(X509) *chain = NULL;
    if (!p12) return FAIL(c, ERR_CONTENT_INVALID, "It is neither PEM nor PKCS #12.");
    if (!PKCS12_verify_mac(p12, password, -1) && !(password == NULL && PKCS12_verify_mac(p12, "", 0)))
        return FAIL(c, ERR_CONTENT_INVALID, password ? "The password that is given does not open it." : "It is encrypted, and no password is given.");
    if (!PKCS12_parse(p12, password, &out->key, &out->leaf, &chain))
        return FAIL(c, ERR_CONTENT_INVALID, "It is encrypted in a way that OpenSSL does not read any more: export it again with AES-256.");
    for (int i = 0; i < sk_X509_num(chain); i++) {
        if (out->other_n == CERTIFICATE_MAX_CHAIN)
            return FAIL(c, ERR_CONTENT_INVALID, "There are more than %d certificates.", CERTIFICATE_MAX_CHAIN + 1);
        X509 *x = sk_X509_value(chain, i);
        if (!X509_up_ref(x)) return FAIL_PLAIN(c, ERR_CRYPTO);
        out->others[out->other_n++] = x;
    }
    return OK;
}

static enum err check(struct call *c, const struct certificate *cert)
{
    if (!cert->key) return FAIL(c, ERR_CONTENT_INVALID, "There is no private key beside the certificate.");
    if (!EVP_PKEY_is_a(cert->key, "RSA"))
        return FAIL(c, ERR_CONTENT_INVALID, "Its key is of the type %s: the token service takes RSA keys only.", EVP_PKEY_get0_type_name(cert->key));
    int bits = EVP_PKEY_get_bits(cert->key);
    if (bits < CERTIFICATE_MIN_KEY_BITS || bits > CERTIFICATE_MAX_KEY_BITS)
        return FAIL(c, ERR_CONTENT_INVALID, "Its key has %d bits: %d to %d are taken.", bits, CERTIFICATE_MIN_KEY_BITS, CERTIFICATE_MAX_KEY_BITS);
    if (!cert->leaf) return FAIL(c, ERR_CONTENT_INVALID, "There is no certificate of the private key.");
    return OK;
}

enum err certificate_read(struct call *c, bytes file, const char *password, struct certificate *out)
{
    CLEANUP(certificate_clear) struct certificate cert = {0};
    if (file.n == 0 || file.n > CERTIFICATE_FILE_MAX_BYTES)
        return FAIL(c, ERR_CONTENT_INVALID, "It is empty, or longer than %zu bytes.", CERTIFICATE_FILE_MAX_BYTES);
    ERR_set_mark(); // the program's own calls of OpenSSL find none of our errors, and still find theirs
    bool     is_pem = str_find_str(bytes_str(file), S("-----BEGIN ")) != STR_NOWHERE;
    enum err failed = is_pem ? read_pem(c, file, password, &cert) : read_pkcs12(c, file, password, &cert);
    if (failed == OK) failed = check(c, &cert);
    ERR_pop_to_mark();
    if (failed != OK) return failed;
    *out = cert;
    cert = (struct certificate){0};
    return OK;
}

static enum err der_of(struct call *c, X509 *x, bytes *out)
{
    int n = i2d_X509(x, NULL);
    if (n <= 0) return FAIL_PLAIN(c, ERR_CRYPTO);
    uint8_t *room;
    TRY(NEW(c, &room, (size_t)n));
    uint8_t *end = room;
    if (i2d_X509(x, &end) != n) return FAIL_PLAIN(c, ERR_CRYPTO);
    *out = (bytes){room, (size_t)n};
    return OK;
}

static enum err write_x5c(struct call *c, struct json_writer *w, X509 *x)
{
    bytes      der;
    struct buf b;
    TRY(der_of(c, x, &der));
    buf_init(&b, &c->arena);
    b64_add(&b, der);
    json_write_string(w, buf_text(c, &b));
    return OK;
}

static enum err header_of(struct call *c, const struct certificate *cert, bool sends_chain, str *out)
{
    bytes              der;
    sha256             digest;
    struct buf         print, b;
    struct json_writer w;
    TRY(der_of(c, cert->leaf, &der));
    TRY(digest_sha256(c, der, &digest));
    buf_init(&print, &c->arena);
    b64url_add(&print, (bytes){digest.b, sizeof digest.b});
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_string(&w, S("alg"), S("PS256"));
    json_put_string(&w, S("typ"), S("JWT"));
    json_put_string(&w, S("x5t#S256"), buf_text(c, &print));
    if (sends_chain) {
        json_write_key(&w, S("x5c"));
        json_write_array(&w);
        TRY(write_x5c(c, &w, cert->leaf));
        for (size_t i = 0; i < cert->other_n; i++) TRY(write_x5c(c, &w, cert->others[i]));
        json_write_end(&w);
    }
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static enum err claims_of(struct call *c, str client_id, str audience, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_put_string(&w, S("aud"), audience);
    json_put_string(&w, S("iss"), client_id);
    json_put_string(&w, S("sub"), client_id);
    json_put_guid(&w, S("jti"), guid_new(c));
    json_put_int(&w, S("iat"), c->now_s);
    json_put_int(&w, S("nbf"), c->now_s);
    json_put_int(&w, S("exp"), c->now_s + ASSERTION_LIFETIME_S);
    json_write_end(&w);
    return buf_finish(c, &b, out);
}

static enum err sign(struct call *c, EVP_PKEY *key, str text, bytes *out)
{
    CLEANUP(context_freep) EVP_MD_CTX *m = EVP_MD_CTX_new();
    EVP_PKEY_CTX                      *k;
    uint8_t                           *room;
    size_t                             n = (size_t)EVP_PKEY_get_size(key);
    TRY(NEW(c, &room, n));
    ERR_set_mark();
    bool is_signed = m && EVP_DigestSignInit(m, &k, EVP_sha256(), NULL, key) == 1 && EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(k, RSA_PSS_SALTLEN_DIGEST) == 1 && EVP_DigestSign(m, room, &n, str_bytes(text).at, text.n) == 1;
    ERR_pop_to_mark();
    if (!is_signed) return FAIL(c, ERR_CRYPTO, "The private key could not sign the assertion.");
    *out = (bytes){room, n};
    return OK;
}

enum err certificate_assertion(struct call *c, const struct certificate *cert, str client_id, str audience, bool sends_chain, str *out)
{
    str        header, claims;
    bytes      signature;
    struct buf b;
    TRY(header_of(c, cert, sends_chain, &header));
    TRY(claims_of(c, client_id, audience, &claims));
    buf_init(&b, &c->arena);
    b64url_add(&b, str_bytes(header));
    buf_add_char(&b, '.');
    b64url_add(&b, str_bytes(claims));
    TRY(sign(c, cert->key, buf_view(&b), &signature));
    buf_add_char(&b, '.');
    b64url_add(&b, signature);
    return buf_finish(c, &b, out);
}
