// The life of a stream, and its bytes in and out, plain or through TLS.
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net/inside.h"

#define MAX_PIECE ((size_t)1 << 30) // OpenSSL counts in int

static ptrdiff_t plain_result(ssize_t n)
{
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EINTR ? NET_AGAIN : NET_BROKEN;
}

static ptrdiff_t tls_failure(struct net_stream *s, int result)
{
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        s->wants_write = false;
        s->wants_more = true;
        return NET_AGAIN;
    case SSL_ERROR_WANT_WRITE: s->wants_write = true; return NET_AGAIN;
    case SSL_ERROR_ZERO_RETURN: return NET_CLOSED;
    case SSL_ERROR_SSL: return ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST ? NET_PLAIN_ON_TLS : NET_BROKEN;
    default: return NET_BROKEN;
    }
}

static void note_buffers(struct net_stream *s)
{
    s->loop->buffered_n += !s->is_buffered;
    s->is_buffered = true;
    s->is_quiet = false;
}

static void forget_buffers(struct net_stream *s)
{
    s->loop->buffered_n -= s->is_buffered;
    s->is_buffered = false;
}

void net_stream_rest(struct net_stream *s)
{
    bool was_quiet = s->is_quiet;
    s->is_quiet = true;
    if (s->is_buffered && was_quiet && SSL_free_buffers(s->ssl)) forget_buffers(s); // not while they hold something
}

ptrdiff_t net_stream_read(struct net_stream *s, char *at, size_t n)
{
    if (!s->ssl) return plain_result(recv(s->fd, at, n, 0));
    note_buffers(s);
    ERR_clear_error();
    int got = SSL_read(s->ssl, at, n < MAX_PIECE ? (int)n : (int)MAX_PIECE);
    if (got <= 0) return tls_failure(s, got);
    s->wants_write = s->wants_more = false;
    return got;
}

bool net_stream_has_more(const struct net_stream *s)
{
    return s->ssl && !s->wants_more && SSL_has_pending(s->ssl);
}

static ptrdiff_t write_plain(struct net_stream *s, str head, str body)
{
    struct iovec  pieces[2] = {{(void *)head.at, head.n}, {(void *)body.at, body.n}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    if (body.n == 0) return plain_result(send(s->fd, head.at, head.n, MSG_NOSIGNAL));
    return plain_result(sendmsg(s->fd, &message, MSG_NOSIGNAL));
}

static ptrdiff_t write_tls(struct net_stream *s, str head, str body)
{
    size_t done = 0;
    note_buffers(s);
    while (done < head.n + body.n) {
        str piece = done < head.n ? str_from(head, done) : str_from(body, done - head.n);
        ERR_clear_error();
        int n = SSL_write(s->ssl, piece.at, piece.n < MAX_PIECE ? (int)piece.n : (int)MAX_PIECE);
        if (n <= 0) {
            ptrdiff_t failure = tls_failure(s, n);
            return failure == NET_AGAIN && done ? (ptrdiff_t)done : failure;
        }
        s->wants_write = false;
        done += (size_t)n;
    }
    return (ptrdiff_t)done;
}

ptrdiff_t net_stream_write(struct net_stream *s, str head, str body)
{
    return s->ssl ? write_tls(s, head, body) : write_plain(s, head, body);
}

void net_stream_finish(struct net_stream *s)
{
    if (s->ssl && SSL_is_init_finished(s->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(s->ssl);
    }
    (void)shutdown(s->fd, SHUT_WR);
}

void net_stream_drop_tls(struct net_stream *s)
{
    SSL_free(s->ssl);
    s->ssl = NULL;
    forget_buffers(s);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct net_stream *s = poll->data;
    struct net_loop   *loop = s->loop;
    int64_t            began_ns = net_turn_begin(loop);
    s->listener->settings.protocol->ready(s, status < 0 ? status : events); // s may be gone after it
    net_turn_end(loop, began_ns);
}

void net_stream_watch(struct net_stream *s, int events)
{
    if (s->watched == events) return;
    s->watched = events;
    uv_poll_start(&s->poll, events, on_ready);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void net_stream_close(struct net_stream *s)
{
    struct net_loop     *loop = s->loop;
    struct net_listener *l = s->listener;
    net_waiting_leave(s);
    l->settings.protocol->closing(s);
    net_stream_drop_tls(s);
    uv_close((uv_handle_t *)&s->poll, on_closed);
    close(s->fd);
    net_listener_drop(l);
    loop->stream_n--;
    net_loop_has_room(loop);
}

void net_stream_open(struct net_listener *l, struct net_loop *loop, int fd)
{
    const struct net_protocol *protocol = l->settings.protocol;
    struct net_stream         *s = calloc(1, protocol->stream_bytes);
    if (!s) {
        close(fd);
        return;
    }
    if (l->settings.tls) s->ssl = net_tls_accept(l->settings.tls, fd);
    if ((l->settings.tls && !s->ssl) || uv_poll_init(&loop->uv, &s->poll, fd) != 0) {
        net_stream_drop_tls(s);
        close(fd);
        free(s);
        return;
    }
    s->poll.data = s;
    s->loop = loop;
    s->listener = l;
    s->fd = fd;
    net_listener_keep(l);
    loop->stream_n++;
    net_loop_keep_ticking(loop);
    protocol->opened(s);
}
