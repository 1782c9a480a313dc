// L1, L2: what the token service is asked by an application, by each kind of proof, and what is concluded from its answers.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/entra/certificate.h"
#include "client/entra/client.h"
#include "client/entra/workload_identity.h"
#include "core/b64.h"
#include "core/digest.h"
#include "core/json.h"
#include "fake_transport.h"
#include "test_file.h"

#define SCOPE  "https://vault.azure.net/.default"
#define TENANT "aaaaaaaa-0000-0000-0000-000000000001"
#define CLIENT "bbbbbbbb-0000-0000-0000-000000000002"
#define SECRET "s3cr3t-&=value"
#define GOOD   "{\"access_token\":\"a.b.c\",\"expires_in\":3599,\"token_type\":\"Bearer\"}"
#define KNOWN  "{\"tenant_discovery_endpoint\":\"https://x/\",\"api-version\":\"1.1\"}"
#define ENV    "AZURE_TENANT_ID=" TENANT "\nAZURE_CLIENT_ID=" CLIENT "\n"

static const struct fake_reply GIVES_TOKEN = {.status = 200, .body = GOOD};

static struct lanyard_token *take(struct lanyard_credential *me, const struct lanyard_token_request *more)
{
    struct lanyard_token_request request = more ? *more : (struct lanyard_token_request){0};
    request.size = sizeof request;
    request.scope = SCOPE;
    struct lanyard_token *token = lanyard_token_ask(me, &request);
    lanyard_credential_free(me);
    return token;
}

static void check_failed(struct test *t, struct lanyard_token *token, enum lanyard_result want, const char *word)
{
    CHECK_ROW(lanyard_token_result(token) == want, lanyard_token_error(token));
    CHECK_ROW(strstr(lanyard_token_error(token), word) != NULL, lanyard_token_error(token));
    CHECK_ROW(!strstr(lanyard_token_error(token), "s3cr3t"), word);
    lanyard_token_free(token);
}

TEST(a_client_secret_goes_to_the_tenant_s_token_endpoint_alone)
{
    struct fake_transport f;
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    struct lanyard_token *token = take(lanyard_client_secret(TENANT, CLIENT, SECRET, &f.settings), NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && f.sent == 1, lanyard_token_error(token));
    CHECK(fake_saw(&f, "POST https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token\n"));
    CHECK(fake_saw(&f, "\ngrant_type=client_credentials&client_id=" CLIENT
                       "&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_secret=s3cr3t-%26%3Dvalue\n"));
    CHECK(fake_saw(&f, "\nclient-request-id: "));
    lanyard_token_free(token);
}

TEST(an_unknown_authority_is_asked_about_once_and_a_known_one_never)
{
    static const struct {
        const char         *host;
        bool                is_disabled;
        struct fake_reply   first;
        enum lanyard_result want;
        size_t              sent; // for two tokens
    } CASES[] = {
        {"https://login.microsoftonline.us", false, {.status = 200, .body = GOOD}, LANYARD_OK, 2},
        {"https://login.partner.microsoftonline.cn/", false, {.status = 200, .body = GOOD}, LANYARD_OK, 2},
        {"https://localhost:8443", true, {.status = 200, .body = GOOD}, LANYARD_OK, 2},
        {"https://localhost:8443", false, {.status = 200, .body = KNOWN}, LANYARD_OK, 3},
        {"https://localhost:8443", false, {.status = 200, .body = "<html>"}, LANYARD_AUTHENTICATION_FAILED, 1},
        {"https://localhost:8443",
         false,
         {.status = 400, .body = "{\"error\":\"invalid_instance\",\"error_description\":\"AADSTS50049: no\"}"},
         LANYARD_AUTHENTICATION_FAILED,
         1},
        {"http://localhost:8443", true, {.status = 200, .body = GOOD}, LANYARD_INVALID, 0},
        {"https://user@localhost", true, {.status = 200, .body = GOOD}, LANYARD_INVALID, 0},
        {"https://localhost/path", true, {.status = 200, .body = GOOD}, LANYARD_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, (struct fake_reply[]){CASES[i].first, {.status = 200, .body = GOOD}}, 2);
        f.settings.authority_host = CASES[i].host;
        f.settings.disable_instance_discovery = CASES[i].is_disabled;
        fake_environment("");
        struct lanyard_credential *me = lanyard_client_secret(TENANT, CLIENT, SECRET, &f.settings);
        for (int k = 0; k < 2; k++) {
            struct lanyard_token *token = lanyard_token_get(me, k ? SCOPE : "https://other/.default");
            CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
            lanyard_token_free(token);
            if (CASES[i].want != LANYARD_OK) break;
        }
        CHECK_ROW(f.sent == CASES[i].sent, CASES[i].host);
        CHECK_ROW(CASES[i].want == LANYARD_OK || !fake_saw(&f, "s3cr3t"), CASES[i].host);
        lanyard_credential_free(me);
    }
}

