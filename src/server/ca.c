#include "server/ca.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "core/buf.h"
#include "server/files.h"

#define NAMES_FILE "server.names" // which names the certificate was made for

static void free_key(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void free_cert(X509 **x)
{
    X509_free(*x);
}

static void free_bio(BIO **b)
{
    BIO_free(*b);
}

static enum err crypto_failed(struct call *c)
{
    return FAIL(c, ERR_CRYPTO, "Making the local certificate failed.");
}

// One line per host: the certificate's names, the constraint's names.
static str name_lines(struct call *c, const struct names *n, bool for_constraint)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (int kind = 0; kind < NAME_N; kind++) {
        bool is_suffix = kind == NAME_VAULT_SUFFIX;
        buf_addf(&b, "DNS:%s%.*s,", is_suffix && !for_constraint ? "*." : "", PSTR(n->hosts[kind]));
        for (size_t i = 0; i < NAME_MAX_ALIASES; i++)
            if (!str_empty(n->aliases[kind][i])) buf_addf(&b, "DNS:%.*s,", PSTR(n->aliases[kind][i]));
    }
    buf_add(&b, S("DNS:localhost,"));
    return b.failed ? STR_NONE : buf_view(&b);
}

static str alternative_names(struct call *c, const struct names *n)
{
    return call_format(c, "%.*sIP:127.0.0.1,IP:169.254.169.254", PSTR(name_lines(c, n, false)));
}

static str constraint_of(struct call *c, const struct names *n)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, S("critical"));
    for (str rest = name_lines(c, n, true), line; str_cut(&rest, ',', &line);)
        if (!str_empty(line)) buf_addf(&b, ",permitted;%.*s", PSTR(line));
    buf_add(&b, S(",permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:169.254.169.254/255.255.255.255"));
    buf_add_char(&b, '\0');
    return b.failed ? STR_NONE : buf_view(&b);
}

static bool add_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, &ctx, nid, value) : NULL;
    bool            added = e && X509_add_ext(to, e, -1);
    X509_EXTENSION_free(e);
    return added;
}

static bool set_basics(X509 *x, EVP_PKEY *key, const char *common_name, int days)
{
    BIGNUM    *serial = BN_new();
    X509_NAME *name = X509_get_subject_name(x);
    bool       done = serial && BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) && X509_set_version(x, X509_VERSION_3) &&
                X509_gmtime_adj(X509_getm_notBefore(x), -S_PER_DAY) &&
                X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) && X509_set_pubkey(x, key) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    BN_free(serial);
    return done;
}

