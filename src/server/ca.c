#include "server/ca.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "core/buf.h"
#include "core/report.h"
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
static enum err name_lines(struct call *c, const struct names *n, bool for_constraint, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < n->n; i++) {
        const struct name *name = &n->at[i];
        buf_addf(&b, "DNS:%s%.*s,", name->host->is_suffix && !for_constraint ? "*." : "", PSTR(name->text));
        for (size_t k = 0; k < NAME_MAX_ALIASES; k++)
            if (!str_empty(name->aliases[k])) buf_addf(&b, "DNS:%.*s,", PSTR(name->aliases[k]));
    }
    buf_add(&b, S("DNS:localhost,"));
    return buf_finish(c, &b, out);
}

static enum err alternative_names(struct call *c, const struct names *n, str *out)
{
    str lines;
    TRY(name_lines(c, n, false, &lines));
    *out = call_format(c, "%.*sIP:127.0.0.1,IP:169.254.169.254", PSTR(lines));
    return call_check_texts(c);
}

static enum err constraint_of(struct call *c, const struct names *n, str *out)
{
    struct buf b;
    str        rest;
    TRY(name_lines(c, n, true, &rest));
    buf_init(&b, &c->arena);
    buf_add(&b, S("critical"));
    for (str line; str_cut(&rest, ',', &line);)
        if (!str_empty(line)) buf_addf(&b, ",permitted;%.*s", PSTR(line));
    buf_add(&b, S(",permitted;IP:127.0.0.0/255.0.0.0,permitted;IP:169.254.169.254/255.255.255.255"));
    buf_add_char(&b, '\0');
    return buf_finish(c, &b, out);
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

static bool set_basics(X509 *x, EVP_PKEY *key, const char *common_name, tenant_id tenant, int days)
{
    struct guid_text unit = guid_text(tenant.g);
    BIGNUM          *serial = BN_new();
    X509_NAME       *name = X509_get_subject_name(x);
    bool done = serial && BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) &&
                X509_set_version(x, X509_VERSION_3) && X509_gmtime_adj(X509_getm_notBefore(x), -S_PER_DAY) &&
                X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) && X509_set_pubkey(x, key) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) &&
                X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC, (const unsigned char *)unit.s, -1, -1, 0);
    BN_free(serial);
    return done;
}

