/*
 * test_http.h - an HTTP server and its clients: the server in threads of its own, and clients that block.
 */
#pragma once
#include <openssl/ssl.h>
#include <pthread.h>
#include <time.h>

#include "core/secret.h"
#include "http/server.h"
#include "test.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"

#define TEST_HTTP_TIMEOUT_S 20 /* a client waits no longer for anything: sanitizers are slow, a hang must end */

/*
 * Its handler knows these paths:
 *   /echo              "METHOD TARGET BODY"
 *   /bytes/N           N bytes
 *   /status/N          that status, with a body
 *   /late              from another thread, once test_http_release() lets one go
 *   /soon              from another thread, at once
 *   /close             asks for the connection to close
 *   /redirect/N        302 to /redirect/N-1, or to /echo for 0
 *   /inject            header lines with line breaks in them
 *   /loop              the index of the serving loop
 *   /secure            "yes" or "no"
 */
struct test_http {
    struct test          *t;
    struct net_loops     *loops;
    struct http_server   *server;
    struct http_listener *listener;
    struct net_tls       *tls;
    str                   certificate_pem; /* if it speaks TLS */
    uint16_t              port;
    pthread_t             thread;
    atomic_int            handled; /* requests that reached the handler */
    atomic_int            contexts_freed;
    bool                  stopped;
    enum err              result; /* of net_loops_run */
    // for answers from another thread
    pthread_t             worker;
    pthread_mutex_t       lock;
    pthread_cond_t        changed;
    struct http_exchange *waiting[64]; /* of /late */
    size_t                waiting_n, to_release;
    struct http_exchange *soon; /* a list through their `user` */
    bool                  worker_ends;
};

struct test_http_options {
    struct net_settings  net;
    struct http_settings settings;
    bool                 tls;
    const char          *unix_path; /* instead of TCP */
    bool (*accepts)(int fd, void *context);
};

void test_http_start(struct test *t, struct test_http *s, const struct test_http_options *options);
/* Stops with that grace, releases what is late, and frees everything. */
void test_http_end(struct test_http *s, int64_t grace_ms);
/* Stops and waits until net_loops_run has returned. */
void test_http_stop(struct test_http *s, int64_t grace_ms);
/* Another listener on the same server; its context counts into contexts_freed. */
struct http_listener *test_http_listen(struct test_http *s, uint16_t *out_port);
/* Waits until `n` requests are late, and lets so many go. */
void test_http_wait_late(struct test_http *s, size_t n);
void test_http_release(struct test_http *s, size_t n);
void test_http_handle(struct http_exchange *x, void *context);

/* A certificate for "localhost" and its key, fresh. */
void test_http_make_certificate(struct test *t, str *out_certificate_pem, str *out_key_pem);

struct client {
    struct test *t;
    int          fd;
    SSL         *ssl;
    char         in[1 << 17];
    size_t       in_n;
    size_t       answer_n; /* of `in`: the last answer that was read */
};

struct client *client_new(struct test *t, uint16_t port);
struct client *client_new_unix(struct test *t, const char *path);
/* Over TLS; NULL if the handshake fails. */
struct client *client_new_tls(struct test *t, uint16_t port, SSL_CTX *context, SSL_SESSION *session);
void           client_free(struct client *client);
void           client_reset(struct client *client); /* as a killed process would */

bool client_send(struct client *client, str text);
bool client_sendf(struct client *client, const char *format, ...) PRINTF_LIKE(2, 3);
/* The next answer's status; 0 if there is none. Views live until the next call. */
int client_read(struct client *client, bool to_head, str *out_head, str *out_body);
/* Reads the next answer and checks both. */
void client_expect(struct client *client, int status, str body, const char *row);
/* The peer has closed, having sent nothing more; over TLS, having said so. */
bool client_sees_end(struct client *client);
/* Sends a GET and reads the status. */
int client_get(struct client *client, const char *path);

int64_t test_http_now_ms(clockid_t clock);
