#include "server/ca.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/files.h"
#include "test.h"

static X509 *read_pem(struct test *t, str pem)
{
    BIO  *b = BIO_new_mem_buf(pem.at, (int)pem.n);
    X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
    BIO_free(b);
    CHECK(x != NULL);
    return x;
}

static enum err prepare(struct test *t, const struct names *names, struct server_certificate *out)
{
    struct ca_subject subject = {.tenant.g = {{1}}, .names = names};
    return ca_prepare(t->call, str_of(test_dir(t)), &subject, out);
}

static const char *path_in(struct test *t, const char *name)
{
    return call_zstr(t->call, call_format(t->call, "%s/%s", test_dir(t), name));
}

// The private key of nobody, as PEM.
static const char *other_key(struct test *t)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO      *b = BIO_new(BIO_s_mem());
    char     *text;
    CHECK(key && PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1);
    long        n = BIO_get_mem_data(b, &text);
    const char *copy = call_zstr(t->call, (str){text, (size_t)n});
    BIO_free(b);
    EVP_PKEY_free(key);
    return copy;
}

static bool is_signed_by(struct test *t, const struct server_certificate *c, str ca_pem)
{
    X509     *x = read_pem(t, c->chain_pem), *ca = read_pem(t, ca_pem);
    EVP_PKEY *key = X509_get_pubkey(ca);
    bool      is = X509_verify(x, key) == 1;
    EVP_PKEY_free(key);
    X509_free(x);
    X509_free(ca);
    return is;
}

static bool names_host(struct test *t, const struct server_certificate *c, const char *host)
{
    X509 *x = read_pem(t, c->chain_pem);
    bool  names = X509_check_host(x, host, 0, 0, NULL) == 1;
    X509_free(x);
    return names;
}

