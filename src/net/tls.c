// The server's side of TLS.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "core/buf.h"
#include "net/inside.h"

struct net_tls {
    SSL_CTX *context;
};

// The one protocol that is spoken here; a client that offers others only is told so, as RFC 7301 has it.
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char HTTP_1_1[] = "\x08http/1.1";
    unsigned char             *chosen = NULL;
    (void)ssl, (void)arg;
    int result = SSL_select_next_proto(&chosen, out_n, HTTP_1_1, sizeof HTTP_1_1 - 1, in, in_n);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static enum err refuse_pem(struct call *c, const char *what)
{
    char why[200];
    ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
    ERR_clear_error();
    return FAIL(c, ERR_CRYPTO, "The server's %s cannot be used: %s.", what, why);
}

// The server's own certificate first, then those that vouch for it.
static enum err use_certificates(struct call *c, SSL_CTX *context, str pem)
{
    CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.n);
    X509                  *own = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (!own) return refuse_pem(c, "certificate");
    int used = SSL_CTX_use_certificate(context, own);
    X509_free(own);
    if (used != 1) return refuse_pem(c, "certificate");
    for (X509 *next; (next = PEM_read_bio_X509(bio, NULL, NULL, NULL));) {
        if (SSL_CTX_add0_chain_cert(context, next) == 1) continue;
        X509_free(next);
        return refuse_pem(c, "certificate chain");
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return refuse_pem(c, "certificate chain");
    ERR_clear_error(); // that was the end of the text
    return OK;
}

// Without this OpenSSL would ask the terminal for the pass phrase of an encrypted key.
static int no_pass_phrase(char *room, int size, int writing, void *arg)
{
    (void)room, (void)size, (void)writing, (void)arg;
    return -1;
}

static enum err use_key(struct call *c, SSL_CTX *context, const struct secret *pem)
{
    bytes                  text = secret_reveal(pem);
    CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(text.at, (int)text.n);
    EVP_PKEY              *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL) : NULL;
    if (!key) return refuse_pem(c, "key");
    bool ok = SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    return ok ? OK : refuse_pem(c, "key");
}

static enum err set_up(struct call *c, SSL_CTX *context, str certificate_pem, const struct secret *key_pem)
{
    static const unsigned char SESSIONS[] = "lanyard";
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // What is left of a write may be written from another place. Not SSL_MODE_RELEASE_BUFFERS: it frees, and wipes, 17 KiB at
    // each record; net_stream_rest does so once a connection is quiet.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); // one system call for a record, not one for its header and one for the rest
    // Sessions are resumed from tickets, which clients keep, not from a table, which they could fill.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) || !SSL_CTX_set_num_tickets(context, 1) ||
        !SSL_CTX_set_session_id_context(context, SESSIONS, sizeof SESSIONS - 1) || !SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20"))
        return refuse_pem(c, "set-up of TLS");
    TRY(use_certificates(c, context, certificate_pem));
    return use_key(c, context, key_pem);
}

enum err net_tls_new(struct call *c, str certificate_pem, const struct secret *key_pem, struct net_tls **out)
{
    struct net_tls *tls = calloc(1, sizeof *tls);
    if (!tls) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    ERR_clear_error();
    tls->context = SSL_CTX_new(TLS_server_method());
    enum err failed = tls->context ? set_up(c, tls->context, certificate_pem, key_pem) : FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (failed != OK) {
        net_tls_free(tls);
        return failed;
    }
    *out = tls;
    return OK;
}

enum err net_tls_thumbprint(struct call *c, const struct net_tls *tls, str *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      n = 0;
    X509         *own = SSL_CTX_get0_certificate(tls->context);
    struct buf    b;
    if (!own || X509_digest(own, EVP_sha1(), digest, &n) != 1) return FAIL(c, ERR_CRYPTO, "The certificate has no digest.");
    buf_init(&b, &c->arena);
    for (unsigned i = 0; i < n; i++) buf_addf(&b, "%02X", digest[i]);
    return buf_finish(c, &b, out);
}

void net_tls_free(struct net_tls *tls)
{
    if (!tls) return;
    SSL_CTX_free(tls->context); // connections have their own hold on it
    free(tls);
}

SSL *net_tls_accept(struct net_tls *tls, int fd)
{
    SSL *ssl = SSL_new(tls->context);
    if (ssl && SSL_set_fd(ssl, fd) == 1) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_free(ssl);
    return NULL;
}