static X509 *make_ca(struct call *c, const struct ca_subject *s, EVP_PKEY *key)
{
    str   constraint;
    X509 *x = constraint_of(c, s->names, &constraint) == OK ? X509_new() : NULL;
    if (x && set_basics(x, key, "Lanyard local authority", s->tenant, CA_LIFETIME_DAYS) && X509_set_issuer_name(x, X509_get_subject_name(x)) &&
        add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") && add_extension(x, x, NID_subject_key_identifier, "hash") &&
        add_extension(x, x, NID_name_constraints, constraint.at) && X509_sign(x, key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

static X509 *make_server(struct call *c, const struct ca_subject *s, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    str   names;
    X509 *x = alternative_names(c, s->names, &names) == OK ? X509_new() : NULL;
    if (x && set_basics(x, key, "Lanyard", s->tenant, CERT_LIFETIME_DAYS) && X509_set_issuer_name(x, X509_get_subject_name(ca)) &&
        add_extension(x, ca, NID_basic_constraints, "critical,CA:FALSE") && add_extension(x, ca, NID_key_usage, "critical,digitalSignature") &&
        add_extension(x, ca, NID_ext_key_usage, "serverAuth") && add_extension(x, ca, NID_authority_key_identifier, "keyid") &&
        add_extension(x, ca, NID_subject_alt_name, names.at) && X509_sign(x, ca_key, EVP_sha256()))
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

static X509 *parse_cert(str pem)
{
    CLEANUP(free_bio) BIO *b = BIO_new_mem_buf(pem.at ? pem.at : "", (int)pem.n);
    X509                  *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
    ERR_clear_error();
    return x;
}

// OpenSSL would ask the terminal for a password.
static int no_password(char *room, int n, int writing, void *context)
{
    (void)room, (void)n, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *parse_key(const struct secret *pem)
{
    CLEANUP(free_bio) BIO *b = BIO_new_mem_buf(pem->n ? (const void *)secret_reveal(pem).at : "", (int)pem->n);
    EVP_PKEY              *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_password, NULL) : NULL;
    ERR_clear_error();
    return key;
}

static bool fits(X509 *x, EVP_PKEY *key)
{
    bool it_does = X509_check_private_key(x, key) == 1;
    ERR_clear_error();
    return it_does;
}

static bool read_tenant(X509 *ca, guid *out)
{
    char text[GUID_TEXT_BYTES + 1];
    int  n = X509_NAME_get_text_by_NID(X509_get_subject_name(ca), NID_organizationalUnitName, text, sizeof text);
    return n == GUID_TEXT_BYTES && guid_parse((str){text, (size_t)n}, out);
}

static enum err read_authority(struct call *c, str directory, const struct ca_subject *subject, X509 **out)
{
    str  pem;
    guid tenant;
    TRY(files_read(c, directory, "ca.pem", &pem));
    CLEANUP(free_cert) X509 *ca = parse_cert(pem);
    if (!ca)
        return FAIL(c, ERR_CRYPTO, "%.*s/ca.pem is damaged: put it back, or delete ca.pem and ca.key there; the server then creates both.",
                    PSTR(directory));
    if (!read_tenant(ca, &tenant) || !guid_eq(tenant, subject->tenant.g))
        return FAIL(
            c, ERR_CRYPTO,
            "%.*s/ca.pem is not the authority of tenant %s: put that one back, or delete ca.pem and ca.key there; the server then creates both.",
            PSTR(directory), guid_text(subject->tenant.g).s);
    *out = TAKE(ca);
    return OK;
}

static enum err read_authority_key(struct call *c, str directory, X509 *ca, EVP_PKEY **out)
{
    CLEANUP(secret_clear) struct secret pem = {0};
    enum err                            failed = files_read_secret(c, directory, "ca.key", &pem);
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return FAIL(c, ERR_CRYPTO, "%.*s/ca.key is missing: put it back, or delete ca.pem there; the server then creates both.", PSTR(directory));
    }
    TRY(failed);
    CLEANUP(free_key) EVP_PKEY *key = parse_key(&pem);
    if (!key)
        return FAIL(c, ERR_CRYPTO, "%.*s/ca.key is damaged: put it back, or delete it and ca.pem; the server then creates both.", PSTR(directory));
    if (!fits(ca, key))
        return FAIL(c, ERR_CRYPTO, "%.*s/ca.key is not the key of ca.pem: put the right one back, or delete both; the server then creates both.",
                    PSTR(directory));
    *out = TAKE(key);
    return OK;
}

static enum err make_authority(struct call *c, str directory, const struct ca_subject *subject)
{
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(free_cert) X509    *x = key ? make_ca(c, subject, key) : NULL;
    if (!x) return crypto_failed(c);
    TRY(files_remove(c, directory, NAMES_FILE)); // cut short from here on, the next start begins again
    TRY(save_key(c, directory, "ca.key", key));
    return save_cert(c, directory, "ca.pem", x);
}

static enum err make_certificate(struct call *c, str directory, const struct ca_subject *subject, X509 *ca)
{
    CLEANUP(free_key) EVP_PKEY *ca_key = NULL;
    TRY(read_authority_key(c, directory, ca, &ca_key));
    CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP(free_cert) X509    *x = key ? make_server(c, subject, key, ca, ca_key) : NULL;
    if (!x) return crypto_failed(c);
    TRY(save_key(c, directory, "server.key", key));
    TRY(save_cert(c, directory, "server.pem", x));
    str names;
    TRY(alternative_names(c, subject->names, &names));
    return files_write(c, directory, NAMES_FILE, str_bytes(names), 0644);
}

static bool ends_soon(const struct call *c, X509 *x)
{
    time_t soon = (time_t)(c->now_s + CERT_RENEW_DAYS * S_PER_DAY);
    return X509_cmp_time(X509_get0_notAfter(x), &soon) <= 0;
}

static enum err is_for(struct call *c, str directory, const struct names *names, bool *out)
{
    str made_for = STR_NONE, wanted;
    TRY(alternative_names(c, names, &wanted));
    if (files_read(c, directory, NAMES_FILE, &made_for) != OK) call_forgive(c);
    *out = str_eq(made_for, wanted);
    return OK;
}

// The authority is bound to its names too: other names, another authority. One that is damaged is not replaced
// silently, for clients trust it; one that has run out is of no use to them either. *out NULL: another is needed.
static enum err find_authority(struct call *c, str directory, const struct ca_subject *subject, X509 **out)
{
    bool is_there, is_ours;
    TRY(files_exist(c, directory, "ca.pem", &is_there));
    TRY(is_for(c, directory, subject->names, &is_ours));
    if (!is_there || !is_ours) return OK;
    TRY(read_authority(c, directory, subject, out));
    if (!ends_soon(c, *out)) return OK;
    X509_free(TAKE(*out));
    return OK;
}

static bool is_signed_by(X509 *x, X509 *ca)
{
    CLEANUP(free_key) EVP_PKEY *key = X509_get_pubkey(ca);
    bool                        is = key && X509_verify(x, key) == 1;
    ERR_clear_error();
    return is;
}

// Of the authority, good for a month more, and with its key. Nobody trusts these two files for themselves, so what is
// lost or does not fit is made anew.
static enum err is_good(struct call *c, str directory, X509 *ca, bool *out)
{
    CLEANUP(secret_clear) struct secret pem = {0};
    str                                 chain;
    enum err                            failed = files_read(c, directory, "server.pem", &chain);
    if (failed == OK) failed = files_read_secret(c, directory, "server.key", &pem);
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return OK;
    }
    TRY(failed);
    CLEANUP(free_cert) X509    *x = parse_cert(chain);
    CLEANUP(free_key) EVP_PKEY *key = parse_key(&pem);
    if (!x || !key)
        report(REPORT_WARNING, "server: a damaged file is made anew", "directory=%.*s file=%s", PSTR(directory), x ? "server.key" : "server.pem");
    *out = x && key && fits(x, key) && is_signed_by(x, ca) && !ends_soon(c, x);
    return OK;
}

enum err ca_prepare(struct call *c, str directory, const struct ca_subject *subject, struct server_certificate *out)
{
    CLEANUP(free_cert) X509 *ca = NULL;
    bool                     good = false;
    TRY(find_authority(c, directory, subject, &ca));
    bool has = ca != NULL;
    if (!has) TRY(make_authority(c, directory, subject));
    if (!has) TRY(read_authority(c, directory, subject, &ca));
    if (has) TRY(is_good(c, directory, ca, &good));
    if (!good) TRY(make_certificate(c, directory, subject, ca));
    *out = (struct server_certificate){0};
    TRY(files_read(c, directory, "ca.pem", &out->ca_pem));
    TRY(files_read(c, directory, "server.pem", &out->chain_pem));
    return files_read_secret(c, directory, "server.key", &out->key_pem);
}
