#include "test_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/socket.h"

// The server's side

static void reply_text(struct http_exchange *x, int status, str body)
{
    x->response.status = status;
    x->response.content_type = S("text/plain");
    x->response.body = body;
    http_reply(x);
}

static void reply_bytes(struct http_exchange *x, int64_t n)
{
    char *letters = arena_alloc(&x->call.arena, (size_t)n);
    if (!letters) abort();
    for (int64_t i = 0; i < n; i++) letters[i] = (char)('a' + i % 26);
    reply_text(x, 200, (str){letters, (size_t)n});
}

static void give_to_worker(struct test_http *s, struct http_exchange *x, bool late)
{
    pthread_mutex_lock(&s->lock);
    if (late) {
        if (s->waiting_n == COUNT(s->waiting)) abort();
        s->waiting[s->waiting_n++] = x;
    } else {
        x->user = s->soon;
        s->soon = x;
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static bool number_behind(str path, str prefix, int64_t *out)
{
    return str_starts(path, prefix) && str_to_i64(str_from(path, prefix.n), out);
}

void test_http_handle(struct http_exchange *x, void *context)
{
    struct test_http *s = context;
    str               path = x->request.path;
    int64_t           n;
    atomic_fetch_add(&s->handled, 1);
    if (str_eq(path, S("/late"))) {
        give_to_worker(s, x, true);
    } else if (str_eq(path, S("/soon"))) {
        give_to_worker(s, x, false);
    } else if (number_behind(path, S("/bytes/"), &n)) {
        reply_bytes(x, n);
    } else if (number_behind(path, S("/status/"), &n)) {
        reply_text(x, (int)n, S("body"));
    } else if (str_eq(path, S("/loop"))) {
        reply_text(x, 200, call_format(&x->call, "%u", net_loop_index(x->loop)));
    } else if (str_eq(path, S("/secure"))) {
        reply_text(x, 200, x->request.secure ? S("yes") : S("no"));
    } else if (str_eq(path, S("/close"))) {
        x->response.close = true;
        reply_text(x, 200, S("bye"));
    } else if (number_behind(path, S("/redirect/"), &n)) {
        http_add_header(x, S("Location"), n > 0 ? call_format(&x->call, "/redirect/%lld", (long long)n - 1) : S("/echo"));
        reply_text(x, 302, S("elsewhere"));
    } else if (str_eq(path, S("/inject"))) {
        http_add_header(x, S("X-A"), S("good\r\nX-Evil: 1"));
        http_add_header(x, S("X-B\r\nX-Evil"), S("b"));
        x->response.content_type = S("text/plain\nX-Evil: 2");
        x->response.status = 200;
        http_reply(x);
    } else {
        const struct http_request *q = &x->request;
        reply_text(x, 200, call_format(&x->call, "%.*s %.*s %.*s", PSTR(q->method_text), PSTR(q->target), PSTR(q->body)));
    }
}

// Answers what was given to it, reading the request as a real one would.
static void answer_as_worker(struct http_exchange *x)
{
    const struct http_request *q = &x->request;
    reply_text(x, 200, call_format(&x->call, "%.*s %.*s %.*s", PSTR(q->method_text), PSTR(q->target), PSTR(q->body)));
}

static void *work(void *context)
{
    struct test_http *s = context;
    pthread_mutex_lock(&s->lock);
    while (!s->worker_ends || s->soon || s->waiting_n) {
        struct http_exchange *x = s->soon;
        if (x) {
            s->soon = x->user;
        } else if (s->waiting_n && (s->to_release || s->worker_ends)) {
            x = s->waiting[0];
            memmove(s->waiting, s->waiting + 1, --s->waiting_n * sizeof s->waiting[0]);
            if (s->to_release) s->to_release--;
        } else {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        answer_as_worker(x);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void *run(void *context)
{
    struct test_http *s = context;
    struct call       c;
    call_init(&c, NULL, NULL);
    s->result = net_loops_run(&c, s->loops);
    call_clear(&c);
    return NULL;
}

static void count_freed(void *context)
{
    struct test_http *s = context;
    atomic_fetch_add(&s->contexts_freed, 1);
}

struct http_listener *test_http_listen(struct test_http *s, uint16_t *out_port)
{
    struct http_listener_settings settings = {.handler = test_http_handle, .context = s, .context_free = count_freed};
    struct http_listener         *l = NULL;
    struct call                   c; // of its own: tests call this from several threads
    call_init(&c, NULL, NULL);
    if (net_open_tcp(&c, S("127.0.0.1"), 0, &settings.fd, out_port) != OK || http_listen(&c, s->server, &settings, &l) != OK) abort();
    call_clear(&c);
    return l;
}

static void make_tls(struct test *t, struct test_http *s)
{
    str           key;
    struct secret secret;
    test_http_make_certificate(t, &s->certificate_pem, &key);
    if (secret_init(t->call, &secret, str_bytes(key)) != OK) abort();
    CHECK_OK(net_tls_new(t->call, s->certificate_pem, &secret, &s->tls));
    secret_clear(&secret);
}

void test_http_start(struct test *t, struct test_http *s, const struct test_http_options *options)
{
    *s = (struct test_http){.t = t};
    struct http_listener_settings listen = {.handler = test_http_handle, .context = s, .context_free = count_freed, .accepts = options->accepts};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    CHECK_OK(net_loops_new(t->call, &options->net, &s->loops));
    CHECK_OK(http_server_new(t->call, s->loops, &options->settings, &s->server));
    if (options->tls) make_tls(t, s);
    listen.tls = s->tls;
    if (options->unix_path) CHECK_OK(net_open_unix(t->call, str_of(options->unix_path), 0600, &listen.fd));
    else CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &listen.fd, &s->port));
    CHECK_OK(http_listen(t->call, s->server, &listen, &s->listener));
    if (pthread_create(&s->worker, NULL, work, s) != 0 || pthread_create(&s->thread, NULL, run, s) != 0) abort();
}

void test_http_stop(struct test_http *s, int64_t grace_ms)
{
    struct test *t = s->t;
    net_loops_stop(s->loops, grace_ms);
    pthread_join(s->thread, NULL);
    s->stopped = true;
    CHECK_INT(s->result, OK, "net_loops_run");
}

void test_http_end(struct test_http *s, int64_t grace_ms)
{
    if (!s->stopped) test_http_stop(s, grace_ms);
    pthread_mutex_lock(&s->lock);
    s->worker_ends = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->worker, NULL);
    http_server_free(s->server);
    net_loops_free(s->loops);
    net_tls_free(s->tls);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
}

void test_http_wait_late(struct test_http *s, size_t n)
{
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000; i++) {
        pthread_mutex_lock(&s->lock);
        bool there = s->waiting_n >= n;
        pthread_mutex_unlock(&s->lock);
        if (there) return;
        usleep(1000);
    }
    test_failed(s->t, __FILE__, __LINE__, "%zu late requests did not come", n);
}

void test_http_release(struct test_http *s, size_t n)
{
    pthread_mutex_lock(&s->lock);
    s->to_release += n;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static str pem_of(struct test *t, BIO *bio)
{
    char *at;
    long  n = BIO_get_mem_data(bio, &at);
    str   copy = arena_copy_str(&t->call->arena, (str){at, (size_t)n});
    BIO_free(bio);
    return copy;
}

void test_http_make_certificate(struct test *t, str *out_certificate_pem, str *out_key_pem)
{
    EVP_PKEY  *key = EVP_EC_gen("P-256");
    X509      *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    BIO       *certificate_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    if (!X509_sign(x, key, EVP_sha256())) abort();
    PEM_write_bio_X509(certificate_pem, x);
    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
    X509_free(x);
    EVP_PKEY_free(key);
    *out_certificate_pem = pem_of(t, certificate_pem);
    *out_key_pem = pem_of(t, key_pem);
}

// The clients' side

static struct client *client_of(struct test *t, int fd, const struct sockaddr *to, socklen_t n)
{
    struct client *client = calloc(1, sizeof *client);
    struct timeval timeout = {.tv_sec = TEST_HTTP_TIMEOUT_S};
    int            on = 1;
    if (!client || fd < 0) abort();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, to, n) != 0) test_failed(t, __FILE__, __LINE__, "connect: %s", strerror(errno));
    client->t = t;
    client->fd = fd;
    return client;
}