TEST(an_answer_of_the_token_service_leads_to_one_conclusion)
{
    static const struct {
        struct fake_reply reply;
        const char       *code, *word, *fix;
    } CASES[] = {
        {{.status = 401,
          .body =
              "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret provided.\",\"correlation_id\":\"c-1\"}"},
         "AADSTS7000215",
         "Invalid client secret",
         "its value is wanted"},
        {{.status = 401, .body = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired\"}"},
         "AADSTS7000222",
         "expired",
         "make a new one"},
        {{.status = 400, .body = "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: no app\"}"},
         "AADSTS700016",
         "no app",
         "Check the client id"},
        {{.status = 400, .body = "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS53003: blocked\"}"},
         "AADSTS53003",
         "blocked",
         "conditional access"},
        {{.status = 400, .body = "{\"error\":\"x\",\"error_description\":\"you sent s3cr3t-&=value\"}"}, "x", "you sent ***", ""},
        {{.status = 400, .body = "<html>"}, "", "no JSON", ""},
        {{.status = 302, .body = ""}, "", "302", ""},
        {{.status = 200, .body = "<html>"}, "", "no JSON", "proxy"},
        {{.status = 200, .body = "{\"token_type\":\"Bearer\"}"}, "", "access_token", "proxy"},
        {{.status = 204, .body = ""}, "", "204", ""},
        {{.result = LANYARD_INVALID}, "", "No reply from", "SSL_CERT_FILE"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &CASES[i].reply, 1);
        fake_environment("");
        struct lanyard_token         *token = take(lanyard_client_secret(TENANT, CLIENT, SECRET, &f.settings), NULL);
        const struct lanyard_attempt *a = lanyard_token_attempt(token, 0);
        CHECK_ROW(a && strcmp(a->code, CASES[i].code) == 0 && strstr(a->fix, CASES[i].fix) && a->http_status == CASES[i].reply.status, CASES[i].word);
        check_failed(t, token, LANYARD_AUTHENTICATION_FAILED, CASES[i].word);
    }
}

TEST(an_application_that_cannot_be_one_is_told_at_once)
{
    static const struct {
        const char *tenant, *client, *secret, *word;
    } CASES[] = {
        {NULL, CLIENT, SECRET, "tenant id"},  {"", CLIENT, SECRET, "tenant id"},       {"../x", CLIENT, SECRET, "tenant id"},
        {"a/b", CLIENT, SECRET, "tenant id"}, {"a?b", CLIENT, SECRET, "tenant id"},    {TENANT, NULL, SECRET, "client id"},
        {TENANT, "a b", SECRET, "client id"}, {TENANT, CLIENT, NULL, "client secret"}, {TENANT, CLIENT, "", "client secret"},
    };
    fake_environment("");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_credential *me = lanyard_client_secret(CASES[i].tenant, CASES[i].client, CASES[i].secret, NULL);
        CHECK_ROW(strstr(lanyard_credential_error(me), CASES[i].word) != NULL, lanyard_credential_error(me));
        check_failed(t, take(me, NULL), LANYARD_INVALID, CASES[i].word);
    }
}

