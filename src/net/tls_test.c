#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/inside.h"
#include "test_http.h"

static const struct test_http_options TLS = {.tls = true, .net = {.loops = 2}};

static SSL_CTX *client_context(int version, const char *protocols)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) abort();
    SSL_CTX_set_min_proto_version(context, version ? version : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, version);
    if (protocols) SSL_CTX_set_alpn_protos(context, (const unsigned char *)protocols, (unsigned)strlen(protocols));
    // A client that would speak what is too old, if it were let.
    if (version && version < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
    return context;
}

TEST(net_tls_speaks_what_is_not_too_old)
{
    static const struct { const char *name; int version; const char *protocols; bool ok; const char *chosen; } CASES[] = {
        {"1.3", TLS1_3_VERSION, "\x02h2\x08http/1.1", true, "http/1.1"},
        {"1.2", TLS1_2_VERSION, "\x08http/1.1", true, "http/1.1"},
        {"no ALPN", 0, NULL, true, ""},
        {"1.1", TLS1_1_VERSION, NULL, false, NULL},
        {"1.0", TLS1_VERSION, NULL, false, NULL},
        {"h2 only", 0, "\x02h2", false, NULL},
        {"h2 and an old draft", 0, "\x02h2\x08http/1.0", false, NULL},
    };
    struct test_http s;
    test_http_start(t, &s, &TLS);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        SSL_CTX       *context = client_context(CASES[i].version, CASES[i].protocols);
        struct client *client = client_new_tls(t, s.port, context, NULL);
        CHECK_ROW(!!client == CASES[i].ok, CASES[i].name);
        if (client) {
            const unsigned char *chosen;
            unsigned             n;
            str                  head, body;
            SSL_get0_alpn_selected(client->ssl, &chosen, &n);
            CHECK_STR(((str){(const char *)chosen, n}), str_of(CASES[i].chosen), CASES[i].name);
            CHECK_ROW(client_send(client, S(GET("/secure"))), CASES[i].name);
            CHECK_INT(client_read(client, false, &head, &body), 200, CASES[i].name);
            CHECK_STR(body, S("yes"), CASES[i].name);
        }
        client_free(client);
        SSL_CTX_free(context);
        ERR_clear_error();
    }
    test_http_end(&s, 1000);
}

TEST(net_tls_resumes_sessions)
{
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct test_http s;
    test_http_start(t, &s, &TLS);
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        SSL_CTX       *context = client_context(VERSIONS[i], NULL);
        struct client *client = client_new_tls(t, s.port, context, NULL);
        CHECK_INT(client_get(client, "/echo"), 200, "first");
        CHECK(!SSL_session_reused(client->ssl));
        SSL_SESSION *session = SSL_get1_session(client->ssl);
        SSL_shutdown(client->ssl);
        client_free(client);
        for (int again = 0; again < 4; again++) { // on whichever loop
            client = client_new_tls(t, s.port, context, session);
            CHECK_INT(client_get(client, "/echo"), 200, "again");
            CHECK(SSL_session_reused(client->ssl));
            SSL_shutdown(client->ssl); // or OpenSSL would not use the session again
            client_free(client);
        }
        SSL_SESSION_free(session);
        SSL_CTX_free(context);
    }
    test_http_end(&s, 1000);
}

TEST(net_tls_serves_as_plain_does)
{
    static const char TEXT[] = GET("/echo?1") "POST /soon HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                                              "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    struct test_http  s;
    str               head, body;
    test_http_start(t, &s, &TLS);
    SSL_CTX       *context = client_context(0, NULL);
    struct client *client = client_new_tls(t, s.port, context, NULL);
    for (size_t i = 0; i < sizeof TEXT - 1; i++) CHECK(client_send(client, (str){TEXT + i, 1}));
    CHECK_INT(client_read(client, false, &head, &body), 200, "head");
    CHECK_INT(client_read(client, false, &head, &body), 200, "soon");
    CHECK_STR(body, S("POST /soon abc"), "soon");
    CHECK_INT(client_read(client, false, &head, &body), 100, "continue");
    CHECK(client_send(client, S("de" GET("/late") GET("/bytes/60000") GET("/bytes/100000"))));
    CHECK_INT(client_read(client, false, &head, &body), 200, "body");
    CHECK_STR(body, S("POST /echo de"), "body");
    test_http_wait_late(&s, 1);
    test_http_release(&s, 1);
    CHECK_INT(client_read(client, false, &head, &body), 200, "late");
    CHECK_INT(client_read(client, false, &head, &body), 200, "large");
    CHECK_INT(body.n, 60000, "large");
    CHECK_INT(client_read(client, false, &head, &body), 200, "larger");
    CHECK_INT(body.n, 100000, "larger");
    CHECK(body.n == 100000 && body.at[99999] == 'a' + 99999 % 26);
    CHECK(client_send(client, S("GET /echo HTTP/1.1\r\n\r\n")));
    CHECK_INT(client_read(client, false, &head, &body), 400, "refused");
    CHECK(client_sees_end(client));
    client_free(client);
    SSL_CTX_free(context);
    test_http_end(&s, 1000);
}