struct client *client_new(struct test *t, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return client_of(t, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&to, sizeof to);
}

struct client *client_new_unix(struct test *t, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    return client_of(t, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&to, sizeof to);
}

struct client *client_new_tls(struct test *t, uint16_t port, SSL_CTX *context, SSL_SESSION *session)
{
    struct client *client = client_new(t, port);
    client->ssl = SSL_new(context);
    if (!client->ssl || !SSL_set_fd(client->ssl, client->fd)) abort();
    if (session) SSL_set_session(client->ssl, session);
    if (SSL_connect(client->ssl) == 1) return client;
    client_free(client);
    return NULL;
}

void client_free(struct client *client)
{
    if (!client) return;
    SSL_free(client->ssl);
    close(client->fd);
    free(client);
}

void client_reset(struct client *client)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client_free(client);
}

bool client_send(struct client *client, str text)
{
    while (text.n) {
        ssize_t n = client->ssl ? SSL_write(client->ssl, text.at, (int)text.n) : send(client->fd, text.at, text.n, MSG_NOSIGNAL);
        if (n <= 0) return false;
        text = str_from(text, (size_t)n);
    }
    return true;
}

bool client_sendf(struct client *client, const char *format, ...)
{
    char    text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return n >= 0 && (size_t)n < sizeof text && client_send(client, (str){text, (size_t)n});
}

