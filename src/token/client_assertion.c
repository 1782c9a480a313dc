#include "token/client_assertion.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/b64.h"

#define LATEST_TIME_S (INT64_C(1) << 40) // some 34,000 years
#define ES256_HALF    32
#define DER_MAX_SIG   (2 * ES256_HALF + 16)

static enum err malformed(struct call *c, const char *what)
{
    call_forgive(c);
    return FAIL(c, ERR_TOKEN_MALFORMED, "The assertion is not well formed: %s.", what);
}

// Either alphabet, with "=" at the end or without.
static enum err decode(struct call *c, str text, bytes *out)
{
    str copy;
    while (str_ends(text, S("="))) text.n--;
    TRY(call_copy_str(c, text, &copy));
    for (size_t i = 0; i < copy.n; i++) {
        char *at = (char *)copy.at + i;
        if (*at == '+') *at = '-';
        if (*at == '/') *at = '_';
    }
    return b64url_decode(c, copy, out);
}

static enum err read_object(struct call *c, str part, const struct json **out)
{
    bytes decoded;
    if (decode(c, part, &decoded) != OK || json_parse(c, bytes_str(decoded), out) != OK || !json_is(*out, JSON_IS_OBJECT))
        return malformed(c, "a part of it is no JSON object");
    return OK;
}

// A time is a number, with a fraction or without, or such a number as a text.
static bool read_time(const struct json *claims, str name, int64_t *out)
{
    const struct json *v = json_get(claims, name);
    *out = 0;
    if (!v) return true;
    if (json_is(v, JSON_IS_INT)) *out = v->u.integer;
    else if (json_is(v, JSON_IS_REAL) && v->u.real >= 0 && v->u.real < (double)LATEST_TIME_S) *out = (int64_t)v->u.real;
    else if (!json_is(v, JSON_IS_STRING) || !str_to_i64(str_upto(json_str(v), str_find(json_str(v), '.')), out)) return false;
    return *out >= 0 && *out < LATEST_TIME_S;
}

static bool read_audiences(const struct json *claims, struct client_assertion *out)
{
    const struct json *v = json_get(claims, S("aud"));
    if (json_is(v, JSON_IS_STRING)) out->audiences[out->audience_n++] = json_str(v);
    if (json_is(v, JSON_IS_STRING)) return true;
    if (!json_is(v, JSON_IS_ARRAY) || json_n(v) > ASSERTION_MAX_AUDIENCES) return false;
    for (size_t i = 0; i < json_n(v); i++) {
        if (!json_is(json_at(v, i), JSON_IS_STRING)) return false;
        out->audiences[out->audience_n++] = json_str(json_at(v, i));
    }
    return out->audience_n > 0;
}

enum err client_assertion_read(struct call *c, str text, struct client_assertion *out)
{
    struct client_assertion read = {0};
    size_t                  first = str_find(text, '.'), last = str_find_last(text, '.');
    if (text.n > ASSERTION_MAX_BYTES) return malformed(c, "it is too long");
    if (first == STR_NOWHERE || first == last) return malformed(c, "it does not have three parts");
    str header = str_upto(text, first), claims = {text.at + first + 1, last - first - 1}, signature = str_from(text, last + 1);
    if (header.n > ASSERTION_MAX_HEADER_BYTES || str_find(claims, '.') != STR_NOWHERE) return malformed(c, "it does not have three parts");
    TRY(read_object(c, header, &read.header));
    TRY(read_object(c, claims, &read.claims));
    if (decode(c, signature, &read.signature) != OK || read.signature.n == 0) return malformed(c, "it is not signed");
    read.issuer = json_get_str(read.claims, S("iss"));
    read.subject = json_get_str(read.claims, S("sub"));
    if (!read_audiences(read.claims, &read)) return malformed(c, "it names no audience");
    if (!read_time(read.claims, S("nbf"), &read.not_before_s) || !read_time(read.claims, S("exp"), &read.expires_s) || !read.expires_s)
        return malformed(c, "its times are none");
    if (json_get(read.header, S("crit"))) return malformed(c, "its header demands what is not understood");
    read.signed_text = str_upto(text, last);
    *out = read;
    return OK;
}

bool client_assertion_is_for(const struct client_assertion *a, str audience)
{
    for (size_t i = 0; i < a->audience_n; i++)
        if (str_eq(a->audiences[i], audience)) return true;
    return false;
}

// ---- who signed it ----

// By the curve's name: others of as many bits exist (secp256k1, brainpoolP256r1).
static bool is_p256(const EVP_PKEY *key)
{
    char name[32];
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, NULL) == 1 &&
           OBJ_sn2nid(name) == NID_X9_62_prime256v1;
}

bool client_assertion_takes_key(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) >= ASSERTION_RSA_MIN_BITS : is_p256(key);
}