TEST(net_tls_takes_large_bodies_and_slow_readers)
{
    static const size_t N = 100;
    struct test_http    s;
    str                 head, body;
    size_t              done = 0;
    test_http_start(t, &s, &TLS);
    SSL_CTX       *context = client_context(0, NULL);
    struct client *client = client_new_tls(t, s.port, context, NULL);
    char          *piece = calloc(1, 1 << 16);
    if (!piece) abort();
    CHECK(client_sendf(client, "PUT /bytes/3 HTTP/1.1\r\nHost: h\r\nContent-Length: %u\r\n\r\n", HTTP_MAX_BODY_BYTES));
    for (size_t i = 0; i < HTTP_MAX_BODY_BYTES >> 16; i++) CHECK(client_send(client, (str){piece, 1 << 16}));
    CHECK_INT(client_read(client, false, &head, &body), 200, "a large body");
    for (size_t i = 0; i < N; i++) CHECK(client_send(client, i % 2 ? S(GET("/bytes/100000")) : S(GET("/bytes/30000"))));
    usleep(200000);
    CHECK((size_t)s.handled < N);
    while (done < N && client_read(client, false, &head, &body) == 200 && body.n == (done % 2 ? 100000 : 30000)) done++;
    CHECK_INT(done, N, "slowly");
    free(piece);
    client_free(client);
    SSL_CTX_free(context);
    test_http_end(&s, 1000);
}

struct look {
    struct net_task  task;
    struct net_loop *loop;
    atomic_int       buffered; // -1: not looked yet
};

static void look(struct net_task *task)
{
    struct look *l = CONTAINER_OF(task, struct look, task);
    atomic_store(&l->buffered, (int)l->loop->buffered_n);
}

// Connections of the loop whose TLS holds buffers, once they are that many, or the time is over.
static int wait_for_buffered(struct test_http *s, int wanted)
{
    struct look l = {.task.run = look, .loop = net_loops_at(s->loops, 0), .buffered = -1};
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 100; i++) {
        atomic_store(&l.buffered, -1);
        net_post(l.loop, &l.task);
        while (atomic_load(&l.buffered) < 0) usleep(100);
        if (atomic_load(&l.buffered) == wanted) break;
        usleep(10000);
    }
    return atomic_load(&l.buffered);
}

// Thousands may be connected and say nothing: what they do not need is not kept for them.
TEST(net_tls_gives_back_the_buffers_of_the_quiet)
{
    static const struct test_http_options QUICK = {.tls = true, .net = {.loops = 1}, .settings = {.send_timeout_ms = 5000}};
    struct test_http                      s;
    struct client                        *clients[8];
    str                                   head, body;
    test_http_start(t, &s, &QUICK);
    SSL_CTX *context = client_context(0, NULL);
    for (size_t i = 0; i < COUNT(clients); i++) {
        clients[i] = client_new_tls(t, s.port, context, NULL);
        CHECK_INT(client_get(clients[i], "/echo"), 200, "first");
    }
    CHECK_INT(wait_for_buffered(&s, 0), 0, "quiet");
    CHECK(client_send(clients[0], S(GET("/late")))); // it sleeps, and is quiet too
    test_http_wait_late(&s, 1);
    CHECK_INT(wait_for_buffered(&s, 0), 0, "asleep");
    test_http_release(&s, 1);
    CHECK_INT(client_read(clients[0], false, &head, &body), 200, "late");
    for (size_t i = 0; i < COUNT(clients); i++) CHECK_INT(client_get(clients[i], "/echo"), 200, "again");
    for (size_t i = 0; i < COUNT(clients); i++) client_free(clients[i]);
    CHECK_INT(wait_for_buffered(&s, 0), 0, "gone");
    SSL_CTX_free(context);
    test_http_end(&s, 1000);
}