// False at the end of the stream, or after the timeout.
static bool client_receive(struct client *client)
{
    if (client->in_n == sizeof client->in) return false;
    char   *at = client->in + client->in_n;
    size_t  room = sizeof client->in - client->in_n;
    ssize_t n = client->ssl ? SSL_read(client->ssl, at, (int)room) : recv(client->fd, at, room, 0);
    if (n <= 0) return false;
    client->in_n += (size_t)n;
    return true;
}

static str header_of(str head, str name)
{
    for (str rest = head, line; str_cut(&rest, '\n', &line);)
        if (str_starts_nocase(line, name)) return str_trim(str_upto(str_from(line, name.n), str_find(str_from(line, name.n), '\r')));
    return STR_NONE;
}

int client_read(struct client *client, bool to_head, str *out_head, str *out_body)
{
    size_t  head_n;
    int64_t status, length = 0;
    memmove(client->in, client->in + client->answer_n, client->in_n - client->answer_n);
    client->in_n -= client->answer_n;
    client->answer_n = 0;
    while ((head_n = str_find_str((str){client->in, client->in_n}, S("\r\n\r\n"))) == STR_NOWHERE)
        if (!client_receive(client)) return 0;
    *out_head = (str){client->in, head_n += 4};
    if (!str_starts(*out_head, S("HTTP/1.1 ")) || !str_to_i64((str){client->in + 9, 3}, &status)) return 0;
    str value = header_of(*out_head, S("Content-Length:"));
    if (value.at && !str_to_i64(value, &length)) return 0;
    if (to_head || status == 204 || status == 304) length = 0;
    while (client->in_n < head_n + (size_t)length)
        if (!client_receive(client)) return 0;
    *out_body = (str){client->in + head_n, (size_t)length};
    client->answer_n = head_n + (size_t)length;
    return (int)status;
}

bool client_sees_end(struct client *client)
{
    if (client->in_n > client->answer_n) return false;
    client->in_n = client->answer_n = 0;
    char byte;
    if (client->ssl) return SSL_get_error(client->ssl, SSL_read(client->ssl, &byte, 1)) == SSL_ERROR_ZERO_RETURN;
    ssize_t n = recv(client->fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

int client_get(struct client *client, const char *path)
{
    str head, body;
    if (!client_sendf(client, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)) return 0;
    return client_read(client, false, &head, &body);
}

void client_expect(struct client *client, int status, str body, const char *row)
{
    struct test *t = client->t;
    str          got_head = STR_NONE, got_body = STR_NONE;
    CHECK_INT(client_read(client, false, &got_head, &got_body), status, row);
    CHECK_STR(got_body, body, row);
}

int64_t test_http_now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