TEST(ca_prepare_makes_a_certificate_once)
{
    struct names              azure = names_azure();
    struct server_certificate first, again;
    struct stat               st;
    CHECK_OK(prepare(t, &azure, &first));
    CHECK(is_signed_by(t, &first, first.ca_pem));
    CHECK(names_host(t, &first, "management.azure.com") && names_host(t, &first, "v1.vault.azure.net") && names_host(t, &first, "localhost"));
    CHECK(!names_host(t, &first, "example.com") && !names_host(t, &first, "a.b.vault.azure.net"));
    for (size_t i = 0; i < 2; i++) CHECK(stat(path_in(t, i ? "ca.key" : "server.key"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_OK(prepare(t, &azure, &again));
    CHECK_STR(again.chain_pem, first.chain_pem, "the same certificate");
    CHECK_STR(again.ca_pem, first.ca_pem, "the same authority");
    CHECK(secret_equal(&again.key_pem, secret_reveal(&first.key_pem)));
    secret_clear(&first.key_pem);
    secret_clear(&again.key_pem);
}

TEST(ca_prepare_makes_another_authority_for_other_names)
{
    struct names              azure = names_azure(), own;
    struct server_certificate first, other;
    CHECK_OK(names_own(t->call, S("id.example.com"), 443, &own));
    CHECK_OK(prepare(t, &azure, &first));
    CHECK_OK(prepare(t, &own, &other));
    CHECK(!str_eq(other.ca_pem, first.ca_pem) && is_signed_by(t, &other, other.ca_pem) && !is_signed_by(t, &other, first.ca_pem));
    CHECK(!names_host(t, &other, "management.azure.com"));
    CHECK(!secret_equal(&other.key_pem, secret_reveal(&first.key_pem)));
    secret_clear(&first.key_pem);
    secret_clear(&other.key_pem);
}

// What is lost or has run out is made anew under the same authority, as long as that lasts.
TEST(ca_prepare_renews_what_is_gone_or_ends)
{
    static const struct { const char *removed; int64_t days; bool same_ca; } CASES[] = {
        {"server.pem", 0, true}, {"server.key", 0, true}, {"server.names", 0, false},
        {NULL, CERT_LIFETIME_DAYS - CERT_RENEW_DAYS + 1, true}, {"ca.pem", 0, false}, {NULL, CA_LIFETIME_DAYS - CERT_RENEW_DAYS + 1, false},
    };
    struct names              azure = names_azure();
    struct server_certificate first, again;
    CHECK_OK(prepare(t, &azure, &first));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char *row = CASES[i].removed ? CASES[i].removed : CASES[i].same_ca ? "the certificate ends" : "the authority ends";
        if (CASES[i].removed) CHECK(unlink(path_in(t, CASES[i].removed)) == 0);
        t->call->now_s += CASES[i].days * S_PER_DAY;
        secret_clear(&first.key_pem);
        str before = first.ca_pem, chain = first.chain_pem;
        CHECK_ERR(prepare(t, &azure, &again), OK, row);
        CHECK_ROW(str_eq(again.ca_pem, before) == CASES[i].same_ca, row);
        CHECK_ROW(!str_eq(again.chain_pem, chain) && is_signed_by(t, &again, again.ca_pem), row);
        t->call->now_s -= CASES[i].days * S_PER_DAY;
        first = again;
    }
    secret_clear(&first.key_pem);
}

// The server's certificate and key are of use only together and under the authority: what does not fit is made anew.
TEST(ca_prepare_replaces_a_certificate_that_does_not_fit)
{
    const struct { const char *row, *file, *content; } CASES[] = {
        {"a garbage key", "server.key", "not a key\n"}, {"an empty key", "server.key", ""}, {"another key", "server.key", other_key(t)},
        {"a garbage certificate", "server.pem", "not a certificate\n"}, {"an empty certificate", "server.pem", ""},
    };
    struct names azure = names_azure();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct server_certificate first, again, after;
        CHECK_OK(prepare(t, &azure, &first));
        CHECK_OK(files_write(t->call, str_of(test_dir(t)), CASES[i].file, str_bytes(str_of(CASES[i].content)), 0600));
        CHECK_ERR(prepare(t, &azure, &again), OK, CASES[i].row);
        CHECK_STR(again.ca_pem, first.ca_pem, CASES[i].row);
        CHECK_ROW(!str_eq(again.chain_pem, first.chain_pem) && is_signed_by(t, &again, again.ca_pem), CASES[i].row);
        CHECK_ERR(prepare(t, &azure, &after), OK, CASES[i].row);
        CHECK_STR(after.chain_pem, again.chain_pem, CASES[i].row); // once
        secret_clear(&first.key_pem);
        secret_clear(&again.key_pem);
        secret_clear(&after.key_pem);
    }
}

TEST(ca_prepare_refuses_another_tenant_s_authority)
{
    struct names              azure = names_azure();
    struct server_certificate first, other;
    struct ca_subject         subject = {.tenant.g = {{2}}, .names = &azure};
    CHECK_OK(prepare(t, &azure, &first));
    enum err got = ca_prepare(t->call, str_of(test_dir(t)), &subject, &other);
    CHECK(strstr(t->call->failure.text, "ca.pem is not the authority of tenant 02000000-"));
    CHECK_ERR(got, ERR_CRYPTO, "of tenant 1");
    secret_clear(&first.key_pem);
}

TEST(ca_prepare_says_what_is_wrong_and_changes_nothing)
{
    const struct { const char *file, *content; mode_t mode; const char *also_gone; enum err want; const char *says; } CASES[] = {
        {"server.key", NULL, 0640, NULL, ERR_IO, "chmod 600"},
        {"ca.key", NULL, 0644, "server.pem", ERR_IO, "chmod 600"},
        {"ca.key", "not a key\n", 0600, "server.pem", ERR_CRYPTO, "ca.key is damaged"},
        {"ca.pem", "not a certificate\n", 0644, "server.pem", ERR_CRYPTO, "delete ca.pem"},
        {"ca.key", "", 0600, "server.pem", ERR_CRYPTO, "ca.key is damaged"},
        {"ca.key", other_key(t), 0600, "server.pem", ERR_CRYPTO, "ca.key is not the key of ca.pem"},
        {"ca.pem", "not a certificate\n", 0644, NULL, ERR_CRYPTO, "delete ca.pem"},
        {"ca.pem", "", 0644, NULL, ERR_CRYPTO, "delete ca.pem"},
    };
    struct names azure = names_azure();
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct server_certificate first, again;
        str                       kept, after;
        if (i > 0) CHECK(unlink(path_in(t, "ca.pem")) == 0); // starts afresh
        unlink(path_in(t, "server.key"));
        unlink(path_in(t, "ca.key"));
        unlink(path_in(t, "server.names"));
        CHECK_OK(prepare(t, &azure, &first));
        secret_clear(&first.key_pem);
        if (CASES[i].content) CHECK_OK(files_write(t->call, str_of(test_dir(t)), CASES[i].file, str_bytes(str_of(CASES[i].content)), 0600));
        CHECK(chmod(path_in(t, CASES[i].file), CASES[i].mode) == 0);
        if (CASES[i].also_gone) CHECK(unlink(path_in(t, CASES[i].also_gone)) == 0);
        CHECK_OK(files_read(t->call, str_of(test_dir(t)), CASES[i].file, &kept));
        enum err failed = prepare(t, &azure, &again);
        CHECK_ROW(strstr(t->call->failure.text, CASES[i].says) != NULL, t->call->failure.text);
        CHECK_ERR(failed, CASES[i].want, CASES[i].file);
        CHECK_OK(files_read(t->call, str_of(test_dir(t)), CASES[i].file, &after));
        CHECK_STR(after, kept, CASES[i].file);
    }
}