// A thumbprint that the header holds under that name; empty: it holds none, or none of that length.
static bytes thumbprint(struct call *c, const struct client_assertion *a, str name, size_t length)
{
    bytes raw = {0};
    str   text = json_get_str(a->header, name);
    if (str_empty(text)) return raw;
    if (decode(c, text, &raw) != OK || raw.n != length) raw = (bytes){0};
    call_forgive(c);
    return raw;
}

static enum err is_named(struct call *c, const struct client_assertion *a, const struct app_certificate *certificate, bool *out)
{
    bytes   by_sha256 = thumbprint(c, a, S("x5t#S256"), SHA256_BYTES), by_sha1 = thumbprint(c, a, S("x5t"), SHA1_BYTES);
    uint8_t sha1[SHA1_BYTES];
    sha256  digest;
    if (!by_sha1.n) by_sha1 = thumbprint(c, a, S("kid"), SHA1_BYTES);
    TRY(digest_sha256(c, str_bytes(certificate->der), &digest));
    TRY(digest_sha1(c, str_bytes(certificate->der), sha1));
    // Who names it in both ways must mean the same one.
    bool differs = (by_sha256.n && memcmp(by_sha256.at, digest.b, sizeof digest.b) != 0) || (by_sha1.n && memcmp(by_sha1.at, sha1, sizeof sha1) != 0);
    *out = (by_sha256.n || by_sha1.n) && !differs;
    return OK;
}

static void free_certificate(X509 **x)
{
    X509_free(*x);
}

static void free_context(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void free_signature(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

// An ES256 signature is two numbers; OpenSSL wants them in DER. One that is in DER already is left as it is: a client sends that.
static bool ecdsa_der(bytes signature, uint8_t room[DER_MAX_SIG], bytes *out)
{
    CLEANUP(free_signature) ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM                            *r = NULL, *v = NULL;
    *out = signature;
    if (signature.n != 2 * ES256_HALF) return true;
    r = BN_bin2bn(signature.at, ES256_HALF, NULL);
    v = BN_bin2bn(signature.at + ES256_HALF, ES256_HALF, NULL);
    if (!s || !r || !v || ECDSA_SIG_set0(s, r, v) != 1) {
        BN_free(r);
        BN_free(v);
        return false;
    }
    uint8_t *at = room;
    int      n = i2d_ECDSA_SIG(s, NULL);
    if (n <= 0 || n > DER_MAX_SIG) return false;
    *out = (bytes){room, (size_t)i2d_ECDSA_SIG(s, &at)};
    return true;
}

static bool verifies(const struct client_assertion *a, const struct app_certificate *certificate)
{
    const uint8_t                    *at = (const uint8_t *)certificate->der.at;
    CLEANUP(free_certificate) X509   *x = d2i_X509(NULL, &at, (long)certificate->der.n);
    CLEANUP(free_context) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY                         *key = x ? X509_get0_pubkey(x) : NULL;
    EVP_PKEY_CTX                     *how = NULL;
    str                               alg = json_get_str(a->header, S("alg"));
    bytes                             signature = a->signature;
    uint8_t                           room[DER_MAX_SIG];
    bool                              is_pss = str_eq(alg, S("PS256")), is_rsa = is_pss || str_eq(alg, S("RS256")), is_ec = str_eq(alg, S("ES256"));
    if (!key || !ctx || !client_assertion_takes_key(key) || !(EVP_PKEY_is_a(key, "RSA") ? is_rsa : is_ec)) return false;
    if (EVP_DigestVerifyInit_ex(ctx, &how, "SHA256", NULL, NULL, key, NULL) != 1) return false;
    if (is_pss &&
        (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 || EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    if (is_ec && !ecdsa_der(a->signature, room, &signature)) return false;
    return EVP_DigestVerify(ctx, signature.at, signature.n, (const uint8_t *)a->signed_text.at, a->signed_text.n) == 1;
}

enum err client_assertion_signer(struct call *c, const struct client_assertion *a, const struct application *of, const struct app_certificate **out)
{
    const struct app_certificate *found = NULL;
    for (const struct app_certificate *certificate = of->certificates; certificate < of->certificates + of->certificate_n && !found; certificate++) {
        bool named;
        TRY(is_named(c, a, certificate, &named));
        if (named && certificate->from_ns <= c->now_ns && c->now_ns < certificate->until_ns && verifies(a, certificate)) found = certificate;
    }
    ERR_clear_error();
    *out = found;
    return OK;
}

bool client_assertion_is_in_time(const struct client_assertion *a, int64_t now_s)
{
    return a->expires_s > now_s - ASSERTION_SKEW_S && a->not_before_s < now_s + ASSERTION_SKEW_S;
}
