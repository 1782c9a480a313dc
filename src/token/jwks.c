#include "token/jwks.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#include "core/b64.h"

#define MEMORY_TO_PARSE ((size_t)16 << 20)

struct jwks {
    struct ref   ref;
    struct arena memory; // of the texts
    size_t       n;
    struct jwk   keys[];
};

static void jwks_free(struct ref *r)
{
    struct jwks *set = CONTAINER_OF(r, struct jwks, ref);
    arena_clear(&set->memory);
    free(set);
}

void jwks_take(struct jwks *set)
{
    ref_take(&set->ref);
}

void jwks_drop(struct jwks *set)
{
    if (set) ref_drop(&set->ref);
}

size_t jwks_n(const struct jwks *set)
{
    return set->n;
}

const struct jwk *jwks_at(const struct jwks *set, size_t i)
{
    return &set->keys[i];
}

const struct jwk *jwks_find(const struct jwks *set, str kid)
{
    for (size_t i = 0; i < set->n; i++)
        if (str_eq(set->keys[i].kid, kid)) return &set->keys[i];
    return NULL;
}

// ---- reading ----

static enum err invalid(struct call *c, const char *what)
{
    call_forgive(c);
    return FAIL(c, ERR_ISSUER_UNUSABLE, "The key set is not usable: %s.", what);
}

static size_t bits_of(bytes number)
{
    size_t bits = number.n * 8;
    for (unsigned top = number.n ? number.at[0] : 0; top && !(top & 0x80); top <<= 1) bits--;
    return bits;
}

static bool read_number(struct call *c, const struct json *key, str name, bytes *out)
{
    bool is_read = b64url_decode(c, json_get_str(key, name), out) == OK;
    call_forgive(c);
    while (is_read && out->n && !out->at[0]) {
        out->at++;
        out->n--;
    }
    return is_read && out->n > 0 && out->at[out->n - 1] & 1; // both numbers of an RSA key are odd
}

static bool may_verify(const struct json *key)
{
    const struct json *use = json_get(key, S("use")), *alg = json_get(key, S("alg")), *operations = json_get(key, S("key_ops"));
    bool               verifies = !operations;
    for (size_t i = 0; i < json_n(operations); i++) verifies |= str_eq(json_str(json_at(operations, i)), S("verify"));
    return verifies && (!use || str_eq(json_str(use), S("sig"))) && (!alg || str_eq(json_str(alg), S("RS256")));
}

// False: it is none that is kept. One that shows its private part can be used by everybody.
static bool read_key(struct call *c, const struct json *key, struct jwk *out)
{
    out->kid = json_get_str(key, S("kid"));
    if (!str_eq(json_get_str(key, S("kty")), S("RSA")) || json_get(key, S("d")) || !may_verify(key)) return false;
    if (str_empty(out->kid) || out->kid.n > JWKS_MAX_KID_BYTES) return false;
    if (!read_number(c, key, S("n"), &out->modulus) || !read_number(c, key, S("e"), &out->exponent)) return false;
    bool is_one = out->exponent.n == 1 && out->exponent.at[0] == 1; // then the signature is the text itself
    return bits_of(out->modulus) >= JWKS_MIN_BITS && bits_of(out->modulus) <= JWKS_MAX_BITS && out->exponent.n <= JWKS_MAX_EXPONENT && !is_one;
}

static bool copy_into(struct arena *memory, str *s)
{
    *s = arena_copy_str(memory, *s);
    return s->at != NULL;
}

static bool keep(struct jwks *set, const struct jwk *read)
{
    struct jwk *key = &set->keys[set->n];
    str         modulus = bytes_str(read->modulus), exponent = bytes_str(read->exponent);
    key->kid = read->kid;
    if (!copy_into(&set->memory, &key->kid) || !copy_into(&set->memory, &modulus) || !copy_into(&set->memory, &exponent)) return false;
    key->modulus = str_bytes(modulus);
    key->exponent = str_bytes(exponent);
    set->n++;
    return true;
}

enum err jwks_read(struct call *c, str text, struct jwks **out)
{
    const struct json *document;
    if (text.n > JWKS_MAX_BYTES) return invalid(c, "it is too long");
    if (json_parse_within(c, text, MEMORY_TO_PARSE, &document) != OK) return invalid(c, "it is no JSON");
    const struct json *keys = json_get(document, S("keys"));
    if (!json_is(keys, JSON_IS_ARRAY)) return invalid(c, "it has no list of keys");
    if (json_n(keys) > JWKS_MAX_KEYS) return invalid(c, "it has too many keys");
    CLEANUP(jwks_dropp) struct jwks *set = calloc(1, sizeof *set + json_n(keys) * sizeof set->keys[0]);
    if (!set) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    ref_init(&set->ref, jwks_free);
    for (size_t i = 0; i < json_n(keys); i++) {
        struct jwk read;
        if (!read_key(c, json_at(keys, i), &read)) continue;
        if (jwks_find(set, read.kid)) return invalid(c, "two of its keys have one kid");
        if (!keep(set, &read)) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    if (set->n == 0) return invalid(c, "none of its keys is an RSA key for signatures, of 2048 to 8192 bits and with a kid");
    *out = TAKE(set);
    return OK;
}

// ---- verifying ----

// OpenSSL's parts of one verification.
struct checking {
    BIGNUM         *modulus, *exponent;
    OSSL_PARAM_BLD *builder;
    OSSL_PARAM     *parameters;
    EVP_PKEY_CTX   *importer;
    EVP_PKEY       *key;
    EVP_MD_CTX     *verifier;
};

static void checking_clear(struct checking *k)
{
    EVP_MD_CTX_free(k->verifier);
    EVP_PKEY_free(k->key);
    EVP_PKEY_CTX_free(k->importer);
    OSSL_PARAM_free(k->parameters);
    OSSL_PARAM_BLD_free(k->builder);
    BN_free(k->exponent);
    BN_free(k->modulus);
    ERR_clear_error();
}

static bool import_key(struct checking *k, const struct jwk *key)
{
    k->modulus = BN_bin2bn(key->modulus.at, (int)key->modulus.n, NULL);
    k->exponent = BN_bin2bn(key->exponent.at, (int)key->exponent.n, NULL);
    k->builder = OSSL_PARAM_BLD_new();
    k->importer = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!k->modulus || !k->exponent || !k->builder || !k->importer) return false;
    if (OSSL_PARAM_BLD_push_BN(k->builder, OSSL_PKEY_PARAM_RSA_N, k->modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(k->builder, OSSL_PKEY_PARAM_RSA_E, k->exponent) != 1 || !(k->parameters = OSSL_PARAM_BLD_to_param(k->builder)))
        return false;
    return EVP_PKEY_fromdata_init(k->importer) == 1 && EVP_PKEY_fromdata(k->importer, &k->key, EVP_PKEY_PUBLIC_KEY, k->parameters) == 1;
}

enum err jwk_verify(struct call *c, const struct jwk *key, str signed_text, bytes signature)
{
    CLEANUP(checking_clear) struct checking k = {.verifier = EVP_MD_CTX_new()};
    bool verified = k.verifier && import_key(&k, key) && EVP_DigestVerifyInit_ex(k.verifier, NULL, "SHA256", NULL, NULL, k.key, NULL) == 1 &&
                    EVP_DigestVerify(k.verifier, signature.at, signature.n, (const uint8_t *)signed_text.at, signed_text.n) == 1;
    return verified ? OK : FAIL_PLAIN(c, ERR_TOKEN_SIGNATURE);
}
