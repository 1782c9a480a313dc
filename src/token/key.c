#include "token/key.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "core/b64.h"
#include "core/digest.h"
#include "core/random.h"
#include "token/keyring.h"

#define KEY_ID_BYTES ((SHA1_BYTES * 4 + 2) / 3)

_Static_assert(KEY_SIGNATURE_BYTES * 8 == KEYRING_RSA_BITS, "a signature is as long as the modulus");

struct token_key {
    struct ref  ref;
    EVP_PKEY   *pair;
    X509       *certificate;
    EVP_MD_CTX *signer; // both made ready once and copied for each use: making one ready costs 2.4 us and a lock, a copy 0.2
    EVP_MD_CTX *verifier;
    char        id[KEY_ID_BYTES];
};

static void key_free(struct ref *r)
{
    struct token_key *key = CONTAINER_OF(r, struct token_key, ref);
    EVP_MD_CTX_free(key->signer);
    EVP_MD_CTX_free(key->verifier);
    X509_free(key->certificate);
    EVP_PKEY_free(key->pair); // wipes the private part
    free(key);
}

void token_key_take(struct token_key *key)
{
    ref_take(&key->ref);
}

void token_key_drop(struct token_key *key)
{
    if (key) ref_drop(&key->ref);
}

static void drop_key(struct token_key **key)
{
    token_key_drop(*key);
}

str token_key_id(const struct token_key *key)
{
    return (str){key->id, sizeof key->id};
}

// OpenSSL queues its errors per thread; ours is said in the call, theirs must not surface somewhere else.
static enum err crypto_failed(struct call *c, enum err kind, const char *what)
{
    ERR_clear_error();
    return FAIL(c, kind, "%s", what);
}

// The key's name and the prepared contexts, once pair and certificate stand.
static enum err complete(struct call *c, struct token_key *key)
{
    uint8_t  digest[EVP_MAX_MD_SIZE];
    unsigned digest_n = 0;
    if (X509_digest(key->certificate, EVP_sha1(), digest, &digest_n) != 1 || digest_n != SHA1_BYTES)
        return crypto_failed(c, ERR_CRYPTO, "A certificate has no digest.");
    struct buf id;
    buf_init(&id, &c->arena);
    b64url_add(&id, (bytes){digest, digest_n});
    str text;
    TRY(buf_finish(c, &id, &text));
    memcpy(key->id, text.at, sizeof key->id);

    key->signer = EVP_MD_CTX_new();
    key->verifier = EVP_MD_CTX_new();
    if (!key->signer || !key->verifier) return crypto_failed(c, ERR_NO_MEMORY, err_text(ERR_NO_MEMORY));
    if (EVP_DigestSignInit_ex(key->signer, NULL, "SHA256", NULL, NULL, key->pair, NULL) != 1 ||
        EVP_DigestVerifyInit_ex(key->verifier, NULL, "SHA256", NULL, NULL, key->pair, NULL) != 1)
        return crypto_failed(c, ERR_CRYPTO, "A signing key cannot be used.");
    return OK;
}

static bool describe(struct call *c, X509 *certificate, EVP_PKEY *pair)
{
    uint8_t    serial[8];
    BIGNUM    *number = NULL;
    X509_NAME *name = X509_get_subject_name(certificate);
    time_t     now = (time_t)c->now_s, end = now + KEY_CERTIFICATE_YEARS * 365 * S_PER_DAY;
    random_fill(c->random, serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); // positive, and never shorter
    bool done = (number = BN_bin2bn(serial, sizeof serial, NULL)) != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
                X509_set_version(certificate, X509_VERSION_3) && X509_set_pubkey(certificate, pair) &&
                ASN1_TIME_set(X509_getm_notBefore(certificate), now) && ASN1_TIME_set(X509_getm_notAfter(certificate), end) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"Lanyard token signing", -1, -1, 0) &&
                X509_set_issuer_name(certificate, name) && X509_sign(certificate, pair, EVP_sha256()) > 0;
    BN_free(number);
    return done;
}

static struct token_key *allocate(void)
{
    struct token_key *key = calloc(1, sizeof *key);
    if (key) ref_init(&key->ref, key_free);
    return key;
}

enum err token_key_new(struct call *c, struct token_key **out)
{
    CLEANUP(drop_key) struct token_key *key = allocate();
    if (!key) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    key->pair = EVP_RSA_gen(KEYRING_RSA_BITS);
    key->certificate = X509_new();
    if (!key->pair || !key->certificate || !describe(c, key->certificate, key->pair))
        return crypto_failed(c, ERR_CRYPTO, "A signing key could not be made.");
    TRY(complete(c, key));
    *out = TAKE(key);
    return OK;
}