static X509 *make_ca(struct call *c, const struct names *n, EVP_PKEY *key)
{
    X509 *x = X509_new();
    if (x && set_basics(x, key, "Lanyard local authority", CA_LIFETIME_DAYS) && X509_set_issuer_name(x, X509_get_subject_name(x)) &&
        add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") && add_extension(x, x, NID_subject_key_identifier, "hash") &&
        add_extension(x, x, NID_name_constraints, constraint_of(c, n).at) && X509_sign(x, key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

static X509 *make_server(struct call *c, const struct names *n, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    X509 *x = X509_new();
    if (x && set_basics(x, key, "Lanyard", CERT_LIFETIME_DAYS) && X509_set_issuer_name(x, X509_get_subject_name(ca)) &&
        add_extension(x, ca, NID_basic_constraints, "critical,CA:FALSE") && add_extension(x, ca, NID_key_usage, "critical,digitalSignature") &&
        add_extension(x, ca, NID_ext_key_usage, "serverAuth") && add_extension(x, ca, NID_authority_key_identifier, "keyid") &&
        add_extension(x, ca, NID_subject_alt_name, alternative_names(c, n).at) && X509_sign(x, ca_key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

static enum err save_cert(struct call *c, str directory, const char *name, X509 *x)
{
    CLEANUP(free_bio) BIO *b = BIO_new(BIO_s_mem());
    char                  *text;
    if (!b || !PEM_write_bio_X509(b, x)) return crypto_failed(c);
    long n = BIO_get_mem_data(b, &text);
    return files_write(c, directory, name, (bytes){(uint8_t *)text, (size_t)n}, 0644);
}

static enum err save_key(struct call *c, str directory, const char *name, EVP_PKEY *key)
{
    CLEANUP(free_bio) BIO *b = BIO_new(BIO_s_secmem());
    char                  *text;
    if (!b || !PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL)) return crypto_failed(c);
    long n = BIO_get_mem_data(b, &text);
    return files_write(c, directory, name, (bytes){(uint8_t *)text, (size_t)n}, 0600);
}

static enum err read_cert(struct call *c, str pem, X509 **out)
{
    CLEANUP(free_bio) BIO *b = BIO_new_mem_buf(pem.at, (int)pem.n);
    *out = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
    return *out ? OK : FAIL(c, ERR_CRYPTO, "A certificate in the data directory is damaged: delete ca.pem, ca.key and server.pem there; they are made anew.");
}

static enum err read_key(struct call *c, str directory, const char *name, EVP_PKEY **out)
{
    CLEANUP(secret_clear) struct secret pem = {0};
    enum err failed = files_read_secret(c, directory, name, &pem);
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return FAIL(c, ERR_CRYPTO, "%.*s/%s is missing: put it back, or delete ca.pem there; both are then made anew.", PSTR(directory), name);
    }
    TRY(failed);
    CLEANUP(free_bio) BIO *b = BIO_new_mem_buf(secret_reveal(&pem).at, (int)pem.n);
    *out = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
    return *out ? OK : FAIL(c, ERR_CRYPTO, "%.*s/%s is damaged: put it back, or delete it and ca.pem; both are then made anew.", PSTR(directory), name);
}

static enum err make_authority(struct call *c, str directory, const struct names *names)
{
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(free_cert) X509    *x = key ? make_ca(c, names, key) : NULL;
    if (!x) return crypto_failed(c);
    TRY(files_remove(c, directory, NAMES_FILE)); // cut short from here on, the next start begins again
    TRY(save_key(c, directory, "ca.key", key));
    return save_cert(c, directory, "ca.pem", x);
}

static enum err make_certificate(struct call *c, str directory, const struct names *names)
{
    str ca_pem;
    TRY(files_read(c, directory, "ca.pem", &ca_pem));
    CLEANUP(free_cert) X509    *ca = NULL;
    CLEANUP(free_key) EVP_PKEY *ca_key = NULL;
    TRY(read_cert(c, ca_pem, &ca));
    TRY(read_key(c, directory, "ca.key", &ca_key));
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(free_cert) X509    *x = key ? make_server(c, names, key, ca, ca_key) : NULL;
    if (!x) return crypto_failed(c);
    TRY(save_key(c, directory, "server.key", key));
    TRY(save_cert(c, directory, "server.pem", x));
    return files_write(c, directory, NAMES_FILE, str_bytes(alternative_names(c, names)), 0644);
}

static bool ends_soon(const struct call *c, X509 *x)
{
    time_t soon = (time_t)(c->now_s + CERT_RENEW_DAYS * S_PER_DAY);
    return X509_cmp_time(X509_get0_notAfter(x), &soon) <= 0;
}

static bool is_for(struct call *c, str directory, const struct names *names)
{
    str  made_for;
    bool is = files_read(c, directory, NAMES_FILE, &made_for) == OK && str_eq(made_for, alternative_names(c, names));
    call_forgive(c);
    return is;
}

// For the names of today, and good for a month more.
static bool is_good(struct call *c, str directory, const struct names *names)
{
    str                      pem;
    CLEANUP(free_cert) X509 *x = NULL;
    bool good = is_for(c, directory, names) && files_read(c, directory, "server.pem", &pem) == OK && read_cert(c, pem, &x) == OK;
    call_forgive(c);
    return good && !ends_soon(c, x);
}

// The authority is bound to its names too: other names, another authority. One that is damaged is not replaced
// silently, for clients trust it; one that has run out is of no use to them either.
static bool has_authority(struct call *c, str directory, const struct names *names)
{
    str                      pem;
    CLEANUP(free_cert) X509 *x = NULL;
    bool has = is_for(c, directory, names) && files_read(c, directory, "ca.pem", &pem) == OK;
    bool has_ended = has && read_cert(c, pem, &x) == OK && ends_soon(c, x);
    call_forgive(c);
    return has && !has_ended;
}

enum err ca_prepare(struct call *c, str directory, const struct names *names, struct server_certificate *out)
{
    bool has = has_authority(c, directory, names);
    if (!has) TRY(make_authority(c, directory, names));
    if (!has || !is_good(c, directory, names)) TRY(make_certificate(c, directory, names));
    *out = (struct server_certificate){0};
    TRY(files_read(c, directory, "ca.pem", &out->ca_pem));
    TRY(files_read(c, directory, "server.pem", &out->chain_pem));
    enum err failed = files_read_secret(c, directory, "server.key", &out->key_pem);
    if (failed != ERR_NOT_FOUND) return failed;
    call_forgive(c); // only the key is gone: another one with another certificate, under the same authority
    TRY(make_certificate(c, directory, names));
    TRY(files_read(c, directory, "server.pem", &out->chain_pem));
    return files_read_secret(c, directory, "server.key", &out->key_pem);
}
