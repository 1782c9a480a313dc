// Bytes in and out of a connection, plain or through TLS.
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/inside.h"

#define MAX_PIECE ((size_t)1 << 30) // OpenSSL counts in int

static ptrdiff_t plain_result(ssize_t n)
{
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EINTR ? TRANSPORT_AGAIN : TRANSPORT_BROKEN;
}

static ptrdiff_t tls_failure(struct connection *k, int result)
{
    switch (SSL_get_error(k->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        k->wants_write = false;
        return TRANSPORT_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        k->wants_write = true;
        return TRANSPORT_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return TRANSPORT_CLOSED;
    case SSL_ERROR_SSL:
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST ? TRANSPORT_PLAIN_ON_TLS : TRANSPORT_BROKEN;
    default:
        return TRANSPORT_BROKEN;
    }
}

ptrdiff_t http_transport_read(struct connection *k, char *at, size_t n)
{
    if (!k->ssl) return plain_result(recv(k->fd, at, n, 0));
    ERR_clear_error();
    int got = SSL_read(k->ssl, at, n < MAX_PIECE ? (int)n : (int)MAX_PIECE);
    if (got <= 0) return tls_failure(k, got);
    k->wants_write = false;
    return got;
}

bool http_transport_has_more(const struct connection *k)
{
    return k->ssl && SSL_pending(k->ssl) > 0;
}

static ptrdiff_t write_plain(struct connection *k, str head, str body)
{
    struct iovec  pieces[2] = {{(void *)head.at, head.n}, {(void *)body.at, body.n}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    if (body.n == 0) return plain_result(send(k->fd, head.at, head.n, MSG_NOSIGNAL));
    return plain_result(sendmsg(k->fd, &message, MSG_NOSIGNAL));
}

static ptrdiff_t write_tls(struct connection *k, str head, str body)
{
    size_t done = 0;
    while (done < head.n + body.n) {
        str piece = done < head.n ? str_from(head, done) : str_from(body, done - head.n);
        ERR_clear_error();
        int n = SSL_write(k->ssl, piece.at, piece.n < MAX_PIECE ? (int)piece.n : (int)MAX_PIECE);
        if (n <= 0) {
            ptrdiff_t failure = tls_failure(k, n);
            return failure == TRANSPORT_AGAIN && done ? (ptrdiff_t)done : failure;
        }
        k->wants_write = false;
        done += (size_t)n;
    }
    return (ptrdiff_t)done;
}

ptrdiff_t http_transport_write(struct connection *k, str head, str body)
{
    return k->ssl ? write_tls(k, head, body) : write_plain(k, head, body);
}

void http_transport_finish(struct connection *k)
{
    if (k->ssl && SSL_is_init_finished(k->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(k->ssl);
    }
    (void)shutdown(k->fd, SHUT_WR);
}