TEST(another_tenant_is_asked_only_where_that_is_allowed)
{
    static const char *const OTHERS[] = {"other.example"}, *const ANY[] = {"*"};
    static const struct {
        const char         *asked, *variable;
        const char *const  *allowed;
        enum lanyard_result want;
    } CASES[] = {
        {"other.example", "", NULL, LANYARD_UNAVAILABLE},
        {"other.example", "", OTHERS, LANYARD_OK},
        {"third.example", "", OTHERS, LANYARD_UNAVAILABLE},
        {"third.example", "", ANY, LANYARD_OK},
        {TENANT, "", NULL, LANYARD_OK},
        {"../x", "", ANY, LANYARD_INVALID},
        {"other.example", "AZURE_ADDITIONALLY_ALLOWED_TENANTS=a.example;other.example", NULL, LANYARD_OK},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &GIVES_TOKEN, 1);
        fake_environment(CASES[i].variable);
        f.settings.additionally_allowed_tenants = CASES[i].allowed;
        f.settings.additionally_allowed_tenant_n = CASES[i].allowed ? 1 : 0;
        struct lanyard_token *token =
            take(lanyard_client_secret(TENANT, CLIENT, SECRET, &f.settings), &(struct lanyard_token_request){.tenant_id = CASES[i].asked});
        CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
        CHECK_ROW(CASES[i].want != LANYARD_OK || strstr(f.seen, CASES[i].asked) != NULL, CASES[i].asked);
        lanyard_token_free(token);
    }
}

TEST(claims_and_the_ability_to_answer_them_are_sent_as_one)
{
    struct fake_transport f;
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    struct lanyard_token_request more = {.claims = "{\"access_token\":{\"nbf\":{\"essential\":true}}}", .enable_cae = true};
    lanyard_token_free(take(lanyard_client_secret(TENANT, CLIENT, SECRET, &f.settings), &more));
    CHECK(fake_saw(
        &f,
        "&claims=%7B%22access_token%22%3A%7B%22nbf%22%3A%7B%22essential%22%3Atrue%7D%2C%22xms_cc%22%3A%7B%22values%22%3A%5B%22CP1%22%5D%7D%7D%7D\n"));
}

// --- certificates ---

struct pair {
    EVP_PKEY *key;
    X509     *cert;
};

static struct pair pair_new(EVP_PKEY *key)
{
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    return (struct pair){key, x};
}

static void pair_clear(struct pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
}

static bytes pem_of(struct call *c, const struct pair *p, X509 *other, const char *password, bool key_first)
{
    BIO *b = BIO_new(BIO_s_mem());
    for (int i = 0; i < 2; i++) {
        if ((i == 0) == key_first)
            PEM_write_bio_PKCS8PrivateKey(b, p->key, password ? EVP_aes_256_cbc() : NULL, password, password ? (int)strlen(password) : 0, NULL, NULL);
        else {
            if (other) PEM_write_bio_X509(b, other);
            PEM_write_bio_X509(b, p->cert);
        }
    }
    char *at;
    long  n = BIO_get_mem_data(b, &at);
    str   copy = call_text(c, (str){at, (size_t)n});
    BIO_free(b);
    return str_bytes(copy);
}

static bytes pfx_of(struct call *c, const struct pair *p, const char *password)
{
    PKCS12  *p12 = PKCS12_create(password, "x", p->key, p->cert, NULL, 0, 0, 0, 0, 0);
    uint8_t *at = NULL;
    int      n = i2d_PKCS12(p12, &at);
    str      copy = call_text(c, (str){(char *)at, (size_t)n});
    OPENSSL_free(at);
    PKCS12_free(p12);
    return str_bytes(copy);
}