TEST(net_tls_peers_vanish)
{
    struct test_http s;
    test_http_start(t, &s, &TLS);
    SSL_CTX *context = client_context(0, NULL);
    for (int i = 0; i < 12; i++) {
        struct client *client = i % 4 ? client_new_tls(t, s.port, context, NULL) : client_new(t, s.port); // some before the handshake
        if (i % 4 > 1) {
            CHECK(client_send(client, S(GET("/late") "GET /bytes")));
            test_http_wait_late(&s, (size_t)(i / 4 * 2 + i % 4 - 1));
        }
        if (i % 4 == 3) client_reset(client);
        else client_free(client);
    }
    test_http_release(&s, 6);
    struct client *client = client_new_tls(t, s.port, context, NULL);
    CHECK_INT(client_get(client, "/echo"), 200, "the server is well");
    client_free(client);
    SSL_CTX_free(context);
    test_http_end(&s, 1000);
}

TEST(net_tls_refuses_what_is_no_tls)
{
    static const struct test_http_options SHORT = {.tls = true, .settings = {.head_timeout_ms = 200}};
    static const struct { const char *name; str sent; int status; } CASES[] = {
        {"plain HTTP", S_INIT(GET("/echo")), 400},
        {"plain HTTP with a body", S_INIT("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"), 400},
        {"garbage", S_INIT("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"), 0},
        {"a record that is no handshake", S_INIT("\x17\x03\x03\x00\x05hello"), 0},
        {"half a hello", S_INIT("\x16\x03\x01\x02\x00\x01\x00"), 0},
        {"silence", S_INIT(""), 0},
    };
    struct test_http s;
    test_http_start(t, &s, &SHORT);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct client *client = client_new(t, s.port);
        str            head = STR_NONE, body = STR_NONE;
        CHECK_ROW(client_send(client, CASES[i].sent), CASES[i].name);
        CHECK_INT(client_read(client, false, &head, &body), CASES[i].status, CASES[i].name);
        if (CASES[i].status) CHECK_STR(body, S("This port speaks TLS: use https.\n"), CASES[i].name);
        char byte;
        CHECK_ROW(recv(client->fd, &byte, 1, 0) <= 0 && errno != EAGAIN, CASES[i].name); // closed, maybe behind an alert
        client_free(client);
    }
    test_http_end(&s, 1000);
    CHECK_INT(s.handled, 0, "nothing reached the handler");
}

static str encrypted(struct test *t, str key_pem)
{
    BIO      *in = BIO_new_mem_buf(key_pem.at, (int)key_pem.n), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    char     *at;
    PEM_write_bio_PrivateKey(out, key, EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL, NULL);
    long n = BIO_get_mem_data(out, &at);
    str  pem = arena_copy_str(&t->call->arena, (str){at, (size_t)n});
    BIO_free(in);
    BIO_free(out);
    EVP_PKEY_free(key);
    return pem;
}

TEST(net_tls_refuses_certificates_and_keys_that_do_not_fit)
{
    str certificate, key, other_certificate, other_key;
    test_http_make_certificate(t, &certificate, &key);
    test_http_make_certificate(t, &other_certificate, &other_key);
    str chain = call_format(t->call, "%.*s%.*s", PSTR(certificate), PSTR(other_certificate));
    str broken = call_format(t->call, "%.*s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", PSTR(certificate));
    const struct { const char *name; str certificate, key; enum err want; } CASES[] = {
        {"a pair", certificate, key, OK},
        {"with a chain", chain, key, OK},
        {"the key of another", certificate, other_key, ERR_CRYPTO},
        {"an encrypted key", certificate, encrypted(t, key), ERR_CRYPTO},
        {"no key", certificate, certificate, ERR_CRYPTO},
        {"no certificate", key, key, ERR_CRYPTO},
        {"nothing", S(""), S(""), ERR_CRYPTO},
        {"a broken chain", broken, key, ERR_CRYPTO},
        {"half a certificate", str_upto(certificate, certificate.n / 2), key, ERR_CRYPTO},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct net_tls *tls = NULL;
        struct secret   secret;
        CHECK_OK(secret_init(t->call, &secret, str_bytes(CASES[i].key)));
        CHECK_ERR(net_tls_new(t->call, CASES[i].certificate, &secret, &tls), CASES[i].want, CASES[i].name);
        CHECK_ROW(!!tls == (CASES[i].want == OK), CASES[i].name);
        net_tls_free(tls);
        secret_clear(&secret);
    }
}