static void free_context(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

enum err token_key_sign(struct call *c, const struct token_key *key, str text, uint8_t out[KEY_SIGNATURE_BYTES])
{
    CLEANUP(free_context) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t                            n = KEY_SIGNATURE_BYTES;
    if (!ctx || EVP_MD_CTX_copy_ex(ctx, key->signer) != 1 || EVP_DigestSign(ctx, out, &n, (const uint8_t *)text.at, text.n) != 1 ||
        n != KEY_SIGNATURE_BYTES)
        return crypto_failed(c, ERR_CRYPTO, "A token could not be signed.");
    return OK;
}

enum err token_key_sign_jwt(struct call *c, const struct token_key *key, str header, str claims, str *out)
{
    uint8_t    signature[KEY_SIGNATURE_BYTES];
    struct buf text;
    buf_init(&text, &c->arena);
    b64url_add(&text, str_bytes(header));
    buf_add_char(&text, '.');
    b64url_add(&text, str_bytes(claims));
    if (text.failed) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    TRY(call_check_texts(c));
    TRY(token_key_sign(c, key, buf_view(&text), signature));
    buf_add_char(&text, '.');
    b64url_add(&text, (bytes){signature, sizeof signature});
    return buf_finish(c, &text, out);
}

enum err token_key_verify(struct call *c, const struct token_key *key, str text, bytes signature)
{
    CLEANUP(free_context) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_MD_CTX_copy_ex(ctx, key->verifier) != 1) return crypto_failed(c, ERR_CRYPTO, "A signature could not be checked.");
    if (signature.n != KEY_SIGNATURE_BYTES || EVP_DigestVerify(ctx, signature.at, signature.n, (const uint8_t *)text.at, text.n) != 1)
        return crypto_failed(c, ERR_TOKEN_SIGNATURE, err_text(ERR_TOKEN_SIGNATURE));
    return OK;
}

static void free_number(BIGNUM **n)
{
    BN_free(*n);
}

static enum err write_number(struct call *c, const struct token_key *key, str name, const char *parameter, struct json_writer *w)
{
    CLEANUP(free_number) BIGNUM *number = NULL;
    uint8_t                      big_endian[KEY_SIGNATURE_BYTES];
    struct buf                   b;
    str                          text;
    if (EVP_PKEY_get_bn_param(key->pair, parameter, &number) != 1 || BN_num_bytes(number) > (int)sizeof big_endian)
        return crypto_failed(c, ERR_CRYPTO, "A signing key cannot be published.");
    buf_init(&b, &c->arena);
    b64url_add(&b, (bytes){big_endian, (size_t)BN_bn2bin(number, big_endian)});
    TRY(buf_finish(c, &b, &text));
    json_put_string(w, name, text);
    return OK;
}

static enum err write_certificate(struct call *c, const struct token_key *key, struct json_writer *w)
{
    uint8_t   *der = NULL;
    int        n = i2d_X509(key->certificate, &der);
    struct buf b;
    str        text;
    if (n <= 0) return crypto_failed(c, ERR_CRYPTO, "A certificate cannot be published.");
    buf_init(&b, &c->arena);
    b64_add(&b, (bytes){der, (size_t)n});
    OPENSSL_free(der);
    TRY(buf_finish(c, &b, &text));
    json_write_key(w, S("x5c"));
    json_write_array(w);
    json_write_string(w, text);
    json_write_end(w);
    return OK;
}

enum err token_key_write_jwk(struct call *c, const struct token_key *key, str issuer, struct json_writer *w)
{
    json_write_object(w);
    json_put_string(w, S("kty"), S("RSA"));
    json_put_string(w, S("use"), S("sig"));
    json_put_string(w, S("kid"), token_key_id(key));
    json_put_string(w, S("x5t"), token_key_id(key));
    TRY(write_number(c, key, S("n"), OSSL_PKEY_PARAM_RSA_N, w));
    TRY(write_number(c, key, S("e"), OSSL_PKEY_PARAM_RSA_E, w));
    TRY(write_certificate(c, key, w));
    if (!str_empty(issuer)) json_put_string(w, S("issuer"), issuer);
    json_write_end(w);
    return OK;
}

enum err token_key_write_pem(struct call *c, const struct token_key *key, BIO *to)
{
    if (PEM_write_bio_X509(to, key->certificate) != 1 || PEM_write_bio_PKCS8PrivateKey(to, key->pair, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_failed(c, ERR_CRYPTO, "A signing key could not be written.");
    return OK;
}

static void free_bio(BIO **b)
{
    BIO_free(*b);
}

// OpenSSL would ask the terminal for a password.
static int no_password(char *room, int n, int writing, void *context)
{
    (void)room, (void)n, (void)writing, (void)context;
    return -1;
}

enum err token_key_read_pem(struct call *c, str pem, struct token_key **out)
{
    if (pem.n > INT_MAX) return FAIL_PLAIN(c, ERR_TOO_LARGE);
    CLEANUP(free_bio) BIO              *from = BIO_new_mem_buf(pem.at ? pem.at : "", (int)pem.n);
    CLEANUP(drop_key) struct token_key *key = allocate();
    if (!from || !key) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    key->certificate = PEM_read_bio_X509(from, NULL, no_password, NULL);
    key->pair = PEM_read_bio_PrivateKey(from, NULL, no_password, NULL);
    if (!key->certificate || !key->pair) return crypto_failed(c, ERR_CRYPTO, "A signing key cannot be read.");
    if (!EVP_PKEY_is_a(key->pair, "RSA") || EVP_PKEY_get_bits(key->pair) != KEYRING_RSA_BITS)
        return crypto_failed(c, ERR_CRYPTO, "A signing key is not RSA of 2048 bits.");
    if (X509_check_private_key(key->certificate, key->pair) != 1)
        return crypto_failed(c, ERR_CRYPTO, "A signing key and its certificate do not belong together.");
    TRY(complete(c, key));
    *out = TAKE(key);
    return OK;
}