TEST(a_certificate_file_is_read_in_its_forms_and_what_it_lacks_is_told)
{
    struct pair rsa = pair_new(EVP_RSA_gen(2048)), other = pair_new(EVP_RSA_gen(2048)), small = pair_new(EVP_RSA_gen(1024)),
                ec = pair_new(EVP_EC_gen("P-256"));
    struct call *c = t->call;
    bytes        mixed = pem_of(c, &(struct pair){rsa.key, other.cert}, NULL, NULL, true);
    const struct {
        bytes       file;
        const char *password, *word; // NULL: it is read
        size_t      others;
    } CASES[] = {
        {pem_of(c, &rsa, NULL, NULL, true), NULL, NULL, 0},
        {pem_of(c, &rsa, NULL, NULL, false), NULL, NULL, 0},
        {pem_of(c, &rsa, NULL, NULL, true), "unused", NULL, 0},
        {pem_of(c, &rsa, other.cert, "pw", true), "pw", NULL, 1},
        {pem_of(c, &rsa, NULL, "pw", true), NULL, "no password", 0},
        {pem_of(c, &rsa, NULL, "pw", true), "wrong", "cannot be decrypted", 0},
        {pfx_of(c, &rsa, "pw"), "pw", NULL, 0},
        {pfx_of(c, &rsa, NULL), NULL, NULL, 0},
        {pfx_of(c, &rsa, "pw"), "wrong", "does not open", 0},
        {pfx_of(c, &rsa, "pw"), NULL, "no password", 0},
        {pem_of(c, &ec, NULL, NULL, true), NULL, "RSA keys only", 0},
        {pfx_of(c, &ec, "pw"), "pw", "RSA keys only", 0},
        {pem_of(c, &small, NULL, NULL, true), NULL, "1024 bits", 0},
        {mixed, NULL, "no certificate of the private key", 0},
        {str_bytes(S("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), NULL, "no private key", 0},
        {str_bytes(S("hello")), NULL, "neither PEM nor PKCS", 0},
        {str_bytes(S("")), NULL, "empty", 0},
    };
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7); // the program's, which it has not read yet
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct certificate cert = {0};
        char               row[32];
        snprintf(row, sizeof row, "row %zu", i);
        enum err got = certificate_read(c, CASES[i].file, CASES[i].password, &cert);
        CHECK_ROW((got == OK) == (CASES[i].word == NULL), row);
        CHECK_ROW(got == OK || strstr(c->failure.text, CASES[i].word) != NULL, c->failure.text);
        CHECK_ROW(cert.other_n == CASES[i].others, row);
        CHECK_ROW(got != OK || X509_cmp(cert.leaf, rsa.cert) == 0, row);
        call_forgive(c);
        certificate_clear(&cert);
    }
    CHECK_INT(ERR_GET_REASON(ERR_get_error()), 7, "the program's own error of OpenSSL is kept");
    CHECK_INT(ERR_get_error(), 0, "and ours is not left");
    pair_clear(&rsa), pair_clear(&other), pair_clear(&small), pair_clear(&ec);
}

// The signature is checked with the certificate's key, as the token service does.
static bool verifies(struct call *c, X509 *cert, str signed_part, str signature)
{
    bytes         raw;
    EVP_PKEY_CTX *k;
    EVP_MD_CTX   *m = EVP_MD_CTX_new();
    bool          is_good = b64url_decode(c, signature, &raw) == OK && EVP_DigestVerifyInit(m, &k, EVP_sha256(), NULL, X509_get0_pubkey(cert)) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(k, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(k, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                   EVP_DigestVerify(m, raw.at, raw.n, str_bytes(signed_part).at, signed_part.n) == 1;
    EVP_MD_CTX_free(m);
    return is_good;
}

TEST(an_assertion_says_who_signs_for_whom_and_is_signed_by_ps256)
{
    struct call       *c = t->call;
    struct pair        rsa = pair_new(EVP_RSA_gen(2048)), other = pair_new(EVP_RSA_gen(2048));
    struct certificate cert = {0};
    str                jwt, header, claims, signature;
    bytes              raw;
    const struct json *h, *p;
    CHECK_OK(certificate_read(c, pem_of(c, &rsa, other.cert, NULL, true), NULL, &cert));
    for (int sends_chain = 0; sends_chain < 2; sends_chain++) {
        CHECK_OK(certificate_assertion(c, &cert, S(CLIENT), S("https://login/t/oauth2/v2.0/token"), sends_chain, &jwt));
        str rest = jwt;
        CHECK(str_cut(&rest, '.', &header) && str_cut(&rest, '.', &claims) && str_cut(&rest, '.', &signature) && !rest.at);
        CHECK(verifies(c, rsa.cert, str_upto(jwt, header.n + 1 + claims.n), signature) &&
              !verifies(c, other.cert, str_upto(jwt, header.n + 1 + claims.n), signature));
        CHECK_OK(b64url_decode(c, header, &raw));
        CHECK_OK(json_parse(c, bytes_str(raw), &h));
        CHECK_STR(json_get_str(h, S("alg")), S("PS256"), "alg");
        CHECK(json_get_str(h, S("x5t#S256")).n == 43 && json_n(json_get(h, S("x5c"))) == (sends_chain ? 2 : 0));
        CHECK_OK(b64url_decode(c, claims, &raw));
        CHECK_OK(json_parse(c, bytes_str(raw), &p));
        CHECK_STR(json_get_str(p, S("iss")), S(CLIENT), "iss");
        CHECK_STR(json_get_str(p, S("sub")), S(CLIENT), "sub");
        CHECK_STR(json_get_str(p, S("aud")), S("https://login/t/oauth2/v2.0/token"), "aud");
        CHECK(json_get_int(p, S("exp"), 0) - json_get_int(p, S("nbf"), 0) == ASSERTION_LIFETIME_S && json_get_str(p, S("jti")).n == GUID_TEXT_BYTES);
    }
    certificate_clear(&cert);
    pair_clear(&rsa), pair_clear(&other);
}

TEST(a_certificate_s_file_is_read_when_a_token_is_needed)
{
    struct fake_transport      f;
    struct pair                rsa = pair_new(EVP_RSA_gen(2048));
    const char                *path = call_zstr(t->call, call_format(t->call, "%s/cert.pem", test_dir(t)));
    struct lanyard_certificate from = {.path = path};
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    struct lanyard_credential *me = lanyard_client_certificate(TENANT, CLIENT, &from, &f.settings);
    check_failed(t, take(lanyard_credential_ref(me), NULL), LANYARD_AUTHENTICATION_FAILED, "cert.pem");
    CHECK(f.sent == 0);
    test_file(t, "cert.pem", bytes_str(pem_of(t->call, &rsa, NULL, NULL, true)));
    struct lanyard_token *token = take(me, NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK, lanyard_token_error(token));
    CHECK(fake_saw(&f, "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=ey"));
    lanyard_token_free(token);
    bytes                      file = pem_of(t->call, &rsa, NULL, NULL, true);
    struct lanyard_certificate by_bytes = {.bytes = file.at, .bytes_n = file.n};
    token = take(lanyard_client_certificate(TENANT, CLIENT, &by_bytes, &f.settings), NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK, lanyard_token_error(token));
    lanyard_token_free(token);
    check_failed(t, take(lanyard_client_certificate(TENANT, CLIENT, NULL, &f.settings), NULL), LANYARD_INVALID, "certificate is missing");
    pair_clear(&rsa);
}

// --- assertions ---

static enum lanyard_result write_assertion(char *out, size_t room, void *context)
{
    snprintf(out, room, "%s", (const char *)context);
    return LANYARD_OK;
}

static enum lanyard_result refuse_assertion(char *out, size_t room, void *context)
{
    snprintf(out, room, "the vault is closed");
    return *(enum lanyard_result *)context;
}

static enum lanyard_result fill_assertion(char *out, size_t room, void *context)
{
    (void)context;
    memset(out, 'a', room);
    return LANYARD_OK;
}

TEST(an_assertion_function_s_words_are_sent_or_told)
{
    struct fake_transport f;
    enum lanyard_result   unavailable = LANYARD_UNAVAILABLE;
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    struct lanyard_token *token = take(lanyard_client_assertion(TENANT, CLIENT, write_assertion, (void *)"h.p.s", &f.settings), NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && fake_saw(&f, "&client_assertion=h.p.s"), lanyard_token_error(token));
    lanyard_token_free(token);
    f.sent = 0;
    check_failed(t, take(lanyard_client_assertion(TENANT, CLIENT, refuse_assertion, &unavailable, &f.settings), NULL), LANYARD_UNAVAILABLE,
                 "the vault is closed");
    check_failed(t, take(lanyard_client_assertion(TENANT, CLIENT, write_assertion, (void *)"a b", &f.settings), NULL), LANYARD_AUTHENTICATION_FAILED,
                 "no text that can be");
    check_failed(t, take(lanyard_client_assertion(TENANT, CLIENT, write_assertion, (void *)"", &f.settings), NULL), LANYARD_AUTHENTICATION_FAILED,
                 "no text that can be");
    check_failed(t, take(lanyard_client_assertion(TENANT, CLIENT, fill_assertion, NULL, &f.settings), NULL), LANYARD_AUTHENTICATION_FAILED,
                 "no text that can be");
    check_failed(t, take(lanyard_client_assertion(TENANT, CLIENT, NULL, NULL, &f.settings), NULL), LANYARD_INVALID, "function");
    CHECK(f.sent == 0);
}

// Whatever it was sent, and however it spells that.
TEST(a_token_service_that_repeats_the_proof_is_not_repeated)
{
    static const struct {
        const char *secret; // NULL: an assertion
        const char *body;
    } CASES[] = {
        {SECRET, "{\"error\":\"e\",\"error_description\":\"bad form: client_secret=s3cr3t-%26%3Dvalue&x\"}"},
        {SECRET, "{\"error\":\"s3cr3t-&=value\",\"error_description\":\"client_secret= no\"}"},
        {SECRET, "{\"error\":\"client_secret=\",\"error_description\":\"client_secret= no\",\"correlation_id\":\"s3cr3t-&=value\"}"},
        {NULL, "{\"error\":\"e\",\"error_description\":\"bad form: client_assertion=s3cr3t.p.s\"}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &(struct fake_reply){.status = 401, .body = CASES[i].body}, 1);
        fake_environment("");
        struct lanyard_credential    *me = CASES[i].secret
                                               ? lanyard_client_secret(TENANT, CLIENT, CASES[i].secret, &f.settings)
                                               : lanyard_client_assertion(TENANT, CLIENT, write_assertion, (void *)"s3cr3t.p.s", &f.settings);
        struct lanyard_token         *token = lanyard_token_get(me, SCOPE);
        const struct lanyard_attempt *a = lanyard_token_attempt(token, 0);
        CHECK_INT(lanyard_token_result(token), LANYARD_AUTHENTICATION_FAILED, CASES[i].body);
        CHECK_ROW(!strstr(lanyard_token_error(token), "s3cr3t") && !strstr(a->code, "s3cr3t") && !strstr(a->correlation_id, "s3cr3t") &&
                      !strstr(a->text, "s3cr3t"),
                  CASES[i].body);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

struct slow_assertion {
    struct lanyard_credential *credential;
    atomic_bool                has_begun, may_end, has_ended;
};

static enum lanyard_result write_slowly(char *out, size_t room, void *context)
{
    struct slow_assertion *s = context;
    atomic_store(&s->has_begun, true);
    for (int i = 0; i < 5000 && !atomic_load(&s->may_end); i++) usleep(1000);
    atomic_store(&s->has_ended, true);
    snprintf(out, room, "h.p.s");
    return LANYARD_OK;
}

static void *ask_first(void *context)
{
    struct slow_assertion *s = context;
    lanyard_token_free(lanyard_token_get(s->credential, SCOPE));
    return NULL;
}

// The program's function is called by one thread at a time; those who wait for it keep their own deadline and cancel.
TEST(a_turn_at_the_assertion_function_is_waited_for_with_patience)
{
    struct fake_transport f;
    struct slow_assertion slow = {0};
    pthread_t             first;
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    slow.credential = lanyard_client_assertion(TENANT, CLIENT, write_slowly, &slow, &f.settings);
    CHECK(pthread_create(&first, NULL, ask_first, &slow) == 0);
    while (!atomic_load(&slow.has_begun)) usleep(1000);
    struct lanyard_cancel       *cancel = lanyard_cancel_new();
    struct lanyard_token_request request = {.size = sizeof request, .scope = "https://other.example/.default", .timeout_ms = 120};
    struct lanyard_token        *token = lanyard_token_ask(slow.credential, &request);
    CHECK_INT(lanyard_token_result(token), LANYARD_TIMED_OUT, lanyard_token_error(token));
    lanyard_token_free(token);
    lanyard_cancel_set(cancel);
    request = (struct lanyard_token_request){.size = sizeof request, .scope = "https://third.example/.default", .cancel = cancel};
    token = lanyard_token_ask(slow.credential, &request);
    CHECK_INT(lanyard_token_result(token), LANYARD_CANCELLED, lanyard_token_error(token));
    lanyard_token_free(token);
    CHECK(!atomic_load(&slow.has_ended)); // nobody waited for it
    atomic_store(&slow.may_end, true);
    pthread_join(first, NULL);
    CHECK(f.sent == 1);
    lanyard_credential_free(slow.credential);
    lanyard_cancel_free(cancel);
}

TEST(a_federated_token_s_file_is_read_for_each_token)
{
    struct fake_transport      f;
    const char                *path = test_file(t, "token", S("h.p.one\n"));
    struct lanyard_credential *me;
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment("");
    me = lanyard_workload_identity(TENANT, CLIENT, path, &f.settings);
    lanyard_token_free(take(lanyard_credential_ref(me), NULL));
    CHECK(fake_saw(&f, "&client_assertion=h.p.one\n"));
    test_file(t, "token", S("h.p.two"));
    struct lanyard_token_request again = {.claims = "{\"access_token\":{}}"};
    lanyard_token_free(take(lanyard_credential_ref(me), &again));
    CHECK(fake_saw(&f, "&client_assertion=h.p.two"));
    f.sent = 0;
    test_file(t, "token", S("two words"));
    check_failed(t, take(lanyard_credential_ref(me), &again), LANYARD_AUTHENTICATION_FAILED, "something else than one token");
    test_file(t, "token", S(""));
    check_failed(t, take(me, &again), LANYARD_AUTHENTICATION_FAILED, "empty");
    CHECK(f.sent == 0);
}

TEST(a_workload_identity_comes_from_the_environment_and_says_what_is_missing)
{
    struct fake_transport f;
    const char           *path = test_file(t, "token", S("h.p.s"));
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment(
        call_zstr(t->call, call_format(t->call, ENV "AZURE_FEDERATED_TOKEN_FILE=%s\nAZURE_AUTHORITY_HOST=https://login.microsoftonline.us/", path)));
    struct lanyard_token *token = take(lanyard_workload_identity(NULL, NULL, NULL, &f.settings), NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK, lanyard_token_error(token));
    CHECK(fake_saw(&f, "POST https://login.microsoftonline.us/" TENANT "/oauth2/v2.0/token\n"));
    lanyard_token_free(token);
    // T7: the managed identity of a pod is the same, and its authority is not asked about.
    fake_transport_init(&f, &GIVES_TOKEN, 1);
    fake_environment(
        call_zstr(t->call, call_format(t->call, ENV "AZURE_FEDERATED_TOKEN_FILE=%s\nAZURE_AUTHORITY_HOST=https://localhost:8443", path)));
    token = take(lanyard_managed_identity(NULL, &f.settings), NULL);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && f.sent == 1, lanyard_token_error(token));
    CHECK(fake_saw(&f, "POST https://localhost:8443/" TENANT "/oauth2/v2.0/token\n"));
    CHECK(strcmp(lanyard_token_credential(token), "ManagedIdentityCredential") == 0);
    lanyard_token_free(token);
    fake_environment("AZURE_TENANT_ID=" TENANT);
    check_failed(t, take(lanyard_workload_identity(NULL, NULL, NULL, &f.settings), NULL), LANYARD_UNAVAILABLE,
                 "AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE");
}

TEST(a_cluster_s_proxy_is_asked_in_the_token_service_s_place)
{
    static const struct {
        const char         *variables;
        enum lanyard_result want;
        const char         *word;
    } CASES[] = {
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1/proxy\nAZURE_KUBERNETES_SNI_NAME=proxy.aks", LANYARD_OK,
         "POST https://10.0.0.1/proxy/" TENANT "/oauth2/v2.0/token\n"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1/\nAZURE_KUBERNETES_SNI_NAME=proxy.aks", LANYARD_OK, "\nproxy.aks\n"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=http://10.0.0.1", LANYARD_INVALID, "https"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1?q", LANYARD_INVALID, "https"},
        {"AZURE_KUBERNETES_SNI_NAME=proxy.aks", LANYARD_INVALID, "AZURE_KUBERNETES_TOKEN_PROXY is not set"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1\nAZURE_KUBERNETES_SNI_NAME=proxy.aks@other.example/x?", LANYARD_INVALID, "SNI_NAME"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1\nAZURE_KUBERNETES_SNI_NAME=proxy.aks:1", LANYARD_INVALID, "SNI_NAME"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1\nAZURE_KUBERNETES_SNI_NAME=.proxy", LANYARD_INVALID, "SNI_NAME"},
        {"AZURE_KUBERNETES_TOKEN_PROXY=https://10.0.0.1\nAZURE_KUBERNETES_CA_FILE=/f\nAZURE_KUBERNETES_CA_DATA=d", LANYARD_INVALID, "both set"},
    };
    const char *path = test_file(t, "token", S("h.p.s"));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &GIVES_TOKEN, 1);
        fake_environment(CASES[i].variables);
        struct lanyard_token *token = take(lanyard_workload_identity(TENANT, CLIENT, path, &f.settings), NULL);
        CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
        CHECK_ROW(strstr(CASES[i].want == LANYARD_OK ? f.seen : lanyard_token_error(token), CASES[i].word) != NULL, CASES[i].word);
        lanyard_token_free(token);
    }
}

TEST(the_environment_s_application_has_a_secret_or_a_certificate)
{
    static const struct {
        const char         *variables;
        enum lanyard_result want;
        const char         *word;
    } CASES[] = {
        {ENV "AZURE_CLIENT_SECRET=s3cr3t", LANYARD_OK, "&client_secret=s3cr3t"},
        {ENV "AZURE_CLIENT_SECRET=s3cr3t\nAZURE_CLIENT_CERTIFICATE_PATH=/no/such", LANYARD_OK, "&client_secret=s3cr3t"},
        {ENV "AZURE_CLIENT_CERTIFICATE_PATH=/no/such/file.pem", LANYARD_AUTHENTICATION_FAILED, "/no/such/file.pem"},
        {"", LANYARD_UNAVAILABLE, "AZURE_TENANT_ID and AZURE_CLIENT_ID are not set"},
        {"AZURE_CLIENT_ID=" CLIENT, LANYARD_UNAVAILABLE, "AZURE_TENANT_ID is not set"},
        {"AZURE_TENANT_ID=" TENANT, LANYARD_UNAVAILABLE, "AZURE_CLIENT_ID is not set"},
        {ENV, LANYARD_UNAVAILABLE, "Neither AZURE_CLIENT_SECRET nor"},
        {ENV "AZURE_CLIENT_SECRET=", LANYARD_UNAVAILABLE, "Neither AZURE_CLIENT_SECRET nor"},
        {ENV "AZURE_USERNAME=u\nAZURE_PASSWORD=s3cr3t", LANYARD_UNAVAILABLE, "deprecated"},
        {"AZURE_TENANT_ID=a/b\nAZURE_CLIENT_ID=c\nAZURE_CLIENT_SECRET=s3cr3t", LANYARD_INVALID, "tenant id"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct fake_transport f;
        fake_transport_init(&f, &GIVES_TOKEN, 1);
        fake_environment(CASES[i].variables);
        struct lanyard_token *token = take(lanyard_environment(&f.settings), NULL);
        CHECK_ROW(strstr(CASES[i].want == LANYARD_OK ? f.seen : lanyard_token_error(token), CASES[i].word) != NULL, lanyard_token_error(token));
        if (CASES[i].want != LANYARD_OK) check_failed(t, token, CASES[i].want, CASES[i].word);
        else lanyard_token_free(token);
    }
}
